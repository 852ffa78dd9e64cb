"""The risk of James-Stein's estimator: at every true mean it is below that of the data, and it is known and estimated.

An estimator is a function of y, so that its risk is an integral, and chance has no part in it. One that commutes with
rotations about t (its own law) is followed along one ray: see `oracles.stein`. With g = θ̂ − y, Stein's lemma E⟨y − θ, g⟩ = σ²
E∇·g and ∇·g = −(p − 2)²σ²/‖y − t‖² = −‖g‖²/σ² for the plain estimator: what it covaries with the noise is exactly minus the
square of its step. This holds for p − 2 and no other constant, and makes p σ² − (p − 2)²σ⁴/‖y − t‖² an unbiased estimate of
the risk.

Symbols: as in `james_stein`.
Source: James & Stein 1961; Stein 1981 (risk estimate); Efron & Morris 1973 (positive part).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, at_most, gap, law
from prufrock.tolerance import summation

from ..oracles.stein import radial, risk
from .james_stein import EITHER, james_stein

if TYPE_CHECKING:
    from ..cases.normal_means import Truth

PLAIN = {"positive_part": ("no",)}


class Ray:
    """An estimator followed along one ray from the target: its steps in units of σ at the nodes of a rule over distances."""

    def __init__(self, estimate: Judged, case: Truth) -> None:
        p, delta, sigma = len(case.y), _distance(case), float(np.sqrt(case.sigma_sq))
        self.rho, self.weight, self.cosine = radial(p, delta)
        e = (case.y - case.target) / np.linalg.norm(case.y - case.target)
        outs = [estimate.full(case.target + sigma * rho * e, case.sigma_sq, case.target) for rho in self.rho]
        steps = np.array([(out.theta - case.target) / sigma for out in outs])
        self.along, self.square = steps @ e, np.square(steps).sum(1)
        if estimate.subject.declares("risk"):
            self.sure = np.array([out.risk for out in outs]) / float(case.sigma_sq)
        # The factor is 1 − c/ρ² with c ≤ p: relative roundings of ρ, and of y as represented, both amplified by c/ρ².
        blurred = 1.0 + float(np.abs(case.target).max()) / (sigma * self.rho)
        reach = (self.rho + 2.0 * p / self.rho) * (self.rho + 2.0 * p / self.rho + delta)
        moved = float((self.weight * blurred * reach).sum())
        self.allow = float(summation(p + 5, moved, estimate.u)) + 1e-12 * p

    def risk(self, delta: float) -> float:
        """E‖θ̂ − θ‖²/σ²."""
        return float((self.weight * (self.square - 2.0 * self.along * delta * self.cosine + delta**2)).sum())


def _distance(case: Truth) -> float:
    return float(np.linalg.norm(case.theta - case.target) / np.sqrt(case.sigma_sq))


@law(
    james_stein,
    says="at every true mean the estimate errs less than the data, by no less than the plain estimator gains",
    source="James & Stein 1961; Efron & Morris 1973",
    kind="inequality",
    rule="T1",
    cases="..cases.normal_means:true_means",
    kills=("mle", "twice-the-constant", "p-minus-three", "deviation-for-variance"),
)
def dominance(estimate: Judged, case: Truth) -> Gap:
    """E‖θ̂ − θ‖²/σ² ≤ p − (p − 2)² E[1/(p − 2 + 2K)] < p, K ~ Poisson(‖θ − t‖²/2σ²)."""
    p, delta = len(case.y), _distance(case)
    ray = Ray(estimate, case)
    return at_most(ray.risk(delta), risk(p, delta), allow=ray.allow, effect=p - risk(p, delta))


@law(
    james_stein,
    says="the plain estimator's risk is known in closed form",
    source="James & Stein 1961",
    kind="oracle",
    rule="T1",
    level="convention",
    when=PLAIN,
    cases="..cases.normal_means:true_means",
    kills=("plain-but-positive", "plain-with-p-minus-one"),
)
def closed_form_risk(estimate: Judged, case: Truth) -> Gap:
    """E‖θ̂ − θ‖²/σ² = p − (p − 2)² E[1/(p − 2 + 2K)]."""
    p, delta = len(case.y), _distance(case)
    ray = Ray(estimate, case)
    return gap(ray.risk(delta), risk(p, delta), allow=ray.allow, effect=p - risk(p, delta))


@law(
    james_stein,
    says="what the plain estimator's step covaries with the noise is minus its mean square",
    source="Stein 1981; derived above",
    kind="identity",
    rule="T1",
    level="convention",
    when=PLAIN,
    cases="..cases.normal_means:true_means",
    kills=("plain-with-p-minus-one", "plain-but-positive"),
)
def steins_lemma(estimate: Judged, case: Truth) -> Gap:
    """E⟨y − θ, g⟩ = −E‖g‖², g = θ̂ − y."""
    ray, delta = Ray(estimate, case), _distance(case)
    along = ray.along - ray.rho
    covariance = (ray.weight * along * (ray.rho - delta * ray.cosine)).sum()
    square = (ray.weight * along**2).sum()
    return gap(covariance, -square, allow=2 * ray.allow)


@law(
    james_stein,
    says="the estimate of the risk is unbiased",
    source="Stein 1981",
    kind="identity",
    rule="T1",
    level="convention",
    when=EITHER,
    needs=("risk",),
    cases="..cases.normal_means:true_means",
    kills=("risk-of-the-plain", "risk-without-target", "risk-is-p"),
)
def unbiased_risk_estimate(estimate: Judged, case: Truth) -> Gap:
    """E SURE(y) = E‖θ̂ − θ‖² at every θ."""
    ray, delta = Ray(estimate, case), _distance(case)
    return gap((ray.weight * ray.sure).sum(), ray.risk(delta), allow=4 * ray.allow)


CONTRACTS = ()
LAWS = (dominance, closed_form_risk, steins_lemma, unbiased_risk_estimate)
