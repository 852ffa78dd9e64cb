"""POT's exact solvers of points: lazy ones, those of samples, of mixtures of Gaussians, and domain adaptation.

Solvers that take points instead of costs are given points at which their cost is C up to tolls, which the adapter takes
off again (`_points`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject

from ._pot_exact import LAYOUT, LAZY, NEGATIVE, PLAIN, POINTS_KNOWN, SMALL, plans, values
from .lax import lax

Array = NDArray[Any]


def _points(cost: Array, metric: str) -> tuple[Array, Array, Array, Array]:
    """Points x, y and tolls f, g with d(x_i, y_j) = C_ij + f_i + g_j, d the squared Euclidean or the taxicab distance.

    squared   |s e_i − y_j|² = s² + |y_j|² + C_ij for y_j = −C_·j/(2s)
    taxicab   |L e_i − y_j|₁ = L + Σ_k y_jk − 2 y_ji for 0 ≤ y_j ≤ L: with y_ji = (L − C_ij)/2
    """
    m, n = cost.shape
    if not cost.any():
        return np.zeros((m, m)), np.zeros((n, m)), np.zeros(m), np.zeros(n)
    size = float(2.0 ** np.ceil(np.log2(np.abs(cost).max())))
    if metric == "sqeuclidean":
        s = float(2.0 ** np.floor(np.log2(size) / 2.0))
        y = -cost.T / (2.0 * s)
        return s * np.eye(m), y, np.full(m, s * s), np.square(y).sum(axis=1)
    y = (size - cost.T) / 2.0
    return size * np.eye(m), y, np.zeros(m), y.sum(axis=1)


def _on_points(solve: Callable[..., Any], metric: str) -> Callable[..., Any]:
    """A solver of points that gives (plan, f, g, value), made a solver of costs."""

    def run(a: Array, b: Array, cost: Array) -> Any:
        x, y, f, g = _points(cost, metric)
        plan, u, v, value = solve(x, y, a, b, metric)
        return plan, u - f, v - g, value - f @ a - g @ b

    return run


def _lazy(x: Array, y: Array, a: Array, b: Array, metric: str) -> Any:
    import ot

    value, log = ot.emd2_lazy(x, y, a, b, metric=metric, log=True)
    return log["G"].toarray(), log["u"], log["v"], value


def _lazy_warm(x: Array, y: Array, a: Array, b: Array, metric: str) -> Any:
    import ot

    start = np.ones(len(a)), -np.ones(len(b))
    value, log = ot.emd2_lazy(x, y, a, b, metric=metric, log=True, potentials_init=start)
    return log["G"].toarray(), log["u"], log["v"], value


def _sample(x: Array, y: Array, a: Array, b: Array, metric: str) -> Any:
    import ot

    found = ot.solve_sample(x, y, a, b, metric=metric)
    return found.plan, *found.potentials, found.value


def _sample_lazy(x: Array, y: Array, a: Array, b: Array, metric: str) -> Any:
    import ot

    found = ot.solve_sample(x, y, a, b, metric=metric, lazy=True)
    return found.sparse_plan.toarray(), *found.potentials, found.value


def _gmm(a: Array, b: Array, cost: Array) -> Any:
    """Mixtures of Gaussians with one covariance: the cost is the squared distance of the means."""
    import ot

    x, y, *_ = _points(cost, "sqeuclidean")
    d = np.eye(x.shape[1]) * (np.abs(x).max() * 2.0**-6) ** 2
    return ot.gmm.gmm_ot_plan(x, y, np.stack([d] * len(x)), np.stack([d] * len(y)), a, b)


def _da(a: Array, b: Array, cost: Array) -> Any:
    import ot

    x, y, *_ = _points(cost, "sqeuclidean")
    return ot.da.EMDTransport().fit(Xs=x, Xt=y).coupling_


def _gmm_value(a: Array, b: Array, cost: Array) -> Any:
    import ot

    x, y, f, g = _points(cost, "sqeuclidean")
    d = np.eye(x.shape[1]) * (np.abs(x).max() * 2.0**-6) ** 2
    return ot.gmm.gmm_ot_loss(x, y, np.stack([d] * len(x)), np.stack([d] * len(y)), a, b) - f @ a - g @ b


def _uniform(a: Array, b: Array, cost: Array) -> bool:
    """All sources weigh 1/m, all targets 1/n."""
    return bool(np.allclose(a, 1.0 / len(a), rtol=1e-12) and np.allclose(b, 1.0 / len(b), rtol=1e-12))


def _of_points(name: str, solve: Callable[..., Any], metric: str, **declared: Any) -> Subject:
    return plans(name, _on_points(solve, metric), known=POINTS_KNOWN, accuracy=APART, **declared)


# At the points of _points costs are up to 2 (1 + m) times as large as C, and T5 with them: 16 u (m + n) 2 (1 + m) is 4e-12
# at m = n = 23; most cases are smaller.
APART = 4e-12
UNIFORM = {"mass": "one", "vertex": "yes"}

SUBJECTS = lax(
    (
        _of_points("POT.emd2_lazy[sqeuclidean]", _lazy, "sqeuclidean", **LAZY),
        _of_points("POT.emd2_lazy[cityblock]", _lazy, "cityblock", **LAZY),
        _of_points("POT.emd2_lazy[warm start]", _lazy_warm, "sqeuclidean", **LAZY),
        _of_points("POT.solve_sample", _sample, "sqeuclidean"),
        _of_points("POT.solve_sample[cityblock]", _sample, "cityblock"),
        _of_points("POT.solve_sample[lazy]", _sample_lazy, "sqeuclidean", **LAZY),
        plans(
            "POT.gmm_ot_plan",
            _gmm,
            ("plan",),
            requires="POT>=0.9.5",
            conventions=PLAIN,
            known=POINTS_KNOWN,
            accuracy=APART,
        ),
        plans(
            "POT.da.EMDTransport",
            _da,
            ("plan",),
            accepts=_uniform,
            conventions=UNIFORM,
            known=(SMALL,),
            accuracy=APART,
            effort=0.4,
        ),
        values("POT.gmm_ot_loss", _gmm_value, requires="POT>=0.9.5", known=(LAYOUT, SMALL, NEGATIVE), accuracy=APART),
    )
)
