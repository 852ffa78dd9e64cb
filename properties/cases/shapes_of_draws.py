"""Draws of laws with shapes, with the shapes they were drawn at: samples and parameters that single precision holds.

`draws` are plausible, between the quantiles 2/1000 and 998/1000; `far_draws` lie deep in either tail, where densities are
as small as 10⁻³⁰⁰ and derivatives are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import special

from ..oracles.explicit import DISTRIBUTIONS, LOCATION, quantile, scipy_law
from ._draws import Array, signed

SHAPES = np.array([2.5, 0.5, 1.75, 0.25, 8.0, 1.0, 23.0, 0.0625, 130.0, 5.5, 1000.0, 0.75, 3.25, 12.0])
LEAST = 2.0**-100


@dataclass(frozen=True)
class GammaDraws:
    """z[S] > 0 at shapes alpha[S], rate 1."""

    z: Array
    alpha: Array


@dataclass(frozen=True)
class BetaDraws:
    """z[S] in (0, 1) at shapes alpha[S], beta[S]."""

    z: Array
    alpha: Array
    beta: Array


@dataclass(frozen=True)
class DirichletDraws:
    """z[S, K] on the simplex at alpha[K]."""

    z: Array
    alpha: Array


@dataclass(frozen=True)
class StudentDraws:
    """z[S] at degrees of freedom nu[S]."""

    z: Array
    nu: Array


@dataclass(frozen=True)
class Angles:
    """z[S] in [−π, π] at concentrations kappa[S]."""

    z: Array
    kappa: Array


@dataclass(frozen=True)
class MixtureDraws:
    """z[S] of the mixture of normals with logits[K], mu[K], sigma[K]."""

    z: Array
    logits: Array
    mu: Array
    sigma: Array


@dataclass(frozen=True)
class ExplicitDraws:
    """z[S] of the law `dist` with parameters params[P]."""

    dist: str
    z: Array
    params: Array


@dataclass(frozen=True)
class Sampled:
    """n draws of the law `dist` with parameters params[P], by a seed."""

    dist: str
    params: Array
    seed: int
    n: int


@st.composite
def gammas(draw: Any) -> GammaDraws:
    alpha, u = _shapes(draw), _levels(draw)
    alpha, u = alpha[: len(u)], u[: len(alpha)]
    return GammaDraws(_single(np.maximum(special.gammaincinv(alpha, u), LEAST)), alpha)


@st.composite
def far_gammas(draw: Any) -> GammaDraws:
    """z = α 2^{−k} to the left, z = α + k (1 + √α) to the right."""
    alpha, k = _shapes(draw), 1 + _bytes(draw, MOST)
    k = k[: len(alpha)]
    left = np.maximum(alpha * 2.0 ** -((k // 2) % 90), LEAST)
    right = alpha + (k // 2) / 4.0 * (1.0 + np.sqrt(alpha))
    return GammaDraws(_single(np.where(k % 2, right, left)), alpha)


@st.composite
def exponentials(draw: Any) -> GammaDraws:
    """Shape one, from 2⁻⁶³ to 8."""
    k = _bytes(draw, MOST)
    z = np.where(k % 2, 2.0 ** -(k // 4.0), (2 + k) / 32.0)
    return GammaDraws(_single(z), np.ones(MOST))


@st.composite
def betas(draw: Any) -> BetaDraws:
    alpha, beta, u = _shapes(draw, 130.0), _shapes(draw, 130.0), _levels(draw)
    size = min(len(alpha), len(beta), len(u))
    alpha, beta = alpha[:size], beta[:size]
    z = _single(special.betaincinv(alpha, beta, u[:size]))
    return BetaDraws(np.clip(z, 2.0**-60, 1.0 - 2.0**-20), alpha, beta)


@st.composite
def far_betas(draw: Any) -> BetaDraws:
    """z or 1 − z a power of ½; the other end only as near as single precision can say."""
    alpha, beta, k = _shapes(draw, 130.0), _shapes(draw, 130.0), _bytes(draw, MOST)
    size = min(len(alpha), len(beta))
    k = k[:size]
    z = np.where(k % 2, 1.0 - 2.0 ** -(1.0 + (k // 2) % 20), 2.0 ** -(1.0 + (k // 2) % 90))
    return BetaDraws(z, alpha[:size], beta[:size])


@st.composite
def dirichlets(draw: Any, most: int = 4) -> DirichletDraws:
    """Parts broken off at levels from 1/512 to 511/512, as multiples of 2⁻¹², so that they have sum 1 in every dtype."""
    K, S = draw(st.integers(2, most)), draw(st.integers(1, 3))
    alpha = SHAPES[_bytes(draw, K) % 8]
    u = (1.0 + 2.0 * _bytes(draw, S * (K - 1)).reshape(S, K - 1)) / 512.0
    shares = special.betaincinv(alpha[:-1], alpha[::-1].cumsum()[::-1][1:], u)
    left = np.concatenate([np.ones((S, 1)), (1.0 - shares).cumprod(axis=1)], axis=1)
    parts = np.maximum(np.round(2.0**12 * left * np.concatenate([shares, np.ones((S, 1))], axis=1)), 1.0)
    largest = parts.argmax(axis=1)
    parts[np.arange(S), largest] += 2.0**12 - parts.sum(axis=1)
    return DirichletDraws(parts / 2.0**12, alpha)


def pairs() -> st.SearchStrategy[DirichletDraws]:
    return dirichlets(2)


@st.composite
def students(draw: Any) -> StudentDraws:
    nu, k = np.maximum(_shapes(draw), 0.5), _bytes(draw, MOST)
    z = signed(1 + k[: len(nu)])
    # Quarters of a unit in the middle, powers of two in the tails.
    return StudentDraws(np.where(np.abs(z) < 32, z / 8.0, np.sign(z) * 2.0 ** (np.abs(z) // 4.0 - 5.0)), nu)


@st.composite
def angles(draw: Any) -> Angles:
    """Within three deviations of the middle, or anywhere on the circle where that is more."""
    kappa, k = _shapes(draw), signed(1 + _bytes(draw, MOST))
    z = k[: len(kappa)] * 3.0 / 128.0 / np.sqrt(kappa + 0.5)
    return Angles(_single(np.clip(z, -3.0, 3.0)), kappa)


@st.composite
def far_angles(draw: Any) -> Angles:
    """Anywhere on the circle."""
    kappa, k = _shapes(draw), signed(1 + _bytes(draw, MOST))
    return Angles(_single(np.clip(k[: len(kappa)] / 40.0, -3.125, 3.125)), kappa)


@st.composite
def mixtures(draw: Any) -> MixtureDraws:
    """Up to four components; draws within five deviations of one of them."""
    K = draw(st.integers(1, 4))
    logits, mu = signed(_bytes(draw, K) % 9) / 2.0, signed(_bytes(draw, K) % 33) / 4.0
    sigma = SCALES[_bytes(draw, K) % len(SCALES)]
    drawn = _bytes(draw, MOST)
    z = mu[drawn % K] + sigma[drawn % K] * signed(1 + drawn % 40) / 4.0
    return MixtureDraws(z[: draw(st.integers(1, MOST))], logits, mu, sigma)


@st.composite
def explicit(draw: Any, dists: tuple[str, ...] = DISTRIBUTIONS) -> ExplicitDraws:
    """Levels from 1/512 to 511/512, and parameters that are rarely 1."""
    dist, (first, second) = draw(st.sampled_from(dists)), _bytes(draw, 2)
    scale = SCALES[second % len(SCALES)]
    middle = float(signed(1 + np.array([first]) % 24)[0]) / 4.0
    params = {
        "lognormal": [middle / 4.0, min(scale, 1.25)],
        "exponential": [scale],
        "weibull": [SCALES[first % len(SCALES)], scale],
        "pareto": [SCALES[first % len(SCALES)], scale],
        "kumaraswamy": [SCALES[first % len(SCALES)], scale],
    }.get(dist, [middle, scale])
    v, u = np.array(params), _levels(draw)
    if dist == "kumaraswamy":
        z = np.clip(quantile(dist, u, v), 2.0**-40, 1.0 - 2.0**-10)
    else:
        law = scipy_law(dist, v)
        z = np.where(u < 0.5, law.ppf(u), law.isf(1.0 - u))
    return ExplicitDraws(dist, _single(z), v)


def located() -> st.SearchStrategy[ExplicitDraws]:
    return explicit(LOCATION)


@st.composite
def sampled(draw: Any, dists: tuple[str, ...] = ("gamma", "beta", "student", "von-mises")) -> Sampled:
    dist, (first, second) = draw(st.sampled_from(dists)), _bytes(draw, 2)
    shapes = np.minimum(SHAPES[np.array([first, second]) % len(SHAPES)], 23.0)
    least = {"student": 2.5, "beta": 0.25}.get(dist, 0.0)
    params = np.maximum(shapes if dist == "beta" else shapes[:1], least)
    return Sampled(dist, params, draw(st.integers(0, 2**31 - 1)), draw(st.sampled_from((5, 3, 8))))


MOST = 6
SCALES = np.array([0.5, 2.0, 0.75, 1.5, 0.25, 1.25, 3.0, 1.0])


def _shapes(draw: Any, largest: float = np.inf) -> Array:
    S = draw(st.integers(1, MOST))
    return np.asarray(np.minimum(SHAPES[_bytes(draw, S) % len(SHAPES)], largest))


def _levels(draw: Any) -> Array:
    """Levels of distribution functions, from 1/512 to 511/512."""
    return np.asarray((1.0 + 2.0 * _bytes(draw, MOST)) / 512.0, np.float64)


def _single(x: Array) -> Array:
    return np.asarray(x, np.float32).astype(np.float64)


def _bytes(draw: Any, size: int) -> NDArray[np.int64]:
    return np.frombuffer(draw(st.binary(min_size=size, max_size=size)), np.uint8).astype(np.int64)
