"""Implicit reparameterization: how a sample moves with the parameters of its law, whatever drew it.

A distribution function F(z; θ) standardises every continuous law: F(z; θ) = u. Hold u, move θ:

    F_θ + q(z; θ) dz/dθ = 0   ⇒   dz/dθ = −F_θ(z; θ) / q(z; θ),      ∇_θ E f(z) = E f'(z) dz/dθ

No inverse of F is needed, and z may come from any sampler. On the line this velocity is the only one that keeps up
with the density, ∂_θ q + ∂_z(q dz/dθ) = 0, and lets nothing through at the ends. The shapes of gamma, beta and
Student t laws have no F_θ in closed form; _score_integral finds them to 1e-10 and better.

    Dirichlet   z_i ~ Beta(α_i, Σα − α_i), the other parts keep their proportions: dz_j/dα_i = D_i (δ_ij − z_j)/(1 − z_i),
                D_i the beta's dz/dα (in more than one dimension other velocities would serve as well)
    mixture     with responsibilities r_k = w_k q_k/q:  dz/dθ_k = r_k dz_k/dθ_k,  dz/dlogit_k = −w_k (F_k − F)/q

Symbols:
    z samples, parameters of shapes that broadcast with theirs; the Dirichlet's components and the mixture's K last
Source: Figurnov, Mohamed and Mnih 2018, §3-4; the Dirichlet after Jankowiak and Obermeyer 2018.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, pi
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable

from . import _samples
from ._beta_derivative import dz_dshapes
from ._gamma_derivative import dz_dalpha
from ._score_integral import FEW, MANY, elementwise
from ._student_derivative import dz_dkappa, dz_dnu

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


class Shapes(NamedTuple):
    """dz/dα and dz/dβ of a beta variable."""

    alpha: Float[Tensor, "*S"]
    beta: Float[Tensor, "*S"]


class Mixture(NamedTuple):
    """dz/dlogits, dz/dμ and dz/dσ of a mixture of normals."""

    logits: Float[Tensor, "*S K"]
    mu: Float[Tensor, "*S K"]
    sigma: Float[Tensor, "*S K"]


def gamma(z: Float[Tensor, "*S"], alpha: Float[Tensor, "*S"]) -> Float[Tensor, "*S"]:
    """dz/dα of a gamma variable z of rate 1; of rate β it is (1/β) gamma(βz, α), and dz/dβ = −z/β.

    ValueError unless z > 0 and α > 0.
    """
    _samples.finite(z=z, alpha=alpha)
    _samples.positive(z=z, alpha=alpha)
    return elementwise(dz_dalpha, FEW, z=z, alpha=alpha)[0]


def beta(
    z: Float[Tensor, "*S"],
    alpha: Float[Tensor, "*S"],
    beta: Float[Tensor, "*S"],
    rest: Float[Tensor, "*S"] | None = None,
) -> Shapes:
    """dz/dα and dz/dβ of a beta variable; rest = 1 − z, where it is known better than from z.

    ValueError unless 0 < z < 1, α > 0 and β > 0.
    """
    _samples.finite(z=z, alpha=alpha, beta=beta, **({} if rest is None else {"rest": rest}))
    rest = 1 - z if rest is None else rest
    if bool((z <= 0).any()) or bool((rest <= 0).any()):
        raise ValueError(f"z: expected numbers between 0 and 1, got {float(z.min())} to {float(z.max())}")
    _samples.positive(alpha=alpha, beta=beta)
    return Shapes(*elementwise(dz_dshapes, MANY, z=z, rest=rest, alpha=alpha, beta=beta))


def dirichlet(z: Float[Tensor, "*S K"], alpha: Float[Tensor, "*S K"]) -> Float[Tensor, "*S K K"]:
    """dz_j/dα_i of a Dirichlet variable, i last; each z_i moves as the beta variable that it is by itself.

    ValueError unless z > 0, Σz = 1 up to rounding, K >= 2 and α > 0.
    """
    _samples.finite(z=z, alpha=alpha)
    _samples.positive(z=z, alpha=alpha)
    if z.ndim == 0 or alpha.shape[-1:] != z.shape[-1:] or z.shape[-1] < 2:
        raise ValueError(f"alpha: expected as many components as z, 2 or more, got {alpha.shape} for {z.shape}")
    off = float((z.sum(-1) - 1).abs().max()) if z.numel() else 0.0
    if off > 8 * z.shape[-1] * torch.finfo(z.dtype).eps:
        raise ValueError(f"z: expected components of sum 1, off by {off:.1e}")
    others = 1 - torch.eye(z.shape[-1], dtype=z.dtype, device=z.device)
    rest = z @ others
    moved = beta(z, alpha, (alpha @ others).expand_as(alpha), rest).alpha / rest
    return torch.diag_embed(moved) - z[..., :, None] * moved[..., None, :]


def student(z: Float[Tensor, "*S"], nu: Float[Tensor, "*S"]) -> Float[Tensor, "*S"]:
    """dz/dν of a Student t variable; ValueError unless ν > 0."""
    _samples.finite(z=z, nu=nu)
    _samples.positive(nu=nu)
    return elementwise(dz_dnu, MANY, z=z, nu=nu)[0]


def von_mises(z: Float[Tensor, "*S"], kappa: Float[Tensor, "*S"]) -> Float[Tensor, "*S"]:
    """dz/dκ of a von Mises angle about 0, cut at ±π; ValueError unless |z| <= π and κ >= 0."""
    _samples.finite(z=z, kappa=kappa)
    if bool((z.abs() > pi + 1e-6).any()):
        raise ValueError(f"z: expected angles from -pi to pi, got {float(z.min())} to {float(z.max())}")
    if bool((kappa < 0).any()):
        raise ValueError(f"kappa: expected numbers >= 0, got {float(kappa.min())}")
    return elementwise(dz_dkappa, FEW, z=z, kappa=kappa)[0]


def normal_mixture(
    z: Float[Tensor, "*S"], logits: Float[Tensor, "*S K"], mu: Float[Tensor, "*S K"], sigma: Float[Tensor, "*S K"]
) -> Mixture:
    """Derivatives of a draw z from Σ_k w_k N(μ_k, σ_k²), w = softmax(logits); ValueError unless σ > 0.

    The smaller of both tails stands for F, in logarithms.
    """
    _samples.finite(z=z, logits=logits, mu=mu, sigma=sigma)
    _samples.positive(sigma=sigma)
    x = (z[..., None] - mu) / sigma
    log_w = logits.log_softmax(-1)
    log_q = log_w - x.square() / 2 - sigma.log() - log(2 * pi) / 2
    total = log_q.logsumexp(-1, keepdim=True)
    r = (log_q - total).exp()
    below = (log_w + torch.special.log_ndtr(x)).logsumexp(-1, keepdim=True) < log(0.5)
    tail = torch.where(below, torch.special.log_ndtr(x), torch.special.log_ndtr(-x))
    share = (log_w + tail - total).exp()
    moved = share - log_w.exp() * share.sum(-1, keepdim=True)
    return Mixture(torch.where(below, -moved, moved), r, r * x)


def from_cdf(F: Callable[..., Tensor], z: Float[Tensor, "*S"], *theta: Tensor) -> tuple[Float[Tensor, "*S"], ...]:
    """−F_θ/F_z for each θ, by automatic differentiation of F(z, *theta), entry by entry."""
    _samples.finite(z=z, **{f"theta_{i}": t for i, t in enumerate(theta)})
    with torch.enable_grad():
        y, *v = (x.detach().expand_as(z).clone().requires_grad_() for x in (z, *theta))
        q, *slopes = torch.autograd.grad(F(y, *v).sum(), [y, *v])
    return tuple(-slope / q for slope in slopes)


def attach(derivative: Callable[..., Any], z: Float[Tensor, "*S"], *theta: Tensor) -> Float[Tensor, "*S"]:
    """z itself, with dz/dθ = derivative(z, *theta) behind it: f(attach(gamma, z, alpha)).backward() reaches alpha.

    The derivative is computed on the way back, has the shape of z, and may be a tuple, one entry for each θ.
    """
    attached: Tensor = _Attached.apply(derivative, z.detach(), *theta)  # type: ignore[no-untyped-call]
    return attached


class _Attached(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, derivative: Callable[..., Any], z: Tensor, *theta: Tensor) -> Tensor:
        ctx.derivative = derivative
        ctx.save_for_backward(z, *theta)
        return z.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        z, *theta = ctx.saved_tensors
        dz = ctx.derivative(z, *theta)
        dz = dz if isinstance(dz, tuple) else (dz,)
        return None, None, *((grad * d).sum_to_size(t.shape) for d, t in zip(dz, theta, strict=True))
