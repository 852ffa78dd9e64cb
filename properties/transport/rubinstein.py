"""Kantorovich-Rubinstein duality: for a metric cost one potential is enough, and its slope is at most 1.

    max {<f, μ − ν> : f_i − f_j ≤ D_ij}  =  min {<P, D> : P1 = μ, Pᵀ1 = ν, P ≥ 0}

If D is a metric (to rounding; points may coincide), the prices (f, g) of transport may be taken as (f, −f). The best f
has slope 1 wherever mass moves, the value depends on μ − ν alone, and mass that both share stays where it is. The
triangle inequality is needed: for any other D ≥ 0 with an empty diagonal the left side is transport for the shortest
paths of D, less than transport for D (0.167 < 0.237 for squared distances between five points). For D^p with p ≤ 1,
again a metric, the two agree. On the line and on a tree the value is read off edge by edge.

Symbols: μ, ν[n] masses of total 1; D[n, n]; f[n]; F, G the cumulative masses along the line.
Source: Villani 2009, Rmk 6.5; Santambrogio 2015, Prop. 3.1; McShane 1934.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, at_most, gap, law
from prufrock.tolerance import both, linear_program

from ..hygiene import cross_cutting, refusals
from ..oracles.lp import shortest_paths, transport

if TYPE_CHECKING:
    from ..cases.metric import OnLine, OnTree, Pair, Priced, Triple, Wider

Array = NDArray[np.float64]

rubinstein = Contract(
    id="transport.rubinstein",
    says="the distance of two measures on one metric space, and a 1-Lipschitz function that tells them apart as well",
    arguments={"mu": "n", "nu": "n", "metric": "n n"},
    outputs={"value": "", "f": "n"},
    domain="masses ≥ 0 of total 1; a metric up to rounding, in which points may coincide",
    cases="..cases.metric:pairs",
    real="..cases.digits:measures",
    conventions={"not_a_metric": ("closure", "refused")},
    source="Villani 2009, (6.3)",
    home=__package__,
)


def rounding(pair: Pair, u: float) -> float:
    """T5 for the value."""
    return linear_program(len(pair.mu), len(pair.nu), pair.metric, u)


def slack(solve: Judged, pair: Pair, f: Array | None = None) -> float:
    """T5 for the value or, given f, for what f pays: potentials round as numbers of the size of a big M."""
    largest = float(pair.metric.max())
    size = largest if f is None else max(1.0 + largest, float(np.abs(f).max()))
    return linear_program(len(pair.mu), len(pair.nu), size, solve.u) + solve.accuracy * largest


def _size(pair: Pair) -> float:
    return float(pair.metric.max())


@law(
    rubinstein,
    says="one 1-Lipschitz potential attains what transport costs",
    source="Villani 2009, (6.3)",
    kind="oracle",
    rule="T5",
    code="KRD-01",
    complete=True,
    kills=("half", "independent", "upper-triangle-only", "squared-metric"),
)
def duality(solve: Judged, pair: Pair) -> Gap:
    """max <f, μ − ν> = min <P, D>, from HiGHS."""
    best = transport(pair.mu, pair.nu, pair.metric)
    value = solve(pair.mu, pair.nu, pair.metric)
    return gap(value, best.value, allow=slack(solve, pair) + best.width, effect=_size(pair))


@law(
    rubinstein,
    says="the potential is 1-Lipschitz on all pairs of points, empty ones too",
    source="Villani 2009, (6.3)",
    kind="inequality",
    rule="T5",
    code="KRD-02",
    needs=("f",),
    complete=True,
    kills=("twice-as-steep", "price-of-transport", "indicator"),
)
def slope_at_most_one(solve: Judged, pair: Pair) -> Gap:
    """f_i − f_j ≤ D_ij."""
    f = solve.full(pair.mu, pair.nu, pair.metric).f
    return at_most(f[:, None] - f, pair.metric, allow=slack(solve, pair, f), effect=_size(pair))


@law(
    rubinstein,
    says="the potential pays the value",
    source="Villani 2009, (6.3)",
    kind="identity",
    rule="T5",
    code="KRD-02",
    needs=("f",),
    complete=True,
    kills=("negated", "half-as-steep"),
)
def potential_pays(solve: Judged, pair: Pair) -> Gap:
    """<f, μ − ν> = value."""
    out = solve.full(pair.mu, pair.nu, pair.metric)
    paid = float(out.f @ (pair.mu - pair.nu))
    return gap(paid, out.value, allow=slack(solve, pair, out.f), effect=_size(pair))


@law(
    rubinstein,
    says="no 1-Lipschitz function tells the measures further apart",
    source="Villani 2009, (6.3)",
    kind="inequality",
    rule="T5",
    code="KRD-02",
    cases="..cases.metric:priced",
    kills=("half", "farthest-point-apart"),
)
def any_lipschitz_function(solve: Judged, pair: Priced) -> Gap:
    """|<g, μ − ν>| ≤ value for g_i = min_j h_j + D_ij and for g = D_k·."""
    given = np.vstack([(pair.h + pair.metric).min(axis=1), pair.metric])
    paid = np.abs(given @ (pair.mu - pair.nu)).max()
    value = solve(pair.mu, pair.nu, pair.metric)
    return at_most(paid, value, allow=slack(solve, pair, given), effect=_size(pair))


@law(
    rubinstein,
    says="along the way of every shipment the potential falls with slope 1",
    source="Santambrogio 2015, §3.1 (transport rays)",
    kind="oracle",
    rule="T5",
    code="KRD-03",
    needs=("f",),
    kills=("half-as-steep", "negated", "indicator"),
)
def slope_one_on_ways(solve: Judged, pair: Pair) -> Gap:
    """P_ij (D_ij − f_i + f_j) = 0 for an optimal plan P of HiGHS."""
    f = solve.full(pair.mu, pair.nu, pair.metric).f
    best = transport(pair.mu, pair.nu, pair.metric)
    idle = best.plan * (pair.metric - f[:, None] + f)
    return gap(idle, 0.0, allow=slack(solve, pair, f) + best.width, effect=_size(pair))


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
    return gap(value, best.value, allow=slack(solve, pair) + best.width, effect=_size(pair))


@law(
    rubinstein,
    says="the distance is the same in both directions",
    source="Villani 2009, Def. 6.1",
    kind="metamorphic",
    rule="T10",
    code="KRD-05",
    kills=("upper-triangle-only", "gives-up-now-and-then"),
)
def symmetry(solve: Judged, pair: Pair) -> Gap:
    """V(ν, μ) = V(μ, ν)."""
    there, back = solve(pair.mu, pair.nu, pair.metric), solve(pair.nu, pair.mu, pair.metric)
    return gap(back, there, allow=both(slack(solve, pair), slack(solve, pair)), effect=_size(pair))


@law(
    rubinstein,
    says="turned over, the potential is one for the way back",
    source="derived (f ↦ −f swaps μ and ν)",
    kind="metamorphic",
    rule="T10",
    code="KRD-05",
    needs=("f",),
    kills=("half-as-steep", "indicator"),
)
def turned_over(solve: Judged, pair: Pair) -> Gap:
    """<−f(μ, ν), ν − μ> = V(ν, μ)."""
    f = solve.full(pair.mu, pair.nu, pair.metric).f
    back = solve(pair.nu, pair.mu, pair.metric)
    allow = both(slack(solve, pair, f), slack(solve, pair))
    return gap(float(-f @ (pair.nu - pair.mu)), back, allow=allow, effect=_size(pair))


@law(
    rubinstein,
    says="mass that both measures gain changes nothing but the share of the rest",
    source="derived (the left side sees μ − ν alone)",
    kind="metamorphic",
    rule="T10",
    code="KRD-05",
    cases="..cases.metric:triples",
    kills=("independent", "squared-value"),
)
def common_mass(solve: Judged, pair: Triple) -> Gap:
    """V(½μ + ½λ, ½ν + ½λ) = ½ V(μ, ν)."""
    apart = solve(pair.mu, pair.nu, pair.metric)
    mixed = solve((pair.mu + pair.third) / 2.0, (pair.nu + pair.third) / 2.0, pair.metric)
    return gap(mixed, apart / 2.0, allow=both(slack(solve, pair), slack(solve, pair)), effect=_size(pair))


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
    return gap(value, np.abs(ahead) @ gaps, allow=slack(solve, pair), effect=_size(pair))


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
    return gap(-ahead * np.diff(f[order]), np.abs(ahead) * gaps, allow=slack(solve, pair, f), effect=_size(pair))


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
    return gap(value, want, allow=slack(solve, pair), effect=_size(pair))


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


@law(
    rubinstein,
    says="the potential is its own McShane extension",
    source="McShane 1934",
    kind="identity",
    rule="T5",
    code="KRD-07",
    needs=("f",),
    kills=("twice-as-steep", "indicator"),
)
def mcshane(solve: Judged, pair: Pair) -> Gap:
    """min_j f_j + D_ij = f_i."""
    f = solve.full(pair.mu, pair.nu, pair.metric).f
    return gap((f + pair.metric).min(axis=1), f, allow=slack(solve, pair, f), effect=_size(pair))


@law(
    rubinstein,
    says="one more point without mass changes nothing",
    source="McShane 1934 (the potential extends to it)",
    kind="metamorphic",
    rule="T10",
    code="KRD-07",
    cases="..cases.metric:wider",
    kills=("uniform-masses", "mean-distance"),
)
def one_more_point(solve: Judged, pair: Wider) -> Gap:
    """V on n points = V on n + 1 points, the last of them empty."""
    n, largest = len(pair.mu), float(max(pair.metric.max(), pair.beyond.max()))
    metric = np.block([[pair.metric, pair.beyond[:, None]], [pair.beyond, np.zeros(1)]])
    wide = solve(np.r_[pair.mu, 0.0], np.r_[pair.nu, 0.0], metric)
    allow = both(slack(solve, pair), linear_program(n + 1, n + 1, largest, solve.u) + solve.accuracy * largest)
    return gap(wide, solve(pair.mu, pair.nu, pair.metric), allow=allow, effect=largest)


@law(
    rubinstein,
    says="going by way of a third measure is no shorter",
    source="Villani 2009, Def. 6.1",
    kind="inequality",
    rule="T10",
    code="KRD-01",
    cases="..cases.metric:triples",
    kills=("squared-metric", "squared-value"),
)
def triangle_inequality(solve: Judged, pair: Triple) -> Gap:
    """V(μ, ν) ≤ V(μ, λ) + V(λ, ν)."""
    mu, nu, by, D = pair.mu, pair.nu, pair.third, pair.metric
    allow = 3.0 * slack(solve, pair)
    return at_most(solve(mu, nu, D), solve(mu, by, D) + solve(by, nu, D), allow=allow, effect=_size(pair))


@law(
    rubinstein,
    says="a measure is at distance 0 from itself",
    source="Villani 2009, Def. 6.1",
    kind="limit",
    rule="T5",
    code="KRD-01",
    kills=("independent", "mean-distance"),
)
def identity(solve: Judged, pair: Pair) -> Gap:
    """V(μ, μ) = 0."""
    return gap(solve(pair.mu, pair.mu, pair.metric), 0.0, allow=slack(solve, pair), effect=_size(pair))


@law(
    rubinstein,
    says="in another unit of length the distance is another number of the same length",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="KRD-01",
    kills=("squared-metric", "squared-value"),
)
def homogeneous(solve: Judged, pair: Pair) -> Gap:
    """V(μ, ν, 4D) = 4 V(μ, ν, D)."""
    want = 4.0 * solve(pair.mu, pair.nu, pair.metric)
    allow = 8.0 * slack(solve, pair)
    return gap(solve(pair.mu, pair.nu, 4.0 * pair.metric), want, allow=allow, effect=4.0 * _size(pair))


def _ahead(pair: Any, order: NDArray[np.int64]) -> Array:
    """F − G between neighbours of the line."""
    return np.asarray(np.cumsum((pair.mu - pair.nu)[order])[:-1])


def _three(pair: Pair) -> tuple[Array, Array, Array]:
    return np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.25, 0.5]), 1.0 - np.eye(3)


BAD = {
    "nan-metric": lambda pair: (*_three(pair)[:2], np.where(np.eye(3, k=1) > 0, np.nan, _three(pair)[2])),
    "negative-mass": lambda pair: (np.array([1.5, -0.5, 0.0]), *_three(pair)[1:]),
    "unequal-masses": lambda pair: (_three(pair)[0] * 2.0, *_three(pair)[1:]),
    "shapes-that-disagree": lambda pair: (*_three(pair)[:2], 1.0 - np.eye(4)),
}

CONTRACTS = (rubinstein,)
LAWS = (
    duality,
    slope_at_most_one,
    potential_pays,
    any_lipschitz_function,
    slope_one_on_ways,
    snowflake,
    shortest_path_closure,
    symmetry,
    turned_over,
    common_mass,
    area_on_the_line,
    slope_on_the_line,
    edges_of_a_tree,
    total_variation,
    mcshane,
    one_more_point,
    triangle_inequality,
    identity,
    homogeneous,
    *cross_cutting(rubinstein, allow=rounding, layouts=("ignores-strides", "counts-calls")),
    *refusals(rubinstein, BAD),
)
