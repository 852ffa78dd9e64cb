"""The score function estimator (REINFORCE): gradients of an expectation from values of f alone.

    ∇_v E_q f = ∫ f ∇_v q dz = E_q [f(z) ∇_v log q(z; v)]          the contribution of a sample: G_s = f(z_s) ∇_v log q(z_s)

f need not be differentiable. q must be, for almost every z, and its support must not move with v: for z uniform on
(0, v) the formula gives E z · (−1/v) = −½, where the truth is +½. Where f itself depends on v, E ∂_v f is added. As E
∇_v log q = 0, f may be shifted by any constant; single contributions are noisy, N(1, 1) and f = z² have variance 30.

Symbols:
    f      z -> values [S]
    z      [S, d] or [S], samples of q; states are whole numbers in the parameters' dtype
    sigma  standard deviations, never variances; `scale` says with respect to what the gradient is taken
Source: Williams 1992; Ranganath, Gerrish and Blei 2014, §2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from . import _samples

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Annotated as Float

    from torch import Tensor

    from ._samples import Integrand

SCALES = ("sigma", "log-sigma", "variance")


def normal(
    f: Integrand,
    mu: Float[Tensor, "d"],
    sigma: Float[Tensor, "d"],
    z: Float[Tensor, "S d"],
    scale: str = "sigma",
    partial: Integrand | None = None,
) -> Float[Tensor, "S 2d"]:
    """Contributions to ∂/∂μ, then to ∂/∂(scale); `partial`, z -> ∂_v f [S, 2d], where f depends on them."""
    _samples.finite(mu=mu, sigma=sigma, z=z)
    _samples.shaped("d, d, S d", mu=mu, sigma=sigma, z=z)
    _samples.positive(sigma=sigma)
    G = _samples.values(f, z)[:, None] * normal_score(mu, sigma, z, scale)
    return G if partial is None else G + partial(z)


def normal_score(
    mu: Float[Tensor, "d"], sigma: Float[Tensor, "d"], z: Float[Tensor, "S d"], scale: str = "sigma"
) -> Float[Tensor, "S 2d"]:
    """∇ log q = ((z − μ)/σ², (ε² − 1)/σ), ε = (z − μ)/σ."""
    eps = (z - mu) / sigma
    return torch.cat([eps / sigma, (eps**2 - 1) / sigma * chain(scale, sigma)], 1)


def chain(scale: str, sigma: Float[Tensor, "d"]) -> Float[Tensor, "d"] | float:
    """∂σ/∂(scale)."""
    _samples.one_of("scale", scale, SCALES)
    factors: dict[str, Tensor | float] = {"sigma": 1.0, "log-sigma": sigma, "variance": 0.5 / sigma}
    return factors[scale]


def bernoulli(
    f: Integrand, logits: Float[Tensor, "d"], z: Float[Tensor, "S d"], wrt: str = "logits"
) -> Float[Tensor, "S d"]:
    """Contributions to ∂/∂logits or ∂/∂probs of independent z_j in {0, 1}."""
    _samples.finite(logits=logits, z=z)
    _samples.shaped("d, S d", logits=logits, z=z)
    _samples.states(z, 2)
    _samples.one_of("wrt", wrt, ("logits", "probs"))
    sign = 2 * z - 1
    right = torch.sigmoid(sign * logits)  # q(z_j), to full relative accuracy on either side
    score = sign / right if wrt == "probs" else sign * torch.sigmoid(-sign * logits)
    return _samples.values(f, z)[:, None] * score


def categorical(
    f: Integrand, logits: Float[Tensor, "d K"], z: Float[Tensor, "S d"], wrt: str = "logits"
) -> Float[Tensor, "S d K"]:
    """Contributions to the gradient for independent z_j in {0, …, K−1}; wrt probs q = p, wrt weights q = w/Σw at w = p."""
    _samples.finite(logits=logits, z=z)
    _samples.shaped("d K, S d", logits=logits, z=z)
    _samples.states(z, logits.shape[1])
    return _samples.values(f, z)[:, None, None] * categorical_score(logits, z, wrt)


def categorical_score(
    logits: Float[Tensor, "d K"], z: Float[Tensor, "S d"], wrt: str = "logits"
) -> Float[Tensor, "S d K"]:
    """∇ log q_j(z_j): 1[z = k] − p_k, 1[z = k]/p_k, or 1[z = k]/p_k − 1."""
    _samples.one_of("wrt", wrt, ("logits", "probs", "weights"))
    hit = torch.nn.functional.one_hot(z.long(), logits.shape[1]).to(logits.dtype)
    if wrt == "logits":
        return hit - logits.softmax(1)
    return hit * (-logits.log_softmax(1)).exp() - (1.0 if wrt == "weights" else 0.0)


def line(f: Integrand, family: str, params: Float[Tensor, "P"], z: Float[Tensor, "S"]) -> Float[Tensor, "S P"]:
    """Contributions for q on the line: exponential(rate), gamma(shape, rate), laplace(centre, scale)."""
    _samples.finite(params=params, z=z)
    _samples.shaped("P, S", params=params, z=z)
    if family in MOVING:
        raise ValueError(f"family: the support of {family!r} moves with its parameters, and no score is unbiased there")
    _samples.one_of("family", family, tuple(FAMILIES))
    names, score = FAMILIES[family]
    if len(params) != len(names):
        raise ValueError(f"params: expected {family}'s {', '.join(names)}, got {len(params)} number(s)")
    _samples.positive(**{n: x for n, x in zip(names, params, strict=True) if n != "centre"})
    if family != "laplace":
        _samples.positive(z=z)
    return _samples.values(f, z)[:, None] * torch.stack(score(*params, z), 1)


def _exponential(rate: Tensor, z: Tensor) -> tuple[Tensor, ...]:
    return (1 / rate - z,)


def _gamma(shape: Tensor, rate: Tensor, z: Tensor) -> tuple[Tensor, ...]:
    return rate.log() - torch.digamma(shape) + z.log(), shape / rate - z


def _laplace(centre: Tensor, scale: Tensor, z: Tensor) -> tuple[Tensor, ...]:
    eps = (z - centre) / scale
    return eps.sign() / scale, (eps.abs() - 1) / scale


FAMILIES: dict[str, tuple[tuple[str, ...], Callable[..., tuple[Tensor, ...]]]] = {
    "exponential": (("rate",), _exponential),
    "gamma": (("shape", "rate"), _gamma),
    "laplace": (("centre", "scale"), _laplace),
}
MOVING = ("uniform", "pareto", "shifted-exponential")
