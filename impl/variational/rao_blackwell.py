"""Rao-Blackwellized black-box gradients: each variable listens to the factors that mention it, and to no other.

For q(z) = Π_i q_i(z_i) and f(z) = Σ_c f_c(z_c), a factor without z_i is independent of the score of q_i, whose mean is 0:

    ∇_i E f = E [∇ log q_i(z_i) Σ_{c ∋ i} f_c(z_c)]                                                    ("blanket")
            = E [Σ_k ∇q_i(k) Σ_{c ∋ i} f_c(z_c with z_i = k)]                                           ("summed")

The first leaves terms out. That is no conditional expectation, and the variance may rise: a constant factor elsewhere
can happen to serve as a baseline. The second is the expectation over z_i given the rest, so that its variance is never
above that of the plain score function estimator, nor of the first. With the entropy of q, −log q_i is one more factor of i.

Symbols:
    factors  pairs (scope, f_c): indices of variables, and z[..., len(scope)] -> [...]
    z        [S, d], samples of q; states are whole numbers in the dtype of the parameters
Source: Ranganath, Gerrish and Blei 2014, §3.1; Titsias and Lázaro-Gredilla 2015 (summed).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch

from . import _samples
from .score_function import categorical_score, normal_score

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor

    Factor = tuple[Sequence[int], Callable[[Tensor], Tensor]]


def blanket_sums(factors: Sequence[Factor], z: Float[Tensor, "S d"]) -> Float[Tensor, "S d"]:
    """Σ_{c ∋ i} f_c(z_c), for each variable its own sum."""
    S, d = z.shape
    sums = z.new_zeros(S, d)
    for scope, f in factors:
        where = _scope(scope, d)
        sums[:, where] += _values(f, z[:, where])[:, None]
    return sums


def discrete(
    factors: Sequence[Factor],
    logits: Float[Tensor, "d K"],
    z: Float[Tensor, "S d"],
    method: str = "blanket",
    entropy: bool = False,
) -> Float[Tensor, "S d K"]:
    """Contributions to ∂/∂logits of E_q Σ_c f_c (+ H(q)) for z_i in {0, …, K−1}."""
    _samples.finite(logits=logits, z=z)
    _samples.shaped("d K, S d", logits=logits, z=z)
    _samples.states(z, logits.shape[1])
    _samples.one_of("method", method, ("blanket", "summed"))
    log_q = logits.log_softmax(1)
    if method == "summed":
        return _summed(factors, log_q, z, entropy)
    sums = blanket_sums(factors, z)
    if entropy:
        sums = sums - log_q[torch.arange(z.shape[1], device=z.device), z.long()]
    return sums[:, :, None] * categorical_score(logits, z)


def normal(
    factors: Sequence[Factor],
    mu: Float[Tensor, "d"],
    sigma: Float[Tensor, "d"],
    z: Float[Tensor, "S d"],
    scale: str = "sigma",
) -> Float[Tensor, "S 2d"]:
    """Contributions to ∂/∂μ, then to ∂/∂(scale), of E_q Σ_c f_c for independent normals."""
    _samples.finite(mu=mu, sigma=sigma, z=z)
    _samples.shaped("d, d, S d", mu=mu, sigma=sigma, z=z)
    _samples.positive(sigma=sigma)
    return blanket_sums(factors, z).repeat(1, 2) * normal_score(mu, sigma, z, scale)


def _summed(
    factors: Sequence[Factor], log_q: Float[Tensor, "d K"], z: Float[Tensor, "S d"], entropy: bool
) -> Float[Tensor, "S d K"]:
    """p_k (L_k − Σ_j p_j L_j), L_k the blanket's sum with z_i = k."""
    (S, d), K = z.shape, log_q.shape[1]
    L = z.new_zeros(S, d, K) - (log_q if entropy else 0.0)
    every = torch.arange(K, dtype=z.dtype, device=z.device)
    for scope, f in factors:
        where = _scope(scope, d)
        for at, i in enumerate(where):
            moved = z[:, where].repeat_interleave(K, 0)
            moved[:, at] = every.repeat(S)
            L[:, i] += _values(f, moved).view(S, K)
    p = log_q.exp()
    return p * (L - (p * L).sum(2, keepdim=True))


def _values(f: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    return _samples.values(f, z, "factors: a factor")


def _scope(scope: Sequence[int], d: int) -> list[int]:
    where = list(scope)
    if not where or len(set(where)) != len(where) or not all(0 <= i < d for i in where):
        raise ValueError(f"factors: expected scopes of distinct variables 0 to {d - 1}, got {tuple(scope)}")
    return where
