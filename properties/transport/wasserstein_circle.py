"""Transport on a circle of length 1, the arc length to the power p being the cost.

    W_p^p(μ, ν) = min_P Σ P_ij min(|x_i − y_j|, 1 − |x_i − y_j|)^p ≤ ∫₀¹ |F⁻¹ − G⁻¹|^p, the line's

Joining the ends of a line makes no way longer, so wherever the circle is cut its value is at most that of the line it is
cut into. Where 0 is plays no part: a rotation changes nothing.

Symbols: a [m], b [n] masses of sum 1; x [m], y [n] points of [0, 1); F, G distribution functions on [0, 1); p ≥ 1.
Source: Delon, Salomon & Sobolevski 2010; Villani 2009 §6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prufrock import Contract, Gap, Judged, at_most, gap, law
from prufrock.tolerance import linear_program

from ..hygiene import cross_cutting, refusals
from ..oracles.line import circle_distances, quantile_cost
from ..oracles.lp import transport
from .wasserstein_line import BAD, layout

if TYPE_CHECKING:
    from ..cases.lines import Lines, MovedLines

circle = Contract(
    id="transport.circle",
    says="the p-th power of the p-Wasserstein distance on the circle of length 1",
    arguments={"a": "m", "x": "m", "b": "n", "y": "n", "p": ""},
    outputs={"value": ""},
    domain="masses ≥ 0 of sum 1, zero-mass atoms and ties allowed, m, n ≥ 1, points in [0, 1) in any order, p ≥ 1",
    cases="..cases.lines:circles",
    source="Delon, Salomon & Sobolevski 2010",
    home=__package__,
)


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


CONTRACTS = (circle,)
LAWS = (
    least_cost_on_circle,
    rotation,
    symmetry_on_circle,
    at_most_the_line,
    *cross_cutting(circle, allow=layout, layouts=("ignores-strides", "forgets-second-call")),
    *refusals(circle, BAD),
)
