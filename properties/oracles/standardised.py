"""Standardised variables: T(z) = m + s ε with mean m and deviation s of its own, for gamma, beta, normal and log-normal.

    gamma(α, β)      T = log z     m = ψ(α) − log β    s² = ψ₁(α)
    beta(α, β)       T = logit z   m = ψ(α) − ψ(β)     s² = ψ₁(α) + ψ₁(β)
    normal(μ, σ)     T = z         m = μ               s = σ
    lognormal(μ, σ)  T = log z     m = μ               s = σ

The law of ε, q_ε(ε; v) = s q_T(m + sε), decays exponentially and is analytic in a strip, so that the trapezoid rule on
a grid of ε integrates against it to rounding. Grids are short binary fractions, and so numbers of every dtype.

Source: Ruiz, Titsias and Blei 2016, §3.1; digamma functions as cumulants of log z: derived.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._scipy import special
from . import moments

Array = NDArray[np.float64]

GAMMA, BETA, NORMAL, LOGNORMAL = "gamma", "beta", "normal", "lognormal"
DISTRIBUTIONS = (GAMMA, BETA, NORMAL, LOGNORMAL)
SPREAD = 12.0  # how far below roundoff, in nats, a node's weight may lie: integrands grow there


class Grid(NamedTuple):
    """Nodes ε[n], z[n] and weights w[n] = q_ε(ε) dε: E g = w @ g."""

    eps: Array
    z: Array
    w: Array


def standard(dist: str, v: Array) -> tuple[float, float]:
    """m and s."""
    if dist == GAMMA:
        return float(special.digamma(v[0]) - np.log(v[1])), float(np.sqrt(special.polygamma(1, v[0])))
    if dist == BETA:
        spread = special.polygamma(1, v[0]) + special.polygamma(1, v[1])
        return float(special.digamma(v[0]) - special.digamma(v[1])), float(np.sqrt(spread))
    return float(v[0]), float(v[1])


def skewness(dist: str, v: Array) -> float:
    """E ε³: the third cumulant of T over s³."""
    third = {
        GAMMA: lambda: special.polygamma(2, v[0]),
        BETA: lambda: special.polygamma(2, v[0]) - special.polygamma(2, v[1]),
    }
    return float(third[dist]() / standard(dist, v)[1] ** 3) if dist in third else 0.0


def back(dist: str, T: Array) -> Array:
    """z of T."""
    return T if dist == NORMAL else np.asarray(special.expit(T) if dist == BETA else np.exp(T))


def log_width(dist: str, T: Array) -> Array:
    """log dz/dT."""
    if dist == NORMAL:
        return np.zeros_like(T)
    return np.asarray(special.log_expit(T) + special.log_expit(-T)) if dist == BETA else T


def sample(dist: str, v: Array, eps: Array) -> Array:
    """τ(ε; v)."""
    m, s = standard(dist, v)
    return back(dist, m + s * eps)


def log_density(dist: str, v: Array, eps: Array) -> Array:
    """log q_ε(ε; v)."""
    m, s = standard(dist, v)
    T = m + s * eps
    if dist == GAMMA:
        y = T + np.log(v[1])
        log_q = v[0] * y - np.exp(y) - special.gammaln(v[0])
    elif dist == BETA:
        log_q = v[0] * special.log_expit(T) + v[1] * special.log_expit(-T) - special.betaln(v[0], v[1])
    else:
        log_q = -(eps**2) / 2.0 - np.log(v[1]) - np.log(2.0 * np.pi) / 2.0
    return np.asarray(log_q + np.log(s))


def log_jacobian(dist: str, v: Array, eps: Array) -> Array:
    """log ∂τ/∂ε."""
    m, s = standard(dist, v)
    return np.asarray(log_width(dist, m + s * eps) + np.log(s))


def bend(dist: str, T: Array) -> Array:
    """d log(dz/dT)/dT."""
    if dist == NORMAL:
        return np.zeros_like(T)
    return np.asarray(special.expit(-T) - special.expit(T)) if dist == BETA else np.ones_like(T)


def slope_log_q_T(dist: str, v: Array, eps: Array) -> Array:
    """∂_T log q_T at T = m + s ε."""
    m, s = standard(dist, v)
    T = m + s * eps
    if dist == GAMMA:
        return np.asarray(v[0] - np.exp(T + np.log(v[1])))
    if dist == BETA:
        return np.asarray(v[0] * special.expit(-T) - v[1] * special.expit(T))
    return np.asarray(-eps / v[1])


def speed_size(dist: str, v: Array, eps: Array) -> Array:
    """Magnitude of ∂_v T = ∂_v m + ∂_v s ε, [n, 2]."""
    m, s = _derivatives(dist, v)
    return np.asarray(np.abs(m) + np.abs(s) * np.abs(eps)[:, None])


def score_size(dist: str, v: Array, eps: Array) -> Array:
    """Magnitude of the summands of ∂_v log q_ε, [n, 2]: of ∂_v log q_T, ∂_T log q_T ∂_v T, and ∂_v log s."""
    m, s = standard(dist, v)
    T = m + s * eps
    if dist == GAMMA:
        y = np.exp(T + np.log(v[1]))
        slope = v[0] + y
        score = np.stack([1.0 + np.abs(T) + abs(m) + abs(np.log(v[1])), slope / v[1]], axis=1)
    elif dist == BETA:
        slope = v[0] * special.expit(-T) + v[1] * special.expit(T)
        most = 1.0 + np.abs(special.digamma([*v, v.sum()])).sum()
        score = np.stack([most - special.log_expit(T), most - special.log_expit(-T)], axis=1)
    else:
        slope = np.abs(eps) / v[1]
        score = np.stack([np.abs(eps), eps**2 + 1.0], axis=1) / v[1]
    return np.asarray(score + slope[:, None] * speed_size(dist, v, eps) + np.abs(_derivatives(dist, v)[1]) / s)


def log_density_size(dist: str, v: Array, eps: Array) -> Array:
    """Magnitude of the summands of log q_ε, and 1."""
    m, s = standard(dist, v)
    T = np.abs(m) + np.abs(s * eps)
    if dist == GAMMA:
        y = np.exp(m + s * eps + np.log(v[1]))
        return np.asarray(1.0 + (v[0] + y) * (1.0 + T) + abs(float(special.gammaln(v[0]))) + abs(float(np.log(s))))
    if dist == BETA:
        return np.asarray(
            1.0 + v.sum() * (1.0 + T) + np.abs(special.gammaln([*v, v.sum()])).sum() + abs(float(np.log(s)))
        )
    return np.asarray(2.0 + eps**2 + 2.0 * abs(float(np.log(s))))


def _derivatives(dist: str, v: Array) -> tuple[Array, Array]:
    """∂_v m and ∂_v s, [2] each."""
    if dist == GAMMA:
        s = standard(dist, v)[1]
        return np.array([s**2, -1.0 / v[1]]), np.array([special.polygamma(2, v[0]) / (2.0 * s), 0.0])
    if dist == BETA:
        s = standard(dist, v)[1]
        return special.polygamma(1, v) * [1.0, -1.0], special.polygamma(2, v) / (2.0 * s)
    return np.array([1.0, 0.0]), np.array([0.0, 1.0])


def score_log_q(dist: str, v: Array, z: Array) -> Array:
    """∇_v log q(z; v), [n, 2]."""
    if dist == GAMMA:
        return np.stack([np.log(z) + np.log(v[1]) - special.digamma(v[0]), v[0] / v[1] - z], axis=1)
    if dist == BETA:
        both = np.stack([np.log(z), np.log1p(-z)], axis=1)
        return np.asarray(both - special.digamma(v) + special.digamma(v.sum()))
    y = (z if dist == NORMAL else np.log(z)) - v[0]
    return np.stack([y / v[1] ** 2, (y**2 / v[1] ** 2 - 1.0) / v[1]], axis=1)


def slope_log_q(dist: str, v: Array, z: Array) -> Array:
    """∂_z log q(z; v)."""
    if dist == GAMMA:
        return np.asarray((v[0] - 1.0) / z - v[1])
    if dist == BETA:
        return np.asarray((v[0] - 1.0) / z - (v[1] - 1.0) / (1.0 - z))
    if dist == NORMAL:
        return np.asarray((v[0] - z) / v[1] ** 2)
    return np.asarray(-(1.0 + (np.log(z) - v[0]) / v[1] ** 2) / z)


def grid(dist: str, v: Array, degree: int, u: float) -> Grid:
    """Nodes that integrate q_ε times a polynomial in z of the given degree, as finely as roundings of u can tell."""
    m, s = standard(dist, v)
    step = 2.0 ** np.floor(np.log2(min(0.25, 0.2 / s)))
    eps = np.arange(-(2.0**11), 2.0**11) * step
    log_w = log_density(dist, v, eps) + degree * np.maximum(np.log(np.maximum(np.abs(back(dist, m + s * eps)), 1.0)), 0)
    live = log_w > np.log(u) - SPREAD + min(0.0, float(log_w.max()))
    eps = eps[live]
    return Grid(eps, sample(dist, v, eps), np.exp(log_density(dist, v, eps)) * step)


def mean(f: Any, dist: str, v: Array) -> float:
    """E f(z) for a `Polynomial`."""
    return float(sum(c * power(dist, v, k) for k, c in enumerate(f.coefficients)))


def power(dist: str, v: Array, k: int) -> float:
    """E z^k."""
    if dist == GAMMA:
        return float(special.poch(v[0], k) / v[1] ** k)
    if dist == BETA:
        return float(special.poch(v[0], k) / special.poch(v[0] + v[1], k))
    if dist == NORMAL:
        return moments.power(v[0], v[1], k)
    return float(np.exp(k * v[0] + (k * v[1]) ** 2 / 2.0))


def slope(f: Any, dist: str, v: Array) -> Array:
    """∇_v E f(z) for a `Polynomial`."""
    return np.asarray(sum(c * _power_slope(dist, v, k) for k, c in enumerate(f.coefficients)), np.float64)


def _power_slope(dist: str, v: Array, k: int) -> Array:
    """∇_v E z^k."""
    if k == 0:
        return np.zeros(2)
    below = np.arange(k)
    if dist == NORMAL:
        twice = k * (k - 1) * v[1] * moments.power(v[0], v[1], k - 2) if k > 1 else 0.0
        return np.array([k * moments.power(v[0], v[1], k - 1), twice])
    rates = {
        GAMMA: lambda: [(1.0 / (v[0] + below)).sum(), -k / v[1]],
        BETA: lambda: [
            (1.0 / (v[0] + below)).sum() - (1.0 / (v.sum() + below)).sum(),
            -(1.0 / (v.sum() + below)).sum(),
        ],
        LOGNORMAL: lambda: [k, k**2 * v[1]],
    }
    return power(dist, v, k) * np.array(rates[dist]())
