"""The Sinkhorn divergence between weighted clouds: entropic transport without its bias.

    S_ε(α, β) = OT_ε(α, β) − ½ OT_ε(α, α) − ½ OT_ε(β, β),   cost ‖x − y‖^p

with OT_ε = ⟨P, C⟩ + ε KL(P | a ⊗ b) ("regularised", Feydy), or only ⟨P, C⟩ of the same plans ("sharp", Genevay). The
choice of KL(P | a ⊗ b) or −H(P) cancels out of S. S is symmetric and S(α, α) = 0, whatever pieces α is listed in.

If exp(−C/ε) is positive definite, as for 0 < p ≤ 2, the regularised S is ≥ 0 and convex in each measure. For p = 3 it
is not: points 0, 1, 2, ε = 10, a = (½, 0, ½), b = δ_1 give S = −0.61. No such theorem is known of the sharp kind, and
none is asked of it. Hot and cold temperatures are in `divergence_limits`, clouds that move in `divergence_moves`.

Symbols: a [m], b [n] masses of sum 1; X [m, d], Y [n, d]; ε > 0 in units of the cost; p > 0.
Source: Feydy et al. 2019 Thm 1, eq. 3; Genevay, Peyré & Cuturi 2018.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, gap, inconclusive, law
from prufrock.tolerance import gibbs_entry

from ..hygiene import cross_cutting, refusals, spoilt
from ..oracles.entropic import solve as newton
from ..oracles.line import distances
from ._entropic import GAVE_UP, GIVES_UP, logs

if TYPE_CHECKING:
    from ..cases.entropic_clouds import EntropicClouds

sinkhorn_divergence = Contract(
    id="transport.sinkhorn-divergence",
    says="entropic transport between two weighted clouds, less half of what each costs to itself",
    arguments={"a": "m", "X": "m d", "b": "n", "Y": "n d", "eps": "", "p": ""},
    outputs={"value": ""},
    domain="masses ≥ 0 of sum 1, zero-mass atoms and coinciding points allowed, ε > 0 in units of ‖x − y‖^p, p > 0",
    cases="..cases.entropic_clouds:entropic_clouds",
    conventions={"kind": ("regularised", "sharp"), "clamp": ("yes", "no")},
    source="Feydy et al. 2019 eq. 3; Genevay, Peyré & Cuturi 2018",
    home=__package__,
)

KIND = {"kind": ("regularised", "sharp"), "clamp": ("yes", "no")}
REGULARISED = {"kind": ("regularised",), "clamp": ("yes", "no")}


def value(solve: Judged, a: Any, X: Any, b: Any, Y: Any, eps: float, p: float) -> tuple[float, bool]:
    """(S, whether the subject said that it did not converge)."""
    out, warned = solve.signals(a, X, b, Y, eps, p)
    return float(out.value), any(GIVES_UP.search(message) for message in warned)


def scale(X: Any, Y: Any, eps: float, p: float) -> float:
    """The largest cost in the joint cloud (of its corners, from the origin), plus ε."""
    return float((np.linalg.norm(X, axis=1).max() + np.linalg.norm(Y, axis=1).max()) ** p) + eps


def slack(solve: Judged, a: Any, X: Any, b: Any, Y: Any, eps: float, p: float) -> float:
    """T6 rounding of three values of size C + ε log 1/a, and the accuracy declared."""
    size = scale(X, Y, eps, p)
    count = len(a) + len(b)
    rounding = gibbs_entry(count, size, eps, solve.u) + 8 * solve.u * count
    return 4 * rounding * (size + eps * logs(a, b)) + solve.accuracy * size


def costs(c: Any) -> tuple[Any, Any, Any]:
    ab, aa, bb = (distances(P, Q) ** c.p for P, Q in ((c.X, c.Y), (c.X, c.X), (c.Y, c.Y)))
    return ab, aa, bb


def clamped(solve: Judged, S: float) -> float:
    return max(S, 0.0) if solve.conventions["clamp"] == "yes" else S


@law(
    sinkhorn_divergence,
    says="the divergence is what three entropic optima say",
    source="Feydy et al. 2019 eq. 3; Genevay, Peyré & Cuturi 2018; Newton's method on the dual",
    kind="oracle",
    rule="T6",
    level="convention",
    when=KIND,
    code="SDV-02",
    complete=True,
    kills=("half-missing", "sharp-for-regularised", "not-debiased", "half-squared-cost", "uniform-weights"),
)
def three_optima(solve: Judged, c: EntropicClouds) -> Gap:
    """S = OT_ε(α, β) − ½ OT_ε(α, α) − ½ OT_ε(β, β), each by Newton's method."""
    ends = ((c.a, c.b), (c.a, c.a), (c.b, c.b))
    best = [newton(p, q, C, c.eps) for (p, q), C in zip(ends, costs(c), strict=True)]
    sharp = solve.conventions["kind"] == "sharp"
    v = [float(np.vdot(o.plan, C)) if sharp else o.value for o, C in zip(best, costs(c), strict=True)]
    S, gave_up = value(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    size, left = scale(c.X, c.Y, c.eps, c.p), sum(o.residual for o in best)
    # ⟨P, C⟩ is no optimum: an error of the plan counts to the first order there, and P moves by √(C·e/ε).
    rough = 8 * size * (left + (np.sqrt(size * left / c.eps) if sharp else 0.0))
    if gave_up:
        return inconclusive(GAVE_UP)
    allow = slack(solve, c.a, c.X, c.b, c.Y, c.eps, c.p) + rough
    return gap(S, clamped(solve, v[0] - v[1] / 2 - v[2] / 2), allow=allow, effect=float(costs(c)[0].max()) + c.eps)


@law(
    sinkhorn_divergence,
    says="a measure does not diverge from itself, in whatever order and pieces its atoms are listed",
    source="Feydy et al. 2019 Thm 1",
    kind="limit",
    rule="T6",
    code="SDV-02",
    cases="..cases.entropic_clouds:entropic_same",
    kills=("half-missing", "not-debiased", "wrong-self-marginal"),
)
def zero_from_itself(solve: Judged, c: EntropicClouds) -> Gap:
    """S(α, α) = 0."""
    S, gave_up = value(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    allow = slack(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    return gap(S, 0.0, allow=np.inf if gave_up else allow, effect=float(costs(c)[0].max()) + c.eps)


@law(
    sinkhorn_divergence,
    says="the way back diverges as much",
    source="Feydy et al. 2019 eq. 3",
    kind="metamorphic",
    rule="T10",
    code="SDV-02",
    kills=("self-term-of-a-only", "wrong-self-marginal"),
)
def symmetry(solve: Judged, c: EntropicClouds) -> Gap:
    """S(α, β) = S(β, α)."""
    there, quit_there = value(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    back, quit_back = value(solve, c.b, c.Y, c.a, c.X, c.eps, c.p)
    allow = np.inf if quit_there or quit_back else 2 * slack(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    return gap(there, back, allow=allow, effect=float(costs(c)[0].max()) + c.eps)


@law(
    sinkhorn_divergence,
    says="under a positive definite kernel the divergence is not negative",
    source="Feydy et al. 2019 Thm 1; exp(−‖x − y‖^p/ε) is positive definite for 0 < p ≤ 2 (Schoenberg)",
    kind="inequality",
    rule="T6",
    level="convention",
    when=REGULARISED,
    code="SDV-01",
    cases="..cases.entropic_clouds:definite_clouds",
    kills=("half-missing", "self-terms-in-full"),
)
def not_negative(solve: Judged, c: EntropicClouds) -> Gap:
    """S ≥ 0 for p ≤ 2."""
    S, gave_up = value(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    allow = np.inf if gave_up else slack(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    return at_most(-S, 0.0, allow=allow, effect=float(costs(c)[0].max()) + c.eps)


@law(
    sinkhorn_divergence,
    says="under a positive definite kernel, mixing never diverges more than the mixed values",
    source="Feydy et al. 2019 Thm 1",
    kind="inequality",
    rule="T6",
    level="convention",
    when=REGULARISED,
    code="SDV-05",
    cases="..cases.entropic_clouds:mixed_clouds",
    kills=("not-debiased", "square-rooted"),
)
def convex_in_each_measure(solve: Judged, c: EntropicClouds) -> Gap:
    """S(½α + ½β, β) ≤ ½ S(α, β) for p ≤ 2, because S(β, β) = 0."""
    whole, quit_whole = value(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    mixed, Z = np.concatenate([c.a, c.b]) / 2, np.concatenate([c.X, c.Y])
    half, quit_half = value(solve, mixed, Z, c.b, c.Y, c.eps, c.p)
    allow = slack(solve, c.a, c.X, c.b, c.Y, c.eps, c.p) + slack(solve, mixed, Z, c.b, c.Y, c.eps, c.p)
    effect = float(costs(c)[0].max()) + c.eps
    return at_most(half, whole / 2, allow=np.inf if quit_whole or quit_half else allow, effect=effect)


BAD = {
    "zero-temperature": spoilt(sinkhorn_divergence, "eps", lambda eps: 0.0),
    "negative-mass": spoilt(sinkhorn_divergence, "a", lambda a: np.concatenate([a[:-1], [-0.5 - a[-1]]])),
    "unequal-masses": spoilt(sinkhorn_divergence, "b", lambda b: 3.0 * b),
    "nan-point": spoilt(
        sinkhorn_divergence, "X", lambda X: np.where(np.arange(X.size).reshape(X.shape) == 0, np.nan, X)
    ),
}

CONTRACTS = (sinkhorn_divergence,)
LAWS = (
    three_optima,
    zero_from_itself,
    symmetry,
    not_negative,
    convex_in_each_measure,
    *cross_cutting(sinkhorn_divergence, allow=lambda c, u: 1e-4 * scale(c.X, c.Y, c.eps, c.p)),
    *refusals(sinkhorn_divergence, BAD),
)
