"""Derivatives of an optimal value are the optimisers: ∂V/∂a = f, ∂V/∂b = g, ∂V/∂C = P (envelope theorem,
Danskin).

Nothing is differentiated through the solver. Where the optimisers are not unique, this is one (super-, sub-)
gradient; on the total mass the gradient depends on the gauge (f + t, g - t), on mass-preserving directions it
does not. Source: Peyré & Cuturi 2019, Prop. 4.6, §9.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.function import once_differentiable

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


class _Envelope(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, *pairs: Tensor) -> Tensor:
        ctx.save_for_backward(*pairs[1::2])
        return value.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        out: list[Tensor | None] = [None]
        for d in ctx.saved_tensors:
            out += [d * grad.reshape(grad.shape + (1,) * (d.ndim - grad.ndim)), None]
        return tuple(out)


def envelope(value: Float[Tensor, "*B"], *pairs: Tensor) -> Float[Tensor, "*B"]:
    """The value, its derivative by pairs[0] being pairs[1], by pairs[2] pairs[3], and so on."""
    out: Tensor = _Envelope.apply(value, *pairs)  # type: ignore[no-untyped-call]
    return out
