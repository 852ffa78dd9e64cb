"""Lattices that are dense chains with shared arcs, on the CPU (_scaled.by_kernel), handed to the kernels.

In ordinary numbers (_chain_kernel) where they do, else in the log domain (_log_chain_kernel); what is asked and answered
is as in _lattice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from . import _scaled
from ._recursion import Lattice

if TYPE_CHECKING:
    from torch import Tensor


def serves(lattice: Lattice) -> bool:
    """Whether `pooled` and `in_logs` do."""
    return _scaled.by_kernel(lattice) and lattice.end is None


def pooled(lattice: Lattice, room: Tensor | None) -> tuple[Tensor, Tensor]:
    """log Z and the pooled arcs by kernels, the nodes becoming γ: in ordinary numbers, and in the log domain the chains
    for which those will not do. Without room [2, N, K]: log Z alone."""
    found, backward = _scaled.pooled(lattice, room), room is not None
    if found is None:
        log_Z, gamma, arcs = _log_kernel(lattice, 1, 1, backward)
        if backward:
            lattice.nodes.copy_(gamma)
        return log_Z, arcs[0, 0]
    log_Z, steps, kept = found
    if not bool(kept.all()):
        lost = (~kept).nonzero()[:, 0]
        start = None if lattice.start is None else lattice.start.expand_as(lattice.nodes[0])[lost]
        lengths = _scaled.flat_lengths(lattice)[lost]
        part = Lattice(lattice.nodes[:, lost], lattice.arcs, start, None, lengths)
        log_Z[lost], gamma, arcs = _log_kernel(part, 1, 1, backward)
        if backward:
            lattice.nodes.index_copy_(1, lost, gamma)
        steps = steps + arcs[0, 0]
    return log_Z, steps


def _log_kernel(lattice: Lattice, steps: int, chains: int, backward: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    """log Z, γ and the arcs [steps, chains, K, K] of a lattice [N, B, K], in the log domain; 1 stands for a sum."""
    from . import _log_chain_kernel

    nodes, arcs = lattice.nodes, lattice.arcs
    start = nodes.new_zeros(()) if lattice.start is None else lattice.start
    log_Z = nodes.new_empty(nodes.shape[1], dtype=torch.float64)
    gamma = torch.empty_like(nodes, memory_format=torch.contiguous_format)
    xi = arcs.new_zeros((steps, chains, *arcs.shape))
    given = (t.contiguous().numpy() for t in (nodes, arcs, start.expand_as(nodes[0]), _scaled.flat_lengths(lattice)))
    _log_chain_kernel.posteriors(*given, backward, gamma.numpy(), xi.numpy(), log_Z.numpy())
    return log_Z.to(nodes), gamma, xi


def in_logs(lattice: Lattice, each: bool, pooled: bool) -> tuple[Tensor, Tensor, Tensor]:
    """log Z and the posteriors of nodes and arcs: at each step, or [1, *B, K, K] summed, or [1, K, K] over the chains, too."""
    N, *B, K = lattice.nodes.shape
    flat = _flat(lattice)
    steps, chains = N - 1 if each else 1, 1 if pooled else flat.nodes.shape[1]
    log_Z, gamma, arcs = _log_kernel(flat, steps, chains)
    shape = (steps, K, K) if pooled else (steps, *B, K, K)
    return log_Z.reshape(B), gamma.reshape(N, *B, K), arcs.reshape(shape)


def log_partition(lattice: Lattice) -> Tensor:
    """log Z."""
    return pooled(_flat(lattice), None)[0].reshape(lattice.nodes.shape[1:-1])


def _flat(lattice: Lattice) -> Lattice:
    """One dimension of chains."""
    N, *B, K = lattice.nodes.shape
    start = None if lattice.start is None else lattice.start.expand(*B, K).reshape(-1, K)
    nodes, lengths = lattice.nodes.reshape(N, -1, K), _scaled.flat_lengths(lattice)
    return lattice._replace(nodes=nodes, start=start, lengths=lengths)


def best(lattice: Lattice) -> tuple[Tensor, Tensor]:
    """The score of the best path, and one path that attains it."""
    from . import _path_kernel

    nodes, chains = lattice.nodes, lattice.nodes.shape[1:-1]
    N, K = len(nodes), nodes.shape[-1]
    first, last = (nodes.new_zeros(()) if s is None else s for s in (lattice.start, lattice.end))
    first, last = (s.expand(*chains, K).reshape(-1, K) for s in (first, last))
    score, path = nodes.new_empty(chains, dtype=torch.float64), torch.empty((N, *chains), dtype=torch.int64)
    given = nodes.reshape(N, -1, K), lattice.arcs, first, last, _scaled.flat_lengths(lattice), nodes.new_empty((N, K))
    flat = (*(t.contiguous() for t in given), score.view(-1), path.view(N, -1))
    _path_kernel.best(*(t.numpy() for t in flat))
    return score.to(nodes), path
