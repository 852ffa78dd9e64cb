"""James-Stein: the sample mean of three or more normal means is beaten everywhere by shrinking it.

    y_i ~ N(θ_i, σ²) independently, i = 1..p,   r = y - t,   S = ‖r‖²/σ²
    θ̂ = t + (1 - (p - 2)/S) r,        positive part:  θ̂⁺ = t + max(0, 1 - (p - 2)/S) r

Its risk falls short of that of y at every θ, p σ² - E‖θ̂ - θ‖² = (p - 2)² σ² E[1/(p - 2 + 2K)], K ~ Poisson(‖θ - t‖²/2σ²),
and the positive part is better still. Towards the grand mean, t = ȳ, one dimension is spent: p - 3 for p - 2. The risk
is estimated without bias by Stein's lemma,

    SURE(y) = p σ² + ‖g‖² + 2σ² ∇·g,   g = θ̂ - y:     p σ² - (m - 2)² σ²/S,   m = p or p - 1 dimensions shrunk,

and, where the positive part is 0 (S < m - 2), p σ² + (S - 2m) σ². With fewer than three dimensions to shrink nothing beats y,
which is then returned as it is. At r = 0, where the plain estimator has no limit, both are t.

Symbols: y [..., p], target t [..., p], sigma_sq [...]; SURE [...].
Source: James & Stein 1961; Efron & Morris 1973, 1975; Stein 1981.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from . import _inputs

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


def james_stein(
    y: Float[Tensor, "*B p"],
    sigma_sq: Float[Tensor, "*B"],
    target: Float[Tensor, "*B p"] | None = None,
    *,
    positive_part: bool = True,
) -> Float[Tensor, "*B p"]:
    """θ̂ shrunk towards `target`, or towards the grand mean ȳ where none is given."""
    y, sigma_sq, target, m = _problem(y, sigma_sq, target)
    if m <= 2:
        return y.clone()
    factor = 1 - (m - 2) / _distance(y, sigma_sq, target)
    factor = factor.clamp_min(0) if positive_part else factor.where(torch.isfinite(factor), 0)
    return torch.lerp(target, y, factor[..., None])


def risk_estimate(
    y: Float[Tensor, "*B p"],
    sigma_sq: Float[Tensor, "*B"],
    target: Float[Tensor, "*B p"] | None = None,
    *,
    positive_part: bool = True,
) -> Float[Tensor, "*B"]:
    """SURE, the unbiased estimate of E‖θ̂ - θ‖²; it may be negative."""
    y, sigma_sq, target, m = _problem(y, sigma_sq, target)
    p = y.shape[-1]
    if m <= 2:
        return p * sigma_sq
    S = _distance(y, sigma_sq, target)
    saved = (m - 2) ** 2 / S
    if positive_part:
        saved = saved.where(m - 2 <= S, 2 * m - S)
    return (p - saved) * sigma_sq


def _problem(y: Tensor, sigma_sq: Tensor, target: Tensor | None) -> tuple[Tensor, Tensor, Tensor, int]:
    """The arguments checked and broadcast, the grand mean for no target, and the number of dimensions shrunk."""
    _inputs.floating(y=y, sigma_sq=sigma_sq, **({} if target is None else {"target": target}))
    if y.ndim == 0 or y.shape[-1] == 0:
        raise ValueError(f"y: expected at least one mean along a last dimension, got shape {list(y.shape)}")
    _inputs.finite(y=y)
    _inputs.variance("sigma_sq", sigma_sq)
    sigma_sq, y = _inputs.broadcast(1, sigma_sq=sigma_sq, y=y)
    if target is None:
        return y, sigma_sq, y.mean(-1, keepdim=True).expand_as(y), y.shape[-1] - 1
    _inputs.finite(target=target)
    try:
        y, target = torch.broadcast_tensors(y, target)  # type: ignore[no-untyped-call]
    except RuntimeError:
        raise ValueError(f"target: expected the shape of y {list(y.shape)}, got {list(target.shape)}") from None
    return y, sigma_sq.expand(y.shape[:-1]), target, y.shape[-1]


def _distance(y: Tensor, sigma_sq: Tensor, target: Tensor) -> Tensor:
    """S = ‖y - t‖²/σ²."""
    return ((y - target) / sigma_sq[..., None].sqrt()).square().sum(-1)
