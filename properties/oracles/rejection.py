"""The gamma sampler of Marsaglia and Tsang, as formulas: h, its noise and the sums that integrate over it.

    h(ε; a) = d v³,  v = 1 + cε,  d = a − ⅓,  c = 1/√(9d);     π(ε; a) = q(h; a) ∂h/∂ε,  ∂h/∂ε = 3cd v²

Sums over ε: by the trapezoid rule in log h, where π dε decays exponentially on both sides and is analytic in a strip.
Sums over a uniform u: by Gauss-Legendre in x = u^{1/6}, as u^{k/α} log u = 6 x^{6k/α} log x is smooth enough.

Source: Marsaglia and Tsang 2000; derived.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from .._scipy import special

Array = NDArray[np.float64]

STEP = 0.1875
SPREAD = 12.0  # how far below roundoff, in nats, a node's weight may lie: integrands grow there
SMOOTHING = 6
SELDOM_KEPT = 0.02  # 1 − rate is at least this over a; it is 0.048 at a = 1 and tends to 0.028/a


def root(a: float, eps: Array) -> Array:
    """v = 1 + cε."""
    return np.asarray(1.0 + eps / np.sqrt(9.0 * a - 3.0))


def log_shrink(alpha: float, u: Array) -> Array:
    """log Π u_i^{1/(α+i−1)}, [S]."""
    return np.asarray((np.log(u) / (alpha + np.arange(u.shape[1]))).sum(axis=1))


def sample(alpha: float, eps: Array, u: Array) -> Array:
    """z at the shape α, from noise of the shape α + B."""
    a = alpha + u.shape[1]
    return np.asarray((a - 1.0 / 3.0) * root(a, eps) ** 3 * np.exp(log_shrink(alpha, u)))


def log_kept(a: float, eps: Array) -> Array:
    """log π(ε; a)."""
    d, v = a - 1.0 / 3.0, root(a, eps)
    h = d * v**3
    return np.asarray((a - 1.0) * np.log(h) - h - special.gammaln(a) + np.log(d) / 2.0 + 2.0 * np.log(v))


def log_size(a: float, eps: Array) -> Array:
    """Magnitude of the summands of log π, and 1."""
    d, v = a - 1.0 / 3.0, root(a, eps)
    h = d * v**3
    logs = (a + 1.0) * (np.abs(np.log(h)) + 3.0 / v)
    return np.asarray(1.0 + logs + 4.0 * h + abs(float(special.gammaln(a))) + eps**2)


def speed_size(alpha: float, eps: Array, u: Array) -> Array:
    """Magnitude of the summands of ∂_α log z."""
    a = alpha + u.shape[1]
    d, v = a - 1.0 / 3.0, root(a, eps)
    down = (np.abs(np.log(u)) / (alpha + np.arange(u.shape[1])) ** 2).sum(axis=1)
    return np.asarray(1.0 / d + 1.5 * np.abs(eps) / (v * d * np.sqrt(9.0 * d)) + down)


def score_size(a: float, eps: Array) -> Array:
    """Magnitude of the summands of ∂_a log π."""
    d, v = a - 1.0 / 3.0, root(a, eps)
    h, moved = d * v**3, np.abs(eps) / (d * np.sqrt(9.0 * d)) / v
    speed = 1.0 / d + 1.5 * moved
    return np.asarray(np.abs(np.log(h)) + abs(float(special.digamma(a))) + (a + 1.0 + h) * speed + 1.0 / d + moved)


def kept_noise(a: float, degree: int, u: float) -> tuple[Array, Array]:
    """Nodes ε and weights π(ε; a) dε, for polynomials in h of the given degree."""
    d = a - 1.0 / 3.0
    step = STEP * min(1.0, 2.0 ** np.floor(np.log2(2.0 / np.sqrt(a)))) if a > 4.0 else STEP
    t = np.arange(-(2.0**11), 2.0**11) * step + np.log(d)
    t = t[t < np.log(d + 12.0 * np.sqrt(a) + 60.0)]
    eps = np.sqrt(9.0 * d) * np.expm1((t - np.log(d)) / 3.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_w = log_kept(a, eps) + t / 3.0 + degree * np.maximum(t, 0.0)
    live = (root(a, eps) > 0) & (log_w > np.log(u) - SPREAD)
    eps, t = eps[live], t[live]
    width = np.sqrt(9.0 * d) / 3.0 * np.exp((t - np.log(d)) / 3.0) * step
    return eps, np.exp(log_kept(a, eps)) * width


def over_noise(alpha: float, B: int, degree: int, u: float) -> tuple[Array, Array, Array]:
    """Nodes ε[n], u[n, B] and weights w[n]: E g(ε, u) = w @ g."""
    eps, w = kept_noise(alpha + B, degree, u)
    if not B:
        return eps, np.zeros((len(eps), 0)), w
    uniforms, v = _uniforms(B)
    return np.repeat(eps, len(v)), np.tile(uniforms, (len(eps), 1)), np.outer(w, v).reshape(-1)


@cache
def _uniforms(B: int) -> tuple[Array, Array]:
    """Nodes u[n, B] and weights for B independent uniforms."""
    x, w = leggauss(24 if B == 1 else 18)
    x = (x + 1.0) / 2.0
    u, w = x**SMOOTHING, w / 2.0 * SMOOTHING * x ** (SMOOTHING - 1)
    grid = np.array(list(product(u, repeat=B)))
    return grid, np.array(list(product(w, repeat=B))).prod(axis=1)
