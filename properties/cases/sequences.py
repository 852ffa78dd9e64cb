"""Sequences for Baum-Welch: of unequal lengths; zeros in π, A and E; states seldom or never visited.

Parameters come from integer parts of their total, points from a dyadic grid, posteriors for an M-step from a handful of
weighted paths (so that they agree with each other as those of an E-step do).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import signed, some_bytes

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Posteriors:
    """γ[N, K] and ξ[N-S, K, K] of S sequences end to end, their symbols x[N] of M, and their lengths[S]."""

    gamma: Array
    xi: Array
    x: Ints
    lengths: Ints
    M: int


@dataclass(frozen=True)
class Rivalled(Posteriors):
    """The posteriors, and other parameters than the best."""

    pi: Array
    A: Array
    E: Array


@dataclass(frozen=True)
class Symbols:
    """π[K], A[K, K], E[K, M] and S sequences of symbols x[N] end to end, of lengths[S]."""

    pi: Array
    A: Array
    E: Array
    x: Ints
    lengths: Ints


@dataclass(frozen=True)
class Points:
    """π[K], A[K, K], μ[K, D], Σ[K, D, D] and S sequences of points x[N, D] end to end, of lengths[S]."""

    pi: Array
    A: Array
    mu: Array
    Sigma: Array
    x: Array
    lengths: Ints


@dataclass(frozen=True)
class Counts:
    """π[K], A[K, K], rates[K] and S sequences of counts x[N] end to end, of lengths[S]."""

    pi: Array
    A: Array
    rate: Array
    x: Ints
    lengths: Ints


@st.composite
def posteriors(draw: Any, full: bool = True) -> Posteriors:
    """Every state is visited and left (or, if not `full`, perhaps not)."""
    K, lengths = draw(st.sampled_from((2, 3, 3, 4, 5) if full else (3, 4, 5, 3))), draw(_WITH_ONES)
    M, some = draw(st.integers(2, 4)), draw(st.integers(1, 3))
    if not full:
        some, lengths = 1, lengths[:2]
    gammas, xis = [], []
    for n in lengths:
        paths = [np.resize(some_bytes(draw) % K, n) for _ in range(some)]
        weights = [1.0 + 3.0 * p for p in range(some)]
        if full:
            paths += [(c + np.arange(n)) % K for c in range(K)]
            weights += [draw(_FAINT)] * K
        share = np.array(weights) / sum(weights)
        ones = np.eye(K)[np.stack(paths)]
        gammas.append(np.einsum("p,pni->ni", share, ones))
        xis.append(np.einsum("p,pni,pnj->nij", share, ones[:, :-1], ones[:, 1:]))
    N = sum(lengths)
    x = np.resize(np.concatenate([some_bytes(draw) for _ in range(2)]) % M, N)
    return Posteriors(np.vstack(gammas), np.concatenate(xis), x, np.array(lengths), M)


def unvisited() -> st.SearchStrategy[Posteriors]:
    """A path or two: some state is never visited, or never left."""
    return posteriors(full=False)


@st.composite
def rivalled(draw: Any) -> Rivalled:
    p = draw(_POSTERIORS)
    K = p.gamma.shape[1]
    pi, A, E = (_rows(1 + np.stack([some_bytes(draw) for _ in range(K)])[:, :n] % 5) for n in (1, K, p.M))
    return Rivalled(p.gamma, p.xi, p.x, p.lengths, p.M, pi[:, 0] / pi[:, 0].sum(), A, E)


@st.composite
def symbols(draw: Any, base: Any = None) -> Symbols:
    K, M, lengths = draw(_STATES), draw(st.integers(2, 4)), draw(_LENGTHS)
    pi, A, path = _chain(draw, K, lengths)
    N = sum(lengths)
    parts, x = np.stack([some_bytes(draw) for _ in range(K)])[:, :M], np.resize(some_bytes(draw), N) % M
    parts = np.where(parts % 3 == 2, 0, 1 + parts % 7)
    parts[path, x] = np.maximum(parts[path, x], 1)
    parts[~parts.any(axis=1), 0] = 1
    return Symbols(pi, A, _rows(parts), x, np.array(lengths))


@st.composite
def points(draw: Any) -> Points:
    """Points about the corners of a simplex, under covariances that overlap: no state collapses on a point."""
    K, D, lengths = draw(_STATES), draw(st.integers(1, 3)), draw(_LONGER)
    states = np.stack([some_bytes(draw) for _ in range(K)])
    N, pi, A = sum(lengths), 1 + states[:, 0] % 9, _rows(1 + states[:, 1 : K + 1] % 9)
    corners = 4.0 * np.vstack([np.eye(D), np.zeros(D)])[np.arange(N) % (D + 1)]
    x = corners + signed(np.stack([some_bytes(draw) for _ in range(N)])[:, :D] % 9) / 4.0
    mu = signed(np.stack([some_bytes(draw) for _ in range(K)])[:, :D] % 17) / 4.0
    factor = np.stack([np.stack([some_bytes(draw) for _ in range(D)])[:, :D] for _ in range(K)])
    L = np.tril(signed(factor % 3) / 2.0, -1) + np.eye(D) * (2.0 + factor % 3)
    return Points(pi / pi.sum(), A, mu, L @ L.swapaxes(1, 2), x, np.array(lengths))


@st.composite
def alike_points(draw: Any) -> Points:
    """Points under one spherical covariance: every form of covariance can start there."""
    p, spread = draw(_POINTS), draw(st.sampled_from((4.0, 16.0, 8.0)))
    K, D = p.mu.shape
    return Points(p.pi, p.A, p.mu, np.tile(np.eye(D) * spread, (K, 1, 1)), p.x, p.lengths)


@st.composite
def counts(draw: Any) -> Counts:
    K, lengths = draw(_STATES), draw(_LENGTHS)
    pi, A, _ = _chain(draw, K, lengths)
    x = np.resize(np.concatenate([some_bytes(draw), some_bytes(draw)]) % 24, sum(lengths))
    return Counts(pi, A, np.asarray((1.0 + some_bytes(draw)[:K] % 48) / 2.0, np.float64), x, np.array(lengths))


def _chain(draw: Any, K: int, lengths: tuple[int, ...]) -> tuple[Array, Array, Ints]:
    """π and A with structural zeros, and one possible path through all sequences."""
    states, closed = np.stack([some_bytes(draw) for _ in range(K)]), draw(st.booleans())
    path = np.concatenate([np.resize(some_bytes(draw) % K, n) for n in lengths])
    parts = np.where((states % 2 == 1) & closed, 0, 1 + states % 9)
    starts = np.cumsum((0, *lengths[:-1]))
    parts[path[starts], 0] = np.maximum(parts[path[starts], 0], 1)
    inner = np.setdiff1d(np.arange(len(path)), starts)
    A = parts[:, 1 : K + 1]
    A[path[inner - 1], path[inner]] = np.maximum(A[path[inner - 1], path[inner]], 1)
    A[~A.any(axis=1), -1] = 1
    return parts[:, 0] / parts[:, 0].sum(), _rows(A), path


def _rows(parts: Any) -> Array:
    return np.asarray(parts / parts.sum(axis=1, keepdims=True), np.float64)


_FAINT = st.sampled_from((1.0, 0.125, 2.0**-10))
_STATES = st.sampled_from((2, 3, 2, 3, 4, 1))
_LENGTHS = st.sampled_from(((3,), (2, 4), (4, 2), (2, 3, 2), (5,), (2, 4, 2, 3), (6, 2), (2, 2)))
_WITH_ONES = st.sampled_from(((3,), (2, 4), (4, 1), (1, 3, 2), (5,), (2, 1, 1, 3), (6, 2), (1, 5)))
_LONGER = st.sampled_from(((6,), (4, 7), (8, 2), (2, 6, 3), (5, 5), (3, 2, 4, 2)))
_POSTERIORS = posteriors()
_POINTS = points()
