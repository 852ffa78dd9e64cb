"""The transducer: a labelling's probability summed over when its labels sound, each label knowing those before it.

A path walks from (0, 0) over nodes (t, u), t frames read and u labels spelt: a blank reads on, t -> t + 1, with
probability p(blank | t, u), a label spells on, u -> u + 1, with p(y_{u+1} | t, u). It ends by the blank at (T-1, U):

    α(t, u) = α(t-1, u) p(blank | t-1, u) + α(t, u-1) p(y_u | t, u-1),      α(0, 0) = 1,      p(y) = α(T, U)

β from the end likewise. All paths pass every anti-diagonal k = t + u once, so in skewed coordinates (k, u) a
diagonal is a row, a step a handful of vector operations, and β the same recursion on the reversed lattice, run
stacked with α in one sweep of T + U steps, in logarithms and float64. An item that ends early goes on by one
certain path from its own (T, U) to the corner of the batch. With scores x_tuk = log p(k | t, u) or any others,

    P(blank at (t, u) | y) = α(t, u) p(blank | t, u) β(t+1, u) / p(y) = ∂ log p(y) / ∂ x_tu,blank      (labels alike)

and the two add up to P(path visits (t, u)) =: node. The gradient of the loss -log p(y) is minus these; for
logits, by log_softmax, it is node · softmax - (blank or label posterior), zero in sum at every node.

Symbols:
    log_probs, logits [B, T, U+1, C]; targets [B, U], padded; T_len [B] >= 1, U_len [B] (None: T, U); loss [B], nats
Source: Graves 2012, eq (16)-(18) (forward, backward), (20) (gradient); skewed as in Bagby et al. 2018, §3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable

from . import _sequences
from ._recursion import Lattice
from ._sequences import log_add
from .decode import beam, greedy

if TYPE_CHECKING:
    from typing import Annotated as Float
    from typing import Annotated as Int

    from torch import Tensor

__all__ = ["Posteriors", "beam", "greedy", "lattice", "loss", "loss_from_logits", "posteriors"]


class Posteriors(NamedTuple):
    """log p(y), and given y: P(node visited), P(blank taken there), P(label y_{u+1} taken there)."""

    log_prob: Float[Tensor, "B"]
    nodes: Float[Tensor, "B T U+1"]
    blanks: Float[Tensor, "B T U+1"]
    labels: Float[Tensor, "B T U"]


def loss(
    log_probs: Float[Tensor, "B T U+1 C"],
    targets: Int[Tensor, "B U"],
    T_len: Int[Tensor, "B"] | None = None,
    U_len: Int[Tensor, "B"] | None = None,
    blank: int = 0,
) -> Float[Tensor, "B"]:
    """-log p(targets), its gradient minus the edge posteriors; +∞ with gradient 0 if every path has a score -∞.

    ValueError for labels that are no class or the blank, lengths beyond the arrays, scores NaN or +∞.
    """
    y, T_len, U_len = _check("log_probs", log_probs, targets, T_len, U_len, blank)
    out: Tensor = _Loss.apply(log_probs, y, T_len, U_len, blank)  # type: ignore[no-untyped-call]
    return out


def loss_from_logits(
    logits: Float[Tensor, "B T U+1 C"],
    targets: Int[Tensor, "B U"],
    T_len: Int[Tensor, "B"] | None = None,
    U_len: Int[Tensor, "B"] | None = None,
    blank: int = 0,
) -> Float[Tensor, "B"]:
    """loss(logits.log_softmax(-1), ...) at a fraction of its time and memory: the array is exponentiated once.

    ValueError also for a node whose logits are all -∞.
    """
    y, T_len, U_len = _check("logits", logits, targets, T_len, U_len, blank, normalised=False)
    out: Tensor = _LogitLoss.apply(logits, y, T_len, U_len, blank)  # type: ignore[no-untyped-call]
    return out


def posteriors(
    log_probs: Float[Tensor, "B T U+1 C"],
    targets: Int[Tensor, "B U"],
    T_len: Int[Tensor, "B"] | None = None,
    U_len: Int[Tensor, "B"] | None = None,
    blank: int = 0,
) -> Posteriors:
    """log p(targets) and the posteriors of nodes and edges, 0 outside an item's T x (U + 1) nodes. Detached."""
    y, T_len, U_len = _check("log_probs", log_probs, targets, T_len, U_len, blank)
    edges = _edge_scores(log_probs.detach(), y, blank)
    log_Z, blanks, labels = _forward_backward(*edges, T_len, U_len)
    found = (log_Z, _nodes(blanks, labels), blanks, labels)
    return Posteriors(*(z.to(log_probs) for z in found))


def lattice(
    log_probs: Float[Tensor, "B T U+1 C"],
    targets: Int[Tensor, "B U"],
    T_len: Int[Tensor, "B"] | None = None,
    U_len: Int[Tensor, "B"] | None = None,
    blank: int = 0,
) -> Lattice:
    """The same paths as a Lattice, columns the diagonals 0..T+U, states u: best alignment, samples, entropy, count."""
    y, T_len, U_len = _check("log_probs", log_probs, targets, T_len, U_len, blank)
    blanks, labels = _diagonals(*_edge_scores(log_probs, y, blank), T_len, U_len)
    rise = torch.nn.functional.pad(labels, (1, 0), value=-torch.inf)
    nodes = blanks.new_zeros(len(blanks) + 1, *blanks.shape[1:])
    start, end = nodes.new_full((2, *nodes.shape[1:]), -torch.inf)
    start[:, 0] = end[:, -1] = 0
    nodes, arcs, start, end = (z.to(log_probs) for z in (nodes, torch.stack([rise, blanks], -2), start, end))
    return Lattice(nodes, arcs, start, end, band=True)


class _Loss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, log_probs: Tensor, y: Tensor, T_len: Tensor, U_len: Tensor, blank: int) -> Tensor:
        log_Z, blanks, labels = _forward_backward(*_edge_scores(log_probs, y, blank), T_len, U_len)
        ctx.save_for_backward(log_Z, blanks.to(log_probs.dtype), labels.to(log_probs.dtype), y)
        ctx.blank, ctx.C = blank, log_probs.shape[-1]
        return -log_Z.to(log_probs.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        log_Z, blanks, labels, y = ctx.saved_tensors
        out = blanks.new_zeros(*blanks.shape, ctx.C)
        _subtract_edges(out, _weight(grad, log_Z), blanks, labels, y, ctx.blank)
        return out, None, None, None, None


class _LogitLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, y: Tensor, T_len: Tensor, U_len: Tensor, blank: int) -> Tensor:
        there = _inside(logits, T_len, U_len)
        p, total, log_total = _exponentials(logits, there)
        if not bool((log_total.isfinite() | ~there).all()):
            raise ValueError("logits: expected scores below infinity, no NaN, and one finite score at every node")
        blank_scores, label_scores = _edge_scores(logits, y, blank)
        log_Z, blanks, labels = _forward_backward(
            blank_scores - log_total, label_scores - log_total[:, :, :-1], T_len, U_len
        )
        kept = (_nodes(blanks, labels) / total.where(there, 1), blanks, labels)
        ctx.save_for_backward(logits, there, log_Z, *(z.to(logits.dtype) for z in kept), y)
        ctx.blank, ctx.p = blank, p
        return -log_Z.to(logits.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        logits, there, log_Z, scale, blanks, labels, y = ctx.saved_tensors
        p = _exponentials(logits, there)[0] if ctx.p is None else ctx.p
        ctx.p = None  # the gradient is written over it; another backward pass computes it again
        weight = _weight(grad, log_Z)
        out = p.mul_((scale * weight)[..., None])
        _subtract_edges(out, weight, blanks, labels, y, ctx.blank)
        return out, None, None, None, None


def _exponentials(logits: Tensor, there: Tensor) -> tuple[Tensor, Float[Tensor, "B T U+1"], Float[Tensor, "B T U+1"]]:
    """p ~ softmax(logits), their sum, and log Σ exp logits in float64; p = 0 where it would be NaN and is not there."""
    top = logits.amax(-1, keepdim=True)
    p = (logits - top).exp_()
    total = p.sum(-1)
    log_total = total.double().log() + top[..., 0]
    if not bool(log_total.isfinite().all()):
        p.masked_fill_(~there[..., None], 0)
    return p, total, log_total


def _weight(grad: Tensor, log_Z: Tensor) -> Float[Tensor, "B 1 1"]:
    """The incoming gradient, 0 for items without a path."""
    return grad.where(log_Z > -torch.inf, 0)[:, None, None]


def _subtract_edges(out: Tensor, weight: Tensor, blanks: Tensor, labels: Tensor, y: Tensor, blank: int) -> None:
    out[..., blank] -= blanks * weight
    index = y[:, None, :, None].expand(*labels.shape, 1)
    out[:, :, :-1].scatter_add_(-1, index, -(labels * weight)[..., None])


def _nodes(blanks: Tensor, labels: Tensor) -> Tensor:
    nodes = blanks.clone()
    nodes[:, :, :-1] += labels
    return nodes


def _edge_scores(x: Tensor, y: Tensor, blank: int) -> tuple[Float[Tensor, "B T U+1"], Float[Tensor, "B T U"]]:
    """The scores of the blank and of the next label at every node, in float64."""
    index = y[:, None, :, None].expand(-1, x.shape[1], -1, -1)
    return x[..., blank].double(), x[:, :, :-1].gather(-1, index)[..., 0].double()


def _inside(x: Tensor, T_len: Tensor, U_len: Tensor) -> Tensor:
    """Which of the T x (U + 1) nodes are an item's own: [B, T, U+1]."""
    T, U = x.shape[1], x.shape[2] - 1
    t, u = torch.arange(T, device=x.device)[:, None], torch.arange(U + 1, device=x.device)
    return (t < T_len[:, None, None]) & (u <= U_len[:, None, None])


def _diagonals(
    blanks: Tensor, labels: Tensor, T_len: Tensor, U_len: Tensor
) -> tuple[Float[Tensor, "T+U B U+1"], Float[Tensor, "T+U B U"]]:
    """Edge scores by the diagonal t + u that they leave, on the nodes (0..T, 0..U), all paths ending in (T, U)."""
    B, T, U = labels.shape
    t, u = torch.arange(T + 1, device=blanks.device)[:, None], torch.arange(U + 1, device=blanks.device)
    ends_t, ends_u = T_len[:, None, None], U_len[:, None, None]
    own = (t < ends_t) & (u <= ends_u)
    onward = torch.zeros((), dtype=torch.float64, device=blanks.device)
    nowhere = onward - torch.inf
    b = torch.where(own[:, :T], blanks, torch.where((t[:T] >= ends_t) & (u == ends_u), onward, nowhere))
    n = nowhere.expand(B, T + 1, U).clone()
    n[:, :T] = labels.where(own[:, :T, 1:], nowhere)
    n[:, T].masked_fill_(u[:U] >= ends_u[:, 0], 0)
    rows = []
    for edges in (b, n):
        row = nowhere.expand(T + U, B, edges.shape[2]).clone()
        _unskew(row, edges.shape[1]).copy_(edges)
        rows.append(row)
    return rows[0], rows[1]


def _unskew(row: Float[Tensor, "T+U B W"], T: int) -> Float[Tensor, "B T W"]:
    """The view [b, t, u] = row[t + u, b, u]."""
    _, B, W = row.shape
    return row.as_strided((B, T, W), (W, B * W, B * W + 1))


def _forward_backward(
    blanks: Tensor, labels: Tensor, T_len: Tensor, U_len: Tensor
) -> tuple[Float[Tensor, "B"], Float[Tensor, "B T U+1"], Float[Tensor, "B T U"]]:
    """log p(y) and the posteriors of the edges, from their scores, in float64."""
    B, T, U = labels.shape
    K = T + U
    b, n = _diagonals(blanks, labels, T_len, U_len)
    turned_b, turned_n = (torch.stack([z, z.flip(0, -1)], 1) for z in (b, n))
    A = b.new_full((K + 1, 2, B, U + 1), -torch.inf)  # α, and β walked from the end
    A[0, ..., 0] = 0
    steps = zip(turned_b.unbind(0), turned_n.unbind(0), A[:-1].unbind(0), A[1:].unbind(0), strict=True)
    for blank, label, here, there in steps:
        torch.add(here, blank, out=there)
        there[..., 1:] = log_add(there[..., 1:], here[..., :-1] + label)
    log_Z = A[K, 0, :, U]
    alpha, beta = A[:-1, 0] - log_Z.where(log_Z > -torch.inf, 0)[:, None], A[:-1, 1].flip(0, -1)
    b.add_(alpha).add_(beta).exp_()
    n.add_(alpha[..., :-1]).add_(beta[..., 1:]).exp_()
    total = b.sum(-1, keepdim=True) + n.sum(-1, keepdim=True)  # 1, up to the rounding of log Z
    total = total.where(total > 0, 1)
    own = _inside(blanks, T_len, U_len)
    b, n = _unskew(b.div_(total), T).where(own, 0), _unskew(n.div_(total), T).where(own[:, :, 1:], 0)
    return log_Z, b, n


def _check(
    name: str,
    x: Tensor,
    targets: Tensor,
    T_len: Tensor | None,
    U_len: Tensor | None,
    blank: int,
    normalised: bool = True,
) -> tuple[Int[Tensor, "B U"], Int[Tensor, "B"], Int[Tensor, "B"]]:
    _sequences.scores(name, x, "B T U+1 C")
    B, T, W, C = x.shape
    _sequences.blank_index(blank, C)
    y, U_len = _sequences.labels(targets, U_len, B, C, blank, x.device, "U_len")
    if y.shape[1] + 1 != W:
        raise ValueError(f"{name}: expected U + 1 = {y.shape[1] + 1} nodes per frame, got shape {list(x.shape)}")
    T_len = _sequences.lengths("T_len", T_len, B, 1, T, x.device)
    if normalised:
        _sequences.inside(name, x, _inside(x, T_len, U_len))
    return y, T_len, U_len
