"""Real data: fifty images of handwritten digits as histograms on the grid of their 8 x 8 pixels.

Every pair of images is a transport problem of 64 atoms, many of them empty, for the distance (p = 1) or the squared
distance (p = 2) between pixels: 2450 problems of masses Σ = 1.

Source: Alpaydin & Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998 (CC BY 4.0).
"""

from __future__ import annotations

from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from .clouds import Clouds
from .gaussians import Gaussians
from .lines import Lines
from .metric import Pair
from .transport import Problem

Array = NDArray[np.float64]

DATA = Path(__file__).parents[1] / "data" / "digits.csv"
SIDE = 8


@cache
def histograms() -> Array:
    """The images as rows of mass 1, [50, 64]."""
    counts = np.loadtxt(DATA, delimiter=",", comments="#")[:, 1:]
    return np.asarray(counts / counts.sum(1, keepdims=True))


@cache
def pixels() -> Array:
    """Row and column of each pixel, [64, 2]."""
    return np.asarray(list(product(range(SIDE), repeat=2)), dtype=np.float64)


@cache
def distances(p: float) -> Array:
    """‖x − y‖^p between pixels, [64, 64]."""
    squares = np.square(pixels()[:, None] - pixels()).sum(-1)
    return np.asarray(squares ** (p / 2))


def pairs() -> list[tuple[int, int, float]]:
    """All pairs of two images, with p = 1 and with p = 2."""
    return [(i, j, p) for i, j in combinations(range(len(histograms())), 2) for p in (1.0, 2.0)]


def problem(i: int, j: int, p: float) -> Problem:
    return Problem(histograms()[i], histograms()[j], distances(p))


def problems() -> st.SearchStrategy[Problem]:
    return _pairs().map(lambda at: problem(*at))


def entropic() -> st.SearchStrategy[Any]:
    from .entropic import Entropic

    def make(at: tuple[int, int, float], share: float) -> Any:
        one = problem(*at)
        return Entropic(one.a, one.b, one.cost, share * float(one.cost.max()))

    return st.builds(make, _pairs(), st.sampled_from((0.1, 0.02, 1.0)))


def measures() -> st.SearchStrategy[Pair]:
    return _pairs().map(lambda at: Pair(histograms()[at[0]], histograms()[at[1]], distances(1.0)))


def clouds() -> st.SearchStrategy[Clouds]:
    """The inked pixels as points in the plane."""

    def make(at: tuple[int, int, float]) -> Clouds:
        a, b = histograms()[at[0]], histograms()[at[1]]
        return Clouds(a[a > 0], pixels()[a > 0], b[b > 0], pixels()[b > 0], at[2])

    return _pairs().map(make)


def lines() -> st.SearchStrategy[Lines]:
    """The ink of each row of pixels, as masses on a line."""
    rows, places = histograms().reshape(-1, SIDE, SIDE).sum(2), np.arange(float(SIDE))
    return _pairs().map(lambda at: Lines(rows[at[0]], places, rows[at[1]], places, at[2]))


def gaussians() -> st.SearchStrategy[Gaussians]:
    """Mean and covariance of the ink."""

    def moments(a: Array) -> tuple[Array, Array]:
        centred = pixels() - a @ pixels()
        return a @ pixels(), (centred * a[:, None]).T @ centred

    return _pairs().map(lambda at: Gaussians(*moments(histograms()[at[0]]), *moments(histograms()[at[1]])))


def _pairs() -> st.SearchStrategy[tuple[int, int, float]]:
    return st.sampled_from(pairs())
