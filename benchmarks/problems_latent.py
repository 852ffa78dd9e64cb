"""Frozen problems of latent variables: NumPy arrays from explicit seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Mixture:
    """Points X [N, D], and where EM starts: pi [K], mu [K, D], Sigma [K, D, D]."""

    X: Array
    pi: Array
    mu: Array
    Sigma: Array


def mixture(N: int, D: int, K: int, dtype: str = "float64", seed: int = 11) -> Mixture:
    """Overlapping clusters with full covariances, away from the origin; a start that is somewhat off."""
    rng = np.random.default_rng(seed)
    centres = 2.0 * rng.standard_normal((K, D)) + 3.0
    spread = np.eye(D) + 0.3 * rng.standard_normal((K, D, D))
    z = rng.choice(K, N, p=_simplex(rng, K))
    X = centres[z] + np.einsum("nij,nj->ni", spread[z], rng.standard_normal((N, D)))
    mu = centres + 0.5 * rng.standard_normal((K, D))
    Sigma = np.broadcast_to(2.0 * np.eye(D), (K, D, D))
    pi = np.full(K, 1.0 / K)
    return Mixture(*(np.ascontiguousarray(x, dtype) for x in (X, pi, mu, Sigma)))


@dataclass(frozen=True, eq=False)
class Chains:
    """Sequences x [S, T, D] of one hidden Markov model, and where Baum-Welch starts."""

    x: Array
    pi: Array
    A: Array
    mu: Array
    Sigma: Array

    @property
    def log_B(self) -> Array:
        """log N(x | μ_k, Σ_k), [S, T, K]."""
        off = self.x[..., None, :] - self.mu
        P = np.linalg.inv(self.Sigma)
        square = np.einsum("stki,kij,stkj->stk", off, P, off, optimize=True)
        return np.asarray(-0.5 * (square + np.linalg.slogdet(2 * np.pi * self.Sigma)[1]))


def chains(S: int, T: int, K: int, D: int, left_right: bool = False, seed: int = 12) -> Chains:
    """A chain that mixes (rows from a Dirichlet, with a heavy diagonal), or one that only moves on, to its last state."""
    rng = np.random.default_rng(seed)
    if left_right:
        stay = 1.0 - K / T
        A = stay * np.eye(K) + (1.0 - stay) * np.eye(K, k=1)
        A[-1, -1] = 1.0
        pi = np.eye(K)[0]
    else:
        A = 0.5 * np.eye(K) + 0.5 * rng.dirichlet(np.ones(K), K)
        pi = _simplex(rng, K)
    mu = 1.5 * rng.standard_normal((K, D))
    z = np.empty((S, T), np.int64)
    cumulative, u = A.cumsum(1), rng.random((S, T))
    z[:, 0] = (pi.cumsum() < u[:, :1]).sum(1)
    for t in range(1, T):
        z[:, t] = np.minimum((cumulative[z[:, t - 1]] < u[:, t, None]).sum(1), K - 1)
    x = mu[z] + rng.standard_normal((S, T, D))
    start = mu + 0.3 * rng.standard_normal((K, D))
    return Chains(x, pi, A, start, np.broadcast_to(1.5 * np.eye(D), (K, D, D)).copy())


@dataclass(frozen=True, eq=False)
class Logits:
    """CTC: logits [T, B, C], labels y [B, U] (blank 0), with full lengths."""

    logits: Array
    y: Array


def logits(T: int, B: int, C: int, U: int, scale: float = 1.0, dtype: str = "float64", seed: int = 13) -> Logits:
    """Normal logits of a standard deviation; labels with some repeats."""
    rng = np.random.default_rng(seed)
    return Logits(scale * rng.standard_normal((T, B, C)).astype(dtype), rng.integers(1, C, (B, U)))


@dataclass(frozen=True, eq=False)
class Lattice:
    """Transducer: logits [B, T, U+1, C], labels y [B, U] (blank 0), with full lengths."""

    logits: Array
    y: Array


def lattice(B: int, T: int, U: int, C: int, dtype: str = "float32", seed: int = 14) -> Lattice:
    """Normal logits."""
    rng = np.random.default_rng(seed)
    return Lattice(rng.standard_normal((B, T, U + 1, C)).astype(dtype), rng.integers(1, C, (B, U)))


@dataclass(frozen=True, eq=False)
class Frames:
    """log p [T, C]."""

    log_p: Array


def speech(T: int, C: int, seed: int = 15) -> Frames:
    """Frames as a trained network leaves them: peaked, mostly blank, a label now and then, sometimes in doubt."""
    rng = np.random.default_rng(seed)
    scores = rng.standard_normal((T, C))
    likely = np.where(rng.random(T) < 0.7, 0, rng.integers(1, C, T))
    scores[np.arange(T), likely] += 5.0
    doubt = rng.random(T) < 0.2
    scores[doubt, rng.integers(1, C, doubt.sum())] += 5.0
    return Frames(scores - np.log(np.exp(scores).sum(1, keepdims=True)))


def _simplex(rng: np.random.Generator, K: int) -> Array:
    return np.asarray(rng.dirichlet(np.full(K, 3.0)))
