"""What "sum over paths" means: a semiring (⊕, ⊗), entered from log scores.

A path weighs the ⊗-product of its scores, a lattice the ⊕-sum of its paths. Every semiring here is entered by
`lift` from a log score s in [-∞, ∞), and lift(-∞) = 0 (annihilates ⊗, no path), lift(0) = 1 (neutral for ⊗):

    LOG      s          ⊕ = logsumexp               ⊗ = +        Σ over paths, as a logarithm
    MAX      s          ⊕ = max                     ⊗ = +        the best path (Viterbi)
    REAL     exp s      ⊕ = +                       ⊗ = ·        Σ over paths, as a number
    COUNT    [s > -∞]   ⊕ = +                       ⊗ = ·        how many paths there are (exact below 2^53)
    ENTROPY  (s, 0)     ⊕ = (logsumexp s_i,         ⊗ = +        log Σ, and the entropy of the paths' posterior
                             Σ w_i (h_i - log w_i)),  w = softmax(s)

An element of ENTROPY is a tensor with one more, leading axis of length 2; all other elements have the shape of
the scores. h is the entropy of a choice of path among those summed, so it adds under ⊗, and ⊕ is the chain rule
of entropy. `size` is a magnitude along the last axis; x divided by it neither over- nor underflows, which lets a
recursion of any length run in any of them (COUNT, being exact, is not divided).

Source: Mohri 2002, §2; Goodman 1999; Li & Eisner 2009, §4 (the expectation semiring, here normalised).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Semiring:
    """lift(scores) enters; sum(x, dim) = ⊕ along a negative dim; times = ⊗; dot(x, A) = ⊕_i x_i ⊗ A_ij.

    size(x) is [..., 1], divide(x, size) undoes ⊗ by it, and log(size) is its logarithm.
    """

    name: str
    lift: Callable[[Tensor], Tensor]
    sum: Callable[[Tensor, int], Tensor]
    times: Callable[[Tensor, Tensor], Tensor]
    dot: Callable[[Tensor, Tensor], Tensor]
    size: Callable[[Tensor], Tensor]
    divide: Callable[[Tensor, Tensor], Tensor]
    log: Callable[[Tensor], Tensor]


def log_sum_exp(x: Tensor, dim: int) -> Tensor:
    """log Σ exp x along dim; -∞, not NaN, where all are -∞."""
    top = _finite(x.detach().amax(dim, keepdim=True))
    return (x - top).exp().sum(dim).log() + top.squeeze(dim)


def softmax(x: Tensor, dim: int | tuple[int, ...]) -> Tensor:
    """exp x / Σ exp x along dim; zeros, not NaN, where all are -∞."""
    weight = (x - _finite(x.amax(dim, keepdim=True))).exp()
    total = weight.sum(dim, keepdim=True)
    return weight / total.where(total > 0, 1)


def _finite(top: Tensor) -> Tensor:
    return top.where(top > -torch.inf, 0)


def _identity(s: Tensor) -> Tensor:
    return s


def _maximum(x: Tensor, dim: int) -> Tensor:
    return x.amax(dim)


def _add(x: Tensor, dim: int) -> Tensor:
    return x.sum(dim)


def _largest(x: Tensor) -> Tensor:
    return _finite(x.detach().amax(-1, keepdim=True))


def _mean_entropy(x: Tensor, dim: int) -> Tensor:
    s, h = x
    w = softmax(s, dim)
    return torch.stack([log_sum_exp(s, dim), (w * h - torch.xlogy(w, w)).sum(dim)])


def _product(x: Tensor, A: Tensor) -> Tensor:
    return x @ A if A.ndim == 2 else (x[..., None, :] @ A)[..., 0, :]


LOG = Semiring(
    "log",
    lift=_identity,
    sum=log_sum_exp,
    times=torch.add,
    dot=lambda x, A: log_sum_exp(x[..., :, None] + A, -2),
    size=_largest,
    divide=torch.sub,
    log=_identity,
)
MAX = replace(LOG, name="max", sum=_maximum, dot=lambda x, A: (x[..., :, None] + A).amax(-2))
REAL = Semiring(
    "real",
    lift=torch.exp,
    sum=_add,
    times=torch.mul,
    dot=_product,
    size=lambda x: x.detach().amax(-1, keepdim=True).clamp_min(torch.finfo(x.dtype).tiny),
    divide=torch.div,
    log=torch.log,
)
COUNT = replace(
    REAL,
    name="count",
    lift=lambda s: (s > -torch.inf).to(s),
    size=lambda x: torch.ones_like(x[..., :1]),
)
ENTROPY = Semiring(
    "entropy",
    lift=lambda s: torch.stack([s, torch.zeros_like(s)]),
    sum=_mean_entropy,
    times=torch.add,
    dot=lambda x, A: _mean_entropy(x[..., :, None] + A, -2),
    size=lambda x: _largest(x[0]),
    divide=lambda x, size: torch.stack([x[0] - size, x[1]]),
    log=_identity,
)
