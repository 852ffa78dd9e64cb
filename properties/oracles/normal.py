"""The normal model by other means: quadrature over θ, and the joint density of the data with its dense covariance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LOG_2PI = float(np.log(2.0 * np.pi))


def log_density(x: Any, mean: Any, variance: Any) -> Any:
    """log N(x; mean, variance), entry by entry."""
    return -0.5 * (np.square(x - mean) / variance + np.log(variance) + LOG_2PI)


def posterior(mu0: Any, tau0_sq: Any, sigma_sq: Any, y: Array) -> tuple[float, float]:
    """Mean and variance, each weighted by its precision."""
    prior, data = 1.0 / tau0_sq, len(y) / sigma_sq
    return float((prior * mu0 + y.sum() / sigma_sq) / (prior + data)), float(1.0 / (prior + data))


def log_joint(theta: Array, mu0: Any, tau0_sq: Any, sigma_sq: Any, y: Array) -> Array:
    """log p(θ) + Σ log p(y_i | θ) at each θ."""
    like = log_density(y[:, None], theta, sigma_sq).sum(0)
    return np.asarray(log_density(theta, mu0, tau0_sq) + like)


def moments_by_quadrature(mu0: Any, tau0_sq: Any, sigma_sq: Any, y: Array) -> tuple[float, float, float]:
    """Posterior mean and variance by the trapezoidal rule, and the relative rounding of its weights.

    The posterior's precision is at most 2 max(1/τ₀², n/σ²), so a step of half the smaller deviation is at most 0.71 of
    its own; the rule then errs by exp(−2π²/0.71²) < 1e-16.
    """
    width = float(np.sqrt(min(tau0_sq, sigma_sq / len(y)) if len(y) else tau0_sq))
    ends = np.append(y, mu0)
    theta = np.arange(ends.min() - 12.0 * width, ends.max() + 12.0 * width, width / 2.0)
    log_weight = log_joint(theta, mu0, tau0_sq, sigma_sq, y)
    weight = np.exp(log_weight - log_weight.max())
    mean = float(weight @ theta / weight.sum())
    variance = float(weight @ np.square(theta - mean) / weight.sum())
    terms = np.square(ends - theta[int(np.argmax(log_weight))])
    return mean, variance, 2.0**-50 * float(terms.sum() / min(tau0_sq, sigma_sq) + len(ends))


def log_evidence(mu0: Any, tau0_sq: Any, sigma_sq: Any, y: Array) -> tuple[float, float]:
    """log N(y; μ₀1, σ²I + τ₀²11ᵀ) by a dense factorisation, and the size of its summands."""
    n = len(y)
    covariance = sigma_sq * np.eye(n) + tau0_sq * np.ones((n, n))
    residual = y - mu0
    _, log_det = np.linalg.slogdet(covariance)
    mahalanobis = float(residual @ np.linalg.solve(covariance, residual)) if n else 0.0
    size = float(residual @ residual / sigma_sq + n * (abs(np.log(sigma_sq)) + LOG_2PI) + abs(np.log(tau0_sq)))
    return -0.5 * (mahalanobis + float(log_det) + n * LOG_2PI), size
