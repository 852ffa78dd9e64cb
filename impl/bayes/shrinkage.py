"""The normal mean with a normal prior: a posterior that shrinks the data towards what was believed before.

    θ ~ N(μ₀, τ₀²),   y_i | θ ~ N(θ, σ²)  independently,   i = 1..n
    1/τ_n² = 1/τ₀² + n/σ²,        μ_n/τ_n² = μ₀/τ₀² + Σ_i y_i/σ²

The prior is worth κ₀ = σ²/τ₀² observations: μ_n = (κ₀ μ₀ + Σ y_i)/(κ₀ + n), τ_n² = σ²/(κ₀ + n). This form of the
precisions cancels nothing, whatever the variances; κ₀ = 0 is the flat prior. One observation moves the mean as a
compromise, which is the prior adjusted to the data and the data shrunk towards the prior:

    μ₁ = (μ₀/τ₀² + y/σ²)/(1/τ₀² + 1/σ²) = μ₀ + (y - μ₀) τ₀²/(σ² + τ₀²) = y - (y - μ₀) σ²/(σ² + τ₀²)

Each observation is predicted by N(μ_{i-1}, τ_{i-1}² + σ²); the product of the predictions is the evidence p(y).

Symbols: mu0, tau0_sq, sigma_sq [...] (variances, not deviations); y [..., n]; leading dimensions broadcast.
Errors: relative few u for τ_n², few u of the weighted mean of |μ₀| and |y_i| for μ_n.
Source: Gelman et al., Bayesian Data Analysis, 3rd ed., §2.5.
"""

from __future__ import annotations

from math import log, pi
from typing import TYPE_CHECKING, NamedTuple

import torch

from . import _inputs

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


class Normal(NamedTuple):
    """N(mu, tau_sq): a mean and a variance of one shape."""

    mu: Tensor
    tau_sq: Tensor


def posterior(
    mu0: Float[Tensor, "*B"],
    tau0_sq: Float[Tensor, "*B"],
    sigma_sq: Float[Tensor, "*B"],
    y: Float[Tensor, "*B n"],
) -> Normal:
    """N(μ_n, τ_n²); the prior itself, bit for bit, where n = 0. τ₀² = inf is the flat prior and needs n >= 1."""
    mu0, tau0_sq, sigma_sq, y = _inputs.normal_model(mu0, tau0_sq, sigma_sq, y)
    n = y.shape[-1]
    if n == 0:
        return Normal(mu0.clone(), tau0_sq.clone())
    kappa0 = sigma_sq / tau0_sq
    return Normal((kappa0 * mu0 + y.sum(-1)) / (kappa0 + n), sigma_sq / (kappa0 + n))


def sequence(
    mu0: Float[Tensor, "*B"],
    tau0_sq: Float[Tensor, "*B"],
    sigma_sq: Float[Tensor, "*B"],
    y: Float[Tensor, "*B n"],
) -> Normal:
    """All posteriors N(μ_i, τ_i²) along the data, [..., n + 1], the prior first."""
    mu0, tau0_sq, sigma_sq, y = _inputs.normal_model(mu0, tau0_sq, sigma_sq, y)
    kappa0 = (sigma_sq / tau0_sq)[..., None]
    kappa = kappa0 + torch.arange(1, y.shape[-1] + 1, dtype=y.dtype, device=y.device)
    mu = (kappa0 * mu0[..., None] + y.cumsum(-1)) / kappa
    tau_sq = sigma_sq[..., None] / kappa
    return Normal(torch.cat([mu0[..., None], mu], -1), torch.cat([tau0_sq[..., None], tau_sq], -1))


def predictive(
    mu0: Float[Tensor, "*B"],
    tau0_sq: Float[Tensor, "*B"],
    sigma_sq: Float[Tensor, "*B"],
    y: Float[Tensor, "*B n"],
) -> Normal:
    """N(μ_n, τ_n² + σ²), the law of the next observation."""
    mu, tau_sq = posterior(mu0, tau0_sq, sigma_sq, y)
    return Normal(mu, tau_sq + sigma_sq)


def log_evidence(
    mu0: Float[Tensor, "*B"],
    tau0_sq: Float[Tensor, "*B"],
    sigma_sq: Float[Tensor, "*B"],
    y: Float[Tensor, "*B n"],
) -> Float[Tensor, "*B"]:
    """log p(y) = Σ_i log N(y_i; μ_{i-1}, τ_{i-1}² + σ²); 0 for no data, -inf under the flat prior."""
    mu0, tau0_sq, sigma_sq, y = _inputs.normal_model(mu0, tau0_sq, sigma_sq, y)
    mu, tau_sq = sequence(mu0, tau0_sq, sigma_sq, y)
    variance = tau_sq[..., :-1] + sigma_sq[..., None]
    surprise = (y - mu[..., :-1]).square() / variance
    return -0.5 * (surprise + variance.log() + log(2 * pi)).sum(-1)


def compromise(
    mu0: Float[Tensor, "*B"], tau0_sq: Float[Tensor, "*B"], sigma_sq: Float[Tensor, "*B"], y: Float[Tensor, "*B"]
) -> Float[Tensor, "*B"]:
    """μ₁ = (μ₀/τ₀² + y/σ²)/(1/τ₀² + 1/σ²), each weighted by its precision."""
    _inputs.normal_model(mu0, tau0_sq, sigma_sq, y[..., None])
    return (mu0 / tau0_sq + y / sigma_sq) / (1 / tau0_sq + 1 / sigma_sq)


def adjusted(
    mu0: Float[Tensor, "*B"], tau0_sq: Float[Tensor, "*B"], sigma_sq: Float[Tensor, "*B"], y: Float[Tensor, "*B"]
) -> Float[Tensor, "*B"]:
    """μ₁ = μ₀ + (y - μ₀) τ₀²/(σ² + τ₀²), the prior mean adjusted to the data."""
    _inputs.normal_model(mu0, tau0_sq, sigma_sq, y[..., None])
    return mu0 + (y - mu0) / (1 + sigma_sq / tau0_sq)


def shrunk(
    mu0: Float[Tensor, "*B"], tau0_sq: Float[Tensor, "*B"], sigma_sq: Float[Tensor, "*B"], y: Float[Tensor, "*B"]
) -> Float[Tensor, "*B"]:
    """μ₁ = y - (y - μ₀) σ²/(σ² + τ₀²), the data shrunk towards the prior mean."""
    _inputs.normal_model(mu0, tau0_sq, sigma_sq, y[..., None])
    return y - (y - mu0) * (sigma_sq / (sigma_sq + tau0_sq))
