"""Wrong distances between Gaussians and maps from one to the other: roots, traces and means misplaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..oracles.gaussian import brenier, bures_squared, root
from ..transport.gaussian import bures
from ..transport.gaussian_map import brenier_gaussian
from .careless import careless

Array = NDArray[Any]


@subject("good", contract=bures, conventions={"root": "yes"})
def good_bures(m1: Array, S1: Array, m2: Array, S2: Array) -> Any:
    for S in (S1, S2):
        if not np.isfinite(S).all() or np.linalg.eigvalsh(S)[0] < -1e-6 * max(np.abs(S).max(), 1e-30):
            raise ValueError("S: expected a positive semidefinite matrix")
    return np.asarray(_plain(m1, S1.astype(float), m2, S2.astype(float)) ** 0.5, m1.dtype)


def _bures(name: str, square: Callable[..., float]) -> Subject:
    return replace(good_bures, name=name, run=lambda *case: max(square(*case), 0.0) ** 0.5)


def _triangular(m1: Array, S1: Array, m2: Array, S2: Array) -> float:
    """A Cholesky factor in place of a symmetric root."""
    L = np.linalg.cholesky(S1 + 1e-12 * (1e-30 + np.trace(S1)) * np.eye(len(S1)))
    return float(np.square(m1 - m2).sum() + np.trace(S1) + np.trace(S2) - 2 * np.trace(L @ root(S2)))


def _plain(m1: Array, S1: Array, m2: Array, S2: Array) -> float:
    return float(np.square(m1 - m2).sum() + bures_squared(S1, S2))


GAUSSIANS = (
    _bures("root-forgotten", lambda m1, S1, m2, S2: _plain(m1, S1, m2, S2) ** 2),
    _bures(
        "only-bures-rooted",
        lambda m1, S1, m2, S2: float(np.square(m1 - m2).sum() + bures_squared(S1, S2) ** 0.5) ** 2,
    ),
    _bures("means-forgotten", lambda m1, S1, m2, S2: bures_squared(S1, S2)),
    _bures("means-not-squared", lambda m1, S1, m2, S2: float(np.linalg.norm(m1 - m2)) + bures_squared(S1, S2)),
    _bures(
        "frobenius-of-roots",
        lambda m1, S1, m2, S2: float(np.square(m1 - m2).sum() + np.square(root(S1) - root(S2)).sum()),
    ),
    _bures(
        "trace-of-product",
        lambda m1, S1, m2, S2: float(np.square(m1 - m2).sum() + np.trace(S1 + S2) - 2 * np.trace(S1 @ S2) ** 0.5),
    ),
    _bures("one-trace-too-many", lambda m1, S1, m2, S2: _plain(m1, S1, m2, S2) + float(np.trace(S1))),
    _bures("triangular-root", _triangular),
    _bures("diagonal-only", lambda m1, S1, m2, S2: _plain(m1, np.diag(np.diag(S1)), m2, np.diag(np.diag(S2)))),
    _bures("ridge", lambda m1, S1, m2, S2: _plain(m1, S1 + 1e-6 * np.eye(len(S1)), m2, S2)),
)


@subject("good", contract=brenier_gaussian)
def good_brenier(S1: Array, S2: Array) -> Array:
    if not np.isfinite(S1).all() or np.linalg.eigvalsh(S2)[0] < -1e-6 * max(np.abs(S2).max(), 1e-30):
        raise ValueError("S1, S2: expected finite covariances")
    return brenier(S1.astype(float), S2.astype(float)).astype(S1.dtype)


def _brenier(name: str, change: Callable[[Array, Array], Array]) -> Subject:
    return replace(good_brenier, name=name, run=change)


def _cholesky_map(S1: Array, S2: Array) -> Array:
    """L_2 L_1⁻¹ also pushes forward, but it is no gradient."""
    L2 = np.linalg.cholesky(S2 + 1e-14 * (np.trace(S2) + 1e-30) * np.eye(len(S2)))
    return np.asarray(L2 @ np.linalg.inv(np.linalg.cholesky(S1)))


def _flipped(S1: Array, S2: Array) -> Array:
    half = root(S1)
    inverse = np.linalg.inv(half)
    values, Q = np.linalg.eigh(half @ S2 @ half)
    values = np.sqrt(np.maximum(values, 0.0))
    values[-1] *= -1
    return np.asarray(inverse @ (Q * values) @ Q.T @ inverse)


MAPS = (
    _brenier("cholesky-map", _cholesky_map),
    _brenier("one-sided-roots", lambda S1, S2: np.linalg.inv(S1) @ root(root(S1) @ S2 @ root(S1))),
    _brenier("negated", lambda S1, S2: -brenier(S1, S2)),
    _brenier("one-eigenvalue-negated", _flipped),
    _brenier("inverse-map", lambda S1, S2: np.linalg.pinv(brenier(S1, S2))),
    _brenier("squared-map", lambda S1, S2: 2 * brenier(S1, S2) @ brenier(S1, S2)),
)

MUTANTS = (
    *GAUSSIANS,
    *MAPS,
    *careless(good_bures, harmless=("ignores-order",)),
    *careless(good_brenier, harmless=("ignores-order",)),
)
