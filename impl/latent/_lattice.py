"""One recursion for chains of N columns and K states: forward, backward, best, sampled and expected paths.

    x_1(j) = start(j) ⊗ node_1(j)
    x_n(j) = node_n(j) ⊗ ⊕_i x_{n-1}(i) ⊗ arc_{n-1}(i, j)          Z = ⊕_j x_N(j) ⊗ end(j)

In LOG Z sums the weights of all paths (log_partition), in MAX it is the best of them, in COUNT their number, in
ENTROPY also the entropy of the posterior over paths. log Z is convex in the scores and its gradient is the
posterior: ∂ log Z/∂ node_n(j) = P(state j at n), ∂ log Z/∂ arc_n(i, j) = P(i at n, j at n + 1). The backward
messages are the forward messages of the reversed lattice (arcs transposed, start and end exchanged), so the
recursion stands once, in _recursion; _relay runs it in chunks where a chain is long, _scaled by matrix products
where nothing can underflow. Messages are rescaled at every step (`Semiring.size`): float32 keeps its digits over
100 000 columns.

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

from . import _by_kernel, _scaled
from ._recursion import Lattice, arcs_at, inside, reverse, shared_arcs, sources, turn
from ._relay import messages, traceback
from ._semiring import LOG, MAX, Semiring, softmax

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Annotated as Float
    from typing import Annotated as Int

    from torch import Tensor

__all__ = ["Lattice", "Posteriors", "best", "inside", "log_partition", "partition", "posteriors", "sample"]
BLOCK = 1 << 20  # numbers in a block of arc posteriors


class Posteriors(NamedTuple):
    """log Z, P(state j at n), and P(arc taken), at each step or summed over the steps."""

    log_partition: Float[Tensor, "*B"]
    nodes: Float[Tensor, "N *B K"]
    arcs: Float[Tensor, "*N *B W K"]


def partition(lattice: Lattice, semiring: Semiring = LOG) -> Float[Tensor, "*B"]:
    """Z, as an element of the semiring (ENTROPY: [2, *B], log Z and the entropy)."""
    return _total(lattice, semiring, *messages(lattice, semiring))


def _total(lattice: Lattice, semiring: Semiring, x: Tensor, sizes: Tensor) -> Tensor:
    last = x[-1] if lattice.end is None else semiring.times(x[-1], semiring.lift(lattice.end))
    return semiring.times(semiring.sum(last, -1), semiring.lift(sizes.sum(0, dtype=torch.float64).to(sizes)))


def posteriors(lattice: Lattice, each: bool = True) -> Posteriors:
    """log Z and its gradient; arcs per step if each, else as lattice.arcs has them, summed if shared. Detached."""
    lattice = _detached(lattice)
    return _posteriors(lattice, _scaled.forward(lattice), None, each)


def pooled_posteriors(lattice: Lattice, room: Float[Tensor, "2 N K"]) -> Posteriors:
    """As `posteriors` for nodes [N, B, K], arcs [K, K] summed over steps and chains; the nodes' memory is used for γ.

    Room may be used again: fresh memory costs as much as a tenth of the sums.
    """
    lattice = _detached(lattice)
    if not _by_kernel.serves(lattice):
        return _posteriors(lattice, _scaled.forward(lattice), None, each=False, pooled=True)
    log_Z, steps = _by_kernel.pooled(lattice, room)
    return Posteriors(log_Z, lattice.nodes, steps)


def _posteriors(
    lattice: Lattice,
    real: _scaled.Forward | None,
    log: tuple[Tensor, Tensor] | None,
    each: bool,
    pooled: bool = False,
) -> Posteriors:
    """From forward messages in REAL, or else in LOG."""
    shared = shared_arcs(lattice) is not None
    found = None if real is None else _scaled.posteriors(lattice, real, each, pooled)
    if found is None and log is None and _by_kernel.serves(lattice):
        found = _by_kernel.in_logs(lattice, each, pooled)
    if found is None:
        x, sizes = messages(lattice) if log is None else log
        log_Z, nodes, arcs = (_total(lattice, LOG, x, sizes), *_log_posteriors(lattice, x, each))
        possible = log_Z > -torch.inf
        if not bool(possible.all()):
            nodes, arcs = nodes * possible[..., None], arcs * possible[..., None, None]
        arcs = arcs.sum(1) if pooled else arcs
        found = log_Z, nodes, arcs
    log_Z, nodes, arcs = found
    return Posteriors(log_Z, nodes, arcs if each or not shared else arcs.sum(0))


def _log_posteriors(lattice: Lattice, x: Tensor, each: bool) -> tuple[Tensor, Tensor]:
    """Posteriors of nodes and arcs, the sum over a column being 1 by construction."""
    y = turn(messages(reverse(lattice))[0], lattice.lengths)  # y includes node n, as x does
    y = y.flip(-1) if lattice.band else y
    shared, present = shared_arcs(lattice), inside(lattice)
    N, (W, K) = len(x), lattice.arcs.shape[-2:]
    block = max(1, BLOCK // max(1, x[0].numel() * W))
    first = softmax(y[0] if lattice.start is None else y[0] + lattice.start, -1)
    nodes, steps = [first[None]], [x.new_zeros((0, *x.shape[1:-1], W, K))]
    for n in range(0, N - 1, block):
        stop = min(n + block, N - 1)
        arcs = lattice.arcs[n:stop] if shared is None else shared
        joint = sources(x[n:stop], lattice) + arcs + y[n + 1 : stop + 1, ..., None, :]
        joint = softmax(joint, (-2, -1)).masked_fill(~present[n + 1 : stop + 1, ..., None, None], 0)
        nodes.append(joint.sum(-2))
        steps.append(joint if each or shared is None else joint.sum(0, keepdim=True))
    return torch.cat(nodes), torch.cat(steps)


def _detached(lattice: Lattice) -> Lattice:
    nodes, arcs, start, end, lengths, band = lattice
    start, end = (None if s is None else s.detach() for s in (start, end))
    return Lattice(nodes.detach(), arcs.detach(), start, end, lengths, band)


def _restored(lengths: Tensor | None, band: bool, *scores: Any) -> Lattice:
    nodes, arcs, start, end = scores
    return Lattice(nodes, arcs, start, end, lengths, band)


class _LogPartition(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, lengths: Tensor | None, band: bool, *scores: Tensor | None) -> Tensor:
        lattice = _restored(lengths, band, *scores)
        real = _scaled.forward(lattice)
        ctx.band, ctx.rest = band, None if real is None else real[2:]
        if real is None and _by_kernel.serves(lattice):
            ctx.save_for_backward(lengths, None, None, *scores)
            return _by_kernel.log_partition(lattice)
        x, sizes = messages(lattice) if real is None else real[:2]
        ctx.save_for_backward(lengths, x, sizes, *scores)
        return _total(lattice, LOG, x, sizes) if real is None else _scaled.log_partition(x, sizes)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        lengths, x, sizes, *scores = ctx.saved_tensors
        lattice = _restored(lengths, ctx.band, *scores)
        real = None if ctx.rest is None else _scaled.Forward(x, sizes, *ctx.rest)
        log = None if real is not None or x is None else (x, sizes)
        _, nodes, arcs = _posteriors(lattice, real, log, each=False)
        last = nodes[-1]
        if lengths is not None:
            last = torch.take_along_dim(nodes, (lengths - 1).expand(nodes.shape[1:-1])[None, ..., None], 0)[0]
        g = grad[..., None]
        wanted = zip(scores, (nodes * g, arcs * g[..., None], nodes[0] * g, last * g), strict=True)
        return None, None, *(None if s is None else d.sum_to_size(s.shape) for s, d in wanted)


def log_partition(lattice: Lattice) -> Float[Tensor, "*B"]:
    """log Z, its gradient the posteriors; zero, not NaN, where no path is possible."""
    nodes, arcs, start, end, lengths, band = lattice
    watched = torch.is_grad_enabled() and any(s is not None and s.requires_grad for s in (nodes, arcs, start, end))
    if not watched and _by_kernel.serves(lattice):
        return _by_kernel.log_partition(_detached(lattice))
    out: Tensor = _LogPartition.apply(lengths, band, nodes, arcs, start, end)  # type: ignore[no-untyped-call]
    return out


def best(lattice: Lattice) -> tuple[Float[Tensor, "*B"], Int[Tensor, "N *B"]]:
    """The score of the best path, and one path that attains it."""
    lattice = _detached(lattice)
    if _scaled.by_kernel(lattice):
        return _by_kernel.best(lattice)
    x, sizes = messages(lattice, MAX)
    score = _total(lattice, MAX, x, sizes)
    alone = x.numel() == x.shape[0] * x.shape[-1] and lattice.lengths is None
    if alone and not lattice.band and lattice.arcs.numel() == x.shape[-1] ** 2:
        last = x[-1] if lattice.end is None else x[-1] + lattice.end
        path = traceback(x.reshape(len(x), -1), lattice.arcs.reshape(last.shape[-1], -1), last.argmax(-1).reshape(()))
        path = path.reshape(x.shape[:-1])
    else:
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
    state = choose(last.expand(n, *last.shape).contiguous())
    present, path, (W, K) = inside(lattice), [state], lattice.arcs.shape[-2:]
    for m in range(len(x) - 2, -1, -1):
        arcs = arcs_at(lattice, m)
        logits = sources(x[m], lattice) + arcs if lattice.band else arcs
        column = logits.expand(n, *x.shape[1:-1], W, K).take_along_dim(state[..., None, None], -1)[..., 0]
        before = choose(column if lattice.band else column + x[m])
        if lattice.band:
            before = (state - (W - 1) + before).clamp_min(0)
        state = before if lattice.lengths is None else torch.where(present[m + 1], before, state)
        path.append(state)
    return torch.stack(path[::-1], 1).masked_fill(~present, -1)
