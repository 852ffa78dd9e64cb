"""Entropic transport when the problem changes and the plan does not: tolls, currency, names, halves, empty atoms.

    P(C + f ⊕ g) = P(C),   P(tC, tε) = P(C, ε),   P(b, a, Cᵀ) = P(a, b, C)ᵀ,   P(σa, τb, σCτ) = σPτ

Tolls are taken up by the potentials; a currency cancels in C/ε. The other laws say that atoms have no order, no side and
no pieces. From a measure to itself with C = Cᵀ the plan is symmetric, and not the diagonal: its value is at least
−ε log Σ a_i a_j e^(−C_ij/ε), by Gibbs' variational principle over all P, and at most that of a ⊗ a.

Symbols: P [m, n] plan; a [m], b [n]; C [m, n] cost; ε temperature; tolls f [m], g [n]; t > 0; σ, τ permutations.
Source: Peyré & Cuturi 2019 ch. 4, Prop. 4.3; Feydy et al. 2019 §2; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, all_of, at_most, gap, law

from ..oracles.entropic import objective
from ._entropic import apart, solved
from .sinkhorn import sinkhorn

if TYPE_CHECKING:
    from ..cases.entropic import Entropic, Shuffled, Tolled


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
    tolls,
    currency,
    transposition,
    relabelling,
    splitting,
    empty_atom,
    symmetric_to_itself,
)
