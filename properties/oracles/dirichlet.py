"""Dirichlet variables: moments of polynomials with their slopes, and the density.

    E Π z_k^{p_k} = Π (α_k)_{p_k} / (Σα)_{Σp}         (x)_p = x (x+1) … (x+p−1)

Source: Johnson, Kotz and Balakrishnan, Dirichlet distribution; derived.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._scipy import special

Array = NDArray[np.float64]


def mean(f: Any, alpha: Array) -> float:
    """E f(z) for a `Multivariate`."""
    return float(sum(c * _monomial(p, alpha) for c, p in zip(f.coefficients, f.powers, strict=True)))


def slope(f: Any, alpha: Array) -> Array:
    """∇_α E f(z), [K]."""
    total = np.zeros(len(alpha))
    for c, powers in zip(f.coefficients, f.powers, strict=True):
        rates = [_rate(a, p) - _rate(alpha.sum(), sum(powers)) for a, p in zip(alpha, powers, strict=True)]
        total += c * _monomial(powers, alpha) * np.array(rates)
    return total


def _monomial(powers: tuple[int, ...], alpha: Array) -> float:
    return float(special.poch(alpha, powers).prod() / special.poch(alpha.sum(), sum(powers)))


def _rate(x: float, p: int) -> float:
    """d log (x)_p / dx."""
    return float((1.0 / (x + np.arange(p))).sum())


def log_density(z: Array, alpha: Array) -> Array:
    """log q(z) with respect to dz_1 … dz_{K−1}."""
    norm = special.gammaln(alpha).sum() - special.gammaln(alpha.sum())
    return np.asarray(((alpha - 1.0) * np.log(z)).sum(axis=-1) - norm)
