"""Frozen problems of variational inference and of conjugate Bayes: NumPy arrays from explicit seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Draws:
    """Samples z [n] of gamma laws of shapes alpha [n] and rate 1; or of beta laws of shapes alpha and beta."""

    z: Array
    alpha: Array
    beta: Array


def gammas(n: int, seed: int = 21) -> Draws:
    """Shapes from 0.1 to 1000, even in logarithms."""
    rng = np.random.default_rng(seed)
    alpha = np.exp(rng.uniform(np.log(0.1), np.log(1000.0), n))
    return Draws(np.maximum(rng.gamma(alpha), 1e-300), alpha, np.ones(n))


def betas(n: int, seed: int = 22) -> Draws:
    """Shapes from 0.3 to 100, even in logarithms."""
    rng = np.random.default_rng(seed)
    alpha, beta = np.exp(rng.uniform(np.log(0.3), np.log(100.0), (2, n)))
    z = rng.beta(alpha, beta).clip(1e-12, 1 - 1e-12)
    return Draws(z, alpha, beta)


@dataclass(frozen=True, eq=False)
class Diagonals:
    """Normals of means mu and log-variances logvar, [B, d]."""

    mu: Array
    logvar: Array


def diagonals(B: int, d: int, seed: int = 23) -> Diagonals:
    """As an encoder would give them."""
    rng = np.random.default_rng(seed)
    return Diagonals(rng.standard_normal((B, d)), rng.standard_normal((B, d)) - 1.0)


@dataclass(frozen=True, eq=False)
class Measured:
    """Observations y [B, n] of variance sigma_sq about means from N(mu0, tau0_sq)."""

    mu0: float
    tau0_sq: float
    sigma_sq: float
    y: Array


def measured(B: int, n: int, seed: int = 24) -> Measured:
    """Groups of a common prior."""
    rng = np.random.default_rng(seed)
    theta = 1.0 + 2.0 * rng.standard_normal((B, 1))
    return Measured(1.0, 4.0, 2.25, theta + 1.5 * rng.standard_normal((B, n)))
