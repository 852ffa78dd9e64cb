"""Beta variables: how the quantile moves with either shape, dz/dα = −(∂I/∂α)/q and dz/dβ = −(∂I/∂β)/q.

Below z = (α+½)/(α+β+1); above, 1 − z is a beta variable below with the shapes exchanged:

    α < 8:   I_z = T Σ_n (α+β)_n zⁿ/(α+1)_n, T = z^α (1−z)^β/α B(α, β), term by term
    else     the lower tail of ∫ q ∂ log q, in logit t, on many nodes

Source: DLMF 8.17.8 (the series); derived.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._scipy import special
from . import tails

Array = NDArray[np.float64]

SERIES = 8.0


def velocity(z: Array, rest: Array, alpha: Array, beta: Array) -> tuple[Array, Array]:
    """(dz/dα, dz/dβ) at z[S], rest = 1 − z."""
    z, rest, alpha, beta = (np.asarray(x, np.float64) for x in np.broadcast_arrays(z, rest, alpha, beta))
    lower = z < (alpha + 0.5) / (alpha + beta + 1.0)
    x, y = np.where(lower, z, rest), np.where(lower, rest, z)
    a, b = np.where(lower, alpha, beta), np.where(lower, beta, alpha)
    near, far = np.empty(z.shape), np.empty(z.shape)
    for part, way in ((a < SERIES, _series), (a >= SERIES, _score)):
        if part.any():
            near[part], far[part] = way(x[part], y[part], a[part], b[part])
    return np.where(lower, near, -far), np.where(lower, far, -near)


def _series(z: Array, rest: Array, a: Array, b: Array) -> tuple[Array, Array]:
    term = total = np.ones_like(z)
    rise = fall = by_a = by_b = np.zeros_like(z)
    n = 0
    while n < 8 or (term * (1.0 + rise + fall) > 1e-18 * total).any():
        rise, fall = rise + 1.0 / (a + b + n), fall + 1.0 / (a + 1.0 + n)
        term = term * (a + b + n) / (a + 1.0 + n) * z
        n += 1
        total, by_a, by_b = total + term, by_a + term * (rise - fall), by_b + term * rise
    psi = special.digamma(a + b)
    near = total * (np.log(z) - special.digamma(a + 1.0) + psi) + by_a
    far = total * (np.log(rest) - special.digamma(b) + psi) + by_b
    return np.asarray(-z * rest / a * near), np.asarray(-z * rest / a * far)


def _score(z: Array, rest: Array, a: Array, b: Array) -> tuple[Array, Array]:
    z, rest, a, b = z[:, None], rest[:, None], a[:, None], b[:, None]

    def bend(s: Array) -> Array:
        return np.log1p(z * np.expm1(-s))

    def phi(s: Array) -> Array:
        return np.asarray(a * s + (a + b) * bend(s))

    r = tails.reach(phi, np.ones(len(z)))
    psi = special.digamma(a + b)
    by_a, by_b = special.digamma(a) - psi - np.log(z), special.digamma(b) - psi - np.log(rest)
    near = tails.integral(lambda s: by_a + s + bend(s), phi, r)
    far = tails.integral(lambda s: by_b + bend(s), phi, r)
    scale = (z * rest)[:, 0]
    return scale * near, scale * far


def quantile(alpha: Array, beta: Array, z: Array, at_alpha: Array, at_beta: Array) -> Array:
    """F⁻¹(F(z; α, β); at_alpha, at_beta), by the smaller tail."""
    below = special.betainc(alpha, beta, z)
    upper = 1.0 - special.betaincinv(at_beta, at_alpha, special.betainc(beta, alpha, 1.0 - z))
    return np.asarray(np.where(below < 0.5, special.betaincinv(at_alpha, at_beta, below), upper))
