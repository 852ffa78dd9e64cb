"""The pathwise estimator for normals: gradients of an expectation along the path of a sample.

    z = μ + σε,      ∇_v E f = E ∇_v f(μ + σε),      G_μ = ∇f(z),   G_σ = ∇f(z) ⊙ ε

Unbiased for Lipschitz f, kinks or not; for f = 1[z > 0], ∇f = 0 almost everywhere and the truth is not. Integration by parts
(Stein) gives the theorems of Bonnet and Price, E G_μ = E f', E G_σ = σ E f'', which let the subject be held against
itself: E G_σ(f) = σ E G_μ(f').

A sample moves with velocity τ̇ = ∂_v z. Mass is conserved, ∂_v q + ∂_z(q τ̇) = 0, so q τ̇ = −∂_v F(z), F the distribution
function: τ̇_μ = 1 and τ̇_σ = (z − μ)/σ whatever the noise. With f = z_j the contribution is the velocity itself.

Completeness: G is linear in ∇f, depends on ∇f at its own sample alone, and has these velocities (`pathwise_path`).
Variance: for f = a + Σ b_j z_j + ½ Σ c_j z_j², Var G_μj = c_j²σ_j²; in one variable, with C = ½cσ² and B = f'(μ)σ, σ² Var G_μ =
4C², where the score has (A + 3C)² + 6C² + 2B² (`score_function`): never less than 1½ times it. There is no such order in
general: for N(0.4, 1) and f = cos ωz the pathwise variance is the larger one from ω = 1 on.

Symbols: df = ∇f: [S, d] -> [S, d], noise ε[S, d] (eps), v = (μ[d], σ[d] or log σ or σ²), G[S, 2d], samples z[S, d].
Source: Kingma and Welling 2014, §2.4; Rezende, Mohamed and Wierstra 2014, §3; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles import moments
from ..oracles.quadrature import normal_panels
from ._gaussian import SCALES, Sum, chain, operations, over_noise, slope
from ._lengths import longer, wider

if TYPE_CHECKING:
    from ..cases.estimators import Normal, Two

Array = NDArray[np.float64]
SOURCE = "Kingma and Welling 2014, §2.4; Rezende, Mohamed and Wierstra 2014, §3"

pathwise_normal = Contract(
    id="variational.pathwise-normal",
    says="∇f(z) ∂z/∂v, sample by sample: contributions to the gradient of an expectation under independent normals",
    arguments={"df": "", "mu": "d", "sigma": "d", "eps": "S d"},
    outputs={"G": "S 2*d", "z": "S d"},
    domain="df: [S, d] -> [S, d], the gradient of a Lipschitz f; σ > 0 a standard deviation; columns ∂/∂μ, then ∂/∂scale",
    cases="..cases.estimators:normals",
    conventions={"scale": SCALES, "path": ("mu + sigma eps",)},
    source=SOURCE,
    home=__package__,
)


def size(subject: Judged, df: Any, case: Normal, eps: Array) -> Array:
    """|∇f| |∂z/∂v| with every summand of z = μ + σε taken for its absolute value, [S, P]."""
    far = np.abs(case.mu) + case.sigma * np.abs(eps)
    slopes = df.magnitude(far)
    factor = chain(subject, case.sigma)
    both = np.concatenate([slopes, slopes * far / case.sigma], axis=1)
    return np.asarray(both[:, : len(factor)] * factor)


def length(df: Any) -> int:
    """Operations, and how often an error of z comes back: once a power."""
    return max(operations(part) + 2 * getattr(part, "total_degree", 2) for part in df.parts)


def rounding(subject: Judged, df: Any, case: Normal, eps: Array) -> tuple[Array, float]:
    """T1 for each contribution, and the size of the largest."""
    found = size(subject, df, case, eps)
    return np.asarray(summation(length(df), found, subject.u)), float(found.max())


def _means(estimate: Judged, df: Any, case: Normal, over: Sum) -> tuple[Array, Array, float]:
    """Σ w G over the declared columns, its allowance, and its size."""
    allow, _ = rounding(estimate, df, case, over.eps)
    scale = float((over.size @ size(estimate, df, case, over.eps)).max())
    got = over.w @ estimate(df, case.mu, case.sigma, over.eps)
    return got[: allow.shape[1]], over.size @ allow, scale


@law(
    pathwise_normal,
    says="the mean of the contributions is the gradient with respect to the means",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="REP-01",
    kills=("slope-at-the-mean", "variance-for-deviation", "wrong-sign", "score-of-slope"),
)
def mean_gradient(estimate: Judged, case: Normal) -> Gap:
    """Σ_s w_s G_μ(ε_s) = ∂E f/∂μ."""
    d = len(case.mu)
    got, allow, scale = _means(estimate, case.df, case, over_noise(case, case.f.degree + 1))
    want = moments.slope_mean(case.f, case.mu, case.sigma)
    return gap(got[:d], want, allow=allow[:d], effect=scale)


@law(
    pathwise_normal,
    says="the mean of the contributions is the gradient with respect to the scale that the subject declares",
    source=SOURCE,
    kind="identity",
    rule="T1",
    level="convention",
    code="REP-01",
    when={"scale": SCALES},
    kills=("log-sigma-for-sigma", "sample-for-noise", "first-noise-for-all", "unsigned-noise"),
)
def scale_gradient(estimate: Judged, case: Normal) -> Gap:
    """Σ_s w_s G_σ(ε_s) = ∂E f/∂σ; times σ for log σ, times 1/2σ for σ²."""
    d = len(case.mu)
    got, allow, scale = _means(estimate, case.df, case, over_noise(case, case.f.degree + 1))
    return gap(got[d:], slope(estimate, case.f, case)[d:], allow=allow[d:], effect=scale)


@law(
    pathwise_normal,
    says="the mean of the contributions is the gradient for a wave, too",
    source="derived",
    kind="oracle",
    rule="T1",
    code="REP-01",
    cases="..cases.estimators:waves",
    kills=("slope-at-the-mean", "clips-slopes", "variance-for-deviation"),
)
def waves(estimate: Judged, case: Normal) -> Gap:
    """Σ w G = ∇ a exp(−½ Σ w_j²σ_j²) cos(w·μ + c)."""
    got, allow, scale = _means(estimate, case.df, case, over_noise(case, 24))
    return gap(got, slope(estimate, case.f, case), allow=allow, effect=scale)


@law(
    pathwise_normal,
    says="a slope that jumps is no obstacle: the integrand need only be Lipschitz",
    source="derived",
    kind="oracle",
    rule="T1",
    code="REP-06",
    cases="..cases.estimators:kinks",
    kills=("wrong-sign", "differences-of-slopes", "variance-for-deviation"),
)
def kinks(estimate: Judged, case: Normal) -> Gap:
    """f = s|z − c|, t = (c − μ)/σ: E G_μ = s(1 − 2Φ(t)), E G_σ = 2sφ(t), by panels that end at t."""
    from scipy.special import ndtr

    (s,), (corner,) = case.f.slopes, case.f.corners
    t = float((corner - case.mu[0]) / case.sigma[0])
    eps, w = normal_panels(t)
    want = s * np.array([1.0 - 2.0 * ndtr(t), 2.0 * np.exp(-(t**2) / 2.0) / np.sqrt(2.0 * np.pi)])
    factor = chain(estimate, case.sigma)
    got = w @ estimate(case.df, case.mu, case.sigma, eps[:, None])
    allow = summation(16, abs(s) * factor * (1.0 + abs(t)), estimate.u)
    return gap(got[: len(factor)], want[: len(factor)] * factor, allow=allow, effect=abs(s))


@law(
    pathwise_normal,
    says="the gradient in the scale is the deviation times the mean second slope",
    source="Rezende, Mohamed and Wierstra 2014, §3 (Price's theorem)",
    kind="metamorphic",
    rule="T10",
    level="convention",
    code="REP-02",
    when={"scale": SCALES},
    kills=("log-sigma-for-sigma", "sample-for-noise", "unsigned-noise", "slope-at-the-mean"),
)
def price(estimate: Judged, case: Normal) -> Gap:
    """E G_σj(f) = σ_j E G_μj(∂_j f)."""
    d, over = len(case.mu), over_noise(case, case.f.degree + 1)
    left, allow, scale = _means(estimate, case.df, case, over)
    factor = chain(estimate, case.sigma)[d:] * case.sigma
    right, more = np.empty(d), np.empty(d)
    for j in range(d):
        means, bound, _ = _means(estimate, case.f.partial(j).gradient(d), case, over)
        right[j], more[j] = means[j] * factor[j], bound[j] * factor[j]
    return gap(left[d:], right, allow=allow[d:] + more, effect=scale)


@law(
    pathwise_normal,
    says="the contribution is linear in the slope",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="REP-01",
    cases="..cases.estimators:two",
    complete=True,
    kills=("clips-slopes", "absolute-slopes"),
)
def linear_in_slope(estimate: Judged, case: Two) -> Gap:
    """G(∇f + c∇g) = G(∇f) + c·G(∇g)."""
    d, both = len(case.mu), case.f + case.g.times(case.c)
    gradients = case.df, case.g.gradient(d), both.gradient(d)
    G, H, K = (estimate(df, case.mu, case.sigma, case.eps) for df in gradients)
    allow, scale = rounding(estimate, both.gradient(d), case, case.eps)
    P = allow.shape[1]
    return gap(K[:, :P], (G + case.c * H)[:, :P], allow=2.0 * allow, effect=scale)


@law(
    pathwise_normal,
    says="each sample contributes by itself",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    complete=True,
    kills=("centres-noise", "divides-by-samples", "shifts-samples"),
)
def sample_by_sample(estimate: Judged, case: Normal) -> Gap:
    """G(ε_1, …, ε_S)_s = G(ε_s)."""
    alone = [estimate(case.df, case.mu, case.sigma, case.eps[s : s + 1]) for s in range(len(case.eps))]
    allow, scale = rounding(estimate, case.df, case, case.eps)
    P = allow.shape[1]
    got = estimate(case.df, case.mu, case.sigma, case.eps)[:, :P]
    return gap(got, np.concatenate(alone)[:, :P], allow=2.0 * allow, effect=scale)


@law(
    pathwise_normal,
    says="the contributions of a linear integrand do not vary in the means",
    source="derived",
    kind="identity",
    rule="T1",
    code="REP-03",
    cases="..cases.estimators:linear",
    kills=("score-of-slope", "stretches-slopes", "shifts-slopes-by-noise"),
)
def linear_does_not_vary(estimate: Judged, case: Normal) -> Gap:
    """∇f = b  ⇒  G_μ(ε) = b for every ε."""
    d = len(case.mu)
    b = moments.slope_mean(case.f, case.mu, case.sigma)
    allow, scale = rounding(estimate, case.df, case, case.eps)
    got = estimate(case.df, case.mu, case.sigma, case.eps)[:, :d]
    return gap(got, b + 0.0 * case.eps, allow=allow[:, :d], effect=scale)


BAD = {
    "nan-noise": lambda case: (case.df, case.mu, case.sigma, np.full_like(case.eps, np.nan)),
    "nan-mean": lambda case: (case.df, np.full_like(case.mu, np.nan), case.sigma, case.eps),
    "zero-deviation": lambda case: (case.df, case.mu, 0.0 * case.sigma, case.eps),
    "negative-deviation": lambda case: (case.df, case.mu, -case.sigma, case.eps),
    "lengths-that-disagree": lambda case: (case.df, *longer(case.mu, case.sigma), wider(case.eps)),
}


def _call_rounding(case: Normal, u: float) -> float:
    """For any declared scale: the largest factor of the chain rule is taken."""
    far = np.abs(case.mu) + case.sigma * np.abs(case.eps)
    factor = np.maximum(1.0, np.maximum(case.sigma, 0.5 / case.sigma)) * (1.0 + far / case.sigma)
    return float(summation(length(case.df), (case.df.magnitude(far) * factor).max(), u))


CONTRACTS = (pathwise_normal,)
LAWS = (
    mean_gradient,
    scale_gradient,
    waves,
    kinks,
    price,
    linear_in_slope,
    sample_by_sample,
    linear_does_not_vary,
    *cross_cutting(pathwise_normal, allow=_call_rounding),
    *refusals(pathwise_normal, BAD),
)
