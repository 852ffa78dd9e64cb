"""Gradients of the evidence lower bound, one row a sample: in full, along the path alone, or with the entropy in closed form.

With f = log p(x, ·), z = μ + σε and v = (μ, log σ), ∂z/∂v = (1, σε):

    path       (∇f(z) + ε/σ) ∂z/∂v                        zero for every ε at the posterior
    total      ∇f(z) ∂z/∂v + (0, 1)                       −½ε² in log q moves with neither μ nor log σ
    entropy    ∇f(z) ∂z/∂v + (0, 1)                       the same, by another way
    their difference is the score (ε/σ, ε² − 1), of mean zero, so all have one mean, (b − Aμ, 1 − A_jj σ_j²)

for the quadratic f = c + bᵀz − ½ zᵀAz. It vanishes at μ = A⁻¹b, σ_j² = 1/A_jj: the best mean-field q.

Symbols: as in `elbo`; gradient [S, 2d], ∂/∂μ and then ∂/∂log σ.
Source: Roeder, Wu & Duvenaud 2017; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles.quadrature import normals
from .elbo import BAD, given

if TYPE_CHECKING:
    from ..cases.latent_gaussian import Latent

Array = NDArray[np.float64]

elbo_gradient = Contract(
    id="variational.elbo-gradient",
    says="the gradient of the evidence lower bound by mean and log-deviation, sample by sample",
    arguments={"log_joint": "", "mu": "d", "log_sigma": "d", "eps": "S d"},
    outputs={"gradient": "S 2*d"},
    domain="log_joint: [S, d] -> [S], arithmetic on any array; finite mu, log_sigma and noise",
    cases="..cases.latent_gaussian:latents",
    conventions={"estimator": ("total", "path")},
    source="Roeder, Wu & Duvenaud 2017",
    home=__package__,
)


def magnitude(m: Latent, eps: Array) -> Array:
    """Σ|summands| of each entry, [S, 2d]."""
    far = np.abs(m.mu) + m.sigma * np.abs(eps) * (1.0 + np.abs(m.log_sigma))
    slope = np.abs(m.b) + far @ np.abs(m.A) + np.abs(eps) / m.sigma * (1.0 + np.abs(m.log_sigma))
    # ε is formed again as (z − μ)/σ along the path, which costs it |μ|/σ.
    slope = slope + (np.abs(m.mu) + m.sigma * np.abs(eps)) / m.sigma**2
    return np.concatenate([slope, slope * m.sigma * np.abs(eps) + 1.0], axis=1)


def rounding(m: Latent, eps: Array, u: float) -> Array:
    return np.asarray(summation(4 * len(m.mu) + 8, magnitude(m, eps), u))


def exact(m: Latent, eps: Array, path: bool) -> Array:
    """(∇f(z) + ε/σ)(1, σε), less the score in full."""
    slope = m.b - (m.mu + m.sigma * eps) @ m.A
    if path:
        slope = slope + eps / m.sigma
        return np.concatenate([slope, slope * m.sigma * eps], axis=1)
    return np.concatenate([slope, slope * m.sigma * eps + 1.0], axis=1)


@law(
    elbo_gradient,
    says="every estimator has the mean that the gradient of the expected bound is",
    source="derived",
    kind="identity",
    rule="T1",
    code="ELB-08",
    kills=("score-kept-twice", "by-sigma", "entropy-without-gradient", "path-without-q"),
)
def unbiased(gradient: Judged, m: Latent) -> Gap:
    """E G = (b − Aμ, 1 − A_jj σ_j²)."""
    eps, w = normals(len(m.mu), 4)
    got = w @ gradient(m.log_joint, m.mu, m.log_sigma, eps)
    want = np.concatenate([m.b - m.A @ m.mu, 1.0 - np.diag(m.A) * m.sigma**2])
    allow = np.abs(w) @ rounding(m, eps, gradient.u)
    return gap(got, want, allow=2 * allow, effect=float((np.abs(w) @ magnitude(m, eps)).max()))


@law(
    elbo_gradient,
    says="along the path alone there is no gradient left at the posterior, sample by sample",
    source="Roeder, Wu & Duvenaud 2017",
    kind="identity",
    rule="T1",
    level="convention",
    when={"estimator": ("path",)},
    cases="..cases.latent_gaussian:at_posterior",
    kills=("path-in-full", "path-without-q"),
)
def sticking_the_landing(gradient: Judged, m: Latent) -> Gap:
    """q = p(z|x)  ⇒  G(ε) = 0 for every ε."""
    allow = 2 * rounding(m, m.eps, gradient.u)
    return gap(gradient(*given(m)), 0.0, allow=allow, effect=float(np.abs(exact(m, m.eps, False)).max()))


@law(
    elbo_gradient,
    says="in full, what is left at the posterior is minus the score",
    source="derived",
    kind="identity",
    rule="T1",
    level="convention",
    when={"estimator": ("total",)},
    code="ELB-08",
    cases="..cases.latent_gaussian:at_posterior",
    kills=("by-sigma", "score-kept-twice"),
)
def minus_the_score(gradient: Judged, m: Latent) -> Gap:
    """q = p(z|x)  ⇒  G(ε) = −(ε/σ, ε² − 1)."""
    want = -np.concatenate([m.eps / m.sigma, np.square(m.eps) - 1.0], axis=1)
    return gap(gradient(*given(m)), want, allow=2 * rounding(m, m.eps, gradient.u))


@law(
    elbo_gradient,
    says="each row is that of its own sample",
    source="derived",
    kind="oracle",
    rule="T1",
    level="convention",
    when={"estimator": ("total", "path")},
    complete=True,
    kills=("rows-averaged", "noise-reused", "score-kept-twice"),
)
def sample_by_sample(gradient: Judged, m: Latent) -> Gap:
    """G(ε) = ∇f(z) ∂z/∂v + (0, 1), or (∇f(z) + ε/σ) ∂z/∂v along the path."""
    want = exact(m, m.eps, gradient.conventions["estimator"] == "path")
    effect = float(magnitude(m, m.eps).max())
    return gap(gradient(*given(m)), want, allow=rounding(m, m.eps, gradient.u), effect=effect)


@law(
    elbo_gradient,
    says="the entropy grows by one with every log-deviation",
    source="derived: H = Σ log σ + ½ log 2πe",
    kind="gradient",
    rule="T1",
    code="ELB-08",
    kills=("by-sigma", "entropy-without-gradient", "path-without-q"),
)
def slope_of_the_entropy(gradient: Judged, m: Latent) -> Gap:
    """f = 0  ⇒  E G = (0, 1)."""
    d = len(m.mu)
    flat = type(m)(0.0 * m.A, 0.0 * m.b, 0.0, m.mu, m.log_sigma, m.eps)
    eps, w = normals(d, 4)
    got = w @ gradient(flat.log_joint, m.mu, m.log_sigma, eps)
    allow = np.abs(w) @ rounding(flat, eps, gradient.u)
    return gap(got, np.repeat([0.0, 1.0], d), allow=2 * allow, effect=1.0)


CONTRACTS = (elbo_gradient,)
LAWS = (
    unbiased,
    sticking_the_landing,
    minus_the_score,
    sample_by_sample,
    slope_of_the_entropy,
    *cross_cutting(
        elbo_gradient,
        allow=lambda m, u: 2 * float(rounding(m, m.eps, u).max()),
        layouts=("ignores-strides", "ignores-order"),
    ),
    *refusals(elbo_gradient, BAD),
)
