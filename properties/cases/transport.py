"""Transport problems: masses made of integer parts, costs on dyadic grids, ties, empty atoms, awkward shapes.

Rows are drawn as bytes, every draw of one length, so that a counterexample loses a row or a column and keeps the
rest, and ends at two by two with costs 0 and 1. Masses are parts of a power of two (their sum is exact in any dtype),
or parts of whatever they add up to. Of the costs between atoms with mass one at least is not negative: costs that
are all negative have a law of their own. Nothing is filtered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Array = NDArray[np.float64]

SMALL, LARGE = 6, 12
BYTES = 14
SCALES = (1.0, 1.0, 1.0, 2.0**-10, 1e-3, 2.0**10, 2.0**27, 1e8)


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
def problems(
    draw: Any, *, positive: bool = False, tame: bool = False, largest: int = SMALL, thin: bool = True
) -> Problem:
    """Problems of total mass 1: mostly m ≠ n ≤ `largest`, now and then a line, a matching, a dozen atoms.

    positive  no atom is empty
    tame      costs between 0 and 32, of no other scale
    thin      m = 1 or n = 1 may come
    """
    m, n, uniform = draw(_shapes(largest, thin))
    rows = np.stack([row_of_bytes(draw) for _ in range(m)])
    columns = row_of_bytes(draw)[:n]
    price, scale = draw(_TAME if tame else _PRICES)
    cost = price(rows[:, 1 : n + 1], columns) * scale
    if uniform:
        a, b = np.full(m, 1.0 / m), np.full(n, 1.0 / n)
        return Problem(a, b, lifted(a, b, cost))
    divide_a, divide_b, full = draw(_FULL if positive else _DIVISIONS)
    a, b = _masses(divide_a, rows[:, 0], full), _masses(divide_b, columns, full)
    return Problem(a, b, lifted(a, b, cost))


@st.composite
def regauged(draw: Any, base: Any = None) -> Regauged:
    p = draw(_PROBLEMS if base is None else base)
    (m, n), unit = p.cost.shape, _unit(p.cost)
    f, g = (np.resize(zigzag(row_of_bytes(draw)), size) / 4.0 * unit for size in (m, n))
    tolls = f[:, None] + g
    return Regauged(p.a, p.b, p.cost, f + (lifted(p.a, p.b, p.cost + tolls) - p.cost - tolls).max(), g)


@st.composite
def repriced(draw: Any, base: Any = None) -> Repriced:
    """The second cost is of the first one's size: a neighbour, or a stranger."""
    p = draw(_PROBLEMS if base is None else base)
    m, n = p.cost.shape
    rows = np.stack([np.resize(row_of_bytes(draw), n) for _ in range(m)])
    moved = zigzag(rows) / 16.0 * _unit(p.cost)
    other = moved if draw(_STRANGER) else p.cost + moved / 64.0
    return Repriced(p.a, p.b, p.cost, lifted(p.a, p.b, other, p.cost))


@st.composite
def reweighed(draw: Any) -> Reweighed:
    """The first masses are positive, so that every potential is a price somebody pays."""
    p = draw(_POSITIVE)
    (m, n), full = p.cost.shape, draw(st.booleans())
    a = _masses(_to_power_of_two, row_of_bytes(draw)[:m], full)
    b = _masses(_to_power_of_two, row_of_bytes(draw)[:n], full)
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
    cost = zigzag(row)[None, :] / 8.0 * draw(st.sampled_from(SCALES))
    divide, _, full = draw(_DIVISIONS)
    b = _masses(divide, masses, full)
    cost = lifted(np.ones(1), b, cost)
    return Problem(b, np.ones(1), cost.T.copy()) if flat else Problem(np.ones(1), b, cost)


@st.composite
def two_by_two(draw: Any) -> Problem:
    s, t = draw(_SIXTEENTHS)
    cost = zigzag(row_of_bytes(draw)[:4]).reshape(2, 2) / 8.0 * draw(st.sampled_from(SCALES))
    a, b = np.array([s, 16 - s]) / 16.0, np.array([t, 16 - t]) / 16.0
    return Problem(a, b, lifted(a, b, cost))


@st.composite
def assignments(draw: Any) -> Problem:
    """n workers for n jobs: uniform masses, which a vertex solver answers with a permutation."""
    n = draw(st.integers(1, 7))
    rows = np.stack([row_of_bytes(draw)[:n] for _ in range(n)])
    price, scale = draw(_PRICES)
    cost = price(rows, rows[:, 0]) * scale
    uniform = np.full(n, 1.0 / n)
    return Problem(uniform, uniform.copy(), lifted(uniform, uniform, cost))


@st.composite
def three_by_four(draw: Any) -> Problem:
    """One shape and one scale, for solvers that are built once a shape."""
    rows, columns = np.stack([row_of_bytes(draw)[:5] for _ in range(3)]), row_of_bytes(draw)[:4]
    price, _ = draw(_TAME)
    divide_a, divide_b, full = draw(_DIVISIONS)
    return Problem(_masses(divide_a, rows[:, 0], full), _masses(divide_b, columns, full), price(rows[:, 1:], columns))


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
    m, n, _ = draw(_shapes(SMALL, True))
    rows = np.stack([row_of_bytes(draw) for _ in range(m)])
    price, scale = draw(_PRICES)
    cost = price(rows[:, 3 : n + 3], row_of_bytes(draw)) * scale
    step = _unit(cost) / draw(_STEPS)
    return zigzag(rows[:, 0]) * step, cost, zigzag(rows[:, 1]) * step


@lru_cache
def _shapes(largest: int, thin: bool) -> st.SearchStrategy[tuple[int, int, bool]]:
    """(m, n, whether the masses are all equal), simplest first, m ≠ n mostly.

    One draw for both sizes: of two draws of a kind Hypothesis likes to make two equal ones.
    """
    sizes = range(2, largest + 1)
    pairs = sorted(((m, n) for m in sizes for n in sizes), key=lambda s: (s[0] * s[1], s))
    some = [(m, n, False) for m, n in pairs for _ in range(3 if m == n else 2)]
    equal = [(n, n, True) for n in sizes for _ in range(2)]
    edge = [(1, n, False) for n in range(1, largest + 1)] + [(m, 1, False) for m in sizes]
    many = [(m, n, False) for m, n in ((12, 7), (5, 12), (9, 11), (12, 12))]
    return st.sampled_from((*some, *equal, *(edge if thin else ()), *(many if largest >= SMALL else ())))


def row_of_bytes(draw: Any) -> NDArray[np.int64]:
    return np.frombuffer(draw(_BINARY), np.uint8).astype(np.int64)


def zigzag(x: NDArray[np.int64]) -> Array:
    """0, 1, 2, 3, 4, ... ↦ 0, 1, −1, 2, −2, ..."""
    return np.asarray(np.where(x % 2, x + 1, -x) / 2.0)


def _unit(cost: Array) -> float:
    """The power of two next below max|C|/32: what is drawn in units of it stays on the grid."""
    return float(2.0 ** np.floor(np.log2(max(np.abs(cost).max(), 2.0**-20)) - 5.0))


def _to_power_of_two(parts: NDArray[np.int64]) -> Array:
    """k/2ˢ: the last part grows until the total is a power of two, and the quotients add up to 1 exactly."""
    total = int(parts.sum())
    whole = 1 << max(total - 1, 0).bit_length()
    k = parts.astype(np.float64)
    k[-1] += whole - total
    return np.asarray(k / whole)


def _to_whole(parts: NDArray[np.int64]) -> Array:
    """k/Σk: the sum of the quotients is 1 up to rounding."""
    k = parts.astype(np.float64)
    k[-1] += not k.any()
    return np.asarray(k / k.sum())


def _spread(parts: NDArray[np.int64]) -> Array:
    """Parts of very different size, 2⁰ to 2¹⁸, of a power of two."""
    return _to_power_of_two(np.where(parts > 0, 1 << (2 * parts), 0))


def _masses(divide: Callable[[NDArray[np.int64]], Array], drawn: NDArray[np.int64], full: bool) -> Array:
    return divide(1 + drawn % 9 if full else np.maximum(drawn % 12 - 2, 0))


def lifted(a: Array, b: Array, cost: Array, *more: Array) -> Array:
    """The cost, raised until it, and it plus each of the others, is somewhere not negative between atoms with mass."""
    busy = np.ix_(a > 0, b > 0)
    return cost + max(0.0, -float(cost[busy].max()), *(-float((cost + x)[busy].max()) for x in more))


def _few(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    """0, 1, 2 or 3: ties everywhere, most optimal plans not unique."""
    return (rows % 4).astype(np.float64)


def _many(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    return rows / 8.0


def _profits(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    """Of both signs."""
    return zigzag(rows) / 8.0


def _forbidding(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    """A few ways are dearer than all others together."""
    return np.where(rows >= 192, 2.0**20, rows % 16)


def _separable(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    """f ⊕ g: every plan is optimal."""
    return rows[:, :1] % 32 + columns[None, : rows.shape[1]] / 4.0


def _on_a_line(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    """Squared distances between points of a line, duplicates among them."""
    return np.square((rows[:, :1] % 32 - columns[None, : rows.shape[1]] % 32) / 8.0) * 2.0


def _copies(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    """Some rows are the first one again: several atoms at one place."""
    return np.where(rows[:, :1] % 3 == 0, rows[:1], rows) / 8.0


_BINARY = st.binary(min_size=BYTES, max_size=BYTES)
_DIVIDE = (_to_power_of_two, _to_power_of_two, _to_whole, _spread)
_KIND = (_few, _many, _many, _profits, _forbidding, _separable, _on_a_line, _copies)
_FULL = st.sampled_from([(x, y, True) for x, y in product(_DIVIDE, _DIVIDE)])
_DIVISIONS = st.sampled_from([(x, y, full) for full in (True, False) for x, y in product(_DIVIDE, _DIVIDE)])
_TAME = st.sampled_from([(price, 1.0) for price in _KIND if price not in (_profits, _forbidding)])
_PRICES = st.sampled_from([(price, scale) for scale in SCALES for price in _KIND])
_SIXTEENTHS = st.sampled_from([(8, 8)] * 60 + [(s, t) for s in range(17) for t in range(17)])
_STRANGER = st.sampled_from((False, False, True))
_STEPS = st.sampled_from((1.0, 4.0, 16.0))
_PROBLEMS = problems()
_POSITIVE = problems(positive=True)
