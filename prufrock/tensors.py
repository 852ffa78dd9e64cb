"""A function of torch tensors as a subject, which takes and returns arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

DEVICES = ("cpu", "cuda", "elsewhere")


def as_tensor(x: Any, device: str) -> Any:
    """An array as a tensor, without a copy where its layout allows it; anything else as it is."""
    import numpy as np
    import torch

    if not isinstance(x, np.ndarray):
        return x
    forwards = x if min(x.strides, default=0) >= 0 else x.copy()  # torch knows no others
    return torch.from_numpy(forwards).to(device)


def on_torch(function: Callable[..., Any], device: str) -> Callable[..., Any]:
    """The function of arrays that calls `function` with tensors on a device; other arguments pass as they are."""
    import torch

    def array(x: Any) -> Any:
        return x.detach().cpu().numpy() if isinstance(x, torch.Tensor) else x

    def subject(*arguments: Any) -> Any:
        out = function(*(as_tensor(x, device) for x in arguments))
        return tuple(map(array, out)) if isinstance(out, (tuple, list)) else array(out)

    return subject


def taken(function: Callable[..., Any], device: str) -> Callable[..., Any]:
    """The same for a device of DEVICES, of which "elsewhere" is prufrock.elsewhere."""
    if device not in DEVICES:
        raise ValueError(f"tensors {device!r}: expected one of {', '.join(DEVICES)}")
    if device != "elsewhere":
        return on_torch(function, device)
    from prufrock import elsewhere

    return on_torch(function, str(elsewhere.begin()))
