"""Real data: the number of major earthquakes in the world, 1900 to 2006, under hidden Markov chains of Poisson counts.

Windows of a few years for the laws that look at all paths, the whole series for a step of Baum-Welch. The rates are
near those that maximum likelihood finds for two to four states (13 to 31 earthquakes a year).

Source: U.S. Geological Survey (public domain); Zucchini and MacDonald 2009, table 1.1 and §4.2.
"""

from __future__ import annotations

from functools import cache
from math import lgamma
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from .chains import Chain
from .sequences import Counts

Array = NDArray[np.float64]

DATA = Path(__file__).parents[1] / "data" / "earthquakes.csv"
RATES = ((15.5, 26.0), (13.25, 19.75, 29.75), (11.25, 13.75, 19.75, 29.75), (20.0,))


@cache
def counts() -> NDArray[np.int64]:
    """Earthquakes a year, [107]."""
    return np.loadtxt(DATA, delimiter=",", comments="#", dtype=np.int64)[:, 1]


def sticky(K: int, stay: float) -> Array:
    return np.full((K, K), (1.0 - stay) / max(K - 1, 1)) * (1 - np.eye(K)) + np.eye(K) * (stay if K > 1 else 1.0)


def log_poisson(x: NDArray[np.int64], rates: Array) -> Array:
    """log p(x_n) under each rate, [N, K]."""
    return np.asarray(x[:, None] * np.log(rates) - rates - np.array([lgamma(n + 1.0) for n in x])[:, None])


def windows() -> st.SearchStrategy[Chain]:
    """Two to eleven years in a row, as many as leave at most 4096 paths."""

    def make(rates: tuple[float, ...], stay: float, first: int, years: int) -> Chain:
        K = len(rates)
        most = 11 if K < 3 else 7 if K == 3 else 6
        x = counts()[first : first + 2 + years % (most - 1)]
        return Chain(np.log(np.full(K, 1.0 / K)), np.log(sticky(K, stay)), log_poisson(x, np.array(rates)))

    return st.builds(
        make, st.sampled_from(RATES), st.sampled_from((0.75, 0.5, 0.875)), st.integers(0, 95), st.integers(0, 59)
    )


def series() -> st.SearchStrategy[Counts]:
    """All years, in one sequence or broken in two."""

    def make(rates: tuple[float, ...], stay: float, seam: int) -> Counts:
        K = len(rates)
        lengths = np.array([107] if seam == 0 else [seam, 107 - seam])
        return Counts(np.full(K, 1.0 / K), sticky(K, stay), np.array(rates), counts(), lengths)

    return st.builds(make, st.sampled_from(RATES), st.sampled_from((0.75, 0.5, 0.875)), st.integers(0, 106))
