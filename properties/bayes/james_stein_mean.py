"""Efron and Morris: normal means shrunk towards their own grand mean.

    θ̂ = ȳ + (1 − (p − 3)σ²/Σ(y_i − ȳ)²)(y − ȳ),       positive part: max(0, ·) of the factor

The mean takes one dimension: with the p − 1 orthonormal contrasts x = Qy (Helmert's), Qθ̂ is James-Stein's estimate of Qθ
towards 0, and 1ᵀθ̂ = 1ᵀy. It wants no origin: θ̂(y + b) = θ̂(y) + b.

Symbols: y[p], sigma_sq σ².
Source: Efron & Morris 1973, 1975, 1977 (whose baseball data have the factor 0.212).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles.stein import radial, risk

if TYPE_CHECKING:
    from ..cases.normal_means import Means

james_stein_mean = Contract(
    id="bayes.james-stein-mean",
    says="estimates of normal means of one known variance, shrunk towards their grand mean",
    arguments={"y": "p", "sigma_sq": ""},
    outputs={"theta": "p"},
    domain="finite y that are not all equal, sigma_sq > 0 (a variance), p ≥ 4",
    cases="..cases.normal_means:many_means",
    real="..cases.baseball:grouped",
    conventions={"positive_part": ("yes", "no")},
    source="Efron & Morris 1975",
    home=__package__,
)

EITHER = {"positive_part": ("yes", "no")}


def spread(case: Means) -> float:
    """S = Σ(y_i − ȳ)²/σ²."""
    return float(np.square(case.y - case.y.mean()).sum() / case.sigma_sq)


def rounding(case: Means, u: float) -> float:
    """T1: deviations from a mean of p numbers, their squares, and the factor 1 − (p − 3)/S."""
    p = len(case.y)
    return float(summation(2 * p + 4, (1.0 + 2.0 * p / spread(case)) * size(case), u))


def size(case: Means) -> float:
    return float(np.abs(case.y).max())


@law(
    james_stein_mean,
    says="the deviations from the grand mean are shortened by (p − 3)σ² over the sum of their squares",
    source="Efron & Morris 1975",
    kind="oracle",
    rule="T1",
    level="convention",
    when=EITHER,
    complete=True,
    kills=("p-minus-two", "deviation-for-variance", "median-for-mean", "sample-variance"),
)
def shrinkage_factor(estimate: Judged, case: Means) -> Gap:
    """θ̂ = ȳ + s(y − ȳ), s = 1 − (p − 3)/S or its positive part."""
    s = 1.0 - (len(case.y) - 3) / spread(case)
    s = max(s, 0.0) if estimate.conventions["positive_part"] == "yes" else s
    want = case.y.mean() + s * (case.y - case.y.mean())
    effect = float(np.abs(case.y - case.y.mean()).max())
    return gap(estimate(case.y, case.sigma_sq), want, allow=rounding(case, estimate.u), effect=effect)


@law(
    james_stein_mean,
    says="the estimates have the mean of the data",
    source="derived",
    kind="identity",
    rule="T1",
    kills=("median-for-mean", "towards-zero"),
)
def mean_kept(estimate: Judged, case: Means) -> Gap:
    """Σθ̂_i = Σy_i."""
    p = len(case.y)
    got = estimate(case.y, case.sigma_sq).sum()
    return gap(got, case.y.sum(), allow=p * rounding(case, estimate.u), effect=p * size(case))


@law(
    james_stein_mean,
    says="the origin does not matter",
    source="derived",
    kind="metamorphic",
    rule="T10",
    kills=("towards-zero", "nearest-to-zero"),
)
def shift(estimate: Judged, case: Means) -> Gap:
    """θ̂(y + b) = θ̂(y) + b, b = 16."""
    b = 16.0
    far = summation(2 * len(case.y) + 4, (1.0 + 2.0 * len(case.y) / spread(case)) * (size(case) + b), estimate.u)
    moved = estimate(case.y + b, case.sigma_sq)
    return gap(moved, estimate(case.y, case.sigma_sq) + b, allow=2 * far, effect=size(case))


@law(
    james_stein_mean,
    says="who comes first does not matter",
    source="derived",
    kind="metamorphic",
    rule="T10",
    kills=("first-for-mean", "sorted"),
)
def order(estimate: Judged, case: Means) -> Gap:
    """θ̂ of the data turned by two places is θ̂ turned by two places."""
    moved = estimate(np.roll(case.y, 2), case.sigma_sq)
    got = np.roll(estimate(case.y, case.sigma_sq), 2)
    return gap(moved, got, allow=2 * rounding(case, estimate.u), effect=size(case))


@law(
    james_stein_mean,
    says="for means that are all equal it errs least of all, and no more than the plain estimator",
    source="Efron & Morris 1973; derived (the contrasts have p − 1 dimensions)",
    kind="inequality",
    rule="T1",
    kills=("mle", "deviation-for-variance"),
)
def risk_at_equality(estimate: Judged, case: Means) -> Gap:
    """θ = b1  ⇒  E‖θ̂ − θ‖²/σ² ≤ 1 + (p − 1) − (p − 3)² E[1/S] = 3, S ~ χ²_{p−1}, and the mean's share of it is 1."""
    p, sigma = len(case.y), float(np.sqrt(case.sigma_sq))
    rule = radial(p - 1, 0.0)
    e = (case.y - case.y.mean()) / np.linalg.norm(case.y - case.y.mean())
    steps = np.array([estimate(sigma * rho * e, case.sigma_sq) / sigma for rho in rule.rho])
    got = 1.0 + float((rule.weight * np.square(steps).sum(1)).sum())
    reach = float((rule.weight * (rule.rho + 2.0 * p / rule.rho) ** 2).sum())
    want = 1.0 + risk(p - 1, 0.0)
    return at_most(got, want, allow=summation(2 * p + 6, reach, estimate.u) + 1e-12 * p, effect=want)


BAD: dict[str, Any] = {
    "nan-observation": lambda c: (np.append(c.y[1:], np.nan), c.sigma_sq),
    "negative-variance": lambda c: (c.y, np.asarray(-c.sigma_sq)),
    "zero-variance": lambda c: (c.y, np.asarray(0.0 * c.sigma_sq)),
}

CONTRACTS = (james_stein_mean,)
LAWS = (
    shrinkage_factor,
    mean_kept,
    shift,
    order,
    risk_at_equality,
    *cross_cutting(james_stein_mean, allow=rounding, layouts=("ignores-strides", "forgets-second-call")),
    *refusals(james_stein_mean, BAD),
)
