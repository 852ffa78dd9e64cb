"""What the gradient estimators demand of their inputs, and what they ask of an integrand: one number a sample.

Every estimator is a pure function of parameters and of the noise it is given, and returns one contribution a sample:
its mean over the noise's law is the gradient, its mean over a sample an estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from .._finite import all_finite

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor

    Integrand = Callable[[Tensor], Tensor]


def finite(**tensors: Tensor) -> None:
    """Each is a finite tensor of float32 or float64, all of one dtype on one device."""
    for name, x in tensors.items():
        if not isinstance(x, torch.Tensor) or x.dtype not in (torch.float32, torch.float64):
            kind = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
            raise ValueError(f"{name}: expected a float32 or float64 tensor, got {kind}")
        if not all_finite(x):
            bad = int((~torch.isfinite(x)).sum())
            raise ValueError(f"{name}: expected finite numbers, got {bad} NaN or infinite, shape {list(x.shape)}")
    kinds = {name: f"{x.dtype} on {x.device}" for name, x in tensors.items()}
    if len(set(kinds.values())) > 1:
        raise ValueError(f"expected one dtype and one device, got {kinds}")


def shaped(words: str, **tensors: Tensor) -> None:
    """The tensors have the shapes that the words say, "d, d, S d": one letter is one size throughout."""
    sizes: dict[str, int] = {}
    for word, (name, x) in zip(words.split(","), tensors.items(), strict=True):
        axes = word.split()
        fits = x.ndim == len(axes) and all(sizes.setdefault(a, n) == n for a, n in zip(axes, x.shape, strict=True))
        if not fits:
            known = {axis: size for axis, size in sizes.items() if axis in axes}
            raise ValueError(f"{name}: expected shape [{', '.join(axes)}] with {known}, got {list(x.shape)}")


def positive(**tensors: Tensor) -> None:
    for name, x in tensors.items():
        if x.numel() and x.min() <= 0:
            raise ValueError(f"{name}: expected numbers > 0, got {float(x.min())}")


def states(z: Tensor, K: int) -> None:
    """z holds whole numbers from 0 to K − 1."""
    if bool(((z < 0) | (z >= K) | (z != z.round())).any()):
        raise ValueError(f"z: expected states 0 to {K - 1}, got values from {float(z.min())} to {float(z.max())}")


def one_of(name: str, answer: str, known: tuple[str, ...]) -> None:
    if answer not in known:
        raise ValueError(f"{name}: expected one of {', '.join(known)}, got {answer!r}")


def values(f: Integrand, z: Tensor, name: str = "f") -> Float[Tensor, "S"]:
    """f(z), one number a sample."""
    y = f(z)
    if y.shape != z.shape[:1]:
        raise ValueError(f"{name}: expected {z.shape[0]} values, one a sample, got shape {list(y.shape)}")
    return y


def slopes(df: Integrand, z: Tensor, name: str = "df") -> Float[Tensor, "S d"]:
    """∇f(z), one row a sample."""
    y = df(z)
    if y.shape != z.shape:
        raise ValueError(f"{name}: expected the shape of z, {list(z.shape)}, got {list(y.shape)}")
    return y
