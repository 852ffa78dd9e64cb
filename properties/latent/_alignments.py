"""What laws of alignments share: the items of a batch, what a subject answers, and how far rounding may carry it.

A CTC loss is a log-domain recursion, so T2 allows 4·u·E nats, E the larger extent of the forward and the backward
sweep; a posterior is made of both sweeps and the total, so three times that. A difference of one nat is a factor e in
probability, so losses are compared with an effect of one nat and posteriors with an effect of one.

A gradient is read as an occupancy P(path_t = k | y): the gradient is −occupancy with respect to free scores, and
softmax − occupancy through log_softmax.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, gap
from prufrock.tolerance import log_domain

from ..oracles.alignments import Labels, by_recursion, repeats

if TYPE_CHECKING:
    from ..cases.alignments import Batch

Array = NDArray[np.float64]
NAT = 1.0


def arguments(batch: Batch) -> tuple[Any, ...]:
    return batch.log_probs, batch.targets, batch.input_lengths, batch.target_lengths, batch.blank


def items(batch: Batch) -> Iterator[tuple[Array, Labels]]:
    """Frames [T_b, C] and labels of each item."""
    for b, (T, U) in enumerate(zip(batch.input_lengths, batch.target_lengths, strict=True)):
        yield batch.log_probs[:T, b], tuple(batch.targets[b, :U].tolist())


def feasible(batch: Batch) -> NDArray[np.bool_]:
    """T ≥ U + R."""
    return np.array([len(x) >= len(y) + repeats(y) for x, y in items(batch)])


def rounding(u: float, batch: Batch) -> Array:
    """T2 for the loss of each item."""
    return np.array([log_domain(by_recursion(x, y, batch.blank).extent, u) for x, y in items(batch)])


def losses(got: Any, want: Any, allow: Any, says: str = "") -> Gap:
    """Losses in nats."""
    return gap(got, want, allow=allow, effect=NAT, says=says)


def counted(solve: Judged, batch: Batch, loss: Any) -> Array:
    """The losses, those of targets without a path as +∞ whatever the subject puts there instead."""
    if solve.conventions.get("infeasible") == "inf":
        return np.asarray(loss)
    return np.where(feasible(batch), loss, np.inf)


def occupancy(solve: Judged, batch: Batch, grad: Array) -> Array:
    """P(path_t = k | y) as the gradient has it, 0 behind each item's end."""
    inside = np.arange(len(grad))[:, None] < batch.input_lengths
    share = np.exp(batch.log_probs) if solve.conventions["grad"] == "logits" else 0.0
    return np.where(inside[:, :, None], share - grad, 0.0)


def posterior_rounding(u: float, batch: Batch) -> Array:
    """T2 for the posteriors of each item, [B, 1] so that it stands beside [T, B, C]."""
    return np.asarray(3.0 * rounding(u, batch)[:, None])


def changed(batch: Batch, **fields: Any) -> Any:
    """A batch derived from a case, with some fields replaced."""
    return SimpleNamespace(**{**vars(batch), **fields})
