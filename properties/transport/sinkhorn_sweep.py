"""One sweep of Sinkhorn's iteration: f from g, then g from f.

    f_i = −ε log Σ_j b_j exp((g_j − C_ij)/ε)        g'_j = −ε log Σ_i a_i exp((f_i − C_ij)/ε)

Each half maximises the dual over one potential, so the dual value never falls; each is monotone and commutes with
constants, and so shrinks the sup norm of a difference; and in the oscillation seminorm osc x = max x − min x each half
contracts by λ = tanh(R/4ε), R = max C_ik + C_jl − C_il − C_jk (Hilbert's projective metric): a sweep by λ².

Symbols: a [m], b [n] masses; C [m, n]; ε > 0; g, g' [n] and f [m] potentials relative to a ⊗ b.
Source: Franklin & Lorenz 1989; Peyré & Cuturi 2019 §4.2-4.4, Thm 4.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, all_of, at_most, gap, law

from ..hygiene import batch_independence, cross_cutting, refusals
from ..oracles.entropic import gibbs, soft_min
from ..oracles.entropic import solve as newton
from ._entropic import logs

if TYPE_CHECKING:
    from ..cases.entropic import Swept

sweep = Contract(
    id="transport.sinkhorn-sweep",
    says="one full sweep of Sinkhorn's iteration on the potentials: f from g, then g from f",
    arguments={"a": "m", "b": "n", "cost": "m n", "eps": "", "g": "n"},
    outputs={"g": "n", "f": "m"},
    domain="as transport.sinkhorn, potentials relative to a ⊗ b, finite, for zero-mass atoms too",
    cases="..cases.entropic:swept",
    conventions={"batch": ("leading",)},
    source="Peyré & Cuturi 2019 (4.41), (4.42) with weights in the reference measure",
    home=__package__,
)


def slack(solve: Judged, c: Any, *potentials: Any) -> float:
    """T3, twice, on exponents of size (|g| + |C|)/ε and logarithms of masses: 4u per half and per unit of f."""
    reach = float(np.abs(c.cost).max()) + max(float(np.abs(x).max()) for x in potentials)
    return float(16.0 * solve.u * (4.0 * reach + c.eps * (logs(c.a, c.b) + 2.0 + float(np.log(max(c.cost.shape))))))


@law(
    sweep,
    says="both potentials are soft minima, the second of the first",
    source="Peyré & Cuturi 2019 §4.4",
    kind="oracle",
    rule="T3",
    needs=("f",),
    code="SNK-07",
    complete=True,
    kills=("hard-minimum", "masses-forgotten", "both-from-the-old", "columns-first", "averaged"),
)
def soft_minima(step: Judged, c: Swept) -> Gap:
    """f = softmin_b(C − g), g' = softmin_a(C − f)."""
    out = step.full(c.a, c.b, c.cost, c.eps, c.g)
    f = soft_min(c.b, c.cost - c.g, c.eps, 1)
    g = soft_min(c.a, c.cost - f[:, None], c.eps, 0)
    allow, size = slack(step, c, c.g, f), float(np.ptp(c.cost)) + c.eps
    return all_of(
        gap(out.f, f, allow=allow, effect=size, says="f"), gap(out.g, g, allow=2 * allow, effect=size, says="g")
    )


@law(
    sweep,
    says="after a sweep the columns are right",
    source="Peyré & Cuturi 2019 §4.2",
    kind="identity",
    rule="T6",
    needs=("f",),
    code="SNK-07",
    kills=("both-from-the-old", "hard-minimum", "averaged"),
)
def columns_fit(step: Judged, c: Swept) -> Gap:
    """Σ_i a_i b_j exp((f_i + g'_j − C_ij)/ε) = b_j."""
    out = step.full(c.a, c.b, c.cost, c.eps, c.g)
    columns = gibbs(c.a, c.b, c.cost, c.eps, out.f, out.g).sum(0)
    return gap(columns, c.b, allow=4 * c.b * slack(step, c, out.f, out.g) / c.eps, effect=1.0)


@law(
    sweep,
    says="the optimal potential stays where it is",
    source="Peyré & Cuturi 2019 §4.2; Newton's method on the dual",
    kind="oracle",
    rule="T6",
    code="SNK-07",
    kills=("masses-forgotten", "hard-minimum", "drifts"),
)
def fixed_point(step: Judged, c: Swept) -> Gap:
    """g* ↦ g*."""
    best = newton(c.a, c.b, c.cost, c.eps)
    start = np.asarray(best.g.astype(step.dtype), np.float64)
    got = step(c.a, c.b, c.cost, c.eps, start)
    rough = c.eps * best.residual * 4 / min(c.a[c.a > 0].min(), c.b[c.b > 0].min())
    allow = 4 * slack(step, c, start) + rough + np.abs(start - best.g).max()
    return gap(got, start, allow=allow, effect=float(np.ptp(c.cost)) + c.eps)


@law(
    sweep,
    says="the dual value never falls",
    source="Peyré & Cuturi 2019 §4.4 (block coordinate ascent)",
    kind="inequality",
    rule="T6",
    needs=("f",),
    code="SNK-07",
    kills=("negated", "overshoots"),
)
def dual_value_rises(step: Judged, c: Swept) -> Gap:
    """D(f_k, g_k) ≤ D(f_{k+1}, g_{k+1}), k = 1, 2."""
    values, g = [], c.g
    for _ in range(3):
        out = step.full(c.a, c.b, c.cost, c.eps, g)
        g = out.g
        plan = gibbs(c.a, c.b, c.cost, c.eps, out.f, out.g)
        values.append(float(out.f @ c.a + out.g @ c.b) - c.eps * float(plan.sum() - c.a.sum()))
    allow = 16 * slack(step, c, c.g, g)
    return at_most(values[:-1], values[1:], allow=allow, effect=float(np.ptp(c.cost)) + c.eps)


@law(
    sweep,
    says="the rows come no further from their masses",
    source="Peyré & Cuturi 2019 Rmk 4.14; Altschuler, Weed & Rigollet 2017",
    kind="inequality",
    rule="T6",
    needs=("f",),
    code="SNK-07",
    kills=("drifts", "overshoots"),
)
def row_error_falls(step: Judged, c: Swept) -> Gap:
    """‖P_{k+1}1 − a‖₁ ≤ ‖P_k1 − a‖₁ once the columns fit, k = 1, 2."""
    errors, g = [], c.g
    for _ in range(3):
        out = step.full(c.a, c.b, c.cost, c.eps, g)
        g = out.g
        errors.append(float(np.abs(gibbs(c.a, c.b, c.cost, c.eps, out.f, out.g).sum(1) - c.a).sum()))
    return at_most(errors[1:], errors[:-1], allow=16 * slack(step, c, c.g, g) / c.eps, effect=1.0)


@law(
    sweep,
    says="two starts come closer, at the rate of Hilbert's metric",
    source="Franklin & Lorenz 1989; Peyré & Cuturi 2019 Thm 4.2",
    kind="inequality",
    rule="T3",
    code="SNK-07",
    kills=("overshoots", "negated-half"),
)
def contraction(step: Judged, c: Swept) -> Gap:
    """osc(g' − h') ≤ tanh(R/4ε)² osc(g − h)."""
    C = c.cost
    R = float((C[:, None, :, None] + C[None, :, None, :] - C[:, None, None, :] - C[None, :, :, None]).max())
    got = [step(c.a, c.b, C, c.eps, x) for x in (c.g, c.h)]
    bound = np.tanh(R / (4 * c.eps)) ** 2 * np.ptp(c.g - c.h)
    return at_most(np.ptp(got[0] - got[1]), bound, allow=8 * slack(step, c, c.g, c.h), effect=float(np.ptp(c.g - c.h)))


@law(
    sweep,
    says="larger potentials stay larger, and a constant stays a constant",
    source="Peyré & Cuturi 2019 §4.2 (monotone and homogeneous maps)",
    kind="metamorphic",
    rule="T10",
    code="SNK-07",
    kills=("negated", "pinned-to-zero", "overshoots"),
)
def order_and_constants(step: Judged, c: Swept) -> Gap:
    """min(g − h) ≤ g' − h' ≤ max(g − h)."""
    off = step(c.a, c.b, c.cost, c.eps, c.g) - step(c.a, c.b, c.cost, c.eps, c.h)
    moved, allow = c.g - c.h, 8 * slack(step, c, c.g, c.h)
    size = float(np.abs(moved).max())
    return all_of(
        at_most(moved.min(), off, allow=allow, effect=size, says="below"),
        at_most(off, moved.max(), allow=allow, effect=size, says="above"),
        gap(
            step(c.a, c.b, c.cost, c.eps, c.g + 4 * c.eps),
            step(c.a, c.b, c.cost, c.eps, c.g) + 4 * c.eps,
            allow=allow,
            effect=c.eps,
            says="a constant",
        ),
    )


def _layout(c: Any, u: float) -> float:
    return float(64 * u * (4 * (np.abs(c.cost).max() + np.abs(c.g).max()) + c.eps * (logs(c.a, c.b) + 4)))


BAD = {
    "zero-temperature": lambda c: (c.a, c.b, c.cost, 0.0, c.g),
    "nan-cost": lambda c: (c.a, c.b, np.full_like(c.cost, np.nan), c.eps, c.g),
}

CONTRACTS = (sweep,)
LAWS = (
    soft_minima,
    columns_fit,
    fixed_point,
    dual_value_rises,
    row_error_falls,
    contraction,
    order_and_constants,
    *cross_cutting(sweep, allow=_layout),
    *batch_independence(sweep, reading=lambda c, g: g, allow=_layout),
    *refusals(sweep, BAD),
)
