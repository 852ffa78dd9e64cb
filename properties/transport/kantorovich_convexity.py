"""The value of optimal transport as a function: concave in the costs, convex in the masses, homogeneous in both.

    V(a, b, C) = min {<P, C> : P ≥ 0, P1 = a, Pᵀ1 = b} = max {<f, a> + <g, b> : f ⊕ g ≤ C}

A minimum of functions linear in C: concave, increasing (P ≥ 0), positively homogeneous and M-Lipschitz in the largest
entry (ΣP = M). A maximum of functions linear in (a, b): convex and homogeneous in them together. Each law is stated
twice, for plans and for functions that return V alone.

Symbols: a[m], b[n] masses of equal total M; cost C[m, n]; V the subject's value; t > 0.
Source: Peyré and Cuturi 2019, §2.3 to §2.5; derived.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, at_most, gap
from prufrock.tolerance import both

from .kantorovich import HEAVY, on_both, price, slack, stake

if TYPE_CHECKING:
    from ..cases.transport import Repriced, Reweighed, Scaled


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


CONTRACTS = ()
LAWS = (
    *monotone_in_cost,
    *lipschitz_in_cost,
    *concave_in_cost,
    *convex_in_masses,
    *homogeneous_in_cost,
    *homogeneous_in_mass,
)
