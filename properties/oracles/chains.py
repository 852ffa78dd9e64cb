"""Hidden Markov chains: all K^N paths where there are at most 4096, else the recursions in log-domain float64.

A path z scores log π_{z₁} + Σ log A_{z_n z_{n+1}} + Σ log B_{n z_n}; everything else is read off the scores of all paths.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST = 4096


class Posterior(NamedTuple):
    """log Z, P(z_n = i) as gamma[N, K], P(z_n = i, z_{n+1} = j) as xi[N-1, K, K]; zeros where log Z = -inf."""

    log_z: float
    gamma: Array
    xi: Array


def posterior(log_pi: Array, log_A: Array, log_B: Array) -> Posterior:
    """By enumeration where it is feasible, by forward and backward messages elsewhere."""
    found = (_enumerated if _few(log_B) else _smoothed)(*_raw(log_pi, log_A, log_B))
    return Posterior(found.log_z, found.gamma.copy(), found.xi.copy())


def log_likelihood(log_pi: Array, log_A: Array, log_B: Array) -> float:
    return posterior(log_pi, log_A, log_B).log_z


def best_score(log_pi: Array, log_A: Array, log_B: Array) -> float:
    """The largest score of a path."""
    return (_best_of_all if _few(log_B) else _best_by_steps)(*_raw(log_pi, log_A, log_B))


def path_score(log_pi: Array, log_A: Array, log_B: Array, path: Ints) -> float:
    """The score of one path; NaN where it is none."""
    K = len(log_pi)
    if np.any(path != np.floor(path)) or np.any((path < 0) | (path >= K)):
        return float("nan")
    z = np.asarray(path).astype(np.int64)
    return float(log_pi[z[0]] + log_A[z[:-1], z[1:]].sum() + log_B[np.arange(len(z)), z].sum())


def count_paths(log_pi: Array, log_A: Array, log_B: Array) -> float:
    """How many paths have a finite score."""
    alive = np.isfinite(log_pi) & np.isfinite(log_B[0])
    count = alive.astype(np.float64)
    for row in log_B[1:]:
        count = (count @ np.isfinite(log_A)) * np.isfinite(row)
    return float(count.sum())


def extent(log_pi: Array, log_A: Array, log_B: Array) -> float:
    """E of T2 for forward and backward messages together: Σ_n (max|message| + max|B_n| + max|A| + 3), each way."""
    return _extent(*_raw(log_pi, log_A, log_B))


def log_sum_exp(x: Array, axis: int = -1) -> Array:
    """−∞, not NaN, where all are −∞."""
    top = x.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(x - top).sum(axis=axis)) + top.squeeze(axis))


def _few(log_B: Array) -> bool:
    """Whether all paths can be looked at."""
    return len(log_B) < MOST.bit_length() and log_B.shape[1] ** len(log_B) <= MOST


def _raw(log_pi: Array, log_A: Array, log_B: Array) -> tuple[int, bytes, bytes, bytes]:
    pi, A, B = (np.ascontiguousarray(x, np.float64).tobytes() for x in (log_pi, log_A, log_B))
    return len(log_pi), pi, A, B


def _back(K: int, *raw: bytes) -> tuple[Array, Array, Array]:
    log_pi, log_A, log_B = (np.frombuffer(x) for x in raw)
    return log_pi, log_A.reshape(K, K), log_B.reshape(-1, K)


@lru_cache(maxsize=64)
def _paths(K: int, N: int) -> Ints:
    """All paths, [K^N, N]."""
    return np.stack(np.unravel_index(np.arange(K**N), (K,) * N), axis=1)


def _scores(log_pi: Array, log_A: Array, log_B: Array) -> tuple[Array, Ints]:
    N, K = log_B.shape
    paths = _paths(K, N)
    scores = log_pi[paths[:, 0]] + log_B[np.arange(N), paths].sum(axis=1)
    return scores + log_A[paths[:, :-1], paths[:, 1:]].sum(axis=1), paths


@lru_cache(maxsize=8192)
def _enumerated(K: int, *raw: bytes) -> Posterior:
    log_pi, log_A, log_B = _back(K, *raw)
    scores, paths = _scores(log_pi, log_A, log_B)
    N, log_z = len(log_B), float(log_sum_exp(scores))
    weight = np.exp(scores - log_z) if np.isfinite(log_z) else np.zeros_like(scores)
    gamma = np.stack([np.bincount(paths[:, n], weight, K) for n in range(N)]).astype(np.float64)
    pairs = paths[:, :-1] * K + paths[:, 1:]
    xi = [np.bincount(pairs[:, n], weight, K * K).reshape(K, K) for n in range(N - 1)]
    return Posterior(log_z, gamma, np.stack(xi) if xi else np.zeros((0, K, K)))


@lru_cache(maxsize=8192)
def _best_of_all(K: int, *raw: bytes) -> float:
    return float(_scores(*_back(K, *raw))[0].max())


@lru_cache(maxsize=1024)
def _best_by_steps(K: int, *raw: bytes) -> float:
    log_pi, log_A, log_B = _back(K, *raw)
    best = log_pi + log_B[0]
    for row in log_B[1:]:
        best = (best[:, None] + log_A).max(axis=0) + row
    return float(best.max())


@lru_cache(maxsize=1024)
def _messages(K: int, *raw: bytes) -> tuple[Array, Array]:
    """log α and log β, [N, K] each."""
    log_pi, log_A, log_B = _back(K, *raw)
    alpha, beta = np.empty_like(log_B), np.zeros_like(log_B)
    alpha[0] = log_pi + log_B[0]
    for n in range(1, len(log_B)):
        alpha[n] = log_sum_exp(alpha[n - 1][:, None] + log_A, axis=0) + log_B[n]
    for n in range(len(log_B) - 2, -1, -1):
        beta[n] = log_sum_exp(log_A + log_B[n + 1] + beta[n + 1])
    return alpha, beta


@lru_cache(maxsize=1024)
def _smoothed(K: int, *raw: bytes) -> Posterior:
    _, log_A, log_B = _back(K, *raw)
    alpha, beta = _messages(K, *raw)
    log_z = float(log_sum_exp(alpha[-1]))
    if not np.isfinite(log_z):
        return Posterior(log_z, np.zeros_like(log_B), np.zeros((len(log_B) - 1, K, K)))
    xi = np.exp(alpha[:-1, :, None] + log_A + (log_B + beta)[1:, None, :] - log_z)
    return Posterior(log_z, np.exp(alpha + beta - log_z), xi)


@lru_cache(maxsize=8192)
def _extent(K: int, *raw: bytes) -> float:
    _, log_A, log_B = _back(K, *raw)
    steps = _largest(log_B, 1).sum() + len(log_B) * (float(_largest(log_A, (0, 1))) + 3.0)
    return float(sum(_largest(x, 1).sum() + steps for x in _messages(K, *raw)))


def _largest(x: Array, axis: int | tuple[int, ...]) -> Array:
    return np.asarray(np.abs(np.where(np.isfinite(x), x, 0.0)).max(axis=axis))
