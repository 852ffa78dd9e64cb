"""The reshape as torch, NumPy and einops users write it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import subject

from ..speech.frames import batch_major, frames

Array = NDArray[Any]


@subject("NumPy.transpose", contract=frames, requires="numpy")
def numpy_transpose(y: Array, r: int) -> Array:
    T, B, width = y.shape
    return y.reshape(T, B, r, width // r).swapaxes(1, 2).reshape(T * r, B, width // r)


@subject("torch.stack", contract=frames, requires="torch")
def torch_stack(y: Array, r: int) -> Array:
    import torch

    T, B, width = y.shape
    slices = torch.split(torch.from_numpy(np.ascontiguousarray(y)), width // r, dim=-1)
    if len(slices) != r:
        raise ValueError(f"r = {r} does not divide {width}")
    return torch.stack(slices, dim=1).reshape(T * r, B, width // r).numpy()


@subject("einops.rearrange", contract=frames, requires="einops")
def einops_rearrange(y: Array, r: int) -> Array:
    from einops import rearrange

    return np.asarray(rearrange(y, "T B (r d) -> (T r) B d", r=r))


@subject("NumPy.reshape", contract=batch_major, requires="numpy")
def numpy_reshape(y: Array, r: int) -> Array:
    B, T, width = y.shape
    return y.reshape(B, T * r, width // r)


@subject("torch.view", contract=batch_major, requires="torch")
def torch_view(y: Array, r: int) -> Array:
    import torch

    B, T, width = y.shape
    return torch.from_numpy(np.ascontiguousarray(y)).view(B, T * r, width // r).numpy()


@subject("einops.rearrange", contract=batch_major, requires="einops")
def einops_batch_major(y: Array, r: int) -> Array:
    from einops import rearrange

    return np.asarray(rearrange(y, "B T (r d) -> B (T r) d", r=r))


SUBJECTS = (
    numpy_transpose,
    torch_stack,
    einops_rearrange,
    numpy_reshape,
    torch_view,
    einops_batch_major,
)
