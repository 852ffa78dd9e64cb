"""Weighted clouds with a temperature next to their diameter: warm, hot, moved, and a cloud with itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import signed, some_bytes
from .clouds import Clouds, clouds, same_clouds

Array = NDArray[np.float64]


@dataclass(frozen=True)
class EntropicClouds(Clouds):
    """The clouds, and a temperature in units of the distance to the power p."""

    eps: float


@dataclass(frozen=True)
class MovedEntropicClouds(EntropicClouds):
    """The clouds, and a shift for each."""

    s: Array
    t: Array


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


def _warmed(c: Clouds, ratio: float) -> EntropicClouds:
    points = np.concatenate([c.X, c.Y])
    diameter = max(float(np.linalg.norm(np.ptp(points, axis=0))), 2.0**-4)
    return EntropicClouds(c.a, c.X, c.b, c.Y, c.p, float(2.0 ** np.round(np.log2(ratio * diameter**c.p))))
