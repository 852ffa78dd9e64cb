"""Weighted points in the plane and in space: clouds, moved, mapped, far away, three at a time.

Points lie on small dyadic grids, so that sums, differences and squares of their coordinates are exact in float32 too:
what a law moves, turns or projects stays on the grid. Coinciding points, empty atoms and all-equal clouds come as they
fall.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import masses, signed, some_bytes

Array = NDArray[np.float64]

POWERS = (2.0, 1.0, 3.0, 1.5)
SCALES = (1.0, 1.0, 1.0, 0.25, 2.0**-10, 2.0**10)


@dataclass(frozen=True)
class Clouds:
    """Masses a[m] at the points X[m, d], masses b[n] at Y[n, d], and the exponent p of the distance."""

    a: Array
    X: Array
    b: Array
    Y: Array
    p: float


@dataclass(frozen=True)
class MovedClouds(Clouds):
    """The clouds, a shift for each, and a factor."""

    s: Array
    t: Array
    factor: float


@dataclass(frozen=True)
class ThreeClouds(Clouds):
    """The clouds, and a third: masses c[k] at Z[k, d]."""

    c: Array
    Z: Array


@dataclass(frozen=True)
class MappedCloud:
    """A cloud, and a symmetric positive semidefinite matrix with a shift: x ↦ A x + t."""

    a: Array
    X: Array
    A: Array
    t: Array


@st.composite
def clouds(draw: Any, *, powers: tuple[float, ...] = (*POWERS, 0.5), scales: tuple[float, ...] = SCALES) -> Clouds:
    m, n, d, p, unit = draw(sizes(powers, scales))
    full = draw(st.booleans())
    a, b = masses(draw, m, full), masses(draw, n, full)
    return Clouds(a, grid_points(draw, m, d) * unit, b, grid_points(draw, n, d) * unit, p)


@st.composite
def moved_clouds(draw: Any, powers: tuple[float, ...] = POWERS, scales: tuple[float, ...] = (1.0, 0.25)) -> MovedClouds:
    c = draw(clouds(powers=powers, scales=scales))
    shift = signed(some_bytes(draw) % 33)
    d = c.X.shape[1]
    return MovedClouds(c.a, c.X, c.b, c.Y, c.p, shift[:d], shift[3:][:d], draw(FACTORS))


@st.composite
def three_clouds(draw: Any) -> ThreeClouds:
    """Three clouds, or one in three places, halfway first: nothing is further from breaking the triangle inequality."""
    c = draw(clouds())
    if draw(st.booleans()):
        way = grid_points(draw, 1, c.X.shape[1]) * unit_of(c.X, c.Y)
        return ThreeClouds(c.a, c.X, c.a, c.X + 2.0 * way, c.p, c.a, c.X + way)
    k = draw(st.integers(1, 4))
    return ThreeClouds(
        c.a, c.X, c.b, c.Y, c.p, masses(draw, k, True), grid_points(draw, k, c.X.shape[1]) * unit_of(c.X, c.Y)
    )


@st.composite
def mapped_clouds(draw: Any) -> MappedCloud:
    m, _, d, _, _ = draw(sizes((2.0,), (1.0,)))
    a = masses(draw, m, draw(st.booleans()))
    half = signed(np.stack([some_bytes(draw) for _ in range(d)])[:, :d] % 5)
    return MappedCloud(a, grid_points(draw, m, d), half @ half.T, signed(some_bytes(draw)[:d] % 9))


@st.composite
def same_clouds(draw: Any) -> Clouds:
    """One measure twice: the atoms in another order, one of them in two halves."""
    c = draw(clouds())
    order = np.argsort(some_bytes(draw)[: len(c.a)], kind="stable")
    a, X = c.a[order], c.X[order]
    return Clouds(c.a, c.X, np.concatenate([a[:1] / 2, a[:1] / 2, a[1:]]), np.concatenate([X[:1], X]), c.p)


@st.composite
def far_clouds(draw: Any) -> Clouds:
    """Small steps far from the origin: differences are exact, squares of the coordinates are not."""
    c = draw(clouds(powers=(2.0, 1.0), scales=(2.0**-10, 2.0**-6)))
    far = draw(st.sampled_from((2.0**20, 1024.0)))
    return Clouds(c.a, c.X + far, c.b, c.Y + far, c.p)


def moved_squares() -> st.SearchStrategy[MovedClouds]:
    return moved_clouds(powers=(2.0,))


def convex_clouds() -> st.SearchStrategy[Clouds]:
    """p ≥ 1."""
    return clouds(powers=POWERS)


def square_clouds() -> st.SearchStrategy[Clouds]:
    return clouds(powers=(2.0,))


def grid_points(draw: Any, m: int, d: int) -> Array:
    return signed(np.stack([some_bytes(draw) for _ in range(m)])[:, :d] % 33) / 2.0


def unit_of(X: Array, Y: Array) -> float:
    """A power of two, such that points drawn in its units are about as far out as X and Y."""
    return float(2.0 ** np.floor(np.log2(max(np.abs(X).max(), np.abs(Y).max(), 2.0**-12)) - 2.0))


def sizes(powers: tuple[float, ...], scales: tuple[float, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    """(m, n, d, p, unit), m ≠ n mostly."""
    pairs = [(2, 2), (2, 3), (3, 2), (3, 4), (4, 2), (1, 3), (4, 1), (5, 3), (3, 6), (6, 5), (4, 4), (7, 6), (1, 1)]
    return st.tuples(
        st.sampled_from(pairs), st.sampled_from((2, 1, 3)), st.sampled_from(powers), st.sampled_from(scales)
    ).map(lambda t: (*t[0], *t[1:]))


FACTORS = st.sampled_from((2.0, 0.5, 3.0, 8.0))
