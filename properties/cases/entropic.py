"""Entropic transport problems: masses, a cost, and a temperature in units of the cost's spread.

The temperature is a power of two, mostly between a quarter of the spread and twice it: there Sinkhorn's iteration takes
tens of sweeps and exp(−C/ε) neither overflows nor vanishes. Colder and hotter problems have strategies of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import MOST, masses, signed, some_bytes

Array = NDArray[np.float64]

SCALES = (1.0, 1.0, 1.0, 2.0**-10, 2.0**10, 1e-3)
RATIOS = (1.0, 0.5, 2.0, 0.25)


@dataclass(frozen=True)
class Entropic:
    """Masses a[m], b[n] of sum 1, a cost[m, n], and the temperature eps > 0."""

    a: Array
    b: Array
    cost: Array
    eps: float


@dataclass(frozen=True)
class Tolled(Entropic):
    """The problem, and tolls f[m], g[n]: the cost plus f ⊕ g."""

    f: Array
    g: Array


@dataclass(frozen=True)
class Cooling(Entropic):
    """The problem, and two higher temperatures."""

    warm: float
    hot: float


@dataclass(frozen=True)
class Repriced(Entropic):
    """The problem, and another cost of about the same size."""

    other: Array


@dataclass(frozen=True)
class Reweighed(Entropic):
    """The problem, and other masses on the same atoms."""

    other_a: Array
    other_b: Array


@dataclass(frozen=True)
class Shuffled(Entropic):
    """The problem, and new orders of rows and columns."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]


@dataclass(frozen=True)
class Swept(Entropic):
    """The problem, and two potentials g, h[n] to start a sweep from."""

    g: Array
    h: Array


@st.composite
def problems(
    draw: Any, *, full: bool | None = None, ratios: tuple[float, ...] = RATIOS, scales: tuple[float, ...] = SCALES
) -> Entropic:
    """full: no atom is empty (None: as it falls)."""
    m, n = draw(_SHAPES)
    keep = draw(st.booleans()) if full is None else full
    a, b = masses(draw, m, keep), masses(draw, n, keep)
    cost = _cost(draw, m, n) * draw(st.sampled_from(scales))
    return Entropic(a, b, cost, _unit(cost) * draw(st.sampled_from(ratios)))


@st.composite
def tolled(draw: Any, base: Any = None) -> Tolled:
    p = draw(_PROBLEMS if base is None else base)
    (m, n), unit = p.cost.shape, p.eps / 4.0
    f, g = (np.resize(signed(some_bytes(draw) % 17), size) for size in (m, n))
    return Tolled(p.a, p.b, p.cost, p.eps, f * unit, g * unit)


@st.composite
def cooling(draw: Any, base: Any = None) -> Cooling:
    p = draw(_PROBLEMS if base is None else base)
    return Cooling(p.a, p.b, p.cost, p.eps, 2.0 * p.eps, draw(st.sampled_from((4.0, 16.0))) * p.eps)


@st.composite
def repriced(draw: Any) -> Repriced:
    p = draw(_PROBLEMS)
    moved = _cost(draw, *p.cost.shape)
    return Repriced(p.a, p.b, p.cost, p.eps, moved * (_unit(p.cost) / _unit(moved)))


@st.composite
def reweighed(draw: Any) -> Reweighed:
    p = draw(_FULL)
    m, n = p.cost.shape
    return Reweighed(_in_64ths(draw, m), _in_64ths(draw, n), p.cost, p.eps, _in_64ths(draw, m), _in_64ths(draw, n))


@st.composite
def shuffled(draw: Any, base: Any = None) -> Shuffled:
    p = draw(_PROBLEMS if base is None else base)
    m, n = p.cost.shape
    rows, columns = (np.argsort(np.resize(some_bytes(draw), size), kind="stable") for size in (m, n))
    return Shuffled(p.a, p.b, p.cost, p.eps, rows, columns)


@st.composite
def selves(draw: Any) -> Entropic:
    """One measure and a symmetric cost with a zero diagonal."""
    p = draw(problems(scales=(1.0, 2.0**-10)))
    m = min(p.cost.shape)
    cost = np.triu(p.cost[:m, :m], 1)
    a = masses(draw, m, True)
    return Entropic(a, a, cost + cost.T, _unit(cost) * 0.5)


@st.composite
def flat(draw: Any) -> Entropic:
    """One price for every way."""
    m, n = draw(_SHAPES)
    full = draw(st.booleans())
    price = float(signed(some_bytes(draw))[0]) * draw(st.sampled_from(SCALES))
    return Entropic(masses(draw, m, full), masses(draw, n, full), np.full((m, n), price), max(abs(price), 1.0))


def full_problems() -> st.SearchStrategy[Entropic]:
    """No atom is empty."""
    return problems(full=True)


def hot() -> st.SearchStrategy[Entropic]:
    """Temperatures far above the spread of the cost."""
    return problems(ratios=(64.0, 1024.0, 2.0**20))


def cold() -> st.SearchStrategy[Entropic]:
    """A thousandth of the spread, and a sixty-fourth."""
    return problems(ratios=(2.0**-6, 2.0**-10), scales=(1.0, 2.0**-10, 2.0**10))


@st.composite
def swept(draw: Any) -> Swept:
    p = draw(_PROBLEMS)
    n, unit = p.cost.shape[1], p.eps / 4.0
    g, h = (signed(some_bytes(draw) % 65)[:n] * unit for _ in range(2))
    return Swept(p.a, p.b, p.cost, p.eps, g, h)


def _cost(draw: Any, m: int, n: int) -> Array:
    kind, rows = draw(_KINDS), np.stack([some_bytes(draw) for _ in range(m)])[:, :n]
    if kind == "few":
        return (rows % 4).astype(np.float64)
    if kind == "of both signs":
        return signed(rows) / 8.0
    if kind == "copies":
        rows = np.where(rows[:, :1] % 3 == 0, rows[:1], rows)
    return rows / 8.0 + (64.0 if kind == "dear" else 0.0)


def _in_64ths(draw: Any, size: int) -> Array:
    parts = 1 + some_bytes(draw)[:size] % 7
    parts[-1] += 64 - parts.sum()
    return np.asarray(parts / 64.0)


def _unit(cost: Array) -> float:
    """A power of two next to the spread of the cost; of a flat one, next to the cost itself."""
    spread = float(cost.max() - cost.min()) or float(np.abs(cost).max()) or 1.0
    return float(2.0 ** np.round(np.log2(spread)))


_SHAPES = st.sampled_from(
    ((2, 2), (2, 3), (3, 2), (3, 4), (4, 2), (1, 3), (4, 1), (5, 3), (3, 6), (6, 5), (4, 4), (3, 3), (1, 1), (MOST, 5))
)
_KINDS = st.sampled_from(("few", "many", "many", "of both signs", "copies", "dear"))
_PROBLEMS = problems()
_FULL = problems(full=True)
