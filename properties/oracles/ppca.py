"""Probabilistic principal component analysis: x = Wz + offset + noise, whose evidence and best fit are in closed form.

    x ~ N(offset, C),  C = WWᵀ + s I,      p(z|x) = N(M⁻¹Wᵀ(x − offset), s M⁻¹),  M = WᵀW + s I

At the maximum of the likelihood, with λ_1 ≥ … ≥ λ_D the eigenvalues of the sample covariance (divided by N), s is the mean of
the smallest D − d and W = U(Λ − s I)^½, of orthogonal columns: then M is diagonal, and a mean-field posterior is exact. The
average log-likelihood there is −½(Σ_{i≤d} log λ_i + (D − d) log s + D log 2π + D).

Source: Tipping & Bishop 1999, eqs (3)-(9).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def log_evidence(x: Array, W: Array, offset: Array, noise: float) -> Array:
    """log N(x; offset, WWᵀ + s I), one a row."""
    C = W @ W.T + noise * np.eye(len(W))
    _, log_det = np.linalg.slogdet(C)
    off = x - offset
    square = (off * np.linalg.solve(C, off.T).T).sum(1)
    return np.asarray(-0.5 * (square + log_det + len(W) * np.log(2.0 * np.pi)))


def posterior(x: Array, W: Array, offset: Array, noise: float) -> tuple[Array, Array]:
    """Means [B, d] and the covariance [d, d] that they share."""
    M = W.T @ W + noise * np.eye(W.shape[1])
    return np.asarray(np.linalg.solve(M, W.T @ (x - offset).T).T), np.asarray(noise * np.linalg.inv(M))


def divergence(mean: Array, logvar: Array, center: Array, covariance: Array) -> Array:
    """KL(N(mean, diag e^logvar) ‖ N(center, covariance)), one a row of means."""
    precision = np.linalg.inv(covariance)
    off = mean - center
    _, log_det = np.linalg.slogdet(covariance)
    spread = (np.diag(precision) * np.exp(logvar)).sum() + ((off @ precision) * off).sum(1)
    return np.asarray(0.5 * (spread - len(logvar) + log_det - logvar.sum()))


def best_fit(x: Array, d: int) -> tuple[Array, Array, float, float]:
    """W, offset, s of the largest likelihood, and the average log-likelihood by Tipping and Bishop's formula."""
    offset = x.mean(0)
    values, U = np.linalg.eigh((x - offset).T @ (x - offset) / len(x))
    values, U = values[::-1], U[:, ::-1]
    D = len(values)
    noise = float(values[d:].mean())
    W = U[:, :d] * np.sqrt(values[:d] - noise)
    mean = -0.5 * (np.log(values[:d]).sum() + (D - d) * np.log(noise) + D * np.log(2.0 * np.pi) + D)
    return W, offset, noise, float(mean)
