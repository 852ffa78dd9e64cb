"""Optimal transport of finite measures: Kantorovich's linear program and its dual.

    primal   min <P, C>         over P ≥ 0 with P1 = a and Pᵀ1 = b
    dual     max <f, a> + <g, b>   over f_i + g_j ≤ C_ij

For any plan and any feasible prices <P, C> − <f, a> − <g, b> = Σ P_ij (C_ij − f_i − g_j) ≥ 0. So a plan with the
right marginals and feasible prices whose values agree prove each other optimal: these laws determine the value, and no
oracle is needed. Neither plans nor prices are unique (ties, degenerate vertices, the gauge f + t, g − t), so plans are
compared by what they cost and prices by what they pay. What concerns the value alone is in `kantorovich_values`.

Symbols: a[m], b[n] masses of equal total M; cost C[m, n]; plan P[m, n]; prices (potentials) f[m], g[n].
Source: Peyré and Cuturi 2019, §2.3 to §2.5; Villani 2009, Thm 5.10.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Certificate, Contract, Gap, Judged, at_most, gap, holds_if, law
from prufrock.tolerance import both, linear_program, summation

from ..hygiene import cross_cutting, refusals
from ..oracles.lp import incidence, transport

if TYPE_CHECKING:
    from ..cases.transport import Problem, Regauged, Repriced, Reweighed

Array = NDArray[np.float64]

kantorovich = Contract(
    id="transport.kantorovich",
    says="the cheapest plan that moves the masses a to the masses b",
    arguments={"a": "m", "b": "n", "cost": "m n"},
    outputs={"plan": "m n", "f": "m", "g": "n", "value": ""},
    domain="masses ≥ 0 of equal total (1, unless the subject says any), empty atoms among them; any finite cost",
    cases="..cases.transport:problems",
    real="..cases.digits:problems",
    conventions={"mass": ("one", "any"), "vertex": ("yes", "no"), "duals_on_zero_atoms": ("yes", "no")},
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
    conventions={"mass": ("one", "any")},
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


def _prices(out: Any, problem: Problem) -> tuple[Array, Array, float]:
    """The prices, 0 on empty atoms, and the size of what was added up in them.

    A solver that starts from artificial ways prices them above all others, at 1 + max|C| or more (a big M), and the
    prices of the true ways are differences of sums over such ways: they round as numbers of that size.
    """
    f, g = np.where(problem.a > 0, out.f, 0.0), np.where(problem.b > 0, out.g, 0.0)
    return f, g, float(max(np.abs(f).max(), np.abs(g).max(), 1.0 + np.abs(problem.cost).max()))


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
    says="prices never exceed the cost, between atoms that hold mass",
    source="Peyré and Cuturi 2019, (2.21)",
    kind="inequality",
    rule="T5",
    code="EMD-02",
    needs=("f", "g"),
    complete=True,
    kills=("negated-prices", "doubled-prices", "raised-prices"),
)
def dual_feasibility(solve: Judged, problem: Problem) -> Gap:
    """f_i + g_j ≤ C_ij where a_i, b_j > 0."""
    f, g, size = _prices(solve.full(problem.a, problem.b, problem.cost), problem)
    busy = np.ix_(problem.a > 0, problem.b > 0)
    allow = slack(solve, problem, size) / float(problem.a.sum())
    return at_most((f[:, None] + g)[busy], problem.cost[busy], allow=allow, effect=np.abs(problem.cost).max())


@law(
    kantorovich,
    says="prices never exceed the cost, empty atoms included",
    source="Peyré and Cuturi 2019, (2.21)",
    kind="inequality",
    rule="T5",
    level="convention",
    code="EMD-02",
    needs=("f", "g"),
    when={"duals_on_zero_atoms": ("yes",)},
    kills=("no-price-on-empty-atoms", "raised-prices"),
)
def dual_feasibility_on_empty_atoms(solve: Judged, problem: Problem) -> Gap:
    """f_i + g_j ≤ C_ij for all i and j."""
    out = solve.full(problem.a, problem.b, problem.cost)
    size = float(max(np.abs(out.f).max(), np.abs(out.g).max(), 1.0 + np.abs(problem.cost).max()))
    allow = slack(solve, problem, size) / float(problem.a.sum())
    return at_most(out.f[:, None] + out.g, problem.cost, allow=allow, effect=np.abs(problem.cost).max())


@law(
    kantorovich,
    says="what the plan costs is what the prices pay: each proves the other optimal",
    source="Peyré and Cuturi 2019, Prop. 2.4",
    kind="identity",
    rule="T5",
    code="EMD-03",
    needs=("f", "g"),
    complete=True,
    kills=("northwest", "negated-prices", "prices-over-largest-cost", "transposed-if-square"),
)
def strong_duality(solve: Judged, problem: Problem) -> Gap:
    """<P, C> = <f, a> + <g, b>."""
    out = solve.full(problem.a, problem.b, problem.cost)
    f, g, size = _prices(out, problem)
    spent, paid = float(np.vdot(out.plan, problem.cost)), float(f @ problem.a + g @ problem.b)
    found = gap(spent, paid, allow=slack(solve, problem, size), effect=stake(problem, spent))
    return settled(found, solve, problem)


@law(
    kantorovich,
    says="mass moves only where the price is the cost",
    source="Peyré and Cuturi 2019, (2.22)",
    kind="identity",
    rule="T5",
    code="EMD-04",
    needs=("f", "g"),
    kills=("northwest", "doubled-prices", "independent"),
)
def complementary_slackness(solve: Judged, problem: Problem) -> Gap:
    """P_ij (C_ij − f_i − g_j) = 0 where a_i, b_j > 0."""
    out = solve.full(problem.a, problem.b, problem.cost)
    f, g, size = _prices(out, problem)
    idle = (out.plan * (problem.cost - f[:, None] - g))[np.ix_(problem.a > 0, problem.b > 0)]
    effect = stake(problem, float(np.vdot(out.plan, problem.cost)))
    return gap(idle, 0.0, allow=slack(solve, problem, size), effect=effect)


@law(
    kantorovich,
    says="the prices pay what HiGHS finds the masses to be worth",
    source="Peyré and Cuturi 2019, (2.20)",
    kind="oracle",
    rule="T5",
    code="EMD-05",
    needs=("f", "g"),
    kills=("doubled-prices", "prices-over-largest-cost"),
)
def dual_value(solve: Judged, problem: Problem) -> Gap:
    """<f, a> + <g, b> = max over feasible prices."""
    f, g, size = _prices(solve.full(problem.a, problem.b, problem.cost), problem)
    best = transport(problem.a, problem.b, problem.cost)
    allow = slack(solve, problem, size) + best.width
    return gap(f @ problem.a + g @ problem.b, best.value, allow=allow, effect=stake(problem, best.value))


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
    says="at another cost, yesterday's plan is no cheaper than the new one",
    source="derived (P is a supergradient of the value in C)",
    kind="inequality",
    rule="T10",
    code="EMD-07",
    cases="..cases.transport:repriced",
    kills=("dearest", "gives-up-now-and-then"),
)
def supergradient_in_cost(solve: Judged, problem: Repriced) -> Gap:
    """<C', P(C')> ≤ <C', P(C)>."""
    a, b, other = problem.a, problem.b, problem.other
    new, old = price(solve, a, b, other), float(np.vdot(solve(a, b, problem.cost), other))
    allow = both(*(slack(solve, replace(problem, cost=other)),) * 2)
    return at_most(new, old, allow=allow, effect=max(abs(old), float(np.abs(other).mean())))


@law(
    kantorovich,
    says="for other masses, yesterday's prices pay no more than the new plan costs",
    source="derived ((f, g) is a subgradient of the value in (a, b))",
    kind="inequality",
    rule="T10",
    code="EMD-07",
    needs=("f", "g"),
    cases="..cases.transport:reweighed",
    kills=("raised-prices", "each-row-to-its-cheapest"),
)
def subgradient_in_masses(solve: Judged, problem: Reweighed) -> Gap:
    """<f, a'> + <g, b'> ≤ V(a', b'), (f, g) being the prices for positive a, b."""
    f, g, size = _prices(solve.full(problem.a, problem.b, problem.cost), problem)
    new = price(solve, problem.other_a, problem.other_b, problem.cost)
    allow = both(slack(solve, problem), slack(solve, problem, size))
    paid = float(f @ problem.other_a + g @ problem.other_b)
    return at_most(paid, new, allow=allow, effect=max(abs(new), float(np.abs(problem.cost).mean())))


@law(
    kantorovich,
    says="no two shipments would be cheaper with their targets exchanged",
    source="Villani 2009, Def. 5.1 and Thm 5.10 (cyclical monotonicity)",
    kind="inequality",
    rule="T5",
    code="EMD-04",
    kills=("northwest", "independent", "dearest"),
)
def exchange_of_two(solve: Judged, problem: Problem) -> Gap:
    """min(P_ij, P_kl) · (C_ij + C_kl − C_il − C_kj) ≤ 0."""
    plan, C = solve(problem.a, problem.b, problem.cost), problem.cost
    i, j = np.nonzero(plan)
    crossed = C[np.ix_(i, j)]
    gain = C[i, j][:, None] + C[i, j] - crossed - crossed.T
    moved = np.minimum(plan[i, j][:, None], plan[i, j])
    effect = stake(problem, float(np.vdot(plan, C)))
    return at_most(moved * gain, 0.0, allow=both(*(slack(solve, problem),) * 2), effect=effect)


@law(
    kantorovich,
    says="tolls on leaving and arriving change nobody's way: the plan for C + f ⊕ g is optimal for C",
    source="derived (<P, f ⊕ g> = <f, a> + <g, b> for every plan)",
    kind="metamorphic",
    rule="T10",
    code="EMD-06",
    cases="..cases.transport:regauged",
    kills=("cheapest-first", "forgets-last-row"),
)
def plan_under_tolls(solve: Judged, problem: Regauged) -> Gap:
    """<P(C + f ⊕ g), C> = <P(C), C>."""
    a, b, cost = problem.a, problem.b, problem.cost
    tolled = cost + problem.f[:, None] + problem.g
    plain, moved = price(solve, a, b, cost), float(np.vdot(solve(a, b, tolled), cost))
    allow = both(slack(solve, problem), slack(solve, problem, float(np.abs(tolled).max())))
    return gap(moved, plain, allow=allow, effect=stake(problem, plain))


@law(
    kantorovich,
    says="a solver that ends on a vertex ships on at most m + n − 1 ways",
    source="Peyré and Cuturi 2019, Prop. 3.4",
    kind="inequality",
    rule="T0",
    level="convention",
    code="EMD-10",
    when={"vertex": ("yes",)},
    kills=("independent", "between-two-plans"),
)
def vertex_support(solve: Judged, problem: Problem) -> Gap:
    """#{P > 0} ≤ m + n − 1, empty atoms not counted."""
    ways = int((solve(problem.a, problem.b, problem.cost) > 0).sum())
    return at_most(ways, int((problem.a > 0).sum() + (problem.b > 0).sum()) - 1, allow=0.0, effect=1.0)


@law(
    kantorovich,
    says="the ways of a vertex form no cycle",
    source="Peyré and Cuturi 2019, Prop. 3.4",
    kind="identity",
    rule="T0",
    level="convention",
    code="EMD-10",
    when={"vertex": ("yes",)},
    kills=("independent", "between-two-plans"),
)
def vertex_without_cycles(solve: Judged, problem: Problem) -> Gap:
    """The bipartite graph {(i, j): P_ij > 0} is a forest: as many edges as atoms less components."""
    used = solve(problem.a, problem.b, problem.cost) > 0
    busy = int(used.any(axis=1).sum() + used.any(axis=0).sum())
    edges, parts = int(used.sum()), _components(used)
    return holds_if(edges == busy - parts, f"{edges} ways join {busy} atoms in {parts} parts: a cycle", got=used)


@law(
    kantorovich,
    says="between n equal masses and n equal masses, a vertex is a permutation",
    source="Peyré and Cuturi 2019, Prop. 2.1 (Birkhoff and von Neumann)",
    kind="identity",
    rule="T1",
    level="convention",
    code="EMD-10",
    when={"vertex": ("yes",)},
    cases="..cases.transport:assignments",
    kills=("independent", "between-two-plans"),
)
def permutation_at_vertex(solve: Judged, problem: Problem) -> Gap:
    """n P_ij ∈ {0, 1} for a = b = 1/n."""
    scaled = solve(problem.a, problem.b, problem.cost) * len(problem.a)
    return gap(scaled, np.round(scaled), allow=summation(sum(scaled.shape), 1.0, solve.u), effect=1.0)


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


def _components(used: NDArray[np.bool_]) -> int:
    """How many connected parts the used ways have, atoms without a way not counted."""
    parts: list[tuple[set[int], set[int]]] = []
    for i, j in zip(*np.nonzero(used), strict=True):
        touched = [p for p in parts if i in p[0] or j in p[1]]
        parts = [p for p in parts if p not in touched]
        parts.append((set().union({int(i)}, *(p[0] for p in touched)), set().union({int(j)}, *(p[1] for p in touched))))
    return len(parts)


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

CONTRACTS = (kantorovich, transport_cost)
LAWS = (
    marginals,
    nonnegativity,
    dual_feasibility,
    dual_feasibility_on_empty_atoms,
    strong_duality,
    complementary_slackness,
    dual_value,
    reported_value,
    supergradient_in_cost,
    subgradient_in_masses,
    exchange_of_two,
    plan_under_tolls,
    vertex_support,
    vertex_without_cycles,
    permutation_at_vertex,
    only_plan,
    incidence_matrices,
    *cross_cutting(kantorovich, reading=lambda p, plan: float(np.vdot(plan, p.cost)), allow=lp_rounding),
    *cross_cutting(transport_cost, allow=lp_rounding),
    *refusals(kantorovich, BAD),
    *refusals(transport_cost, BAD),
)
