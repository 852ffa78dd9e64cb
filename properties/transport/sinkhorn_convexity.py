"""Entropic transport as a function of its temperature, its prices and its masses: monotone, concave, convex.

    ⟨P_ε, C⟩ rises, KL(P_ε | a ⊗ b) falls and OT_ε rises with ε; OT_ε is concave in ε and in C, convex in a and in b
    OT_ε(C') ≤ OT_ε(C) + ⟨P, C' − C⟩       (∂OT_ε/∂C = P)

The −H(P) form is jointly convex in (a, b); the KL form is not (a violation of .227 is on record). All values are
computed from the plans returned, so no convention matters.

    optimality of P at ε, tested by P' at ε' > ε, and the other way round, with slacks s, s':
    (ε' − ε)(KL − KL') ≥ −(s + s')      ⟨P', C⟩ ≥ ⟨P, C⟩ − s − ε(s + s')/(ε' − ε)

Symbols: P [m, n] plan; a [m], b [n]; C [m, n] cost; ε temperature; H entropy.
Source: Peyré & Cuturi 2019 ch. 4, Prop. 4.1, 4.5-4.6; Feydy et al. 2019; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, all_of, at_most, law

from ._entropic import entropy, solved
from .sinkhorn import sinkhorn

if TYPE_CHECKING:
    from ..cases.entropic import Cooling, Repriced, Reweighed


@law(
    sinkhorn,
    says="warmer plans cost more and depend less",
    source="derived from optimality at both temperatures",
    kind="inequality",
    rule="T6",
    code="SNK-05",
    cases="..cases.entropic:cooling",
    kills=("temperature-inverted", "cold-if-warm"),
)
def warmer_is_dearer(solve: Judged, c: Cooling) -> Gap:
    """⟨P_ε, C⟩ ≤ ⟨P_ε', C⟩ and KL(P_ε' | ab) ≤ KL(P_ε | ab) for ε < ε'."""
    low, high = (solved(solve, c.a, c.b, c.cost, eps) for eps in (c.eps, c.hot))
    slack = (low.error + high.error) / (c.hot - c.eps)
    spread = float(np.ptp(c.cost)) + c.eps
    dependence = [(s.value - s.price) / eps for s, eps in ((low, c.eps), (high, c.hot))]
    return all_of(
        at_most(low.price, high.price, allow=low.error + c.eps * slack, effect=spread, says="⟨P, C⟩"),
        at_most(dependence[1], dependence[0], allow=slack + low.rounding + high.rounding, effect=1.0, says="KL"),
    )


@law(
    sinkhorn,
    says="the value rises with the temperature, and bends down",
    source="derived: a minimum of functions affine in ε",
    kind="inequality",
    rule="T6",
    code="SNK-05",
    cases="..cases.entropic:cooling",
    kills=("temperature-inverted", "cold-if-warm"),
)
def concave_in_temperature(solve: Judged, c: Cooling) -> Gap:
    """OT_ε ≤ OT_ε', and OT at the middle one of three ε is at least the chord's."""
    s = [solved(solve, c.a, c.b, c.cost, eps) for eps in (c.eps, c.warm, c.hot)]
    t = (c.hot - c.warm) / (c.hot - c.eps)
    chord, error = t * s[0].value + (1 - t) * s[2].value, sum(x.error for x in s)
    spread = float(np.ptp(c.cost)) + c.eps
    return all_of(
        at_most(s[0].value, s[2].value, allow=error, effect=spread, says="falls"),
        at_most(chord, s[1].value, allow=error, effect=spread, says="below its chord"),
    )


@law(
    sinkhorn,
    says="an old plan is no bargain at new prices",
    source="Peyré & Cuturi 2019 (4.2): ∂OT_ε/∂C = P",
    kind="inequality",
    rule="T6",
    code="SNK-09",
    cases="..cases.entropic:repriced",
    kills=("dearest-plan", "kernel-sign"),
)
def gradient_in_cost(solve: Judged, c: Repriced) -> Gap:
    """OT_ε(C') ≤ OT_ε(C) + ⟨P, C' − C⟩, and the middle of C and C' costs at least half of both."""
    old, new = solved(solve, c.a, c.b, c.cost, c.eps), solved(solve, c.a, c.b, c.other, c.eps)
    half = solved(solve, c.a, c.b, (c.cost + c.other) / 2, c.eps)
    error, spread = old.error + new.error + half.error, float(np.ptp(c.cost)) + c.eps
    moved = old.value + float(np.vdot(old.plan, c.other - c.cost))
    rough = error + 2 * (old.size + new.size) * (old.residual + old.rounding)
    return all_of(
        at_most(new.value, moved, allow=rough, effect=spread, says="the old plan is better at the new prices"),
        at_most((old.value + new.value) / 2, half.value, allow=error, effect=spread, says="not concave"),
    )


@law(
    sinkhorn,
    says="mixing the masses of one side never costs more than mixing the values",
    source="Feydy et al. 2019: OT_ε is a maximum of functions affine in a",
    kind="inequality",
    rule="T6",
    code="SNK-10",
    cases="..cases.entropic:reweighed",
    kills=("dearest-at-the-mean", "dear-kernel-at-the-mean"),
)
def convex_in_each_mass(solve: Judged, c: Reweighed) -> Gap:
    """OT_ε(½(a + a'), b) ≤ ½ OT_ε(a, b) + ½ OT_ε(a', b)."""
    middle = (c.a + c.other_a) / 2
    s = [solved(solve, x, c.b, c.cost, c.eps) for x in (c.a, c.other_a, middle)]
    error = sum(x.error for x in s)
    return at_most(
        s[2].value, (s[0].value + s[1].value) / 2, allow=error, effect=float(np.ptp(c.cost)) + c.eps, says="not convex"
    )


@law(
    sinkhorn,
    says="counted by −H(P), mixing both sides never costs more than mixing the values",
    source="derived: ⟨P, C⟩ − εH(P) is jointly convex; with KL(P | a ⊗ b) it is not",
    kind="inequality",
    rule="T6",
    code="SNK-10",
    cases="..cases.entropic:reweighed",
    kills=("dearest-at-the-mean", "dear-kernel-at-the-mean"),
)
def jointly_convex_with_entropy(solve: Judged, c: Reweighed) -> Gap:
    """F(½(a + a'), ½(b + b')) ≤ ½ F(a, b) + ½ F(a', b') with F = OT_ε − ε(H(a) + H(b))."""
    ends = ((c.a, c.b), (c.other_a, c.other_b), ((c.a + c.other_a) / 2, (c.b + c.other_b) / 2))
    s = [solved(solve, a, b, c.cost, c.eps) for a, b in ends]
    F = [x.value - c.eps * (entropy(a) + entropy(b)) for x, (a, b) in zip(s, ends, strict=True)]
    return at_most(F[2], (F[0] + F[1]) / 2, allow=sum(x.error for x in s), effect=float(np.ptp(c.cost)) + c.eps)


CONTRACTS = ()
LAWS = (
    warmer_is_dearer,
    concave_in_temperature,
    gradient_in_cost,
    convex_in_each_mass,
    jointly_convex_with_entropy,
)
