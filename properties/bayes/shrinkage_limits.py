"""The posterior of a normal mean in other units, and at the ends: no data, a prior that knows nothing or all, extreme variances.

    (μ₀, τ₀², σ², y) ↦ (aμ₀ + b, a²τ₀², a²σ², ay + b)   takes   (μ_n, τ_n²)   to   (aμ_n + b, a²τ_n²)
    n = 0: (μ₀, τ₀²);      |μ_n − ȳ| = |μ₀ − ȳ| κ₀/(κ₀ + n) ≤ |μ₀ − ȳ| κ₀/n;      |μ_n − μ₀| ≤ |ȳ − μ₀| n/κ₀

with κ₀ = σ²/τ₀², the number of observations that the prior is worth. 1/(1/τ₀² + n/σ²) is a sum of positive numbers and
keeps every digit of τ_n²; a difference of variances τ₀² − τ₀⁴/(τ₀² + σ²/n) keeps none once τ₀² is large.

Symbols: as in `shrinkage`.
Source: derived; Gelman et al., Bayesian Data Analysis, 3rd ed., §2.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, all_of, at_most, gap, holds_if, law, same
from prufrock.tolerance import summation

from ..oracles import normal
from .shrinkage import given, mean_error, normal_posterior, relative, size

if TYPE_CHECKING:
    from ..cases.normal_means import Moved, NormalModel


@law(
    normal_posterior,
    says="a change of unit and origin, mirrored or not, changes the posterior alike",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="NNP-10",
    needs=("tau_sq",),
    cases="..cases.normal_means:moved",
    kills=("deviation-for-variance", "square-in-the-wrong-place", "one-for-prior-mean", "drops-the-negative"),
)
def affine_equivariance(posterior: Judged, m: Moved) -> Gap:
    """(μ₀, τ₀², σ², y) ↦ (aμ₀ + b, a²τ₀², a²σ², ay + b)  ⇒  (μ_n, τ_n²) ↦ (aμ_n + b, a²τ_n²)."""
    a, b = m.scale, m.shift
    moved = posterior.full(
        np.asarray(a * m.mu0 + b), np.asarray(a**2 * m.tau0_sq), np.asarray(a**2 * m.sigma_sq), a * m.y + b
    )
    out = posterior.full(*given(m))
    reach = float(abs(a) * size(m) + abs(b))
    return all_of(
        gap(moved.mu, a * out.mu + b, allow=3 * summation(len(m.y) + 3, reach, posterior.u), effect=reach),
        gap(moved.tau_sq, a**2 * out.tau_sq, allow=2 * relative(m, posterior.u) * a**2 * out.tau_sq),
    )


@law(
    normal_posterior,
    says="without data the posterior is the prior, bit for bit",
    source="derived",
    kind="bitwise",
    rule="T0",
    code="NNP-11",
    needs=("tau_sq",),
    cases="..cases.normal_means:unseen",
    kills=("one-for-prior-mean", "half-the-prior", "by-way-of-precisions"),
)
def no_data(posterior: Judged, m: NormalModel) -> Gap:
    """(μ_0, τ_0²) = (μ₀, τ₀²)."""
    out = posterior.full(*given(m))
    return all_of(
        same(np.float64(out.mu), np.float64(m.mu0), says="the mean"),
        same(np.float64(out.tau_sq), np.float64(m.tau0_sq), says="the variance"),
    )


@law(
    normal_posterior,
    says="a prior that knows nothing leaves the mean of the data, one that knows all leaves itself",
    source="Gelman et al., Bayesian Data Analysis, 3rd ed., §2.5",
    kind="limit",
    rule="T1",
    code="NNP-11",
    cases="..cases.normal_means:extremes",
    kills=("one-for-prior-mean", "sum-for-mean", "floors-variances"),
)
def vague_and_certain(posterior: Judged, m: NormalModel) -> Gap:
    """|μ_n − ȳ| ≤ |μ₀ − ȳ| σ²/(nτ₀²) and |μ_n − μ₀| ≤ |ȳ − μ₀| nτ₀²/σ²."""
    mu, mean = posterior(*given(m)), m.y.mean()
    way, strength = abs(mean - m.mu0), len(m.y) * m.tau0_sq / m.sigma_sq
    allow = mean_error(m, posterior.u)
    return all_of(
        at_most(abs(mu - mean), way / strength, allow=allow, effect=size(m)),
        at_most(abs(mu - m.mu0), way * strength, allow=allow, effect=size(m)),
    )


@law(
    normal_posterior,
    says="variances from 1e-12 to 1e12 lose no digit of the posterior's own variance",
    source="derived",
    kind="identity",
    rule="T1",
    code="NNP-11",
    needs=("tau_sq",),
    cases="..cases.normal_means:extremes",
    kills=("by-difference-of-variances", "floors-variances", "jitter"),
)
def extreme_variances(posterior: Judged, m: NormalModel) -> Gap:
    """τ_n² = 1/(1/τ₀² + n/σ²), relative to itself."""
    want = normal.posterior(*given(m))[1]
    return gap(posterior.full(*given(m)).tau_sq, want, allow=relative(m, posterior.u) * want, effect=want)


@law(
    normal_posterior,
    says="in the precision form the mean errs by what weighs in it, however far off a prior mean without weight",
    source="derived",
    kind="identity",
    rule="T1",
    level="convention",
    when={"form": ("precision",)},
    code="NNP-11",
    cases="..cases.normal_means:extremes",
    kills=("adjusts-the-prior-mean", "jitter"),
)
def extreme_weights(posterior: Judged, m: NormalModel) -> Gap:
    """|error of μ_n| ≤ 8(n + 3)u τ_n² (|μ₀|/τ₀² + Σ|y|/σ²), with μ₀ taken 2³⁰ times as far off."""
    far = (np.asarray(m.mu0 * 2.0**30), m.tau0_sq, m.sigma_sq, m.y)
    want, _ = normal.posterior(*far)
    weighing, _ = normal.posterior(*(np.abs(x) for x in far))
    return gap(posterior(*far), want, allow=summation(len(m.y) + 3, weighing, posterior.u), effect=weighing)


@law(
    normal_posterior,
    says="under the flat prior the posterior is the mean of the data and its variance",
    source="Gelman et al., Bayesian Data Analysis, 3rd ed., §2.5 and §2.8",
    kind="limit",
    rule="T1",
    level="convention",
    when={"flat_prior": ("yes",)},
    code="NNP-11",
    needs=("tau_sq",),
    cases="..cases.normal_means:observed",
    kills=("infinity-is-a-million", "ignores-n"),
)
def flat_prior(posterior: Judged, m: NormalModel) -> Gap:
    """τ₀² = ∞  ⇒  (μ_n, τ_n²) = (ȳ, σ²/n)."""
    out = posterior.full(m.mu0, np.asarray(np.inf), m.sigma_sq, m.y)
    want = float(m.sigma_sq / len(m.y))
    return all_of(
        gap(out.mu, m.y.mean(), allow=mean_error(m, posterior.u), effect=size(m)),
        gap(out.tau_sq, want, allow=relative(m, posterior.u) * want),
    )


@law(
    normal_posterior,
    says="a model in a batch has the posterior that it has alone",
    source="derived",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when={"batch": ("leading",)},
    code="X-07",
    kills=("answers-first-item", "mixes-items", "shifts-items"),
)
def alone_as_in_batch(posterior: Judged, m: NormalModel) -> Gap:
    """Of three models stacked along a first axis, the second mirrored and shifted, the third vaguer, each has its own μ_n."""
    dtype = posterior.dtype
    models = [
        given(m),
        (2.0 - m.mu0, m.tau0_sq, m.sigma_sq, 3.0 - m.y),
        (m.mu0 + 8.0, 4.0 * m.tau0_sq, m.sigma_sq, m.y),
    ]
    items = [tuple(np.asarray(x, dtype) for x in model) for model in models]
    returned = posterior.raw(*(np.stack(xs) for xs in zip(*items, strict=True)))
    together = np.asarray(returned[0] if isinstance(returned, tuple) else returned, np.float64)
    if together.shape != (3,):
        return holds_if(False, "one posterior a model", got=list(together.shape), want=[3])
    reach = size(m) + 8.0
    allow = 2 * summation(len(m.y) + 3, reach, posterior.u)
    return gap(together, [posterior(*item) for item in items], allow=allow, effect=reach)


CONTRACTS = ()
LAWS = (
    affine_equivariance,
    no_data,
    vague_and_certain,
    extreme_variances,
    extreme_weights,
    flat_prior,
    alone_as_in_batch,
)
