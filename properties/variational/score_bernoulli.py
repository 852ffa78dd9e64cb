"""The score function estimator for bits: z_i ∈ {0, 1} with probability p_i = 1/(1 + e^{−ℓ_i}) of a one.

    ∂ log q/∂ℓ_i = z_i − p_i,         ∂ log q/∂p_i = (z_i − p_i)/(p_i(1 − p_i)) = ±1/q_i(z_i)

Every mean is a sum over 2^d states. Numbering the states from the other end turns ℓ into −ℓ and each contribution into
its negative. A saturated logit is no excuse: z − p is then 0 or ±1, and never NaN.

Completeness: as for the normal (`score_function`), linearity and locality leave unbiasedness to settle the score.

Symbols: f, logits ℓ[d], z[S, d] in floats, G[S, d]; "wrt" says whether ∂/∂ℓ or ∂/∂p is returned, at the p of ℓ.
Source: Williams 1992 (Bernoulli units); derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, gap, law
from prufrock.tolerance import summation

from ..cases.integrands import Mirrored
from ..hygiene import cross_cutting, refusals
from ..oracles.moments_discrete import bit_slope, probabilities
from ._discrete import SOURCE, Score, contributions_size, operations, score_laws
from ._lengths import longer, wider

if TYPE_CHECKING:
    from ..cases.estimators_discrete import Bits

Array = NDArray[np.float64]

score_bernoulli = Contract(
    id="variational.score-bernoulli",
    says="f(z) ∇ log q(z), sample by sample, for independent bits given by their logits",
    arguments={"f": "", "logits": "d", "z": "S d"},
    outputs={"G": "S d"},
    domain="f: [S, d] -> [S]; any finite logits; z zeros and ones in the dtype of the logits",
    cases="..cases.estimators_discrete:bits",
    conventions={"wrt": ("logits", "probs")},
    source=SOURCE,
    home=__package__,
)


def _size(z: Array, rows: Array, wrt: str) -> Array:
    """1, or 1/q², for 1 − p carries the rounding of p."""
    if wrt == "logits":
        return np.ones(z.shape)
    return np.asarray(probabilities(rows)[np.arange(z.shape[1]), z.astype(int)] ** -2.0)


def _information(rows: Array, wrt: str) -> Array:
    variance = probabilities(rows).prod(axis=1)
    return np.diag(variance if wrt == "logits" else 1.0 / variance)


SCORE = Score(bit_slope, _size, _information, ("logits", "probs"))


@law(
    score_bernoulli,
    says="zeros and ones exchanged, every contribution changes its sign",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SCO-03",
    level="convention",
    when={"wrt": ("logits", "probs")},
    kills=("forgets-centre", "log-q-for-its-gradient", "counts-ones-only"),
)
def mirrored(estimate: Judged, case: Bits) -> Gap:
    """G(f(1 − ·); −ℓ, 1 − z) = −G(f; ℓ, z)."""
    f = Mirrored(case.f, 1.0)
    size = contributions_size(SCORE, f, case, case.z, estimate.conventions["wrt"])
    allow = 2.0 * summation(operations(f), size, estimate.u)
    G = estimate(case.f, case.logits, case.z)
    return gap(estimate(f, -case.logits, 1.0 - case.z), -G, allow=allow, effect=float(size.max()))


@law(
    score_bernoulli,
    says="under saturated logits the score is 0 for what is sure to happen and ±1 for what is not",
    source="derived",
    kind="limit",
    rule="T1",
    code="SCO-03",
    level="convention",
    when={"wrt": ("logits",)},
    cases="..cases.estimators_discrete:saturated_bits",
    kills=("divides-by-probability", "counts-ones-only", "clamps-probabilities"),
)
def saturated(estimate: Judged, case: Bits) -> Gap:
    """|ℓ| ≥ 40  ⇒  G_si = f(z_s)(z_si − 1[ℓ_i > 0]), up to e^{−40} < u."""
    want = case.f(case.z)[:, None] * (case.z - (case.logits > 0))
    size = case.f.magnitude(case.z)[:, None] + 0.0 * want
    allow = summation(operations(case.f), size, estimate.u)
    return gap(estimate(case.f, case.logits, case.z), want, allow=allow, effect=float(size.max()))


def _rounding(case: Bits, u: float) -> float:
    size = case.f.magnitude(case.z)[:, None] * _size(case.z, case.rows, "probs")
    return float(summation(operations(case.f), size.max(), u))


BAD: dict[str, Any] = {
    "nan-logit": lambda case: (case.f, np.full_like(case.logits, np.nan), case.z),
    "nan-sample": lambda case: (case.f, case.logits, np.full_like(case.z, np.nan)),
    "half-a-state": lambda case: (case.f, case.logits, np.full_like(case.z, 0.5)),
    "negative-state": lambda case: (case.f, case.logits, np.full_like(case.z, -1.0)),
    "lengths-that-disagree": lambda case: (case.f, *longer(case.logits), wider(case.z)),
}

CONTRACTS = (score_bernoulli,)
LAWS = (
    *score_laws(score_bernoulli, SCORE),
    mirrored,
    saturated,
    *cross_cutting(score_bernoulli, allow=_rounding),
    *refusals(score_bernoulli, BAD),
)
