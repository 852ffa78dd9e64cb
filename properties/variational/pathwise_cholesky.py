"""The pathwise estimator with a Cholesky factor: correlated normals, and a gradient that lives on a triangle.

    z = μ + Lε,   Σ = LLᵀ,      G_L = tril(∇f(z) εᵀ),   G_μ = ∇f(z)

Bonnet and Price in several variables: ∂E f/∂μ = E ∇f and ∂E f/∂L = tril((E ∇²f) L), since E ∇f(z) εᵀ = E ∇²f(z) L by Stein.
The entries above the diagonal are no parameters, so a derivative with respect to them is not asked for; a subject that
differentiates a full matrix at a triangular point declares so. Noise may be turned by any orthogonal Q: Qε is as
standard normal as ε, and the mean is what it was, for a rule exact in the total degree. A linear f has G_μ = b at every ε.

Completeness: the lower triangle along the declared path, and nothing above it.

Symbols: df = ∇f: [S, d] -> [S, d], μ[d], L[d, d] (lower triangle, positive diagonal), ε[S, d], G[S, d, d], G_mu[S, d].
Source: Rezende, Mohamed and Wierstra 2014, §3 and appendix; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, gap, law
from prufrock.tolerance import summation

from ..cases.integrands import quadratic
from ..hygiene import cross_cutting, refusals
from ..oracles import moments
from ..oracles.quadrature import normals
from .reparameterization import length

if TYPE_CHECKING:
    from ..cases.estimators import Triangular

Array = NDArray[np.float64]
SOURCE = "Rezende, Mohamed and Wierstra 2014, §3"

pathwise_cholesky = Contract(
    id="variational.pathwise-cholesky",
    says="∇f(z) εᵀ on the lower triangle, sample by sample: contributions to the gradient in a Cholesky factor",
    arguments={"df": "", "mu": "d", "L": "d d", "eps": "S d"},
    outputs={"G": "S d d", "G_mu": "S d", "z": "S d"},
    domain="df: [S, d] -> [S, d], the gradient of a Lipschitz f; L lower triangular with a positive diagonal",
    cases="..cases.estimators:triangular",
    conventions={"triangle": ("lower", "full"), "path": ("mu + L eps",)},
    source=SOURCE,
    home=__package__,
)


def size(df: Any, case: Triangular, eps: Array) -> Array:
    """|∇f| |ε| with every summand of z = μ + Lε taken for its absolute value, [S, d, d]."""
    far = np.abs(case.mu) + np.abs(eps) @ np.abs(case.L).T
    return np.asarray(df.magnitude(far)[:, :, None] * np.abs(eps)[:, None, :])


def _length(df: Any, case: Triangular) -> int:
    return length(df) + 2 * len(case.mu)


def _mean(estimate: Judged, case: Triangular, Q: Array) -> tuple[Array, Array, float]:
    """The lower triangle of Σ w G at noise turned by Q, its allowance, and its size; nodes of Qε are rounded."""
    eps, w = normals(len(case.mu), case.f.total_degree + 1)
    got = np.tensordot(w, estimate(case.df, case.mu, case.L, eps @ Q.T), 1)
    # |Q||ε| is what the rounding of Qε is relative to.
    scale = np.tensordot(np.abs(w), size(case.df, case, np.abs(eps) @ np.abs(Q).T), 1)
    return np.tril(got), summation(_length(case.df, case), scale, estimate.u), float(scale.max())


@law(
    pathwise_cholesky,
    says="the mean of the contributions is the gradient in the factor",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="REP-01",
    kills=("transposed", "slope-at-the-mean", "diagonal-only", "covariance-for-factor"),
)
def mean_gradient(estimate: Judged, case: Triangular) -> Gap:
    """tril Σ w G = tril((E ∇²f) L)."""
    got, allow, scale = _mean(estimate, case, np.eye(len(case.mu)))
    return gap(got, moments.slope_factor(case.f, case.mu, case.L), allow=allow, effect=scale)


@law(
    pathwise_cholesky,
    says="noise turned by an orthogonal matrix leaves the mean as it is",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="REP-04",
    kills=("unsigned-noise", "sorts-noise", "clips-noise"),
)
def rotated_noise(estimate: Judged, case: Triangular) -> Gap:
    """Σ w G(Qε) = Σ w G(ε)."""
    plain, allow, scale = _mean(estimate, case, np.eye(len(case.mu)))
    turned, more, _ = _mean(estimate, case, case.Q)
    return gap(turned, plain, allow=allow + more, effect=scale)


@law(
    pathwise_cholesky,
    says="nothing is contributed above the diagonal",
    source="derived",
    kind="identity",
    rule="T0",
    level="convention",
    code="REP-04",
    when={"triangle": ("lower",)},
    complete=True,
    kills=("full-matrix", "transposed"),
)
def triangle(estimate: Judged, case: Triangular) -> Gap:
    """G_ij = 0 for i < j."""
    G = estimate(case.df, case.mu, case.L, case.eps)
    return gap(np.triu(G, 1), 0.0, allow=0.0, effect=1.0)


@law(
    pathwise_cholesky,
    says="contributions are those of the path that is declared",
    source=SOURCE,
    kind="identity",
    rule="T1",
    level="convention",
    code="REP-01",
    when={"path": ("mu + L eps",)},
    complete=True,
    kills=("transposed-factor", "mirrors-noise", "half-precision", "noise-through-factor"),
)
def along_the_path(estimate: Judged, case: Triangular) -> Gap:
    """tril G = tril ∇f(μ + Lε) εᵀ."""
    z = case.mu + case.eps @ case.L.T
    want = np.tril(case.df(z)[:, :, None] * case.eps[:, None, :])
    scale = size(case.df, case, case.eps)
    got = np.tril(estimate(case.df, case.mu, case.L, case.eps))
    allow = summation(_length(case.df, case), scale, estimate.u)
    return gap(got, want, allow=allow, effect=float(scale.max()))


@law(
    pathwise_cholesky,
    says="each sample contributes by itself",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    kills=("divides-by-samples", "shifts-samples"),
)
def sample_by_sample(estimate: Judged, case: Triangular) -> Gap:
    """G(ε_1, …, ε_S)_s = G(ε_s)."""
    alone = [estimate(case.df, case.mu, case.L, case.eps[s : s + 1]) for s in range(len(case.eps))]
    scale = size(case.df, case, case.eps)
    allow = 2.0 * summation(_length(case.df, case), scale, estimate.u)
    got = estimate(case.df, case.mu, case.L, case.eps)
    return gap(np.tril(got), np.tril(np.concatenate(alone)), allow=allow, effect=float(scale.max()))


@law(
    pathwise_cholesky,
    says="the contributions of a linear integrand do not vary in the means",
    source="derived",
    kind="identity",
    rule="T1",
    code="REP-03",
    needs=("G_mu",),
    cases="..cases.estimators:linear_triangular",
    kills=("means-through-factor", "means-by-noise"),
)
def linear_does_not_vary(estimate: Judged, case: Triangular) -> Gap:
    """∇f = b  ⇒  G_μ(ε) = b for every ε."""
    b = case.df(case.mu[None])
    got = estimate.full(case.df, case.mu, case.L, case.eps).G_mu
    return gap(got, b + 0.0 * case.eps, allow=summation(8, np.abs(b), estimate.u), effect=float(np.abs(b).max()))


@law(
    pathwise_cholesky,
    says="samples move with the noise that the factor is multiplied by",
    source="Jankowiak and Obermeyer 2018; derived",
    kind="identity",
    rule="T1",
    code="REP-07",
    needs=("z",),
    kills=("transposed-factor", "covariance-for-factor", "returns-noise-for-sample"),
)
def velocity(estimate: Judged, case: Triangular) -> Gap:
    """∇f = (1, …, 1)  ⇒  the last row of G is L⁻¹(z − μ), z the subject's own: checked as L(row) = z − μ."""
    d = len(case.mu)
    plain = quadratic(0.0, np.ones(d), np.zeros(d)).gradient(d)
    out = estimate.full(plain, case.mu, case.L, case.eps)
    far = np.abs(case.mu) + np.abs(out.G[:, -1]) @ np.abs(case.L).T
    allow = summation(2 * d + 4, far + np.abs(out.z), estimate.u)
    return gap(out.G[:, -1] @ case.L.T, out.z - case.mu, allow=allow, effect=float(far.max()))


BAD = {
    "nan-noise": lambda case: (case.df, case.mu, case.L, np.full_like(case.eps, np.nan)),
    "nan-factor": lambda case: (case.df, case.mu, np.full_like(case.L, np.nan), case.eps),
    "zero-on-the-diagonal": lambda case: (case.df, case.mu, case.L - np.diag(np.diag(case.L)), case.eps),
    "negative-diagonal": lambda case: (case.df, case.mu, -np.abs(case.L), case.eps),
    "lengths-that-disagree": lambda case: (case.df, np.resize(case.mu, len(case.mu) + 2), case.L, case.eps),
}


def _rounding(case: Triangular, u: float) -> float:
    return float(summation(_length(case.df, case), size(case.df, case, case.eps).max(), u))


CONTRACTS = (pathwise_cholesky,)
LAWS = (
    mean_gradient,
    rotated_noise,
    triangle,
    along_the_path,
    sample_by_sample,
    linear_does_not_vary,
    velocity,
    *cross_cutting(pathwise_cholesky, allow=_rounding),
    *refusals(pathwise_cholesky, BAD),
)
