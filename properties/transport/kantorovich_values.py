"""The value of optimal transport as a function of its data: laws for plans and for bare values alike.

    V(a, b, C) = min {<P, C> : P ≥ 0, P1 = a, Pᵀ1 = b} = max {<f, a> + <g, b> : f ⊕ g ≤ C}

A minimum of functions linear in C: concave, increasing, positively homogeneous and M-Lipschitz in C. A maximum of
functions linear in (a, b): convex and homogeneous in them. Tolls f ⊕ g add <f, a> + <g, b>, which is the same for every
plan; the names of the atoms, their order, empty ones and halves of them play no part. Any plan bounds V from above, any
prices from below. Each law is stated twice, for plans (whose cost is read off) and for functions that return V alone.

Symbols: a[m], b[n] masses of equal total M; cost C[m, n]; V the subject's value.
Source: Peyré and Cuturi 2019, §2.3 to §2.5; Villani 2009, ch. 4 and 5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, Law, at_most, gap, inconclusive, law
from prufrock.tolerance import both, conic_witness, linear_program

from ..oracles.lp import best_matching, conic_value, transport
from .kantorovich import kantorovich, price, settled, slack, stake, transport_cost

if TYPE_CHECKING:
    from ..cases.metric import Triple
    from ..cases.transport import Problem, Regauged, Repriced, Reweighed, Scaled, Shuffled, Split

Array = NDArray[np.float64]
Twice = tuple[Law, Law]
HEAVY = {"mass": ("any",)}


def on_both(**declared: Any) -> Callable[[Callable[[Any, Any], Gap]], Twice]:
    """One law of the value, stated for plans and for bare values."""
    return lambda run: (law(kantorovich, **declared)(run), law(transport_cost, **declared)(run))


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
    says="tolls on leaving and arriving are paid by everybody",
    source="derived (<P, f ⊕ g> = <f, a> + <g, b> for every plan)",
    kind="metamorphic",
    rule="T10",
    code="EMD-06",
    cases="..cases.transport:regauged",
    kills=("clips-negative-costs", "uniform-masses"),
)
def tolls(solve: Judged, problem: Regauged) -> Gap:
    """V(a, b, C + f ⊕ g) = V(a, b, C) + <f, a> + <g, b>."""
    a, b, f, g = problem.a, problem.b, problem.f, problem.g
    tolled = replace(problem, cost=problem.cost + f[:, None] + g)
    want = price(solve, a, b, problem.cost) + float(f @ a + g @ b)
    allow = both(slack(solve, problem), slack(solve, tolled))
    return gap(price(solve, a, b, tolled.cost), want, allow=allow, effect=stake(tolled, want))


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
    says="a rebate on every way, so large that all costs are negative, is a rebate on the value",
    source="derived (<P, t> = t M for every plan)",
    kind="metamorphic",
    rule="T10",
    code="EMD-06",
    kills=("clips-negative-costs", "fixed-point-masses"),
)
def rebate(solve: Judged, problem: Problem) -> Gap:
    """V(a, b, C − t) = V(a, b, C) − t M for t = 2 max|C|."""
    a, b, t = problem.a, problem.b, 2.0 * float(np.abs(problem.cost).max())
    cheap = replace(problem, cost=problem.cost - t)
    want = price(solve, a, b, problem.cost) - t * float(a.sum())
    found = gap(price(solve, a, b, cheap.cost), want, allow=both(slack(solve, problem), slack(solve, cheap)))
    return settled(found, solve, cheap)


@on_both(
    says="dearer ways make nothing cheaper",
    source="derived (a minimum of functions increasing in C)",
    kind="inequality",
    rule="T10",
    code="EMD-07",
    cases="..cases.transport:repriced",
    kills=("gives-up-now-and-then", "wrong-way-now-and-then"),
)
def monotone_in_cost(solve: Judged, problem: Repriced) -> Gap:
    """C ≤ C'  ⇒  V(a, b, C) ≤ V(a, b, C')."""
    dear = replace(problem, cost=np.maximum(problem.cost, problem.other))
    low, high = (price(solve, p.a, p.b, p.cost) for p in (problem, dear))
    allow = both(slack(solve, problem), slack(solve, dear))
    return at_most(low, high, allow=allow, effect=stake(dear, high))


@on_both(
    says="a change of the costs changes the value no more than it changes the dearest way",
    source="derived (every plan moves M)",
    kind="inequality",
    rule="T10",
    code="EMD-07",
    cases="..cases.transport:repriced",
    kills=("gives-up-now-and-then", "wrong-way-now-and-then"),
)
def lipschitz_in_cost(solve: Judged, problem: Repriced) -> Gap:
    """|V(a, b, C) − V(a, b, C')| ≤ M max|C − C'|."""
    moved = replace(problem, cost=problem.other)
    here, there = (price(solve, p.a, p.b, p.cost) for p in (problem, moved))
    bound = float(np.abs(problem.cost - problem.other).max() * problem.a.sum())
    return at_most(abs(here - there), bound, allow=both(slack(solve, problem), slack(solve, moved)))


@on_both(
    says="the value is concave in the cost",
    source="derived (a minimum of functions linear in C)",
    kind="inequality",
    rule="T10",
    code="EMD-08",
    cases="..cases.transport:repriced",
    kills=("cheapest-first", "dearest"),
)
def concave_in_cost(solve: Judged, problem: Repriced) -> Gap:
    """½ V(a, b, C) + ½ V(a, b, C') ≤ V(a, b, ½C + ½C')."""
    ends = (problem, replace(problem, cost=problem.other))
    middle = replace(problem, cost=(problem.cost + problem.other) / 2.0)
    value = price(solve, middle.a, middle.b, middle.cost)
    mean = sum(price(solve, p.a, p.b, p.cost) for p in ends) / 2.0
    allow = both(slack(solve, middle), max(slack(solve, p) for p in ends))
    return at_most(mean, value, allow=allow, effect=stake(middle, value))


@on_both(
    says="the value is convex in both masses together",
    source="derived (a maximum of functions linear in (a, b))",
    kind="inequality",
    rule="T10",
    code="EMD-08",
    cases="..cases.transport:reweighed",
    kills=("independent", "dearest"),
)
def convex_in_masses(solve: Judged, problem: Reweighed) -> Gap:
    """V(½a + ½a', ½b + ½b', C) ≤ ½ V(a, b, C) + ½ V(a', b', C)."""
    a, b, C = problem.other_a, problem.other_b, problem.cost
    value = price(solve, (problem.a + a) / 2.0, (problem.b + b) / 2.0, C)
    mean = (price(solve, problem.a, problem.b, C) + price(solve, a, b, C)) / 2.0
    return at_most(value, mean, allow=both(slack(solve, problem), slack(solve, problem)), effect=stake(problem, mean))


@on_both(
    says="in another currency the value is another number of the same money",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="EMD-08",
    cases="..cases.transport:scaled",
    kills=("gives-up-now-and-then", "wrong-way-now-and-then"),
)
def homogeneous_in_cost(solve: Judged, problem: Scaled) -> Gap:
    """V(a, b, t C) = t V(a, b, C) for t > 0."""
    t, dear = problem.factor, replace(problem, cost=problem.cost * problem.factor)
    want = t * price(solve, problem.a, problem.b, problem.cost)
    allow = both(slack(solve, dear), t * slack(solve, problem))
    return gap(price(solve, dear.a, dear.b, dear.cost), want, allow=allow, effect=stake(dear, want))


@on_both(
    says="twice the mass costs twice as much",
    source="derived",
    kind="metamorphic",
    rule="T10",
    level="convention",
    code="EMD-08",
    when=HEAVY,
    cases="..cases.transport:weighed",
    kills=("normalises-mass", "fixed-point-masses"),
)
def homogeneous_in_mass(solve: Judged, problem: Scaled) -> Gap:
    """V(t a, t b, C) = t V(a, b, C) for t > 0."""
    t = problem.factor
    heavy = replace(problem, a=t * problem.a, b=t * problem.b)
    want = t * price(solve, problem.a, problem.b, problem.cost)
    allow = both(slack(solve, heavy), t * slack(solve, problem))
    return gap(price(solve, heavy.a, heavy.b, heavy.cost), want, allow=allow, effect=stake(heavy, want))


@on_both(
    says="two half atoms at one place are one atom",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="EMD-09",
    cases="..cases.transport:split",
    kills=("uniform-masses", "swaps-masses-if-square"),
)
def split_atoms(solve: Judged, problem: Split) -> Gap:
    """V is the same with a_i and b_j halved and row i and column j written twice."""
    (m, n), i, j = problem.cost.shape, problem.row, problem.column
    rows, columns = np.sort(np.r_[:m, i]), np.sort(np.r_[:n, j])
    a, b = problem.a[rows] / (1.0 + (rows == i)), problem.b[columns] / (1.0 + (columns == j))
    cost = problem.cost[np.ix_(rows, columns)]
    parted = replace(problem, a=a, b=b, cost=cost)
    want = price(solve, problem.a, problem.b, problem.cost)
    allow = both(slack(solve, problem), slack(solve, parted))
    return gap(price(solve, a, b, cost), want, allow=allow, effect=stake(problem, want))


@on_both(
    says="an empty atom changes nothing, however cheap it is to reach",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="EMD-09",
    cases="..cases.transport:split",
    kills=("misaligned-after-dropping", "lost-among-empty-atoms"),
)
def empty_atoms(solve: Judged, problem: Split) -> Gap:
    """V is the same with a row of mass 0 and a column of mass 0 put in, at the cost min(0, min C)."""
    cheap = min(0.0, float(problem.cost.min()))
    a, b = np.insert(problem.a, problem.row, 0.0), np.insert(problem.b, problem.column, 0.0)
    cost = np.insert(np.insert(problem.cost, problem.row, cheap, axis=0), problem.column, cheap, axis=1)
    want = price(solve, problem.a, problem.b, problem.cost)
    allow = both(slack(solve, problem), slack(solve, replace(problem, a=a, b=b, cost=cost)))
    return gap(price(solve, a, b, cost), want, allow=allow, effect=stake(problem, want))


@on_both(
    says="the order in which atoms are listed plays no part",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="EMD-09",
    cases="..cases.transport:shuffled",
    kills=("northwest", "transposed-if-square"),
)
def relabelling(solve: Judged, problem: Shuffled) -> Gap:
    """V(a∘σ, b∘τ, C∘(σ, τ)) = V(a, b, C)."""
    rows, columns = problem.rows, problem.columns
    want = price(solve, problem.a, problem.b, problem.cost)
    moved = price(solve, problem.a[rows], problem.b[columns], problem.cost[np.ix_(rows, columns)])
    return gap(moved, want, allow=both(slack(solve, problem), slack(solve, problem)), effect=stake(problem, want))


@on_both(
    says="the way back costs what the way there costs",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="EMD-09",
    kills=("each-row-to-its-cheapest", "forgets-last-row"),
)
def transposition(solve: Judged, problem: Problem) -> Gap:
    """V(b, a, Cᵀ) = V(a, b, C)."""
    want = price(solve, problem.a, problem.b, problem.cost)
    back = price(solve, problem.b, problem.a, np.ascontiguousarray(problem.cost.T))
    return gap(back, want, allow=both(slack(solve, problem), slack(solve, problem)), effect=stake(problem, want))


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
    *tolls,
    *constant_cost,
    *rebate,
    *monotone_in_cost,
    *lipschitz_in_cost,
    *concave_in_cost,
    *convex_in_masses,
    *homogeneous_in_cost,
    *homogeneous_in_mass,
    *split_atoms,
    *empty_atoms,
    *relabelling,
    *transposition,
    *best_of_all_permutations,
    *only_value,
    *two_by_two,
    *self_transport,
    *triangle_inequality,
    *plans_from_above,
    *prices_from_below,
)
