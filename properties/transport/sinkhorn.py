"""Entropic transport, solved by Sinkhorn's iteration or otherwise.

    OT_ε(a, b) = min_P ⟨P, C⟩ + ε KL(P | a ⊗ b)
               = max_{f, g} ⟨f, a⟩ + ⟨g, b⟩ − ε Σ a_i b_j (exp((f_i + g_j − C_ij)/ε) − 1)

over plans P1 = a, Pᵀ1 = b. Among the plans of the scaling form P_ij = a_i b_j exp((f_i + g_j − C_ij)/ε) exactly one
has the right marginals; so two laws determine the plan, without potentials and without an oracle: the marginals, and
the cross-ratios

    log (P_ij P_kl / P_il P_kj) = −(C_ij + C_kl − C_il − C_kj)/ε

Whoever regularises by −H(P) = Σ P log P instead gets the same plan, and a value less by ε(H(a) + H(b)). Plans are as
feasible as their own residual e says, and every other law makes room for it (see _entropic).

    W ≤ ⟨P, C⟩ ≤ W + ε min(H(a), H(b))           W ≤ OT_ε ≤ min(⟨ab, C⟩, W + ε min(H(a), H(b)))
    a_i b_j exp(−2R/ε) ≤ P_ij ≤ a_i b_j exp(2R/ε),   R = max C − min C

The last: f_i + g_j − C_ij moves by at most 2R along a row, and exp of it averages to 1.

Symbols: a [m], b [n] masses of sum 1; C [m, n] cost; ε temperature; f [m], g [n] potentials relative to a ⊗ b;
    H entropy.
Source: Cuturi 2013; Peyré & Cuturi 2019 ch. 4, Prop. 4.3, 4.4; Altschuler, Weed & Rigollet 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, all_of, at_most, gap, holds_if, inconclusive, law
from prufrock.tolerance import infeasibility, summation

from ..hygiene import cross_cutting, refusals
from ..oracles.entropic import gibbs
from ..oracles.entropic import solve as newton
from ..oracles.lp import transport
from ._entropic import GAVE_UP, entry, logs, solved

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


def tiny(solve: Judged) -> float:
    """Below this an entry may have lost digits to underflow."""
    return float(np.finfo(np.float32 if solve.u > 2.0**-50 else np.float64).tiny) / solve.u


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
    says="the plan is made of the potentials returned",
    source="Peyré & Cuturi 2019 Prop. 4.3",
    kind="identity",
    rule="T6",
    level="convention",
    when={"potentials": ("product", "counting")},
    needs=("f", "g"),
    code="SNK-02",
    kills=("potentials-swapped-sign", "potentials-unscaled", "potentials-of-the-other-measure"),
)
def plan_of_the_potentials(solve: Judged, c: Entropic) -> Gap:
    """P_ij = R_ij exp((f_i + g_j − C_ij)/ε), R = a ⊗ b or 1, for atoms with mass."""
    s, i, j = solved(solve, c.a, c.b, c.cost, c.eps), c.a > 0, c.b > 0
    a, b = (c.a[i], c.b[j]) if solve.conventions["potentials"] == "product" else (np.ones(i.sum()), np.ones(j.sum()))
    f, g = s.out.f[i], s.out.g[j]
    want = gibbs(a, b, c.cost[np.ix_(i, j)], c.eps, f, g)
    # The exponent is as exact as its three terms: potentials are only determined up to a constant, of any size.
    exponent = 8.0 * solve.u * (np.abs(f).max() + np.abs(g).max() + np.abs(c.cost).max()) / c.eps
    allow = want * (2 * s.rounding + exponent) + 64 * np.finfo(np.float32 if solve.u > 2.0**-50 else np.float64).tiny
    return gap(s.plan[np.ix_(i, j)], want, allow=allow, effect=float(want.max(initial=0.0)))


@law(
    sinkhorn,
    says="primal and dual values meet",
    source="Peyré & Cuturi 2019 Prop. 4.4",
    kind="identity",
    rule="T6",
    level="convention",
    when={"potentials": ("product", "counting")},
    needs=("f", "g"),
    code="SNK-03",
    kills=("potentials-swapped-sign", "potentials-unscaled", "potentials-of-the-other-measure"),
)
def strong_duality(solve: Judged, c: Entropic) -> Gap:
    """⟨P, C⟩ + ε KL(P | R) = ⟨f, a⟩ + ⟨g, b⟩, the sums over atoms with mass."""
    s, i, j = solved(solve, c.a, c.b, c.cost, c.eps), c.a > 0, c.b > 0
    f, g = s.out.f[i], s.out.g[j]
    dual = float(f @ c.a[i] + g @ c.b[j])
    if solve.conventions["potentials"] == "counting":
        dual += c.eps * (entropy(c.a) + entropy(c.b))
    size = float(np.abs(f).max() + np.abs(g).max()) + s.size + c.eps * logs(c.a, c.b)
    allow = s.error + 2 * size * (s.residual + s.rounding)
    return gap(dual, s.value, allow=allow, effect=float(np.ptp(c.cost)) + c.eps)


def entropy(a: Any) -> float:
    """H(a) = −Σ a log a."""
    return float(-(a[a > 0] * np.log(a[a > 0])).sum())


@law(
    sinkhorn,
    says="the value returned is the objective of the plan returned",
    source="Peyré & Cuturi 2019 (4.2)",
    kind="identity",
    rule="T6",
    level="convention",
    when={"value": ("regularised", "sharp"), "regulariser": ("kl", "entropy")},
    needs=("value",),
    code="SNK-03",
    kills=("value-sharp", "value-of-the-other-regulariser", "value-without-eps"),
)
def value_of_the_plan(solve: Judged, c: Entropic) -> Gap:
    """⟨P, C⟩ (sharp), plus ε KL(P | a ⊗ b) (kl), or plus ε Σ P log P (entropy)."""
    s = solved(solve, c.a, c.b, c.cost, c.eps)
    want = s.price
    if solve.conventions["value"] == "regularised":
        want = s.value
        if solve.conventions["regulariser"] == "entropy":
            want -= c.eps * (entropy(c.a) + entropy(c.b))
    allow = s.error + (s.size + c.eps * logs(c.a, c.b)) * (s.residual + 16 * solve.u * c.cost.size)
    return gap(s.out.value, want, allow=allow, effect=float(np.ptp(c.cost)) + c.eps)


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


@law(
    sinkhorn,
    says="cold problems give numbers",
    source="Peyré & Cuturi 2019 §4.4 (log domain)",
    kind="limit",
    rule="T6",
    level="hygiene",
    code="SNK-06",
    cases="..cases.entropic:cold",
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


def _change(name: str, change: Any) -> Any:
    def corrupt(c: Entropic) -> tuple[Any, ...]:
        return tuple(change(getattr(c, n)) if n == name else getattr(c, n) for n in sinkhorn.arguments)

    return corrupt


BAD = {
    "zero-temperature": _change("eps", lambda eps: 0.0),
    "negative-temperature": _change("eps", lambda eps: -eps),
    "negative-mass": _change("a", lambda a: np.concatenate([a[:-1], [-0.5 - a[-1]]])),
    "unequal-masses": _change("b", lambda b: 3.0 * b),
    "nan-cost": _change("cost", lambda C: np.where(np.arange(C.size).reshape(C.shape) == 0, np.nan, C)),
    "cost-of-another-shape": _change("cost", lambda C: np.zeros((C.shape[0] + 1, C.shape[1] + 1))),
}


def _layout(c: Entropic, u: float) -> float:
    """Two runs that round differently may stop one step apart: the accuracy of any subject here is 1e-6 or better."""
    return float(np.sqrt(64 * (entry(c.a, c.b, c.cost, c.eps, u) + 1e-6) * (1 + np.abs(c.cost).max() / c.eps)))


CONTRACTS = (sinkhorn,)
LAWS = (
    marginals,
    cross_ratios,
    least_objective,
    plan_of_the_potentials,
    strong_duality,
    value_of_the_plan,
    reported_error,
    signalled_failure,
    numbers_when_cold,
    between_the_bounds,
    cold_limit,
    density_bounds,
    hot_limit,
    flat_cost,
    *cross_cutting(sinkhorn, allow=_layout),
    *refusals(sinkhorn, BAD),
)
