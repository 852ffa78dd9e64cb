"""James-Stein: of three or more normal means, the sample is beaten everywhere by shrinking it towards any point.

    θ̂ = t + (1 − (p − 2)σ²/‖y − t‖²)(y − t),      positive part: max(0, ·) of the factor

The estimate lies on the line from t through y, by a factor of ‖y − t‖²/σ² alone: so it commutes with rotations and
reflections about t, and with changes of unit and origin. Towards the grand mean one dimension is spent: in the p − 1
contrasts of y it is the estimator towards 0. What all this gains is in `james_stein_risk`.

Symbols: y[p], target t[p], sigma_sq σ²; true means θ[p].
Source: James & Stein 1961; Efron & Morris 1973, 1975 (positive part, grand mean).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, all_of, at_most, gap, inconclusive, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals

if TYPE_CHECKING:
    from ..cases.normal_means import Means, Turned

james_stein = Contract(
    id="bayes.james-stein",
    says="estimates of normal means of one known variance, shrunk towards a given point",
    arguments={"y": "p", "sigma_sq": "", "target": "p"},
    outputs={"theta": "p", "risk": ""},
    domain="finite y other than the target, sigma_sq > 0 (a variance), p ≥ 1",
    cases="..cases.normal_means:means",
    real="..cases.baseball:shrunk",
    conventions={"positive_part": ("yes", "no"), "small": ("unchanged", "refused")},
    source="James & Stein 1961; Efron & Morris 1973",
    home=__package__,
)

EITHER = {"positive_part": ("yes", "no")}


def given(case: Means) -> tuple[Any, ...]:
    return case.y, case.sigma_sq, case.target


def squared(case: Means) -> float:
    """S = ‖y − t‖²/σ²."""
    return float(np.square(case.y - case.target).sum() / case.sigma_sq)


def factor(S: float, m: int, positive: bool) -> float:
    """1 − (m − 2)/S, or its positive part; 1 where fewer than three dimensions are shrunk."""
    s = 1.0 - max(m - 2, 0) / S
    return max(s, 0.0) if positive else s


def rounding(case: Means, u: float) -> float:
    """T1: S to p + 3 roundings, and differences of numbers as large as y and t."""
    p, way = len(case.y), float(np.abs(case.y - case.target).max())
    steep = 1.0 + 2.0 * max(p - 2, 0) / squared(case)
    near = float(max(np.abs(case.y).max(), np.abs(case.target).max()))
    return float(summation(p + 4, steep * way + near * (1.0 + max(p - 2, 0) / squared(case)), u))


def size(case: Means) -> float:
    return float(np.abs(case.y - case.target).max())


@law(
    james_stein,
    says="the way from the target is shortened by (p − 2)σ² over its square",
    source="James & Stein 1961; Efron & Morris 1973 (positive part)",
    kind="oracle",
    rule="T1",
    level="convention",
    when=EITHER,
    complete=True,
    kills=("p-minus-one", "deviation-for-variance", "target-ignored", "each-on-its-own", "squared-factor"),
)
def shrinkage_factor(estimate: Judged, case: Means) -> Gap:
    """θ̂ = t + s(y − t), s = 1 − (p − 2)/S or its positive part, and s = 1 for p < 3."""
    s = factor(squared(case), len(case.y), estimate.conventions["positive_part"] == "yes")
    want = case.target + s * (case.y - case.target)
    return gap(estimate(*given(case)), want, allow=rounding(case, estimate.u), effect=size(case))


@law(
    james_stein,
    says="the estimate lies on the line from the target through the data",
    source="derived",
    kind="identity",
    rule="T1",
    kills=("each-on-its-own", "grand-mean-for-target", "first-left-alone"),
)
def on_the_line(estimate: Judged, case: Means) -> Gap:
    """(θ̂ − t)_i (y − t)_j = (θ̂ − t)_j (y − t)_i."""
    r, step = case.y - case.target, estimate(*given(case)) - case.target
    allow = 4 * rounding(case, estimate.u) * float(np.abs(r).max())
    return gap(np.outer(step, r), np.outer(r, step), allow=allow, effect=float(np.abs(r).max()) ** 2)


@law(
    james_stein,
    says="rotated and mirrored data have a rotated and mirrored estimate",
    source="derived",
    kind="metamorphic",
    rule="T10",
    cases="..cases.normal_means:turned",
    kills=("each-on-its-own", "largest-for-norm", "first-left-alone"),
)
def reflection(estimate: Judged, case: Turned) -> Gap:
    """H(θ̂(y) − t) = θ̂(t + H(y − t)) − t for the reflection H = I − 2vvᵀ/vᵀv."""
    v, t = case.v, case.target

    def mirrored(x: Any) -> Any:
        return x - 2.0 * v * (v @ x) / (v @ v)

    y = t + mirrored(case.y - t)
    reach = size(case) * len(v) ** 0.5
    allow = len(v) * 4 * rounding(case, estimate.u) + summation(len(v) + 6, reach + np.abs(y).max(), estimate.u)
    return gap(estimate(y, case.sigma_sq, t) - t, mirrored(estimate(*given(case)) - t), allow=allow, effect=reach)


@law(
    james_stein,
    says="a change of unit and origin, mirrored or not, changes the estimate alike",
    source="derived",
    kind="metamorphic",
    rule="T10",
    kills=("deviation-for-variance", "target-ignored", "ridge"),
)
def affine_equivariance(estimate: Judged, case: Means) -> Gap:
    """θ̂(ay + b; a²σ², at + b) = aθ̂(y; σ², t) + b, a = −2⁻⁷, b = 3."""
    a, b = -(2.0**-7), 3.0
    got = estimate(a * case.y + b, np.asarray(a**2 * case.sigma_sq), a * case.target + b)
    small = abs(a) * rounding(case, estimate.u)
    steep = 1.0 + max(len(case.y) - 2, 0) / squared(case)
    allow = 2 * small + summation(len(case.y) + 4, (b + abs(a) * 64.0) * steep, estimate.u)
    return gap(got, a * estimate(*given(case)) + b, allow=allow, effect=abs(a) * size(case))


@law(
    james_stein,
    says="the positive part never points away from the data, nor beyond the target",
    source="Efron & Morris 1973",
    kind="inequality",
    rule="T1",
    level="convention",
    when={"positive_part": ("yes",)},
    kills=("positive-but-plain", "absolute-factor"),
)
def never_beyond_the_target(estimate: Judged, case: Means) -> Gap:
    """0 ≤ ⟨θ̂ − t, y − t⟩, here at half of y − t; and θ̂ = t where S ≤ p − 2, here at S = (p − 2)/16."""
    p, t = len(case.y), case.target
    if p < 3:
        return inconclusive("nothing is shrunk")
    r = case.y - t
    near = t + r / np.sqrt(squared(case)) * np.sqrt(p - 2.0) / 4.0
    close = float(np.abs(near - t).max())
    fuzz = summation(p + 4, 16.0 * (close + np.abs(near).max()), estimate.u)
    there = estimate(near, case.sigma_sq, t)
    half = float((estimate(t + r / 2.0, case.sigma_sq, t) - t) @ r)
    return all_of(
        gap(there, t, allow=fuzz, effect=close),
        at_most(-half, 0.0, allow=4 * p * rounding(case, estimate.u) * size(case), effect=float(r @ r)),
    )


@law(
    james_stein,
    says="one or two means are left as they are: nothing beats them everywhere",
    source="James & Stein 1961",
    kind="limit",
    rule="T1",
    level="convention",
    when={"small": ("unchanged",)},
    cases="..cases.normal_means:few_means",
    kills=("shrinks-pairs", "target-for-few"),
)
def few_are_unchanged(estimate: Judged, case: Means) -> Gap:
    """θ̂ = y for p < 3."""
    near = float(max(np.abs(case.y).max(), np.abs(case.target).max()))
    return gap(estimate(*given(case)), case.y, allow=summation(2, near, estimate.u), effect=size(case))


BAD = {
    "nan-observation": lambda c: (np.append(c.y[1:], np.nan), c.sigma_sq, c.target),
    "negative-variance": lambda c: (c.y, np.asarray(-c.sigma_sq), c.target),
    "zero-variance": lambda c: (c.y, np.asarray(0.0 * c.sigma_sq), c.target),
    "lengths-that-disagree": lambda c: (np.resize(c.y, 3), c.sigma_sq, np.zeros(2)),
}

CONTRACTS = (james_stein,)
LAWS = (
    shrinkage_factor,
    on_the_line,
    reflection,
    affine_equivariance,
    never_beyond_the_target,
    few_are_unchanged,
    *cross_cutting(james_stein, allow=rounding, layouts=("ignores-strides", "forgets-second-call")),
    *refusals(james_stein, BAD),
)
