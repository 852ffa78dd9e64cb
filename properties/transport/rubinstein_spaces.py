"""Kantorovich-Rubinstein duality on a line, on a tree, between points equally far apart, and without a metric.

    line   V = ∫|F − G|, f' = sign(G − F) where F ≠ G            tree   V = Σ_e length(e) |μ(beyond e) − ν(beyond e)|
    D = 1 − I   V = ½ Σ|μ − ν|

On the line and on a tree the value is read off edge by edge: what is beyond an edge on one side only has to cross it.
The triangle inequality is needed for the duality: for any other D ≥ 0 with an empty diagonal, f_i − f_j ≤ D_ij for every
step of a path holds for the path, so the maximum is transport for the shortest paths of D, less than transport for D
(0.167 < 0.237 for squared distances between five points). For D^p with p ≤ 1, again a metric, the two agree.

Symbols: μ, ν[n] masses of total 1; D[n, n]; f[n]; F, G the cumulative masses along the line.
Source: Santambrogio 2015, §3.1 and Prop. 2.17; Villani 2009, Thm 6.15; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, gap, law
from prufrock.tolerance import linear_program

from ..oracles.lp import shortest_paths, transport
from .rubinstein import diameter, rubinstein, slack

if TYPE_CHECKING:
    from ..cases.metric import OnLine, OnTree, Pair

Array = NDArray[np.float64]


@law(
    rubinstein,
    says="a root of a metric is a metric: the potential attains its transport cost too",
    source="derived ((x + y)^p ≤ x^p + y^p for p ≤ 1)",
    kind="oracle",
    rule="T5",
    code="KRD-04",
    kills=("independent", "squared-metric"),
)
def snowflake(solve: Judged, pair: Pair) -> Gap:
    """The duality for D^½."""
    root = np.sqrt(pair.metric)
    best = transport(pair.mu, pair.nu, root)
    allow = linear_program(len(root), len(root), root, solve.u) + solve.accuracy * float(root.max()) + best.width
    return gap(solve(pair.mu, pair.nu, root), best.value, allow=allow, effect=float(root.max()))


@law(
    rubinstein,
    says="without the triangle inequality, it is transport along shortest paths",
    source="derived (f_i − f_j ≤ D for every step of a path, so for the path)",
    kind="oracle",
    rule="T5",
    level="convention",
    code="KRD-04",
    when={"not_a_metric": ("closure",)},
    cases="..cases.metric:crooked",
    kills=("transport-cost", "half"),
)
def shortest_path_closure(solve: Judged, pair: Pair) -> Gap:
    """max {<f, μ − ν> : f_i − f_j ≤ D_ij} = min <P, D̄>, D̄ the lengths of shortest paths."""
    best = transport(pair.mu, pair.nu, shortest_paths(pair.metric))
    value = solve(pair.mu, pair.nu, pair.metric)
    return gap(value, best.value, allow=slack(solve, pair) + best.width, effect=diameter(pair))


@law(
    rubinstein,
    says="on the line the distance is the area between the cumulative masses",
    source="Santambrogio 2015, Prop. 2.17",
    kind="oracle",
    rule="T5",
    code="KRD-06",
    cases="..cases.metric:lines",
    kills=("neighbours-only", "independent"),
)
def area_on_the_line(solve: Judged, pair: OnLine) -> Gap:
    """V = ∫|F − G|."""
    order = np.argsort(pair.places, kind="stable")
    ahead, gaps = _ahead(pair, order), np.diff(pair.places[order])
    value = solve(pair.mu, pair.nu, pair.metric)
    return gap(value, np.abs(ahead) @ gaps, allow=slack(solve, pair), effect=diameter(pair))


@law(
    rubinstein,
    says="on the line the potential falls where μ is ahead, and rises where ν is",
    source="Santambrogio 2015, §3.1",
    kind="identity",
    rule="T5",
    code="KRD-06",
    needs=("f",),
    cases="..cases.metric:lines",
    kills=("negated", "half-as-steep"),
)
def slope_on_the_line(solve: Judged, pair: OnLine) -> Gap:
    """f' = sign(G − F) where F ≠ G: (F − G)(f_k − f_{k+1}) = |F − G| (x_{k+1} − x_k)."""
    f = solve.full(pair.mu, pair.nu, pair.metric).f
    order = np.argsort(pair.places, kind="stable")
    ahead, gaps = _ahead(pair, order), np.diff(pair.places[order])
    return gap(-ahead * np.diff(f[order]), np.abs(ahead) * gaps, allow=slack(solve, pair, f), effect=diameter(pair))


@law(
    rubinstein,
    says="on a tree every edge carries the difference of the masses beyond it",
    source="derived (cut the edge)",
    kind="oracle",
    rule="T5",
    code="KRD-06",
    cases="..cases.metric:trees",
    kills=("independent", "half"),
)
def edges_of_a_tree(solve: Judged, pair: OnTree) -> Gap:
    """V = Σ_e length(e) |μ(beyond e) − ν(beyond e)|."""
    beyond = pair.mu - pair.nu
    for i in range(len(beyond) - 1, 0, -1):
        beyond[pair.below[i]] += beyond[i]
    value = solve(pair.mu, pair.nu, pair.metric)
    want = float(pair.length[1:] @ np.abs(beyond[1:]))
    return gap(value, want, allow=slack(solve, pair), effect=diameter(pair))


@law(
    rubinstein,
    says="where all points are equally far apart, the distance is the mass that has to move",
    source="Villani 2009, Thm 6.15 (the case of equality)",
    kind="limit",
    rule="T5",
    code="KRD-06",
    kills=("independent", "half"),
)
def total_variation(solve: Judged, pair: Pair) -> Gap:
    """D = 1 − I  ⇒  V = ½ Σ|μ − ν|."""
    n = len(pair.mu)
    allow = linear_program(n, n, 1.0, solve.u) + solve.accuracy
    want = float(np.abs(pair.mu - pair.nu).sum()) / 2.0
    return gap(solve(pair.mu, pair.nu, 1.0 - np.eye(n)), want, allow=allow, effect=1.0)


def _ahead(pair: Any, order: NDArray[np.int64]) -> Array:
    """F − G between neighbours of the line."""
    return np.asarray(np.cumsum((pair.mu - pair.nu)[order])[:-1])


CONTRACTS = ()
LAWS = (
    snowflake,
    shortest_path_closure,
    area_on_the_line,
    slope_on_the_line,
    edges_of_a_tree,
    total_variation,
)
