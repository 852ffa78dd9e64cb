"""CTC under change: what may be done to frames, labels and classes without changing a cost.

    loss(x_T..x_1, y_U..y_1) = loss(x, y)          loss(x_σ, σ(y), σ(blank)) = loss(x, y, blank)
    loss(x_t + c_t) = loss(x) − Σ_t c_t for free scores, loss(x) for logits

Reversed frames spell the reversed labelling. Classes have no names. A score added to a whole frame is added to every
path. A frame that is certainly blank may be put before or behind an utterance, but not inside it, where it would split
a run; inside, a frame that is certain of its class may be said twice, because a run of two is a run. Items beside each
other are in `ctc_batch`.

Symbols: as in `ctc`.
Source: derived from the definition of collapse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Gap, Judged, gap, law
from prufrock.tolerance import both

from ..oracles.alignments import FLOOR
from ._alignments import arguments, changed, items, losses, posterior_rounding, rounding
from .ctc import ctc

if TYPE_CHECKING:
    from ..cases.alignments import Batch, Framed, Permuted, Shifted, Spelled


@law(
    ctc,
    says="an utterance played backwards costs its labels read backwards",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="CTC-09",
    kills=("starts-in-blank", "ends-in-label", "forgets-first-frame"),
)
def time_reversal(solve: Judged, batch: Batch) -> Gap:
    """loss(x_T..x_1, y_U..y_1) = loss(x_1..x_T, y_1..y_U)."""
    back = changed(batch, log_probs=batch.log_probs.copy(), targets=batch.targets.copy())
    for b, (x, y) in enumerate(items(batch)):
        back.log_probs[: len(x), b], back.targets[b, : len(y)] = x[::-1], y[::-1]
    allow = both(rounding(solve.u, batch), rounding(solve.u, back))
    return losses(solve(*arguments(back)), solve(*arguments(batch)), allow)


@law(
    ctc,
    says="classes are names: renaming them, the blank included, changes no cost",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="CTC-10",
    cases="..cases.alignments:permuted",
    kills=("blank-is-zero", "label-of-last-class-forgotten"),
)
def renamed_classes(solve: Judged, batch: Permuted) -> Gap:
    """loss(x_σ, σ(y), σ(blank)) = loss(x, y, blank)."""
    return losses(solve(*arguments(_renamed(batch))), solve(*arguments(batch)), both(*[rounding(solve.u, batch)] * 2))


@law(
    ctc,
    says="the gradient is renamed with the classes",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="CTC-10",
    level="convention",
    needs=("grad",),
    when={"grad": ("logits", "free")},
    cases="..cases.alignments:permuted",
    kills=("blank-is-zero", "label-of-last-class-forgotten"),
)
def renamed_gradient(solve: Judged, batch: Permuted) -> Gap:
    """grad_σ(k)(x_σ, σ(y), σ(blank)) = grad_k(x, y, blank)."""
    grad, moved = solve.full(*arguments(batch)).grad, solve.full(*arguments(_renamed(batch))).grad
    return gap(moved[..., batch.order], grad, allow=both(*[posterior_rounding(solve.u, batch)] * 2), effect=1.0)


@law(
    ctc,
    says="what is added to all scores of a frame is added to log p",
    source="derived: every path passes through the frame once",
    kind="metamorphic",
    rule="T10",
    code="CTC-11",
    level="convention",
    when={"scores": ("free",)},
    cases="..cases.alignments:shifted",
    kills=("normalises-frames", "blank-not-shifted"),
)
def frame_constants(solve: Judged, batch: Shifted) -> Gap:
    """loss(x_t + c_t) = loss(x) − Σ_{t < T_b} c_t."""
    moved = changed(batch, log_probs=batch.log_probs + batch.constants[:, :, None])
    inside = np.arange(len(batch.log_probs))[:, None] < batch.input_lengths
    want = solve(*arguments(batch)) - (batch.constants * inside).sum(axis=0)
    return losses(solve(*arguments(moved)), want, _shift_rounding(solve, batch, moved))


@law(
    ctc,
    says="logits have no level: what is added to a whole frame changes nothing",
    source="derived: softmax is invariant",
    kind="metamorphic",
    rule="T10",
    code="CTC-11",
    level="convention",
    when={"scores": ("logits",)},
    cases="..cases.alignments:shifted",
    kills=("logits-left-alone", "logits-over-time"),
)
def level_of_logits(solve: Judged, batch: Shifted) -> Gap:
    """loss(x_t + c_t) = loss(x)."""
    moved = changed(batch, log_probs=batch.log_probs + batch.constants[:, :, None])
    return losses(solve(*arguments(moved)), solve(*arguments(batch)), _shift_rounding(solve, batch, moved))


@law(
    ctc,
    says="silence for certain before and behind an utterance costs nothing",
    source="derived; false inside, where a blank splits a run",
    kind="metamorphic",
    rule="T10",
    code="CTC-12",
    cases="..cases.alignments:framed",
    kills=("blank-is-zero", "loss-per-frame", "forgets-first-frame", "ends-in-label"),
)
def certain_blanks(solve: Judged, batch: Framed) -> Gap:
    """loss(e, ..., e, x, e, ..., e) = loss(x), e the frame with p(blank) = 1."""
    T, B, C = batch.log_probs.shape
    more = batch.before + batch.behind
    wide = changed(batch, log_probs=np.full((T + more, B, C), FLOOR), input_lengths=batch.input_lengths + more)
    wide.log_probs[..., batch.blank] = 0.0
    for b, (x, _) in enumerate(items(batch)):
        wide.log_probs[batch.before : batch.before + len(x), b] = x
    allow = both(rounding(solve.u, batch), rounding(solve.u, wide))
    return losses(solve(*arguments(wide)), solve(*arguments(batch)), allow)


@law(
    ctc,
    says="a frame that is certain of its class may be said twice",
    source="derived: a run of two is a run",
    kind="metamorphic",
    rule="T10",
    code="CTC-13",
    cases="..cases.alignments:spelled",
    kills=("loss-per-frame", "labels-never-stay", "blanks-never-stay"),
)
def repeated_frame(solve: Judged, batch: Spelled) -> Gap:
    """p_t(k) = 1 at a frame  ⇒  loss(..., x_t, x_t, ...) = loss(..., x_t, ...)."""
    once = changed(batch, log_probs=batch.log_probs.copy())
    twice = changed(batch, input_lengths=batch.input_lengths + 1)
    twice.log_probs = np.concatenate([batch.log_probs, batch.log_probs[-1:]])
    for b, (x, _) in enumerate(items(batch)):
        t = int(batch.at[b])
        once.log_probs[t, b] = FLOOR
        once.log_probs[t, b, batch.path[t, b]] = 0.0
        twice.log_probs[: len(x) + 1, b] = np.insert(once.log_probs[: len(x), b], t, once.log_probs[t, b], axis=0)
    allow = both(rounding(solve.u, once), rounding(solve.u, twice))
    return losses(solve(*arguments(twice)), solve(*arguments(once)), allow)


def _renamed(batch: Permuted) -> Any:
    x = np.empty_like(batch.log_probs)
    x[..., batch.order] = batch.log_probs
    return changed(batch, log_probs=x, targets=batch.order[batch.targets], blank=int(batch.order[batch.blank]))


def _shift_rounding(solve: Judged, batch: Shifted, moved: Any) -> Any:
    # x + c is rounded once more when it is cast: u·|x + c| at each of the T_b frames.
    cast = solve.u * np.abs(moved.log_probs).max() * batch.input_lengths
    return both(rounding(solve.u, batch), rounding(solve.u, moved)) + cast


CONTRACTS = ()
LAWS = (
    time_reversal,
    renamed_classes,
    renamed_gradient,
    frame_constants,
    level_of_logits,
    certain_blanks,
    repeated_frame,
)
