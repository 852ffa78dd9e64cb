"""The Wasserstein distance of measures on a line as a distance: symmetric, 0 at home, no detour shorter; and moved.

    W_p ≤ W_q for p ≤ q and W_p ≥ |m_μ − m_ν| (Jensen)          W_p^p(λ· + s) = |λ|^p W_p^p
    W_2²(μ + s, ν + t) = W_2²(μ, ν) + (s − t)² + 2(s − t)(m_μ − m_ν)

W_p is the L^p distance of quantile functions, so a metric; a negative λ reverses both of them. Everything is compared as
W_p^p (see `_wasserstein`), but the triangle inequality and orders of different p, as W_p.

Symbols: a [m], b [n] masses of sum 1; x [m], y [n] points; s, t shifts; λ ≠ 0; m_μ means; p ≥ 1.
Source: Villani 2009 §6; Peyré & Cuturi 2019, Rmk 2.19 and 2.30.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prufrock import Gap, Judged, at_most, gap, law

from ._wasserstein import ROOT
from .wasserstein_line import cost_of, extent, line, slack

if TYPE_CHECKING:
    from ..cases.lines import Lines, MovedLines, ThreeLines


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
    cases="..cases.lines:same_lines",
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
    cases="..cases.lines:three_lines",
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
    cases="..cases.lines:moved_lines",
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
    cases="..cases.lines:moved_square_lines",
    kills=("order-ignored", "root-forgotten"),
)
def translation_identity(solve: Judged, c: MovedLines) -> Gap:
    """W_2²(μ + s, ν + t) = W_2²(μ, ν) + (s − t)² + 2(s − t)(m_μ − m_ν)."""
    away, means = c.s - c.t, float(c.a @ c.x / c.a.sum() - c.b @ c.y / c.b.sum())
    want = cost_of(solve, c.a, c.x, c.b, c.y, 2.0) + away**2 + 2 * away * means
    got = cost_of(solve, c.a, c.x + c.s, c.b, c.y + c.t, 2.0)
    allow = 2 * slack(solve, c.x, c.y, 2.0) + 2 * slack(solve, c.x + c.s, c.y + c.t, 2.0)
    return gap(got, want, allow=allow, effect=extent(c.x + c.s, c.y + c.t, 2.0))


CONTRACTS = ()
LAWS = (
    symmetry,
    zero_from_itself,
    triangle,
    grows_with_order,
    means_no_further,
    affine_change,
    translation_identity,
)
