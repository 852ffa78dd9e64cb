"""Cases of gradient estimators for normals: an integrand, parameters, noise. All numbers are short binary fractions.

So μ + σε is exact in float32 too for the nodes of `oracles.quadrature`. Means are rarely 0, deviations rarely 1, and
there are rarely as many samples as components; sometimes everything is measured in another unit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import Array, signed
from .integrands import Gradient, Kinks, Multivariate, Wave, quadratic

DEVIATIONS = np.array([0.5, 2.0, 0.75, 1.5, 0.25, 1.25, 3.0, 1.0])


@dataclass(frozen=True)
class Normal:
    """f, mu[d], sigma[d] and noise eps[S, d]."""

    f: Any
    mu: Array
    sigma: Array
    eps: Array

    @property
    def z(self) -> Array:
        """Samples μ + σε."""
        return self.mu + self.sigma * self.eps

    @property
    def df(self) -> Any:
        """∇f."""
        return self.f.gradient(len(self.mu))


@dataclass(frozen=True)
class Two(Normal):
    """The case, a second integrand g, and a number c."""

    g: Multivariate
    c: float


@dataclass(frozen=True)
class Moving(Normal):
    """The case, f being what c(v)·g(z) + … is at v: `partial`(z) is ∂_v f, [S, 2d] with respect to μ and σ."""

    partial: Gradient


@dataclass(frozen=True)
class Triangular:
    """f, mu[d], lower triangular L[d, d] and noise eps[S, d]; a rotation Q[d, d] to turn the noise by."""

    f: Any
    mu: Array
    L: Array
    eps: Array
    Q: Array

    @property
    def df(self) -> Any:
        return self.f.gradient(len(self.mu))


@st.composite
def normals(draw: Any, most: int = 3, degree: int = 4) -> Normal:
    """f a polynomial in at most `most` variables."""
    d = draw(_DIMENSIONS[most])
    return _in_units(Normal(polynomial(draw, d, degree), *_normal(draw, d)), draw(_UNITS))


@st.composite
def two(draw: Any) -> Two:
    d = draw(_DIMENSIONS[3])
    return Two(polynomial(draw, d), *_normal(draw, d), polynomial(draw, d), draw(_NONZERO))


@st.composite
def quadratics(draw: Any, most: int = 3) -> Normal:
    """f = a + Σ b_j z_j + ½ Σ c_j z_j²."""
    d = draw(_DIMENSIONS[most])
    a, b, c = draw(_NUMBERS), _nonzero(draw, d), signed(_bytes(draw, d) % 7)
    return Normal(quadratic(a, b, c), *_normal(draw, d))


def quadratics_of_one() -> st.SearchStrategy[Normal]:
    return quadratics(most=1)


@st.composite
def linear(draw: Any) -> Normal:
    """f = a + b·z, no b_j being zero."""
    d = draw(_DIMENSIONS[3])
    a, b = draw(_NUMBERS), _nonzero(draw, d)
    return Normal(quadratic(a, b, np.zeros(d)), *_normal(draw, d))


@st.composite
def waves(draw: Any) -> Normal:
    """f = a cos(w·z + c), w_jσ_j at most 1."""
    d = draw(_DIMENSIONS[2])
    mu, sigma, eps = _normal(draw, d)
    w = np.minimum((1 + _bytes(draw, d) % 4) / 4.0, 1.0) / np.maximum(2.0 ** np.ceil(np.log2(sigma)), 1.0)
    f = Wave(1.0 + abs(draw(_NUMBERS)), tuple(map(float, w)), float(draw(_NUMBERS)) / 4.0)
    return Normal(f, mu, sigma, eps)


@st.composite
def kinks(draw: Any) -> Normal:
    """f = s|z − c|, c within a deviation of the mean."""
    mu, sigma, eps = _normal(draw, 1)
    corner = float(mu[0] + sigma[0] * draw(_NUMBERS) / 8.0)
    return Normal(Kinks((float(_nonzero(draw, 1)[0]),), (corner,)), mu, sigma, eps)


@st.composite
def moving(draw: Any) -> Moving:
    """f(z; μ, σ) = p(z) + Σ_j (α_j μ_j + β_j σ_j) r_j(z)."""
    d = draw(_DIMENSIONS[2])
    mu, sigma, eps = _normal(draw, d)
    f = polynomial(draw, d)
    parts: list[Multivariate] = []
    rates = _nonzero(draw, 2 * d)
    for rate, v in zip(rates, np.concatenate([mu, sigma]), strict=True):
        r = polynomial(draw, d, 2)
        f = f + r.times(float(rate * v))
        parts.append(r.times(float(rate)))
    return Moving(f, mu, sigma, eps, Gradient(tuple(parts)))


@st.composite
def triangular(draw: Any) -> Triangular:
    d = draw(_DIMENSIONS[3])
    mu, sigma, eps = _normal(draw, d)
    L = np.tril(signed(_bytes(draw, d * d).reshape(d, d) % 9) / 4.0, -1) + np.diag(sigma)
    return Triangular(polynomial(draw, d, 2 if d > 2 else 3), mu, L, eps, _rotation(draw, d))


@st.composite
def linear_triangular(draw: Any) -> Triangular:
    case: Triangular = draw(triangular())
    d = len(case.mu)
    return replace(case, f=quadratic(draw(_NUMBERS), _nonzero(draw, d), np.zeros(d)))


def polynomial(draw: Any, d: int, degree: int = 4) -> Multivariate:
    """One to three terms; each variable occurs in one at least, and no coefficient is zero."""
    drawn = _bytes(draw, 3 * (d + 1)).reshape(3, d + 1)
    terms = drawn[: 1 + int(drawn[0, 0] // 8 % 3)]
    powers = terms[:, 1:] % (degree + 1)
    powers[0, powers.sum(axis=0) == 0] = 1
    coefficients = signed(1 + terms[:, 0] % 8) / 2.0
    return Multivariate(tuple(map(float, coefficients)), tuple(tuple(map(int, p)) for p in powers))


def _normal(draw: Any, d: int) -> tuple[Array, Array, Array]:
    """mu within ±3, sigma from 1/4 to 3, and up to four rows of noise."""
    mu = signed(1 + _bytes(draw, d) % 24) / 4.0
    sigma = DEVIATIONS[_bytes(draw, d) % len(DEVIATIONS)]
    S = draw(_SAMPLES)
    return mu, sigma, signed(1 + _bytes(draw, S * d).reshape(S, d) % 24) / 4.0


def _in_units(case: Normal, unit: float) -> Normal:
    """The same in another unit of length."""
    return replace(case, f=case.f.in_units_of(unit), mu=unit * case.mu, sigma=unit * case.sigma)


def _rotation(draw: Any, d: int) -> Array:
    """A product of plane rotations by angles of Pythagorean triples, and of a reflection."""
    Q: NDArray[np.float64] = np.diag(np.where(_bytes(draw, d) % 2, -1.0, 1.0))
    for i in range(d - 1):
        turn = np.eye(d)
        turn[i : i + 2, i : i + 2] = np.array([[3.0, -4.0], [4.0, 3.0]]) / 5.0
        Q = Q @ turn
    return Q


def _nonzero(draw: Any, d: int) -> Array:
    return signed(1 + _bytes(draw, d) % 8)


def _bytes(draw: Any, size: int) -> NDArray[np.int64]:
    return np.frombuffer(draw(st.binary(min_size=size, max_size=size)), np.uint8).astype(np.int64)


_DIMENSIONS = {1: st.just(1), 2: st.sampled_from((1, 2)), 3: st.sampled_from((2, 1, 3))}
_SAMPLES = st.sampled_from((3, 1, 4, 5))
_UNITS = st.sampled_from((1.0, 1.0, 2.0**-4, 2.0**4))
_NUMBERS = st.integers(-8, 8).map(lambda k: k / 2.0)
_NONZERO = st.integers(-8, 7).map(lambda k: k / 2.0 + (k >= 0) / 2.0)
