"""More of the pathwise estimator for normals: the path itself, the velocity on it, and what contributions vary by.

Derivations stand in `reparameterization`. For f = z_j + …, that is ∇f = 1, the contribution is the velocity of the sample,
which conservation of mass fixes as τ̇_μ = 1 and τ̇_σ = (z − μ)/σ; whoever returns z is held to that without a word about the
noise. Whoever declares the path z = μ + σε is held to it point by point.

Symbols: as in `reparameterization`.
Source: derived; Jankowiak and Obermeyer 2018 (the transport equation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, all_of, gap, law
from prufrock.tolerance import summation

from ..cases.integrands import quadratic
from ._gaussian import chain, over_noise
from .reparameterization import SOURCE, length, pathwise_normal, rounding, size

if TYPE_CHECKING:
    from ..cases.estimators import Normal

Array = NDArray[np.float64]
DECLARED = {"path": ("mu + sigma eps",)}


@law(
    pathwise_normal,
    says="samples move as the density does: with velocity 1 for the mean, (z − μ)/σ for the deviation",
    source="Jankowiak and Obermeyer 2018; derived",
    kind="identity",
    rule="T1",
    code="REP-07",
    needs=("z",),
    complete=True,
    kills=("sample-for-noise", "log-sigma-for-sigma", "returns-noise-for-sample", "unsigned-noise"),
)
def velocity(estimate: Judged, case: Normal) -> Gap:
    """∇f = (1, …, 1)  ⇒  G = (1, (z − μ)/σ · ∂σ/∂scale), z the subject's own."""
    d = len(case.mu)
    plain = quadratic(0.0, np.ones(d), np.zeros(d)).gradient(d)
    out = estimate.full(plain, case.mu, case.sigma, case.eps)
    away = (out.z - case.mu) / case.sigma
    factor = chain(estimate, case.sigma)
    want = np.concatenate([np.ones_like(away), away], axis=1)[:, : len(factor)] * factor
    allow, scale = rounding(estimate, plain, case, case.eps)
    return gap(out.G[:, : len(factor)], want, allow=2.0 * allow, effect=scale)


@law(
    pathwise_normal,
    says="the contribution is the slope at the sample times the velocity there",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="REP-01",
    needs=("z",),
    complete=True,
    kills=("slope-at-the-mean", "shifts-slopes-by-noise", "differences-of-slopes"),
)
def slope_at_sample(estimate: Judged, case: Normal) -> Gap:
    """G_μ = ∇f(z), z the subject's own."""
    d = len(case.mu)
    out = estimate.full(case.df, case.mu, case.sigma, case.eps)
    allow, scale = rounding(estimate, case.df, case, case.eps)
    return gap(out.G[:, :d], case.df(out.z), allow=allow[:, :d], effect=scale)


@law(
    pathwise_normal,
    says="the sample is the mean plus the deviation times the noise",
    source=SOURCE,
    kind="identity",
    rule="T1",
    level="convention",
    code="REP-01",
    when=DECLARED,
    kills=("returns-noise-for-sample", "variance-for-deviation"),
    needs=("z",),
)
def path(estimate: Judged, case: Normal) -> Gap:
    """z = μ + σε."""
    out = estimate.full(case.df, case.mu, case.sigma, case.eps)
    far = np.abs(case.mu) + case.sigma * np.abs(case.eps)
    return gap(out.z, case.mu + case.sigma * case.eps, allow=summation(2, far, estimate.u), effect=float(far.max()))


@law(
    pathwise_normal,
    says="without a sample to look at, contributions are those of the path that is declared",
    source=SOURCE,
    kind="identity",
    rule="T1",
    level="convention",
    code="REP-01",
    when=DECLARED,
    kills=("mirrors-noise", "centres-noise", "clips-slopes", "half-precision"),
)
def along_the_path(estimate: Judged, case: Normal) -> Gap:
    """G = (∇f(μ + σε), ∇f(μ + σε) ⊙ ε · ∂σ/∂scale)."""
    slopes = case.df(case.mu + case.sigma * case.eps)
    factor = chain(estimate, case.sigma)
    want = np.concatenate([slopes, slopes * case.eps], axis=1)[:, : len(factor)] * factor
    allow, scale = rounding(estimate, case.df, case, case.eps)
    got = estimate(case.df, case.mu, case.sigma, case.eps)[:, : len(factor)]
    return gap(got, want, allow=allow, effect=scale)


@law(
    pathwise_normal,
    says="a quadratic's contributions vary by its curvature alone",
    source="derived",
    kind="oracle",
    rule="T1",
    code="REP-05",
    cases="..cases.estimators:quadratics",
    kills=("score-of-slope", "stretches-slopes", "variance-for-deviation", "shifts-slopes-by-noise"),
)
def variance_of_quadratics(estimate: Judged, case: Normal) -> Gap:
    """Var G_μj = c_j²σ_j² for f = a + Σ b_j z_j + ½ Σ c_j z_j²."""
    d = len(case.mu)
    curvature = np.array([case.f.partial(j).partial(j)(case.mu) for j in range(d)])
    over = over_noise(case, 4)
    G = estimate(case.df, case.mu, case.sigma, over.eps)[:, :d]
    scale = over.size @ size(estimate, case.df, case, over.eps)[:, :d] ** 2
    allow = summation(2 * length(case.df), scale, estimate.u)
    got = over.w @ G**2 - (over.w @ G) ** 2
    return gap(got, (curvature * case.sigma) ** 2, allow=allow, effect=float(scale.max()))


@law(
    pathwise_normal,
    says="components in another order have their contributions in that order",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="REP-04",
    kills=("first-noise-for-all", "first-sigma-for-all"),
)
def order_of_components(estimate: Judged, case: Normal) -> Gap:
    """G(∇f reversed; μ, σ, ε reversed) = G reversed."""
    d = len(case.mu)
    f = type(case.f)(case.f.coefficients, tuple(powers[::-1] for powers in case.f.powers))
    G = estimate(case.df, case.mu, case.sigma, case.eps)
    turned = (np.ascontiguousarray(x[..., ::-1]) for x in (case.mu, case.sigma, case.eps))
    moved = estimate(f.gradient(d), *turned)
    allow, scale = rounding(estimate, case.df, case, case.eps)
    halves = [slice(0, d), slice(d, 2 * d)][: allow.shape[1] // d]
    return all_of(*(gap(moved[:, h][:, ::-1], G[:, h], allow=2.0 * allow[:, h], effect=scale) for h in halves))


CONTRACTS = ()
LAWS = (velocity, slope_at_sample, path, along_the_path, variance_of_quadratics, order_of_components)
