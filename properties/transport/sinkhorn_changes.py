"""Entropic transport when the problem changes: its temperature, its prices, its masses, the order of its atoms.

    ⟨P_ε, C⟩ rises, KL(P_ε | a ⊗ b) falls and OT_ε rises with ε; OT_ε is concave in ε and in C, convex in a and in b
    OT_ε(C') ≤ OT_ε(C) + ⟨P, C' − C⟩       (∂OT_ε/∂C = P)       OT_ε(a', b) ≥ OT_ε(a, b) + ⟨f, a' − a⟩   (∂OT_ε/∂a = f)
    C + f ⊕ g, and (tC, tε), leave P as it is; so do, up to their own reordering, transposition and permutation

The −H(P) form is jointly convex in (a, b); the KL form is not (a violation of .227 is on record). All values are
computed from the plans returned, so no convention matters; f needs its own.

    optimality of P at ε, tested by P' at ε' > ε, and the other way round, with slacks s, s':
    (ε' − ε)(KL − KL') ≥ −(s + s')      ⟨P', C⟩ ≥ ⟨P, C⟩ − s − ε(s + s')/(ε' − ε)

Symbols: P [m, n] plan; a [m], b [n]; C [m, n] cost; ε temperature; f [m] potential; t > 0.
Source: Peyré & Cuturi 2019 ch. 4, Prop. 4.1, 4.5-4.6; Feydy et al. 2019; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, all_of, at_most, gap, law

from ..oracles.entropic import objective
from ._entropic import apart, solved
from .sinkhorn import entropy, sinkhorn

if TYPE_CHECKING:
    from ..cases.entropic import Cooling, Entropic, Repriced, Reweighed, Shuffled, Tolled


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
    says="tolls on leaving and on arriving change no plan",
    source="Peyré & Cuturi 2019 Prop. 4.3",
    kind="metamorphic",
    rule="T10",
    code="SNK-08",
    cases="..cases.entropic:tolled",
    kills=("cost-normalised", "cost-clipped-at-zero", "kernel-floor"),
)
def tolls(solve: Judged, c: Tolled) -> Gap:
    """P(C + f ⊕ g) = P(C)."""
    plain = solved(solve, c.a, c.b, c.cost, c.eps)
    taxed = solved(solve, c.a, c.b, c.cost + c.f[:, None] + c.g, c.eps)
    off = np.abs(taxed.plan - plain.plan).sum()
    return gap(off, 0.0, allow=apart(plain, taxed, c.eps), effect=1.0)


@law(
    sinkhorn,
    says="cost and temperature in another currency change no plan",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SNK-08",
    kills=("eps-squared", "eps-plus-one"),
)
def currency(solve: Judged, c: Entropic) -> Gap:
    """P(tC, tε) = P(C, ε), t = 8."""
    plain, dear = solved(solve, c.a, c.b, c.cost, c.eps), solved(solve, c.a, c.b, 8.0 * c.cost, 8.0 * c.eps)
    rough = apart(plain, plain, c.eps) + apart(dear, dear, 8.0 * c.eps)
    return gap(np.abs(dear.plan - plain.plan).sum(), 0.0, allow=rough, effect=1.0)


@law(
    sinkhorn,
    says="the way back is the transposed plan",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SNK-08",
    kills=("row-weighted-cost", "first-row-cheaper"),
)
def transposition(solve: Judged, c: Entropic) -> Gap:
    """P(b, a, Cᵀ) = P(a, b, C)ᵀ."""
    there, back = solved(solve, c.a, c.b, c.cost, c.eps), solved(solve, c.b, c.a, c.cost.T.copy(), c.eps)
    return gap(np.abs(back.plan.T - there.plan).sum(), 0.0, allow=apart(there, back, c.eps), effect=1.0)


@law(
    sinkhorn,
    says="renaming the atoms renames the plan's rows and columns",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SNK-08",
    cases="..cases.entropic:shuffled",
    kills=("row-weighted-cost", "first-row-cheaper"),
)
def relabelling(solve: Judged, c: Shuffled) -> Gap:
    """P(σa, τb, σCτ) = σPτ."""
    plain = solved(solve, c.a, c.b, c.cost, c.eps)
    mixed = solved(solve, c.a[c.rows], c.b[c.columns], c.cost[np.ix_(c.rows, c.columns)], c.eps)
    off = np.abs(mixed.plan - plain.plan[np.ix_(c.rows, c.columns)]).sum()
    return gap(off, 0.0, allow=apart(plain, mixed, c.eps), effect=1.0)


@law(
    sinkhorn,
    says="an atom in two halves sends two halves",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SNK-08",
    kills=("row-weighted-cost", "first-row-cheaper"),
)
def splitting(solve: Judged, c: Entropic) -> Gap:
    """The first atom twice with half its mass: the two rows add up to the old one, and are equal."""
    whole = solved(solve, c.a, c.b, c.cost, c.eps)
    a, cost = np.concatenate([c.a[:1] / 2, c.a[:1] / 2, c.a[1:]]), np.concatenate([c.cost[:1], c.cost])
    halves = solved(solve, a, c.b, cost, c.eps)
    joined = np.concatenate([halves.plan[:1] + halves.plan[1:2], halves.plan[2:]])
    return gap(np.abs(joined - whole.plan).sum(), 0.0, allow=apart(whole, halves, c.eps), effect=1.0)


@law(
    sinkhorn,
    says="an atom without mass sends nothing and changes nothing",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SNK-08",
    kills=("nan-for-empty-atoms", "temperature-by-size"),
)
def empty_atom(solve: Judged, c: Entropic) -> Gap:
    """a with a zero appended: P with a row of zeros appended."""
    cost = np.concatenate([c.cost, c.cost[:1]])
    plain, more = solved(solve, c.a, c.b, c.cost, c.eps), solved(solve, np.append(c.a, 0.0), c.b, cost, c.eps)
    want = np.concatenate([plain.plan, np.zeros((1, len(c.b)))])
    return gap(np.abs(more.plan - want).sum(), 0.0, allow=apart(plain, more, c.eps), effect=1.0)


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
    says="the potential is the price of mass",
    source="Peyré & Cuturi 2019 Prop. 4.6: ∂OT_ε/∂a = f",
    kind="gradient",
    rule="T6",
    level="convention",
    when={"potentials": ("product",)},
    needs=("f", "g"),
    code="SNK-09",
    cases="..cases.entropic:reweighed",
    kills=("potentials-swapped-sign", "potentials-unscaled"),
)
def gradient_in_mass(solve: Judged, c: Reweighed) -> Gap:
    """OT_ε(a', b) ≥ OT_ε(a, b) + ⟨f, a' − a⟩ (convexity in a; no step size)."""
    here, there = solved(solve, c.a, c.b, c.cost, c.eps), solved(solve, c.other_a, c.b, c.cost, c.eps)
    tangent = here.value + float(here.out.f @ (c.other_a - c.a))
    # f is as good as the rows of P: f_i is off by ε log(row_i / a_i).
    loose = c.eps * float(np.abs(here.plan.sum(1) / c.a - 1).max()) + 2 * here.rounding * here.size
    allow = here.error + there.error + 4 * loose
    return at_most(tangent, there.value, allow=allow, effect=float(np.ptp(c.cost)) + c.eps)


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


@law(
    sinkhorn,
    says="from a measure to itself the plan is symmetric, and not the diagonal",
    source="Feydy et al. 2019 §2; derived",
    kind="metamorphic",
    rule="T10",
    code="SNK-11",
    cases="..cases.entropic:selves",
    kills=("row-weighted-cost", "first-row-cheaper"),
)
def symmetric_to_itself(solve: Judged, c: Entropic) -> Gap:
    """P(a, a, C = Cᵀ) = Pᵀ, and its value is at least −ε log Σ a_i a_j e^(−C_ij/ε)."""
    s = solved(solve, c.a, c.a, c.cost, c.eps)
    # Gibbs' variational principle over all plans, feasible or not.
    floor = -c.eps * float(np.log(np.vdot(np.outer(c.a, c.a), np.exp(-c.cost / c.eps))))
    ceiling = objective(np.outer(c.a, c.a), c.a, c.a, c.cost, c.eps)
    spread = float(np.ptp(c.cost)) + c.eps
    return all_of(
        gap(np.abs(s.plan - s.plan.T).sum(), 0.0, allow=apart(s, s, c.eps), effect=1.0, says="not symmetric"),
        at_most(floor, s.value, allow=s.error, effect=spread, says="below Gibbs"),
        at_most(s.value, ceiling, allow=s.error, effect=spread, says="worse than independence"),
    )


CONTRACTS = ()
LAWS = (
    warmer_is_dearer,
    concave_in_temperature,
    tolls,
    currency,
    transposition,
    relabelling,
    splitting,
    empty_atom,
    gradient_in_cost,
    gradient_in_mass,
    convex_in_each_mass,
    jointly_convex_with_entropy,
    symmetric_to_itself,
)
