"""The fast twin of forward-backward: dense chains with shared arcs, in ordinary numbers, by matrix products.

    x_n ∝ (x_{n-1} A) ∘ e_n,      y_n ∝ e_n ∘ (A y_{n+1}),      e_n = exp(node_n - max node_n), A likewise
    γ_{n+1} = (x_n A) ∘ y_{n+1} / c_n,   Σ_n ξ_n = A ∘ Σ_n x_nᵀ y_{n+1} / c_n,   c_n = x_n A y_{n+1}

with x_n, y_n divided by their largest entry. What underflows is lost, so this is done only where that cannot matter:
  - all A_ij > 0, r = max A / min A with r² √tiny below rounding: one step of A (or of Aᵀ, for what the future says)
    changes ratios by at most r, so an entry below √tiny of its message carries less than r² √tiny of any sum. Such
    e_n(j) are set to 0, since subnormal numbers would slow every product;
  - or no non-zero message came below √tiny, no e_n below tiny^(1/4) and no A_ij below tiny^(1/5): then no product
    of three underflowed.
Otherwise `forward` and `posteriors` answer None, and the log domain does it. The messages come from a kernel
(_chain_kernel) where numba is installed, in chunks (_relay) where a chain is long, and step by step else.

Symbols: tiny the least normal number of the dtype; x, y, nodes [N, *B, K]; A = exp(arcs) [K, K].
Source: Rabiner 1989, §V.A (scaling); the conditions are derived above.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch

from .._kernels import has_kernel
from ._recursion import Lattice, inside, reverse, turn
from ._relay import chunked, long
from ._semiring import REAL, softmax

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


class Forward(NamedTuple):
    """The messages x, the logarithms of all they were divided by, and the lattice with its scores at most 0, its nodes
    as they are and as numbers e (None where chunks made their own); mixing: whether the first condition holds."""

    x: Float[Tensor, "N *B K"]
    sizes: Float[Tensor, "N *B"]
    level: Lattice
    e: Float[Tensor, "N *B K"] | None
    mixing: bool


class _Level(NamedTuple):
    """A lattice with its scores at most 0, what was taken off its nodes [N, *B], arcs and start [*B], and whether the
    first condition holds."""

    lattice: Lattice
    tops: Tensor
    top: Tensor
    first: Tensor
    mixing: bool

    @property
    def off(self) -> Tensor:
        """What was taken off at each step, [N, *B]; nothing beyond the length."""
        every = self.tops.clone()
        every[0] += self.first
        every[1:] += self.top if self.lattice.lengths is None else self.top * inside(self.lattice)[1:]
        return every


class _Arcs(NamedTuple):
    """Arcs and start with their scores at most 0, what was taken off them, and whether the first condition holds."""

    arcs: Tensor
    start: Tensor | None
    top: Tensor
    first: Tensor
    mixing: bool


def _arcs(lattice: Lattice) -> _Arcs | None:
    """None where no step, or no beginning, is possible, or where a product may underflow at once."""
    arcs, start, like = lattice.arcs, lattice.start, lattice.nodes[0]
    top = arcs.max()
    first = torch.zeros_like(like[..., :1]) if start is None else start.amax(-1, keepdim=True)
    if not bool((top > -torch.inf) & (first > -torch.inf).all()):
        return None
    limits = torch.finfo(arcs.dtype)
    mixing = bool(2 * (arcs.min() - top) >= math.log(limits.tiny) / 2 - math.log(limits.eps / 16))
    found = _Arcs(arcs - top, None if start is None else start - first, top, first, mixing)
    depth = math.log(limits.tiny)
    return None if not mixing and (_faint(found.arcs, depth / 5) or _faint(found.start, depth / 4)) else found


def _level(lattice: Lattice) -> _Level | None:
    nodes = lattice.nodes
    if lattice.band or lattice.arcs.ndim != 2 or lattice.end is not None:
        return None
    found, tops = _arcs(lattice), nodes.amax(-1, keepdim=True)
    if lattice.lengths is not None:
        tops = tops.masked_fill(~inside(lattice)[..., None], 0)
    if found is None or not bool((tops > -torch.inf).all()):
        return None
    level = Lattice((nodes - tops).contiguous(), found.arcs, found.start, None, lattice.lengths)
    depth = math.log(torch.finfo(nodes.dtype).tiny)
    if found.mixing:
        torch.threshold_(level.nodes, depth / 2, -torch.inf)
    else:
        own = level.nodes if level.lengths is None else level.nodes.where(inside(level)[..., None], 0)
        if _faint(own, depth / 4):
            return None
    return _Level(level, tops[..., 0], found.top, found.first[..., 0], found.mixing)


def forward(lattice: Lattice) -> Forward | None:
    """The messages, or None where they may have lost something."""
    found = _level(lattice)
    if found is None:
        return None
    level, mixing = found.lattice, found.mixing
    stepwise = by_kernel(level) or not long(level, REAL)
    e = level.nodes.exp() if stepwise else None
    messages = chunked(level, REAL) if e is None else _forward(level, e)
    if messages is None:
        return None
    x, sizes = messages
    if bool((x[0].amax(-1) <= 0).any()) or not _kept(x, x[-1], level, mixing):
        return None
    return Forward(x, sizes + found.off, level, e, mixing)


def pooled(lattice: Lattice, room: Float[Tensor, "2 N K"] | None) -> tuple[Tensor, Tensor, Tensor] | None:
    """log Z [B], the arcs of a lattice [N, B, K], pooled, and which chains these are of, by a kernel: the nodes of these
    become γ. The others are as they were. Without room: log Z alone. At its best where a chain's nodes lie together."""
    found = _arcs(lattice)
    if found is None:
        return None
    from . import _chain_kernel

    nodes, A, lengths = lattice.nodes, found.arcs.exp(), flat_lengths(lattice)
    B = nodes.shape[1]
    first = torch.ones_like(nodes[0]) if found.start is None else found.start.exp().expand_as(nodes[0])
    log_Z, steps, kept = nodes.new_empty(B, dtype=torch.float64), A.new_zeros(A.shape), torch.empty(B, dtype=torch.bool)
    chains = nodes.transpose(0, 1).contiguous()
    backward = room is not None
    room = nodes.new_empty((2, _chain_kernel.BLOCK, nodes.shape[-1])) if room is None else room
    given = (t.contiguous().numpy() for t in (chains, A, A.mT, first, lengths))
    made = (t.numpy() for t in (room, steps, log_Z, kept))
    tiny = torch.finfo(nodes.dtype).tiny
    least = math.log(tiny) / (2 if found.mixing else 4)
    _chain_kernel.pooled(*given, least, math.sqrt(tiny), not found.mixing, backward, *made)
    if backward and chains.data_ptr() != nodes.data_ptr():
        nodes.copy_(chains.transpose(0, 1))
    return (log_Z + found.first[..., 0] + (lengths - 1) * found.top.double()).to(nodes), A * steps, kept


def _faint(scores: Tensor | None, least: float) -> bool:
    """Whether some score, though possible, is so low that a product may underflow at once."""
    return scores is not None and bool(((scores > -torch.inf) & (scores < least)).any())


def _kept(x: Tensor, final: Tensor, level: Lattice, mixing: bool) -> bool:
    """Whether no message died out (then the final one did) nor, where that matters, came near underflow."""
    if not bool((final.amax(-1) > 0).all()):
        return False
    if mixing:
        return True
    present = torch.ones_like(x[..., :1], dtype=torch.bool) if level.lengths is None else inside(level)[..., None]
    return not bool(((x > 0) & (x < math.sqrt(torch.finfo(x.dtype).tiny)) & present).any())


def log_partition(x: Float[Tensor, "N *B K"], sizes: Float[Tensor, "N *B"]) -> Float[Tensor, "*B"]:
    """log Z."""
    return (x[-1].sum(-1).log() + sizes.sum(0, dtype=torch.float64)).to(x)


def posteriors(lattice: Lattice, found: Forward, each: bool, pooled: bool) -> tuple[Tensor, Tensor, Tensor] | None:
    """log Z, P(state), and P(arc): at each step, or [1, *B, K, K] summed over the steps, or [1, K, K] over the chains
    too; None where backward may have lost something."""
    x, sizes, level, e, mixing = found
    y = _backward_in_chunks(level) if e is None else _backward(level, e)
    if y is None or not _kept(y, y[0], level, mixing):
        return None
    A = level.arcs.exp()
    first = y[0] if lattice.start is None else y[0] * softmax(lattice.start, -1)
    nodes = torch.empty_like(x)
    joint = torch.matmul(x[:-1], A, out=nodes[1:]).mul_(y[1:])
    total = joint.sum(-1, keepdim=True)
    mass = first.sum(-1, keepdim=True)
    if lattice.lengths is not None:
        outside = ~inside(lattice)[1:, ..., None]
        total.masked_fill_(outside, 1)
    least = math.sqrt(torch.finfo(x.dtype).tiny)
    if bool((total < least).any()) or bool((mass < least).any()):
        return None
    ahead = y[1:].div_(total)
    joint.div_(total)
    nodes[0] = first / mass
    if lattice.lengths is not None:
        joint.masked_fill_(outside, 0)
        ahead.masked_fill_(outside, 0)
    log_Z = log_partition(x, sizes)
    if each:
        return log_Z, nodes, x[:-1, ..., :, None] * A * ahead[..., None, :]
    if pooled:
        K = len(A)
        return log_Z, nodes, (A * (x[:-1].reshape(-1, K).mT @ ahead.reshape(-1, K)))[None]
    return log_Z, nodes, (A * torch.einsum("n...i,n...j->...ij", x[:-1], ahead))[None]


def by_kernel(lattice: Lattice) -> bool:
    """Whether a kernel serves: a dense chain with shared arcs, on the CPU."""
    return has_kernel() and not lattice.band and lattice.arcs.ndim == 2 and lattice.nodes.is_cpu


def flat_lengths(lattice: Lattice) -> Tensor:
    """[B], one length per chain."""
    N, chains = len(lattice.nodes), lattice.nodes.shape[1:-1]
    return torch.full((chains.numel(),), N) if lattice.lengths is None else lattice.lengths.expand(chains).flatten()


def _forward(level: Lattice, e: Tensor) -> tuple[Tensor, Tensor]:
    """x and the logarithms of its sizes."""
    A = level.arcs.exp()
    first = torch.ones_like(e[0]) if level.start is None else level.start.exp().expand_as(e[0])
    x, sizes, tiny = torch.empty_like(e), e.new_empty((*e.shape[:-1], 1)), torch.finfo(e.dtype).tiny
    if by_kernel(level):
        from . import _chain_kernel

        N, K = len(e), e.shape[-1]
        flat = (e.reshape(N, -1, K), A, first.reshape(-1, K), flat_lengths(level), x.view(N, -1, K), sizes.view(N, -1))
        _chain_kernel.forward(*(t.contiguous().numpy() for t in flat), e.new_tensor(tiny).numpy()[()])
        return x, sizes[..., 0].log()
    for n, node in enumerate(e):
        arrived = first if n == 0 else torch.matmul(x[n - 1], A)
        torch.mul(arrived, node, out=x[n])
        x[n] /= torch.amax(x[n], -1, keepdim=True, out=sizes[n]).clamp_min_(tiny)
        if level.lengths is not None and n > 0:
            gone = (n >= level.lengths)[..., None]
            x[n] = torch.where(gone, x[n - 1], x[n])
            sizes[n].masked_fill_(gone, 1)
    return x, sizes[..., 0].log()


def _backward_in_chunks(level: Lattice) -> Tensor | None:
    """y, or None where chunks do not agree."""
    found = chunked(reverse(level)._replace(start=None, end=None), REAL)
    return None if found is None else turn(found[0], level.lengths)


def _backward(level: Lattice, e: Tensor) -> Tensor:
    """y; whatever it is beyond the lengths."""
    At = level.arcs.mT.exp()
    y, tiny = torch.empty_like(e), torch.finfo(e.dtype).tiny
    if by_kernel(level):
        from . import _chain_kernel

        N, K = len(e), e.shape[-1]
        flat = (e.reshape(N, -1, K), At, flat_lengths(level), y.view(N, -1, K))
        _chain_kernel.backward(*(t.contiguous().numpy() for t in flat), e.new_tensor(tiny).numpy()[()])
        return y
    y[-1] = e[-1] / e[-1].amax(-1, keepdim=True)
    for n in range(len(e) - 2, -1, -1):
        torch.mul(torch.matmul(y[n + 1], At), e[n], out=y[n])
        if level.lengths is not None:
            y[n] = torch.where((n < level.lengths - 1)[..., None], y[n], e[n])
        y[n] /= y[n].amax(-1, keepdim=True).clamp_min_(tiny)
    return y
