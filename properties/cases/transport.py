"""Transport problems: masses made of integer parts, costs on dyadic grids, ties, empty atoms, awkward shapes.

Of the costs between atoms with mass one at least is not negative: costs that are all negative have a law of their own.
Nothing is filtered. What masses and costs are made of is in `_costs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._costs import (
    DIVISIONS,
    FULL,
    PRICES,
    SCALES,
    SMALL,
    TAME,
    divided,
    lifted,
    row_of_bytes,
    shapes,
    to_power_of_two,
    unit_of,
)
from ._draws import signed

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """Masses a[m] and b[n] of equal total, and what it costs to move a unit from i to j, cost[m, n]."""

    a: Array
    b: Array
    cost: Array


@dataclass(frozen=True)
class Regauged(Problem):
    """The problem, and toll f[m] on leaving and g[n] on arriving."""

    f: Array
    g: Array


@dataclass(frozen=True)
class Repriced(Problem):
    """The problem, and a second cost for the same masses."""

    other: Array


@dataclass(frozen=True)
class Reweighed(Problem):
    """The problem, and second masses of the same total for the same cost."""

    other_a: Array
    other_b: Array


@dataclass(frozen=True)
class Scaled(Problem):
    """The problem, and a positive factor (a power of two: multiplying by it is exact)."""

    factor: float


@dataclass(frozen=True)
class Shuffled(Problem):
    """The problem, and new orders of its rows and of its columns."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]


@dataclass(frozen=True)
class Split(Problem):
    """The problem, an atom of `a` and one of `b`, each to be halved into two atoms at the same place."""

    row: int
    column: int


@st.composite
def problems(
    draw: Any, *, positive: bool = False, tame: bool = False, largest: int = SMALL, thin: bool = True
) -> Problem:
    """Problems of total mass 1: mostly m ≠ n ≤ `largest`, now and then a line, a matching, a dozen atoms.

    positive  no atom is empty
    tame      costs between 0 and 32, of no other scale
    thin      m = 1 or n = 1 may come
    """
    m, n, uniform = draw(shapes(largest, thin))
    rows = np.stack([row_of_bytes(draw) for _ in range(m)])
    columns = row_of_bytes(draw)[:n]
    price, scale = draw(TAME if tame else PRICES)
    cost = price(rows[:, 1 : n + 1], columns) * scale
    if uniform:
        a, b = np.full(m, 1.0 / m), np.full(n, 1.0 / n)
        return Problem(a, b, lifted(a, b, cost))
    divide_a, divide_b, full = draw(FULL if positive else DIVISIONS)
    a, b = divided(divide_a, rows[:, 0], full), divided(divide_b, columns, full)
    return Problem(a, b, lifted(a, b, cost))


@st.composite
def regauged(draw: Any, base: Any = None) -> Regauged:
    p = draw(_PROBLEMS if base is None else base)
    (m, n), unit = p.cost.shape, unit_of(p.cost)
    f, g = (np.resize(signed(row_of_bytes(draw)), size) / 4.0 * unit for size in (m, n))
    tolls = f[:, None] + g
    return Regauged(p.a, p.b, p.cost, f + (lifted(p.a, p.b, p.cost + tolls) - p.cost - tolls).max(), g)


@st.composite
def repriced(draw: Any, base: Any = None) -> Repriced:
    """The second cost is of the first one's size: a neighbour, or a stranger."""
    p = draw(_PROBLEMS if base is None else base)
    m, n = p.cost.shape
    rows = np.stack([np.resize(row_of_bytes(draw), n) for _ in range(m)])
    moved = signed(rows) / 16.0 * unit_of(p.cost)
    other = moved if draw(_STRANGER) else p.cost + moved / 64.0
    return Repriced(p.a, p.b, p.cost, lifted(p.a, p.b, other, p.cost))


@st.composite
def reweighed(draw: Any) -> Reweighed:
    """The first masses are positive, so that every potential is a price somebody pays."""
    p = draw(_POSITIVE)
    (m, n), full = p.cost.shape, draw(st.booleans())
    a = divided(to_power_of_two, row_of_bytes(draw)[:m], full)
    b = divided(to_power_of_two, row_of_bytes(draw)[:n], full)
    return Reweighed(p.a, p.b, lifted(a, b, p.cost), a, b)


@st.composite
def scaled(draw: Any, base: Any = None) -> Scaled:
    p = draw(_PROBLEMS if base is None else base)
    return Scaled(p.a, p.b, p.cost, draw(st.sampled_from((2.0, 0.5, 8.0, 2.0**-6))))


@st.composite
def weighed(draw: Any, base: Any = None) -> Scaled:
    """Problems whose total mass is not 1; `factor` is a further one."""
    p = draw(_PROBLEMS if base is None else base)
    mass = draw(st.sampled_from((2.0, 3.0, 0.5, 0.7, 2.0**10, 1000.0)))
    return Scaled(p.a * mass, p.b * mass, p.cost, draw(st.sampled_from((2.0, 0.5, 4.0))))


@st.composite
def shuffled(draw: Any, base: Any = None) -> Shuffled:
    p = draw(_PROBLEMS if base is None else base)
    m, n = p.cost.shape
    rows, columns = (np.argsort(np.resize(row_of_bytes(draw), size), kind="stable") for size in (m, n))
    return Shuffled(p.a, p.b, p.cost, rows, columns)


@st.composite
def split(draw: Any, base: Any = None) -> Split:
    p = draw(_PROBLEMS if base is None else base)
    m, n = p.cost.shape
    return Split(p.a, p.b, p.cost, draw(st.integers(0, m - 1)), draw(st.integers(0, n - 1)))


@st.composite
def thin(draw: Any) -> Problem:
    """One source or one target."""
    n, flat = draw(st.integers(1, SMALL)), draw(st.booleans())
    row, masses = row_of_bytes(draw)[:n], row_of_bytes(draw)[:n]
    cost = signed(row)[None, :] / 8.0 * draw(st.sampled_from(SCALES))
    divide, _, full = draw(DIVISIONS)
    b = divided(divide, masses, full)
    cost = lifted(np.ones(1), b, cost)
    return Problem(b, np.ones(1), cost.T.copy()) if flat else Problem(np.ones(1), b, cost)


@st.composite
def two_by_two(draw: Any) -> Problem:
    s, t = draw(_SIXTEENTHS)
    cost = signed(row_of_bytes(draw)[:4]).reshape(2, 2) / 8.0 * draw(st.sampled_from(SCALES))
    a, b = np.array([s, 16 - s]) / 16.0, np.array([t, 16 - t]) / 16.0
    return Problem(a, b, lifted(a, b, cost))


@st.composite
def assignments(draw: Any) -> Problem:
    """n workers for n jobs: uniform masses, which a vertex solver answers with a permutation."""
    n = draw(st.integers(1, 7))
    rows = np.stack([row_of_bytes(draw)[:n] for _ in range(n)])
    price, scale = draw(PRICES)
    cost = price(rows, rows[:, 0]) * scale
    uniform = np.full(n, 1.0 / n)
    return Problem(uniform, uniform.copy(), lifted(uniform, uniform, cost))


@st.composite
def three_by_four(draw: Any) -> Problem:
    """One shape and one scale, for solvers that are built once a shape."""
    rows, columns = np.stack([row_of_bytes(draw)[:5] for _ in range(3)]), row_of_bytes(draw)[:4]
    price, _ = draw(TAME)
    divide_a, divide_b, full = draw(DIVISIONS)
    return Problem(divided(divide_a, rows[:, 0], full), divided(divide_b, columns, full), price(rows[:, 1:], columns))


_SIXTEENTHS = st.sampled_from([(8, 8)] * 60 + [(s, t) for s in range(17) for t in range(17)])
_STRANGER = st.sampled_from((False, False, True))

_PROBLEMS = problems()
_POSITIVE = problems(positive=True)
