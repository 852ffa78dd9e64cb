"""Means and covariances of Gaussians: RRᵀ/4 of small integer matrices R, singular ones and zero among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import signed, some_bytes

Array = NDArray[np.float64]


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


def _covariance(draw: Any, d: int, definite: bool) -> Array:
    R = signed(np.stack([some_bytes(draw) for _ in range(d)])[:, :d] % 7)
    rank = d if definite else draw(st.integers(0, d))
    return np.asarray((R[:, :rank] @ R[:, :rank].T + np.eye(d) * definite) / 4.0)
