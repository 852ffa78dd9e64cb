"""Potentials and values of entropic transport, in the conventions that are about.

    OT_ε(a, b) = min_P ⟨P, C⟩ + ε KL(P | a ⊗ b)
               = max_{f, g} ⟨f, a⟩ + ⟨g, b⟩ − ε Σ a_i b_j (exp((f_i + g_j − C_ij)/ε) − 1)
    P_ij = R_ij exp((f_i + g_j − C_ij)/ε)

At the optimum the exponentials add up to 1 and the two values meet. Potentials are relative to R = a ⊗ b ("product") or
to R = 1 ("counting"): f + ε log a and g + ε log b, so that ⟨f, a⟩ + ⟨g, b⟩ is less by ε(H(a) + H(b)). Whoever regularises
by −H(P) = Σ P log P instead of KL(P | a ⊗ b) gets the same plan, and a value less by as much; "sharp" is ⟨P, C⟩ alone. OT_ε
is a maximum of functions affine in a, so its potential is the price of mass: OT_ε(a', b) ≥ OT_ε(a, b) + ⟨f, a' − a⟩.

Symbols: a [m], b [n] masses of sum 1; C [m, n] cost; ε temperature; f [m], g [n] potentials; H entropy.
Source: Peyré & Cuturi 2019 (4.2), Prop. 4.3, 4.4 and 4.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, at_most, gap, law

from ..oracles.entropic import gibbs
from ._entropic import entropy, logs, solved
from .sinkhorn import sinkhorn

if TYPE_CHECKING:
    from ..cases.entropic import Entropic, Reweighed


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


CONTRACTS = ()
LAWS = (
    plan_of_the_potentials,
    strong_duality,
    value_of_the_plan,
    gradient_in_mass,
)
