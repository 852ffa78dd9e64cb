"""The variational autoencoder: a decoder of latent variables, trained together with an encoder that infers them.

    z ~ N(0, I),  x ~ p(x|z) by the decoder;      q(z|x) = N(μ(x), diag σ²(x)) by the encoder,  z = μ + σε
    L(x, ε) = log p(x|z) - KL(q(z|x) ‖ N(0, I)) <= log p(x) on average over ε

Bernoulli decoders give logits l, log p(x|z) = Σ x l - log(1 + e^l), also for intensities 0 <= x <= 1; Gaussian ones give a
mean and share one trained variance. Over a minibatch of B of N items the bound of all data is N/B Σ L, unbiased.
With linear maps and a Gaussian decoder this is probabilistic principal component analysis: its best bound is log p(x).

Symbols: x [B, D], eps [B, d], L [B]; logvar = log σ².
Source: Kingma & Welling 2014, eq. (10) and App. B, C.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import log, pi
from typing import TYPE_CHECKING, Literal, NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from .elbo import gaussian_kl

if TYPE_CHECKING:
    from typing import Annotated as Float
    from typing import Annotated as Int

    from torch import Tensor

    Likelihood = Literal["bernoulli", "gaussian"]


class Encoded(NamedTuple):
    """Mean and log-variance of q(z|x), [B, d] each."""

    mu: Tensor
    logvar: Tensor


def reparameterize(
    mu: Float[Tensor, "B d"], logvar: Float[Tensor, "B d"], eps: Float[Tensor, "B d"]
) -> Float[Tensor, "B d"]:
    """z = μ + e^(logvar/2) ε."""
    return mu + (logvar / 2).exp() * eps


def bernoulli_log_likelihood(x: Float[Tensor, "*B D"], logits: Float[Tensor, "*B D"]) -> Float[Tensor, "*B"]:
    """Σ x l - log(1 + e^l) = Σ log sigmoid(l) - (1 - x) l, exact to rounding for logits of any size."""
    if bool(((x < 0) | (x > 1) | torch.isnan(x)).any()):
        raise ValueError(f"x: expected numbers from 0 to 1, got {float(x.min())} to {float(x.max())}")
    if bool(torch.isnan(logits).any()):
        raise ValueError("logits: expected no NaN")
    if x.shape != logits.shape:
        raise ValueError(f"x, logits: expected one shape, got {list(x.shape)} and {list(logits.shape)}")
    return (F.logsigmoid(logits) - (1 - x) * logits).sum(-1)


def gaussian_log_likelihood(
    x: Float[Tensor, "*B D"], mean: Float[Tensor, "*B D"], logvar: Float[Tensor, "*B D"]
) -> Float[Tensor, "*B"]:
    """-½ Σ ((x - mean)² e^-logvar + logvar + log 2π)."""
    for name, value in (("x", x), ("mean", mean), ("logvar", logvar)):
        if not bool(torch.isfinite(value).all()):
            raise ValueError(f"{name}: expected finite numbers, shape {list(value.shape)}")
    return -0.5 * ((x - mean).square() * (-logvar).exp() + logvar + log(2 * pi)).sum(-1)


def minibatch_elbo(
    local: Float[Tensor, "*B n"], N: int, shared: Float[Tensor, "*B"] | float = 0.0
) -> Float[Tensor, "*B"]:
    """N/n Σ_i local_i + shared: the bound of N items from n of them; what belongs to no item is not scaled."""
    n = local.shape[-1]
    if not 1 <= n <= N:
        raise ValueError(f"local: expected 1 to N = {N} items along the last dimension, got {n}")
    return N / n * local.sum(-1) + shared


class VAE(nn.Module):
    """Encoder and decoder of tanh layers; without hidden widths both are linear.

    likelihood  "bernoulli": x in [0, 1]; "gaussian": real x with one trained log-variance
    generator   initial weights come from it alone; two of one seed are equal
    """

    def __init__(
        self,
        data: int,
        latent: int,
        hidden: tuple[int, ...] = (),
        likelihood: Likelihood = "bernoulli",
        *,
        generator: torch.Generator,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        if likelihood not in ("bernoulli", "gaussian"):
            raise ValueError(f"likelihood: expected 'bernoulli' or 'gaussian', got {likelihood!r}")
        self.likelihood = likelihood
        self.latent = latent
        self.encoder = _layers((data, *hidden, 2 * latent), generator, dtype)
        self.decoder = _layers((latent, *hidden[::-1], data), generator, dtype)
        if likelihood == "gaussian":
            self.logvar = nn.Parameter(torch.zeros((), dtype=dtype))

    def encode(self, x: Float[Tensor, "B D"]) -> Encoded:
        """q(z|x)."""
        return Encoded(*self.encoder(x).chunk(2, -1))

    def log_likelihood(self, x: Float[Tensor, "B D"], z: Float[Tensor, "B d"]) -> Float[Tensor, "B"]:
        """log p(x|z)."""
        out = self.decoder(z)
        if self.likelihood == "bernoulli":
            return bernoulli_log_likelihood(x, out)
        return gaussian_log_likelihood(x, out, self.logvar.expand_as(out))

    def forward(self, x: Float[Tensor, "B D"], eps: Float[Tensor, "B d"]) -> Float[Tensor, "B"]:
        """L(x, ε), one number an item."""
        mu, logvar = self.encode(x)
        return self.log_likelihood(x, reparameterize(mu, logvar, eps)) - gaussian_kl(mu, logvar)

    def log_weights(self, x: Float[Tensor, "B D"], eps: Float[Tensor, "B d"]) -> Float[Tensor, "B"]:
        """log p(x, z) - log q(z|x), for bounds of several samples."""
        mu, logvar = self.encode(x)
        z = reparameterize(mu, logvar, eps)
        prior_to_q = (eps.square() - z.square() + logvar).sum(-1) / 2
        return self.log_likelihood(x, z) + prior_to_q


def fit(
    vae: VAE,
    x: Float[Tensor, "N D"],
    *,
    epochs: int,
    batch: int,
    lr: float = 1e-3,
    generator: torch.Generator,
) -> Iterator[float]:
    """Adam on minibatches in random order; yields the mean bound of each epoch as it was trained."""
    adam = torch.optim.Adam(vae.parameters(), lr=lr)
    for _ in range(epochs):
        total = 0.0
        for index in _minibatches(len(x), batch, generator):
            eps = torch.randn(len(index), vae.latent, generator=generator, dtype=x.dtype)
            bound = vae(x[index], eps.to(x.device)).mean()
            adam.zero_grad()
            (-bound).backward()
            adam.step()
            total += bound.item() * len(index)
        yield total / len(x)


def _minibatches(N: int, batch: int, generator: torch.Generator) -> Iterator[Int[Tensor, "B"]]:
    order: Tensor = torch.randperm(N, generator=generator)
    yield from torch.split(order, batch)


def _layers(widths: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype) -> nn.Sequential:
    """Linear maps with tanh between them, their weights Glorot-uniform and their biases 0."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(widths):
        # Not filled by the global generator.
        linear = nn.utils.skip_init(nn.Linear, fan_in, fan_out, dtype=dtype)  # type: ignore[no-untyped-call]
        nn.init.xavier_uniform_(linear.weight, generator=generator)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.Tanh()]
    return nn.Sequential(*layers[:-1])
