"""Moments of exponential, gamma and Laplace variables, their derivatives in the parameters, and rules for the rest.

    exponential(λ)   E z^k = k!/λ^k
    gamma(α, β)      E z^k = Π_{j<k}(α + j)/β^k,   ∂/∂α = E z^k Σ_{j<k} 1/(α + j),   ∂/∂β = −(k/β) E z^k
    laplace(μ, b)    E z^k = Σ_j C(k, 2j) μ^{k−2j} b^{2j} (2j)!

Rules put nodes at z = e^t for t on a grid (Laplace: on both sides of μ): the trapezoid rule is exact to rounding where z q
dies out exponentially at one end and doubly exponentially at the other.

Source: derived.
"""

from __future__ import annotations

from math import comb, factorial, prod

import numpy as np
from numpy.typing import NDArray

from .._scipy import special
from ..cases.integrands import Polynomial
from .quadrature import log_axis

Array = NDArray[np.float64]
EDGES = (-84.0, 5.5, 0.125)  # e^-84 is a normal number in float32 too, and e^-42, its mass for a shape of ½, is below u


def slope(f: Polynomial, family: str, params: Array) -> Array:
    """∇E f with respect to params."""
    parts = [c * _slope(k, family, params) for k, c in enumerate(f.coefficients)]
    return np.asarray(sum(parts, start=np.zeros(len(params))))


def _slope(k: int, family: str, params: Array) -> Array:
    if family == "laplace":
        mu, b = params
        by_mu = sum(comb(k, j) * (k - j) * mu ** max(k - j - 1, 0) * b**j * factorial(j) for j in range(0, k, 2))
        by_b = sum(comb(k, j) * mu ** (k - j) * j * b ** (j - 1) * factorial(j) for j in range(2, k + 1, 2))
        return np.array([by_mu, by_b])
    alpha, beta = params if family == "gamma" else (1.0, params[0])
    moment = prod(alpha + j for j in range(k)) / beta**k
    both = [moment * sum(1.0 / (alpha + j) for j in range(k)), -k * moment / beta]
    return np.array(both if family == "gamma" else both[1:])


def rule(family: str, params: Array) -> tuple[Array, Array]:
    """Nodes z[n] and weights w[n] of q itself."""
    e, de = log_axis(*EDGES)
    if family == "laplace":
        mu, b = params
        half = de * np.exp(-e) / 2.0
        return np.concatenate([mu - b * e, mu + b * e]), np.concatenate([half, half])
    alpha, beta = params if family == "gamma" else (1.0, params[0])
    return e / beta, np.asarray(de * np.exp((alpha - 1.0) * np.log(e) - e - special.gammaln(alpha)))


def score_size(family: str, params: Array, z: Array) -> Array:
    """The magnitude of the summands of ∇ log q(z), [S, P]."""
    if family == "laplace":
        mu, b = params
        return np.stack([np.full_like(z, 1.0 / b), (np.abs(z) + abs(mu)) / b**2 + 1.0 / b], axis=1)
    if family == "exponential":
        return np.asarray((1.0 / params[0] + z)[:, None])
    alpha, beta = params
    logs = abs(np.log(beta)) + abs(special.digamma(alpha)) + 1.0 / alpha + np.abs(np.log(z))
    return np.stack([1.0 + logs, alpha / beta + z], axis=1)


def information(family: str, params: Array) -> Array:
    """E ∇ log q ∇ log qᵀ."""
    if family == "exponential":
        return np.array([[1.0 / params[0] ** 2]])
    if family == "laplace":
        return np.asarray(np.eye(2) / params[1] ** 2)
    alpha, beta = params
    return np.array([[special.polygamma(1, alpha), -1.0 / beta], [-1.0 / beta, alpha / beta**2]])
