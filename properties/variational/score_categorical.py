"""The score function estimator for categorical variables: z_i ∈ {0, …, K−1} with p_i = softmax ℓ_i.

    ∂ log q/∂ℓ_ik = 1[z_i = k] − p_ik          (logits)
                    1[z_i = k]/p_ik             (probs: q = p, each p_ik free)
                    1[z_i = k]/p_ik − 1         (weights: q = w/Σw, taken at w = p)

Probabilities and weights differ, and libraries that normalise what they are given differentiate weights. Free
probabilities leave the simplex, so their score has mean 1, not 0, and no baseline may be subtracted from f.
Adding a constant to a row of logits, or scaling a row of weights, changes nothing: Σ_k G_k = 0, Σ_k p_k G_k = 0.

Symbols: f, logits ℓ[d, K], z[S, d] in floats, G[S, d, K]; "wrt" says which derivative is returned, at the p of ℓ.
Source: Williams 1992; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, gap, law
from prufrock.tolerance import summation

from ..cases.integrands import Mirrored
from ..hygiene import cross_cutting, refusals
from ..oracles.moments_discrete import probabilities, slope
from ._discrete import SOURCE, Score, contributions_size, operations, score_laws
from ._lengths import longer, wider

if TYPE_CHECKING:
    from ..cases.estimators_discrete import Choices

Array = NDArray[np.float64]
ALL = ("logits", "probs", "weights")

score_categorical = Contract(
    id="variational.score-categorical",
    says="f(z) ∇ log q(z), sample by sample, for independent categorical variables given by their logits",
    arguments={"f": "", "logits": "d K", "z": "S d"},
    outputs={"G": "S d K"},
    domain="f: [S, d] -> [S]; K ≥ 2; any finite logits; z whole numbers from 0 to K − 1 in the dtype of the logits",
    cases="..cases.estimators_discrete:choices",
    conventions={"wrt": ALL},
    source=SOURCE,
    home=__package__,
)


def _size(z: Array, rows: Array, wrt: str) -> Array:
    size = np.ones(rows.shape) if wrt == "logits" else 1.0 + 1.0 / probabilities(rows)
    return np.broadcast_to(size, (len(z), *rows.shape))


def _information(rows: Array, wrt: str) -> Array:
    """Blocks diag(p) − ppᵀ, diag(1/p) − 11ᵀ; for free probabilities diag(1/p), and ones between variables."""
    (d, K), p = rows.shape, probabilities(rows)
    full = np.ones((d, K, d, K)) if wrt == "probs" else np.zeros((d, K, d, K))
    for i in range(d):
        less = {"logits": np.outer(p[i], p[i]), "probs": 0.0, "weights": 1.0}[wrt]
        full[i, :, i, :] = np.diag(p[i] if wrt == "logits" else 1.0 / p[i]) - less
    return full.reshape(d * K, d * K)


SCORE = Score(slope, _size, _information, ("logits", "weights"))


@law(
    score_categorical,
    says="contributions move along the simplex: a row's logits cannot be raised together",
    source="derived",
    kind="identity",
    rule="T1",
    code="SCO-03",
    level="convention",
    when={"wrt": ("logits", "weights")},
    kills=("forgets-centre", "log-q-for-its-gradient", "free-probabilities"),
)
def gauge(estimate: Judged, case: Choices) -> Gap:
    """Σ_k G_k = 0 for logits, Σ_k p_k G_k = 0 for weights."""
    wrt, p = estimate.conventions["wrt"], probabilities(case.rows)
    along = np.ones_like(p) if wrt == "logits" else p
    size = (contributions_size(SCORE, case.f, case, case.z, wrt) * along).sum(axis=2)
    got = (estimate(case.f, case.logits, case.z) * along).sum(axis=2)
    return gap(got, 0.0, allow=summation(operations(case.f), size, estimate.u), effect=float(size.max()))


@law(
    score_categorical,
    says="logits count up to a constant in each row",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SCO-03",
    level="convention",
    when={"wrt": ALL},
    kills=("exponentials-for-probabilities", "softmax-over-all"),
)
def shift(estimate: Judged, case: Choices) -> Gap:
    """G(ℓ + c) = G(ℓ)."""
    size = contributions_size(SCORE, case.f, case, case.z, estimate.conventions["wrt"])
    allow = summation(2 * operations(case.f) + int(np.abs(case.shift).max()), size, estimate.u)
    G = estimate(case.f, case.logits, case.z)
    moved = estimate(case.f, case.logits + case.shift[:, None], case.z)
    return gap(moved, G, allow=allow, effect=float(size.max()))


@law(
    score_categorical,
    says="states numbered from the other end have the same contributions in the other order",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SCO-03",
    level="convention",
    when={"wrt": ALL},
    kills=("last-logit-is-zero", "off-by-one-state"),
)
def mirrored(estimate: Judged, case: Choices) -> Gap:
    """G(f(K−1−·); ℓ reversed, K−1−z) = G(f; ℓ, z) reversed."""
    top = float(case.logits.shape[1] - 1)
    f = Mirrored(case.f, top)
    size = contributions_size(SCORE, f, case, case.z, estimate.conventions["wrt"])
    allow = 2.0 * summation(operations(f), size, estimate.u)
    G = estimate(case.f, case.logits, case.z)
    moved = estimate(f, np.ascontiguousarray(case.logits[:, ::-1]), top - case.z)
    return gap(moved[:, :, ::-1], G, allow=allow, effect=float(size.max()))


def _rounding(case: Choices, u: float) -> float:
    size = case.f.magnitude(case.z).max() * _size(case.z, case.rows, "probs").max()
    return float(summation(operations(case.f), size, u))


BAD: dict[str, Any] = {
    "nan-logit": lambda case: (case.f, np.full_like(case.logits, np.nan), case.z),
    "nan-sample": lambda case: (case.f, case.logits, np.full_like(case.z, np.nan)),
    "half-a-state": lambda case: (case.f, case.logits, np.full_like(case.z, 0.5)),
    "negative-state": lambda case: (case.f, case.logits, np.full_like(case.z, -1.0)),
    "state-beyond-the-last": lambda case: (case.f, case.logits, np.full_like(case.z, case.logits.shape[1])),
    "lengths-that-disagree": lambda case: (case.f, *longer(case.logits), wider(case.z)),
}

CONTRACTS = (score_categorical,)
LAWS = (
    *score_laws(score_categorical, SCORE),
    gauge,
    shift,
    mirrored,
    *cross_cutting(score_categorical, allow=_rounding),
    *refusals(score_categorical, BAD),
)
