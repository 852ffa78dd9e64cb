"""Reparameterization through a rejection sampler: the gamma variable of Marsaglia and Tsang.

The sampler proposes ε ~ s = N(0, 1), keeps it with probability a(ε) and returns h(ε; α), a smooth function of α:

    h(ε; α) = d (1 + c ε)³,  d = α − ⅓,  c = 1/√(9d),        log a = ε²/2 + d − h + d log(h/d) <= 0,  a = 0 for cε <= −1

What was kept has the density π(ε; α) = q(h; α) ∂h/∂ε ∝ s(ε) a(ε), and with r = s/(∂h/∂ε) the proposal's density of h

    ∇_α E f = E_π f'(z) ∂_αh + E_π f(z) ∂_α log (q(h; α)/r(h; α))
              g_rep            g_corr: ∂_α log π(ε; α), as s does not depend on α

Almost every ε is kept (at least 95 in 100 for α >= 1), so π is nearly s and g_corr nearly zero: nearly, and without it
the gradient is biased. Shape augmentation makes it smaller: z̃ = h(ε; α+B) and u_i uniform give

    z = z̃ Π_{i=1}^B u_i^{1/(α+i−1)} ~ Gamma(α),      ∂_αz = z (∂_α log h − Σ_i log u_i / (α+i−1)²)

and the correction is that of the shape α + B; shapes α < 1 need B >= 1.

Symbols:
    f, df  z -> f(z) and f'(z), [S] -> [S];  alpha > 0, the rate is 1;  eps [S] kept noise, u [S, B] uniform on (0, 1)
Source: Naesseth, Ruiz, Linderman and Blei 2017, §3-5; Marsaglia and Tsang 2000, §2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from . import _samples

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor

    from ._samples import Integrand


class Rejection(NamedTuple):
    """Contributions to ∂/∂α, samples z, log π of the noise, and log a, with which such noise was kept; all [S]."""

    g_rep: Float[Tensor, "S"]
    g_corr: Float[Tensor, "S"]
    z: Float[Tensor, "S"]
    log_pi: Float[Tensor, "S"]
    log_accept: Float[Tensor, "S"]


def gamma(f: Integrand, df: Integrand, alpha: float, eps: Float[Tensor, "S"], u: Float[Tensor, "S B"]) -> Rejection:
    """g_rep + g_corr, whose mean over ε ~ π(·; α+B) and uniform u is ∂E f/∂α for z ~ Gamma(α).

    ValueError unless α > 0, α + B >= 1, 0 < u < 1 and ε > −√(9(α+B) − 3), where h > 0.
    """
    _samples.finite(eps=eps, u=u)
    _samples.shaped("S, S B", eps=eps, u=u)
    a = _shape(alpha, u.shape[1], eps)
    if bool((u <= 0).any()) or bool((u > 1).any()):
        raise ValueError(f"u: expected numbers between 0 and 1, got {float(u.min())} to {float(u.max())}")
    d = a - 1 / 3
    c = 1 / (9 * d).sqrt()
    v = 1 + c * eps
    if bool((v <= 0).any()):
        raise ValueError(f"eps: expected noise above {-1 / float(c):.4g}, got {float(eps.min())}")
    # ∂_αv = −cε/2d, so that ∂_α log h = 1/d + 3 ∂_αv/v and log ∂h/∂ε = log 3cd + 2 log v.
    dv = -c * eps / (2 * d)
    log_v = v.log()
    h, dlog_h = d * v**3, 1 / d + 3 * dv / v
    down = a - u.shape[1] + torch.arange(u.shape[1], dtype=eps.dtype, device=eps.device)
    shrink = (u.log() / down).sum(1).exp()
    z = h * shrink
    dz = z * (dlog_h - (u.log() / down.square()).sum(1))
    log_h = d.log() + 3 * log_v
    log_pi = (a - 1) * log_h - h - torch.lgamma(a) + (3 * c * d).log() + 2 * log_v
    score = log_h - torch.digamma(a) + (a - 1 - h) * dlog_h + 1 / (2 * d) + 2 * dv / v
    log_accept = eps.square() / 2 + d - h + 3 * d * log_v
    return Rejection(_samples.slopes(df, z) * dz, _samples.values(f, z) * score, z, log_pi, log_accept)


def sample(
    alpha: float, n: int, B: int = 1, *, generator: torch.Generator, dtype: torch.dtype = torch.float64
) -> tuple[Float[Tensor, "n"], Float[Tensor, "n B"]]:
    """n draws of noise for `gamma`: ε kept with probability a(ε), and u; on the generator's device."""
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        raise ValueError(f"n: expected an integer >= 0, got {n!r}")
    eps = torch.empty(n, dtype=dtype, device=generator.device)
    d = _shape(alpha, B, eps) - 1 / 3
    number = 0
    while number < n:
        tried = torch.empty_like(eps).normal_(generator=generator)
        v = (1 + tried / (9 * d).sqrt()).clamp_min(0)
        log_accept = tried.square() / 2 + d - d * v**3 + 3 * d * v.log()
        kept = tried[torch.empty_like(eps).uniform_(generator=generator).log() < log_accept][: n - number]
        eps[number : number + len(kept)] = kept
        number += len(kept)
    return eps, 1 - eps.new_empty(n, B).uniform_(generator=generator)


def _shape(alpha: float, B: int, like: Tensor) -> Tensor:
    """α + B as a number of the dtype of `like`, checked."""
    if not 0 < float(alpha) < torch.inf:
        raise ValueError(f"alpha: expected a finite number > 0, got {alpha}")
    if isinstance(B, bool) or not isinstance(B, int) or B < 0 or float(alpha) + B < 1:
        raise ValueError(f"B: expected an integer >= 0 with alpha + B >= 1, got {B!r} for alpha = {alpha}")
    return torch.as_tensor(float(alpha) + B, dtype=like.dtype, device=like.device)
