"""The posterior of a normal mean under a normal prior, both variances known.

    1/τ_n² = 1/τ₀² + n/σ²,      μ_n/τ_n² = μ₀/τ₀² + Σ_i y_i/σ²

These two equations determine it. Whatever the algebra, Bayes' quotient log p(θ) + Σ log p(y_i|θ) − log p(θ|y) is the same
at every θ (it is the log-evidence), and a quadrature over θ knows nothing of precisions at all. The data enter through n and
ȳ alone, in any order and in any portions. The mean is linear in ȳ, so its slope can be read off two answers without error of
method: Var(μ_n) = slope² (τ₀² + σ²/n), and τ₀² = τ_n² + Var(μ_n) is the law of total variance. For one observation μ₁ = y + σ²
d/dy log p(y) (Tweedie), where log p(y) is quadratic in y: a central difference of any step is its derivative.

Symbols: mu0 μ₀, tau0_sq τ₀², sigma_sq σ² numbers, y[n], n ≥ 0; ȳ the sample mean, u the unit roundoff.
Source: Gelman et al., Bayesian Data Analysis, 3rd ed., §2.5; Tweedie's formula after Efron 2011.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, all_of, at_most, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles import normal

if TYPE_CHECKING:
    from ..cases.normal_means import NormalModel

ARGUMENTS = {"mu0": "", "tau0_sq": "", "sigma_sq": "", "y": "n"}

normal_posterior = Contract(
    id="bayes.normal-posterior",
    says="mean and variance of a normal mean, given independent observations and a normal prior",
    arguments=ARGUMENTS,
    outputs={"mu": "", "tau_sq": "", "log_evidence": ""},
    domain="finite mu0 and y, positive finite variances (not deviations), n ≥ 0; tau0_sq = inf where the subject says so",
    cases="..cases.normal_means:models",
    real="..cases.eight_schools:schools",
    conventions={"flat_prior": ("yes", "no"), "form": ("precision", "other"), "batch": ("leading",)},
    source="Gelman et al., Bayesian Data Analysis, 3rd ed., §2.5",
    home=__package__,
)


def given(m: NormalModel) -> tuple[Any, ...]:
    return m.mu0, m.tau0_sq, m.sigma_sq, m.y


def size(m: NormalModel) -> float:
    """The posterior mean is an average of numbers no larger."""
    return float(np.abs(np.append(m.y, m.mu0)).max())


def mean_error(m: NormalModel, u: float) -> float:
    """T1 for an average of n + 1 numbers, whichever of its three forms computes it."""
    return float(summation(len(m.y) + 3, size(m), u))


def relative(m: NormalModel, u: float) -> float:
    """T1 for a sum of positive precisions, relative to itself."""
    return float(summation(len(m.y) + 3, 1.0, u))


@law(
    normal_posterior,
    says="precisions add: the posterior's is the prior's and n times the observation's",
    source="Gelman et al., Bayesian Data Analysis, 3rd ed., (2.12)",
    kind="identity",
    rule="T1",
    code="NNP-01",
    needs=("tau_sq",),
    complete=True,
    kills=("half-the-prior", "deviation-for-variance", "ignores-n", "predictive-variance"),
)
def precisions_add(posterior: Judged, m: NormalModel) -> Gap:
    """τ_n² (1/τ₀² + n/σ²) = 1."""
    tau_sq = posterior.full(*given(m)).tau_sq
    return gap(tau_sq * (1.0 / m.tau0_sq + len(m.y) / m.sigma_sq), 1.0, allow=relative(m, posterior.u))


@law(
    normal_posterior,
    says="the mean is the average of prior mean and data, each weighted by its precision",
    source="Gelman et al., Bayesian Data Analysis, 3rd ed., (2.12)",
    kind="identity",
    rule="T1",
    code="NNP-01",
    complete=True,
    kills=("prior-mean-forgotten", "half-the-prior", "deviation-for-variance", "weights-swapped", "one-for-prior-mean"),
)
def weighted_mean(posterior: Judged, m: NormalModel) -> Gap:
    """μ_n = (μ₀/τ₀² + Σy/σ²)/(1/τ₀² + n/σ²)."""
    want, _ = normal.posterior(*given(m))
    return gap(posterior(*given(m)), want, allow=mean_error(m, posterior.u), effect=size(m))


@law(
    normal_posterior,
    says="prior times likelihood over posterior is the same at every value of the parameter",
    source="derived (Bayes' rule: the quotient is the evidence)",
    kind="identity",
    rule="T1",
    code="NNP-02",
    needs=("tau_sq",),
    kills=("half-the-prior", "square-in-the-wrong-place", "ignores-n", "mle"),
)
def bayes_quotient(posterior: Judged, m: NormalModel) -> Gap:
    """log p(θ) + Σ log p(y_i|θ) − log N(θ; μ_n, τ_n²) does not depend on θ."""
    out = posterior.full(*given(m))
    tau_sq = max(out.tau_sq, 1e-300)
    theta = np.array([float(m.mu0), float(m.mu0) + 3.0 * float(np.sqrt(m.tau0_sq)), *m.y[:1]])
    log_post = normal.log_density(theta, out.mu, tau_sq)
    quotient = normal.log_joint(theta, *given(m)) - log_post
    off = np.abs(theta - out.mu).max()
    terms = np.square(theta[:, None] - np.append(m.y, m.mu0)).sum(1).max() / min(m.tau0_sq, m.sigma_sq)
    allow = 2.0 * (off * mean_error(m, posterior.u) + off**2 * relative(m, posterior.u)) / tau_sq
    allow += summation(len(m.y) + 3, terms + len(m.y) + 3, 2.0**-53)
    return gap(quotient[1:], quotient[0], allow=allow, effect=float(np.ptp(log_post)))


@law(
    normal_posterior,
    says="quadrature over the parameter finds the same mean and variance",
    source="derived",
    kind="oracle",
    rule="T1",
    code="NNP-03",
    needs=("tau_sq",),
    kills=("half-the-prior", "predictive-variance", "one-for-prior-mean"),
)
def quadrature(posterior: Judged, m: NormalModel) -> Gap:
    """μ_n = ∫ θ p(θ)Πp(y_i|θ) dθ / ∫ p(θ)Πp(y_i|θ) dθ, and so the variance."""
    out = posterior.full(*given(m))
    mean, variance, rounding = normal.moments_by_quadrature(*given(m))
    return all_of(
        gap(out.mu, mean, allow=mean_error(m, posterior.u) + rounding * (size(m) + variance**0.5), effect=size(m)),
        gap(out.tau_sq, variance, allow=(relative(m, posterior.u) + 4.0 * rounding) * variance),
    )


@law(
    normal_posterior,
    says="observations may come one after the other, in any order: yesterday's posterior is today's prior",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="NNP-04",
    needs=("tau_sq",),
    cases="..cases.normal_means:observed",
    kills=("ignores-n", "predictive-variance", "first-observation-only"),
)
def one_after_the_other(posterior: Judged, m: NormalModel) -> Gap:
    """p(θ|y) = p(θ|y_n)⋯p(θ|y_1), each with the last as its prior."""
    mu, tau_sq = m.mu0, m.tau0_sq
    for y in m.y[::-1]:
        step = posterior.full(np.asarray(mu), np.asarray(tau_sq), m.sigma_sq, np.array([y]))
        mu, tau_sq = step.mu, step.tau_sq
    at_once = posterior.full(*given(m))
    steps, u = len(m.y) + 1, posterior.u
    return all_of(
        gap(mu, at_once.mu, allow=2 * steps * mean_error(m, u), effect=size(m)),
        gap(tau_sq, at_once.tau_sq, allow=2 * steps * relative(m, u) * at_once.tau_sq),
    )


@law(
    normal_posterior,
    says="only the number and the mean of the observations matter",
    source="Gelman et al., Bayesian Data Analysis, 3rd ed., §2.5 (sufficiency)",
    kind="metamorphic",
    rule="T10",
    code="NNP-04",
    cases="..cases.normal_means:observed",
    kills=("median-for-mean", "counts-equal-ones-once", "first-observation-only"),
)
def sufficiency(posterior: Judged, m: NormalModel) -> Gap:
    """μ_n(y) = μ_n(ȳ, …, ȳ)."""
    level = np.full_like(m.y, m.y.mean())
    got = posterior(m.mu0, m.tau0_sq, m.sigma_sq, level)
    return gap(got, posterior(*given(m)), allow=3 * mean_error(m, posterior.u), effect=size(m))


@law(
    normal_posterior,
    says="the mean lies strictly between the prior mean and the data",
    source="Gelman et al., Bayesian Data Analysis, 3rd ed., §2.5",
    kind="inequality",
    rule="T1",
    code="NNP-05",
    cases="..cases.normal_means:observed",
    kills=("mle", "prior-only", "sum-for-mean"),
)
def compromise(posterior: Judged, m: NormalModel) -> Gap:
    """μ_n = μ₀ + w(ȳ − μ₀) with min(1, nτ₀²/σ²)/2 ≤ w ≤ 1 − min(1, σ²/nτ₀²)/2, as w = nτ₀²/(σ² + nτ₀²)."""
    way = float(m.y.mean() - m.mu0)
    strength = float(len(m.y) * m.tau0_sq / m.sigma_sq)
    moved = (posterior(*given(m)) - m.mu0) * np.sign(way)
    low, high = abs(way) * min(1.0, strength) / 2.0, abs(way) * (1.0 - min(1.0, 1.0 / strength) / 2.0)
    allow = 2 * mean_error(m, posterior.u)
    return all_of(at_most(low, moved, allow=allow, effect=abs(way)), at_most(moved, high, allow=allow, effect=abs(way)))


@law(
    normal_posterior,
    says="the posterior is narrower than the prior, than the mean of the data, and than with one observation less",
    source="derived",
    kind="inequality",
    rule="T1",
    code="NNP-05",
    needs=("tau_sq",),
    cases="..cases.normal_means:observed",
    kills=("predictive-variance", "ignores-n", "prior-only"),
)
def narrower(posterior: Judged, m: NormalModel) -> Gap:
    """τ_n² = τ_{n−1}²/(1 + τ_{n−1}²/σ²), at most τ_{n−1}² less half of min(1, τ_{n−1}²/σ²) of it, and at most σ²/n."""
    tau_sq = posterior.full(*given(m)).tau_sq
    before = posterior.full(m.mu0, m.tau0_sq, m.sigma_sq, m.y[:-1]).tau_sq
    bound = before * (1.0 - min(1.0, before / m.sigma_sq) / 2.0)
    allow = 3 * relative(m, posterior.u) * before
    return all_of(
        at_most(tau_sq, bound, allow=allow),
        at_most(tau_sq, m.sigma_sq / len(m.y), allow=relative(m, posterior.u) * m.sigma_sq),
    )


@law(
    normal_posterior,
    says="what the prior did not know is what the posterior does not know and what the data were going to tell",
    source="derived (law of total variance)",
    kind="identity",
    rule="T1",
    code="NNP-07",
    needs=("tau_sq",),
    cases="..cases.normal_means:observed",
    kills=("half-the-prior", "deviation-for-variance", "weights-swapped", "predictive-variance"),
)
def total_variance(posterior: Judged, m: NormalModel) -> Gap:
    """τ₀² = τ_n² + (∂μ_n/∂ȳ)² (τ₀² + σ²/n)."""
    step = 2.0 ** np.ceil(np.log2(size(m) + 1.0))
    out, moved = posterior.full(*given(m)), posterior(m.mu0, m.tau0_sq, m.sigma_sq, m.y + step)
    slope = (moved - out.mu) / step
    spread = float(m.tau0_sq + m.sigma_sq / len(m.y))
    u = posterior.u
    allow = 2.0 * abs(slope) * 4.0 * mean_error(m, u) / step * spread + relative(m, u) * m.tau0_sq
    return gap(out.tau_sq + slope**2 * spread, m.tau0_sq, allow=8.0 * allow + summation(3, spread, u))


@law(
    normal_posterior,
    says="the mean is the observation, moved by σ² times the slope of the log-evidence",
    source="Efron 2011 (Tweedie's formula)",
    kind="identity",
    rule="T1",
    code="NNP-09",
    needs=("log_evidence",),
    cases="..cases.normal_means:singles",
    kills=("half-the-prior", "weights-swapped", "evidence-without-noise"),
)
def tweedie(posterior: Judged, m: NormalModel) -> Gap:
    """μ₁ = y + σ² (log p(y + h) − log p(y − h))/2h, exact for any h as log p is quadratic; here h = 8."""
    above, below = (posterior.full(m.mu0, m.tau0_sq, m.sigma_sq, m.y + h).log_evidence for h in (8.0, -8.0))
    want = m.y[0] + m.sigma_sq * (above - below) / 16.0
    largest = (2 * size(m) + 8.0) ** 2 / (m.tau0_sq + m.sigma_sq) + 4.0 + abs(np.log(m.tau0_sq + m.sigma_sq))
    allow = mean_error(m, posterior.u) + m.sigma_sq * summation(4, largest, posterior.u) / 8.0
    return gap(posterior(*given(m)), want, allow=allow, effect=size(m))


def _with(m: NormalModel, **changes: float) -> tuple[Any, ...]:
    fields = {name: getattr(m, name) for name in ARGUMENTS} | {k: np.asarray(v) for k, v in changes.items()}
    return tuple(fields.values())


BAD = {
    "nan-observation": lambda m: (m.mu0, m.tau0_sq, m.sigma_sq, np.append(m.y, np.nan)),
    "negative-prior-variance": lambda m: _with(m, tau0_sq=-float(m.tau0_sq)),
    "zero-noise": lambda m: _with(m, sigma_sq=0.0),
    "negative-noise": lambda m: _with(m, sigma_sq=-float(m.sigma_sq)),
}

# Data in any order have one posterior, so that data read backwards show nothing.
SYMMETRIC = ("counts-calls", "forgets-second-call")

CONTRACTS = (normal_posterior,)
LAWS = (
    precisions_add,
    weighted_mean,
    bayes_quotient,
    quadrature,
    one_after_the_other,
    sufficiency,
    compromise,
    narrower,
    total_variance,
    tweedie,
    *cross_cutting(normal_posterior, allow=mean_error, layouts=SYMMETRIC),
    *refusals(normal_posterior, BAD),
)
