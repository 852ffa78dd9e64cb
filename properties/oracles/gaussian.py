"""Optimal transport between Gaussians from symmetric square roots, with clipped eigenvalues, in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def root(S: Array) -> Array:
    """S^½ of a positive semidefinite matrix."""
    values, Q = np.linalg.eigh((S + S.T) / 2)
    return np.asarray((Q * np.sqrt(np.maximum(values, 0.0))) @ Q.T)


def overlap(S1: Array, S2: Array) -> Array:
    """Singular values of S1^½ S2^½: the eigenvalues of (S1^½ S2 S1^½)^½, with no root of a product taken."""
    return np.asarray(np.linalg.svd(root(S1) @ root(S2), compute_uv=False), np.float64)


def bures_squared(S1: Array, S2: Array) -> float:
    """tr S1 + tr S2 − 2 tr (S1^½ S2 S1^½)^½."""
    return max(float(np.trace(S1) + np.trace(S2) - 2.0 * overlap(S1, S2).sum()), 0.0)


def brenier(S1: Array, S2: Array) -> Array:
    """S1^-½ (S1^½ S2 S1^½)^½ S1^-½ for a definite S1."""
    half = root(S1)
    inverse = np.linalg.inv(half)
    return np.asarray(inverse @ root(half @ S2 @ half) @ inverse)


def rounding(S1: Array, S2: Array, u: float) -> float:
    """How far rounding may carry the trace of (S1^½ S2 S1^½)^½ and of its arguments.

    An eigenvalue λ of the product moves by at most δ = 16·d·u·‖S1‖‖S2‖, so its root by min(√δ, δ/√λ): singular
    covariances cost half the digits.
    """
    d = len(S1)
    size = np.linalg.norm(S1, 2) * np.linalg.norm(S2, 2)
    delta, lam = 16.0 * d * u * size, np.square(overlap(S1, S2))
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.minimum(np.sqrt(delta), np.where(lam > 0, delta / np.sqrt(lam), np.inf))
    return float(2.0 * moved.sum() + 8.0 * d * u * (np.trace(S1) + np.trace(S2)))
