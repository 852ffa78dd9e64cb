"""What an optimal plan of transport looks like: no exchange helps, and at a vertex it is a forest.

    P_ij, P_kl > 0  ⇒  C_ij + C_kl ≤ C_il + C_kj              (cyclical monotonicity, two at a time)
    <P(C), C> = min <P, C>, also of P(C + f ⊕ g), because <P, f ⊕ g> = <f, a> + <g, b> is the same for every plan
    <P(C'), C'> ≤ <P(C), C'>                                  (P is a supergradient of the value in C)

The plans with given marginals are a polytope; its vertices are those plans whose ways, as edges between sources and
targets, close no cycle (along a cycle mass could be moved back and forth). A forest on m + n atoms has at most m + n − 1
edges; with a = b = 1/n the vertices are the permutations. Only who declares to end on a vertex is asked for one.

Symbols: a[m], b[n] masses of equal total M; cost C[m, n]; plan P[m, n]; tolls f[m], g[n].
Source: Villani 2009, Def. 5.1 and Thm 5.10; Peyré and Cuturi 2019, Prop. 2.1 and 3.4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, at_most, gap, holds_if, law
from prufrock.tolerance import both, summation

from .kantorovich import kantorovich, price, slack, stake

if TYPE_CHECKING:
    from ..cases.transport import Problem, Regauged, Repriced


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


def _components(used: NDArray[np.bool_]) -> int:
    """How many connected parts the used ways have, atoms without a way not counted."""
    parts: list[tuple[set[int], set[int]]] = []
    for i, j in zip(*np.nonzero(used), strict=True):
        touched = [p for p in parts if i in p[0] or j in p[1]]
        parts = [p for p in parts if p not in touched]
        parts.append((set().union({int(i)}, *(p[0] for p in touched)), set().union({int(j)}, *(p[1] for p in touched))))
    return len(parts)


CONTRACTS = ()
LAWS = (
    supergradient_in_cost,
    exchange_of_two,
    plan_under_tolls,
    vertex_support,
    vertex_without_cycles,
    permutation_at_vertex,
)
