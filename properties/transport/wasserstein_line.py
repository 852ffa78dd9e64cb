"""Transport on a line and on a circle, where sorting solves it.

    line     W_p^p(μ, ν) = ∫₀¹ |F⁻¹(q) − G⁻¹(q)|^p dq for p ≥ 1: the monotone plan is optimal for every convex cost
             W_1(μ, ν) = ∫ |F(t) − G(t)| dt
    circle   the same with the arc length min(|x − y|, 1 − |x − y|): at most the line's cost, for no way gets longer
For p < 1 the monotone plan is not optimal (three atoms suffice), so these contracts end at p = 1. A nondecreasing T
moves μ to T_#μ at the price Σ a_i |x_i − T x_i|^p.

Symbols: a [m], b [n] masses of sum 1; x [m], y [n] points, on the circle in [0, 1); F, G distribution functions; p ≥ 1.
Source: Santambrogio 2015 Prop. 2.17; Peyré & Cuturi 2019, Rmk 2.28-2.30; Delon, Salomon & Sobolevski 2010 (circle).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, gap, law
from prufrock.tolerance import linear_program

from ..hygiene import cross_cutting, refusals
from ..oracles.line import circle_distances, distribution_cost, quantile_cost
from ..oracles.lp import transport
from .wasserstein import ROOT, exchanges, plan_is_priced, powered

if TYPE_CHECKING:
    from ..cases.clouds import Lines, MovedLines, ThreeLines

line = Contract(
    id="transport.wasserstein-1d",
    says="the p-Wasserstein distance between two weighted sets of numbers, or its p-th power",
    arguments={"a": "m", "x": "m", "b": "n", "y": "n", "p": ""},
    outputs={"value": "", "plan": "m n"},
    domain="masses ≥ 0 of sum 1, zero-mass atoms and ties allowed, m, n ≥ 1, finite numbers in any order, p ≥ 1",
    cases="..cases.clouds:lines",
    real="..cases.digits:lines",
    conventions={"root": ("yes", "no")},
    source="Santambrogio 2015 Prop. 2.17",
    home=__package__,
)

circle = Contract(
    id="transport.circle",
    says="the p-th power of the p-Wasserstein distance on the circle of length 1",
    arguments={"a": "m", "x": "m", "b": "n", "y": "n", "p": ""},
    outputs={"value": ""},
    domain="masses ≥ 0 of sum 1, zero-mass atoms and ties allowed, m, n ≥ 1, points in [0, 1) in any order, p ≥ 1",
    cases="..cases.clouds:circles",
    source="Delon, Salomon & Sobolevski 2010",
    home=__package__,
)


def cost_of(solve: Judged, a: Any, x: Any, b: Any, y: Any, p: float) -> float:
    return powered(solve(a, x, b, y, p), p, solve.conventions["root"])


def extent(x: Any, y: Any, p: float) -> float:
    return float((np.abs(x).max() + np.abs(y).max()) ** p)


def slack(solve: Judged, x: Any, y: Any, p: float) -> float:
    size = extent(x, y, p)
    return (1.0 + p) * linear_program(len(x), len(y), size, solve.u) + solve.accuracy * size


@law(
    line,
    says="the distance is the area between the quantile functions, to the power p",
    source="Santambrogio 2015 Prop. 2.17; Peyré & Cuturi 2019, Rmk 2.28",
    kind="oracle",
    rule="T5",
    level="convention",
    when=ROOT,
    code="WSP-05",
    complete=True,
    kills=("pairs-in-order", "weights-not-sorted", "uniform-weights", "root-forgotten", "distribution-area"),
)
def quantile_area(solve: Judged, c: Lines) -> Gap:
    """W_p^p = ∫₀¹ |F⁻¹ − G⁻¹|^p."""
    want = quantile_cost(c.a, c.x, c.b, c.y, c.p)
    got = cost_of(solve, c.a, c.x, c.b, c.y, c.p)
    return gap(got, want, allow=slack(solve, c.x, c.y, c.p), effect=extent(c.x, c.y, c.p))


@law(
    line,
    says="at order one it is the area between the distribution functions",
    source="Santambrogio 2015 Prop. 2.17",
    kind="oracle",
    rule="T1",
    level="convention",
    when=ROOT,
    code="WSP-05",
    cases="..cases.clouds:plain_lines",
    kills=("weights-not-sorted", "uniform-weights", "ties-dropped"),
)
def distribution_area(solve: Judged, c: Lines) -> Gap:
    """W_1 = ∫ |F − G|."""
    want, got = distribution_cost(c.a, c.x, c.b, c.y), cost_of(solve, c.a, c.x, c.b, c.y, 1.0)
    return gap(got, want, allow=slack(solve, c.x, c.y, 1.0), effect=extent(c.x, c.y, 1.0))


@law(
    line,
    says="no plan at all is cheaper",
    source="Peyré & Cuturi 2019 (2.11); HiGHS",
    kind="oracle",
    rule="T5",
    level="convention",
    when=ROOT,
    code="EMD-05",
    kills=("pairs-in-order", "last-atom-dropped", "distribution-area"),
)
def least_cost(solve: Judged, c: Lines) -> Gap:
    """W_p^p = min_P Σ P_ij |x_i − y_j|^p."""
    best = transport(c.a, c.b, np.abs(c.x[:, None] - c.y[None, :]) ** c.p)
    got, allow = cost_of(solve, c.a, c.x, c.b, c.y, c.p), 2 * slack(solve, c.x, c.y, c.p) + best.width
    return gap(got, best.value, allow=allow, effect=extent(c.x, c.y, c.p))


@law(
    line,
    says="the way back is as long",
    source="Villani 2009 §6",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-01",
    kills=("grid-of-a-only", "last-atom-dropped"),
)
def symmetry(solve: Judged, c: Lines) -> Gap:
    """W(μ, ν) = W(ν, μ)."""
    there, back = cost_of(solve, c.a, c.x, c.b, c.y, c.p), cost_of(solve, c.b, c.y, c.a, c.x, c.p)
    return gap(there, back, allow=2 * slack(solve, c.x, c.y, c.p), effect=extent(c.x, c.y, c.p))


@law(
    line,
    says="a measure is at distance 0 from itself, in whatever order and pieces its atoms are listed",
    source="Villani 2009 §6",
    kind="limit",
    rule="T5",
    level="convention",
    when=ROOT,
    code="WSP-08",
    cases="..cases.clouds:same_lines",
    kills=("pairs-in-order", "weights-not-sorted", "ties-dropped"),
)
def zero_from_itself(solve: Judged, c: Lines) -> Gap:
    """W(μ, μ) = 0, compared as W_p^p."""
    got = cost_of(solve, c.a, c.x, c.b, c.y, c.p)
    return gap(got, 0.0, allow=slack(solve, c.x, c.y, c.p), effect=extent(c.x, c.y, c.p))


@law(
    line,
    says="no detour over a third measure is shorter",
    source="Villani 2009 §6",
    kind="inequality",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-01",
    cases="..cases.clouds:three_lines",
    kills=("order-ignored", "last-atom-dropped"),
)
def triangle(solve: Judged, c: ThreeLines) -> Gap:
    """W_p(μ, ν) ≤ W_p(μ, λ) + W_p(λ, ν)."""
    ends = ((c.a, c.x), (c.c, c.z), (c.b, c.y))
    W = [max(cost_of(solve, *ends[i], *ends[j], c.p), 0.0) ** (1 / c.p) for i, j in ((0, 2), (0, 1), (1, 2))]
    allow = sum(slack(solve, ends[i][1], ends[j][1], c.p) ** (1 / c.p) for i, j in ((0, 2), (0, 1), (1, 2)))
    return at_most(W[0], W[1] + W[2], allow=allow)


@law(
    line,
    says="the distance grows with its order",
    source="Villani 2009 Rmk 6.6 (Jensen)",
    kind="inequality",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-02",
    kills=("root-forgotten", "order-ignored"),
)
def grows_with_order(solve: Judged, c: Lines) -> Gap:
    """W_1 ≤ W_2 for probabilities."""
    W = [max(cost_of(solve, c.a, c.x, c.b, c.y, p), 0.0) ** (1.0 / p) for p in (1.0, 2.0)]
    return at_most(W[0], W[1], allow=slack(solve, c.x, c.y, 1.0) + slack(solve, c.x, c.y, 2.0) ** 0.5)


@law(
    line,
    says="the means are no further apart than the measures",
    source="Villani 2009 Rmk 6.6 (Jensen)",
    kind="inequality",
    rule="T5",
    level="convention",
    when=ROOT,
    code="WSP-02",
    kills=("last-atom-dropped", "ties-dropped"),
)
def means_no_further(solve: Judged, c: Lines) -> Gap:
    """|m_μ − m_ν|^p ≤ W_p^p."""
    apart = abs(float(c.a @ c.x - c.b @ c.y)) ** c.p
    return at_most(apart, cost_of(solve, c.a, c.x, c.b, c.y, c.p), allow=2 * slack(solve, c.x, c.y, c.p))


@law(
    line,
    says="shifting, stretching and mirroring both measures only stretches the distance",
    source="derived",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-03",
    cases="..cases.clouds:moved_lines",
    kills=("order-ignored", "positive-half-line", "root-forgotten"),
)
def affine_change(solve: Judged, c: MovedLines) -> Gap:
    """W_p^p(λ· + s) = |λ|^p W_p^p."""
    x, y = c.factor * c.x + c.s, c.factor * c.y + c.s
    want = abs(c.factor) ** c.p * cost_of(solve, c.a, c.x, c.b, c.y, c.p)
    allow = slack(solve, x, y, c.p) + slack(solve, c.factor * c.x, c.factor * c.y, c.p)
    return gap(cost_of(solve, c.a, x, c.b, y, c.p), want, allow=allow, effect=extent(x, y, c.p))


@law(
    line,
    says="shifting both measures changes the squared distance by what the means say",
    source="Peyré & Cuturi 2019, Rmk 2.19",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-03",
    cases="..cases.clouds:moved_square_lines",
    kills=("order-ignored", "root-forgotten"),
)
def translation_identity(solve: Judged, c: MovedLines) -> Gap:
    """W_2²(μ + s, ν + t) = W_2²(μ, ν) + (s − t)² + 2(s − t)(m_μ − m_ν)."""
    away, means = c.s - c.t, float(c.a @ c.x / c.a.sum() - c.b @ c.y / c.b.sum())
    want = cost_of(solve, c.a, c.x, c.b, c.y, 2.0) + away**2 + 2 * away * means
    got = cost_of(solve, c.a, c.x + c.s, c.b, c.y + c.t, 2.0)
    allow = 2 * slack(solve, c.x, c.y, 2.0) + 2 * slack(solve, c.x + c.s, c.y + c.t, 2.0)
    return gap(got, want, allow=allow, effect=extent(c.x + c.s, c.y + c.t, 2.0))


@law(
    line,
    says="a nondecreasing map moves its points by the shortest way",
    source="Santambrogio 2015 Thm 2.9",
    kind="identity",
    rule="T5",
    level="convention",
    when=ROOT,
    code="WSP-04",
    kills=("root-forgotten", "weights-not-sorted"),
)
def monotone_map(solve: Judged, c: Lines) -> Gap:
    """W_p^p(μ, T_#μ) = Σ a_i |x_i − T x_i|^p for T x = max(2x, min(x, c)): steep, flat and steep again."""
    knee = float(c.x[0])
    y = np.maximum(2.0 * c.x, np.minimum(c.x, knee))
    want = float(c.a @ np.abs(c.x - y) ** c.p)
    got = cost_of(solve, c.a, c.x, c.a, y, c.p)
    return gap(got, want, allow=2 * slack(solve, c.x, y, c.p), effect=extent(c.x, y, c.p))


@law(
    line,
    says="an atom without mass changes nothing, wherever it is",
    source="derived",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when=ROOT,
    code="EMD-09",
    kills=("last-atom-dropped", "uniform-weights"),
)
def empty_atom(solve: Judged, c: Lines) -> Gap:
    """W(μ + 0·δ_z, ν) = W(μ, ν) for z beyond all points."""
    far = 2.0 * float(np.abs(c.x).max() + np.abs(c.y).max()) + 1.0
    a, x = np.append(c.a, 0.0), np.append(c.x, far)
    got, want = cost_of(solve, a, x, c.b, c.y, c.p), cost_of(solve, c.a, c.x, c.b, c.y, c.p)
    return gap(got, want, allow=2 * slack(solve, x, c.y, c.p), effect=extent(x, c.y, c.p))


@law(
    line,
    says="the plan returned goes from one measure to the other, at the price returned",
    source="Peyré & Cuturi 2019 (2.11)",
    kind="identity",
    rule="T5",
    level="convention",
    when=ROOT,
    needs=("plan",),
    code="EMD-01",
    kills=("plan-in-sorted-order", "plan-of-half"),
)
def plan_and_price(solve: Judged, c: Lines) -> Gap:
    """P1 = a, Pᵀ1 = b, ⟨P, C⟩ = W_p^p."""
    C = np.abs(c.x[:, None] - c.y[None, :]) ** c.p
    out = solve.full(c.a, c.x, c.b, c.y, c.p)
    return plan_is_priced(solve, out, c.a, c.b, C, c.p, 2 * slack(solve, c.x, c.y, c.p))


@law(
    line,
    says="no two or three points in use gain by exchanging their targets",
    source="Villani 2009 Thm 5.10; Santambrogio 2015 Thm 1.38",
    kind="inequality",
    rule="T5",
    needs=("plan",),
    code="WSP-07",
    kills=("plan-in-sorted-order", "plan-dearest"),
)
def cyclical_monotonicity(solve: Judged, c: Lines) -> Gap:
    """Σ_k c(x_k, y_k) ≤ Σ_k c(x_k, y_σ(k)) over 2- and 3-cycles of supp P."""
    C = np.abs(c.x[:, None] - c.y[None, :]) ** c.p
    plan = solve.full(c.a, c.x, c.b, c.y, c.p).plan
    return exchanges(plan, C, 3 * slack(solve, c.x, c.y, c.p), solve.u)


def circle_slack(solve: Judged, c: Lines) -> float:
    """Lengths are at most 1, but an algorithm unrolls the circle to [−1, 2]."""
    return (1 + c.p) * linear_program(len(c.x), len(c.y), 2.0**c.p, solve.u) + solve.accuracy


@law(
    circle,
    says="on the circle, too, no plan is cheaper",
    source="Peyré & Cuturi 2019 (2.11) with arc lengths; HiGHS",
    kind="oracle",
    rule="T5",
    code="EMD-05",
    complete=True,
    kills=("cut-at-zero", "half-circle-only", "uniform-weights", "rooted"),
)
def least_cost_on_circle(solve: Judged, c: MovedLines) -> Gap:
    """W_p^p = min_P Σ P_ij min(|x_i − y_j|, 1 − |x_i − y_j|)^p."""
    best = transport(c.a, c.b, circle_distances(c.x, c.y) ** c.p)
    allow = circle_slack(solve, c) + best.width
    return gap(solve(c.a, c.x, c.b, c.y, c.p), best.value, allow=allow, effect=0.5**c.p)


@law(
    circle,
    says="a rotation of the circle changes nothing",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="WSP-03",
    kills=("cut-at-zero", "weighted-by-place"),
)
def rotation(solve: Judged, c: MovedLines) -> Gap:
    """W(μ + s, ν + s) = W(μ, ν), modulo 1."""
    still = solve(c.a, c.x, c.b, c.y, c.p)
    turned = solve(c.a, (c.x + c.s) % 1.0, c.b, (c.y + c.s) % 1.0, c.p)
    return gap(turned, still, allow=2 * circle_slack(solve, c), effect=0.5**c.p)


@law(
    circle,
    says="the way back is as long",
    source="Villani 2009 §6",
    kind="metamorphic",
    rule="T10",
    code="WSP-01",
    kills=("weighted-by-place", "one-way"),
)
def symmetry_on_circle(solve: Judged, c: MovedLines) -> Gap:
    """W(μ, ν) = W(ν, μ)."""
    there, back = solve(c.a, c.x, c.b, c.y, c.p), solve(c.b, c.y, c.a, c.x, c.p)
    return gap(there, back, allow=2 * circle_slack(solve, c), effect=0.5**c.p)


@law(
    circle,
    says="the circle is never longer than the line it is cut into",
    source="derived: arc ≤ |x − y|",
    kind="inequality",
    rule="T5",
    code="WSP-04",
    kills=("one-way", "rooted"),
)
def at_most_the_line(solve: Judged, c: MovedLines) -> Gap:
    """W_circle^p ≤ ∫₀¹ |F⁻¹ − G⁻¹|^p."""
    bound = quantile_cost(c.a, c.x, c.b, c.y, c.p)
    return at_most(solve(c.a, c.x, c.b, c.y, c.p), bound, allow=circle_slack(solve, c), effect=0.5**c.p)


def _change(name: str, change: Any) -> Any:
    def corrupt(c: Lines) -> tuple[Any, ...]:
        return tuple(change(getattr(c, n)) if n == name else getattr(c, n) for n in line.arguments)

    return corrupt


BAD = {
    "negative-mass": _change("a", lambda a: np.concatenate([a[:-1], [-0.5 - a[-1]]])),
    "unequal-masses": _change("b", lambda b: 3.0 * b),
    "nan-point": _change("x", lambda x: np.where(np.arange(len(x)) == 0, np.nan, x)),
}


def _layout(c: Lines, u: float) -> float:
    return 64.0 * float(u ** (1 / c.p)) * max(extent(c.x, c.y, 1.0), extent(c.x, c.y, c.p), 1.0)


CONTRACTS = (line, circle)
LAWS = (
    quantile_area,
    distribution_area,
    least_cost,
    symmetry,
    zero_from_itself,
    triangle,
    grows_with_order,
    means_no_further,
    affine_change,
    translation_identity,
    monotone_map,
    empty_atom,
    plan_and_price,
    cyclical_monotonicity,
    least_cost_on_circle,
    rotation,
    symmetry_on_circle,
    at_most_the_line,
    *cross_cutting(line, allow=_layout, layouts=("ignores-strides", "forgets-second-call")),
    *cross_cutting(circle, allow=_layout, layouts=("ignores-strides", "forgets-second-call")),
    *refusals(line, BAD | {"order-below-one": lambda c: (c.a, c.x, c.b, c.y, 0.5)}),
    *refusals(circle, BAD),
)
