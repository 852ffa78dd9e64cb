"""The value of optimal transport under changes that no plan notices: tolls, rebates, names, empty atoms, halves.

    V(a, b, C + f ⊕ g) = V(a, b, C) + <f, a> + <g, b>,     V(a, b, C − t) = V(a, b, C) − t M
    V(a, b, 2⁻⁶⁰ C) = 2⁻⁶⁰ V(a, b, C)
    V(b, a, Cᵀ) = V(a∘σ, b∘τ, C∘(σ, τ)) = V(a, b, C)

Tolls f ⊕ g add <f, a> + <g, b>, which is the same for every plan; a rebate t on every way is a toll −t on leaving. The
names of the atoms, their order, empty ones and halves of them play no part: a plan of one problem is read as a plan of
the other at the same price, and back. Each law is stated twice, for plans and for functions that return V alone.

Symbols: a[m], b[n] masses of equal total M; cost C[m, n]; tolls f[m], g[n]; σ, τ permutations; V the subject's value.
Source: Peyré and Cuturi 2019, §2.3 to §2.5; derived.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, gap
from prufrock.tolerance import both

from .kantorovich import on_both, price, settled, slack, stake

if TYPE_CHECKING:
    from ..cases.transport import Problem, Regauged, Shuffled, Split


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
    says="an optimum knows no unit: costs of 1e-18 are weighed as those of 1 are",
    source="derived (V is homogeneous in C, and a power of two rounds nothing)",
    kind="metamorphic",
    rule="T10",
    code="EMD-08",
    kills=("absolute-tolerance", "northwest-if-tiny-costs"),
)
def small_costs(solve: Judged, problem: Problem) -> Gap:
    """V(a, b, t C) = t V(a, b, C) for t = 2⁻⁶⁰."""
    t = 2.0**-60
    tiny = replace(problem, cost=t * problem.cost)
    want = price(solve, problem.a, problem.b, problem.cost)
    allow = both(slack(solve, problem), slack(solve, tiny) / t)
    return gap(price(solve, tiny.a, tiny.b, tiny.cost) / t, want, allow=allow, effect=stake(problem, want))


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


CONTRACTS = ()
LAWS = (
    *tolls,
    *rebate,
    *small_costs,
    *split_atoms,
    *empty_atoms,
    *relabelling,
    *transposition,
)
