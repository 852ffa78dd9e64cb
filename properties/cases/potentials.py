"""Potentials beside costs: a number for each source, of the costs' size, with ties; some of them masked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._costs import PRICES, SMALL, row_of_bytes, shapes, unit_of
from ._draws import signed

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Transform:
    """A potential phi[m] on the sources, and what it costs to move a unit from i to j, cost[m, n]."""

    phi: Array
    cost: Array


@dataclass(frozen=True)
class TwoPotentials(Transform):
    """The potential, and a second one for the same cost."""

    other: Array


@st.composite
def transforms(draw: Any) -> Transform:
    """Potentials of the cost's size, ties among them."""
    phi, cost, _ = _potentials(draw)
    return Transform(phi, cost)


@st.composite
def two_potentials(draw: Any) -> TwoPotentials:
    return TwoPotentials(*_potentials(draw))


@st.composite
def masked(draw: Any) -> TwoPotentials:
    """`other` is 0 on atoms that count and −∞ on masked ones."""
    phi, cost, drawn = _potentials(draw)
    return TwoPotentials(phi, cost, np.where(drawn > 0, -np.inf, 0.0))


def _potentials(draw: Any) -> tuple[Array, Array, Array]:
    m, n, _ = draw(shapes(SMALL, True))
    rows = np.stack([row_of_bytes(draw) for _ in range(m)])
    price, scale = draw(PRICES)
    cost = price(rows[:, 3 : n + 3], row_of_bytes(draw)) * scale
    step = unit_of(cost) / draw(_STEPS)
    return signed(rows[:, 0]) * step, cost, signed(rows[:, 1]) * step


_STEPS = st.sampled_from((1.0, 4.0, 16.0))
