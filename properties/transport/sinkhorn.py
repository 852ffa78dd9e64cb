"""Entropic transport, solved by Sinkhorn's iteration or otherwise: what determines its plan, and what it owns up to.

    OT_ε(a, b) = min_P ⟨P, C⟩ + ε KL(P | a ⊗ b)

over plans P1 = a, Pᵀ1 = b. Among the plans of the scaling form P_ij = a_i b_j exp((f_i + g_j − C_ij)/ε) exactly one
has the right marginals; so two laws determine the plan, without potentials and without an oracle: the marginals, and
the cross-ratios

    log (P_ij P_kl / P_il P_kj) = −(C_ij + C_kl − C_il − C_kj)/ε

Plans are as feasible as their own residual e says, and every other law makes room for it (see `_entropic`); but who has
not converged has to say so, by a warning, an error, or a marginal error reported. Potentials and values are in
`sinkhorn_potentials`, hot and cold problems in `sinkhorn_limits`, changed ones in `sinkhorn_changes`, and what is convex
in `sinkhorn_convexity`.

Symbols: a [m], b [n] masses of sum 1; C [m, n] cost; ε temperature; P [m, n] plan; e residual, δ rounding of an entry.
Source: Cuturi 2013; Peyré & Cuturi 2019 ch. 4, Prop. 4.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Contract, Gap, Judged, all_of, at_most, gap, holds_if, inconclusive, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals, spoilt
from ..oracles.entropic import solve as newton
from ._entropic import GAVE_UP, entry, solved, tiny

if TYPE_CHECKING:
    from ..cases.entropic import Entropic

sinkhorn = Contract(
    id="transport.sinkhorn",
    says="the plan of entropic optimal transport, with its potentials and its value",
    arguments={"a": "m", "b": "n", "cost": "m n", "eps": ""},
    outputs={"plan": "m n", "f": "m", "g": "n", "value": "", "marginal_error": "", "iterations": ""},
    domain="masses ≥ 0 of sum 1, zero-mass atoms allowed, m, n ≥ 1, finite costs of either sign, ε > 0",
    cases="..cases.entropic:problems",
    real="..cases.digits:entropic",
    conventions={
        "regulariser": ("kl", "entropy"),
        "value": ("regularised", "sharp"),
        "potentials": ("product", "counting"),
    },
    source="Cuturi 2013; Peyré & Cuturi 2019 (4.2)",
    home=__package__,
)


@law(
    sinkhorn,
    says="the plan has the marginals that were asked for, or says that it has not",
    source="Peyré & Cuturi 2019 (4.2)",
    kind="identity",
    rule="T6",
    code="SNK-01",
    complete=True,
    kills=("few-sweeps", "uniform-weights", "rows-only", "unscaled-kernel"),
)
def marginals(solve: Judged, c: Entropic) -> Gap:
    """‖P1 − a‖₁ + ‖Pᵀ1 − b‖₁ = 0 up to rounding and the accuracy declared."""
    s = solved(solve, c.a, c.b, c.cost, c.eps)
    if s.gave_up:
        return inconclusive(GAVE_UP)
    return gap(s.residual, 0.0, allow=2 * s.rounding + solve.accuracy, effect=1.0)


@law(
    sinkhorn,
    says="the logarithm of the plan is minus the cost over the temperature, up to a row and a column",
    source="Peyré & Cuturi 2019 Prop. 4.3",
    kind="identity",
    rule="T6",
    code="SNK-02",
    complete=True,
    kills=("eps-squared", "eps-halved", "cost-normalised", "kernel-sign", "independent", "single-precision"),
)
def cross_ratios(solve: Judged, c: Entropic) -> Gap:
    """log P_ij + log P_kl − log P_il − log P_kj = −(C_ij + C_kl − C_il − C_kj)/ε wherever P has not underflown."""
    s = solved(solve, c.a, c.b, c.cost, c.eps)
    P = s.plan[np.ix_(c.a > 0, c.b > 0)]
    C = c.cost[np.ix_(c.a > 0, c.b > 0)]
    if s.gave_up and not np.isfinite(P).all():
        return inconclusive(GAVE_UP)
    if not np.isfinite(P).all() or (P < 0).any():
        return holds_if(False, "NaN, infinite or negative entries")
    if min(P.shape) < 2 or (tiny(solve) >= P).any():
        return inconclusive("no four entries to compare")
    X = np.log(P) + C / c.eps
    ratios = X[:, None, :, None] + X[None, :, None, :] - X[:, None, None, :] - X[None, :, :, None]
    return gap(ratios, 0.0, allow=4 * s.rounding, effect=max(float(np.ptp(C)) / c.eps, 1.0))


@law(
    sinkhorn,
    says="no plan has a smaller regularised cost",
    source="Peyré & Cuturi 2019 (4.2); Newton's method on the dual",
    kind="oracle",
    rule="T6",
    code="SNK-03",
    kills=("eps-squared", "exact-plan", "independent", "cost-normalised"),
)
def least_objective(solve: Judged, c: Entropic) -> Gap:
    """⟨P, C⟩ + ε KL(P | a ⊗ b) = OT_ε, as Newton's method finds it."""
    s, best = solved(solve, c.a, c.b, c.cost, c.eps), newton(c.a, c.b, c.cost, c.eps)
    allow = s.error + 4 * s.size * best.residual + summation(c.cost.size, s.size, 2.0**-53)
    return gap(s.value, best.value, allow=allow, effect=float(np.ptp(c.cost)) + c.eps)


@law(
    sinkhorn,
    says="the marginal error reported is that of the plan",
    source="derived: every norm in use lies between the largest entry and the sum",
    kind="inequality",
    rule="T6",
    needs=("marginal_error",),
    code="SNK-01",
    cases="..cases.entropic:cold",
    kills=("reports-no-error", "reports-error-of-rows-squared"),
)
def reported_error(solve: Judged, c: Entropic) -> Gap:
    """max(|P1 − a|, |Pᵀ1 − b|) ≤ reported ≤ ‖P1 − a‖₁ + ‖Pᵀ1 − b‖₁."""
    s = solved(solve, c.a, c.b, c.cost, c.eps)
    largest = max(np.abs(s.plan.sum(1) - c.a).max(), np.abs(s.plan.sum(0) - c.b).max())
    room = 2 * s.rounding + 16 * solve.u * sum(c.cost.shape)
    low = at_most(largest, s.out.marginal_error, allow=room, effect=1.0, says="more than reported")
    return all_of(low, at_most(s.out.marginal_error, s.measured, allow=room, effect=1.0, says="less than reported"))


@law(
    sinkhorn,
    says="non-convergence is signalled: the marginals are right, or there is a warning, an error, or a reported error",
    source="derived",
    kind="hygiene",
    rule="T6",
    level="hygiene",
    code="SNK-12",
    cases="..cases.entropic:cold",
    kills=("few-sweeps", "unscaled-kernel"),
)
def signalled_failure(solve: Judged, c: Entropic) -> Gap:
    """On problems a thousand times colder than their spread: e ≤ δ + accuracy, or it is said."""
    s = solved(solve, c.a, c.b, c.cost, c.eps)
    told = s.gave_up or (
        hasattr(s.out, "marginal_error") and s.out.marginal_error >= s.measured / (2 * sum(c.cost.shape))
    )
    allow = 2 * s.rounding + max(solve.accuracy, 1e-6)
    return holds_if(told, "told") if told else gap(s.residual, 0.0, allow=allow, effect=1.0)


BAD = {
    "zero-temperature": spoilt(sinkhorn, "eps", lambda eps: 0.0),
    "negative-temperature": spoilt(sinkhorn, "eps", lambda eps: -eps),
    "negative-mass": spoilt(sinkhorn, "a", lambda a: np.concatenate([a[:-1], [-0.5 - a[-1]]])),
    "unequal-masses": spoilt(sinkhorn, "b", lambda b: 3.0 * b),
    "nan-cost": spoilt(sinkhorn, "cost", lambda C: np.where(np.arange(C.size).reshape(C.shape) == 0, np.nan, C)),
    "cost-of-another-shape": spoilt(sinkhorn, "cost", lambda C: np.zeros((C.shape[0] + 1, C.shape[1] + 1))),
}


def _layout(c: Entropic, u: float) -> float:
    """Two runs that round differently may stop one step apart: the accuracy of any subject here is 1e-6 or better."""
    return float(np.sqrt(64 * (entry(c.a, c.b, c.cost, c.eps, u) + 1e-6) * (1 + np.abs(c.cost).max() / c.eps)))


CONTRACTS = (sinkhorn,)
LAWS = (
    marginals,
    cross_ratios,
    least_objective,
    reported_error,
    signalled_failure,
    *cross_cutting(sinkhorn, allow=_layout),
    *refusals(sinkhorn, BAD),
)
