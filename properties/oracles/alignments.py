"""Alignments, the slow way: every path of T frames over C classes, collapsed, added up; and their exact number.

`by_enumeration` knows nothing but the definition of collapse. `by_recursion` is the forward-backward algorithm over the
states blank, y_1, blank, ..., y_U, blank in float64; it serves where C^T paths are too many, and measures the extent
E = Σ_t (max_s |α_t(s)| + 3) that the rounding of any such recursion is proportional to (rule T2).

Symbols: lp[T, C] scores of frames and classes; y labels, U of them, R equal to their predecessor; -∞ forbids.
Source: Graves et al. 2006, §3.1 and §4.1; the count C(T + U − R, 2U) is derived: U runs of labels with R obligatory and
U + 1 − R optional runs of blanks, 2U + 1 − R parts of T with U + R of them ≥ 1 and the rest ≥ 0.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise, product
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = tuple[int, ...]

PATHS = 4096
FLOOR = -1e3  # as good as -∞, and a number: exp(FLOOR) is 0 in float64


class Aligned(NamedTuple):
    """log p(y), the posterior occupancy[T, C] of classes (0 where there is no path), and the extent E of T2."""

    log_prob: float
    occupancy: Array
    extent: float = 0.0


def collapse(path: Labels, blank: int) -> Labels:
    """Merge runs, then drop blanks, letter by letter."""
    out, before = [], None
    for k in path:
        if k != before and k != blank:
            out.append(k)
        before = k
    return tuple(out)


def repeats(y: Labels) -> int:
    return sum(k == before for before, k in pairwise(y))


def count(T: int, y: Labels) -> int:
    """How many paths of T frames collapse to y, exactly: C(T + U − R, 2U)."""
    n = T + len(y) - repeats(y)
    return comb(n, 2 * len(y)) if n >= 2 * len(y) else 0


def labellings(T: int, C: int, blank: int) -> tuple[Labels, ...]:
    """All labellings of at most T labels, those without a path among them."""
    classes = [k for k in range(C) if k != blank]
    return tuple(y for U in range(T + 1) for y in product(classes, repeat=U))


def by_enumeration(lp: Array, y: Labels, blank: int) -> Aligned:
    """log Σ over all paths that collapse to y, and the posterior of classes at each frame."""
    return _enumerated(*lp.shape, np.ascontiguousarray(lp, np.float64).tobytes(), y, blank)


def most_probable(lp: Array, blank: int) -> float:
    """The log-probability of the most probable labelling."""
    T, C = lp.shape
    scores = _path_scores(lp)
    ids, n = _labelling_ids(T, C, blank)
    top = scores.max()
    return float(np.log(np.bincount(ids, np.exp(scores - top), n).max()) + top)


@lru_cache(maxsize=8192)
def _enumerated(T: int, C: int, raw: bytes, y: Labels, blank: int) -> Aligned:
    lp = np.frombuffer(raw).reshape(T, C)
    own = _spelling(T, C, blank, y)
    scores = _path_scores(lp)[own]
    top = scores.max(initial=-np.inf)
    if top == -np.inf:
        return Aligned(-np.inf, np.zeros((T, C)))
    weights = np.exp(scores - top)
    total = weights.sum()
    return Aligned(float(np.log(total) + top), (weights @ _one_hot(T, C)[own] / total).reshape(T, C))


def _path_scores(lp: Array) -> Array:
    T, C = lp.shape
    return np.asarray(lp[np.arange(T), _paths(T, C)].sum(axis=1))


@lru_cache(maxsize=64)
def _paths(T: int, C: int) -> NDArray[np.int64]:
    if C**T > PATHS:
        raise ValueError(f"{C}^{T} paths: at most {PATHS} are enumerated")
    return np.array(list(product(range(C), repeat=T)), dtype=np.int64).reshape(-1, T)


@lru_cache(maxsize=64)
def _one_hot(T: int, C: int) -> Array:
    paths = _paths(T, C)
    return np.asarray((paths[:, :, None] == np.arange(C)).reshape(len(paths), T * C), np.float64)


@lru_cache(maxsize=256)
def _spelt(T: int, C: int, blank: int) -> dict[Labels, list[int]]:
    found: dict[Labels, list[int]] = {}
    for i, path in enumerate(_paths(T, C).tolist()):
        found.setdefault(collapse(tuple(path), blank), []).append(i)
    return found


@lru_cache(maxsize=4096)
def _spelling(T: int, C: int, blank: int, y: Labels) -> NDArray[np.int64]:
    return np.array(_spelt(T, C, blank).get(y, []), dtype=np.int64)


@lru_cache(maxsize=64)
def _labelling_ids(T: int, C: int, blank: int) -> tuple[NDArray[np.int64], int]:
    spelt = _spelt(T, C, blank)
    ids = np.empty(len(_paths(T, C)), np.int64)
    for i, own in enumerate(spelt.values()):
        ids[own] = i
    return ids, len(spelt)


def by_recursion(lp: Array, y: Labels, blank: int) -> Aligned:
    """The same by forward-backward, with the larger extent of its two sweeps."""
    return _recursion(*lp.shape, np.ascontiguousarray(lp, np.float64).tobytes(), y, blank)


def log_prob(lp: Array, y: Labels, blank: int) -> float:
    """log p(y) alone, by the forward sweep."""
    z, skip = _states(y, blank)
    return _total(_sweep(lp[:, z], skip)) if len(lp) else (0.0 if not y else -np.inf)


@lru_cache(maxsize=8192)
def _recursion(T: int, C: int, raw: bytes, y: Labels, blank: int) -> Aligned:
    lp = np.frombuffer(raw).reshape(T, C)
    if not T:
        return Aligned(0.0 if not y else -np.inf, np.zeros((T, C)))
    z, skip = _states(y, blank)
    x = lp[:, z]
    back = np.zeros_like(skip)
    back[2:] = skip[2:][::-1]
    forward, backward = _sweep(x, skip), _sweep(x[::-1, ::-1], back)[::-1, ::-1]
    total, extent = _total(forward), max(_extent(forward), _extent(backward))
    if total == -np.inf:
        return Aligned(total, np.zeros((T, C)), extent)
    weights = np.where(x > -np.inf, np.exp(forward + backward - np.where(x > -np.inf, x, 0.0) - total), 0.0)
    occupancy = np.zeros((T, C))
    np.add.at(occupancy.T, z, weights.T)
    return Aligned(total, occupancy, extent)


def _states(y: Labels, blank: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """blank, y_1, blank, ..., y_U, blank; and which of them may be reached from two before."""
    z = np.full(2 * len(y) + 1, blank, np.int64)
    z[1::2] = y
    skip = np.zeros(len(z), bool)
    skip[2:] = (z[2:] != blank) & (z[2:] != z[:-2])
    return z, skip


def _sweep(x: Array, skip: NDArray[np.bool_]) -> Array:
    alpha = np.full(x.shape, -np.inf)
    alpha[0, :2] = x[0, :2]
    for t in range(1, len(x)):
        reached = alpha[t - 1].copy()
        reached[1:] = np.logaddexp(reached[1:], alpha[t - 1, :-1])
        reached[2:] = np.where(skip[2:], np.logaddexp(reached[2:], alpha[t - 1, :-2]), reached[2:])
        alpha[t] = reached + x[t]
    return alpha


def _total(alpha: Array) -> float:
    return float(np.logaddexp.reduce(alpha[-1, -2:]))


def _extent(alpha: Array) -> float:
    return float((np.abs(np.where(np.isfinite(alpha), alpha, 0.0)).max(axis=1) + 3.0).sum())
