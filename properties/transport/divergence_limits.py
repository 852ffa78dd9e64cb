"""The Sinkhorn divergence between two other things: transport in the cold, a maximum mean discrepancy in the heat.

For both kinds, from W ≤ ⟨P, C⟩ ≤ OT_ε ≤ W + ε min(H(a), H(b)) and W(α, α) = 0,

    W − ½ε(H(a) + H(b)) ≤ S_ε ≤ W + ε min(H(a), H(b))

and for the regularised kind, by Hoeffding's lemma, ⟨ab, C⟩ − R²/8ε ≤ OT_ε ≤ ⟨ab, C⟩ with R = max C − min C, so that

    |S_ε − (⟨ab, C⟩ − ½⟨aa, C⟩ − ½⟨bb, C⟩)| ≤ R²/8ε        (½ MMD² with the kernel −C, as ε → ∞)

Symbols: a [m], b [n] masses of sum 1; C [m, n] = ‖x − y‖^p; ε > 0; H entropy; W = min ⟨P, C⟩.
Source: Feydy et al. 2019 §2; Ramdas, García Trillos & Cuturi 2017; Peyré & Cuturi 2019 §4.1; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, all_of, at_most, gap, law

from ..oracles.lp import transport
from ._entropic import entropy
from .divergence import KIND, REGULARISED, clamped, costs, sinkhorn_divergence, slack, value

if TYPE_CHECKING:
    from ..cases.entropic_clouds import EntropicClouds


@law(
    sinkhorn_divergence,
    says="the divergence is the transport cost, up to the entropy of the masses",
    source="derived (module docstring); Peyré & Cuturi 2019 §4.1",
    kind="inequality",
    rule="T6",
    level="convention",
    when=KIND,
    code="SDV-03",
    kills=("doubled", "not-debiased-in-part"),
)
def near_transport(solve: Judged, c: EntropicClouds) -> Gap:
    """W − ½ε(H(a) + H(b)) ≤ S ≤ W + ε min(H(a), H(b))."""
    best, (H, K) = transport(c.a, c.b, costs(c)[0]), (entropy(c.a), entropy(c.b))
    S, gave_up = value(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    allow = np.inf if gave_up else slack(solve, c.a, c.X, c.b, c.Y, c.eps, c.p) + best.width
    spread = float(costs(c)[0].max()) + c.eps
    return all_of(
        at_most(best.value - c.eps * (H + K) / 2, S, allow=allow, effect=spread, says="too little"),
        at_most(S, best.value + c.eps * min(H, K), allow=allow, effect=spread, says="too much"),
    )


@law(
    sinkhorn_divergence,
    says="in the heat the divergence is half a squared maximum mean discrepancy",
    source="Feydy et al. 2019 §2; the error by Hoeffding's lemma",
    kind="limit",
    rule="T6",
    level="convention",
    when=REGULARISED,
    code="SDV-03",
    cases="..cases.entropic_clouds:hot_clouds",
    kills=("half-missing", "not-debiased", "sharp-of-exact-plans"),
)
def hot_limit(solve: Judged, c: EntropicClouds) -> Gap:
    """|S − (⟨ab, C⟩ − ½⟨aa, C⟩ − ½⟨bb, C⟩)| ≤ R²/8ε."""
    ab, aa, bb = costs(c)
    want = float(c.a @ ab @ c.b - c.a @ aa @ c.a / 2 - c.b @ bb @ c.b / 2)
    R = float(max(ab.max(), aa.max(), bb.max()))
    S, gave_up = value(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    allow = np.inf if gave_up else R**2 / (8 * c.eps) + slack(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    return gap(S, clamped(solve, want), allow=allow, effect=R)


CONTRACTS = ()
LAWS = (
    near_transport,
    hot_limit,
)
