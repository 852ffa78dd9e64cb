"""The score function estimator for normals: gradients of an expectation from values of f alone.

    ∇_v E_q f = ∫ f ∇_v q dz = E_q [f ∇_v log q],       G_s = f(z_s) ∇_v log q(z_s; v)

G is linear in f, each sample is by itself, and where f is zero so is G: so G_s = f(z_s) g(z_s), and unbiasedness for every
polynomial f leaves g = ∇_v log q alone. Noise is an argument: laws call the estimator at the nodes of a rule and take the weighted sum,
exact for polynomials (f of degree p in a variable times a score of degree 2: p + 3 nodes).

E ∇ log q = 0, so constants added to f leave the mean (not the variance) as it is. The covariance of ∇ log q is the
information of Fisher, diag(1/σ², 2/σ²) for (μ, σ). For f = F(ε) = A + Bε + Cε² in one variable, A = f(μ),

    σ² Var G_μ = E F²ε² − B² = A² + 6AC + 15C² + 2B² = (A + 3C)² + 6C² + 2B²

(E ε² = 1, E ε⁴ = 3, E ε⁶ = 15): 30 for N(1, 1) and f = z², where the pathwise estimator has 4C² = 4, and never less than
1½ times that. For f = a + b·z: Var G_μi = (E f)²/σ_i² + 2b_i² + Σ_{j≠i} b_j²σ_j²/σ_i². Where f depends on v, E ∂_v f is added.

The formula holds for a support that does not move with v; see `score_line` for what is refused.

Symbols: f, z[S, d], v = (μ[d], σ[d] or log σ or σ²), G[S, 2d], w the weights of a rule.
Source: Williams 1992; Ranganath, Gerrish and Blei 2014, §2; derived above.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, gap, law
from prufrock.tolerance import both, summation

from ..cases.integrands import quadratic
from ..hygiene import cross_cutting, refusals
from ..oracles import moments
from ._gaussian import (
    SCALES,
    chain,
    contributions_size,
    operations,
    over_noise,
    rounding,
    score_size,
    slope,
)
from ._lengths import longer, wider

if TYPE_CHECKING:
    from ..cases.estimators import Normal, Two

Array = NDArray[np.float64]
SOURCE = "Williams 1992; Ranganath, Gerrish and Blei 2014, §2"

score_normal = Contract(
    id="variational.score-normal",
    says="f(z) ∇ log q(z), sample by sample: contributions to the gradient of an expectation under independent normals",
    arguments={"f": "", "mu": "d", "sigma": "d", "z": "S d"},
    outputs={"G": "S 2*d"},
    domain="f: [S, d] -> [S], any function; σ > 0 a standard deviation; G [S, 2d], columns ∂/∂μ and then ∂/∂scale",
    cases="..cases.estimators:normals",
    conventions={"scale": SCALES, "moving_integrand": ("yes", "no")},
    source=SOURCE,
    home=__package__,
)


@law(
    score_normal,
    says="the mean of the contributions is the gradient with respect to the means",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="SCO-01",
    complete=True,
    kills=("log-q-for-its-gradient", "wrong-sign", "forgets-centre", "deviation-for-variance", "centres-values"),
)
def mean_gradient(estimate: Judged, case: Normal) -> Gap:
    """Σ_s w_s G_μ(z_s) = ∂E f/∂μ = E f'."""
    d = len(case.mu)
    over = over_noise(case, case.f.degree + 2)
    got = over.w @ estimate(case.f, case.mu, case.sigma, over.z)[:, :d]
    size = over.size @ contributions_size(estimate, case.f, case, over.z)[:, :d]
    want = moments.slope_mean(case.f, case.mu, case.sigma)
    return gap(got, want, allow=summation(operations(case.f), size, estimate.u), effect=float(size.max()))


@law(
    score_normal,
    says="the mean of the contributions is the gradient with respect to the scale that the subject declares",
    source=SOURCE,
    kind="identity",
    rule="T1",
    level="convention",
    code="SCO-01",
    when={"scale": SCALES},
    complete=True,
    kills=("score-of-the-variance", "forgets-minus-one", "log-sigma-for-sigma", "first-sigma-for-all"),
)
def scale_gradient(estimate: Judged, case: Normal) -> Gap:
    """Σ_s w_s G_σ(z_s) = ∂E f/∂σ = σ E f''; times σ for log σ, times 1/2σ for σ²."""
    d = len(case.mu)
    over = over_noise(case, case.f.degree + 2)
    got = over.w @ estimate(case.f, case.mu, case.sigma, over.z)[:, d:]
    allow = rounding(estimate, case.f, case, over)[d:]
    size = float((over.size @ contributions_size(estimate, case.f, case, over.z)[:, d:]).max())
    return gap(got, slope(estimate, case.f, case)[d:], allow=allow, effect=size)


@law(
    score_normal,
    says="contributions are linear in the integrand",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SCO-01",
    cases="..cases.estimators:two",
    complete=True,
    kills=("absolute-values", "clips-values", "squares-values"),
)
def linear_in_integrand(estimate: Judged, case: Two) -> Gap:
    """G(f + c·g) = G(f) + c·G(g)."""
    f, g, z = case.f, case.g, case.z
    G, H, K = (estimate(h, case.mu, case.sigma, z) for h in (f, g, f + g.times(case.c)))
    size = f.magnitude(z)[:, None] + abs(case.c) * g.magnitude(z)[:, None]
    scale = size * score_size(estimate, case, z)
    P = scale.shape[1]
    allow = 2.0 * summation(operations(f + g), scale, estimate.u)
    return gap(K[:, :P], (G + case.c * H)[:, :P], allow=allow, effect=float(scale.max()))


@law(
    score_normal,
    says="each sample contributes by itself",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    complete=True,
    kills=("centres-values", "divides-by-samples", "shifts-samples"),
)
def sample_by_sample(estimate: Judged, case: Normal) -> Gap:
    """G(z_1, …, z_S)_s = G(z_s)."""
    z, scale = case.z, contributions_size(estimate, case.f, case, case.z)
    P = scale.shape[1]
    alone = np.concatenate([estimate(case.f, case.mu, case.sigma, z[s : s + 1]) for s in range(len(z))])
    allow = 2.0 * summation(operations(case.f), scale, estimate.u)
    return gap(estimate(case.f, case.mu, case.sigma, z)[:, :P], alone[:, :P], allow=allow, effect=float(scale.max()))


@law(
    score_normal,
    says="a sample at which the integrand is zero contributes nothing",
    source="derived",
    kind="identity",
    rule="T1",
    code="SCO-01",
    cases="..cases.estimators:two",
    complete=True,
    kills=("mean-as-baseline", "baseline-of-one", "centres-values"),
)
def nothing_from_nothing(estimate: Judged, case: Two) -> Gap:
    """f(z_s) = 0  ⇒  G_s = 0, for f(z) = (z_0 − z_s0) g(z)."""
    f, z = case.g.vanishing_at(float(case.z[0, 0])), case.z
    scale = contributions_size(estimate, f, case, z)[0]
    allow = summation(operations(f), scale, estimate.u)
    got = estimate(f, case.mu, case.sigma, z)[0, : len(scale)]
    return gap(got, 0.0, allow=allow, effect=float(scale.max()))


@law(
    score_normal,
    says="the score has mean zero",
    source="Ranganath, Gerrish and Blei 2014, §3.2",
    kind="identity",
    rule="T1",
    code="SCO-02",
    cases="..cases.estimators:two",
    kills=("forgets-centre", "forgets-minus-one", "log-q-for-its-gradient"),
)
def score_has_mean_zero(estimate: Judged, case: Two) -> Gap:
    """E c·∇ log q = 0."""
    constant = quadratic(case.c, *np.zeros((2, len(case.mu))))
    over = over_noise(case, 2)
    allow = rounding(estimate, constant, case, over)
    size = float((over.size @ contributions_size(estimate, constant, case, over.z)).max())
    got = over.w @ estimate(constant, case.mu, case.sigma, over.z)
    return gap(got[: len(allow)], 0.0, allow=allow, effect=size)


@law(
    score_normal,
    says="a constant baseline leaves the mean as it is",
    source="Ranganath, Gerrish and Blei 2014, §3.2",
    kind="metamorphic",
    rule="T10",
    code="SCO-02",
    cases="..cases.estimators:two",
    kills=("forgets-centre", "forgets-minus-one", "absolute-values"),
)
def baseline(estimate: Judged, case: Two) -> Gap:
    """Σ w G(f − b) = Σ w G(f)."""
    moved = case.f + quadratic(-case.c, *np.zeros((2, len(case.mu))))
    over = over_noise(case, case.f.degree + 2)
    allow = both(*(rounding(estimate, f, case, over) for f in (case.f, moved)))
    size = float((over.size @ contributions_size(estimate, moved, case, over.z)).max())
    got, want = (over.w @ estimate(f, case.mu, case.sigma, over.z) for f in (moved, case.f))
    return gap(got[: len(allow)], want[: len(allow)], allow=allow, effect=size)


@law(
    score_normal,
    says="the score's covariance is the information of Fisher",
    source="Lehmann and Casella 1998, §2.5; derived",
    kind="oracle",
    rule="T1",
    code="SCO-02",
    cases="..cases.estimators:two",
    kills=("deviation-for-variance", "log-q-for-its-gradient", "divides-by-samples"),
)
def information(estimate: Judged, case: Two) -> Gap:
    """Σ w G Gᵀ = c² diag(1/σ², 2/σ²) for f = c."""
    constant = quadratic(case.c, *np.zeros((2, len(case.mu))))
    over = over_noise(case, 4)
    factor = chain(estimate, case.sigma)
    P = len(factor)
    G = estimate(constant, case.mu, case.sigma, over.z)[:, :P]
    fisher = np.concatenate([1.0 / case.sigma**2, 2.0 / case.sigma**2])[:P] * factor**2
    size = contributions_size(estimate, constant, case, over.z)
    scale = size.T @ (over.size[:, None] * size)
    allow = summation(2 * operations(constant), scale, estimate.u)
    return gap(G.T @ (over.w[:, None] * G), case.c**2 * np.diag(fisher), allow=allow, effect=float(scale.max()))


BAD = {
    "nan-sample": lambda case: (case.f, case.mu, case.sigma, np.full_like(case.z, np.nan)),
    "nan-mean": lambda case: (case.f, np.full_like(case.mu, np.nan), case.sigma, case.z),
    "zero-deviation": lambda case: (case.f, case.mu, 0.0 * case.sigma, case.z),
    "negative-deviation": lambda case: (case.f, case.mu, -case.sigma, case.z),
    "lengths-that-disagree": lambda case: (case.f, *longer(case.mu, case.sigma), wider(case.z)),
}


def _call_rounding(case: Normal, u: float) -> float:
    """For any declared scale: the largest factor of the chain rule is taken."""
    far = ((np.abs(case.z) + np.abs(case.mu)) / case.sigma) ** 2 + 1.0
    factor = np.maximum(np.maximum(1.0 / case.sigma, 0.5 / case.sigma**2), 1.0)
    return float(summation(2 * operations(case.f), (case.f.magnitude(case.z)[:, None] * far * factor).max(), u))


CONTRACTS = (score_normal,)
LAWS = (
    mean_gradient,
    scale_gradient,
    linear_in_integrand,
    sample_by_sample,
    nothing_from_nothing,
    score_has_mean_zero,
    baseline,
    information,
    *cross_cutting(score_normal, allow=_call_rounding),
    *refusals(score_normal, BAD),
)
