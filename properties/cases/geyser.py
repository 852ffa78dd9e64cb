"""Real data: 272 eruptions of the Old Faithful geyser, a mixture of two as everybody knows.

How long an eruption lasted and how long one waited for the next, both or one of them, in minutes; as a mixture of a short
and a long kind near the fitted one, or with responsibilities by the length alone.

Source: Azzalini & Bowman, A look at some data on the Old Faithful geyser, Applied Statistics 39, 1990, 357-365.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from ._draws import Array
from .mixtures import Assigned, Mixture

DATA = Path(__file__).parents[1] / "data" / "old_faithful.csv"
AXES = ((0,), (1,), (0, 1))


@cache
def eruptions() -> Array:
    """Minutes of eruption and of waiting, [272, 2]."""
    lines = [line for line in DATA.read_text().splitlines() if line[:1].isdigit()]
    return np.loadtxt(lines, delimiter=",")


def mixture(axes: tuple[int, ...], share: float, spread: float, first: int, step: int, tied: bool = False) -> Mixture:
    """Two kinds with a share for the short one, covariances blown up by spread; every step-th eruption from the first.

    tied: both have the covariance of the second
    """
    X = eruptions()[first::step]
    mu = np.array([[2.0, 54.0], [4.25, 80.0]])
    Sigma = np.array([[[0.0625, 0.5], [0.5, 32.0]], [[0.25, 1.0], [1.0, 36.0]]]) * spread
    Sigma = Sigma[[1, 1]] if tied else Sigma
    pick = np.ix_(range(2), axes, axes)
    weights = np.ones(len(X))
    return Mixture(X[:, axes], np.array([share, 1.0 - share]), mu[:, axes], Sigma[pick], weights)


def halves(axes: tuple[int, ...], share: float, spread: float, first: int, step: int) -> Assigned:
    """The same eruptions, long ones by a logistic of their length."""
    one = mixture(axes, share, spread, first, step)
    long = 1.0 / (1.0 + np.exp(-(eruptions()[first::step, 0] - 3.0) / spread))
    return Assigned(one.X, np.stack([1.0 - long, long], axis=1), one.weights)


def mixtures() -> st.SearchStrategy[Mixture]:
    return st.builds(mixture, *_CHOICES, st.booleans())


def assigned() -> st.SearchStrategy[Assigned]:
    return st.builds(halves, *_CHOICES)


_CHOICES = (
    st.sampled_from(AXES),
    st.sampled_from((0.375, 0.5, 0.125)),
    st.sampled_from((1.0, 4.0, 0.5)),
    st.integers(0, 3),
    st.sampled_from((1, 4, 17)),
)
