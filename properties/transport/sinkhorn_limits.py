"""Entropic transport in the heat, in the cold, and where all ways cost the same.

    W ≤ ⟨P, C⟩ ≤ W + ε min(H(a), H(b))           W ≤ OT_ε ≤ min(⟨ab, C⟩, W + ε min(H(a), H(b)))
    a_i b_j exp(−2R/ε) ≤ P_ij ≤ a_i b_j exp(2R/ε),   R = max C − min C

The first: ε KL(P | a ⊗ b) is at most ε min(H(a), H(b)) for any plan, the best one among them. The last: f_i + g_j − C_ij
moves by at most 2R along a row, and exp of it averages to 1. So for ε → 0 the plan costs what the best one does, for
ε → ∞ it is the independent one, as it is at any ε where C is constant. exp(−C/ε) underflows in the cold; the plan must
not.

Symbols: a [m], b [n] masses of sum 1; C [m, n] cost; ε temperature; W = min ⟨P, C⟩; H entropy.
Source: Peyré & Cuturi 2019 §4.1, §4.4, Prop. 4.1; Altschuler, Weed & Rigollet 2017; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, all_of, at_most, gap, holds_if, inconclusive, law
from prufrock.tolerance import infeasibility

from ..oracles.lp import transport
from ._entropic import GAVE_UP, entropy, solved
from .sinkhorn import sinkhorn

if TYPE_CHECKING:
    from ..cases.entropic import Entropic


@law(
    sinkhorn,
    says="cold problems give numbers",
    source="Peyré & Cuturi 2019 §4.4 (log domain)",
    kind="limit",
    rule="T6",
    level="hygiene",
    code="SNK-06",
    cases="..cases.entropic:cold",
    effort=0.5,
    kills=("plain-kernel", "nan-for-empty-atoms"),
)
def numbers_when_cold(solve: Judged, c: Entropic) -> Gap:
    """P is finite and ≥ 0 at ε = spread/1024, without a word of failure or with one."""
    s = solved(solve, c.a, c.b, c.cost, c.eps)
    return holds_if(bool(np.isfinite(s.plan).all() and (s.plan >= 0).all()), "NaN, infinite or negative entries")


@law(
    sinkhorn,
    says="entropic plans cost more than the best, by no more than the entropy they are paid",
    source="Peyré & Cuturi 2019 §4.1; Altschuler, Weed & Rigollet 2017",
    kind="inequality",
    rule="T6",
    code="SNK-04",
    kills=("dearest-plan", "kernel-sign"),
)
def between_the_bounds(solve: Judged, c: Entropic) -> Gap:
    """W ≤ ⟨P, C⟩ ≤ ⟨P, C⟩ + ε KL ≤ min(⟨ab, C⟩, W + ε min(H(a), H(b))), each with T6."""
    return _bounds(solve, c)


@law(
    sinkhorn,
    says="in the cold the plan's cost is the best cost",
    source="Peyré & Cuturi 2019 Prop. 4.1",
    kind="limit",
    rule="T6",
    code="SNK-06",
    cases="..cases.entropic:cold",
    kills=("independent", "cost-normalised"),
)
def cold_limit(solve: Judged, c: Entropic) -> Gap:
    """|⟨P, C⟩ − W| ≤ ε min(H(a), H(b)) at ε = spread/64 and spread/1024."""
    return _bounds(solve, c)


def _bounds(solve: Judged, c: Entropic) -> Gap:
    s, best = solved(solve, c.a, c.b, c.cost, c.eps), transport(c.a, c.b, c.cost)
    if s.gave_up:
        return inconclusive(GAVE_UP)
    rough = best.width + infeasibility(c.cost, s.residual) + s.rounding * s.size
    top = min(
        float(c.a @ c.cost @ c.b),
        best.value + c.eps * min(entropy(c.a), entropy(c.b)) + infeasibility(c.cost, s.residual),
    )
    spread = float(np.ptp(c.cost)) + c.eps
    return all_of(
        at_most(best.value, s.price, allow=rough, effect=spread, says="cheaper than the best"),
        at_most(s.value, top, allow=rough + s.error, effect=spread, says="more than entropy explains"),
    )


@law(
    sinkhorn,
    says="every entry is within a factor of the independent plan's",
    source="derived: the exponent moves by at most 2R along a row, and averages to 1",
    kind="inequality",
    rule="T6",
    code="SNK-06",
    kills=("exact-plan", "eps-squared"),
)
def density_bounds(solve: Judged, c: Entropic) -> Gap:
    """a_i b_j e^(−2R/ε) ≤ P_ij ≤ a_i b_j e^(2R/ε), R = max C − min C, up to the residual."""
    return _density(solve, c)


@law(
    sinkhorn,
    says="in the heat the plan is the independent one",
    source="Peyré & Cuturi 2019 Prop. 4.1, with the error derived",
    kind="limit",
    rule="T6",
    code="SNK-06",
    cases="..cases.entropic:hot",
    kills=("exact-plan", "cold-if-warm"),
)
def hot_limit(solve: Judged, c: Entropic) -> Gap:
    """|P_ij − a_i b_j| ≤ a_i b_j (e^(2R/ε) − 1) at ε ≥ 64 R."""
    return _density(solve, c)


def _density(solve: Judged, c: Entropic) -> Gap:
    s, R = solved(solve, c.a, c.b, c.cost, c.eps), np.outer(c.a, c.b)
    width = 2.0 * float(np.ptp(c.cost)) / c.eps
    rough = 2 * s.rounding * R + 2 * s.residual
    return all_of(
        at_most(s.plan, R * np.exp(width), allow=rough * np.exp(width), effect=float(R.max()), says="too much"),
        at_most(R * np.exp(-width), s.plan, allow=rough, effect=float(R.max()), says="too little"),
    )


@law(
    sinkhorn,
    says="where every way costs the same the plan is the independent one",
    source="derived",
    kind="limit",
    rule="T6",
    code="SNK-06",
    cases="..cases.entropic:flat",
    kills=("few-rows-only", "uniform-weights", "nan-for-empty-atoms"),
)
def flat_cost(solve: Judged, c: Entropic) -> Gap:
    """C constant  ⇒  P = a ⊗ b."""
    s, want = solved(solve, c.a, c.b, c.cost, c.eps), np.outer(c.a, c.b)
    if s.gave_up:
        return inconclusive(GAVE_UP)
    return gap(s.plan, want, allow=2 * s.rounding * want + solve.accuracy, effect=1.0)


CONTRACTS = ()
LAWS = (
    numbers_when_cold,
    between_the_bounds,
    cold_limit,
    density_bounds,
    hot_limit,
    flat_cost,
)
