"""SciPy's linear programs and assignments as transport, and the transforms that array libraries spell in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..transport.c_transform import c_transform
from ..transport.kantorovich import kantorovich, transport_cost
from ..transport.rubinstein import rubinstein
from .lax import lax

Array = NDArray[Any]

SCIPY = "scipy>=1.9"
VERTEX = {"mass": "any", "vertex": "yes", "duals_on_zero_atoms": "yes"}


def _incidence(m: int, n: int) -> Array:
    return np.vstack([np.kron(np.eye(m), np.ones(n)), np.kron(np.ones(m), np.eye(n))])


def _linprog(method: str) -> Callable[..., Any]:
    def run(a: Array, b: Array, cost: Array) -> Any:
        from scipy.optimize import linprog

        m, n = cost.shape
        _feasible(a, b)
        found = linprog(cost.ravel(), A_eq=_incidence(m, n), b_eq=np.r_[a, b], method=method)
        if found.x is None:
            raise RuntimeError(found.message)
        prices = found.eqlin.marginals
        return found.x.reshape(m, n), prices[:m], prices[m:], found.fun

    return run


def _feasible(a: Array, b: Array) -> None:
    """linprog takes any right-hand side for granted that is feasible to within its tolerance."""
    if not np.isclose(a.sum(), b.sum(), rtol=1e-9):
        raise ValueError("a and b must have the same total")


def _milp(a: Array, b: Array, cost: Array) -> Any:
    from scipy.optimize import LinearConstraint, milp

    _feasible(a, b)
    sums = np.r_[a, b]
    found = milp(cost.ravel(), constraints=LinearConstraint(_incidence(*cost.shape), sums, sums))
    if found.x is None:
        raise RuntimeError(found.message)
    return found.x.reshape(cost.shape), found.fun


def _assignment(a: Array, b: Array, cost: Array) -> Any:
    from scipy.optimize import linear_sum_assignment

    plan = np.zeros_like(cost)
    plan[linear_sum_assignment(cost)] = a[0]
    return plan


def _matching(a: Array, b: Array, cost: Array) -> Any:
    """Costs are raised above 0: a sparse 0 would be no edge."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    raised = cost + 2.0 * (np.abs(cost).max() or 1.0)
    plan = np.zeros_like(cost)
    plan[min_weight_full_bipartite_matching(csr_array(raised))] = a[0]
    return plan


def _assignment_value(a: Array, b: Array, cost: Array) -> Any:
    from scipy.optimize import linear_sum_assignment

    return cost[linear_sum_assignment(cost)].sum() * a[0]


def _equal(a: Array, b: Array, cost: Array) -> bool:
    """As many sources as targets, all of one mass."""
    return len(a) == len(b) and bool((a == a[0]).all() and (b == a[0]).all())


def _dual(method: str) -> Callable[..., Any]:
    """max <f, μ − ν> over f_i − f_j ≤ D_ij, one potential held at 0."""

    def run(mu: Array, nu: Array, metric: Array) -> Any:
        from scipy.optimize import linprog

        n = len(mu)
        if metric.shape != (n, n) or len(nu) != n:
            raise ValueError("metric must be n by n")
        if min(mu.min(), nu.min()) < 0 or not np.isclose(mu.sum(), nu.sum()):
            raise ValueError("mu and nu must be masses of equal total")
        i, j = np.nonzero(~np.eye(n, dtype=bool))
        slopes = np.zeros((len(i), n))
        slopes[np.arange(len(i)), i], slopes[np.arange(len(i)), j] = 1.0, -1.0
        bounds = [(0.0, 0.0)] + [(None, None)] * (n - 1)
        found = linprog(nu - mu, A_ub=slopes, b_ub=metric[i, j], bounds=bounds, method=method)
        if found.x is None:
            raise RuntimeError(found.message)
        return -found.fun, found.x

    return run


@subject(
    "NumPy.min", contract=c_transform, requires="numpy", conventions={"infinite_phi": "yes", "infinite_cost": "yes"}
)
def numpy_min(phi: Array, cost: Array) -> Array:
    return np.asarray((cost - phi[:, None]).min(axis=0))


@subject(
    "torch.amin", contract=c_transform, requires="torch", conventions={"infinite_phi": "yes", "infinite_cost": "yes"}
)
def torch_amin(phi: Array, cost: Array) -> Any:
    import torch

    phi, cost = np.ascontiguousarray(phi), np.ascontiguousarray(cost)
    return (torch.from_numpy(cost) - torch.from_numpy(phi)[:, None]).amin(dim=0).numpy()


def _told_apart(a: Array, b: Array, cost: Array) -> bool:
    """HiGHS documents absolute tolerances of 1e-7: costs of that size are all the same to it."""
    return not np.isfinite(cost).all() or not 0.0 < np.abs(cost).max() < 1e-3


def _plans(name: str, run: Callable[..., Any], outputs: tuple[str, ...], **declared: Any) -> Subject:
    declared = {"conventions": VERTEX} | declared
    return subject(name, contract=kantorovich, outputs=outputs, requires=SCIPY, **declared)(run)


ALL = ("plan", "f", "g", "value")
EQUAL: dict[str, Any] = {"accepts": _equal, "conventions": {"mass": "any", "vertex": "yes"}}

SUBJECTS = lax(
    (
        *(
            _plans(f"SciPy.linprog[{method}]", _linprog(method), ALL, accepts=_told_apart)
            for method in ("highs-ds", "highs-ipm", "highs")
        ),
        _plans("SciPy.milp", _milp, ("plan", "value"), accepts=_told_apart),
        _plans("SciPy.linear_sum_assignment", _assignment, ("plan",), **EQUAL),
        _plans("SciPy.csgraph.min_weight_full_bipartite_matching", _matching, ("plan",), **EQUAL),
        subject(
            "SciPy.linear_sum_assignment",
            contract=transport_cost,
            requires=SCIPY,
            conventions={"mass": "any"},
            accepts=_equal,
        )(_assignment_value),
        *(
            subject(
                f"SciPy.linprog[{method}]",
                contract=rubinstein,
                outputs=("value", "f"),
                requires=SCIPY,
                conventions={"not_a_metric": "closure"},
            )(_dual(method))
            for method in ("highs-ds", "highs-ipm", "highs")
        ),
        numpy_min,
        torch_amin,
    )
)
