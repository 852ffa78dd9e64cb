"""What a hidden state emits: a symbol, a point, a count. Each knows its density, its M-step and how to sample.

    Discrete    p(x | k) = E_kx                       E_km = Σ_n γ_nk [x_n = m] / Σ_n γ_nk
    Gaussian    p(x | k) = N(x | μ_k, Σ_k)            the weighted moments, as in gmm
    Poisson     p(x | k) = λ_k^x exp(-λ_k) / x!       λ_k = Σ_n γ_nk x_n / Σ_n γ_nk

E_k maximises Σ_m c_km log E_km on the simplex (c the expected counts): with the multiplier λ = Σ_m c_km, as π in
gmm. A state that was never visited (Σ_n γ_nk = 0) keeps its old parameters.

Symbols: X [N] int64 symbols or counts (counts may be floating), or [N, D] points; gamma [N, K]; z [n] states.
Source: Bishop 2006, §13.2.1 (13.20-13.23); Zucchini & MacDonald 2009, §4.2.3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from . import _gaussian, _inputs

if TYPE_CHECKING:
    from typing import Annotated as Float
    from typing import Annotated as Int

    from torch import Tensor


@dataclass(frozen=True)
class Discrete:
    """E [K, M], rows on the simplex."""

    E: Float[Tensor, "K M"]

    def check(self) -> None:
        """E is row-stochastic."""
        _inputs.floating("E", self.E, 2)
        _inputs.nonempty("E", self.E)
        _inputs.simplex("E", self.E)

    def detached(self) -> Discrete:
        """The same, no part of a graph."""
        return replace(self, E=self.E.detach())

    @property
    def states(self) -> int:
        """K."""
        return len(self.E)

    def log_prob(self, X: Int[Tensor, "N"], out: Float[Tensor, "N K"] | None = None) -> Float[Tensor, "N K"]:
        """log E_{k, x_n}; ValueError for symbols outside 0..M-1."""
        _symbols("X", X, self.E.shape[1])
        return torch.index_select(self.E.log().T, 0, X.long(), out=out)

    def reestimated(self, X: Int[Tensor, "N"], gamma: Float[Tensor, "N K"]) -> Discrete:
        """The likeliest E for these posteriors."""
        counts = torch.zeros_like(self.E).T.contiguous().index_add_(0, X.long(), gamma).T
        mass = counts.sum(1, keepdim=True)
        return Discrete(torch.where(mass > 0, counts / mass.where(mass > 0, 1), self.E))

    def sample(self, z: Int[Tensor, "n"], generator: torch.Generator | None = None) -> Int[Tensor, "n"]:
        """One symbol for each state."""
        return torch.multinomial(self.E[z], 1, generator=generator)[:, 0]


@dataclass(frozen=True)
class Gaussian:
    """mu [K, D], Sigma [K, D, D]; covariance and reg as in gmm.mstep."""

    mu: Float[Tensor, "K D"]
    Sigma: Float[Tensor, "K D D"]
    covariance: str = "full"
    reg: float = 0.0

    def check(self) -> None:
        """Shapes fit, and every Σ_k is positive definite."""
        _inputs.one_of("covariance", self.covariance, _gaussian.COVARIANCES)
        _inputs.number("reg", self.reg)
        _gaussian.check(self.mu, self.mu, self.Sigma)
        _gaussian.cholesky(self.Sigma)

    def detached(self) -> Gaussian:
        """The same, no part of a graph."""
        return replace(self, mu=self.mu.detach(), Sigma=self.Sigma.detach())

    @property
    def states(self) -> int:
        """K."""
        return len(self.mu)

    def log_prob(self, X: Float[Tensor, "N D"], out: Float[Tensor, "N K"] | None = None) -> Float[Tensor, "N K"]:
        """log N(x_n | μ_k, Σ_k)."""
        _gaussian.check(X, self.mu, self.Sigma)
        return _gaussian.density(X, self.mu, _gaussian.cholesky(self.Sigma), out)

    def reestimated(self, X: Float[Tensor, "N D"], gamma: Float[Tensor, "N K"]) -> Gaussian:
        """The weighted means and covariances."""
        mass, mean, spread = _gaussian.quick_moments(X, gamma)
        Sigma = _gaussian.structured(spread, mass, self.covariance, self.reg)
        seen = mass > 0
        mean = torch.where(seen[:, None], mean, self.mu)
        return replace(self, mu=mean, Sigma=torch.where(seen[:, None, None], Sigma, self.Sigma))

    def sample(self, z: Int[Tensor, "n"], generator: torch.Generator | None = None) -> Float[Tensor, "n D"]:
        """One point for each state."""
        noise = torch.randn((len(z), self.mu.shape[1]), generator=generator, dtype=self.mu.dtype, device=z.device)
        return self.mu[z] + (_gaussian.cholesky(self.Sigma)[z] @ noise[..., None])[..., 0]


@dataclass(frozen=True)
class Poisson:
    """rate [K] >= 0."""

    rate: Float[Tensor, "K"]

    def check(self) -> None:
        """Rates are finite and >= 0."""
        _inputs.floating("rate", self.rate, 1)
        _inputs.nonempty("rate", self.rate)
        _inputs.nonnegative("rate", self.rate)

    def detached(self) -> Poisson:
        """The same, no part of a graph."""
        return replace(self, rate=self.rate.detach())

    @property
    def states(self) -> int:
        """K."""
        return len(self.rate)

    def log_prob(self, X: Tensor, out: Float[Tensor, "N K"] | None = None) -> Float[Tensor, "N K"]:
        """x_n log λ_k - λ_k - log x_n!; ValueError for anything but counts."""
        x = self._counts(X)
        return torch.sub(torch.xlogy(x[:, None], self.rate) - self.rate, torch.lgamma(x + 1)[:, None], out=out)

    def reestimated(self, X: Tensor, gamma: Float[Tensor, "N K"]) -> Poisson:
        """The weighted means."""
        mass = gamma.sum(0)
        return Poisson(torch.where(mass > 0, gamma.T @ self._counts(X) / mass.where(mass > 0, 1), self.rate))

    def sample(self, z: Int[Tensor, "n"], generator: torch.Generator | None = None) -> Int[Tensor, "n"]:
        """One count for each state."""
        return torch.poisson(self.rate[z], generator=generator).long()

    def _counts(self, X: Tensor) -> Tensor:
        if not isinstance(X, torch.Tensor) or X.ndim != 1 or X.numel() == 0:
            raise ValueError(f"X: expected counts of shape [N], N >= 1, got {getattr(X, 'shape', type(X).__name__)}")
        x = X.to(self.rate)
        if not bool(((x >= 0) & (x == x.floor()) & (x < torch.inf)).all()):
            raise ValueError("X: expected counts 0, 1, 2, ..., got other numbers")
        return x


Emission = Discrete | Gaussian | Poisson


def _symbols(name: str, x: Tensor, M: int) -> None:
    if not isinstance(x, torch.Tensor) or x.dtype not in (torch.int32, torch.int64) or x.ndim != 1 or x.numel() == 0:
        raise ValueError(f"{name}: expected int32 or int64 symbols of shape [N], N >= 1, got {x!r:.60}")
    if bool((x < 0).any()) or bool((x >= M).any()):
        raise ValueError(f"{name}: expected symbols in 0..{M - 1}, got {int(x.min())}..{int(x.max())}")
