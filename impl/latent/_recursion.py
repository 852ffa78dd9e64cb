"""The recursion, once: a lattice of log scores, its messages in any semiring, and the same lattice reversed.

    x_1(j) = start(j) ⊗ node_1(j)
    x_n(j) = node_n(j) ⊗ ⊕_i x_{n-1}(i) ⊗ arc_{n-1}(i, j)

Every x_n is divided by its own magnitude, and the logarithms of the magnitudes come along. Shapes and conventions
of a Lattice: _lattice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from ._semiring import LOG, Semiring

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Annotated as Float
    from typing import Annotated as Int

    from torch import Tensor


class Lattice(NamedTuple):
    """Log scores of a chain; shapes and conventions in the module docstring."""

    nodes: Float[Tensor, "N *B K"]
    arcs: Float[Tensor, "*N *B W K"]
    start: Float[Tensor, "*B K"] | None = None
    end: Float[Tensor, "*B K"] | None = None
    lengths: Int[Tensor, "*B"] | None = None
    band: bool = False


def recursion(lattice: Lattice, semiring: Semiring = LOG) -> tuple[Tensor, Float[Tensor, "N *B"]]:
    """x_1 ... x_N, each divided by its own magnitude, and the logarithms of what they were divided by."""
    lift, times, size, divide = semiring.lift, semiring.times, semiring.size, semiring.divide
    nodes, shared, lengths = lattice.nodes, shared_arcs(lattice), lattice.lengths
    lifted = None if shared is None else lift(shared)
    x, found, sizes = nodes, [], []
    for n, node in enumerate(lift(nodes).unbind(-nodes.ndim)):
        if n == 0:
            new = node if lattice.start is None else times(lift(lattice.start), node)
        else:
            arcs = lift(lattice.arcs[n - 1]) if lifted is None else lifted
            new = times(_arrive(x, arcs, lattice, semiring), node)
        magnitude = size(new)
        new = divide(new, magnitude)
        if lengths is not None and n > 0:
            new = torch.where((n < lengths)[..., None], new, x)
        x = new
        found.append(x)
        sizes.append(magnitude)
    logs = semiring.log(torch.stack(sizes))[..., 0]
    return torch.stack(found), logs if lengths is None else logs.masked_fill(~inside(lattice), 0)


def _arrive(x: Tensor, arcs: Tensor, lattice: Lattice, semiring: Semiring) -> Tensor:
    """⊕_i x_i ⊗ arc(i, j)."""
    if lattice.band:
        return semiring.sum(semiring.times(sources(x, lattice, semiring.lift), arcs), -2)
    return semiring.dot(x, arcs)


def sources(x: Tensor, lattice: Lattice, lift: Callable[[Tensor], Tensor] = LOG.lift) -> Tensor:
    """x(i) where an arc to j may come from: [..., K, 1], or [..., W, K] for a band."""
    if not lattice.band:
        return x[..., :, None]
    W, K = lattice.arcs.shape[-2:]
    nothing = lift(lattice.nodes.new_full((*lattice.nodes.shape[1:-1], W - 1), -torch.inf))
    return torch.cat([nothing.expand(*x.shape[:-1], W - 1), x], -1).unfold(-1, K, 1)


def arcs_at(lattice: Lattice, n: int) -> Float[Tensor, "*B W K"]:
    """The arcs from column n to n + 1."""
    return lattice.arcs[n] if shared_arcs(lattice) is None else lattice.arcs


def shared_arcs(lattice: Lattice) -> Float[Tensor, "*B W K"] | None:
    """The arcs, if they are the same at every step."""
    return None if lattice.arcs.ndim == lattice.nodes.ndim + 1 else lattice.arcs


def reverse(lattice: Lattice) -> Lattice:
    """The same paths walked from the end; twice is the identity."""
    nodes = turn(lattice.nodes, lattice.lengths)
    arcs, start, end = lattice.arcs, lattice.end, lattice.start
    if shared_arcs(lattice) is None:
        arcs = turn(arcs, None if lattice.lengths is None else lattice.lengths - 1)
    if not lattice.band:
        return lattice._replace(nodes=nodes, arcs=arcs.mT, start=start, end=end)
    nodes = nodes.flip(-1)
    start, end = (None if s is None else s.flip(-1) for s in (start, end))
    W, K = arcs.shape[-2:]
    rows = []
    for w in range(W):  # an arc that rises by W - 1 - w is listed where it arrives: now at its other end
        row = arcs[..., w, :].flip(-1)
        rows.append(torch.nn.functional.pad(row, (W - 1 - w, 0), value=-torch.inf)[..., :K])
    return lattice._replace(nodes=nodes, arcs=torch.stack(rows, -2), start=start, end=end)


def turn(x: Float[Tensor, "N *B ..."], lengths: Int[Tensor, "*B"] | None) -> Tensor:
    """The first lengths[b] entries of x in reverse order, the rest reversed behind them."""
    if lengths is None or len(x) == 0:
        return x.flip(0)
    n = torch.arange(len(x), device=x.device).reshape(-1, *[1] * lengths.ndim)
    index = (lengths - 1 - n) % len(x)
    index = index.reshape(index.shape + (1,) * (x.ndim - index.ndim))
    return torch.take_along_dim(x, index, 0)


def inside(lattice: Lattice) -> Tensor:
    """[N, *B], whether item b has a column n."""
    nodes = lattice.nodes
    n = torch.arange(len(nodes), device=nodes.device).reshape(-1, *[1] * (nodes.ndim - 2))
    return (n < (len(nodes) if lattice.lengths is None else lattice.lengths)).expand(nodes.shape[:-1])
