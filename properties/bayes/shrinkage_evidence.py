"""What normal data with a normal prior on their mean were expected to be: their evidence, and the next observation.

    p(y_1, …, y_n) = N(y; μ₀1, σ²I + τ₀²11ᵀ) = Π_i N(y_i; μ_{i−1}, τ_{i−1}² + σ²)

Sharing θ correlates the data: their evidence is no product over i of N(y_i; μ₀, τ₀² + σ²) unless n = 1. The log-evidence is a
quadratic form in y, so a second difference of any step is its second derivative, −1/(τ₀² + σ²) for n = 1, and −(n − 1 +
κ₀)/((n + κ₀)σ²) along one axis, κ₀ = σ²/τ₀². The next observation has density p(y, ·)/p(y); averaged over what the data
might have been, its variance and that of its mean make up the prior's, τ₀² + σ².

Symbols: mu0, tau0_sq, sigma_sq numbers, y[n], n ≥ 0.
Source: Gelman et al., Bayesian Data Analysis, 3rd ed., §2.5 (posterior predictive distribution); derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Contract, Gap, Judged, all_of, at_most, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles import normal
from .shrinkage import ARGUMENTS, BAD, SYMMETRIC, given, mean_error, relative, size

if TYPE_CHECKING:
    from ..cases.normal_means import Moved, NormalModel

normal_evidence = Contract(
    id="bayes.normal-evidence",
    says="log-density of independent observations of a normal mean that has a normal prior, the mean integrated out",
    arguments=ARGUMENTS,
    outputs={"log_evidence": ""},
    domain="finite mu0 and y, positive finite variances, n ≥ 0",
    cases="..cases.normal_means:models",
    real="..cases.eight_schools:schools",
    source="Gelman et al., Bayesian Data Analysis, 3rd ed., §2.5",
    home=__package__,
)

normal_predictive = Contract(
    id="bayes.normal-predictive",
    says="mean and variance of the next observation of a normal mean that has a normal prior",
    arguments=ARGUMENTS,
    outputs={"mean": "", "variance": ""},
    domain="finite mu0 and y, positive finite variances, n ≥ 0",
    cases="..cases.normal_means:models",
    real="..cases.eight_schools:schools",
    source="Gelman et al., Bayesian Data Analysis, 3rd ed., §2.5",
    home=__package__,
)


def rounding(m: NormalModel, u: float) -> float:
    """T1 for n quadratic forms and logarithms; the residuals are differences of numbers as large as `size`."""
    return float(summation(len(m.y) + 4, normal.log_evidence(*given(m))[1] + 4.0 * size(m) ** 2 / m.sigma_sq, u))


@law(
    normal_evidence,
    says="the data are jointly normal, correlated by the mean that they share",
    source="Gelman et al., Bayesian Data Analysis, 3rd ed., §2.5",
    kind="oracle",
    rule="T1",
    code="NNP-08",
    complete=True,
    kills=("independent", "noise-forgotten", "no-two-pi", "deviations-for-variances", "plug-in"),
)
def joint_normal(evidence: Judged, m: NormalModel) -> Gap:
    """log p(y) = log N(y; μ₀1, σ²I + τ₀²11ᵀ), by a dense factorisation."""
    want, _ = normal.log_evidence(*given(m))
    return gap(evidence(*given(m)), want, allow=rounding(m, evidence.u), effect=max(abs(want), len(m.y), 0.5))


@law(
    normal_evidence,
    says="the evidence of all data is that of some, times that of the rest as seen from there",
    source="derived (chain rule)",
    kind="metamorphic",
    rule="T10",
    code="NNP-08",
    cases="..cases.normal_means:observed",
    kills=("independent", "plug-in", "halved-for-pairs"),
)
def chain_rule(evidence: Judged, m: NormalModel) -> Gap:
    """log p(y) = log p(y_1..y_k) + log p(y_{k+1}..y_n | μ_k, τ_k²)."""
    k = (len(m.y) + 1) // 2
    mu, tau_sq = normal.posterior(m.mu0, m.tau0_sq, m.sigma_sq, m.y[:k])
    first = evidence(m.mu0, m.tau0_sq, m.sigma_sq, m.y[:k])
    rest = evidence(np.asarray(mu), np.asarray(tau_sq), m.sigma_sq, m.y[k:])
    allow = 4 * rounding(m, evidence.u)
    return gap(evidence(*given(m)), first + rest, allow=allow, effect=float(len(m.y)))


@law(
    normal_evidence,
    says="the evidence of one observation integrates to one",
    source="derived",
    kind="identity",
    rule="T1",
    code="NNP-08",
    cases="..cases.normal_means:singles",
    kills=("no-two-pi", "half-forgotten", "log-determinant-forgotten"),
)
def total_mass(evidence: Judged, m: NormalModel) -> Gap:
    """∫ p(y) dy = 1 by the trapezoidal rule at half the deviation, which errs by 2exp(−2π²/½²)."""
    deviation = float(np.sqrt(m.tau0_sq + m.sigma_sq))
    steps = np.arange(-17, 18) / 2.0
    at = [m.mu0 + k * deviation for k in steps]
    log_p = [evidence(m.mu0, m.tau0_sq, m.sigma_sq, np.array([y])) for y in at]
    weights = np.exp(normal.log_density(steps, 0.0, 1.0)) / 2.0
    terms = 40.0 + abs(np.log(m.tau0_sq + m.sigma_sq)) + 16.0 * size(m) / deviation
    allow = summation(5, terms, evidence.u) * weights.sum() + 1e-15
    return gap(deviation / 2.0 * np.exp(log_p).sum(), 1.0, allow=allow)


@law(
    normal_evidence,
    says="along one observation the log-evidence is a parabola of known curvature",
    source="derived",
    kind="identity",
    rule="T1",
    code="NNP-09",
    cases="..cases.normal_means:observed",
    kills=("half-forgotten", "noise-forgotten", "independent", "deviations-for-variances"),
)
def curvature(evidence: Judged, m: NormalModel) -> Gap:
    """log p(y + he) + log p(y − he) − 2 log p(y) = −h² (n − 1 + κ₀)/((n + κ₀)σ²), κ₀ = σ²/τ₀², e an axis, h = 4σ."""
    h = 4.0 * float(np.sqrt(m.sigma_sq))
    e = np.zeros_like(m.y)
    e[-1] = h
    up, down, here = (evidence(m.mu0, m.tau0_sq, m.sigma_sq, m.y + k * e) for k in (1.0, -1.0, 0.0))
    kappa, n = m.sigma_sq / m.tau0_sq, len(m.y)
    want = -(h**2) * (n - 1.0 + kappa) / ((n + kappa) * m.sigma_sq)
    terms = normal.log_evidence(*given(m))[1] + (2.0 * h + 4.0 * size(m)) ** 2 / m.sigma_sq
    # h and y ± h are rounded to the subject's dtype: that moves the parabola by its slope times u|y ± h|.
    allow = 4.0 * summation(n + 6, terms, evidence.u)
    return gap(up + down - 2.0 * here, want, allow=allow)


@law(
    normal_evidence,
    says="a change of unit divides the density by it",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="NNP-10",
    cases="..cases.normal_means:moved",
    kills=("log-determinant-forgotten", "deviations-for-variances"),
)
def change_of_unit(evidence: Judged, m: Moved) -> Gap:
    """log p(ay + b) = log p(y) − n log|a|, the prior and the noise taken along."""
    a, b = m.scale, m.shift
    moved = evidence(
        np.asarray(a * m.mu0 + b), np.asarray(a**2 * m.tau0_sq), np.asarray(a**2 * m.sigma_sq), a * m.y + b
    )
    want = evidence(*given(m)) - len(m.y) * np.log(abs(a))
    far = (len(m.y) + 4) * (size(m) + abs(b / a)) ** 2 / m.sigma_sq
    allow = 2 * rounding(m, evidence.u) + summation(len(m.y) + 4, far, evidence.u)
    return gap(moved, want, allow=allow, effect=max(len(m.y) * abs(float(np.log(abs(a)))), 1.0))


@law(
    normal_predictive,
    says="the next observation is expected where the posterior mean is",
    source="Gelman et al., Bayesian Data Analysis, 3rd ed., §2.5",
    kind="oracle",
    rule="T1",
    code="NNP-08",
    complete=True,
    kills=("from-the-prior", "shrinks-twice"),
)
def expected_next(predict: Judged, m: NormalModel) -> Gap:
    """E[y_{n+1} | y] = μ_n."""
    want, _ = normal.posterior(*given(m))
    return gap(predict(*given(m)), want, allow=mean_error(m, predict.u), effect=size(m))


@law(
    normal_predictive,
    says="what is uncertain of the next observation is its noise and the posterior's uncertainty of the mean",
    source="Gelman et al., Bayesian Data Analysis, 3rd ed., §2.5",
    kind="identity",
    rule="T1",
    code="NNP-08",
    needs=("variance",),
    complete=True,
    kills=("noise-only", "posterior-only", "deviations-added", "from-the-prior"),
)
def noise_and_uncertainty(predict: Judged, m: NormalModel) -> Gap:
    """Var[y_{n+1} | y] = τ_n² + σ²."""
    want = normal.posterior(*given(m))[1] + m.sigma_sq
    return gap(predict.full(*given(m)).variance, want, allow=relative(m, predict.u) * want)


@law(
    normal_predictive,
    says="the density of the next observation is the ratio of two evidences",
    source="derived (Bayes' rule)",
    kind="oracle",
    rule="T1",
    code="NNP-08",
    needs=("variance",),
    kills=("noise-only", "posterior-only", "from-the-prior"),
)
def ratio_of_evidences(predict: Judged, m: NormalModel) -> Gap:
    """log N(y'; mean, variance) = log p(y, y') − log p(y) at y' = μ₀ and y' = μ₀ + 2."""
    out = predict.full(*given(m))
    variance = max(float(out.variance), 1e-300)
    before, terms = normal.log_evidence(*given(m))
    gaps = []
    for y in (float(m.mu0), float(m.mu0) + 2.0):
        after, more = normal.log_evidence(m.mu0, m.tau0_sq, m.sigma_sq, np.append(m.y, y))
        off = abs(y - out.mean)
        allow = (
            off * mean_error(m, predict.u) + (off**2 / variance + 1.0) * relative(m, predict.u) * variance
        ) / variance
        allow += summation(len(m.y) + 4, terms + more, 2.0**-53)
        gaps.append(gap(normal.log_density(y, out.mean, variance), after - before, allow=2.0 * allow, effect=1.0))
    return all_of(*gaps)


@law(
    normal_predictive,
    says="more data make the next observation surer, never surer than its noise",
    source="derived",
    kind="inequality",
    rule="T1",
    code="NNP-05",
    needs=("variance",),
    cases="..cases.normal_means:observed",
    kills=("posterior-only", "from-the-prior"),
)
def surer_with_data(predict: Judged, m: NormalModel) -> Gap:
    """σ² + half of min(τ₀², σ²/n) ≤ Var[y_{n+1} | y] ≤ Var[y_1] − half of min(τ₀², nτ₀⁴/σ²)."""
    after, u = predict.full(*given(m)).variance, predict.u
    before = predict.full(m.mu0, m.tau0_sq, m.sigma_sq, m.y[:0]).variance
    n, tau0_sq, sigma_sq = len(m.y), float(m.tau0_sq), float(m.sigma_sq)
    least = sigma_sq + min(tau0_sq, sigma_sq / n) / 2.0
    most = before - min(tau0_sq, n * tau0_sq**2 / sigma_sq) / 2.0
    allow = 2.0 * relative(m, u) * (tau0_sq + sigma_sq)
    return all_of(at_most(least, after, allow=allow), at_most(after, most, allow=allow))


CONTRACTS = (normal_evidence, normal_predictive)
LAWS = (
    joint_normal,
    chain_rule,
    total_mass,
    curvature,
    change_of_unit,
    expected_next,
    noise_and_uncertainty,
    ratio_of_evidences,
    surer_with_data,
    *cross_cutting(normal_evidence, allow=rounding, layouts=SYMMETRIC),
    *cross_cutting(normal_predictive, allow=mean_error, layouts=SYMMETRIC),
    *refusals(normal_evidence, BAD),
    *refusals(normal_predictive, BAD),
)
