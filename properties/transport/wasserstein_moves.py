"""What becomes of a Wasserstein distance when its clouds are shifted, turned and stretched, or are far away.

    W_2²(μ + s, ν + t) = W_2² + ‖s − t‖² + 2⟨s − t, m_μ − m_ν⟩          W_p^p(λ·) = λ^p W_p^p

A rigid motion keeps every distance, and so the cost of every plan. For p = 2 a shift adds to the cost of each way a
constant and a toll, ‖x + s − y − t‖² = ‖x − y‖² + ‖s − t‖² + 2⟨s − t, x − y⟩, which every plan pays alike. Only differences
of points matter, so points far from the origin lose no digits unless ‖x‖² − 2⟨x, y⟩ + ‖y‖² is computed.

Symbols: X [m, d], Y [n, d] points; s, t [d] shifts; λ > 0; m_μ means.
Source: Peyré & Cuturi 2019, Rmk 2.19; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, gap, law
from prufrock.tolerance import linear_program

from ..oracles.line import distances
from ..oracles.lp import transport
from ._wasserstein import ROOT
from .wasserstein import cost_of, extent, slack, wasserstein

if TYPE_CHECKING:
    from ..cases.clouds import Clouds, MovedClouds


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


CONTRACTS = ()
LAWS = (
    translation_identity,
    rigid_motion,
    scaling,
    far_from_the_origin,
)
