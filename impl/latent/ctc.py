"""Connectionist temporal classification: the probability of a labelling that is silent on when its labels sound.

    p(y) = Σ_{path: collapse(path) = y} Π_t p_t(path_t),    collapse: merge runs, then drop blanks

Let b_t(u), n_t(u) weigh the beginnings of paths, t frames long, that have spelt y_1..y_u and end in a blank (b)
or in the label y_u (n). They start at b_0(0) = 1, which reads as a certain blank before the first frame, and

    s_t(u) = b_t(u) + n_t(u)
    b_{t+1}(u) = p_{t+1}(blank) s_t(u)
    n_{t+1}(u) = p_{t+1}(y_u) (n_t(u) + (s_t(u-1) if y_u ≠ y_{u-1} else b_t(u-1)))          p(y) = s_T(U)

in logarithms and float64. A blank between equal labels is what the last case demands: p(y) > 0 takes T >= U + R
frames, R the number of repeats y_u = y_{u-1}. The backward weights are the forward weights of the reversed
problem, so that both run in one sweep, stacked; item b ends early by certain blanks behind its last frame. With
log p_t(k) as free scores x_tk, no normalisation assumed,

    occupancy_tk = P(path_t = k | y) = ∂ log p(y) / ∂ x_tk,        Σ_k occupancy_tk = 1

so the gradient of the loss -log p(y) is -occupancy, and through log_softmax it becomes softmax - occupancy.

Symbols:
    log_probs [T, B, C]; targets [B, U], padded; input_lengths [B], target_lengths [B] (None: T, U); loss [B], nats
Source: Graves et al. 2006, §3.1 (collapse), eq (6)-(8) (forward), (14)-(16) (gradient).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.function import once_differentiable

from .._kernels import has_kernel
from . import _sequences
from ._recursion import Lattice
from ._sequences import log_add
from .decode import prefix_beam_search

if TYPE_CHECKING:
    from typing import Annotated as Float
    from typing import Annotated as Int

    from torch import Tensor

__all__ = ["best_path", "collapse", "has_kernel", "lattice", "loss", "loss_and_occupancy", "prefix_beam_search"]


def loss(
    log_probs: Float[Tensor, "T B C"],
    targets: Int[Tensor, "B U"],
    input_lengths: Int[Tensor, "B"] | None = None,
    target_lengths: Int[Tensor, "B"] | None = None,
    blank: int = 0,
    zero_infinity: bool = False,
    *,
    kernel: bool = True,
) -> Float[Tensor, "B"]:
    """-log p(targets), its gradient -occupancy; a target without a path costs +∞ (zero_infinity: 0), gradient 0.

    ValueError for labels that are no class or the blank, lengths beyond the arrays, scores NaN or +∞. On a CPU the
    numba kernel (_ctc_kernel) serves where numba is installed; kernel=False: the plain recursion.
    """
    y, T_len, U_len = _check(log_probs, targets, input_lengths, target_lengths, blank)
    cost: Tensor = _Loss.apply(log_probs, y, T_len, U_len, blank, kernel)  # type: ignore[no-untyped-call]
    return cost.where(cost < torch.inf, 0) if zero_infinity else cost


def loss_and_occupancy(
    log_probs: Float[Tensor, "T B C"],
    targets: Int[Tensor, "B U"],
    input_lengths: Int[Tensor, "B"] | None = None,
    target_lengths: Int[Tensor, "B"] | None = None,
    blank: int = 0,
    *,
    kernel: bool = True,
) -> tuple[Float[Tensor, "B"], Float[Tensor, "T B C"]]:
    """The loss, and P(path_t = k | targets): 0 behind an item's end and for a target without a path. Detached."""
    y, T_len, U_len = _check(log_probs, targets, input_lengths, target_lengths, blank)
    log_Z, occupancy = _solve(log_probs.detach(), y, T_len, U_len, blank, True, kernel)
    return -log_Z.to(log_probs), occupancy.to(log_probs)


def collapse(path: Int[Tensor, "T"], blank: int = 0) -> Int[Tensor, "U"]:
    """The labelling of a path: runs merged first, then blanks dropped."""
    _sequences.integers("path", path)
    if path.ndim != 1:
        raise ValueError(f"path: expected shape [T], got {list(path.shape)}")
    merged: Tensor = torch.unique_consecutive(path)
    return merged[merged != blank]


def best_path(log_probs: Float[Tensor, "T C"], blank: int = 0) -> Int[Tensor, "U"]:
    """The labelling of the most probable path, which need not be the most probable labelling."""
    _sequences.scores("log_probs", log_probs, "T C")
    _sequences.inside("log_probs", log_probs)
    _sequences.blank_index(blank, log_probs.shape[-1])
    return collapse(log_probs.argmax(-1), blank)


def lattice(
    log_probs: Float[Tensor, "T B C"],
    targets: Int[Tensor, "B U"],
    input_lengths: Int[Tensor, "B"] | None = None,
    target_lengths: Int[Tensor, "B"] | None = None,
    blank: int = 0,
) -> Lattice:
    """The same paths as a Lattice (states b(0), n(1), b(1), ..., n(U), b(U)): best alignment, samples, entropy, count.

    Input lengths >= 1 here.
    """
    y, T_len, U_len = _check(log_probs, targets, input_lengths, target_lengths, blank, least=1)
    B, U = y.shape
    spelt = y.new_full((B, 2 * U + 1), blank)
    spelt[:, 1::2] = y
    state = torch.arange(2 * U + 1, device=y.device)
    skip = torch.zeros_like(spelt, dtype=torch.bool)
    skip[:, 3::2] = y[:, 1:] != y[:, :-1]
    last = (state == 2 * U_len[:, None]) | (state == 2 * U_len[:, None] - 1)
    allowed = torch.stack([skip, torch.ones_like(skip), torch.ones_like(skip)], -2)

    def score(allowed: Tensor) -> Tensor:
        return log_probs.new_zeros(allowed.shape).masked_fill(~allowed, -torch.inf)

    nodes = log_probs.gather(2, spelt.expand(len(log_probs), -1, -1))
    return Lattice(nodes, score(allowed), score((state < 2).expand(B, -1)), score(last), T_len, band=True)


class _Loss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, log_probs: Tensor, y: Tensor, T_len: Tensor, U_len: Tensor, blank: int, kernel: bool
    ) -> Tensor:
        wanted = ctx.needs_input_grad[0]
        log_Z, occupancy = _solve(log_probs, y, T_len, U_len, blank, wanted, kernel)
        if wanted:
            ctx.save_for_backward(log_Z, occupancy.to(log_probs.dtype))
        return -log_Z.to(log_probs.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        log_Z, occupancy = ctx.saved_tensors
        return occupancy * -grad.where(log_Z > -torch.inf, 0)[:, None], None, None, None, None, None


def _solve(
    log_probs: Tensor, y: Tensor, T_len: Tensor, U_len: Tensor, blank: int, wanted: bool, kernel: bool
) -> tuple[Float[Tensor, "B"], Float[Tensor, "T B C"]]:
    """log p(y) and, if wanted, the occupancy."""
    if kernel and has_kernel() and log_probs.is_cpu:
        from . import _ctc_kernel

        found = _ctc_kernel.forward_backward(log_probs, y, T_len, U_len, blank, wanted)
        if found is not None:
            return found
    return _forward_backward(log_probs, y, T_len, U_len, blank, wanted)


def _forward_backward(
    log_probs: Tensor, y: Tensor, T_len: Tensor, U_len: Tensor, blank: int, wanted: bool
) -> tuple[Float[Tensor, "B"], Float[Tensor, "T B C"]]:
    """log p(y) and, if wanted, the occupancy, both in float64."""
    T, B, C = log_probs.shape
    U, device, D = y.shape[1], y.device, 2 if wanted else 1  # D sweeps: forward, backward
    beyond = torch.arange(T, device=device)[:, None] >= T_len
    x = log_probs.transpose(1, 2).to(torch.float64, memory_format=torch.contiguous_format)
    x = x.masked_fill(beyond[:, None], -torch.inf)
    x[:, blank].masked_fill_(beyond, 0)
    flat, item = x.view(T, C * B), torch.arange(B, device=device)
    spelt = (y.T * B + item).reshape(-1)  # where a row of `flat` holds the scores of y_1 ... y_U, all items
    turned = (y.T.flip(0) * B + item).reshape(-1)

    skip = torch.ones(D, U, B, dtype=torch.bool, device=device)
    skip[0, 1:] = (y[:, 1:] != y[:, :-1]).T
    skip[1:, 1:] = skip[0, 1:].flip(0)
    b, n = x.new_full((2, D, U + 1, B), -torch.inf)
    b[0, 0] = 0
    if wanted:
        b[1, U - U_len, item] = 0
    S, N, p = x.new_empty(T, D, U + 1, B), x.new_empty(T, D, U, B), x.new_empty(D, U, B)
    rows, blanks = flat.unbind(0), torch.stack([x[:, blank], x[:, blank].flip(0)][:D], 1)[:, :, None].unbind(0)
    later_n, earlier_b, (p_through, *p_back) = n[:, 1:], b[:, :-1], p.view(D, -1).unbind(0)
    for t, (s, earlier_s, stay) in enumerate(zip(S.unbind(0), S[:, :, :-1].unbind(0), N.unbind(0), strict=True)):
        log_add(b, n, out=s)
        log_add(later_n, torch.where(skip, earlier_s, earlier_b), out=stay)
        torch.index_select(rows[t], 0, spelt, out=p_through)
        if wanted:
            torch.index_select(rows[T - 1 - t], 0, turned, out=p_back[0])
        torch.add(s, blanks[t], out=b)
        torch.add(stay, p, out=later_n)
    log_Z = log_add(b[0], n[0])[U_len, item]
    if not wanted:
        return log_Z, x

    offset = log_Z.where(log_Z > -torch.inf, 0)
    b = S[:, 0].add_(S[:, 1].flip(0, 1)).add_((x[:, blank] - offset)[:, None]).exp_().sum(1)
    n = N[:, 0].add_(N[:, 1].flip(0, 1)).view(T, U * B).add_(flat.gather(1, spelt.expand(T, -1)))
    n = n.view(T, U, B).sub_(offset).exp_()
    occupancy = flat.zero_().scatter_add_(1, spelt.expand(T, -1), n.view(T, U * B)).view(T, C, B)
    occupancy[:, blank] += b
    total = occupancy.sum(1, keepdim=True)  # 1, up to the rounding of log Z
    occupancy /= total.where(total > 0, 1)
    return log_Z, occupancy.masked_fill_(beyond[:, None], 0).transpose(1, 2)


def _check(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | None,
    target_lengths: Tensor | None,
    blank: int,
    least: int = 0,
) -> tuple[Int[Tensor, "B U"], Int[Tensor, "B"], Int[Tensor, "B"]]:
    _sequences.scores("log_probs", log_probs, "T B C")
    T, B, C = log_probs.shape
    _sequences.blank_index(blank, C)
    y, U_len = _sequences.labels(targets, target_lengths, B, C, blank, log_probs.device)
    T_len = _sequences.lengths("input_lengths", input_lengths, B, least, T, log_probs.device)
    _sequences.inside("log_probs", log_probs, torch.arange(T, device=y.device)[:, None] < T_len)
    return y, T_len, U_len
