"""What the models with hidden states demand: numbers, simplices, shapes that match. ValueError names the argument.

A probability vector may miss 1 by 1e-6 (in float64) or by 1e-6 + 16 u K (rounding of K numbers of its dtype).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from .._finite import all_finite

if TYPE_CHECKING:
    from typing import Annotated as Float
    from typing import Annotated as Int

    from torch import Tensor


def shape(x: Tensor) -> str:
    """The shape of x as messages print it."""
    return str(list(x.shape))


def floating(name: str, x: Tensor, dims: int | None = None) -> None:
    """x is a float32 or float64 tensor, of so many dimensions."""
    if not isinstance(x, torch.Tensor):
        raise ValueError(f"{name}: expected a torch tensor, got {type(x).__name__}")
    if x.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"{name}: expected dtype float32 or float64, got {x.dtype}")
    if dims is not None and x.ndim != dims:
        raise ValueError(f"{name}: expected {dims} dimension(s), got shape {shape(x)}")


def sized(name: str, x: Tensor, wanted: tuple[int, ...]) -> None:
    """The last dimensions of x are these."""
    if tuple(x.shape[x.ndim - len(wanted) :]) != wanted or x.ndim < len(wanted):
        raise ValueError(f"{name}: expected shape [..., {', '.join(map(str, wanted))}], got {shape(x)}")


def nonempty(name: str, x: Tensor) -> None:
    """x holds something."""
    if x.numel() == 0:
        raise ValueError(f"{name}: expected at least one entry along every dimension, got shape {shape(x)}")


def alike(**tensors: Tensor) -> None:
    """All tensors share one dtype and one device."""
    kinds = {name: f"{x.dtype} on {x.device}" for name, x in tensors.items()}
    if len(set(kinds.values())) > 1:
        raise ValueError(f"{', '.join(kinds)}: expected one dtype and one device, got {kinds}")


def finite(name: str, x: Tensor) -> None:
    """x has neither NaN nor infinity."""
    if not all_finite(x):
        bad = int((~torch.isfinite(x)).sum())
        raise ValueError(f"{name}: expected finite numbers, got {bad} NaN or infinite, shape {shape(x)}")


def log_scores(name: str, x: Tensor) -> None:
    """x has neither NaN nor +∞; -∞ forbids."""
    if not bool((x < torch.inf).all()):
        raise ValueError(f"{name}: expected log scores in [-inf, inf), got {int((~(x < torch.inf)).sum())} NaN or +inf")


def nonnegative(name: str, x: Tensor) -> None:
    """x is finite and >= 0."""
    finite(name, x)
    if bool((x < 0).any()):
        raise ValueError(f"{name}: expected numbers >= 0, got {float(x.min())}")


def simplex(name: str, p: Float[Tensor, "*B K"]) -> None:
    """The last axis of p is a probability vector, up to 1e-6 and rounding."""
    nonnegative(name, p)
    slack = 1e-6 + 16 * torch.finfo(p.dtype).eps / 2 * p.shape[-1] * (p.dtype == torch.float32)
    miss = (p.sum(-1, dtype=torch.float64) - 1).abs().max()
    if not bool(miss <= slack):
        raise ValueError(f"{name}: expected sums of 1 along the last axis, off by {float(miss):.2e}")


def count(name: str, n: int, least: int = 1) -> None:
    """n is an int (and no bool) of at least `least`."""
    if isinstance(n, bool) or not isinstance(n, int) or n < least:
        raise ValueError(f"{name}: expected an integer >= {least}, got {n!r}")


def number(name: str, x: float) -> None:
    """x is a finite number >= 0."""
    if not 0 <= float(x) < float("inf"):
        raise ValueError(f"{name}: expected a finite number >= 0, got {x}")


def one_of(name: str, x: str, choices: tuple[str, ...]) -> None:
    """x is one of the choices."""
    if x not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(choices)}, got {x!r}")


def lengths(name: str, x: Int[Tensor, "*B"], batch: tuple[int, ...], longest: int) -> None:
    """x holds integers 1..longest, one per item of the batch."""
    if not isinstance(x, torch.Tensor) or x.dtype not in (torch.int32, torch.int64):
        raise ValueError(f"{name}: expected an int32 or int64 tensor, got {getattr(x, 'dtype', type(x).__name__)}")
    if tuple(x.shape) != batch:
        raise ValueError(f"{name}: expected shape {list(batch)}, got {shape(x)}")
    if bool((x < 1).any()) or bool((x > longest).any()):
        raise ValueError(f"{name}: expected lengths in 1..{longest}, got {x.tolist()}")
