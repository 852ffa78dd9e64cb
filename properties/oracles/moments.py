"""Expectations of polynomials and waves under independent normals, with their derivatives, in closed form.

    m_0 = 1,  m_1 = μ,  m_k = μ m_{k−1} + (k−1) σ² m_{k−2}          (Stein: E z^k = μ E z^{k−1} + σ² E (z^{k−1})')
    ∂m_k/∂μ = k m_{k−1} = E (z^k)',   ∂m_k/∂σ = σ k(k−1) m_{k−2} = σ E (z^k)''          (Bonnet, Price)
    E a cos(w·z + c) = a exp(−½ Σ w_j²σ_j²) cos(w·μ + c)

So every gradient of an expectation is itself an expectation: ∂_μj E f = E ∂_j f, ∂_σj E f = σ_j E ∂_j∂_j f.

Source: Stein 1981, Lemma 1; Rezende, Mohamed and Wierstra 2014, §3 (Bonnet, Price).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def power(mu: float, sigma: float, k: int) -> float:
    """E z^k for z ~ N(μ, σ²)."""
    before, now = 0.0, 1.0
    for j in range(k):
        before, now = now, mu * now + j * sigma**2 * before
    return now


def mean(f: Any, mu: Array, sigma: Array) -> float:
    """E f(z) for a `Multivariate` or a `Wave` and independent z_j ~ N(μ_j, σ_j²)."""
    if hasattr(f, "frequency"):
        w = np.array(f.frequency)
        return float(f.amplitude * np.exp(-np.square(w * sigma).sum() / 2.0) * np.cos(w @ mu + f.phase))
    terms = (
        c * np.prod([power(m, s, k) for m, s, k in zip(mu, sigma, powers, strict=True)])
        for c, powers in zip(f.coefficients, f.powers, strict=True)
    )
    return float(sum(terms))


def slope_mean(f: Any, mu: Array, sigma: Array) -> Array:
    """∂E f/∂μ_j = E ∂_j f."""
    return np.array([mean(f.partial(j), mu, sigma) for j in range(len(mu))])


def slope_deviation(f: Any, mu: Array, sigma: Array) -> Array:
    """∂E f/∂σ_j = σ_j E ∂_j∂_j f."""
    return np.array([sigma[j] * mean(f.partial(j).partial(j), mu, sigma) for j in range(len(mu))])


def slope_factor(f: Any, mu: Array, L: Array) -> Array:
    """∂E f/∂L for z = μ + Lε: the lower triangle of (E ∇²f) L, E ∇²f by a rule that is exact for it."""
    from .quadrature import normals

    d = len(mu)
    eps, w = normals(d, f.total_degree + 1)
    z = mu + eps @ L.T
    hessian = np.array([[w @ f.partial(i).partial(j)(z) for j in range(d)] for i in range(d)])
    return np.tril(hessian @ L)
