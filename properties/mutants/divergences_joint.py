"""Wrong divergences between joint normals and between Dirichlet distributions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import subject

from .._scipy import special
from ..variational.divergences_joint import dirichlet_kl, normal_kl
from .careless import careless

Array = NDArray[Any]


def _normal(m1: Array, S1: Array, m2: Array, S2: Array, d: float = 1.0) -> Any:
    if not np.isfinite(m1).all() or np.linalg.eigvalsh(S2)[0] <= 0 or np.linalg.eigvalsh(S1)[0] <= 0:
        raise ValueError("m1: not finite, or a covariance not positive definite")
    off = m2 - m1
    spread = np.trace(np.linalg.solve(S2, S1)) + off @ np.linalg.solve(S2, off)
    logs = np.linalg.slogdet(S2)[1] - np.linalg.slogdet(S1)[1]
    return np.asarray((spread - d * len(off) + logs) / 2, m1.dtype)


def _euclidean(m1: Array, S1: Array, m2: Array, S2: Array) -> Any:
    return np.asarray(_normal(0 * m1, S1, 0 * m2, S2) + ((m2 - m1) ** 2).sum() / 2, m1.dtype)


NORMALS: dict[str, Callable[..., Any]] = {
    "reversed": lambda m1, S1, m2, S2: _normal(m2, S2, m1, S1),
    "half-forgotten": lambda m1, S1, m2, S2: 2 * _normal(m1, S1, m2, S2),
    "diagonal-only": lambda m1, S1, m2, S2: _normal(m1, np.diag(np.diag(S1)), m2, np.diag(np.diag(S2))),
    "dimension-forgotten": lambda m1, S1, m2, S2: _normal(m1, S1, m2, S2, d=0.0),
    "mean-over-dimensions": lambda m1, S1, m2, S2: _normal(m1, S1, m2, S2) / len(m1),
    "euclidean-means": _euclidean,
    "first-mean-only": lambda m1, S1, m2, S2: _normal(m1, S1, np.append(m2[:1], m1[1:]), S2),
    "negated": lambda m1, S1, m2, S2: -_normal(m1, S1, m2, S2),
}


def _dirichlet(a: Array, b: Array, sums: float = 1.0) -> Any:
    if not ((a > 0).all() and (b > 0).all()):
        raise ValueError("alpha, beta: expected positive parameters")
    gammas = (
        sums * (special.gammaln(a.sum()) - special.gammaln(b.sum())) - (special.gammaln(a) - special.gammaln(b)).sum()
    )
    return np.asarray(gammas + (a - b) @ (special.psi(a) - special.psi(a.sum())), a.dtype)


def _apart(a: Array, b: Array) -> Any:
    """The first category by itself."""
    return np.asarray(_dirichlet(a, b) + abs(a[0] - b[0]) / 8, a.dtype)


DIRICHLETS: dict[str, Callable[..., Any]] = {
    "reversed": lambda a, b: _dirichlet(b, a),
    "half-forgotten": lambda a, b: 2 * _dirichlet(a, b),
    "sums-forgotten": lambda a, b: _dirichlet(a, b, sums=0.0),
    "negated": lambda a, b: -_dirichlet(a, b),
    "mean-over-categories": lambda a, b: _dirichlet(a, b) / len(a),
    "less-one": lambda a, b: _dirichlet(a, b) - 1,
    "first-category-apart": _apart,
}

MUTANTS = (
    *(subject(name, contract=normal_kl)(run) for name, run in NORMALS.items()),
    *(subject(name, contract=dirichlet_kl)(run) for name, run in DIRICHLETS.items()),
    *careless(subject("good", contract=normal_kl)(_normal), ("ignores-order",)),
    *careless(subject("good", contract=dirichlet_kl)(_dirichlet), ("ignores-order",)),
)
