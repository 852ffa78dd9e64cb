"""The fast twin of forward-backward: dense chains with shared arcs, in ordinary numbers, by matrix products.

    x_n ∝ (x_{n-1} A) ∘ e_n,      y_n ∝ e_n ∘ (A y_{n+1}),      e_n = exp(node_n - max node_n), A likewise
    γ_{n+1} = (x_n A) ∘ y_{n+1} / c_n,   Σ_n ξ_n = A ∘ Σ_n x_nᵀ y_{n+1} / c_n,   c_n = x_n A y_{n+1}

with x_n, y_n divided by their largest entry. What underflows is lost, so this is done only where that cannot matter:
  - all A_ij > 0, r = max A / min A with r² √tiny below rounding: one step of A (or of Aᵀ, for what the future says)
    changes ratios by at most r, so an entry below √tiny of its message carries less than r² √tiny of any sum. Such
    e_n(j) are set to 0, since subnormal numbers would slow every product;
  - or no non-zero message came below √tiny, no e_n below tiny^(1/4) and no A_ij below tiny^(1/5): then no product
    of three underflowed.
Otherwise `forward` and `posteriors` answer None, and the log domain does it.

Symbols: tiny the least normal number of the dtype; x, y, nodes [N, *B, K]; A = exp(arcs) [K, K].
Source: Rabiner 1989, §V.A (scaling); the conditions are derived above.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from ._recursion import Lattice, inside, recursion, reverse, turn
from ._relay import chunked, long
from ._semiring import REAL, softmax

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


def forward(lattice: Lattice) -> tuple[Float[Tensor, "N *B K"], Float[Tensor, "N *B"]] | None:
    """The messages x and their log sizes, or None where they may have lost something."""
    nodes, arcs, start = lattice.nodes, lattice.arcs, lattice.start
    if lattice.band or arcs.ndim != 2 or lattice.end is not None:
        return None
    tops, top = nodes.amax(-1, keepdim=True), arcs.max()
    first = torch.zeros_like(tops[0]) if start is None else start.amax(-1, keepdim=True)
    if lattice.lengths is not None:
        tops = tops.masked_fill(~inside(lattice)[..., None], 0)
    if not bool((tops > -torch.inf).all() & (top > -torch.inf) & (first > -torch.inf).all()):
        return None
    level = Lattice(nodes - tops, arcs - top, None if start is None else start - first, None, lattice.lengths)
    depth = math.log(torch.finfo(nodes.dtype).tiny)
    positive = bool(2 * level.arcs.min() >= depth / 2 - math.log(torch.finfo(nodes.dtype).eps / 16))
    if positive:
        torch.threshold_(level.nodes, depth / 2, -torch.inf)
    elif _faint(level, depth):
        return None
    found = chunked(level, REAL) if long(level, REAL) else recursion(level, REAL)
    if found is None:
        return None
    x, sizes = found
    if bool((x[0].amax(-1) <= 0).any()) or not (positive or _kept(x, level, depth)):
        return None
    sizes = sizes + tops[..., 0]
    sizes[0] += first[..., 0]
    sizes[1:] += top if lattice.lengths is None else top * inside(lattice)[1:]
    return x, sizes


def _faint(level: Lattice, depth: float) -> bool:
    """Whether some score, though possible, is so low that a product may underflow at once."""
    nodes = level.nodes if level.lengths is None else level.nodes.where(inside(level)[..., None], 0)
    scores = [(nodes, depth / 4), (level.arcs, depth / 5), (level.start, depth / 4)]
    return any(s is not None and bool(((s > -torch.inf) & (s < least)).any()) for s, least in scores)


def _kept(x: Tensor, level: Lattice, depth: float) -> bool:
    """Whether no message came near underflow, nor died out."""
    present = torch.ones_like(x[..., :1], dtype=torch.bool) if level.lengths is None else inside(level)[..., None]
    low = (x > 0) & (x < math.exp(depth / 2)) & present
    return bool((x[-1].amax(-1) > 0).all()) and not bool(low.any())


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
    A = (lattice.arcs - lattice.arcs.max()).exp()
    first = y[0] if lattice.start is None else y[0] * softmax(lattice.start, -1)
    nodes = torch.empty_like(x)
    joint = torch.matmul(x[:-1], A, out=nodes[1:]).mul_(y[1:])
    total = joint.sum(-1, keepdim=True)
    mass = first.sum(-1, keepdim=True)
    least = math.sqrt(torch.finfo(x.dtype).tiny)
    if bool((total < least).any()) or bool((mass < least).any()):
        return None
    ahead = y[1:].div_(total)
    joint.div_(total)
    nodes[0] = first / mass
    if lattice.lengths is not None:
        outside = ~inside(lattice)[1:, ..., None]
        joint.masked_fill_(outside, 0)
        ahead.masked_fill_(outside, 0)
    log_Z = log_partition(x, sizes)
    if each:
        return log_Z, nodes, x[:-1, ..., :, None] * A * ahead[..., None, :]
    return log_Z, nodes, (A * torch.einsum("n...i,n...j->...ij", x[:-1], ahead))[None]
