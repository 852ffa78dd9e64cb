"""The r-frame reshape: a decoder step emits r frames of d numbers in one vector of r·d; read them off in time
order.

    time-major   out[t·r + i, b] = y[t, b, i·d : (i+1)·d]
    batch-major  out[b, t·r + i] = y[b, t, i·d : (i+1)·d]

Memory order settles it. Batch-major, (t, i) are neighbours: a plain view. Time-major, the batch axis stands
between them and has to be moved out first. The post's y.view(r, B, d) moves nothing: it hands the k-th of the
B·r chunks of a step, chunk k = b·r + i, to (i', b') = divmod(k, B). It is right where i·B + b = b·r + i, that
is b (r-1) = i (B-1): on 1 + gcd(B-1, r-1) of B·r frames, always on the first and the last. A test on these,
or with B = 1 or r = 1, cannot see the bug. T steps are T·r frames.

Symbols:
    y [T, B, r·d] or [B, T, r·d]; out [T·r, B, d] or [B, T·r, d]; any dtype, any strides, T = 0 included
Source: the post "A reshaping bug"; Wang et al. 2017 (Tacotron), §3.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from typing import Annotated as Shaped
    from typing import Literal

    from torch import Tensor

    Layout = Literal["time-major", "batch-major"]


def unstack_frames(y: Shaped[Tensor, "T B r*d"], r: int, layout: Layout = "time-major") -> Shaped[Tensor, "T*r B d"]:
    """The r frames of each step; batch-major [B, T, r·d] -> [B, T·r, d]. r must divide r·d."""
    _check("y", y, r, layout)
    first, second, width = y.shape
    if width % r:
        raise ValueError(f"y: expected a last dimension divisible by r = {r}, got shape {list(y.shape)}")
    frames = y.reshape(first, second, r, width // r)
    if layout == "batch-major":
        return frames.reshape(first, second * r, width // r)
    return frames.transpose(1, 2).reshape(first * r, second, width // r)


def stack_frames(x: Shaped[Tensor, "T*r B d"], r: int, layout: Layout = "time-major") -> Shaped[Tensor, "T B r*d"]:
    """The inverse; batch-major [B, T·r, d] -> [B, T, r·d]. r must divide the frames."""
    _check("x", x, r, layout)
    batch_major = layout == "batch-major"
    frames, batch, d = x.shape if not batch_major else (x.shape[1], x.shape[0], x.shape[2])
    if frames % r:
        raise ValueError(f"x: expected a number of frames divisible by r = {r}, got shape {list(x.shape)}")
    if batch_major:
        return x.reshape(batch, frames // r, r * d)
    return x.reshape(frames // r, r, batch, d).transpose(1, 2).reshape(frames // r, batch, r * d)


def _check(name: str, x: Tensor, r: int, layout: str) -> None:
    if not isinstance(x, torch.Tensor) or x.ndim != 3:
        got = list(x.shape) if isinstance(x, torch.Tensor) else type(x).__name__
        raise ValueError(f"{name}: expected a tensor of 3 dimensions, got {got}")
    if isinstance(r, bool) or not isinstance(r, int) or r < 1:
        raise ValueError(f"r: expected an integer >= 1, got {r!r}")
    if layout not in ("time-major", "batch-major"):
        raise ValueError(f"layout: expected 'time-major' or 'batch-major', got {layout!r}")
