"""The generalized reparameterization gradient: pathwise where a standardised sample can follow, a score for the rest.

ε = τ⁻¹(z; v) takes mean and deviation out of T(z), so that its law q_ε(ε; v) depends on v weakly, if at all:

    T(z) = m(v) + s(v) ε,    m = E T,  s² = Var T,        T = log z (gamma, log-normal), logit z (beta), z (normal)

    ∇_v E f = E f'(z) h + E f(z) (∇_v log q(z; v) + ∂_z log q(z; v) h + u),      h = ∂_v τ,  u = ∂_v log |∂τ/∂ε|
              g_rep       g_corr: the bracket is ∇_v log q_ε(ε; v)

That is the score estimator f ∇_v log q with two corrections whose mean is zero together, neither being so alone:
E[f' h] + E[f (∂_z log q h + u)] = ∫ ∂_z (f q h) dz, and f q h dies out at the ends. The normal's q_ε is free of v and
its g_corr is zero; the gamma's is smaller the larger its shape.

The Dirichlet is made of independent gammas, z = g/Σg, each standardised by itself.

Symbols:
    f, df   z -> f(z) and f'(z), [S] -> [S]; for the Dirichlet z [S, K] -> f(z) [S] and ∇f(z) [S, K]
    params  v [P]: (α, rate β) of a gamma, (α, β) of a beta, (μ, σ) of a normal or log-normal
    eps     [S], the noise ε: independent of v in form only, to be drawn from q_ε(ε; v)
Source: Ruiz, Titsias and Blei 2016, §3; the Dirichlet, and the zero mean, derived.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, pi
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import digamma, lgamma
from torch.nn.functional import logsigmoid
from torch.special import zeta

from . import _samples

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor

    from ._samples import Integrand


class Generalized(NamedTuple):
    """Contributions to the gradient [S, P], samples [S], log q_ε [S], and the reparameterization's h and u [S, P]."""

    g_rep: Float[Tensor, "S P"]
    g_corr: Float[Tensor, "S P"]
    z: Float[Tensor, "S"]
    logq_eps: Float[Tensor, "S"]
    h: Float[Tensor, "S P"]
    u: Float[Tensor, "S P"]


class Simplex(NamedTuple):
    """Contributions to the gradient [S, K], samples [S, K], and log q_ε [S]."""

    g_rep: Float[Tensor, "S K"]
    g_corr: Float[Tensor, "S K"]
    z: Float[Tensor, "S K"]
    logq_eps: Float[Tensor, "S"]


class _Draw(NamedTuple):
    """T = m + s ε [S], ∂_vT [S, P], s and ∂_v log s [P]; log q_T [S], ∂_T log q_T [S], ∂_v log q_T [S, P]."""

    T: Tensor
    dT: Tensor
    s: Tensor
    dlog_s: Tensor
    logq: Tensor
    slope: Tensor
    score: Tensor

    @property
    def logq_eps(self) -> Tensor:
        return self.logq + self.s.log()

    @property
    def score_eps(self) -> Tensor:
        """∂_v log q_ε [S, P]."""
        return self.score + self.slope[:, None] * self.dT + self.dlog_s


def gradient(
    f: Integrand, df: Integrand, dist: str, params: Float[Tensor, "P"], eps: Float[Tensor, "S"]
) -> Generalized:
    """g_rep + g_corr, whose mean over ε ~ q_ε(ε; v) is ∇_v E f; dist is gamma, beta, normal or lognormal.

    ValueError for another name, parameters outside the domain, or anything not finite.
    """
    _samples.finite(params=params, eps=eps)
    _samples.shaped("P, S", params=params, eps=eps)
    _samples.one_of("dist", dist, tuple(DISTRIBUTIONS))
    if params.shape != (2,):
        raise ValueError(f"params: expected the two parameters of a {dist} law, got {list(params.shape)}")
    law, back, least = DISTRIBUTIONS[dist]
    if bool((params[least:] <= 0).any()):
        raise ValueError(f"params: expected shapes, rates and deviations > 0, got {params.tolist()}")
    draw = law(params[0], params[1], eps)
    z, width, bend = back(draw.T)
    h = width[:, None] * draw.dT
    g_rep = _samples.slopes(df, z)[:, None] * h
    g_corr = _samples.values(f, z)[:, None] * draw.score_eps
    return Generalized(g_rep, g_corr, z, draw.logq_eps, h, bend[:, None] * draw.dT + draw.dlog_s)


def dirichlet(f: Integrand, df: Integrand, alpha: Float[Tensor, "K"], eps: Float[Tensor, "S K"]) -> Simplex:
    """The same for z = g/Σg, g_k ~ Gamma(α_k): a path for every α_k, z_j moving by z_j (δ_jk − z_k) ∂_α log g_k."""
    _samples.finite(alpha=alpha, eps=eps)
    _samples.shaped("K, S K", alpha=alpha, eps=eps)
    _samples.positive(alpha=alpha)
    draws = [_gamma(a, torch.ones_like(a), e) for a, e in zip(alpha, eps.T, strict=True)]
    z = torch.stack([draw.T for draw in draws], 1).softmax(1)
    slope = _samples.slopes(df, z)
    speed = torch.stack([draw.dT[:, 0] for draw in draws], 1)
    g_rep = z * (slope - (z * slope).sum(1, keepdim=True)) * speed
    g_corr = _samples.values(f, z)[:, None] * torch.stack([draw.score_eps[:, 0] for draw in draws], 1)
    return Simplex(g_rep, g_corr, z, sum((draw.logq_eps for draw in draws), torch.zeros_like(eps[:, 0])))


def _gamma(alpha: Tensor, beta: Tensor, eps: Tensor) -> _Draw:
    """T = log z: log q_T = α (T + log β) − β e^T − log Γ(α)."""
    psi, s = digamma(alpha), _psi1(alpha).sqrt()
    ds = _psi2(alpha) / (2 * s)
    y = psi + s * eps
    slope = alpha - y.exp()
    dT = torch.stack([s.square() + ds * eps, (-1 / beta).expand_as(eps)], 1)
    score = torch.stack([s * eps, slope / beta], 1)
    dlog_s = torch.stack([ds / s, torch.zeros_like(s)])
    return _Draw(y - beta.log(), dT, s, dlog_s, alpha * y - y.exp() - lgamma(alpha), slope, score)


def _beta(alpha: Tensor, beta: Tensor, eps: Tensor) -> _Draw:
    """T = logit z: log q_T = α T − (α+β) log(1 + e^T) − log B(α, β)."""
    one, other = _psi1(alpha), _psi1(beta)
    s = (one + other).sqrt()
    ds = torch.stack([_psi2(alpha), _psi2(beta)]) / (2 * s)
    T = digamma(alpha) - digamma(beta) + s * eps
    dT = torch.stack([one + ds[0] * eps, ds[1] * eps - other], 1)
    psi, log_B = digamma(alpha + beta), lgamma(alpha) + lgamma(beta) - lgamma(alpha + beta)
    log_z, log_rest = logsigmoid(T), logsigmoid(-T)  # softplus is 2e-9 off beyond 20
    score = torch.stack([log_z - digamma(alpha) + psi, log_rest - digamma(beta) + psi], 1)
    logq = alpha * log_z + beta * log_rest - log_B
    return _Draw(T, dT, s, ds / s, logq, alpha * (-T).sigmoid() - beta * T.sigmoid(), score)


def _normal(mu: Tensor, sigma: Tensor, eps: Tensor) -> _Draw:
    """T = μ + σε: every term of ∂_v log q_ε cancels."""
    dT = torch.stack([torch.ones_like(eps), eps], 1)
    score = torch.stack([eps, eps.square() - 1], 1) / sigma
    dlog_s = torch.stack([torch.zeros_like(sigma), 1 / sigma])
    logq = -eps.square() / 2 - sigma.log() - log(2 * pi) / 2
    return _Draw(mu + sigma * eps, dT, sigma, dlog_s, logq, -eps / sigma, score)


def _psi1(x: Tensor) -> Tensor:
    """ψ₁ = ζ(2, x), to rounding where torch.polygamma(1, x) has ten digits."""
    value: Tensor = zeta(2.0, x)
    return value


def _psi2(x: Tensor) -> Tensor:
    value: Tensor = -2 * zeta(3.0, x)
    return value


def _exp(T: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """z = e^T, dz/dT, and d log(dz/dT)/dT."""
    z = T.exp()
    return z, z, torch.ones_like(z)


def _expit(T: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    z, rest = T.sigmoid(), (-T).sigmoid()
    return z, z * rest, rest - z


def _identity(T: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return T, torch.ones_like(T), torch.zeros_like(T)


Law = Callable[["Tensor", "Tensor", "Tensor"], _Draw]
Back = Callable[["Tensor"], "tuple[Tensor, Tensor, Tensor]"]

# The law of T, z as a function of T, and the first parameter that must be positive.
DISTRIBUTIONS: dict[str, tuple[Law, Back, int]] = {
    "gamma": (_gamma, _exp, 0),
    "beta": (_beta, _expit, 0),
    "normal": (_normal, _identity, 1),
    "lognormal": (_normal, _exp, 1),
}
