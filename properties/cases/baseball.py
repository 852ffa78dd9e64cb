"""Real data: batting averages of 18 players after 45 at bats, and over the rest of the season.

An average x of 45 has variance near ȳ(1 − ȳ)/45, which the arcsine √45 arcsin(2x − 1) makes 1 for everybody.

Source: Efron & Morris 1975, Table 1; 1977.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from ._draws import Array
from .normal_means import Means

DATA = Path(__file__).parents[1] / "data" / "baseball.csv"
AT_BATS = 45


@cache
def averages() -> tuple[Array, Array]:
    """Batting averages after 45 at bats and over the remainder of the season, [18] each."""
    rows = [line.split(",") for line in DATA.read_text().splitlines() if not line.startswith("#")]
    return np.array([int(r[1]) / AT_BATS for r in rows]), np.array([float(r[2]) for r in rows])


def binomial_variance() -> float:
    """ȳ(1 − ȳ)/45."""
    mean = averages()[0].mean()
    return float(mean * (1.0 - mean) / AT_BATS)


def arcsines(x: Array) -> Array:
    """√45 arcsin(2x − 1), of variance near 1."""
    return np.asarray(np.sqrt(AT_BATS) * np.arcsin(2.0 * x - 1.0))


def team(first: int, step: int, transformed: bool, target: float) -> Means:
    """Every step-th player, averages or arcsines, to be shrunk towards an average."""
    y = averages()[0][first::step]
    point = np.full_like(y, target)
    if transformed:
        return Means(arcsines(y), np.asarray(1.0), arcsines(point))
    return Means(y, np.asarray(binomial_variance()), point)


def shrunk() -> st.SearchStrategy[Means]:
    return st.builds(team, *_CHOICES, st.sampled_from((0.25, 0.3, 0.0)))


def grouped() -> st.SearchStrategy[Means]:
    return st.builds(team, *_CHOICES, st.just(0.25))


_CHOICES = (st.integers(0, 1), st.sampled_from((1, 2, 3)), st.booleans())
