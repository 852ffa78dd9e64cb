"""What becomes of the Sinkhorn divergence when its clouds are shifted, turned and stretched.

    S(T_#α, T_#β) = S(α, β), T rigid          S(λX, λY; λ^p ε) = λ^p S(X, Y; ε)
    S(α + s, β + t) = S(α, β) + ‖s − t‖² + 2⟨s − t, m_α − m_β⟩ for p = 2

A rigid motion leaves all costs as they are; a change of unit is one of currency, if the temperature is changed too. A
shift adds a constant and tolls f ⊕ g to the squared cost: plans, and so KL, stay, and every plan pays the same.

Symbols: X [m, d], Y [n, d] points; s, t [d] shifts; λ > 0; m_α means; ε > 0 in units of ‖x − y‖^p.
Source: Feydy et al. 2019 eq. 3; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, gap, inconclusive, law

from .divergence import costs, sinkhorn_divergence, slack, value

if TYPE_CHECKING:
    from ..cases.entropic_clouds import MovedEntropicClouds


@law(
    sinkhorn_divergence,
    says="a rigid motion of both clouds changes nothing",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SDV-04",
    cases="..cases.entropic_clouds:moved_entropic_clouds",
    kills=("relative-distances", "first-axis-only"),
)
def rigid_motion(solve: Judged, c: MovedEntropicClouds) -> Gap:
    """S(T_#α, T_#β) = S(α, β) for T x = Q x + s, Q a signed permutation of the axes."""
    sign = np.where(np.arange(c.X.shape[1]) % 2, 1.0, -1.0)
    X, Y = (x[:, ::-1] * sign + c.s for x in (c.X, c.Y))
    still, quit_still = value(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    moved, quit_moved = value(solve, c.a, X, c.b, Y, c.eps, c.p)
    allow = slack(solve, c.a, c.X, c.b, c.Y, c.eps, c.p) + slack(solve, c.a, X, c.b, Y, c.eps, c.p)
    effect = float(costs(c)[0].max()) + c.eps
    return gap(moved, still, allow=np.inf if quit_still or quit_moved else allow, effect=effect)


@law(
    sinkhorn_divergence,
    says="the divergence scales with space, if the temperature does",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SDV-04",
    cases="..cases.entropic_clouds:moved_entropic_clouds",
    kills=("temperature-fixed", "distance-floor"),
)
def scaling(solve: Judged, c: MovedEntropicClouds) -> Gap:
    """S(λX, λY; λ^p ε) = λ^p S(X, Y; ε), λ = 2⁻¹⁰."""
    small = 2.0**-10
    down, plain = small**c.p, value(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    got = value(solve, c.a, small * c.X, c.b, small * c.Y, down * c.eps, c.p)
    allow = down * slack(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    allow += slack(solve, c.a, small * c.X, c.b, small * c.Y, down * c.eps, c.p)
    effect = down * (float(costs(c)[0].max()) + c.eps)
    return gap(got[0], down * plain[0], allow=np.inf if got[1] or plain[1] else allow, effect=effect)


@law(
    sinkhorn_divergence,
    says="shifting both clouds changes the squared divergence by what the means say",
    source="derived: a shift adds f ⊕ g to the squared cost, and leaves the plans",
    kind="metamorphic",
    rule="T10",
    code="SDV-04",
    cases="..cases.entropic_clouds:moved_square_entropic_clouds",
    kills=("half-squared-cost", "relative-distances"),
)
def translation_identity(solve: Judged, c: MovedEntropicClouds) -> Gap:
    """S(α + s, β + t) = S(α, β) + ‖s − t‖² + 2⟨s − t, m_α − m_β⟩ for p = 2."""
    away, means = c.s - c.t, c.a @ c.X / c.a.sum() - c.b @ c.Y / c.b.sum()
    added = float(away @ away + 2 * away @ means)
    still, quit_still = value(solve, c.a, c.X, c.b, c.Y, c.eps, 2.0)
    moved, quit_moved = value(solve, c.a, c.X + c.s, c.b, c.Y + c.t, c.eps, 2.0)
    if solve.conventions.get("clamp") == "yes" and (still <= 0 or moved <= 0):
        return inconclusive("clamped")
    allow = slack(solve, c.a, c.X, c.b, c.Y, c.eps, 2.0) + slack(solve, c.a, c.X + c.s, c.b, c.Y + c.t, c.eps, 2.0)
    effect = max(abs(added), float(costs(c)[0].max()) + c.eps)
    return gap(moved, still + added, allow=np.inf if quit_still or quit_moved else allow, effect=effect)


CONTRACTS = ()
LAWS = (
    rigid_motion,
    scaling,
    translation_identity,
)
