"""Normal models with a normal prior on their mean, and vectors of normal means: numbers that are dyadic, uneven and never 1.

Variances are drawn away from 1 and from each other, so that a variance taken for a deviation, or one for the other, shows;
extreme ones reach from 1e-12 to 1e12.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ._draws import Array, signed, some_bytes


@dataclass(frozen=True)
class NormalModel:
    """θ ~ N(mu0, tau0_sq), y[n] | θ ~ N(θ, sigma_sq); numbers are arrays without axes, rounded like the others."""

    mu0: Array
    tau0_sq: Array
    sigma_sq: Array
    y: Array


@dataclass(frozen=True)
class Moved(NormalModel):
    """The model, and an affine change y ↦ scale·y + shift, scale ≠ 0 of either sign."""

    scale: Array
    shift: Array


@dataclass(frozen=True)
class Units:
    """One observation each of p units with their own priors and noises: four arrays [p]."""

    mu0: Array
    tau0_sq: Array
    sigma_sq: Array
    y: Array


@dataclass(frozen=True)
class Means:
    """y[p], the target that it is shrunk towards, and the variance of each observation."""

    y: Array
    sigma_sq: Array
    target: Array


@dataclass(frozen=True)
class Turned(Means):
    """The means, and a reflection x ↦ x − 2 v vᵀx/vᵀv."""

    v: Array


@dataclass(frozen=True)
class Truth(Means):
    """The means, and true ones theta[p] at some distance from the target."""

    theta: Array


SIZES = (1, 2, 3, 5, 4, 7)
VARIANCES = (0.25, 4.0, 0.5, 2.0, 3.0, 0.1, 9.0, 0.04)
EXTREMES = (1e-12, 1e12, 1e-6, 1e6, 2.0**-20, 2.0**20, 3.0, 0.25)


def _number(x: float) -> Array:
    return np.asarray(x, np.float64)


def _model(draw: Any, sizes: tuple[int, ...], variances: tuple[float, ...]) -> NormalModel:
    n, drawn = draw(st.sampled_from(sizes)), some_bytes(draw)
    tau0_sq, sigma_sq = draw(st.sampled_from(variances)), draw(st.sampled_from(variances))
    mu0, y = signed(drawn[7]) / 8.0, signed(drawn[:n]) / 4.0
    return NormalModel(_number(float(mu0)), _number(tau0_sq), _number(sigma_sq), y)


@st.composite
def models(draw: Any) -> NormalModel:
    """Any number of observations, none included."""
    return _model(draw, (*SIZES, 0), VARIANCES)


@st.composite
def observed(draw: Any) -> NormalModel:
    """At least one observation."""
    return _model(draw, SIZES, VARIANCES)


@st.composite
def singles(draw: Any) -> NormalModel:
    """One observation."""
    return _model(draw, (1,), VARIANCES)


@st.composite
def unseen(draw: Any) -> NormalModel:
    """No observation."""
    return _model(draw, (0,), VARIANCES + EXTREMES)


@st.composite
def extremes(draw: Any) -> NormalModel:
    """Variances from 1e-12 to 1e12."""
    return _model(draw, SIZES, EXTREMES)


@st.composite
def moved(draw: Any) -> Moved:
    one = _model(draw, (*SIZES, 0), VARIANCES)
    scale = draw(st.sampled_from((-2.0, 0.5, -0.25, 4.0, -1.0)))
    return Moved(one.mu0, one.tau0_sq, one.sigma_sq, one.y, _number(scale), _number(draw(st.integers(-9, 9)) / 2.0))


@st.composite
def units(draw: Any) -> Units:
    p = draw(st.sampled_from((2, 1, 3, 5)))
    mu0, y = signed(some_bytes(draw)[:p]) / 8.0, signed(some_bytes(draw)[:p]) / 4.0
    tau0_sq, sigma_sq = (np.take(VARIANCES, some_bytes(draw)[:p] % len(VARIANCES)) for _ in range(2))
    return Units(mu0, tau0_sq, sigma_sq, y)


def _means(draw: Any, sizes: tuple[int, ...]) -> Means:
    p = draw(st.sampled_from(sizes))
    y, target = signed(some_bytes(draw)[:p]) / 8.0, signed(some_bytes(draw)[:p]) / 4.0
    if p > 1 and np.ptp(y) == 0.0:
        y[0] += 1.0
    y = np.where((y == target).all(), y + 0.5, y)
    return Means(y, _number(draw(st.sampled_from(VARIANCES))), target)


@st.composite
def means(draw: Any, sizes: tuple[int, ...] = (3, 4, 5, 8, 6, 2, 1)) -> Means:
    return _means(draw, sizes)


def many_means() -> st.SearchStrategy[Means]:
    """Five means or more: enough to be shrunk towards their own mean."""
    return means(sizes=(5, 6, 8, 4))


def few_means() -> st.SearchStrategy[Means]:
    return means(sizes=(1, 2))


@st.composite
def turned(draw: Any) -> Turned:
    one = _means(draw, (3, 4, 5, 8, 2))
    v = signed(some_bytes(draw)[: len(one.y)])
    return Turned(one.y, one.sigma_sq, one.target, np.where(v.any(), v, v + 1.0))


@st.composite
def true_means(draw: Any) -> Truth:
    """True means at up to six standard deviations from the target, the target itself included."""
    one = _means(draw, (3, 4, 5, 8))
    direction = signed(some_bytes(draw)[: len(one.y)])
    direction = direction / max(float(np.linalg.norm(direction)), 1.0)
    far = draw(st.sampled_from((0.0, 0.5, 1.0, 2.0, 3.0, 6.0)))
    theta = one.target + far * np.sqrt(one.sigma_sq) * direction
    return Truth(one.y, one.sigma_sq, one.target, theta)
