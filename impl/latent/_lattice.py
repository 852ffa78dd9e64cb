"""One recursion for chains of N columns and K states: forward, backward, best, sampled and expected paths.

    x_1(j) = start(j) ⊗ node_1(j)
    x_n(j) = node_n(j) ⊗ ⊕_i x_{n-1}(i) ⊗ arc_{n-1}(i, j)          Z = ⊕_j x_N(j) ⊗ end(j)

In LOG Z sums the weights of all paths (log_partition), in MAX it is the best of them, in COUNT their number, in
ENTROPY also the entropy of the posterior over paths. log Z is convex in the scores and its gradient is the
posterior: ∂ log Z/∂ node_n(j) = P(state j at n), ∂ log Z/∂ arc_n(i, j) = P(i at n, j at n + 1). The backward
messages are the forward messages of the reversed lattice (arcs transposed, start and end exchanged), so the
recursion stands here once. Messages are rescaled at every step (`Semiring.size`): float32 keeps its digits over
100 000 columns, and nothing underflows.

How to use it. Build a `Lattice` of log scores, -∞ meaning forbidden (never NaN or +∞), then ask it:

    lattice = Lattice(nodes, arcs, start, end, lengths)           # fields may broadcast over the batch *B
    log_partition(lattice)            [*B], differentiable in nodes, arcs, start, end
    posteriors(lattice)               (log Z, nodes [N, *B, K], arcs [N-1, *B, W, K]); arcs only if each=True,
                                      else summed over the steps where the arcs are shared by all steps
    partition(lattice, COUNT)         any other semiring; partition(lattice, ENTROPY)[1] is the entropy
    best(lattice), sample(lattice, n, generator)    paths [N, *B] and [n, N, *B], states as int64

    nodes    [N, *B, K]; time FIRST, then the batch, states last
    arcs     [*B, W, K], the same at every step, or [N-1, *B, W, K], one per step: the score of arriving in state
             j. Dense (band=False): W = K and arcs[..., i, j] leads from i to j. Banded (band=True): arcs[..., w, j]
             leads from state j - (W - 1) + w to j, so the LAST row is "stay", the row before it "one up" and,
             for W = 3, row 0 is "two up"; arcs from below state 0 are ignored.
    start, end    [*B, K] or None (all 0)
    lengths  [*B] int64 in 1..N, or None: item b ends at column lengths[b] - 1, later columns have no influence
             (not even NaN), posterior 0 and path -1

CTC is banded, W = 3, nodes = emissions, arcs = the (static) skip mask, start/end masks; a transducer is banded,
W = 2, its columns the anti-diagonals t + u, state u, arcs per step = (label, blank); an HMM is dense. Where no
path is possible log Z = -∞, all posteriors (gradients) are 0 and paths are -1.

Source: Mohri 2002; Eisner 2016 (backward is reverse-mode); Wainwright & Jordan 2008, §3.1 (∇ log Z).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable

from ._semiring import LOG, MAX, Semiring, softmax

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Annotated as Float
    from typing import Annotated as Int

    from torch import Tensor

BLOCK = 1 << 20  # numbers in a block of arc posteriors


class Lattice(NamedTuple):
    """Log scores of a chain; shapes and conventions in the module docstring."""

    nodes: Float[Tensor, "N *B K"]
    arcs: Float[Tensor, "*N *B W K"]
    start: Float[Tensor, "*B K"] | None = None
    end: Float[Tensor, "*B K"] | None = None
    lengths: Int[Tensor, "*B"] | None = None
    band: bool = False


class Posteriors(NamedTuple):
    """log Z, P(state j at n), and P(arc taken), at each step or summed over the steps."""

    log_partition: Float[Tensor, "*B"]
    nodes: Float[Tensor, "N *B K"]
    arcs: Float[Tensor, "*N *B W K"]


def messages(lattice: Lattice, semiring: Semiring = LOG) -> tuple[Tensor, Float[Tensor, "N *B"]]:
    """x_1 ... x_N, each divided by its own magnitude, and the logarithms of what they were divided by."""
    nodes, lift, times = lattice.nodes, semiring.lift, semiring.times
    x, found, sizes = torch.empty(()), [], []
    for n, node in enumerate(nodes.unbind(0)):
        if n == 0:
            new = lift(node) if lattice.start is None else times(lift(lattice.start), lift(node))
        else:
            arcs = lift(arcs_at(lattice, n - 1))
            new = times(semiring.sum(times(sources(x, lattice, lift), arcs), -2), lift(node))
        size = semiring.size(new)
        new = times(new, lift(-size))
        if lattice.lengths is not None and n > 0:
            inside = (n < lattice.lengths)[..., None]
            new, size = torch.where(inside, new, x), torch.where(inside, size, 0)
        x = new
        found.append(x)
        sizes.append(size[..., 0])
    return torch.stack(found), torch.stack(sizes)


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


def partition(lattice: Lattice, semiring: Semiring = LOG) -> Float[Tensor, "*B"]:
    """Z, as an element of the semiring (ENTROPY: [2, *B], log Z and the entropy)."""
    return _total(lattice, semiring, *messages(lattice, semiring))


def _total(lattice: Lattice, semiring: Semiring, x: Tensor, sizes: Tensor) -> Tensor:
    last = x[-1] if lattice.end is None else semiring.times(x[-1], semiring.lift(lattice.end))
    size = sizes.sum(0, dtype=torch.float64).to(sizes)
    return semiring.times(semiring.sum(last, -1), semiring.lift(size))


def posteriors(lattice: Lattice, each: bool = True) -> Posteriors:
    """log Z and its gradient; arcs per step if each, else as lattice.arcs has them, summed if shared. Detached."""
    lattice = _detached(lattice)
    return _posteriors(lattice, *messages(lattice), each)


def _posteriors(lattice: Lattice, x: Tensor, sizes: Tensor, each: bool) -> Posteriors:
    log_Z = _total(lattice, LOG, x, sizes)
    y = turn(messages(reverse(lattice))[0], lattice.lengths)  # y includes node n, as x does
    y = y.flip(-1) if lattice.band else y
    shared = shared_arcs(lattice)
    N, inside = len(x), _inside(lattice)
    W, K = lattice.arcs.shape[-2:]
    block = max(1, BLOCK // max(1, x[0].numel() * W))
    steps, at = [], []
    for n in range(0, N - 1, block):
        stop = min(n + block, N - 1)
        arcs = lattice.arcs[n:stop] if shared is None else shared
        joint = sources(x[n:stop], lattice) + arcs + y[n + 1 : stop + 1, ..., None, :]
        joint = softmax(joint, (-2, -1)).masked_fill(~inside[n + 1 : stop + 1, ..., None, None], 0)
        at.append(joint.sum(-2))
        steps.append(joint if each or shared is None else joint.sum(0, keepdim=True))
    first = softmax(y[0] if lattice.start is None else y[0] + lattice.start, -1)
    nodes = torch.cat([first[None], *at])
    arcs = torch.cat(steps) if steps else x.new_zeros((0, *x.shape[1:-1], W, K))
    possible = log_Z > -torch.inf
    nodes, arcs = nodes * possible[..., None], arcs * possible[..., None, None]
    return Posteriors(log_Z, nodes, arcs if each or shared is None else arcs.sum(0))


def _inside(lattice: Lattice) -> Tensor:
    nodes = lattice.nodes
    n = torch.arange(len(nodes), device=nodes.device).reshape(-1, *[1] * (nodes.ndim - 2))
    return (n < (len(nodes) if lattice.lengths is None else lattice.lengths)).expand(nodes.shape[:-1])


def _detached(lattice: Lattice) -> Lattice:
    return Lattice(*(v.detach() if isinstance(v, torch.Tensor) else v for v in lattice))


class _LogPartition(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, lengths: Tensor | None, band: bool, *scores: Tensor | None) -> Tensor:
        lattice = Lattice(*scores, lengths, band)  # type: ignore[arg-type]
        x, sizes = messages(lattice)
        ctx.save_for_backward(x, sizes, lengths, *scores)
        ctx.band = band
        return _total(lattice, LOG, x, sizes)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, sizes, lengths, *scores = ctx.saved_tensors
        lattice = Lattice(*scores, lengths, ctx.band)
        _, nodes, arcs = _posteriors(lattice, x, sizes, each=False)
        final = nodes[-1]
        if lengths is not None:
            final = torch.take_along_dim(nodes, (lengths - 1).expand(nodes.shape[1:-1])[None, ..., None], 0)[0]
        found = (nodes * grad[..., None], arcs * grad[..., None, None], nodes[0] * grad[..., None])
        whole = (*found, final * grad[..., None])
        wanted = zip(scores, whole, strict=True)
        return None, None, *(None if s is None else g.sum_to_size(s.shape) for s, g in wanted)


def log_partition(lattice: Lattice) -> Float[Tensor, "*B"]:
    """log Z, its gradient the posteriors; zero, not NaN, where no path is possible."""
    nodes, arcs, start, end, lengths, band = lattice
    out: Tensor = _LogPartition.apply(lengths, band, nodes, arcs, start, end)  # type: ignore[no-untyped-call]
    return out


def best(lattice: Lattice) -> tuple[Float[Tensor, "*B"], Int[Tensor, "N *B"]]:
    """The score of the best path, and one path that attains it."""
    lattice = _detached(lattice)
    x, sizes = messages(lattice, MAX)
    score = _total(lattice, MAX, x, sizes)
    path = _trace(lattice, x, 1, lambda logits: logits.argmax(-1))[0]
    return score, path.masked_fill(score == -torch.inf, -1)


def sample(lattice: Lattice, n: int = 1, generator: torch.Generator | None = None) -> Int[Tensor, "n N *B"]:
    """n independent paths from the posterior: forward filtering, backward sampling."""

    def choose(logits: Tensor) -> Tensor:
        noise = torch.empty_like(logits).exponential_(generator=generator)
        return (logits - noise.clamp_min(torch.finfo(noise.dtype).tiny).log()).argmax(-1)

    lattice = _detached(lattice)
    x, sizes = messages(lattice)
    path = _trace(lattice, x, n, choose)
    return path.masked_fill(_total(lattice, LOG, x, sizes) == -torch.inf, -1)


def _trace(lattice: Lattice, x: Tensor, n: int, choose: Callable[[Tensor], Tensor]) -> Tensor:
    """n paths, each state chosen by its logits given the state after it; -1 beyond the lengths."""
    last = x[-1] if lattice.end is None else x[-1] + lattice.end
    state = choose(last.expand(n, *last.shape).clone())
    inside, path, K = _inside(lattice), [state], x.shape[-1]
    for m in range(len(x) - 2, -1, -1):
        arriving = (sources(x[m], lattice) + arcs_at(lattice, m)).mT  # [*B, K, W]
        logits = arriving.expand(n, *arriving.shape).take_along_dim(state[..., None, None], -2)[..., 0, :]
        before = choose(logits)
        before = state - (logits.shape[-1] - 1) + before if lattice.band else before
        state = torch.where(inside[m + 1], before.clamp(0, K - 1), state)
        path.append(state)
    return torch.stack(path[::-1], 1).masked_fill(~inside, -1)
