"""Optimal transport of finite measures: Kantorovich's linear program, and what makes a plan a plan.

    primal   min <P, C>         over P ≥ 0 with P1 = a and Pᵀ1 = b
    dual     max <f, a> + <g, b>   over f_i + g_j ≤ C_ij

For any plan and any feasible prices <P, C> − <f, a> − <g, b> = Σ P_ij (C_ij − f_i − g_j) ≥ 0. So a plan with the
right marginals and feasible prices whose values agree prove each other optimal: these laws determine the value, and no
oracle is needed. Neither plans nor prices are unique (ties, degenerate vertices, the gauge f + t, g − t), so plans are
compared by what they cost and prices by what they pay.

The equations of a plan, row by row, are (I_m ⊗ 1ᵀ) vec(P) = a and (1ᵀ ⊗ I_n) vec(P) = b; with m = 1 or n = 1 they have
one solution. Prices are in `kantorovich_prices`, what an optimal plan looks like is in `kantorovich_plans`, and what
concerns the value alone in `kantorovich_values`, `kantorovich_changes` and `kantorovich_convexity`.

Symbols: a[m], b[n] masses of equal total M; cost C[m, n]; plan P[m, n]; prices (potentials) f[m], g[n].
Source: Peyré and Cuturi 2019, §2.3 to §2.5 and (3.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Certificate, Contract, Gap, Judged, Law, at_most, gap, law
from prufrock.tolerance import linear_program, summation

from ..hygiene import batch_independence, cross_cutting, refusals
from ..oracles.lp import incidence, transport

if TYPE_CHECKING:
    from ..cases.transport import Problem

Array = NDArray[np.float64]

kantorovich = Contract(
    id="transport.kantorovich",
    says="the cheapest plan that moves the masses a to the masses b",
    arguments={"a": "m", "b": "n", "cost": "m n"},
    outputs={"plan": "m n", "f": "m", "g": "n", "value": ""},
    domain="masses ≥ 0 of equal total (1, unless the subject says any), empty atoms among them; any finite cost",
    cases="..cases.transport:problems",
    real="..cases.digits:problems",
    conventions={
        "mass": ("one", "any"),
        "vertex": ("yes", "no"),
        "duals_on_zero_atoms": ("yes", "no"),
        "batch": ("leading",),
    },
    source="Peyré and Cuturi 2019, (2.11) and (2.20)",
    home=__package__,
)

transport_cost = Contract(
    id="transport.transport-cost",
    says="what the cheapest plan costs that moves the masses a to the masses b",
    arguments=kantorovich.arguments,
    outputs={"value": ""},
    domain=kantorovich.domain,
    cases=kantorovich.cases,
    real=kantorovich.real,
    conventions={"mass": ("one", "any"), "batch": ("leading",)},
    source=kantorovich.source,
    home=__package__,
)


def price(solve: Judged, a: Array, b: Array, cost: Array) -> float:
    """What the subject's answer costs: <P, C> of its plan, or the value that it returns."""
    answer = solve(a, b, cost)
    return float(answer) if np.ndim(answer) == 0 else float(np.vdot(answer, cost))


def lp_rounding(problem: Problem, u: float, largest: float = 0.0) -> float:
    """T5 for the value of the problem, its cost or its prices being as large as `largest`."""
    m, n = problem.cost.shape
    return linear_program(m, n, max(float(np.abs(problem.cost).max()), largest), u, float(problem.a.sum()))


def slack(solve: Judged, problem: Problem, largest: float = 0.0) -> float:
    """T5, and what the subject declares beyond rounding, relative to the largest cost."""
    declared = solve.accuracy * float(np.abs(problem.cost).max()) * float(problem.a.sum())
    return lp_rounding(problem, solve.u, largest) + declared


def stake(problem: Problem, value: float) -> float:
    """The size of a value: its own, or what the independent coupling a bᵀ/M would pay beyond it."""
    independent = float(problem.a @ problem.cost @ problem.b) / float(problem.a.sum())
    return max(abs(value), abs(independent - value))


def settled(found: Gap, solve: Judged, problem: Problem) -> Gap:
    """A broken gap about an optimum, with the evidence: a plan and prices that are feasible and meet."""
    if not found.broken:
        return found
    best = transport(problem.a, problem.b, problem.cost)
    got = "out" if solve.subject.contract is transport_cost else "(out * cost).sum()"
    evidence = Certificate(
        "this plan and these prices are feasible and meet, so the value is theirs",
        {"best": best.plan, "f": best.f, "g": best.g},
        (
            "print('marginals off by', abs(best.sum(1) - a).max(), abs(best.sum(0) - b).max(), 'least', best.min())",
            "print('least slack of the prices', (cost - f[:, None] - g).min())",
            f"print('the plan costs', (best * cost).sum(), 'the prices pay', f @ a + g @ b, 'got', {got})",
        ),
    )
    return found._replace(certificate=evidence)


@law(
    kantorovich,
    says="a plan takes a from the sources and brings b to the targets",
    source="Peyré and Cuturi 2019, (2.10)",
    kind="identity",
    rule="T1",
    code="EMD-01",
    complete=True,
    kills=("each-row-to-its-cheapest", "uniform-masses", "fixed-point-masses"),
)
def marginals(solve: Judged, problem: Problem) -> Gap:
    """P1 = a, Pᵀ1 = b."""
    plan, mass = solve(problem.a, problem.b, problem.cost), float(problem.a.sum())
    got, want = np.r_[plan.sum(axis=1), plan.sum(axis=0)], np.r_[problem.a, problem.b]
    return gap(got, want, allow=summation(want.size, mass, solve.u) + solve.accuracy * mass, effect=mass)


@law(
    kantorovich,
    says="a plan moves no negative mass",
    source="Peyré and Cuturi 2019, (2.10)",
    kind="inequality",
    rule="T1",
    code="EMD-01",
    complete=True,
    kills=("minimum-norm", "overshoots"),
)
def nonnegativity(solve: Judged, problem: Problem) -> Gap:
    """P ≥ 0."""
    plan, mass = solve(problem.a, problem.b, problem.cost), float(problem.a.sum())
    allow = summation(sum(plan.shape), mass, solve.u) + solve.accuracy * mass
    return at_most(-plan, 0.0, allow=allow, effect=mass)


@law(
    kantorovich,
    says="the value reported is what the plan reported costs",
    source="derived (the definition)",
    kind="identity",
    rule="T5",
    code="EMD-03",
    needs=("value",),
    kills=("value-of-another-plan", "rooted-value", "mean-for-sum"),
)
def reported_value(solve: Judged, problem: Problem) -> Gap:
    """value = <P, C>."""
    out = solve.full(problem.a, problem.b, problem.cost)
    spent = float(np.vdot(out.plan, problem.cost))
    return gap(out.value, spent, allow=slack(solve, problem), effect=stake(problem, spent))


@law(
    kantorovich,
    says="with one source or one target there is one plan",
    source="derived",
    kind="limit",
    rule="T1",
    code="EMD-11",
    cases="..cases.transport:thin",
    kills=("uniform-if-one-column", "each-row-to-its-cheapest"),
)
def only_plan(solve: Judged, problem: Problem) -> Gap:
    """m = 1 or n = 1  ⇒  P = a bᵀ/M."""
    plan, mass = solve(problem.a, problem.b, problem.cost), float(problem.a.sum())
    want = np.outer(problem.a, problem.b) / mass
    return gap(plan, want, allow=summation(sum(plan.shape), mass, solve.u) + solve.accuracy * mass, effect=mass)


@law(
    kantorovich,
    says="flattened row by row, a plan meets the incidence matrices I ⊗ 1ᵀ and 1ᵀ ⊗ I",
    source="Peyré and Cuturi 2019, (3.1); derived for the order of the entries",
    kind="identity",
    rule="T1",
    code="EMD-12",
    kills=("flattened-by-columns", "uniform-masses"),
)
def incidence_matrices(solve: Judged, problem: Problem) -> Gap:
    """(I_m ⊗ 1ᵀ) vec(P) = a, (1ᵀ ⊗ I_n) vec(P) = b."""
    plan, mass = solve(problem.a, problem.b, problem.cost), float(problem.a.sum())
    want = np.r_[problem.a, problem.b]
    allow = summation(want.size, mass, solve.u) + solve.accuracy * mass
    return gap(incidence(*plan.shape) @ plan.reshape(-1), want, allow=allow, effect=mass)


def _spent(problem: Problem, plan: Array) -> float:
    return float(np.vdot(plan, problem.cost))


def _dearer(problem: Problem) -> Problem:
    return replace(problem, cost=2.0 * problem.cost + 1.0)


def _two_by_three(problem: Problem) -> tuple[Array, Array, Array]:
    return np.full(2, 0.5), np.array([0.25, 0.25, 0.5]), np.resize(problem.cost, (2, 3))


def _with(problem: Problem, at: int, entry: float) -> tuple[Array, Array, Array]:
    """A sound problem with one argument's first entry replaced."""
    arguments = _two_by_three(problem)
    arguments[at].flat[0] = entry
    return arguments


BAD = {
    "nan-cost": lambda problem: _with(problem, 2, np.nan),
    "nan-mass": lambda problem: _with(problem, 0, np.nan),
    "negative-mass": lambda problem: (np.array([1.5, -0.5]), *_two_by_three(problem)[1:]),
    "unequal-masses": lambda problem: (_two_by_three(problem)[0] * 2.0, *_two_by_three(problem)[1:]),
    "shapes-that-disagree": lambda problem: (*_two_by_three(problem)[:2], _two_by_three(problem)[2].T.copy()),
}

Twice = tuple[Law, Law]
HEAVY = {"mass": ("any",)}


def on_both(**declared: Any) -> Callable[[Callable[[Any, Any], Gap]], Twice]:
    """One law of the value, stated for plans and for bare values."""
    return lambda run: (law(kantorovich, **declared)(run), law(transport_cost, **declared)(run))


CONTRACTS = (kantorovich, transport_cost)
LAWS = (
    marginals,
    nonnegativity,
    reported_value,
    only_plan,
    incidence_matrices,
    *cross_cutting(kantorovich, reading=_spent, allow=lp_rounding),
    *cross_cutting(transport_cost, allow=lp_rounding),
    *batch_independence(kantorovich, reading=_spent, allow=lp_rounding),
    *batch_independence(transport_cost, reading=lambda problem, value: value, allow=lp_rounding, other=_dearer),
    *refusals(kantorovich, BAD),
    *refusals(transport_cost, BAD),
)
