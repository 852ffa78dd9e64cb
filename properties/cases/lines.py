"""Weighted points on a line and on a circle, in no order, on dyadic grids: ties and empty atoms come as they fall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import masses, signed, some_bytes
from .clouds import FACTORS, POWERS, SCALES, Clouds, clouds, grid_points, sizes, unit_of

Array = NDArray[np.float64]

LINE_SCALES = (*SCALES, 1e-3, 1e5)


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


@st.composite
def lines(draw: Any, *, powers: tuple[float, ...] = POWERS, scales: tuple[float, ...] = LINE_SCALES) -> Lines:
    c = draw(_line_clouds(powers, scales))
    return Lines(c.a, c.X[:, 0], c.b, c.Y[:, 0], c.p)


@st.composite
def moved_lines(draw: Any, powers: tuple[float, ...] = POWERS) -> MovedLines:
    c = draw(lines(powers=powers, scales=(1.0, 0.25)))
    shift = signed(some_bytes(draw) % 65)
    factor = draw(FACTORS) * draw(st.sampled_from((1.0, -1.0)))
    return MovedLines(c.a, c.x, c.b, c.y, c.p, float(shift[0]), float(shift[1]), factor)


@st.composite
def three_lines(draw: Any) -> ThreeLines:
    c = draw(lines(scales=SCALES))
    unit = unit_of(c.x[:, None], c.y[:, None])
    if draw(st.booleans()):
        way = float(grid_points(draw, 1, 1)[0, 0]) * unit
        return ThreeLines(c.a, c.x, c.a, c.x + 2.0 * way, c.p, c.a, c.x + way)
    k = draw(st.integers(1, 5))
    return ThreeLines(c.a, c.x, c.b, c.y, c.p, masses(draw, k, True), grid_points(draw, k, 1)[:, 0] * unit)


@st.composite
def same_lines(draw: Any) -> Lines:
    c = draw(lines())
    order = np.argsort(some_bytes(draw)[: len(c.a)], kind="stable")
    a, x = c.a[order], c.x[order]
    return Lines(c.a, c.x, np.concatenate([a[:1] / 2, a[:1] / 2, a[1:]]), np.concatenate([x[:1], x]), c.p)


@st.composite
def circles(draw: Any) -> MovedLines:
    """Points of [0, 1) on a grid of 64, and a turn."""
    m, n, _, p, _ = draw(sizes((2.0, 1.0, 3.0), (1.0,)))
    full = draw(st.booleans())
    a, b = masses(draw, m, full), masses(draw, n, full)
    x, y = some_bytes(draw)[:m] % 64 / 64.0, some_bytes(draw)[:n] % 64 / 64.0
    turn = draw(st.integers(0, 63)) / 64.0
    return MovedLines(a, x, b, y, p, turn, turn, 1.0)


def moved_square_lines() -> st.SearchStrategy[MovedLines]:
    return moved_lines(powers=(2.0,))


def plain_lines() -> st.SearchStrategy[Lines]:
    return lines(powers=(1.0,))


@st.composite
def clouds_on_a_line(draw: Any) -> Clouds:
    """d = 1 and p ≥ 1: the line in disguise."""
    found: Clouds = draw(_line_clouds(POWERS, SCALES))
    return found


@st.composite
def _line_clouds(draw: Any, powers: tuple[float, ...], scales: tuple[float, ...]) -> Clouds:
    c = draw(clouds(powers=powers, scales=scales))
    return Clouds(c.a, c.X[:, :1].copy(), c.b, c.Y[:, :1].copy(), c.p)
