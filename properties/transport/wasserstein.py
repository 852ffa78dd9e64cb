"""Wasserstein distances between weighted clouds: W_p^p(μ, ν) = min_P Σ P_ij ‖x_i − y_j‖^p over plans P from μ to ν.

With the root, W_p is a metric for p ≥ 1; without it W_p^p is one for p ≤ 1; both are (W_p^p)^r, r = min(1, 1/p). The
other two combinations are not metrics: δ₀, δ₁, δ₂ with p = 2 and no root, δ₀, δ₁ and their mean with p = ½ and a root.

    W_p ≤ W_q for p ≤ q (Jensen)          W_p ≥ ‖m_μ − m_ν‖ for p ≥ 1
    W_2² ≥ ‖m_μ − m_ν‖² + B²(Σ_μ, Σ_ν)    with equality for ν = T_#μ, T x = A x + t, A symmetric ⪰ 0: a convex gradient
    W_2²(μ + s, ν + t) = W_2² + ‖s − t‖² + 2⟨s − t, m_μ − m_ν⟩

Everything is compared as W_p^p, because a root makes √u of u where the distance vanishes: |x^r − y^r| ≤ |x − y|^r.

Symbols: a [m], b [n] masses of sum 1; X [m, d], Y [n, d] points; p > 0; m_μ means, Σ_μ covariances, B Bures distance.
Source: Villani 2009 §6; Santambrogio 2015 §5.1; Peyré & Cuturi 2019 Prop. 2.2-2.3, Rmk 2.19, 2.31; Gelbrich 1990.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, all_of, at_most, gap, inconclusive, law
from prufrock.tolerance import linear_program

from ..hygiene import cross_cutting, refusals
from ..oracles.gaussian import bures_squared, rounding
from ..oracles.line import distances, moments, quantile_cost
from ..oracles.lp import transport

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..cases.clouds import Clouds, MappedCloud, MovedClouds, ThreeClouds

wasserstein = Contract(
    id="transport.wasserstein",
    says="the p-Wasserstein distance between two weighted point clouds, or its p-th power",
    arguments={"a": "m", "X": "m d", "b": "n", "Y": "n d", "p": ""},
    outputs={"value": "", "plan": "m n"},
    domain="masses ≥ 0 of sum 1, zero-mass atoms and coinciding points allowed, m, n, d ≥ 1, finite points, p > 0",
    cases="..cases.clouds:clouds",
    real="..cases.digits:clouds",
    conventions={"root": ("yes", "no")},
    source="Villani 2009 Def. 6.1",
    home=__package__,
)

ROOT = {"root": ("yes", "no")}


def powered(value: Any, p: float, root: str) -> float:
    """W_p^p, whatever was returned; a negative value stays negative."""
    return float(np.sign(value) * np.abs(value) ** (p if root == "yes" else 1.0))


def cost_of(solve: Judged, a: Any, X: Any, b: Any, Y: Any, p: float) -> float:
    return powered(solve(a, X, b, Y, p), p, solve.conventions["root"])


def extent(X: Any, Y: Any, p: float) -> float:
    """(max ‖x‖ + max ‖y‖)^p: no distance^p is larger, and rounding of a point costs no more than u times this."""
    return float((np.sqrt(np.square(X).sum(-1).max()) + np.sqrt(np.square(Y).sum(-1).max())) ** p)


def slack(solve: Judged, X: Any, Y: Any, p: float) -> float:
    """T5 for W_p^p, with p + 1 more roundings for the power and its root."""
    size = extent(X, Y, p)
    return (1.0 + p) * linear_program(len(X), len(Y), size, solve.u) + solve.accuracy * size


@law(
    wasserstein,
    says="the p-th power of the distance is the value of the linear program",
    source="Peyré & Cuturi 2019 (2.11), (2.18); HiGHS",
    kind="oracle",
    rule="T5",
    level="convention",
    when=ROOT,
    code="EMD-05",
    complete=True,
    kills=("root-forgotten", "squared-always", "sorted-first-coordinate", "uniform-weights", "city-block"),
)
def least_cost(solve: Judged, c: Clouds) -> Gap:
    """W_p^p = min {Σ P_ij ‖x_i − y_j‖^p : P ≥ 0, P1 = a, Pᵀ1 = b}."""
    best = transport(c.a, c.b, distances(c.X, c.Y) ** c.p)
    got, allow = cost_of(solve, c.a, c.X, c.b, c.Y, c.p), slack(solve, c.X, c.Y, c.p) + best.width
    return gap(got, best.value, allow=allow, effect=extent(c.X, c.Y, c.p))


@law(
    wasserstein,
    says="the way back is as long",
    source="Villani 2009 §6",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-01",
    kills=("uniform-weights-of-b", "one-sided-chamfer"),
)
def symmetry(solve: Judged, c: Clouds) -> Gap:
    """W(μ, ν) = W(ν, μ)."""
    there, back = cost_of(solve, c.a, c.X, c.b, c.Y, c.p), cost_of(solve, c.b, c.Y, c.a, c.X, c.p)
    return gap(there, back, allow=2 * slack(solve, c.X, c.Y, c.p), effect=extent(c.X, c.Y, c.p))


@law(
    wasserstein,
    says="a measure is at distance 0 from itself, in whatever order and pieces its atoms are listed",
    source="Villani 2009 §6",
    kind="limit",
    rule="T5",
    level="convention",
    when=ROOT,
    code="WSP-08",
    cases="..cases.clouds:same_clouds",
    kills=("independent-plan", "uniform-weights", "pairs-in-order"),
)
def zero_from_itself(solve: Judged, c: Clouds) -> Gap:
    """W(μ, μ) = 0, compared as W_p^p."""
    got = cost_of(solve, c.a, c.X, c.b, c.Y, c.p)
    return gap(got, 0.0, allow=slack(solve, c.X, c.Y, c.p), effect=extent(c.X, c.Y, c.p))


@law(
    wasserstein,
    says="no detour over a third measure is shorter",
    source="Villani 2009 §6 (p ≥ 1); for p ≤ 1 without the root, because d^p is a metric",
    kind="inequality",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-01",
    cases="..cases.clouds:three_clouds",
    kills=("root-forgotten", "squared-always", "always-order-one-squared"),
)
def triangle(solve: Judged, c: ThreeClouds) -> Gap:
    """D(μ, ν) ≤ D(μ, λ) + D(λ, ν) with D = (W_p^p)^min(1, 1/p)."""
    r, ends = min(1.0, 1.0 / c.p), ((c.a, c.X), (c.c, c.Z), (c.b, c.Y))
    D = [max(cost_of(solve, *ends[i], *ends[j], c.p), 0.0) ** r for i, j in ((0, 2), (0, 1), (1, 2))]
    allow = sum(slack(solve, ends[i][1], ends[j][1], c.p) ** r for i, j in ((0, 2), (0, 1), (1, 2)))
    return at_most(D[0], D[1] + D[2], allow=allow)


@law(
    wasserstein,
    says="the distance grows with its order",
    source="Villani 2009 Rmk 6.6 (Jensen)",
    kind="inequality",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-02",
    kills=("root-forgotten", "always-order-one-squared"),
)
def grows_with_order(solve: Judged, c: Clouds) -> Gap:
    """W_1 ≤ W_2 for probabilities."""
    W = [max(cost_of(solve, c.a, c.X, c.b, c.Y, p), 0.0) ** (1.0 / p) for p in (1.0, 2.0)]
    return at_most(W[0], W[1], allow=slack(solve, c.X, c.Y, 1.0) + slack(solve, c.X, c.Y, 2.0) ** 0.5)


@law(
    wasserstein,
    says="the means are no further apart than the measures",
    source="Villani 2009 Rmk 6.6 (Jensen)",
    kind="inequality",
    rule="T5",
    level="convention",
    when=ROOT,
    code="WSP-02",
    cases="..cases.clouds:convex_clouds",
    kills=("one-sided-chamfer", "self-subtracted"),
)
def means_no_further(solve: Judged, c: Clouds) -> Gap:
    """‖m_μ − m_ν‖^p ≤ W_p^p for p ≥ 1."""
    apart = float(np.linalg.norm(c.a @ c.X - c.b @ c.Y)) ** c.p
    return at_most(apart, cost_of(solve, c.a, c.X, c.b, c.Y, c.p), allow=2 * slack(solve, c.X, c.Y, c.p))


@law(
    wasserstein,
    says="Gaussians of the same means and covariances are no further apart",
    source="Gelbrich 1990, Thm 2.1; Peyré & Cuturi 2019, Rmk 2.31",
    kind="inequality",
    rule="T5",
    level="convention",
    when=ROOT,
    code="WSP-02",
    cases="..cases.clouds:square_clouds",
    kills=("one-sided-chamfer", "self-subtracted"),
)
def gelbrich_bound(solve: Judged, c: Clouds) -> Gap:
    """‖m_μ − m_ν‖² + B²(Σ_μ, Σ_ν) ≤ W_2²."""
    (m1, S1), (m2, S2) = moments(c.a, c.X), moments(c.b, c.Y)
    bound = float(np.square(m1 - m2).sum()) + bures_squared(S1, S2)
    allow = 2 * slack(solve, c.X, c.Y, 2.0) + rounding(S1, S2, 2.0**-53)
    return at_most(bound, cost_of(solve, c.a, c.X, c.b, c.Y, 2.0), allow=allow)


@law(
    wasserstein,
    says="the gradient of a convex function moves its points by the shortest way",
    source="Brenier 1991; Santambrogio 2015 Thm 1.22",
    kind="identity",
    rule="T5",
    level="convention",
    when=ROOT,
    code="WSP-02",
    cases="..cases.clouds:mapped_clouds",
    kills=("independent-plan", "self-subtracted", "root-forgotten"),
)
def convex_gradient(solve: Judged, c: MappedCloud) -> Gap:
    """W_2²(μ, T_#μ) = Σ a_i ‖x_i − T x_i‖² for T x = A x + t, A symmetric ⪰ 0."""
    Y = c.X @ c.A + c.t
    want = float(c.a @ np.square(c.X - Y).sum(1))
    got = cost_of(solve, c.a, c.X, c.a, Y, 2.0)
    return gap(got, want, allow=2 * slack(solve, c.X, Y, 2.0), effect=extent(c.X, Y, 2.0))


@law(
    wasserstein,
    says="shifting both clouds changes the squared distance by what the means say",
    source="Peyré & Cuturi 2019, Rmk 2.19",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-03",
    cases="..cases.clouds:moved_squares",
    kills=("root-forgotten", "centred-first", "uniform-weights"),
)
def translation_identity(solve: Judged, c: MovedClouds) -> Gap:
    """W_2²(μ + s, ν + t) = W_2²(μ, ν) + ‖s − t‖² + 2⟨s − t, m_μ − m_ν⟩."""
    away = c.s - c.t
    means = c.a @ c.X / c.a.sum() - c.b @ c.Y / c.b.sum()
    want = cost_of(solve, c.a, c.X, c.b, c.Y, 2.0) + away @ away + 2 * away @ means
    got = cost_of(solve, c.a, c.X + c.s, c.b, c.Y + c.t, 2.0)
    allow = 2 * slack(solve, c.X, c.Y, 2.0) + 2 * slack(solve, c.X + c.s, c.Y + c.t, 2.0)
    return gap(got, want, allow=allow, effect=extent(c.X + c.s, c.Y + c.t, 2.0))


@law(
    wasserstein,
    says="a rigid motion of both clouds changes nothing",
    source="derived",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-03",
    cases="..cases.clouds:moved_clouds",
    kills=("sorted-first-coordinate", "relative-distances"),
)
def rigid_motion(solve: Judged, c: MovedClouds) -> Gap:
    """W(T_#μ, T_#ν) = W(μ, ν) for T x = Q x + s, Q a signed permutation of the axes."""
    sign = np.where(np.arange(c.X.shape[1]) % 2, 1.0, -1.0)
    X, Y = (x[:, ::-1] * sign + c.s for x in (c.X, c.Y))
    still, moved = cost_of(solve, c.a, c.X, c.b, c.Y, c.p), cost_of(solve, c.a, X, c.b, Y, c.p)
    return gap(moved, still, allow=slack(solve, c.X, c.Y, c.p) + slack(solve, X, Y, c.p), effect=extent(X, Y, c.p))


@law(
    wasserstein,
    says="the distance scales with the clouds",
    source="derived",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-03",
    cases="..cases.clouds:moved_clouds",
    kills=("relative-distances", "always-order-one-squared", "root-forgotten"),
)
def scaling(solve: Judged, c: MovedClouds) -> Gap:
    """W_p^p(λ·) = λ^p W_p^p."""
    want = c.factor**c.p * cost_of(solve, c.a, c.X, c.b, c.Y, c.p)
    got = cost_of(solve, c.a, c.factor * c.X, c.b, c.factor * c.Y, c.p)
    allow = 2 * slack(solve, c.factor * c.X, c.factor * c.Y, c.p)
    return gap(got, want, allow=allow, effect=extent(c.factor * c.X, c.factor * c.Y, c.p))


@law(
    wasserstein,
    says="a map that brings points no further apart brings measures no further apart",
    source="Villani 2009 §6; derived",
    kind="inequality",
    rule="T10",
    level="convention",
    when=ROOT,
    code="WSP-04",
    kills=("mean-over-axes", "normalised-rows"),
)
def contraction(solve: Judged, c: Clouds) -> Gap:
    """W(T_#μ, T_#ν) ≤ W(μ, ν) for T the projection on the first axis."""
    still = cost_of(solve, c.a, c.X, c.b, c.Y, c.p)
    moved = cost_of(solve, c.a, c.X[:, :1], c.b, c.Y[:, :1], c.p)
    return at_most(moved, still, allow=2 * slack(solve, c.X, c.Y, c.p), effect=extent(c.X, c.Y, c.p))


@law(
    wasserstein,
    says="on a line the distance is the area between the quantile functions",
    source="Santambrogio 2015 Prop. 2.17; Peyré & Cuturi 2019, Rmk 2.28",
    kind="oracle",
    rule="T5",
    level="convention",
    when=ROOT,
    code="WSP-05",
    cases="..cases.clouds:clouds_on_a_line",
    kills=("root-forgotten", "pairs-in-order", "uniform-weights"),
)
def on_a_line(solve: Judged, c: Clouds) -> Gap:
    """W_p^p = ∫₀¹ |F⁻¹ − G⁻¹|^p for d = 1, p ≥ 1."""
    want = quantile_cost(c.a, c.X[:, 0], c.b, c.Y[:, 0], c.p)
    got = cost_of(solve, c.a, c.X, c.b, c.Y, c.p)
    return gap(got, want, allow=slack(solve, c.X, c.Y, c.p), effect=extent(c.X, c.Y, c.p))


def plan_is_priced(solve: Judged, out: Any, a: Any, b: Any, C: Any, p: float, allow: float) -> Gap:
    """P ≥ 0, P1 = a, Pᵀ1 = b, and ⟨P, C⟩ is the value returned."""
    u = solve.u * (len(a) + len(b)) * 8
    return all_of(
        at_most(-out.plan, 0.0, allow=u, effect=1.0, says="a negative entry"),
        gap(out.plan.sum(1), a, allow=u, effect=1.0, says="a row"),
        gap(out.plan.sum(0), b, allow=u, effect=1.0, says="a column"),
        gap(powered(out.value, p, solve.conventions["root"]), np.vdot(out.plan, C), allow=allow, says="the value"),
    )


def exchanges(plan: NDArray[np.float64], C: NDArray[np.float64], allow: float, u: float) -> Gap:
    """c-cyclical monotonicity of the support, by swaps of two and of three targets."""
    i, j = np.nonzero(plan > 64 * u)
    if len(i) < 2:
        return inconclusive("a single pair is in use")
    cross, own = C[i[:, None], j[None, :]], C[i, j]
    two = own[:, None] + own[None, :] - cross - cross.T
    three = two[:, :, None] * 0 + own[:, None, None] + own[None, :, None] + own[None, None, :]
    three = three - cross[:, :, None] - cross[None, :, :] - cross.T[:, None, :]
    top = max(float(two.max()), float(three.max()))
    return at_most(top, 0.0, allow=allow, effect=float(np.abs(C).max()), says="what an exchange of targets saves")


@law(
    wasserstein,
    says="the plan returned goes from one cloud to the other, at the price returned",
    source="Peyré & Cuturi 2019 (2.11)",
    kind="identity",
    rule="T5",
    level="convention",
    when=ROOT,
    needs=("plan",),
    code="EMD-01",
    kills=("plan-independent", "plan-of-half"),
)
def plan_and_price(solve: Judged, c: Clouds) -> Gap:
    """P1 = a, Pᵀ1 = b, ⟨P, C⟩ = W_p^p."""
    out = solve.full(c.a, c.X, c.b, c.Y, c.p)
    C = distances(c.X, c.Y) ** c.p
    return plan_is_priced(solve, out, c.a, c.b, C, c.p, 2 * slack(solve, c.X, c.Y, c.p))


@law(
    wasserstein,
    says="no two or three points in use gain by exchanging their targets",
    source="Villani 2009 Thm 5.10; Santambrogio 2015 Thm 1.38",
    kind="inequality",
    rule="T5",
    needs=("plan",),
    code="WSP-07",
    kills=("plan-dearest", "plan-independent"),
)
def cyclical_monotonicity(solve: Judged, c: Clouds) -> Gap:
    """Σ_k c(x_k, y_k) ≤ Σ_k c(x_k, y_σ(k)) over 2- and 3-cycles of supp P."""
    plan = solve.full(c.a, c.X, c.b, c.Y, c.p).plan
    return exchanges(plan, distances(c.X, c.Y) ** c.p, 3 * slack(solve, c.X, c.Y, c.p), solve.u)


@law(
    wasserstein,
    says="small steps far from the origin are measured by their differences, not by differences of squares",
    source="derived: ‖x‖² − 2⟨x, y⟩ + ‖y‖² cancels; float32, (1e4, 1) and (1e4, 1.001): 0 for 1e-6",
    kind="oracle",
    rule="T1",
    level="hygiene",
    when=ROOT,
    code="WSP-09",
    cases="..cases.clouds:far_clouds",
    kills=("expanded-squares", "half-precision-distances"),
)
def far_from_the_origin(solve: Judged, c: Clouds) -> Gap:
    """W_p^p to 16·(m + n)·u·max ‖x − y‖^p, although ‖x‖ is up to 2³⁰ times larger."""
    C = distances(c.X, c.Y) ** c.p
    best, got = transport(c.a, c.b, C), cost_of(solve, c.a, c.X, c.b, c.Y, c.p)
    allow = (1 + c.p) * linear_program(len(c.a), len(c.b), C, solve.u) + best.width
    return gap(got, best.value, allow=allow, effect=float(C.max()))


def _change(name: str, change: Any) -> Any:
    """The case's arguments with one of them replaced."""
    names = tuple(wasserstein.arguments)

    def corrupt(c: Clouds) -> tuple[Any, ...]:
        return tuple(change(getattr(c, n)) if n == name else getattr(c, n) for n in names)

    return corrupt


def _layout(c: Clouds, u: float) -> float:
    """Of W_p or of W_p^p, whichever moves more."""
    return 64.0 * float(u ** min(1.0, 1 / c.p)) * max(extent(c.X, c.Y, 1.0), extent(c.X, c.Y, c.p))


BAD = {
    "negative-mass": _change("a", lambda a: np.concatenate([a[:-1], [-0.5 - a[-1]]])),
    "unequal-masses": _change("b", lambda b: 3.0 * b),
    "nan-point": _change("X", lambda X: np.where(np.arange(X.size).reshape(X.shape) == 0, np.nan, X)),
    "too-few-masses": _change("a", lambda a: np.full(len(a) + 1, 1.0 / (len(a) + 1))),
}


CONTRACTS = (wasserstein,)
LAWS = (
    least_cost,
    symmetry,
    zero_from_itself,
    triangle,
    grows_with_order,
    means_no_further,
    gelbrich_bound,
    convex_gradient,
    translation_identity,
    rigid_motion,
    scaling,
    contraction,
    on_a_line,
    plan_and_price,
    cyclical_monotonicity,
    far_from_the_origin,
    *cross_cutting(wasserstein, allow=_layout),
    *refusals(wasserstein, BAD),
)
