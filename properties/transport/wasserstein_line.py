"""Transport on a line, where sorting solves it.

    W_p^p(μ, ν) = ∫₀¹ |F⁻¹(q) − G⁻¹(q)|^p dq for p ≥ 1: the monotone plan is optimal for every convex cost
    W_1(μ, ν) = ∫ |F(t) − G(t)| dt

For p < 1 the monotone plan is not optimal (three atoms suffice), so this contract ends at p = 1. A nondecreasing T moves
μ to T_#μ at the price Σ a_i |x_i − T x_i|^p, its own quantiles being the images of μ's. An atom without mass has no part
in F. That the value is a distance, and how it moves with its measures, is in `wasserstein_line_distance`.

Symbols: a [m], b [n] masses of sum 1; x [m], y [n] points in any order; F, G distribution functions; p ≥ 1.
Source: Santambrogio 2015 Prop. 2.17 and Thm 2.9; Peyré & Cuturi 2019, Rmk 2.28-2.30.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, gap, law
from prufrock.tolerance import linear_program

from ..hygiene import cross_cutting, refusals, spoilt
from ..oracles.line import distribution_cost, quantile_cost
from ..oracles.lp import transport
from ._wasserstein import ROOT, exchanges, plan_is_priced, powered

if TYPE_CHECKING:
    from ..cases.lines import Lines

line = Contract(
    id="transport.wasserstein-1d",
    says="the p-Wasserstein distance between two weighted sets of numbers, or its p-th power",
    arguments={"a": "m", "x": "m", "b": "n", "y": "n", "p": ""},
    outputs={"value": "", "plan": "m n"},
    domain="masses ≥ 0 of sum 1, zero-mass atoms and ties allowed, m, n ≥ 1, finite numbers in any order, p ≥ 1",
    cases="..cases.lines:lines",
    real="..cases.digits:lines",
    conventions={"root": ("yes", "no")},
    source="Santambrogio 2015 Prop. 2.17",
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
    cases="..cases.lines:plain_lines",
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


BAD = {
    "negative-mass": spoilt(line, "a", lambda a: np.concatenate([a[:-1], [-0.5 - a[-1]]])),
    "unequal-masses": spoilt(line, "b", lambda b: 3.0 * b),
    "nan-point": spoilt(line, "x", lambda x: np.where(np.arange(len(x)) == 0, np.nan, x)),
}


def layout(c: Lines, u: float) -> float:
    return 64.0 * float(u ** (1 / c.p)) * max(extent(c.x, c.y, 1.0), extent(c.x, c.y, c.p), 1.0)


CONTRACTS = (line,)
LAWS = (
    quantile_area,
    distribution_area,
    least_cost,
    monotone_map,
    empty_atom,
    plan_and_price,
    cyclical_monotonicity,
    *cross_cutting(line, allow=layout, layouts=("ignores-strides", "forgets-second-call")),
    *refusals(line, BAD | {"order-below-one": lambda c: (c.a, c.x, c.b, c.y, 0.5)}),
)
