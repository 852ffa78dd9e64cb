"""One step of Baum-Welch, sequence by sequence: expected counts from `chains`, parameters by their closed forms."""

from __future__ import annotations

from functools import lru_cache
from math import lgamma
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .chains import extent, posterior

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Expected(NamedTuple):
    """log p of all sequences, γ[N, K] end to end, Σ γ_1[K], Σ ξ[K, K], and Σ E of T2."""

    log_p: float
    gamma: Array
    firsts: Array
    steps: Array
    extent: float


def cut(lengths: Ints) -> list[slice]:
    """Where each sequence lies among all frames."""
    ends = np.cumsum(lengths)
    return [slice(int(end - n), int(end)) for n, end in zip(lengths, ends, strict=True)]


def expected(pi: Array, A: Array, log_B: Array, lengths: Ints) -> Expected:
    """The E-step."""
    with np.errstate(divide="ignore"):
        log_pi, log_A = np.log(pi), np.log(A)
    frames = [log_B[at] for at in cut(lengths)]
    found = [posterior(log_pi, log_A, rows) for rows in frames]
    return Expected(
        sum(one.log_z for one in found),
        np.vstack([one.gamma for one in found]),
        np.sum([one.gamma[0] for one in found], axis=0),
        np.sum([one.xi.sum(axis=0) for one in found], axis=0),
        sum(extent(log_pi, log_A, rows) for rows in frames),
    )


def log_symbols(E: Array, x: Ints) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(E).T[x])


def log_points(mu: Array, Sigma: Array, x: Array) -> Array:
    """log N(x_n | μ_k, Σ_k), [N, K]."""
    off = x[:, None] - mu
    squares = np.einsum("nki,nki->nk", off, np.linalg.solve(Sigma, off[..., None])[..., 0])
    return np.asarray(-0.5 * (squares + np.linalg.slogdet(Sigma)[1] + mu.shape[1] * np.log(2.0 * np.pi)))


def log_counts(rate: Array, x: Ints) -> Array:
    return np.asarray(x[:, None] * np.log(rate) - rate - np.array([lgamma(n + 1.0) for n in x])[:, None])


def symbol_counts(gamma: Array, x: Ints, M: int) -> Array:
    """Σ_n γ_n(k) [x_n = m], [K, M]."""
    return np.stack([gamma[x == m].sum(axis=0) for m in range(M)], axis=1)


def moments(gamma: Array, x: Array) -> tuple[Array, Array]:
    """Mean[K, D] and covariance[K, D, D] of each state, about that mean; of states without mass whatever."""
    share = gamma / np.where(gamma.sum(axis=0) > 0, gamma.sum(axis=0), 1.0)
    mean = share.T @ x
    off = x[:, None] - mean
    return mean, np.einsum("nk,nki,nkj->kij", share, off, off)


def conic_row(weights: Array) -> tuple[Array, float] | None:
    """argmax Σ_j w_j log a_j over a ≥ 0, Σ a = 1 by cvxpy, and |multiplier|; None unless its status is 'optimal'."""
    found = _conic_row(np.ascontiguousarray(weights, np.float64).tobytes())
    return None if found is None else (found[0].copy(), found[1])


@lru_cache(maxsize=2048)
def _conic_row(raw: bytes) -> tuple[Array, float] | None:
    weights = np.frombuffer(raw)
    problem, row, given, total = _program(len(weights))
    given.value = weights / weights.sum()
    problem.solve(solver="CLARABEL")
    if problem.status != "optimal":
        return None
    return np.asarray(row.value), abs(float(total.dual_value)) * float(weights.sum())


@lru_cache(maxsize=8)
def _program(K: int) -> tuple[Any, Any, Any, Any]:
    import cvxpy as cp

    row, given = cp.Variable(K), cp.Parameter(K, nonneg=True)
    total = cp.sum(row) == 1
    return cp.Problem(cp.Maximize(given @ cp.log(row)), [total]), row, given, total
