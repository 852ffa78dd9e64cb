"""Wasserstein distances between weighted clouds: W_p^p(μ, ν) = min_P Σ P_ij ‖x_i − y_j‖^p over plans P from μ to ν.

With the root, W_p is a metric for p ≥ 1; without it W_p^p is one for p ≤ 1; both are (W_p^p)^r, r = min(1, 1/p). The
other two combinations are not metrics: δ₀, δ₁, δ₂ with p = 2 and no root, δ₀, δ₁ and their mean with p = ½ and a root.
On a line W_p^p = ∫₀¹ |F⁻¹ − G⁻¹|^p for p ≥ 1. Everything is compared as W_p^p (see `_wasserstein`). Lower bounds are in
`wasserstein_bounds`, what becomes of the distance when the clouds move in `wasserstein_moves`.

Symbols: a [m], b [n] masses of sum 1; X [m, d], Y [n, d] points; p > 0; F, G distribution functions.
Source: Villani 2009 §6; Santambrogio 2015 §5.1; Peyré & Cuturi 2019 Prop. 2.2-2.3, Rmk 2.28.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, gap, law
from prufrock.tolerance import linear_program

from ..hygiene import cross_cutting, refusals, spoilt
from ..oracles.line import distances, quantile_cost
from ..oracles.lp import transport
from ._wasserstein import ROOT, exchanges, plan_is_priced, powered

if TYPE_CHECKING:
    from ..cases.clouds import Clouds, ThreeClouds

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
    says="on a line the distance is the area between the quantile functions",
    source="Santambrogio 2015 Prop. 2.17; Peyré & Cuturi 2019, Rmk 2.28",
    kind="oracle",
    rule="T5",
    level="convention",
    when=ROOT,
    code="WSP-05",
    cases="..cases.lines:clouds_on_a_line",
    kills=("root-forgotten", "pairs-in-order", "uniform-weights"),
)
def on_a_line(solve: Judged, c: Clouds) -> Gap:
    """W_p^p = ∫₀¹ |F⁻¹ − G⁻¹|^p for d = 1, p ≥ 1."""
    want = quantile_cost(c.a, c.X[:, 0], c.b, c.Y[:, 0], c.p)
    got = cost_of(solve, c.a, c.X, c.b, c.Y, c.p)
    return gap(got, want, allow=slack(solve, c.X, c.Y, c.p), effect=extent(c.X, c.Y, c.p))


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


def _layout(c: Clouds, u: float) -> float:
    """Of W_p or of W_p^p, whichever moves more."""
    return 64.0 * float(u ** min(1.0, 1 / c.p)) * max(extent(c.X, c.Y, 1.0), extent(c.X, c.Y, c.p))


BAD = {
    "negative-mass": spoilt(wasserstein, "a", lambda a: np.concatenate([a[:-1], [-0.5 - a[-1]]])),
    "unequal-masses": spoilt(wasserstein, "b", lambda b: 3.0 * b),
    "nan-point": spoilt(wasserstein, "X", lambda X: np.where(np.arange(X.size).reshape(X.shape) == 0, np.nan, X)),
    "too-few-masses": spoilt(wasserstein, "a", lambda a: np.full(len(a) + 1, 1.0 / (len(a) + 1))),
}

CONTRACTS = (wasserstein,)
LAWS = (
    least_cost,
    symmetry,
    zero_from_itself,
    triangle,
    on_a_line,
    plan_and_price,
    cyclical_monotonicity,
    *cross_cutting(wasserstein, allow=_layout),
    *refusals(wasserstein, BAD),
)
