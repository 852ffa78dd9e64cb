"""Cases of estimators that move shapes: an integrand, a law with its parameters, noise. Short binary fractions all.

Shapes below one, where corrections matter most, and above (a beta's second one only above: 1 − z must not vanish);
rates, means and deviations that are rarely 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ..oracles.standardised import BETA, DISTRIBUTIONS, GAMMA, LOGNORMAL, NORMAL
from ._draws import Array, signed
from .integrands import Multivariate, Polynomial

SHAPES = np.array([2.5, 0.5, 1.75, 0.3125, 5.0, 1.0, 20.0, 3.25])
SCALES = np.array([0.5, 2.0, 0.75, 1.5, 0.25, 1.25, 3.0, 1.0])


@dataclass(frozen=True)
class Standardised:
    """f(z), z of the law `dist` with parameters params[2]; standardised noise eps[S]."""

    f: Polynomial
    dist: str
    params: Array
    eps: Array

    @property
    def df(self) -> Polynomial:
        return self.f.derivative


@dataclass(frozen=True)
class Parts:
    """f(z) of a Dirichlet variable z with alpha[K]; noise eps[S, K] of its gammas."""

    f: Multivariate
    alpha: Array
    eps: Array

    @property
    def df(self) -> Any:
        return self.f.gradient(len(self.alpha))


@dataclass(frozen=True)
class Kept:
    """f(z), z ~ Gamma(alpha); noise eps[S] that a rejection sampler kept, uniforms u[S, B] of the augmentation."""

    f: Polynomial
    alpha: float
    eps: Array
    u: Array

    @property
    def df(self) -> Polynomial:
        return self.f.derivative


@st.composite
def standardised(draw: Any, dists: tuple[str, ...] = DISTRIBUTIONS, degree: int = 3) -> Standardised:
    dist = draw(st.sampled_from(dists))
    return Standardised(_polynomial(draw, degree), dist, _parameters(draw, dist), _noise(draw, 1)[:, 0])


def normals() -> st.SearchStrategy[Standardised]:
    return standardised((NORMAL, LOGNORMAL))


def gammas() -> st.SearchStrategy[Standardised]:
    return standardised((GAMMA,))


def betas() -> st.SearchStrategy[Standardised]:
    return standardised((BETA,))


@st.composite
def powers(draw: Any) -> Standardised:
    """f = z or z² of a gamma variable."""
    case: Standardised = draw(gammas())
    return replace(case, f=Polynomial((0.0, 1.0) if draw(st.booleans()) else (0.0, 0.0, 1.0)))


@st.composite
def parts(draw: Any, most: int = 4) -> Parts:
    K = draw(st.integers(2, most))
    powers = _bytes(draw, 2 * K).reshape(2, K) % 3
    powers[0, powers.sum(axis=0) == 0] = 1
    coefficients = signed(1 + _bytes(draw, 2) % 8) / 2.0
    f = Multivariate(tuple(map(float, coefficients)), tuple(tuple(map(int, p)) for p in powers))
    return Parts(f, SHAPES[_bytes(draw, K) % 6], _noise(draw, K))


@st.composite
def few_parts(draw: Any) -> Parts:
    """Two parts, no shape below ½, or three, none below 7/4: sums over three have as many nodes as pairs of shares."""
    case: Parts = draw(parts(3))
    return replace(case, alpha=np.maximum(case.alpha, 0.5 if len(case.alpha) == 2 else 1.75))


def pairs() -> st.SearchStrategy[Parts]:
    return parts(2)


@st.composite
def kept(draw: Any) -> Kept:
    """B from 0 to 2, at least 1 where α < 1, and at most 1 where α < ½; noise ε > −2, which every shape keeps."""
    alpha = float(SHAPES[int(_bytes(draw, 1)[0]) % len(SHAPES)])
    B = draw(st.integers(int(alpha < 1), 1 + int(alpha >= 0.5)))
    eps = _noise(draw, 1)[:, 0]
    u = (1 + _bytes(draw, B * len(eps)).reshape(len(eps), B) % 31) / 32.0
    return Kept(_polynomial(draw, 3), alpha, np.maximum(eps, -1.875), u)


@st.composite
def plain(draw: Any) -> Kept:
    """No augmentation, α ≥ 1."""
    case: Kept = draw(kept())
    return replace(case, alpha=max(case.alpha, 1.0), u=np.zeros((len(case.eps), 0)))


def _parameters(draw: Any, dist: str) -> Array:
    first, second = _bytes(draw, 2)
    scale = SCALES[second % len(SCALES)]
    if dist == GAMMA:
        return np.array([SHAPES[first % len(SHAPES)], scale])
    if dist == BETA:
        return np.asarray(np.maximum(SHAPES[np.array([first, second]) % len(SHAPES)], [0.0, 1.0]))
    middle = float(signed(1 + np.array([first]) % 12)[0]) / 4.0
    return np.array([middle, scale if dist == NORMAL else min(scale, 1.0) * 0.75])


def _polynomial(draw: Any, degree: int) -> Polynomial:
    """Of a degree from 1 to `degree`, with a leading coefficient that is not zero."""
    most = draw(st.integers(1, degree))
    drawn = _bytes(draw, most + 1)
    lower = signed(drawn[:-1] % 9) / 2.0
    return Polynomial((*map(float, lower), float(signed(1 + drawn[-1:] % 8)[0]) / 2.0))


def _noise(draw: Any, K: int) -> Array:
    S = draw(_SAMPLES)
    return signed(1 + _bytes(draw, S * K).reshape(S, K) % 24) / 4.0


def _bytes(draw: Any, size: int) -> NDArray[np.int64]:
    return np.frombuffer(draw(st.binary(min_size=size, max_size=size)), np.uint8).astype(np.int64)


_SAMPLES = st.sampled_from((3, 1, 4, 5))
