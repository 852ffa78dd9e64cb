"""An item of a batch of transducer losses is as if it were alone, whatever stands beside it or outside its lattice.

    loss_b(x, y) = loss(x[b, :T_b, :U_b + 1], y[b, :U_b]), and grad = 0 outside t < T_b, u ≤ U_b

The loss of an item is a sum over the paths of its own lattice: other items, nodes outside and labels from U_b on are no
part of it, so there is nothing to learn there. Other items and other scores leave it as it was bit for bit, labels up to
rounding.

Symbols: as in `transducer`.
Source: derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Gap, Judged, gap, inconclusive, law, same
from prufrock.gaps import all_of
from prufrock.tolerance import both

from ._alignments import losses
from ._lattices import arguments, changed, items, rounding
from .transducer import transducer
from .transducer_gradient import EITHER

if TYPE_CHECKING:
    from ..cases.lattices import Compared, Lattices, Padded


@law(
    transducer,
    says="outside an item there is nothing to learn, and within a node nothing to gain",
    source="derived",
    kind="limit",
    rule="T2",
    code="RNT-04",
    level="convention",
    needs=("grad",),
    when=EITHER,
    cases="..cases.lattices:padded",
    kills=("gradient-outside", "ignores-frames-given", "ignores-labels-given"),
)
def silence_outside(solve: Judged, batch: Padded) -> Gap:
    """grad = 0 exactly for t ≥ T_b or u > U_b."""
    longer = _longer(batch, batch.extra)
    grad = solve.full(*arguments(longer)).grad
    return gap(grad[~_within(longer)], 0.0, allow=0.0, effect=1.0)


@law(
    transducer,
    says="an item costs in a batch what it costs alone",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    kills=("ignores-frames-given", "ignores-labels-given", "mean-over-batch", "last-item-to-the-end"),
)
def alone_as_in_a_batch(solve: Judged, batch: Lattices) -> Gap:
    """loss_b(x, y) = loss(x[b, :T_b, :U_b + 1], y[b, :U_b])."""
    alone = [
        float(solve(x[None].copy(), np.array([y], dtype=np.int64).reshape(1, -1), *_sizes(x), batch.blank)[0])
        for x, y in items(batch)
    ]
    return losses(solve(*arguments(batch)), alone, both(*[rounding(solve.u, batch)] * 2))


@law(
    transducer,
    says="what happens to other items does not reach an item, bit for bit",
    source="derived",
    kind="bitwise",
    rule="T0",
    code="X-07",
    cases="..cases.lattices:compared",
    kills=("mean-over-batch", "centres-batch"),
)
def other_items(solve: Judged, batch: Compared) -> Gap:
    """loss_0 is unchanged when x_1, x_2, ... are replaced."""
    if len(batch.targets) < 2:
        return inconclusive("one item")
    mixed = batch.other.copy()
    mixed[0] = batch.log_probs[0]
    moved = changed(batch, log_probs=mixed)
    return same(np.asarray(solve(*arguments(moved)))[:1], np.asarray(solve(*arguments(batch)))[:1])


@law(
    transducer,
    says="what stands outside an item has no influence: scores bit for bit, labels up to rounding",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-08",
    cases="..cases.lattices:padded",
    kills=("ignores-frames-given", "ignores-labels-given", "last-item-to-the-end"),
)
def content_of_padding(solve: Judged, batch: Padded) -> Gap:
    """loss does not depend on x(t ≥ T_b or u > U_b) (numbers up to ±10³⁰) nor on y[u ≥ U_b] (any class)."""
    plain = _longer(batch, batch.extra)
    poisoned = _poisoned(plain, batch)
    loss, nodes = np.asarray(solve(*arguments(plain))), changed(plain, log_probs=poisoned.log_probs)
    return all_of(
        same(np.asarray(solve(*arguments(nodes))), loss, says="other scores"),
        losses(solve(*arguments(poisoned)), loss, both(*[rounding(solve.u, batch)] * 2), "other scores and labels"),
    )


@law(
    transducer,
    says="longer padding changes nothing",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-08",
    cases="..cases.lattices:padded",
    kills=("ignores-frames-given", "ignores-labels-given"),
)
def length_of_padding(solve: Judged, batch: Padded) -> Gap:
    """loss(x with more frames and more labels outside its items) = loss(x, y)."""
    longer = _poisoned(_longer(batch, batch.extra), batch)
    return losses(solve(*arguments(longer)), solve(*arguments(batch)), both(*[rounding(solve.u, batch)] * 2))


def _sizes(x: Any) -> tuple[Any, Any]:
    return np.array([x.shape[0]]), np.array([x.shape[1] - 1])


def _longer(batch: Padded, extra: int) -> Any:
    x = np.concatenate([batch.log_probs, *[batch.log_probs[:, :1]] * extra], axis=1)
    x = np.concatenate([x, *[x[:, :, :1]] * extra], axis=2)
    labels = np.full((len(batch.targets), extra), batch.label, np.int64)
    return changed(batch, log_probs=x, targets=np.concatenate([batch.targets, labels], axis=1))


def _within(batch: Any) -> Any:
    _, T, V, _ = batch.log_probs.shape
    t, u = np.arange(T)[:, None], np.arange(V)
    return (t < batch.T_len[:, None, None]) & (u <= batch.U_len[:, None, None])


def _poisoned(plain: Any, batch: Padded) -> Any:
    x = np.where(_within(plain)[..., None], plain.log_probs, batch.score)
    inside = np.arange(plain.targets.shape[1]) < batch.U_len[:, None]
    return changed(plain, log_probs=x, targets=np.where(inside, plain.targets, batch.label))


CONTRACTS = ()
LAWS = (
    silence_outside,
    alone_as_in_a_batch,
    other_items,
    content_of_padding,
    length_of_padding,
)
