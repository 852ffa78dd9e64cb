"""The value of optimal transport: oracles, small cases, and bounds from either side.

    V(a, b, C) = min {<P, C> : P ≥ 0, P1 = a, Pᵀ1 = b} = max {<f, a> + <g, b> : f ⊕ g ≤ C}

Any plan bounds V from above (the independent coupling abᵀ/M, the north-west corner), any prices from below (f with its
c-transform). With one source or one target there is one plan; with two and two the plans are a segment, and a linear
function on it is least at an end; with n masses of 1/n on either side the vertices are permutations. Where every way
costs c, V = c M. For a metric cost V is W₁, itself a metric: 0 from a to a, and no detour is shorter. Each law is stated
twice, for plans (whose cost is read off) and for functions that return V alone.

Symbols: a[m], b[n] masses of equal total M; cost C[m, n]; V the subject's value.
Source: Peyré and Cuturi 2019, §2.3 to §2.5; Villani 2009, ch. 5 and Def. 6.1.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, at_most, gap, inconclusive
from prufrock.tolerance import conic_witness, linear_program

from ..oracles.lp import best_matching, conic_value, transport
from .kantorovich import HEAVY, on_both, price, settled, slack, stake

if TYPE_CHECKING:
    from ..cases.metric import Triple
    from ..cases.transport import Problem, Regauged

Array = NDArray[np.float64]


@on_both(
    says="the value is what HiGHS finds",
    source="Peyré and Cuturi 2019, (2.11)",
    kind="oracle",
    rule="T5",
    code="EMD-05",
    complete=True,
    kills=("cheapest-first", "northwest-if-large-costs", "forgets-last-row"),
)
def optimal_value(solve: Judged, problem: Problem) -> Gap:
    """V(a, b, C) = min <P, C>, from another solver whose primal and dual agree."""
    best = transport(problem.a, problem.b, problem.cost)
    value = price(solve, problem.a, problem.b, problem.cost)
    allow = slack(solve, problem) + best.width
    return settled(gap(value, best.value, allow=allow, effect=stake(problem, best.value)), solve, problem)


@on_both(
    says="for masses that do not add up to 1, the value is what HiGHS finds",
    source="Peyré and Cuturi 2019, (2.11)",
    kind="oracle",
    rule="T5",
    level="convention",
    code="EMD-05",
    when=HEAVY,
    cases="..cases.transport:weighed",
    kills=("normalises-mass", "cheapest-first"),
)
def optimal_value_of_any_mass(solve: Judged, problem: Problem) -> Gap:
    """V(a, b, C) = min <P, C> for Σa = Σb = M ≠ 1."""
    best = transport(problem.a, problem.b, problem.cost)
    value = price(solve, problem.a, problem.b, problem.cost)
    allow = slack(solve, problem) + best.width
    return settled(gap(value, best.value, allow=allow, effect=stake(problem, best.value)), solve, problem)


@on_both(
    says="the value is what an interior-point solver finds",
    source="Peyré and Cuturi 2019, (2.11)",
    kind="oracle",
    rule="T7",
    code="EMD-05",
    cases="..cases.transport:three_by_four",
    kills=("cheapest-first", "dearest", "lost-among-empty-atoms"),
)
def conic_witness_of_value(solve: Judged, problem: Problem) -> Gap:
    """V(a, b, C) = the value of cvxpy's program, wherever its status is 'optimal'."""
    value, size = price(solve, problem.a, problem.b, problem.cost), float(np.abs(problem.cost).max())
    witness = conic_value(problem.a, problem.b, problem.cost)
    if witness is None:
        return inconclusive("the witness is not sure of itself")
    allow = conic_witness(witness, max(size, 1.0)) + slack(solve, problem)
    return gap(value, witness, allow=allow, effect=stake(problem, witness))


@on_both(
    says="where every way costs c, the value is c times the mass",
    source="derived",
    kind="limit",
    rule="T1",
    code="EMD-06",
    kills=("fixed-point-masses", "drops-small-shipments"),
)
def constant_cost(solve: Judged, problem: Problem) -> Gap:
    """V(a, b, c) = c M."""
    flat = replace(problem, cost=np.full_like(problem.cost, problem.cost.max()))
    want = float(flat.cost[0, 0] * problem.a.sum())
    return gap(price(solve, problem.a, problem.b, flat.cost), want, allow=slack(solve, flat))


@on_both(
    says="n equal masses for n equal masses is the assignment problem",
    source="Peyré and Cuturi 2019, Prop. 2.1 (Birkhoff and von Neumann)",
    kind="oracle",
    rule="T5",
    code="EMD-10",
    cases="..cases.transport:assignments",
    kills=("transposed-if-square", "cheapest-first", "assumes-a-metric"),
)
def best_of_all_permutations(solve: Judged, problem: Problem) -> Gap:
    """V(1/n, 1/n, C) = min_σ Σ_i C[i, σ(i)] / n, over all n! permutations."""
    want = best_matching(problem.cost) / len(problem.a)
    value = price(solve, problem.a, problem.b, problem.cost)
    return gap(value, want, allow=slack(solve, problem), effect=stake(problem, want))


@on_both(
    says="with one source or one target the value is the mean cost",
    source="derived",
    kind="limit",
    rule="T1",
    code="EMD-11",
    cases="..cases.transport:thin",
    kills=("uniform-if-one-column", "uniform-masses"),
)
def only_value(solve: Judged, problem: Problem) -> Gap:
    """m = 1 or n = 1  ⇒  V = aᵀ C b / M."""
    want = float(problem.a @ problem.cost @ problem.b) / float(problem.a.sum())
    value = price(solve, problem.a, problem.b, problem.cost)
    return gap(value, want, allow=slack(solve, problem), effect=float(np.abs(problem.cost).max()))


@on_both(
    says="two sources and two targets leave one thing to choose, and it is chosen at an end",
    source="derived (plans with given marginals are a segment)",
    kind="limit",
    rule="T5",
    code="EMD-11",
    cases="..cases.transport:two_by_two",
    kills=("northwest", "dearest"),
)
def two_by_two(solve: Judged, problem: Problem) -> Gap:
    """V = min over t ∈ {max(0, a₁ − b₂), min(a₁, b₁)} of t C₁₁ + (a₁ − t) C₁₂ + (b₁ − t) C₂₁ + (b₂ − a₁ + t) C₂₂."""
    (a, _), (b, d), C = problem.a, problem.b, problem.cost
    ends = (max(0.0, a - d), min(a, b))
    want = min(t * C[0, 0] + (a - t) * C[0, 1] + (b - t) * C[1, 0] + (d - a + t) * C[1, 1] for t in ends)
    value = price(solve, problem.a, problem.b, problem.cost)
    return gap(value, want, allow=slack(solve, problem), effect=stake(problem, want))


@on_both(
    says="where staying is free, a measure is moved to itself for nothing",
    source="Villani 2009, Def. 6.1",
    kind="limit",
    rule="T5",
    code="EMD-11",
    cases="..cases.metric:selves",
    kills=("independent", "dearest"),
)
def self_transport(solve: Judged, problem: Problem) -> Gap:
    """V(a, a, d) = 0 for a metric d."""
    value = price(solve, problem.a, problem.b, problem.cost)
    return gap(value, 0.0, allow=slack(solve, problem), effect=stake(problem, 0.0))


@on_both(
    says="going by way of a third measure is no shorter",
    source="Villani 2009, Def. 6.1 (W₁ is a metric)",
    kind="inequality",
    rule="T10",
    code="EMD-11",
    cases="..cases.metric:triples",
    kills=("wrong-way-now-and-then", "drops-small-shipments"),
)
def triangle_inequality(solve: Judged, spaces: Triple) -> Gap:
    """V(μ, ν, d) ≤ V(μ, λ, d) + V(λ, ν, d) for a metric d."""
    mu, nu, by, d = spaces.mu, spaces.nu, spaces.third, spaces.metric
    straight, detour = price(solve, mu, nu, d), price(solve, mu, by, d) + price(solve, by, nu, d)
    leg = linear_program(len(mu), len(nu), d, solve.u) + solve.accuracy * float(d.max())
    return at_most(straight, detour, allow=3.0 * leg, effect=float(d.max()))


@on_both(
    says="no plan is cheaper than the value",
    source="derived (any plan bounds a minimum)",
    kind="inequality",
    rule="T5",
    code="EMD-07",
    kills=("independent", "northwest", "dearest"),
)
def plans_from_above(solve: Judged, problem: Problem) -> Gap:
    """V ≤ <P, C> for the independent coupling, the north-west corner and the north-east corner."""
    a, b, C = problem.a, problem.b, problem.cost
    plans = (np.outer(a, b) / a.sum(), monotone(a, b), monotone(a, b[::-1])[:, ::-1])
    cheapest = min(float(np.vdot(plan, C)) for plan in plans)
    found = at_most(price(solve, a, b, C), cheapest, allow=slack(solve, problem), effect=stake(problem, cheapest))
    return settled(found, solve, problem)


@on_both(
    says="no prices pay more than the value",
    source="Peyré and Cuturi 2019, Prop. 2.4 (weak duality)",
    kind="inequality",
    rule="T5",
    code="EMD-07",
    cases="..cases.transport:regauged",
    kills=("each-row-to-its-cheapest", "drops-small-shipments"),
)
def prices_from_below(solve: Judged, problem: Regauged) -> Gap:
    """<f, a> + <f^c, b> ≤ V for any f, and <g^c, a> + <g, b> ≤ V for any g."""
    a, b, C = problem.a, problem.b, problem.cost
    low = _paid(problem.f, a, b, C), _paid(problem.g, b, a, C.T), _paid(C.min(axis=1), a, b, C)
    size = float(max(np.abs(problem.f).max(), np.abs(problem.g).max(), np.abs(C).max()))
    value = price(solve, a, b, C)
    found = at_most(max(low), value, allow=slack(solve, problem, 2.0 * size), effect=stake(problem, value))
    return settled(found, solve, problem)


def monotone(a: Array, b: Array) -> Array:
    """The north-west corner rule: P_ij is how much of the i-th and the j-th stretch of mass overlaps."""
    ends_a, ends_b = np.cumsum(a)[:, None], np.cumsum(b)[None, :]
    overlap = np.minimum(ends_a, ends_b) - np.maximum(ends_a - a[:, None], ends_b - b)
    return np.asarray(np.maximum(overlap, 0.0))


def _paid(f: Array, a: Array, b: Array, cost: Array) -> float:
    """What f and its c-transform pay."""
    return float(f @ a + (cost - f[:, None]).min(axis=0) @ b)


CONTRACTS = ()
LAWS = (
    *optimal_value,
    *optimal_value_of_any_mass,
    *conic_witness_of_value,
    *constant_cost,
    *best_of_all_permutations,
    *only_value,
    *two_by_two,
    *self_transport,
    *triangle_inequality,
    *plans_from_above,
    *prices_from_below,
)
