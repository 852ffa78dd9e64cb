"""The importance-weighted bound: the logarithm of a mean of K weights.

    L_K(w) = log 1/K Σ_k w_k,      E exp L_K = E w = p(x)  exactly,      E L_1 ≤ E L_2 ≤ … ≤ log p(x)

On a finite latent space the K draws take M^K values, each with probability Π q(z_k): both facts are sums. L_K is symmetric
in its weights, moves with their scale, lies between their mean logarithm and their largest, and two weights that are equal
are one.

Symbols: log_w[S, K], −∞ for a weight of 0; bound[S].
Source: Burda, Grosse & Salakhutdinov 2016, Thm 1; derived.
"""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, all_of, at_most, gap, law
from prufrock.tolerance import log_sum_exp

from ..hygiene import cross_cutting, refusals

if TYPE_CHECKING:
    from ..cases.latent_gaussian import Sampled, Weights

Array = NDArray[np.float64]

iwae = Contract(
    id="variational.iwae",
    says="the importance-weighted lower bound of K log-weights",
    arguments={"log_w": "S K"},
    outputs={"bound": "S"},
    domain="log-weights, −inf for zero; K ≥ 1",
    cases="..cases.latent_gaussian:weights",
    source="Burda, Grosse & Salakhutdinov 2016",
    home=__package__,
)


def rounding(log_w: Array, u: float) -> Array:
    """T3 for a log-sum-exp, and one subtraction."""
    K = log_w.shape[1]
    size = np.abs(np.where(np.isfinite(log_w), log_w, 0.0)).max(axis=1)
    return np.asarray(2 * log_sum_exp(size + np.log(K), K, u))


def size(log_w: Array) -> float:
    return float(np.abs(log_w[np.isfinite(log_w)]).max(initial=1.0))


@law(
    iwae,
    says="the bound is the logarithm of the mean weight",
    source="Burda, Grosse & Salakhutdinov 2016, eq. (8)",
    kind="oracle",
    rule="T3",
    code="ELB-07",
    complete=True,
    kills=("sum-for-mean", "mean-of-logs", "largest-weight", "over-the-wrong-axis", "no-shift"),
)
def log_mean_weight(bound: Judged, case: Weights) -> Gap:
    """L_K = log 1/K Σ_k e^{log w_k}, by pairs."""
    want = np.logaddexp.reduce(case.log_w, axis=1) - np.log(case.log_w.shape[1])
    return gap(bound(case.log_w), want, allow=rounding(case.log_w, bound.u), effect=size(case.log_w))


@law(
    iwae,
    says="its exponential is an unbiased estimate of the evidence, whatever K",
    source="Burda, Grosse & Salakhutdinov 2016, Thm 1",
    kind="identity",
    rule="T1",
    code="ELB-07",
    cases="..cases.latent_gaussian:sampled",
    kills=("sum-for-mean", "mean-of-logs", "largest-weight"),
)
def unbiased_evidence(bound: Judged, case: Sampled) -> Gap:
    """Σ over z_1..z_K of Π q(z_k) exp L_K = Σ_z p(x, z)."""
    log_w, probability = draws(case, case.K)
    mean = float(probability @ np.exp(bound(log_w)))
    want = float(np.exp(case.log_joint).sum())
    allow = float(
        probability @ (np.exp(log_w).mean(1) * (rounding(log_w, bound.u) + 1e-15 * (1.0 + np.abs(log_w).max())))
    )
    return gap(mean, want, allow=4 * allow)


@law(
    iwae,
    says="more weights bound better, and never above the log-evidence",
    source="Burda, Grosse & Salakhutdinov 2016, Thm 1",
    kind="inequality",
    rule="T3",
    code="ELB-07",
    cases="..cases.latent_gaussian:sampled",
    kills=("sum-for-mean", "smallest-weight"),
)
def tighter_with_more(bound: Judged, case: Sampled) -> Gap:
    """E L_1 ≤ E L_2 ≤ E L_3 ≤ log p(x)."""
    means, slack, scale = [], [], 1.0
    for K in (1, 2, 3):
        log_w, probability = draws(case, K)
        means.append(float(probability @ bound(log_w)))
        slack.append(float(probability @ rounding(log_w, bound.u)))
        scale = max(scale, size(log_w))
    means.append(float(np.logaddexp.reduce(case.log_joint)))
    allow = 2 * max(slack)
    return all_of(*(at_most(a, b, allow=allow, effect=scale) for a, b in pairwise(means)))


@law(
    iwae,
    says="weights measured in another unit shift the bound by its logarithm",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="ELB-07",
    kills=("no-shift", "clamped-at-zero"),
)
def change_of_unit(bound: Judged, case: Weights) -> Gap:
    """L_K(log w + c) = L_K(log w) + c, c = −800 and 800."""
    got, want = [bound(case.log_w + c) - c for c in (-800.0, 800.0)], bound(case.log_w)
    allow = rounding(case.log_w, bound.u) + rounding(np.abs(case.log_w) + 800.0, bound.u)
    return gap(got, np.broadcast_to(want, (2, len(want))), allow=allow, effect=800.0)


@law(
    iwae,
    says="the bound lies between the mean log-weight and the largest",
    source="derived (Jensen)",
    kind="inequality",
    rule="T3",
    code="ELB-07",
    kills=("sum-for-mean", "smallest-weight", "over-the-wrong-axis"),
)
def between_mean_and_largest(bound: Judged, case: Weights) -> Gap:
    """1/K Σ log w_k ≤ L_K ≤ max_k log w_k, and no less than that less log K."""
    K = case.log_w.shape[1]
    got, allow, effect = bound(case.log_w), rounding(case.log_w, bound.u), size(case.log_w)
    top = case.log_w.max(axis=1)
    return all_of(
        at_most(np.maximum(case.log_w.mean(axis=1), top - np.log(K)), got, allow=allow, effect=effect),
        at_most(got, top, allow=allow, effect=effect),
    )


@law(
    iwae,
    says="each weight twice is each weight once",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="ELB-07",
    kills=("sum-for-mean", "leave-one-out", "mean-by-rows"),
)
def replication(bound: Judged, case: Weights) -> Gap:
    """L_2K(w, w) = L_K(w), in any order."""
    twice = np.concatenate([case.log_w, case.log_w[:, ::-1]], axis=1)
    allow = rounding(case.log_w, bound.u) + rounding(twice, bound.u)
    return gap(bound(twice), bound(case.log_w), allow=allow, effect=size(case.log_w))


def draws(case: Sampled, K: int) -> tuple[Array, Array]:
    """All K-tuples of states: their log-weights [M^K, K] and probabilities."""
    states = np.array(list(product(range(len(case.log_q)), repeat=K)))
    return (case.log_joint - case.log_q)[states], np.exp(case.log_q[states].sum(1))


def _nan(case: Weights) -> tuple[Array]:
    return (np.where(np.arange(case.log_w.shape[1]) == 0, np.nan, case.log_w),)


BAD = {"nan-weight": _nan, "no-weights": lambda case: (case.log_w[:, :0],)}

CONTRACTS = (iwae,)
LAWS = (
    log_mean_weight,
    unbiased_evidence,
    tighter_with_more,
    change_of_unit,
    between_mean_and_largest,
    replication,
    *cross_cutting(
        iwae,
        allow=lambda case, u: 2 * float(rounding(case.log_w, u).max()),
        layouts=("ignores-strides", "ignores-order"),
    ),
    *refusals(iwae, BAD),
)
