"""Shrinkage of one observation each of several units: the three forms of one posterior mean.

    μ₁ = (μ₀/τ₀² + y/σ²)/(1/τ₀² + 1/σ²) = μ₀ + (y − μ₀) τ₀²/(σ² + τ₀²) = y − (y − μ₀) σ²/(σ² + τ₀²)

The share B = σ²/(σ² + τ₀²) of the way to the prior mean is what all three say: (y − μ₁)/(y − μ₀) = B, (μ₁ − μ₀)/(y − μ₀) =
1 − B. It depends on the ratio of the variances alone, is ½ for equal ones, and grows with the noise. Units are on their own.

Symbols: mu0, tau0_sq, sigma_sq, y [p].
Source: Gelman et al., Bayesian Data Analysis, 3rd ed., (2.10)-(2.11) and §5.5 (schools).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, all_of, at_most, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals

if TYPE_CHECKING:
    from ..cases.normal_means import Units

normal_shrinkage = Contract(
    id="bayes.normal-shrinkage",
    says="posterior means of units with one observation each",
    arguments={"mu0": "p", "tau0_sq": "p", "sigma_sq": "p", "y": "p"},
    outputs={"mu": "p"},
    domain="finite mu0 and y, positive finite variances (not deviations), p ≥ 1",
    cases="..cases.normal_means:units",
    real="..cases.eight_schools:units",
    source="Gelman et al., Bayesian Data Analysis, 3rd ed., (2.10)",
    home=__package__,
)


def given(case: Units) -> tuple[Any, ...]:
    return case.mu0, case.tau0_sq, case.sigma_sq, case.y


def error(case: Units, u: float) -> Any:
    """T1 for a compromise of two numbers, unit by unit."""
    return summation(5, np.maximum(np.abs(case.y), np.abs(case.mu0)), u)


def size(case: Units) -> float:
    return float(np.abs(case.y - case.mu0).max())


@law(
    normal_shrinkage,
    says="the prior mean is moved towards the data by the share of the prior in the sum of variances",
    source="Gelman et al., Bayesian Data Analysis, 3rd ed., (2.10)",
    kind="identity",
    rule="T1",
    code="NNP-06",
    complete=True,
    kills=("shares-swapped", "deviations-for-variances", "one-variance-for-all", "mle"),
)
def prior_adjusted(shrink: Judged, case: Units) -> Gap:
    """μ₁ = μ₀ + (y − μ₀) τ₀²/(σ² + τ₀²)."""
    want = case.mu0 + (case.y - case.mu0) * case.tau0_sq / (case.sigma_sq + case.tau0_sq)
    return gap(shrink(*given(case)), want, allow=error(case, shrink.u), effect=size(case))


@law(
    normal_shrinkage,
    says="the data are shrunk towards the prior mean by the share of the noise in the sum of variances",
    source="Gelman et al., Bayesian Data Analysis, 3rd ed., (2.11)",
    kind="identity",
    rule="T1",
    code="NNP-06",
    kills=("shares-swapped", "shrinks-to-zero", "mle"),
)
def data_shrunk(shrink: Judged, case: Units) -> Gap:
    """(σ² + τ₀²)(y − μ₁) = σ²(y − μ₀)."""
    mu, whole = shrink(*given(case)), case.sigma_sq + case.tau0_sq
    allow = whole * (error(case, shrink.u) + error(case, 2.0**-53))
    effect = float((case.sigma_sq * np.abs(case.y - case.mu0)).max())
    return gap(whole * (case.y - mu), case.sigma_sq * (case.y - case.mu0), allow=allow, effect=effect)


@law(
    normal_shrinkage,
    says="prior and observation are exchangeable: both are measurements of one mean",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="NNP-06",
    kills=("shares-swapped-if-noisy", "deviations-for-one", "shrinks-to-zero"),
)
def exchange(shrink: Judged, case: Units) -> Gap:
    """μ₁(μ₀, τ₀², σ², y) = μ₁(y, σ², τ₀², μ₀)."""
    got = shrink(case.y, case.sigma_sq, case.tau0_sq, case.mu0)
    return gap(got, shrink(*given(case)), allow=2 * error(case, shrink.u), effect=size(case))


@law(
    normal_shrinkage,
    says="equal variances meet half way",
    source="derived",
    kind="limit",
    rule="T1",
    code="NNP-06",
    kills=("shrinks-to-zero", "mle"),
)
def half_way(shrink: Judged, case: Units) -> Gap:
    """σ² = τ₀²  ⇒  μ₁ = (μ₀ + y)/2."""
    got = shrink(case.mu0, case.sigma_sq, case.sigma_sq, case.y)
    return gap(got, (case.mu0 + case.y) / 2.0, allow=error(case, shrink.u), effect=size(case))


@law(
    normal_shrinkage,
    says="noisier data are shrunk further",
    source="derived",
    kind="inequality",
    rule="T1",
    code="NNP-05",
    kills=("shares-swapped", "mle"),
)
def more_noise_more_shrinkage(shrink: Judged, case: Units) -> Gap:
    """|μ₁ − μ₀| at 4σ² is at most (σ² + τ₀²)/(2σ² + τ₀²) of what it is at σ²."""
    near = np.abs(shrink(case.mu0, case.tau0_sq, 4.0 * case.sigma_sq, case.y) - case.mu0)
    far = np.abs(shrink(*given(case)) - case.mu0)
    ratio = (case.sigma_sq + case.tau0_sq) / (2.0 * case.sigma_sq + case.tau0_sq)
    return at_most(near, far * ratio, allow=3 * error(case, shrink.u), effect=size(case))


@law(
    normal_shrinkage,
    says="each unit is shrunk by its own variances, whatever the others do",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="NNP-06",
    kills=("one-variance-for-all", "sorted-units"),
)
def unit_by_unit(shrink: Judged, case: Units) -> Gap:
    """μ₁ of unit i is that of unit i alone."""
    together = shrink(*given(case))
    alone = [float(shrink(*(x[i : i + 1].copy() for x in given(case)))[0]) for i in range(len(case.y))]
    return all_of(gap(together, alone, allow=2 * error(case, shrink.u), effect=size(case)))


BAD = {
    "nan-observation": lambda c: (c.mu0, c.tau0_sq, c.sigma_sq, np.full_like(c.y, np.nan)),
    "negative-prior-variance": lambda c: (c.mu0, -c.tau0_sq, c.sigma_sq, c.y),
    "zero-noise": lambda c: (c.mu0, c.tau0_sq, 0.0 * c.sigma_sq, c.y),
}

CONTRACTS = (normal_shrinkage,)
LAWS = (
    prior_adjusted,
    data_shrunk,
    exchange,
    half_way,
    more_noise_more_shrinkage,
    unit_by_unit,
    *cross_cutting(
        normal_shrinkage,
        allow=lambda case, u: 2 * float(np.max(error(case, u))),
        layouts=("ignores-strides", "forgets-second-call"),
    ),
    *refusals(normal_shrinkage, BAD),
)
