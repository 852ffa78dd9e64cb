"""What ctc and transducer demand of a batch of scores and targets, and how lattices add logarithms.

A batch is ragged: item b has input_lengths[b] frames and target_lengths[b] labels, and what stands behind them
has no influence, be it NaN. Within them scores lie in [-∞, ∞) and labels in 0..C-1 without the blank.

log(exp a + exp b) = max + log(1 + exp(min - max)) serves the lattices as it stands: `torch.logaddexp` takes log1p,
which no vector unit of ours has, and is twice as slow. log(1 + x) loses x < u, an absolute error of u, which is
what the sum is rounded to anyhow once it is larger than 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from . import _inputs

if TYPE_CHECKING:
    from typing import Annotated as Float
    from typing import Annotated as Int

    from torch import Tensor

LEAST = torch.finfo(torch.float64).min


class Hypothesis(NamedTuple):
    """A labelling and the log-probability that a search found for it."""

    labels: tuple[int, ...]
    log_prob: float


def log_add(a: Float[Tensor, "*S"], b: Float[Tensor, "*S"], out: Tensor | None = None) -> Float[Tensor, "*S"]:
    """log(exp a + exp b) in float64, within 2 u of the larger one's magnitude + 1; -∞, not NaN, where both are -∞."""
    if not a.is_cpu:
        return torch.logaddexp(a, b, out=out)
    top = torch.maximum(a, b)
    rest = torch.minimum(a, b).sub_(top.clamp_min(LEAST)).exp_().add_(1).log_()
    return torch.add(rest, top, out=out)


def scores(name: str, x: Tensor, axes: str) -> None:
    """x is a float tensor with such axes, the last one not empty."""
    _inputs.floating(name, x)
    if x.ndim != len(axes.split()) or x.shape[-1] == 0:
        raise ValueError(f"{name}: expected shape [{axes}] with at least one class, got {list(x.shape)}")


def inside(name: str, x: Tensor, mask: Tensor | None = None) -> None:
    """x has scores in [-∞, ∞) wherever the mask, of its leading axes, holds."""
    if x.numel() and not bool(x.detach().amax() < torch.inf):
        bad = ~(x.detach() < torch.inf)
        if mask is not None:
            bad &= mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim))
        if bool(bad.any()):
            raise ValueError(f"{name}: expected scores below infinity and no NaN, got {int(bad.sum())} others")


def blank_index(blank: int, C: int) -> None:
    """blank is one of the C classes."""
    if isinstance(blank, bool) or not isinstance(blank, int) or not 0 <= blank < C:
        raise ValueError(f"blank: expected a class in 0..{C - 1}, got {blank!r}")


def lengths(name: str, x: Int[Tensor, "B"] | None, B: int, least: int, most: int, device: torch.device) -> Tensor:
    """x on the device as int64, `most` throughout if it is None."""
    if x is None:
        x = torch.full((B,), most)
    integers(name, x)
    if x.shape != (B,):
        raise ValueError(f"{name}: expected shape [{B}], one length per item, got {list(x.shape)}")
    if bool(((x < least) | (x > most)).any()):
        raise ValueError(f"{name}: expected lengths in {least}..{most}, got {x.tolist()}")
    return x.to(device=device, dtype=torch.int64)


def labels(
    targets: Int[Tensor, "B U"],
    target_lengths: Int[Tensor, "B"] | None,
    B: int,
    C: int,
    blank: int,
    device: torch.device,
    name: str = "target_lengths",
) -> tuple[Int[Tensor, "B U"], Int[Tensor, "B"]]:
    """The targets as int64, blank behind their ends, and their lengths."""
    integers("targets", targets)
    if targets.ndim != 2 or targets.shape[0] != B:
        raise ValueError(f"targets: expected shape [{B}, U], got {list(targets.shape)}")
    U = targets.shape[1]
    U_len = lengths(name, target_lengths, B, 0, U, device)
    y = targets.to(device=device, dtype=torch.int64)
    there = torch.arange(U, device=device) < U_len[:, None]
    bad = there & ((y < 0) | (y >= C) | (y == blank))
    if bool(bad.any()):
        b, u = bad.nonzero()[0].tolist()
        raise ValueError(
            f"targets: expected labels in 0..{C - 1} other than the blank {blank}, got {int(y[b, u])} at [{b}, {u}]"
        )
    return y.masked_fill(~there, blank), U_len


def integers(name: str, x: Tensor) -> None:
    """x is a tensor of integers."""
    if not isinstance(x, torch.Tensor) or x.is_floating_point() or x.is_complex() or x.dtype == torch.bool:
        got = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
        raise ValueError(f"{name}: expected a tensor of integers, got {got}")
