"""Baselines from the sample: a score function estimator whose values are compared with the mean of a sample.

    G_s = (W_s − b_s) score_s,     b_s = mean of all W ("same-sample") or of the others' ("leave-one-out")

For independent samples b_s of the others is independent of score_s, whose mean is 0: E G_s = E W score. The mean of all has
1/S of W_s in it and shrinks the gradient by (S − 1)/S exactly; so the two differ by the factor S/(S − 1), sample by
sample. No constant added to W can be seen in either, and equal values contribute nothing.

Symbols: W[S], score[S, P], G[S, P].
Source: Kool, van Hoof and Welling 2019 (leave-one-out); Mnih and Rezende 2016; derived.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals

if TYPE_CHECKING:
    from ..cases.controls import Policy, Rewards

Array = NDArray[np.float64]
SOURCE = "Kool, van Hoof and Welling 2019"
ANY = ("leave-one-out", "same-sample")

baseline = Contract(
    id="variational.baseline",
    says="(W − b) score, sample by sample, b a mean of the sample's values",
    arguments={"W": "S", "score": "S P"},
    outputs={"G": "S P"},
    domain="S ≥ 2 finite values, and the scores at the same samples",
    cases="..cases.controls:rewards",
    conventions={"source": ANY},
    source=SOURCE,
    home=__package__,
)


def size(W: Array, score: Array) -> Array:
    """The magnitude of what is subtracted, times |score|."""
    return np.asarray(4.0 * np.abs(W).max() * np.abs(score))


def rounding(case: Rewards, u: float) -> Array:
    return np.asarray(summation(len(case.W) + 3, size(case.W, case.score), u))


@law(
    baseline,
    says="each value is compared with the mean that the subject declares",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    level="convention",
    code="CVA-03",
    when={"source": ANY},
    complete=True,
    kills=("other-source", "no-baseline", "divides-by-samples", "median-for-mean"),
)
def definition(estimate: Judged, case: Rewards) -> Gap:
    """G_s = (W_s − Σ_r W_r/(S−1)) score_s over r ≠ s, or over all r and S."""
    W, S = case.W, len(case.W)
    others = np.array([np.delete(W, s).mean() for s in range(S)])
    b = others if estimate.conventions["source"] == "leave-one-out" else np.full(S, W.mean())
    want, scale = (W - b)[:, None] * case.score, size(W, case.score)
    return gap(estimate(W, case.score), want, allow=rounding(case, estimate.u), effect=float(scale.max()))


@law(
    baseline,
    says="compared with the others, the mean of the contributions is the gradient",
    source=SOURCE,
    kind="identity",
    rule="T1",
    level="convention",
    code="CVA-03",
    when={"source": ("leave-one-out",)},
    cases="..cases.controls:policies",
    kills=("other-source", "best-for-mean", "leaves-next-out"),
)
def unbiased(estimate: Judged, case: Policy) -> Gap:
    """Σ over all samples of Π p · G_s = E f score, for each s."""
    got, allow, scale = _over_samples(estimate, case)
    return gap(got, case.p @ (case.f[:, None] * case.scores) + 0.0 * got, allow=allow, effect=scale)


@law(
    baseline,
    says="compared with all, the gradient shrinks by (S − 1)/S",
    source="derived",
    kind="identity",
    rule="T1",
    level="convention",
    code="CVA-03",
    when={"source": ("same-sample",)},
    cases="..cases.controls:policies",
    kills=("others-said-to-be-all", "no-baseline-said-to-be-all"),
)
def shrunk(estimate: Judged, case: Policy) -> Gap:
    """Σ over all samples of Π p · G_s = (S − 1)/S · E f score."""
    got, allow, scale = _over_samples(estimate, case)
    want = (case.size - 1) / case.size * (case.p @ (case.f[:, None] * case.scores))
    return gap(got, want + 0.0 * got, allow=allow, effect=scale)


@law(
    baseline,
    says="a constant added to all values cannot be seen",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="CVA-05",
    kills=("no-baseline", "half-the-baseline", "leaves-next-out-of-all"),
)
def shift(estimate: Judged, case: Rewards) -> Gap:
    """G(W + c) = G(W)."""
    moved = case.W + 8.0 * case.c
    allow = summation(len(moved) + 3, size(case.W, case.score) + size(moved, case.score), estimate.u)
    effect = float(np.abs(8.0 * case.c * case.score).max())
    return gap(estimate(moved, case.score), estimate(case.W, case.score), allow=allow, effect=effect)


@law(
    baseline,
    says="a sample's own value counts once, in full",
    source="derived",
    kind="metamorphic",
    rule="T10",
    level="convention",
    code="CVA-03",
    when={"source": ("leave-one-out",)},
    kills=("other-source", "leaves-next-out", "divides-by-samples"),
)
def own_value(estimate: Judged, case: Rewards) -> Gap:
    """W_s + c in the place of W_s: G_s + c·score_s."""
    moved = case.W.copy()
    moved[case.s] += case.c
    scale = size(case.W, case.score) + size(moved, case.score)
    got = (estimate(moved, case.score) - estimate(case.W, case.score))[case.s]
    want = case.c * case.score[case.s]
    allow = summation(len(moved) + 3, scale[case.s], estimate.u)
    return gap(got, want, allow=allow, effect=float(np.abs(want).max()))


@law(
    baseline,
    says="contributions are linear in the scores",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="CVA-05",
    kills=("normalises-scores", "absolute-scores"),
)
def linear_in_scores(estimate: Judged, case: Rewards) -> Gap:
    """G(W, score·diag(c, c/2, …)) = G(W, score)·diag(c, c/2, …)."""
    factors = case.c / 2.0 ** np.arange(case.score.shape[1])
    want = estimate(case.W, case.score) * factors
    scale = size(case.W, case.score) * np.abs(factors)
    got = estimate(case.W, case.score * factors)
    allow = 2.0 * summation(len(case.W) + 3, scale, estimate.u)
    return gap(got, want, allow=allow, effect=float(scale.max()))


def _over_samples(estimate: Judged, case: Policy) -> tuple[Array, Array, float]:
    """The mean of G[S, P] over all samples of size S, its allowance, and its size."""
    S, P = case.size, len(case.p) - 1
    total, scale = np.zeros((S, P)), np.zeros((S, P))
    for atoms in product(range(len(case.p)), repeat=S):
        at = list(atoms)
        chance = float(case.p[at].prod())
        total += chance * estimate(case.f[at], case.scores[at])
        scale += chance * size(case.f[at], case.scores[at])
    return total, np.asarray(summation(S + 3, scale, estimate.u)), float(scale.max())


BAD = {
    "nan-value": lambda case: (np.full_like(case.W, np.nan), case.score),
    "nan-score": lambda case: (case.W, np.full_like(case.score, np.nan)),
    "one-sample": lambda case: (case.W[:1], case.score[:1]),
    "lengths-that-disagree": lambda case: (case.W[:-1], case.score),
}

CONTRACTS = (baseline,)
LAWS = (
    definition,
    unbiased,
    shrunk,
    shift,
    own_value,
    linear_in_scores,
    *cross_cutting(baseline, allow=lambda case, u: float(rounding(case, u).max())),
    *refusals(baseline, BAD),
)
