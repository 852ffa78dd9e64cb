"""Messages along one long chain, by chunks in lockstep: the same numbers as the recursion, √N steps of Python.

A chunk needs the message that reaches it. All chunks start from a guess, made by a run over the last WARM columns
of the chunk before; if the ends of all chunks then reproduce the messages they were given, these are the
recursion's, since a step never spreads two messages further apart (⊗ by a non-negative matrix is nonexpansive in
Hilbert's projective metric max_j |Δ log x_j| - min_j |Δ log x_j|, in LOG and REAL as in MAX). Chains that mix
agree at once. Others (left-right chains, whose messages remember everything) get the exact messages from the
chunks' transfer matrices, the recursion started in every state, at K times the work.

Source: Bishop 2006, §13.2; Birkhoff 1957 (the metric); Särkkä & García-Fernández 2021 (parallel in time).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from ._recursion import Lattice, recursion
from ._semiring import LOG, MAX, REAL, Semiring

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor

LONG = 2048  # columns from which chunks pay
WARM = 48
ATTEMPTS = 2
FEW = 8  # chains that are worth going one by one
TRANSFER = 16  # states up to which transfer matrices beat one step of Python per column


def messages(lattice: Lattice, semiring: Semiring = LOG) -> tuple[Tensor, Float[Tensor, "N *B"]]:
    """The recursion's messages and sizes; a few long dense chains with arcs shared by all go one by one, in chunks."""
    found = chunked(lattice, semiring) if long(lattice, semiring) else None
    return recursion(lattice, semiring) if found is None else found


def long(lattice: Lattice, semiring: Semiring) -> bool:
    """Whether chunks are possible and pay."""
    nodes, arcs, start, _, _, band = lattice
    N, K = len(nodes), nodes.shape[-1]
    tracked = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in (nodes, arcs, start))
    dense = not band and arcs.numel() == K * K and nodes[0].numel() <= FEW * K
    return N >= LONG and dense and not tracked and semiring in (LOG, MAX, REAL)


def chunked(lattice: Lattice, semiring: Semiring) -> tuple[Tensor, Float[Tensor, "N *B"]] | None:
    """`messages`, or None where chunks do not agree and transfer matrices do not pay or (in REAL) may underflow."""
    nodes, arcs, start, _, lengths, _ = lattice
    N, K = len(nodes), nodes.shape[-1]
    first = (torch.zeros_like(nodes[0]) if start is None else start.expand(nodes.shape[1:])).reshape(-1, K)
    ends = [N] * len(first) if lengths is None else lengths.expand(nodes.shape[1:-1]).flatten().tolist()
    columns = []
    for b, end in enumerate(ends):
        found = _chunked(nodes.reshape(N, -1, K)[:end, b], arcs.reshape(K, K), first[b], semiring)
        if found is None:
            return None
        x, sizes = found
        if end < N:
            x, sizes = torch.cat([x, x[-1:].expand(N - end, K)]), torch.nn.functional.pad(sizes, (0, N - end))
        columns.append((x, sizes))
    xs, logs = zip(*columns, strict=True)
    x, sizes = (xs[0], logs[0]) if len(xs) == 1 else (torch.stack(xs, 1), torch.stack(logs, 1))
    return x.reshape(nodes.shape), sizes.reshape(nodes.shape[:-1])


def _chunked(nodes: Tensor, arcs: Tensor, first: Tensor, semiring: Semiring) -> tuple[Tensor, Tensor] | None:
    """The messages and sizes of one chain [N, K]."""
    N, K = nodes.shape
    L = math.isqrt(max(N - 1, 0)) // 2 + 1
    C = -(-N // L)
    chunks = torch.nn.functional.pad(nodes, (0, 0, 0, C * L - N)).reshape(C, L, K).transpose(0, 1).contiguous()
    warm, _ = recursion(Lattice(chunks[-WARM:], arcs), semiring)
    given = _passed_on(first, warm[-1], arcs, semiring)
    for attempt in range(ATTEMPTS + 1):
        if attempt == ATTEMPTS:
            if semiring is REAL or K > TRANSFER:
                return None
            given = _passed_on(first, _ends(chunks, arcs, first, semiring), arcs, semiring)
        x, sizes = recursion(Lattice(chunks, arcs, given), semiring)
        found = _passed_on(first, x[-1], arcs, semiring)
        if attempt == ATTEMPTS or _agree(given, found):
            break
        given = found
    return x.transpose(0, 1).reshape(-1, K)[:N], sizes.T.reshape(-1)[:N]


def traceback(x: Float[Tensor, "N K"], arcs: Float[Tensor, "K K"], last: Tensor) -> Tensor:
    """States [N] with state_n = argmax_i x_n(i) + arcs[i, state_{n+1}], from the last; chunks as in `messages`.

    Paths from any two ends soon meet; each sweep that has to be repeated settles at least one more chunk.
    """
    N, K = x.shape
    L = max(1, math.isqrt(N))
    C = N // L
    into = arcs.mT.contiguous()
    tail = [last]
    for n in range(N - 2, C * L - 2, -1):
        tail.append((x[n] + into[tail[-1]]).argmax(-1))
    chunks = x[: C * L].reshape(C, L, K).transpose(0, 1).contiguous()
    given = chunks[-1].argmax(-1)
    while True:
        given[-1] = tail[-1]
        path = [given]
        for n in range(L - 2, -1, -1):
            path.append((chunks[n] + into[path[-1]]).argmax(-1))
        found = given.clone()
        found[:-1] = (chunks[-1, :-1] + into[path[-1][1:]]).argmax(-1)
        if bool((found == given).all()):
            return torch.cat([torch.stack(path[::-1]).T.reshape(-1), *(s[None] for s in tail[-2::-1])])
        given = found


def _passed_on(first: Tensor, ends: Float[Tensor, "C K"], arcs: Tensor, semiring: Semiring) -> Float[Tensor, "C K"]:
    """What every chunk is given, as log scores, from how the chunk before it ended."""
    return torch.cat([first[None], semiring.log(semiring.dot(ends[:-1], semiring.lift(arcs)))])


def _agree(given: Tensor, found: Tensor) -> bool:
    """The messages are the same up to rounding."""
    allow = 64 * torch.finfo(given.dtype).eps * (1 + given.abs())
    return bool(((given == found) | ((given - found).abs() <= allow.where(allow < torch.inf, 0))).all())


def _ends(chunks: Float[Tensor, "L C K"], arcs: Tensor, first: Tensor, semiring: Semiring) -> Float[Tensor, "C K"]:
    """How every chunk ends, from the first chunk's end and the transfer matrices of the others (LOG or MAX)."""
    L, C, K = chunks.shape
    head, _ = recursion(Lattice(chunks[:, 0], arcs, first), semiring)
    x, sizes = recursion(Lattice(chunks[:, 1:, None].expand(L, C - 1, K, K), arcs, arcs), semiring)
    size = sizes.sum(0, dtype=torch.float64)
    transfer = x[-1] + (size - size.amax(-1, keepdim=True)).to(x)[..., None]
    return recursion(Lattice(torch.zeros_like(chunks[0]), transfer, head[-1]), semiring)[0]
