"""Expectations over independent discrete variables by enumeration, and their gradients by conditioning.

    q(z) = Π_i p_i(z_i),  p_i = softmax of row i;     ∂E f/∂p_ik = E[f | z_i = k]   (each p_ik free),

so with respect to logits ∂E f/∂ℓ_ik = p_ik (E[f | z_i = k] − E f), and with respect to weights w of p = w/Σw, at w = p,
E[f | z_i = k] − E f. For one bit of probability p: ∂E f/∂p = E[f | 1] − E[f | 0], ∂E f/∂ℓ = p(1 − p) times that.

Source: derived (q is linear in each p_i).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .quadrature import states

Array = NDArray[np.float64]


class Enumerated(NamedTuple):
    """Every state z[n, d] with its probability q[n]; p[d, K] the marginals."""

    z: Array
    q: Array
    p: Array


def enumerated(rows: Array) -> Enumerated:
    """All states of independent variables with log-weights rows[d, K]."""
    d, K = rows.shape
    z, p = states(d, K), probabilities(rows)
    return Enumerated(z, p[np.arange(d), z.astype(int)].prod(axis=1), p)


def probabilities(rows: Array) -> Array:
    """softmax of each row."""
    weights = np.exp(rows - rows.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def conditional_means(f: Any, rows: Array) -> Array:
    """E[f | z_i = k], [d, K]."""
    d, K = rows.shape
    z, p = states(d, K), probabilities(rows)
    each, at, y = p[np.arange(d), z.astype(int)], z.astype(int), f(z)
    found = np.zeros((d, K))
    for i in range(d):
        others = np.delete(each, i, axis=1).prod(axis=1)
        np.add.at(found[i], at[:, i], others * y)
    return found


def slope(f: Any, rows: Array, wrt: str) -> Array:
    """∇E f with respect to logits, probs or weights, [d, K]."""
    given, p = conditional_means(f, rows), probabilities(rows)
    if wrt == "probs":
        return given
    away = given - (p * given).sum(axis=1, keepdims=True)
    return np.asarray(away if wrt == "weights" else p * away)


def bit_slope(f: Any, rows: Array, wrt: str) -> Array:
    """∇E f with respect to the logits or the probabilities of the ones, [d]."""
    given, p = conditional_means(f, rows), probabilities(rows)
    rise = given[:, 1] - given[:, 0]
    return np.asarray(rise if wrt == "probs" else p[:, 0] * p[:, 1] * rise)
