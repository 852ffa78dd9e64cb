"""Rao-Blackwellized gradients on a factor graph of independent states: each variable listens to its own factors.

    ∂/∂ℓ_i E_q Σ_c f_c = E [∇ log q_i(z_i) Σ_{c ∋ i} f_c(z_c)]          ("blanket")
                       = E [Σ_k ∇q_i(k) Σ_{c ∋ i} f_c(z_c; z_i = k)]     ("summed")

A factor without z_i is independent of the score of q_i, whose mean is 0. With the entropy of q, −log q_i(z_i) joins the factors
of i, and the gradient has −p_ik(log p_ik + H_i) more.

The blanket form leaves terms out, which is no conditional expectation: Var may rise, for a factor elsewhere may have served as
a baseline, so no law says that it falls. The summed form is the plain estimator's expectation given all of z but
z_i (the terms left out have mean 0 given them), so by Rao and Blackwell Var ≤ that of the plain one.

Symbols: factors (scope_c, f_c), logits ℓ[d, K], p = softmax ℓ, z[S, d] in floats, G[S, d, K].
Source: Ranganath, Gerrish and Blei 2014, §3.1; Titsias and Lázaro-Gredilla 2015 (summed); derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, at_most, gap, law, same
from prufrock.tolerance import summation

from ..cases.factors import Factor, Total
from ..cases.integrands import Multivariate
from ..hygiene import cross_cutting, refusals
from ..oracles.moments_discrete import enumerated, probabilities, slope
from ._lengths import longer, wider

if TYPE_CHECKING:
    from ..cases.factor_graphs import States

Array = NDArray[np.float64]
SOURCE = "Ranganath, Gerrish and Blei 2014, §3.1"
METHODS = ("blanket", "summed")

rao_blackwell = Contract(
    id="variational.rao-blackwell",
    says="contributions to the gradient of the expectation of a sum of factors, from each variable's own factors",
    arguments={"factors": "", "logits": "d K", "z": "S d"},
    outputs={"G": "S d K"},
    domain="factors: tuple of (scope, f: [..., n] -> [...]); independent z_i in {0, …, K − 1}, whole numbers in floats",
    cases="..cases.factor_graphs:states",
    conventions={"method": METHODS, "entropy": ("yes", "no")},
    source=SOURCE,
    home=__package__,
)


def entropic(subject: Judged) -> bool:
    return subject.conventions.get("entropy") == "yes"


def bound(subject: Judged, case: States, z: Array) -> tuple[float, float]:
    """T1 for one contribution, and its size: a sum of factors, and of −log q where the subject has it."""
    total = Total(case.factors)
    size = float(total.magnitude(z).max()) + entropic(subject) * float(4.0 + np.ptp(case.logits, axis=1).max())
    return float(summation(16 + total.operations, size, subject.u)), size


def blanket(factors: tuple[Factor, ...], i: int) -> tuple[Factor, ...]:
    return tuple(c for c in factors if i in c.scope)


def by_state(case: States, z: Array, entropy: bool) -> Array:
    """L[S, d, K]: the sum of the factors of i, and −log p_ik, with z_i = k."""
    (S, d), K = z.shape, case.logits.shape[1]
    L = np.zeros((S, d, K)) - entropy * np.log(probabilities(case.logits))
    for i in range(d):
        for k in range(K):
            moved = z.copy()
            moved[:, i] = k
            L[:, i, k] += Total(blanket(case.factors, i))(moved)
    return np.asarray(L)


@law(
    rao_blackwell,
    says="the mean of the contributions over all states is the gradient",
    source=SOURCE,
    kind="identity",
    rule="T1",
    level="convention",
    code="RBB-01",
    when={"entropy": ("yes", "no")},
    kills=("first-of-scope-only", "pairs-only", "wrong-sign", "forgets-centre", "probability-missing"),
)
def gradient(estimate: Judged, case: States) -> Gap:
    """Σ_z q G = ∇(E Σ f_c), and −p(log p + H) more with the entropy."""
    every = enumerated(case.logits)
    p = every.p
    want = slope(Total(case.factors), case.logits, "logits")
    if entropic(estimate):
        surprise = -np.log(p)
        want = want + p * (surprise - (p * surprise).sum(axis=1, keepdims=True))
    allow, size = bound(estimate, case, every.z)
    got = np.tensordot(every.q, estimate(case.factors, case.logits, every.z), 1)
    return gap(got, want, allow=allow, effect=size)


@law(
    rao_blackwell,
    says="a variable does not hear of factors that do not mention it",
    source=SOURCE,
    kind="bitwise",
    rule="T0",
    code="RBB-02",
    kills=("all-factors", "neighbours-of-neighbours"),
)
def deaf_to_the_rest(estimate: Judged, case: States) -> Gap:
    """G_i with every factor beyond its own multiplied by 2⁶⁰ is G_i, byte for byte."""
    loud = tuple(c if case.i in c.scope else c.times(2.0**60) for c in case.factors)
    G, H = (estimate(factors, case.logits, case.z)[:, case.i] for factors in (case.factors, loud))
    return same(H, G, says=f"contributions to variable {case.i}")


@law(
    rao_blackwell,
    says="the contribution is the score times the sum of the variable's own factors",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    level="convention",
    code="RBB-01",
    when={"method": ("blanket",), "entropy": ("yes", "no")},
    complete=True,
    kills=("all-factors", "first-of-scope-only", "half-precision", "probability-missing"),
)
def score_times_blanket(estimate: Judged, case: States) -> Gap:
    """G_ik = (1[z_i = k] − p_ik) Σ_{c ∋ i} f_c(z_c)."""
    hit = case.z[:, :, None] == np.arange(case.logits.shape[1])
    L = by_state(case, case.z, entropic(estimate))
    want = (hit - probabilities(case.logits)) * (hit * L).sum(axis=2, keepdims=True)
    allow, size = bound(estimate, case, case.z)
    return gap(estimate(case.factors, case.logits, case.z), want, allow=allow, effect=size)


@law(
    rao_blackwell,
    says="the contribution is the gradient of the expectation over the variable, the others being where they are",
    source="Titsias and Lázaro-Gredilla 2015; derived",
    kind="oracle",
    rule="T1",
    level="convention",
    code="RBB-03",
    when={"method": ("summed",), "entropy": ("yes", "no")},
    complete=True,
    kills=("blanket-said-to-be-summed", "uniform-said-to-be-summed"),
)
def expectation_of_one(estimate: Judged, case: States) -> Gap:
    """G_ik = p_ik (L_ik − Σ_j p_ij L_ij), L_ik the sum of the factors of i at z_i = k."""
    p, L = probabilities(case.logits), by_state(case, case.z, entropic(estimate))
    allow, size = bound(estimate, case, np.abs(case.z) + case.logits.shape[1])
    want = p * (L - (p * L).sum(axis=2, keepdims=True))
    return gap(estimate(case.factors, case.logits, case.z), want, allow=allow, effect=size)


@law(
    rao_blackwell,
    says="summed over, a variable's own state does not matter",
    source="derived",
    kind="bitwise",
    rule="T0",
    level="convention",
    code="RBB-03",
    when={"method": ("summed",)},
    kills=("blanket-said-to-be-summed", "plain-said-to-be-summed"),
)
def own_state(estimate: Judged, case: States) -> Gap:
    """G_i at another z_i is G_i, byte for byte."""
    moved = case.z.copy()
    moved[:, case.i] = (moved[:, case.i] + 1.0) % case.logits.shape[1]
    G, H = (estimate(case.factors, case.logits, z)[:, case.i] for z in (case.z, moved))
    return same(H, G, says=f"contributions to variable {case.i}")


@law(
    rao_blackwell,
    says="summed over, a variable's contributions vary no more than the plain estimator's",
    source="derived (Rao-Blackwell)",
    kind="inequality",
    rule="T1",
    level="convention",
    code="RBB-03",
    when={"method": ("summed",), "entropy": ("no",)},
    kills=("blanket-said-to-be-summed", "doubled-said-to-be-summed"),
)
def variance_falls(estimate: Judged, case: States) -> Gap:
    """Var G_ik ≤ Var (1[z_i = k] − p_ik) Σ_c f_c(z), over all c."""
    every = enumerated(case.logits)
    hit = every.z[:, :, None] == np.arange(case.logits.shape[1])
    plain = Total(case.factors)(every.z)[:, None, None] * (hit - every.p)
    G = estimate(case.factors, case.logits, every.z)
    mine, theirs = (np.tensordot(every.q, (x - np.tensordot(every.q, x, 1)) ** 2, 1) for x in (G, plain))
    allow, size = bound(estimate, case, every.z)
    return at_most(mine, theirs, allow=4.0 * allow * size, effect=float(theirs.max()))


_PRODUCT = Multivariate((2.0,), ((1, 1),))

BAD: dict[str, Any] = {
    "nan-logit": lambda case: (case.factors, np.full_like(case.logits, np.nan), case.z),
    "nan-sample": lambda case: (case.factors, case.logits, np.full_like(case.z, np.nan)),
    "half-a-state": lambda case: (case.factors, case.logits, np.full_like(case.z, 0.5)),
    "unknown-variable": lambda case: ((*case.factors, Factor((len(case.logits),), case.factors[0].f)), *_rest(case)),
    "variable-twice": lambda case: ((*case.factors, Factor((case.i, case.i), _PRODUCT)), *_rest(case)),
    "lengths-that-disagree": lambda case: (case.factors, *longer(case.logits), wider(case.z)),
}


def _rest(case: States) -> tuple[Array, Array]:
    return case.logits, case.z


def _rounding(case: States, u: float) -> float:
    size = Total(case.factors).magnitude(np.abs(case.z) + case.logits.shape[1]).max()
    return float(summation(16 + Total(case.factors).operations, size + 4.0 + np.ptp(case.logits, axis=1).max(), u))


CONTRACTS = (rao_blackwell,)
LAWS = (
    gradient,
    deaf_to_the_rest,
    score_times_blanket,
    expectation_of_one,
    own_state,
    variance_falls,
    *cross_cutting(rao_blackwell, allow=_rounding),
    *refusals(rao_blackwell, BAD),
)
