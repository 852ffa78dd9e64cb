"""What every transport function demands of its inputs: finite numbers, matching shapes, equal positive
masses.

Σa = Σb is demanded up to the rounding of m + n numbers of the inputs' own dtype, |Σa - Σb| <= 16 u (m + n)
Σa, and never more loosely than 1e-4 Σa. Zero-mass atoms, m = 1, n = 1, any total mass and any leading (batch)
dimensions pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from .._finite import all_finite

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


def shape(x: Tensor) -> str:
    """The shape of x as messages print it."""
    return str(list(x.shape))


def floating(name: str, x: Tensor, least_dims: int) -> None:
    """x is a float32 or float64 tensor of at least so many dimensions."""
    if not isinstance(x, torch.Tensor):
        raise ValueError(f"{name}: expected a torch tensor, got {type(x).__name__}")
    if x.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"{name}: expected dtype float32 or float64, got {x.dtype}")
    if x.ndim < least_dims:
        raise ValueError(f"{name}: expected at least {least_dims} dimension(s), got shape {shape(x)}")


def alike(**tensors: Tensor) -> None:
    """All tensors share one dtype and one device."""
    kinds = {name: f"{x.dtype} on {x.device}" for name, x in tensors.items()}
    if len(set(kinds.values())) > 1:
        raise ValueError(f"expected one dtype and one device, got {kinds}")


def finite(name: str, x: Tensor) -> None:
    """x has neither NaN nor infinity."""
    if not all_finite(x):
        bad = int((~torch.isfinite(x)).sum())
        raise ValueError(f"{name}: expected finite numbers, got {bad} NaN or infinite, shape {shape(x)}")


def no_nan(name: str, x: Tensor) -> None:
    """x has no NaN; infinities mark masked atoms."""
    if bool(torch.isnan(x).any()):
        raise ValueError(f"{name}: expected no NaN, got {int(torch.isnan(x).sum())}")


def positive(name: str, x: float) -> None:
    """x is a finite number > 0."""
    if not 0 < float(x) < float("inf"):
        raise ValueError(f"{name}: expected a finite number > 0, got {x}")


def count(name: str, n: int, least: int = 1) -> None:
    """n is an int (and no bool) of at least `least`."""
    if isinstance(n, bool) or not isinstance(n, int) or n < least:
        raise ValueError(f"{name}: expected an integer >= {least}, got {n!r}")


def mass(name: str, a: Float[Tensor, "*B m"]) -> None:
    """a is a finite measure: non-negative, with some mass."""
    finite(name, a)
    if bool((a < 0).any()):
        raise ValueError(f"{name}: expected non-negative masses, got {float(a.min())}")
    if bool((a.sum(-1) <= 0).any()):
        raise ValueError(f"{name}: expected positive total mass, got none; shape {shape(a)}")


def measures(a: Float[Tensor, "*B m"], b: Float[Tensor, "*B n"], names: tuple[str, str] = ("a", "b")) -> None:
    """a and b are measures of equal total mass, up to the rounding of their dtype."""
    for name, x in zip(names, (a, b), strict=True):
        floating(name, x, 1)
        mass(name, x)
    lead(dict(zip(names, (a, b), strict=True)), dict.fromkeys(names, 1))
    slack = min(16 * torch.finfo(a.dtype).eps / 2 * (a.shape[-1] + b.shape[-1]), 1e-4)
    total_a, total_b = a.sum(-1, dtype=torch.float64), b.sum(-1, dtype=torch.float64)
    if bool(((total_a - total_b).abs() > slack * torch.maximum(total_a, total_b)).any()):
        raise ValueError(
            f"{names[0]}, {names[1]}: expected equal sums up to {slack:.1e} of the total, "
            f"got {total_a.tolist()} and {total_b.tolist()}"
        )


def lead(tensors: dict[str, Tensor], core: dict[str, int]) -> list[Tensor]:
    """The tensors with their leading dimensions broadcast; the last core[name] dimensions stay."""
    leading = [x.shape[: x.ndim - core[k]] for k, x in tensors.items()]
    try:
        batch = np.broadcast_shapes(*leading)  # torch's takes twenty times as long, and imports sympy
    except ValueError:
        shapes = {k: list(x.shape) for k, x in tensors.items()}
        raise ValueError(f"expected leading dimensions that broadcast, got shapes {shapes}") from None
    return [x.expand((*batch, *x.shape[x.ndim - core[k] :])) for k, x in tensors.items()]


def matrix(name: str, x: Float[Tensor, "*B m n"], a: Float[Tensor, "*B m"], b: Float[Tensor, "*B n"]) -> None:
    """x is a finite matrix over the atoms of a and b."""
    floating(name, x, 2)
    floating("a", a, 1)
    floating("b", b, 1)
    alike(a=a, b=b, **{name: x})
    if x.shape[-2:] != (a.shape[-1], b.shape[-1]):
        raise ValueError(
            f"{name}: expected shape [..., {a.shape[-1]}, {b.shape[-1]}] "
            f"to match a {shape(a)} and b {shape(b)}, got {shape(x)}"
        )
    finite(name, x)


def problem(
    a: Float[Tensor, "*B m"], b: Float[Tensor, "*B n"], cost: Float[Tensor, "*B m n"], name: str = "cost"
) -> tuple[Float[Tensor, "*B m"], Float[Tensor, "*B n"], Float[Tensor, "*B m n"]]:
    """A transport problem, checked, with leading dimensions broadcast."""
    measures(a, b)
    matrix(name, cost, a, b)
    a, b, cost = lead({"a": a, "b": b, name: cost}, {"a": 1, "b": 1, name: 2})
    return a, b, cost


def potentials(a: Float[Tensor, "*B m"], b: Float[Tensor, "*B n"], f: Tensor, g: Tensor) -> None:
    """f and g price the atoms of a and b."""
    for name, x, weights in (("f", f, a), ("g", g, b)):
        floating(name, x, 1)
        no_nan(name, x)
        if x.shape[-1] != weights.shape[-1]:
            raise ValueError(f"{name}: expected {weights.shape[-1]} potentials, got shape {shape(x)}")


def clouds(
    a: Float[Tensor, "*B m"], X: Float[Tensor, "*B m d"], b: Float[Tensor, "*B n"], Y: Float[Tensor, "*B n d"]
) -> None:
    """Two weighted point clouds of one dimension d."""
    measures(a, b)
    for name, points, weights in (("X", X, a), ("Y", Y, b)):
        floating(name, points, 2)
        finite(name, points)
        if points.shape[-2] != weights.shape[-1]:
            wanted = f"[..., {weights.shape[-1]}, d]"
            raise ValueError(f"{name}: expected points of shape {wanted}, got {shape(points)}")
    if X.shape[-1] != Y.shape[-1]:
        raise ValueError(f"X, Y: expected points of one dimension, got shapes {shape(X)} and {shape(Y)}")
    alike(a=a, X=X, b=b, Y=Y)


def square(name: str, D: Float[Tensor, "*B n n"]) -> None:
    """D is a finite square matrix (or a batch of them)."""
    floating(name, D, 2)
    finite(name, D)
    if D.shape[-1] != D.shape[-2]:
        raise ValueError(f"{name}: expected a square matrix, got shape {shape(D)}")
