"""The evidence lower bound of a mean-field normal q, one number a sample of explicit noise; value to be maximised.

    z = μ + σε,  ε ~ N(0, I):      L(ε) = log p(x, z) - log q(z),      log p(x) = E L + KL(q ‖ p(z|x)) >= E L

At q = p(z|x) every sample has L(ε) = log p(x): no variance. Its gradient has none there either, once the score of q is
dropped: along the path alone, with log q evaluated at parameters held fixed ("sticking the landing"), ∇_v L = (∇_z log
p(x, z) - ∇_z log q(z)) ∂z/∂v, whose mean is ∇E L as E ∇_v log q = 0. K weights w = p(x, z)/q(z) give a tighter bound,

    L_K = log 1/K Σ_k w_k,      E L_1 <= E L_2 <= … <= log p(x),      E exp L_K = p(x)

On a finite latent space the bound is a sum, Σ_z q(z) (log p(x, z) - log q(z)) with 0 log 0 = 0; it is -inf where q has mass
and p has none. Against N(0, I), KL(q ‖ N(0, I)) = ½ Σ (μ² + σ² - 1 - log σ²).

Symbols:
    log_joint     z [S, d] -> log p(x, z) [S]
    mu, log_sigma [d] or [S, d]; eps [S, d]
    mu, logvar    [..., d] of the Kullback-Leibler divergence, logvar = log σ² = 2 log σ
Source: Kingma & Welling 2014, eq. (3) and App. B; Roeder, Wu & Duvenaud 2017; Burda, Grosse & Salakhutdinov 2016, Thm 1.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, pi
from typing import TYPE_CHECKING

import torch

from . import _samples

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor

    LogJoint = Callable[[Tensor], Tensor]


def elbo(
    log_joint: LogJoint,
    mu: Float[Tensor, "d"],
    log_sigma: Float[Tensor, "d"],
    eps: Float[Tensor, "S d"],
    *,
    path: bool = False,
) -> Float[Tensor, "S"]:
    """log p(x, z) - log q(z) at z = μ + σε, a log-weight; with `path`, gradients leave out the score of q, values are the same."""
    _samples.finite(mu=mu, log_sigma=log_sigma, eps=eps)
    if eps.ndim != 2 or mu.shape[-1:] != eps.shape[-1:] or log_sigma.shape[-1:] != eps.shape[-1:]:
        shapes = {name: list(x.shape) for name, x in (("mu", mu), ("log_sigma", log_sigma), ("eps", eps))}
        raise ValueError(f"eps: expected shape [S, d] with d entries in mu and log_sigma, got shapes {shapes}")
    z = mu + log_sigma.exp() * eps
    joint = _samples.values(log_joint, z, "log_joint")
    if path:
        mu, log_sigma = mu.detach(), log_sigma.detach()
        eps = (z - mu) / log_sigma.exp()
    return joint + (eps.square() / 2 + log_sigma + log(2 * pi) / 2).sum(-1)


def elbo_with_entropy(
    log_joint: LogJoint, mu: Float[Tensor, "d"], log_sigma: Float[Tensor, "d"], eps: Float[Tensor, "S d"]
) -> Float[Tensor, "S"]:
    """log p(x, z) + H(q) with the entropy in closed form: the same mean, another variance."""
    sampled = elbo(log_joint, mu, log_sigma, eps)
    return sampled + ((1 - eps.square()) / 2).sum(-1)


def iwae(log_w: Float[Tensor, "*B K"]) -> Float[Tensor, "*B"]:
    """L_K = log 1/K Σ_k w_k, importance weights along the last dimension; -inf weights count as 0."""
    if log_w.ndim == 0 or log_w.shape[-1] == 0:
        raise ValueError(f"log_w: expected at least one weight along a last dimension, got shape {list(log_w.shape)}")
    if bool((torch.isnan(log_w) | (log_w == torch.inf)).any()):
        raise ValueError("log_w: expected finite log-weights or -inf, got NaN or +inf")
    return torch.logsumexp(log_w, -1) - log(log_w.shape[-1])


def finite_elbo(log_joint: Float[Tensor, "*B M"], log_q: Float[Tensor, "*B M"]) -> Float[Tensor, "*B"]:
    """Σ_z q(z) (log p(x, z) - log q(z)) over M states; -inf log-probabilities are zeros."""
    for name, x in (("log_joint", log_joint), ("log_q", log_q)):
        if bool((torch.isnan(x) | (x == torch.inf)).any()):
            raise ValueError(f"{name}: expected finite log-probabilities or -inf, got NaN or +inf")
    slack = 1e3 * torch.finfo(log_q.dtype).eps
    if log_q.shape[-1] != log_joint.shape[-1] or bool((log_q.exp().sum(-1) - 1).abs().gt(slack).any()):
        raise ValueError(
            f"log_q: expected log-probabilities of {log_joint.shape[-1]} states that sum to 1, "
            f"got shape {list(log_q.shape)} and sums {log_q.exp().sum(-1).tolist()}"
        )
    empty = log_q == -torch.inf
    return (log_q.exp() * (log_joint - log_q).masked_fill(empty, 0)).sum(-1)


def gaussian_kl(mu: Float[Tensor, "*B d"], logvar: Float[Tensor, "*B d"]) -> Float[Tensor, "*B"]:
    """KL(N(μ, diag e^logvar) ‖ N(0, I)) = ½ Σ (μ² + (e^logvar - 1) - logvar), inf where e^logvar overflows."""
    _samples.finite(mu=mu, logvar=logvar)
    if mu.ndim == 0 or mu.shape != logvar.shape:
        raise ValueError(f"mu, logvar: expected one shape [..., d], got {list(mu.shape)} and {list(logvar.shape)}")
    return (mu.square() + (logvar.expm1() - logvar)).sum(-1) / 2
