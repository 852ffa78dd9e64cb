"""What a Wasserstein distance between clouds is at least: the means', the Gaussians', that of a smaller order.

    W_p ≤ W_q for p ≤ q (Jensen)          W_p ≥ ‖m_μ − m_ν‖ for p ≥ 1
    W_2² ≥ ‖m_μ − m_ν‖² + B²(Σ_μ, Σ_ν)    with equality for ν = T_#μ, T x = A x + t, A symmetric ⪰ 0: a convex gradient

Such a T moves its own points by the shortest way, W_2²(μ, T_#μ) = Σ a_i ‖x_i − T x_i‖² (Brenier). A map that brings
points no further apart brings measures no further apart: the image of a plan is a plan.

Symbols: a [m], b [n] masses of sum 1; X [m, d], Y [n, d] points; m_μ means, Σ_μ covariances, B Bures distance.
Source: Villani 2009 Rmk 6.6; Gelbrich 1990, Thm 2.1; Brenier 1991; Peyré & Cuturi 2019, Rmk 2.31.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, at_most, gap, law

from ..oracles.gaussian import bures_squared, rounding
from ..oracles.line import moments
from ._wasserstein import ROOT
from .wasserstein import cost_of, extent, slack, wasserstein

if TYPE_CHECKING:
    from ..cases.clouds import Clouds, MappedCloud


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


CONTRACTS = ()
LAWS = (
    grows_with_order,
    means_no_further,
    gelbrich_bound,
    convex_gradient,
    contraction,
)
