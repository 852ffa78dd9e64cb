"""Gamma variables of rate 1: how the quantile moves with the shape, dz/dα = −(∂P/∂α)/q.

    z < α + ½, α < 16:   P = z^α e^{−z}/Γ(α+1) Σ_n zⁿ/(α+1)_n, term by term:
                         dz/dα = (z/α) [Σ t_n (ψ(α+1) − log z) + Σ t_n Σ_{j≤n} 1/(α+j)]
    else                 either tail of ∫ q ∂_α log q = ∫ q (log t − ψ(α)), with t = z e^s, on many nodes

Source: DLMF 8.7.1 (the series); derived.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._scipy import special
from . import tails

Array = NDArray[np.float64]

SERIES = 16.0


def velocity(z: Array, alpha: Array) -> Array:
    """dz/dα at z[S], alpha[S]."""
    z, alpha = np.broadcast_arrays(np.asarray(z, np.float64), np.asarray(alpha, np.float64))
    out = np.empty(z.shape)
    by_series = (z < alpha + 0.5) & (alpha < SERIES)
    for part, way in ((by_series, _series), (~by_series, _score)):
        if part.any():
            out[part] = way(z[part], alpha[part])
    return out


def _series(z: Array, alpha: Array) -> Array:
    term = total = np.ones_like(z)
    fall = moved = np.zeros_like(z)
    n = 0
    while n < 8 or (term * (1.0 + fall) > 1e-18 * (total + moved)).any():
        n += 1
        term = term * z / (alpha + n)
        fall = fall + 1.0 / (alpha + n)
        total, moved = total + term, moved + term * fall
    return np.asarray(z / alpha * (total * (special.digamma(alpha + 1.0) - np.log(z)) + moved))


def _score(z: Array, alpha: Array) -> Array:
    a, z = alpha[:, None], z[:, None]
    sign = np.where(z < a, -1.0, 1.0)[:, 0]

    def phi(s: Array) -> Array:
        return np.asarray(z * np.expm1(s) - a * s)

    centre = np.log(z) - special.digamma(a)
    return np.asarray(z[:, 0] * tails.integral(lambda s: centre + s, phi, tails.reach(phi, sign)))


def exponential(z: Array) -> Array:
    """dz/dα at α = 1: log z + γ + e^z E₁(z), for small z by Ein(z) = E₁(z) + log z + γ = Σ −(−z)^k/(k k!)."""
    k = np.arange(1, 30)
    ein = -(np.power(-np.minimum(z, 1.0)[:, None], k) / (k * special.gamma(k + 1.0))).sum(axis=1)
    small = np.exp(np.minimum(z, 1.0)) * ein - np.expm1(np.minimum(z, 1.0)) * (np.euler_gamma + np.log(z))
    with np.errstate(over="ignore", invalid="ignore"):
        far = np.log(z) + np.euler_gamma + _scaled_exp1(z)
    return np.asarray(np.where(z < 1.0, small, far))


def _scaled_exp1(z: Array) -> Array:
    """e^z E₁(z): directly, or by its asymptotic series."""
    near = np.exp(np.minimum(z, 60.0)) * special.exp1(np.minimum(z, 60.0))
    k = np.arange(20)
    far = (special.gamma(k + 1.0) / np.power(-np.maximum(z, 60.0)[:, None], k)).sum(axis=1) / np.maximum(z, 60.0)
    return np.asarray(np.where(z < 60.0, near, far))


def quantile(alpha: Array, z: Array, at: Array) -> Array:
    """F⁻¹(F(z; α); at), by the smaller tail."""
    below = special.gammainc(alpha, z)
    return np.asarray(
        np.where(
            below < 0.5,
            special.gammaincinv(at, below),
            special.gammainccinv(at, special.gammaincc(alpha, z)),
        )
    )


def density(z: Array, alpha: Array) -> Array:
    """q(z; α)."""
    return np.asarray(np.exp((alpha - 1.0) * np.log(z) - z - special.gammaln(alpha)))


def slope_density(z: Array, alpha: Array) -> Array:
    """∂_α q(z; α)."""
    return np.asarray(density(z, alpha) * (np.log(z) - special.digamma(alpha)))
