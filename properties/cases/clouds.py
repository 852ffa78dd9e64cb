"""Weighted points in the plane, on a line and on a circle, and the covariances of Gaussians.

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
LINE_SCALES = (*SCALES, 1e-3, 1e5)


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
class EntropicClouds(Clouds):
    """The clouds, and a temperature in units of the distance to the power p."""

    eps: float


@dataclass(frozen=True)
class MovedEntropicClouds(EntropicClouds):
    """The clouds, and a shift for each."""

    s: Array
    t: Array


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


@dataclass(frozen=True)
class Lines:
    """Masses a[m] at x[m], masses b[n] at y[n] on a line (or a circle of length 1), and the exponent p."""

    a: Array
    x: Array
    b: Array
    y: Array
    p: float


@dataclass(frozen=True)
class MovedLines(Lines):
    """The lines, a shift for each, and a factor that may be negative."""

    s: float
    t: float
    factor: float


@dataclass(frozen=True)
class ThreeLines(Lines):
    """The lines, and a third: masses c[k] at z[k]."""

    c: Array
    z: Array


@dataclass(frozen=True)
class Gaussians:
    """Means m1, m2 [d] and covariances S1, S2 [d, d], singular or not."""

    m1: Array
    S1: Array
    m2: Array
    S2: Array


@dataclass(frozen=True)
class ThreeGaussians(Gaussians):
    """The Gaussians, and a third."""

    m3: Array
    S3: Array


@dataclass(frozen=True)
class Covariances:
    """A positive definite S1[d, d], a covariance S2[d, d], and a positive semidefinite map B[d, d]."""

    S1: Array
    S2: Array
    B: Array


@st.composite
def clouds(draw: Any, *, powers: tuple[float, ...] = (*POWERS, 0.5), scales: tuple[float, ...] = SCALES) -> Clouds:
    m, n, d, p, unit = draw(_sizes(powers, scales))
    full = draw(st.booleans())
    a, b = masses(draw, m, full), masses(draw, n, full)
    return Clouds(a, _points(draw, m, d) * unit, b, _points(draw, n, d) * unit, p)


@st.composite
def moved_clouds(draw: Any, powers: tuple[float, ...] = POWERS, scales: tuple[float, ...] = (1.0, 0.25)) -> MovedClouds:
    c = draw(clouds(powers=powers, scales=scales))
    shift = signed(some_bytes(draw) % 33)
    d = c.X.shape[1]
    return MovedClouds(c.a, c.X, c.b, c.Y, c.p, shift[:d], shift[3:][:d], draw(_FACTORS))


@st.composite
def three_clouds(draw: Any) -> ThreeClouds:
    """Three clouds, or one in three places, halfway first: nothing is further from breaking the triangle inequality."""
    c = draw(clouds())
    if draw(st.booleans()):
        way = _points(draw, 1, c.X.shape[1]) * _unit(c.X, c.Y)
        return ThreeClouds(c.a, c.X, c.a, c.X + 2.0 * way, c.p, c.a, c.X + way)
    k = draw(st.integers(1, 4))
    return ThreeClouds(c.a, c.X, c.b, c.Y, c.p, masses(draw, k, True), _points(draw, k, c.X.shape[1]) * _unit(c.X, c.Y))


@st.composite
def mapped_clouds(draw: Any) -> MappedCloud:
    m, _, d, _, _ = draw(_sizes((2.0,), (1.0,)))
    a = masses(draw, m, draw(st.booleans()))
    half = signed(np.stack([some_bytes(draw) for _ in range(d)])[:, :d] % 5)
    return MappedCloud(a, _points(draw, m, d), half @ half.T, signed(some_bytes(draw)[:d] % 9))


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


@st.composite
def entropic_clouds(
    draw: Any, powers: tuple[float, ...] = (2.0, 1.0, 1.5, 3.0), ratios: tuple[float, ...] = (1.0, 0.5, 0.25, 4.0)
) -> EntropicClouds:
    """The temperature is a power of two next to a ratio of the joint cloud's diameter, to the power p."""
    c = draw(clouds(powers=powers, scales=(1.0, 0.25, 2.0**4)))
    return _warmed(c, draw(st.sampled_from(ratios)))


@st.composite
def entropic_same(draw: Any) -> EntropicClouds:
    c = draw(same_clouds())
    return _warmed(Clouds(c.a, c.X, c.b, c.Y, max(c.p, 1.0)), draw(st.sampled_from((0.5, 2.0))))


@st.composite
def moved_entropic_clouds(draw: Any, powers: tuple[float, ...] = (2.0, 1.0)) -> MovedEntropicClouds:
    c = draw(entropic_clouds(powers=powers, ratios=(1.0, 0.5)))
    shift, d = signed(some_bytes(draw) % 17), c.X.shape[1]
    return MovedEntropicClouds(c.a, c.X, c.b, c.Y, c.p, c.eps, shift[:d], shift[3:][:d])


def definite_clouds() -> st.SearchStrategy[EntropicClouds]:
    """p ≤ 2: exp(−‖x − y‖^p/ε) is positive definite."""
    return entropic_clouds(powers=(2.0, 1.0, 1.5, 0.5))


def hot_clouds() -> st.SearchStrategy[EntropicClouds]:
    return entropic_clouds(ratios=(16.0, 1024.0))


def mixed_clouds() -> st.SearchStrategy[EntropicClouds]:
    return entropic_clouds(powers=(2.0, 1.0), ratios=(1.0, 0.5))


def moved_square_entropic_clouds() -> st.SearchStrategy[MovedEntropicClouds]:
    return moved_entropic_clouds(powers=(2.0,))


@st.composite
def lines(draw: Any, *, powers: tuple[float, ...] = POWERS, scales: tuple[float, ...] = LINE_SCALES) -> Lines:
    c = draw(_line_clouds(powers, scales))
    return Lines(c.a, c.X[:, 0], c.b, c.Y[:, 0], c.p)


@st.composite
def moved_lines(draw: Any, powers: tuple[float, ...] = POWERS) -> MovedLines:
    c = draw(lines(powers=powers, scales=(1.0, 0.25)))
    shift = signed(some_bytes(draw) % 65)
    factor = draw(_FACTORS) * draw(st.sampled_from((1.0, -1.0)))
    return MovedLines(c.a, c.x, c.b, c.y, c.p, float(shift[0]), float(shift[1]), factor)


@st.composite
def three_lines(draw: Any) -> ThreeLines:
    c = draw(lines(scales=SCALES))
    unit = _unit(c.x[:, None], c.y[:, None])
    if draw(st.booleans()):
        way = float(_points(draw, 1, 1)[0, 0]) * unit
        return ThreeLines(c.a, c.x, c.a, c.x + 2.0 * way, c.p, c.a, c.x + way)
    k = draw(st.integers(1, 5))
    return ThreeLines(c.a, c.x, c.b, c.y, c.p, masses(draw, k, True), _points(draw, k, 1)[:, 0] * unit)


@st.composite
def same_lines(draw: Any) -> Lines:
    c = draw(lines())
    order = np.argsort(some_bytes(draw)[: len(c.a)], kind="stable")
    a, x = c.a[order], c.x[order]
    return Lines(c.a, c.x, np.concatenate([a[:1] / 2, a[:1] / 2, a[1:]]), np.concatenate([x[:1], x]), c.p)


@st.composite
def circles(draw: Any) -> MovedLines:
    """Points of [0, 1) on a grid of 64, and a turn."""
    m, n, _, p, _ = draw(_sizes((2.0, 1.0, 3.0), (1.0,)))
    full = draw(st.booleans())
    a, b = masses(draw, m, full), masses(draw, n, full)
    x, y = some_bytes(draw)[:m] % 64 / 64.0, some_bytes(draw)[:n] % 64 / 64.0
    turn = draw(st.integers(0, 63)) / 64.0
    return MovedLines(a, x, b, y, p, turn, turn, 1.0)


@st.composite
def gaussians(draw: Any, *, definite: bool = False) -> Gaussians:
    """Integer means, and covariances R Rᵀ/4 (+ ¼ I where definite), R an integer matrix: singular ones among them."""
    d = draw(st.integers(1, 4))
    unit = draw(st.sampled_from((1.0, 1.0, 2.0**-10, 2.0**10)))
    means = signed(some_bytes(draw) % 33)
    S1, S2 = (_covariance(draw, d, definite or draw(st.booleans())) for _ in range(2))
    return Gaussians(means[:d] * unit, S1 * unit**2, means[4:][:d] * unit, S2 * unit**2)


@st.composite
def three_gaussians(draw: Any) -> ThreeGaussians:
    g = draw(gaussians())
    d = len(g.m1)
    unit = max(float(np.abs(g.S1).max()), float(np.abs(g.S2).max()), 2.0**-20)
    S3 = _covariance(draw, d, True) * 4.0 ** np.round(np.log(unit) / np.log(4.0) - 2)
    return ThreeGaussians(g.m1, g.S1, g.m2, g.S2, g.m1[::-1].copy(), S3)


def definite_gaussians() -> st.SearchStrategy[Gaussians]:
    return gaussians(definite=True)


@st.composite
def covariances(draw: Any) -> Covariances:
    d = draw(st.integers(1, 4))
    unit = draw(st.sampled_from((1.0, 1.0, 2.0**-10, 2.0**10)))
    S2 = _covariance(draw, d, draw(st.booleans()))
    return Covariances(_covariance(draw, d, True) * unit, S2 * unit, _covariance(draw, d, draw(st.booleans())))


def moved_squares() -> st.SearchStrategy[MovedClouds]:
    return moved_clouds(powers=(2.0,))


def moved_square_lines() -> st.SearchStrategy[MovedLines]:
    return moved_lines(powers=(2.0,))


def convex_clouds() -> st.SearchStrategy[Clouds]:
    """p ≥ 1."""
    return clouds(powers=POWERS)


def square_clouds() -> st.SearchStrategy[Clouds]:
    return clouds(powers=(2.0,))


def plain_lines() -> st.SearchStrategy[Lines]:
    return lines(powers=(1.0,))


@st.composite
def clouds_on_a_line(draw: Any) -> Clouds:
    """d = 1 and p ≥ 1: the line in disguise."""
    return draw(_line_clouds(POWERS, SCALES))  # type: ignore[no-any-return]


@st.composite
def _line_clouds(draw: Any, powers: tuple[float, ...], scales: tuple[float, ...]) -> Clouds:
    c = draw(clouds(powers=powers, scales=scales))
    return Clouds(c.a, c.X[:, :1].copy(), c.b, c.Y[:, :1].copy(), c.p)


def _points(draw: Any, m: int, d: int) -> Array:
    return signed(np.stack([some_bytes(draw) for _ in range(m)])[:, :d] % 33) / 2.0


def _unit(X: Array, Y: Array) -> float:
    """A power of two, such that points drawn in its units are about as far out as X and Y."""
    return float(2.0 ** np.floor(np.log2(max(np.abs(X).max(), np.abs(Y).max(), 2.0**-12)) - 2.0))


def _warmed(c: Clouds, ratio: float) -> EntropicClouds:
    points = np.concatenate([c.X, c.Y])
    diameter = max(float(np.linalg.norm(np.ptp(points, axis=0))), 2.0**-4)
    return EntropicClouds(c.a, c.X, c.b, c.Y, c.p, float(2.0 ** np.round(np.log2(ratio * diameter**c.p))))


def _covariance(draw: Any, d: int, definite: bool) -> Array:
    R = signed(np.stack([some_bytes(draw) for _ in range(d)])[:, :d] % 7)
    rank = d if definite else draw(st.integers(0, d))
    return np.asarray((R[:, :rank] @ R[:, :rank].T + np.eye(d) * definite) / 4.0)


def _sizes(powers: tuple[float, ...], scales: tuple[float, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    """(m, n, d, p, unit), m ≠ n mostly."""
    pairs = [(2, 2), (2, 3), (3, 2), (3, 4), (4, 2), (1, 3), (4, 1), (5, 3), (3, 6), (6, 5), (4, 4), (7, 6), (1, 1)]
    return st.tuples(
        st.sampled_from(pairs), st.sampled_from((2, 1, 3)), st.sampled_from(powers), st.sampled_from(scales)
    ).map(lambda t: (*t[0], *t[1:]))


_FACTORS = st.sampled_from((2.0, 0.5, 3.0, 8.0))
