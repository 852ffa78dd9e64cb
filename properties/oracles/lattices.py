"""Transducer lattices, the slow way: all C(T + U − 1, U) orders of U labels among T blanks, the last of them blank.

`by_enumeration` adds up the paths; `by_recursion` is forward-backward over the nodes (t, u) in float64 for lattices
with too many of them, and measures the extent E = Σ_k (max |α| + 3) over the anti-diagonals t + u = k (rule T2).

Symbols: blank[T, U+1] score of leaving (t, u) for (t + 1, u); label[T, U] of leaving it for (t, u + 1).
Source: Graves 2012, §2.3 to §2.5.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Crossed(NamedTuple):
    """log p(y), the posteriors of the blank and label edges, and the extent E of T2."""

    log_prob: float
    blank: Array
    label: Array
    extent: float = 0.0


def count(T: int, U: int) -> int:
    """The number of paths, exactly."""
    return comb(T + U - 1, U)


def edges(lp: Array, y: tuple[int, ...], blank: int) -> tuple[Array, Array]:
    """The scores of the edges, blank[T, U+1] and label[T, U], of lp[T, U+1, C]."""
    U = len(y)
    return lp[:, : U + 1, blank].copy(), lp[:, np.arange(U), list(y)].reshape(len(lp), U).copy()


def filled(through: Array, spoken: Array, targets: NDArray[np.int64], C: int, blank: int) -> Array:
    """Log-probabilities in which the blank has through[B, T, U+1], the next label spoken[B, T, U], others the rest."""
    B, T, V = through.shape
    own = np.zeros((B, T, V, C), bool)
    own[..., blank] = True
    for u in range(V - 1):
        own[np.arange(B), :, u, targets[:, u]] = True
    named = through + np.concatenate([spoken, np.zeros((B, T, 1))], axis=2)
    p = np.where(own, 0.0, ((1.0 - named) / (~own).sum(axis=-1))[..., None])
    p[..., blank] = through
    for u in range(V - 1):
        p[np.arange(B), :, u, targets[:, u]] = spoken[:, :, u]
    return np.asarray(np.log(p))


def by_enumeration(blank: Array, label: Array) -> Crossed:
    """Every path in turn."""
    T, U = label.shape
    taken = _paths(T, U)
    scores = np.r_[blank.ravel(), label.ravel()]
    sums = scores[taken].sum(axis=1)
    top = sums.max()
    if top == -np.inf:
        return Crossed(-np.inf, np.zeros_like(blank), np.zeros_like(label))
    weights = np.exp(sums - top)
    total = weights.sum()
    share = np.asarray(np.bincount(taken.ravel(), np.repeat(weights / total, taken.shape[1]), scores.size), np.float64)
    return Crossed(
        float(np.log(total) + top), share[: blank.size].reshape(blank.shape), share[blank.size :].reshape(T, U)
    )


@lru_cache(maxsize=128)
def _paths(T: int, U: int) -> NDArray[np.int64]:
    """The edges of each path: blank (t, u) is number t(U+1) + u, label (t, u) is number T(U+1) + tU + u."""
    paths = []
    for labels in combinations(range(T + U - 1), U):
        t = u = 0
        path = []
        for k in range(T + U):
            if k in labels:
                path.append(T * (U + 1) + t * U + u)
                u += 1
            else:
                path.append(t * (U + 1) + u)
                t += 1
        paths.append(path)
    return np.array(paths, dtype=np.int64)


def by_recursion(blank: Array, label: Array) -> Crossed:
    """The same by forward-backward, with the larger extent of its two sweeps."""
    T, U = label.shape
    return _recursion(T, U, np.ascontiguousarray(blank, np.float64).tobytes(), np.ascontiguousarray(label).tobytes())


@lru_cache(maxsize=8192)
def _recursion(T: int, U: int, raw_blank: bytes, raw_label: bytes) -> Crossed:
    blank, label = np.frombuffer(raw_blank).reshape(T, U + 1), np.frombuffer(raw_label).reshape(T, U)
    alpha = _sweep(blank, label)
    # Backwards: the edges enter where they left, and the last blank has been taken.
    beta = _sweep(blank[:-1][::-1, ::-1], label[::-1, ::-1], blank[-1, -1])[::-1, ::-1]
    total = float(beta[0, 0])
    extent = max(_extent(alpha), _extent(beta))
    if total == -np.inf:
        return Crossed(total, np.zeros_like(blank), np.zeros_like(label), extent)
    onward = np.full_like(blank, -np.inf)
    onward[:-1] = beta[1:]
    onward[-1, -1] = 0.0
    return Crossed(
        total, np.exp(alpha + blank + onward - total), np.exp(alpha[:, :U] + label + beta[:, 1:] - total), extent
    )


def _sweep(blank: Array, label: Array, first: float = 0.0) -> Array:
    """α(t, u): log Σ over paths from (0, 0) to (t, u), by anti-diagonals; blank needs T − 1 rows here."""
    T, U = label.shape
    alpha = np.full((T, U + 1), -np.inf)
    alpha[0, 0] = first
    for k in range(1, T + U):
        u = np.arange(max(0, k - T + 1), min(U, k) + 1)
        t = k - u
        below = np.where(t > 0, alpha[t - 1, u] + blank[np.maximum(t - 1, 0), u] if len(blank) else -np.inf, -np.inf)
        left = np.where(u > 0, alpha[t, u - 1] + label[t, u - 1] if U else -np.inf, -np.inf)
        alpha[t, u] = np.logaddexp(below, left)
    return alpha


def log_prob(blank: Array, label: Array) -> float:
    """log p(y) alone."""
    return float(_sweep(blank, label)[-1, -1] + blank[-1, -1])


def _extent(alpha: Array) -> float:
    T, V = alpha.shape
    size = np.abs(np.where(np.isfinite(alpha), alpha, 0.0))
    return float(sum(np.fliplr(size).diagonal(V - 1 - k).max() + 3.0 for k in range(T + V - 1)))
