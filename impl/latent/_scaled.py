"""The fast twin of forward-backward: dense chains with shared arcs, in ordinary numbers, by matrix products.

    x_n ∝ (x_{n-1} A) ∘ e_n,  y_n ∝ e_n ∘ (A y_{n+1}),  γ_{n+1} ∝ (x_n A) ∘ y_{n+1},  Σ_n ξ_n = A ∘ Σ_n x_nᵀ y_{n+1} / c_n

with e_n = exp(node_n - max node_n), and x_n, y_n divided by their largest entry. What underflows is lost, so the
messages are used only where that cannot matter (`_kept`):
  - all A_ij > 0 and max A / min A <= r = tiny^(-1/3): a lost entry was < tiny of its message, and one step of A
    (or of Aᵀ, for what the future says) changes ratios by at most r, so it is < tiny r² of any sum it enters;
  - or no non-zero message came below √tiny, no emission below tiny^(1/4) and no A_ij below tiny^(1/5): then no
    product of three underflowed.
Otherwise `forward` and `posteriors` answer None, and the log domain does it.

Symbols: tiny the least normal number of the dtype; x, y, nodes [N, *B, K]; A = exp(arcs) [K, K].
Source: Rabiner 1989, §V.A (scaling); the conditions are derived above.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from ._recursion import Lattice, inside, reverse, turn
from ._relay import messages
from ._semiring import REAL

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


def forward(lattice: Lattice) -> tuple[Float[Tensor, "N *B K"], Float[Tensor, "N *B"]] | None:
    """The messages x and their log sizes, or None where they may have lost something."""
    nodes, arcs = lattice.nodes, lattice.arcs
    if lattice.band or arcs.ndim != 2 or lattice.end is not None:
        return None
    top = nodes.amax(-1, keepdim=True)
    if lattice.lengths is not None:
        top = top.masked_fill(~inside(lattice)[..., None], 0)
    if not bool((top > -torch.inf).all()):
        return None
    level = nodes - top
    x, sizes = messages(lattice._replace(nodes=level), REAL)
    return (x, sizes + top[..., 0]) if _kept(x, level, arcs, lattice) else None


def _kept(x: Tensor, level: Tensor, arcs: Tensor, lattice: Lattice) -> bool:
    """Whether underflow cannot have mattered; the last column may still have died out (log Z = -∞)."""
    depth = math.log(torch.finfo(x.dtype).tiny)
    if bool((x[0].amax(-1) <= 0).any()):
        return False
    if bool(arcs.max() - arcs.min() <= -depth / 3):
        return True
    if bool((arcs.where(arcs > -torch.inf, 0) < depth / 5).any()):
        return False
    present = True if lattice.lengths is None else inside(lattice)[..., None]
    faint = ((x > 0) & (x < math.exp(depth / 2))) | ((level > -torch.inf) & (level < depth / 4))
    return not bool((faint & present).any()) and bool((x[-1].amax(-1) > 0).all())


def log_partition(x: Float[Tensor, "N *B K"], sizes: Float[Tensor, "N *B"]) -> Float[Tensor, "*B"]:
    """log Z."""
    return (x[-1].sum(-1).log() + sizes.sum(0, dtype=torch.float64)).to(x)


def posteriors(
    lattice: Lattice, x: Float[Tensor, "N *B K"], sizes: Float[Tensor, "N *B"], each: bool
) -> tuple[Tensor, Tensor, Tensor] | None:
    """log Z, P(state), P(arc) at each step or [1, *B, K, K] summed; or None where backward may have lost something."""
    backward = forward(reverse(lattice)._replace(start=None, end=None))
    if backward is None:
        return None
    y = turn(backward[0], lattice.lengths)
    A = lattice.arcs.exp()
    first = y[0] if lattice.start is None else y[0] * lattice.start.exp()
    joint = (x[:-1] @ A).mul_(y[1:])
    total = joint.sum(-1, keepdim=True)
    mass = first.sum(-1, keepdim=True)
    least = math.sqrt(torch.finfo(x.dtype).tiny)
    if bool((total < least).any()) or bool((mass < least).any()):
        return None
    ahead = y[1:] / total
    if lattice.lengths is not None:
        outside = ~inside(lattice)[1:, ..., None]
        joint, ahead = joint.masked_fill_(outside, 0), ahead.masked_fill_(outside, 0)
    nodes = torch.cat([(first / mass)[None], joint.div_(total)])
    if each:
        arcs = x[:-1, ..., :, None] * A * ahead[..., None, :]
    else:
        arcs = (A * torch.einsum("n...i,n...j->...ij", x[:-1], ahead))[None]
    return log_partition(x, sizes), nodes, arcs
