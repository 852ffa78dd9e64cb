"""The evidence lower bound of a mean-field normal, one number a sample of explicit noise.

    z = μ + σε:     L(ε) = log p(x, z) − log q(z),  or  log p(x, z) + H(q);     E L + KL(q ‖ p(z|x)) = log p(x)

For a quadratic log-joint L is a quadratic in ε, so that a rule exact for cubics integrates it exactly: identity and bound
are laws without chance. At q = p(z|x) the weight p(x, z)/q(z) is p(x) for every ε, one law for log p and log q together.
With f the log-joint, E f = c + bᵀμ − ½ (μᵀAμ + Σ A_jj σ_j²) and H(q) = Σ (log σ_j + ½ log 2πe).

Its gradient along the path, the score of q left out, is (∇f(z) + ε/σ) ∂z/∂v: zero for every ε at the posterior. In full it is
less by the score ∂_v log q = (ε/σ, ε² − 1), whose mean is zero; with the entropy in closed form it is ∇f(z) ∂z/∂v + (0, 1).

Symbols: log_joint z[S, d] ↦ [S], q: mu[d], log_sigma[d]; eps[S, d]; value L[S]; gradient [S, 2d] by (μ, log σ).
Source: Kingma & Welling 2014, eq. (3); Roeder, Wu & Duvenaud 2017 (path); derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, all_of, at_most, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles import moments
from ..oracles.normal import LOG_2PI
from ..oracles.quadrature import normals

if TYPE_CHECKING:
    from ..cases.latent_gaussian import Latent, Shifted

Array = NDArray[np.float64]

elbo = Contract(
    id="variational.elbo",
    says="the evidence lower bound, to be maximised, sample by sample",
    arguments={"log_joint": "", "mu": "d", "log_sigma": "d", "eps": "S d"},
    outputs={"value": "S"},
    domain="log_joint: [S, d] -> [S], arithmetic on any array; finite mu, log_sigma and noise",
    cases="..cases.latent_gaussian:latents",
    conventions={"form": ("sampled", "entropy")},
    source="Kingma & Welling 2014, eq. (3)",
    home=__package__,
)

SAMPLED = {"form": ("sampled",)}


def given(m: Latent) -> tuple[Any, ...]:
    return m.log_joint, m.mu, m.log_sigma, m.eps


def magnitude(m: Latent, eps: Array) -> Array:
    """Σ|summands| of L at each ε, [S]."""
    far = np.abs(m.mu) + m.sigma * np.abs(eps) * (1.0 + np.abs(m.log_sigma))
    entropy = (np.square(eps) + np.abs(m.log_sigma) + LOG_2PI).sum(1)
    return np.asarray(m.log_joint.magnitude(far) + entropy)


def rounding(m: Latent, eps: Array, u: float) -> Array:
    """T1: a dozen operations a monomial, an exponential whose error comes back twice, and 3d summands."""
    d = len(m.mu)
    return np.asarray(summation(d * (d + 1) // 2 + 4 * d + 8, magnitude(m, eps), u))


def average(bound: Judged, m: Latent, nodes: int = 4) -> tuple[float, float, float]:
    """E L by a rule that is exact for it, its allowance, and its size."""
    eps, w = normals(len(m.mu), nodes)
    value = bound(m.log_joint, m.mu, m.log_sigma, eps)
    return float(w @ value), float(np.abs(w) @ rounding(m, eps, bound.u)), float(np.abs(w) @ magnitude(m, eps))


@law(
    elbo,
    says="the bound falls short of the log-evidence by the divergence of q from the posterior",
    source="Kingma & Welling 2014, eq. (1)",
    kind="identity",
    rule="T1",
    code="ELB-01",
    kills=("entropy-sign", "entropy-forgotten", "variance-for-deviation", "decoder-constant", "noise-reused"),
)
def bound_and_divergence(bound: Judged, m: Latent) -> Gap:
    """E L + KL(q ‖ p(z|x)) = log p(x)."""
    mean, allow, size = average(bound, m)
    scale = size + abs(m.log_evidence) + m.divergence
    allow += float(summation(20, scale, 2.0**-53) * np.linalg.cond(m.A))
    return gap(mean + m.divergence, m.log_evidence, allow=allow, effect=size)


@law(
    elbo,
    says="the bound is never above the log-evidence",
    source="Kingma & Welling 2014, eq. (2)",
    kind="inequality",
    rule="T1",
    code="ELB-02",
    kills=("half-forgotten", "entropy-doubled"),
)
def lower_bound(bound: Judged, m: Latent) -> Gap:
    """E L ≤ log p(x), also at q's best σ for each mean, σ_j² = 1/A_jj."""
    best = type(m)(m.A, m.b, m.c, m.center, -np.log(np.diag(m.A)) / 2.0, m.eps)
    gaps = []
    for q in (m, best):
        mean, allow, size = average(bound, q)
        allow += float(summation(20, size, 2.0**-53) * np.linalg.cond(m.A))
        gaps.append(at_most(mean, m.log_evidence, allow=allow, effect=size))
    return all_of(*gaps)


@law(
    elbo,
    says="at the posterior every sample weighs the same, the evidence: there is no variance",
    source="derived (Bayes' rule)",
    kind="identity",
    rule="T1",
    level="convention",
    when=SAMPLED,
    code="ELB-03",
    cases="..cases.latent_gaussian:at_posterior",
    complete=True,
    kills=("entropy-for-log-q", "decoder-constant", "sample-for-noise", "half-forgotten"),
)
def no_variance_at_the_posterior(bound: Judged, m: Latent) -> Gap:
    """q = p(z|x)  ⇒  L(ε) = log p(x) for every ε."""
    allow = 2 * rounding(m, m.eps, bound.u)
    return gap(bound(*given(m)), m.log_evidence, allow=allow, effect=float(magnitude(m, m.eps).max()))


@law(
    elbo,
    says="it is the expected log-joint and the entropy",
    source="derived (moments of a normal)",
    kind="oracle",
    rule="T1",
    code="ELB-04",
    kills=("entropy-sign", "entropy-forgotten", "variance-for-deviation"),
)
def joint_and_entropy(bound: Judged, m: Latent) -> Gap:
    """E L = E f(z) + Σ (log σ_j + ½ log 2πe)."""
    mean, allow, size = average(bound, m)
    want = moments.mean(m.log_joint, m.mu, m.sigma) + (m.log_sigma + (LOG_2PI + 1.0) / 2.0).sum()
    return gap(mean, want, allow=allow + summation(20, size, 2.0**-53), effect=size)


@law(
    elbo,
    says="more nodes than a quadratic needs change nothing",
    source="derived (a rule of n nodes, exact for degree n − 1)",
    kind="identity",
    rule="T1",
    code="ELB-05",
    kills=("clipped-noise", "absolute-noise"),
)
def quadratic_in_the_noise(bound: Judged, m: Latent) -> Gap:
    """Σ w_s L(ε_s) by a rule of 3 nodes an axis = that by 5."""
    (few, allow, size), (many, more, _) = average(bound, m, 3), average(bound, m, 5)
    return gap(few, many, allow=allow + more, effect=size)


@law(
    elbo,
    says="each sample weighs its own joint density against its own density under q",
    source="Kingma & Welling 2014, eq. (3)",
    kind="oracle",
    rule="T1",
    level="convention",
    when={"form": ("sampled", "entropy")},
    code="ELB-05",
    complete=True,
    kills=("clipped-noise", "mean-of-samples", "noise-reused", "sample-for-noise"),
)
def sample_by_sample(bound: Judged, m: Latent) -> Gap:
    """L(ε) = f(μ + σε) + Σ (½ε² + log σ + ½ log 2π); with the entropy in closed form ½ for ½ε²."""
    square = np.square(m.eps) if bound.conventions["form"] == "sampled" else np.ones_like(m.eps)
    want = m.log_joint(m.mu + m.sigma * m.eps) + ((square + LOG_2PI) / 2.0 + m.log_sigma).sum(1)
    allow = rounding(m, m.eps, bound.u)
    return gap(bound(*given(m)), want, allow=allow, effect=float(magnitude(m, m.eps).max()))


@law(
    elbo,
    says="moving the latent space and q along with it changes nothing",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="ELB-01",
    cases="..cases.latent_gaussian:shifted",
    kills=("mean-at-zero", "sample-for-noise"),
)
def change_of_origin(bound: Judged, m: Shifted) -> Gap:
    """L for log p(x, z − t) and μ + t is L: b ↦ b + At, c ↦ c − bᵀt − ½ tᵀAt."""
    moved = type(m)(
        m.A, m.b + m.A @ m.t, float(m.c - m.b @ m.t - m.t @ m.A @ m.t / 2.0), m.mu + m.t, m.log_sigma, m.eps, m.t
    )
    allow = rounding(m, m.eps, bound.u) + 2 * rounding(moved, m.eps, bound.u)
    return gap(bound(*given(moved)), bound(*given(m)), allow=allow, effect=float(magnitude(moved, m.eps).max()))


@law(
    elbo,
    says="a likelihood measured in other units shifts the bound by their logarithm",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="ELB-01",
    kills=("decoder-constant", "mean-of-joint"),
)
def constant_of_the_joint(bound: Judged, m: Latent) -> Gap:
    """log p(x, z) + 5 has L + 5."""
    more = type(m)(m.A, m.b, m.c + 5.0, m.mu, m.log_sigma, m.eps)
    allow = rounding(m, m.eps, bound.u) + rounding(more, m.eps, bound.u)
    return gap(bound(*given(more)), bound(*given(m)) + 5.0, allow=allow, effect=5.0)


BAD = {
    "nan-mean": lambda m: (m.log_joint, np.full_like(m.mu, np.nan), m.log_sigma, m.eps),
    "infinite-scale": lambda m: (m.log_joint, m.mu, np.full_like(m.mu, np.nan), m.eps),
    "lengths-that-disagree": lambda m: (m.log_joint, m.mu, m.log_sigma, np.zeros((2, len(m.mu) + 1))),
}

CONTRACTS = (elbo,)
LAWS = (
    bound_and_divergence,
    lower_bound,
    no_variance_at_the_posterior,
    joint_and_entropy,
    quadratic_in_the_noise,
    sample_by_sample,
    change_of_origin,
    constant_of_the_joint,
    *cross_cutting(
        elbo, allow=lambda m, u: 2 * float(rounding(m, m.eps, u).max()), layouts=("ignores-strides", "ignores-order")
    ),
    *refusals(elbo, BAD),
)
