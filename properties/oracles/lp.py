"""Optimal transport as a linear program: HiGHS, certified by its own duals, and cvxpy as a second witness.

HiGHS calls an answer optimal within absolute tolerances. Here the cost is brought to a fixed size first, the
potentials are made feasible by c-transforms, and what is left between primal and dual is reported as `width`:
the true value lies within it.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Optimum(NamedTuple):
    """An optimal plan[m, n], optimal potentials f[m] and g[n], the value, and how far it may be off."""

    plan: Array
    f: Array
    g: Array
    value: float
    width: float


def transport(a: Array, b: Array, cost: Array) -> Optimum:
    """The optimum of min <P, C> over plans with marginals a and b; b is brought to the total of a."""
    arrays = [np.ascontiguousarray(x, np.float64) for x in (a, b, cost)]
    found = _transport(len(arrays[0]), *(x.tobytes() for x in arrays))
    return found._replace(plan=found.plan.copy(), f=found.f.copy(), g=found.g.copy())


@lru_cache(maxsize=4096)
def _transport(m: int, *raw: bytes) -> Optimum:
    a, b, cost = (np.frombuffer(x) for x in raw)
    cost, b = cost.reshape(m, len(b)), b * (a.sum() / b.sum())
    # Costs are drawn in steps of no less than 2⁻²⁰ of the largest: at 2²⁰ a step is far above any tolerance.
    grow = 2.0 ** (20 - np.ceil(np.log2(np.abs(cost).max() or 1.0)))
    answers = (_optimum(a, b, cost, grow, method) for method in ("highs-ds", "highs-ipm", "highs"))
    return next(found for found in answers if found is not None)


def _optimum(a: Array, b: Array, cost: Array, grow: float, method: str) -> Optimum | None:
    from scipy.optimize import linprog

    m, n = cost.shape
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-7}
    found = linprog(cost.ravel() * grow, A_eq=incidence(m, n), b_eq=np.r_[a, b], method=method, options=tight)
    if found.status != 0:
        return None
    g = (cost - (found.eqlin.marginals[:m] / grow)[:, None]).min(axis=0)
    f = (cost - g).min(axis=1)
    plan = np.maximum(found.x, 0.0).reshape(m, n)
    value = float(np.vdot(plan, cost))
    return Optimum(plan, f, g, value, abs(value - float(f @ a + g @ b)))


@lru_cache(maxsize=64)
def incidence(m: int, n: int) -> Array:
    """The rows of P_X = I_m ⊗ 1ᵀ and P_Y = 1ᵀ ⊗ I_n, for plans flattened row by row: rank m + n − 1."""
    return np.vstack([np.kron(np.eye(m), np.ones(n)), np.kron(np.ones(m), np.eye(n))])


def conic_value(a: Array, b: Array, cost: Array) -> float | None:
    """The value by cvxpy and CLARABEL, or None unless its status is 'optimal'."""
    return _conic_value(*(np.ascontiguousarray(x, np.float64).tobytes() for x in (a, b, cost)))


@lru_cache(maxsize=1024)
def _conic_value(*raw: bytes) -> float | None:
    from cvxpy.error import SolverError

    a, b, cost = (np.frombuffer(x) for x in raw)
    problem, given = _program(len(a), len(b))
    given[0].value, given[1].value, given[2].value = a, b, cost.reshape(len(a), len(b))
    try:
        problem.solve(solver="CLARABEL")
    except SolverError:
        return None
    return float(problem.value) if problem.status == "optimal" else None


@lru_cache(maxsize=8)
def _program(m: int, n: int) -> tuple[Any, tuple[Any, Any, Any]]:
    import cvxpy as cp

    plan = cp.Variable((m, n), nonneg=True)
    a, b, cost = cp.Parameter(m), cp.Parameter(n), cp.Parameter((m, n))
    marginals = [cp.sum(plan, axis=1) == a, cp.sum(plan, axis=0) == b]
    return cp.Problem(cp.Minimize(cp.sum(cp.multiply(cost, plan))), marginals), (a, b, cost)


def shortest_paths(tolls: Array) -> Array:
    """Lengths of shortest paths (Floyd and Warshall)."""
    short = np.array(tolls, np.float64)
    np.fill_diagonal(short, 0.0)
    for k in range(len(short)):
        short = np.minimum(short, short[:, k : k + 1] + short[k : k + 1, :])
    return short


def best_matching(cost: Array) -> float:
    """min over permutations σ of Σ_i C[i, σ(i)], by looking at all of them."""
    return _best_matching(len(cost), np.ascontiguousarray(cost, np.float64).tobytes())


@lru_cache(maxsize=1024)
def _best_matching(n: int, raw: bytes) -> float:
    cost = np.frombuffer(raw).reshape(n, n)
    return float(cost[np.arange(n), _permutations(n)].sum(axis=1).min())


@lru_cache(maxsize=8)
def _permutations(n: int) -> NDArray[np.int64]:
    return np.array(list(permutations(range(n))))
