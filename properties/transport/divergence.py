"""The Sinkhorn divergence between weighted clouds: entropic transport without its bias.

    S_ε(α, β) = OT_ε(α, β) − ½ OT_ε(α, α) − ½ OT_ε(β, β),   cost ‖x − y‖^p

with OT_ε = ⟨P, C⟩ + ε KL(P | a ⊗ b) ("regularised", Feydy), or only ⟨P, C⟩ of the same plans ("sharp", Genevay). The
choice of KL(P | a ⊗ b) or −H(P) cancels out of S. For both kinds, from W ≤ ⟨P, C⟩ ≤ OT_ε ≤ W + ε min(H(a), H(b)) and
W(α, α) = 0,

    W − ½ε(H(a) + H(b)) ≤ S_ε ≤ W + ε min(H(a), H(b))

and for the regularised kind, by Hoeffding's lemma, ⟨ab, C⟩ − R²/8ε ≤ OT_ε ≤ ⟨ab, C⟩ with R = max C − min C, so that

    |S_ε − (⟨ab, C⟩ − ½⟨aa, C⟩ − ½⟨bb, C⟩)| ≤ R²/8ε        (½ MMD² with the kernel −C, as ε → ∞)

If exp(−C/ε) is positive definite, as for 0 < p ≤ 2, the regularised S is ≥ 0 and convex in each measure. For p = 3 it
is not: points 0, 1, 2, ε = 10, a = (½, 0, ½), b = δ_1 give S = −0.61. No such theorem is known of the sharp kind, and
none is asked of it.

Symbols: a [m], b [n] masses of sum 1; X [m, d], Y [n, d]; ε > 0 in units of the cost; p > 0; H entropy; W = min ⟨P, C⟩.
Source: Feydy et al. 2019 Thm 1, eq. 3; Genevay, Peyré & Cuturi 2018; Ramdas, García Trillos & Cuturi 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, all_of, at_most, gap, inconclusive, law
from prufrock.tolerance import gibbs_entry

from ..hygiene import cross_cutting, refusals
from ..oracles.entropic import solve as newton
from ..oracles.line import distances
from ..oracles.lp import transport
from ._entropic import GAVE_UP, GIVES_UP, logs
from .sinkhorn import entropy

if TYPE_CHECKING:
    from ..cases.clouds import EntropicClouds, MovedEntropicClouds

sinkhorn_divergence = Contract(
    id="transport.sinkhorn-divergence",
    says="entropic transport between two weighted clouds, less half of what each costs to itself",
    arguments={"a": "m", "X": "m d", "b": "n", "Y": "n d", "eps": "", "p": ""},
    outputs={"value": ""},
    domain="masses ≥ 0 of sum 1, zero-mass atoms and coinciding points allowed, ε > 0 in units of ‖x − y‖^p, p > 0",
    cases="..cases.clouds:entropic_clouds",
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
    cases="..cases.clouds:entropic_same",
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
    cases="..cases.clouds:definite_clouds",
    kills=("half-missing", "self-terms-in-full"),
)
def not_negative(solve: Judged, c: EntropicClouds) -> Gap:
    """S ≥ 0 for p ≤ 2."""
    S, gave_up = value(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    allow = np.inf if gave_up else slack(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    return at_most(-S, 0.0, allow=allow, effect=float(costs(c)[0].max()) + c.eps)


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
    cases="..cases.clouds:hot_clouds",
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


@law(
    sinkhorn_divergence,
    says="a rigid motion of both clouds changes nothing",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SDV-04",
    cases="..cases.clouds:moved_entropic_clouds",
    kills=("relative-distances", "first-axis-only"),
)
def rigid_motion(solve: Judged, c: MovedEntropicClouds) -> Gap:
    """S(T_#α, T_#β) = S(α, β) for T x = Q x + s, Q a signed permutation of the axes."""
    sign = np.where(np.arange(c.X.shape[1]) % 2, 1.0, -1.0)
    X, Y = (x[:, ::-1] * sign + c.s for x in (c.X, c.Y))
    still, quit_still = value(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    moved, quit_moved = value(solve, c.a, X, c.b, Y, c.eps, c.p)
    allow = slack(solve, c.a, c.X, c.b, c.Y, c.eps, c.p) + slack(solve, c.a, X, c.b, Y, c.eps, c.p)
    effect = float(costs(c)[0].max()) + c.eps
    return gap(moved, still, allow=np.inf if quit_still or quit_moved else allow, effect=effect)


@law(
    sinkhorn_divergence,
    says="the divergence scales with space, if the temperature does",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SDV-04",
    cases="..cases.clouds:moved_entropic_clouds",
    kills=("temperature-fixed", "distance-floor"),
)
def scaling(solve: Judged, c: MovedEntropicClouds) -> Gap:
    """S(λX, λY; λ^p ε) = λ^p S(X, Y; ε), λ = 2⁻¹⁰."""
    small = 2.0**-10
    down, plain = small**c.p, value(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    got = value(solve, c.a, small * c.X, c.b, small * c.Y, down * c.eps, c.p)
    allow = down * slack(solve, c.a, c.X, c.b, c.Y, c.eps, c.p)
    allow += slack(solve, c.a, small * c.X, c.b, small * c.Y, down * c.eps, c.p)
    effect = down * (float(costs(c)[0].max()) + c.eps)
    return gap(got[0], down * plain[0], allow=np.inf if got[1] or plain[1] else allow, effect=effect)


@law(
    sinkhorn_divergence,
    says="shifting both clouds changes the squared divergence by what the means say",
    source="derived: a shift adds f ⊕ g to the squared cost, and leaves the plans",
    kind="metamorphic",
    rule="T10",
    code="SDV-04",
    cases="..cases.clouds:moved_square_entropic_clouds",
    kills=("half-squared-cost", "relative-distances"),
)
def translation_identity(solve: Judged, c: MovedEntropicClouds) -> Gap:
    """S(α + s, β + t) = S(α, β) + ‖s − t‖² + 2⟨s − t, m_α − m_β⟩ for p = 2."""
    away, means = c.s - c.t, c.a @ c.X / c.a.sum() - c.b @ c.Y / c.b.sum()
    added = float(away @ away + 2 * away @ means)
    still, quit_still = value(solve, c.a, c.X, c.b, c.Y, c.eps, 2.0)
    moved, quit_moved = value(solve, c.a, c.X + c.s, c.b, c.Y + c.t, c.eps, 2.0)
    if solve.conventions.get("clamp") == "yes" and (still <= 0 or moved <= 0):
        return inconclusive("clamped")
    allow = slack(solve, c.a, c.X, c.b, c.Y, c.eps, 2.0) + slack(solve, c.a, c.X + c.s, c.b, c.Y + c.t, c.eps, 2.0)
    effect = max(abs(added), float(costs(c)[0].max()) + c.eps)
    return gap(moved, still + added, allow=np.inf if quit_still or quit_moved else allow, effect=effect)


@law(
    sinkhorn_divergence,
    says="under a positive definite kernel, mixing never diverges more than the mixed values",
    source="Feydy et al. 2019 Thm 1",
    kind="inequality",
    rule="T6",
    level="convention",
    when=REGULARISED,
    code="SDV-05",
    cases="..cases.clouds:mixed_clouds",
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


def _change(name: str, change: Any) -> Any:
    def corrupt(c: EntropicClouds) -> tuple[Any, ...]:
        return tuple(change(getattr(c, n)) if n == name else getattr(c, n) for n in sinkhorn_divergence.arguments)

    return corrupt


BAD = {
    "zero-temperature": _change("eps", lambda eps: 0.0),
    "negative-mass": _change("a", lambda a: np.concatenate([a[:-1], [-0.5 - a[-1]]])),
    "unequal-masses": _change("b", lambda b: 3.0 * b),
    "nan-point": _change("X", lambda X: np.where(np.arange(X.size).reshape(X.shape) == 0, np.nan, X)),
}

CONTRACTS = (sinkhorn_divergence,)
LAWS = (
    three_optima,
    zero_from_itself,
    symmetry,
    not_negative,
    near_transport,
    hot_limit,
    rigid_motion,
    scaling,
    translation_identity,
    convex_in_each_measure,
    *cross_cutting(sinkhorn_divergence, allow=lambda c, u: 1e-4 * scale(c.X, c.Y, c.eps, c.p)),
    *refusals(sinkhorn_divergence, BAD),
)
