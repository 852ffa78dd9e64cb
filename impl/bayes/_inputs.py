"""What the normal model demands: finite numbers of one dtype, positive variances, a proper posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from .._finite import all_finite

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


def floating(**tensors: Tensor) -> None:
    """All are float32 or float64 tensors of one dtype on one device."""
    for name, x in tensors.items():
        if not isinstance(x, torch.Tensor):
            raise ValueError(f"{name}: expected a torch tensor, got {type(x).__name__}")
        if x.dtype not in (torch.float32, torch.float64):
            raise ValueError(f"{name}: expected dtype float32 or float64, got {x.dtype}")
    kinds = {name: f"{x.dtype} on {x.device}" for name, x in tensors.items()}
    if len(set(kinds.values())) > 1:
        raise ValueError(f"expected one dtype and one device, got {kinds}")


def finite(**tensors: Tensor) -> None:
    """None has NaN or infinity."""
    for name, x in tensors.items():
        if not all_finite(x):
            bad = int((~torch.isfinite(x)).sum())
            raise ValueError(f"{name}: expected finite numbers, got {bad} NaN or infinite of {x.numel()}")


def variance(name: str, x: Tensor, *, infinite: bool = False) -> None:
    """x is positive, and finite unless infinity is allowed; NaN is neither."""
    bad = ~(x > 0) if infinite else ~((x > 0) & torch.isfinite(x))
    if bool(bad.any()):
        wanted = "variances > 0" if infinite else "finite variances > 0"
        raise ValueError(f"{name}: expected {wanted}, got {x[bad].flatten()[:4].tolist()}")


def broadcast(last: int, **tensors: Tensor) -> list[Tensor]:
    """Leading dimensions broadcast; the last tensor keeps its `last` trailing dimensions."""
    *leading, trailing = tensors.values()
    core = trailing.shape[trailing.ndim - last :]
    try:
        batch = np.broadcast_shapes(*(x.shape for x in leading), trailing.shape[: trailing.ndim - last])
    except ValueError:
        shapes = {name: list(x.shape) for name, x in tensors.items()}
        raise ValueError(f"expected leading dimensions that broadcast, got shapes {shapes}") from None
    return [*(x.expand(batch) for x in leading), trailing.expand((*batch, *core))]


def normal_model(
    mu0: Float[Tensor, "*B"],
    tau0_sq: Float[Tensor, "*B"],
    sigma_sq: Float[Tensor, "*B"],
    y: Float[Tensor, "*B n"],
) -> list[Tensor]:
    """The four arguments checked and broadcast; the flat prior τ₀² = inf needs data."""
    floating(mu0=mu0, tau0_sq=tau0_sq, sigma_sq=sigma_sq, y=y)
    if y.ndim == 0:
        raise ValueError("y: expected observations along a last dimension, got a number")
    finite(mu0=mu0, y=y)
    variance("tau0_sq", tau0_sq, infinite=y.shape[-1] > 0)
    variance("sigma_sq", sigma_sq)
    return broadcast(1, mu0=mu0, tau0_sq=tau0_sq, sigma_sq=sigma_sq, y=y)
