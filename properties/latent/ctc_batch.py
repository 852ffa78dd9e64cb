"""An item of a batch of CTC losses is as if it were alone, whatever stands beside it or behind its end.

    loss_b(x, y) = loss(x[:T_b, b], y[b, :U_b]), and so its gradient

The loss of an item is a sum over paths of T_b frames that spell U_b labels: other items, frames from T_b on and labels from
U_b on are no part of it. Other items and other frames leave it as it was bit for bit; a padded label may choose between
two equal roundings, so labels are held to rounding.

Symbols: as in `ctc`.
Source: derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Gap, Judged, gap, inconclusive, law, same
from prufrock.gaps import all_of
from prufrock.tolerance import both

from ._alignments import arguments, changed, losses, posterior_rounding, rounding
from .ctc import ctc

if TYPE_CHECKING:
    from ..cases.alignments import Batch, Compared, Padded


@law(
    ctc,
    says="an item costs in a batch what it costs alone",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    kills=("ignores-input-lengths", "ignores-target-lengths", "mean-over-batch", "last-item-to-the-end"),
)
def alone_as_in_a_batch(solve: Judged, batch: Batch) -> Gap:
    """loss_b(x, y) = loss(x[:T_b, b], y[b, :U_b])."""
    alone = [float(solve(*_alone(batch, b))[0]) for b in range(len(batch.targets))]
    return losses(solve(*arguments(batch)), alone, both(*[rounding(solve.u, batch)] * 2))


@law(
    ctc,
    says="an item's gradient is the same in a batch and alone",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    level="convention",
    needs=("grad",),
    when={"grad": ("logits", "free")},
    kills=("gradient-averaged", "ignores-input-lengths", "ignores-target-lengths"),
)
def gradient_alone_as_in_a_batch(solve: Judged, batch: Batch) -> Gap:
    """grad_b(x, y) = grad(x[:T_b, b], y[b, :U_b])."""
    grad, worst = solve.full(*arguments(batch)).grad, []
    allow = both(*[posterior_rounding(solve.u, batch)] * 2)
    for b, T in enumerate(batch.input_lengths):
        alone = solve.full(*_alone(batch, b)).grad[:, 0]
        worst.append(gap(grad[:T, b], alone, allow=allow[b], effect=1.0))
    return all_of(*worst)


@law(
    ctc,
    says="what happens to other items does not reach an item, bit for bit",
    source="derived",
    kind="bitwise",
    rule="T0",
    code="X-07",
    cases="..cases.alignments:compared",
    kills=("mean-over-batch", "centres-batch"),
)
def other_items(solve: Judged, batch: Compared) -> Gap:
    """loss_0 is unchanged when x_1, x_2, ... are replaced."""
    if len(batch.targets) < 2:
        return inconclusive("one item")
    mixed = batch.other.copy()
    mixed[:, 0] = batch.log_probs[:, 0]
    moved = changed(batch, log_probs=mixed)
    return same(np.asarray(solve(*arguments(moved)))[:1], np.asarray(solve(*arguments(batch)))[:1])


@law(
    ctc,
    says="what stands behind the end of an item has no influence: frames bit for bit, labels up to rounding",
    source="derived; a padded label may choose between two equal roundings (optax compares it with the last label)",
    kind="metamorphic",
    rule="T10",
    code="X-08",
    cases="..cases.alignments:padded",
    kills=("ignores-input-lengths", "ignores-target-lengths", "last-item-to-the-end", "padding-weighs-a-little"),
)
def content_of_padding(solve: Judged, batch: Padded) -> Gap:
    """loss(x, y) does not depend on x[t ≥ T_b] (numbers up to ±10³⁰) nor on y[u ≥ U_b] (any class)."""
    plain = _longer(batch, batch.log_probs[:1, :, :], 1)
    poisoned = _poisoned(plain, batch)
    loss, frames = np.asarray(solve(*arguments(plain))), changed(plain, log_probs=poisoned.log_probs)
    return all_of(
        same(np.asarray(solve(*arguments(frames))), loss, says="other frames"),
        losses(solve(*arguments(poisoned)), loss, both(*[rounding(solve.u, batch)] * 2), "other frames and labels"),
    )


@law(
    ctc,
    says="longer padding changes nothing",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-08",
    cases="..cases.alignments:padded",
    kills=("ignores-input-lengths", "ignores-target-lengths"),
)
def length_of_padding(solve: Judged, batch: Padded) -> Gap:
    """loss(x with more frames, y with more labels behind their ends) = loss(x, y)."""
    longer = _poisoned(_longer(batch, batch.log_probs[:1], batch.extra), batch)
    return losses(solve(*arguments(longer)), solve(*arguments(batch)), both(*[rounding(solve.u, batch)] * 2))


def _alone(batch: Batch, b: int) -> tuple[Any, ...]:
    T, U = int(batch.input_lengths[b]), int(batch.target_lengths[b])
    one = np.array([T]), np.array([U])
    return batch.log_probs[:T, b : b + 1].copy(), batch.targets[b : b + 1, :U].copy(), *one, batch.blank


def _longer(batch: Padded, frame: Any, extra: int) -> Any:
    x = np.concatenate([batch.log_probs, *[frame] * extra])
    labels = np.full((len(batch.targets), extra), batch.label, np.int64)
    return changed(batch, log_probs=x, targets=np.concatenate([batch.targets, labels], axis=1))


def _poisoned(plain: Any, batch: Padded) -> Any:
    T, U = len(plain.log_probs), plain.targets.shape[1]
    x = np.where((np.arange(T)[:, None] < batch.input_lengths)[:, :, None], plain.log_probs, batch.score)
    y = np.where(np.arange(U) < batch.target_lengths[:, None], plain.targets, batch.label)
    return changed(plain, log_probs=x, targets=y)


CONTRACTS = ()
LAWS = (
    alone_as_in_a_batch,
    gradient_alone_as_in_a_batch,
    other_items,
    content_of_padding,
    length_of_padding,
)
