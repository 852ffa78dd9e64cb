"""Wrong CTC: recursions that start, skip or end where they must not, gradients of something else, items mixed up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject

from ._ctc import Rules, candidate, ctc_loss, may_skip, refuse
from .careless import careless

Array = NDArray[Any]
Mask = NDArray[np.bool_]


def _overwritten(occupancy: Array, z: Array, gamma: Array) -> Array:
    occupancy[:, z] = gamma
    return occupancy


def _ruled(name: str, **rules: Any) -> Subject:
    return candidate(name, lambda *call: ctc_loss(*call, rules=replace(Rules(), **rules)))


def _asked(name: str, change: Callable[..., tuple[Any, ...]], **declared: Any) -> Subject:
    """The right answer to another question."""
    return candidate(name, lambda *call: ctc_loss(*change(*call)), **declared)


def _answered(name: str, change: Callable[..., tuple[Array, Array]], **declared: Any) -> Subject:
    """Another answer to the right question: change(loss, grad, *call)."""
    return candidate(name, lambda *call: _typed(change(*ctc_loss(*call), *call), call[0]), **declared)


def _typed(out: tuple[Array, Array], like: Array) -> tuple[Array, Array]:
    return np.asarray(out[0]).astype(like.dtype), np.asarray(out[1]).astype(like.dtype)


def _every(z: Array, blank: int) -> Mask:
    return np.asarray(np.r_[False, False, z[2:] != blank][: len(z)])


def _against_neighbour(z: Array, blank: int) -> Mask:
    return np.asarray(np.r_[False, False, (z[2:] != blank) & (z[2:] != z[1:-1])][: len(z)])


def _third_repeat(z: Array, blank: int) -> Mask:
    """Right for two equal labels in a row, wrong for the third."""
    skip = may_skip(z, blank)
    skip[5::2] |= z[5::2] == z[1:-4:2]
    return skip


def _only_first_repeat(z: Array, blank: int) -> Mask:
    skip = _every(z, blank)
    repeated = np.flatnonzero(skip & (np.arange(len(z)) >= 3) & (z == np.roll(z, 2)))[:1]
    skip[repeated] = False
    return skip


def _middle(S: int) -> Mask:
    return np.ones(S, bool)


def _merged(x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    """Repeats in the target are taken for a slip."""
    y, U = y.copy(), U.copy()
    for b in range(len(y)):
        labels = y[b, : U[b]]
        kept = labels[np.r_[True, labels[1:] != labels[:-1]][: len(labels)]]
        y[b, : len(kept)], U[b] = kept, len(kept)
    return x, y, T, U, blank


def _reads_zero(*call: Any) -> tuple[Array, Array]:
    """The blank's score and place taken from class 0, whichever it is."""
    x, y, T, U, blank = call
    refuse(*call)
    moved = x.copy()
    moved[..., blank] = x[..., 0]
    return ctc_loss(moved, y, T, U, blank)


def _last_item_to_the_end(x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    """The last of several items reads on into its padding."""
    T = T.copy()
    if len(T) > 1:
        T[-1] = len(x)
    return x, y, T, U, blank


def _forgets_frames_of_last(x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    x = x.copy()
    if len(T) > 1:
        x[T[-1] - 1, -1] = x[0, -1]
    return x, y, T, U, blank


def _first_forgotten(x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    x = x.copy()
    x[:1] = -np.log(x.shape[-1])
    return x, y, T, U, blank


def _late_forgotten(x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    """Nobody speaks for longer than 16 frames."""
    return x[:16], y[:, :16], np.minimum(T, 16), np.minimum(U, 16), blank


def _last_class_lost(loss: Array, grad: Array, x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    """Labels C − 1 are spelt, but weigh nothing: an index one short."""
    dull = x.copy()
    if blank != x.shape[-1] - 1:
        dull[..., -1] -= 1.0
    return ctc_loss(dull, y, T, U, blank)


def _single_frame_blank(loss: Array, grad: Array, x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    return np.where((T == 1) & (U == 1), -x[0, :, blank], loss), grad


def _times_probability(loss: Array, grad: Array, x: Array, *_: Any) -> Any:
    return loss, np.exp(x) * (1.0 - np.exp(x) + grad)


def _best_path_gradient(loss: Array, grad: Array, x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    """softmax minus the best alignment instead of the average one."""
    share = np.exp(x) - grad
    best = (share == share.max(axis=-1, keepdims=True)) & (share > 0)
    return loss, np.where(np.isfinite(loss)[:, None], np.exp(x) - best, 0.0) * _inside(x, T)


def _inside(x: Array, T: Array) -> Array:
    return (np.arange(len(x))[:, None] < T)[:, :, None]


def _linear(loss: Array, grad: Array, x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    """Products of probabilities, without a logarithm: e⁻⁷⁴⁵ is 0."""
    with np.errstate(divide="ignore"):
        return -np.log(np.exp(-loss.astype(np.float64))), grad


def _single_products(loss: Array, grad: Array, x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    """In float32 only: products of probabilities, 10⁻³⁸ being the least."""
    with np.errstate(divide="ignore", under="ignore", over="ignore"):
        return -np.log(np.exp(-loss)), grad


def _scaled(loss: Array, grad: Array, x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    return loss / np.maximum(T, 1), grad / np.maximum(T, 1)[:, None]


def _per_label(loss: Array, grad: Array, x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    return loss / np.maximum(U, 1), grad / np.maximum(U, 1)[:, None]


def _behind(loss: Array, grad: Array, x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    return loss, np.where(_inside(x, T), grad, np.exp(np.minimum(x, 0.0)))


def _nan_gates(loss: Array, grad: Array, x: Array, *_: Any) -> Any:
    return loss, np.where(np.isinf(x), np.nan, grad)


def _no_path(loss: Array, grad: Array, put: float, slope: float) -> Any:
    """`put` for a loss of ∞, and `slope` for its gradient."""
    return np.where(loss == np.inf, put, loss), np.where(loss == np.inf, slope, grad.transpose(0, 2, 1)).transpose(
        0, 2, 1
    )


def _large_unless_repeated(loss: Array, grad: Array, x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    """10⁵ for want of frames, but what misses only the blanks between repeats costs 100."""
    return np.where(loss == np.inf, np.where(T < U, 1e5, 100.0), loss), grad


def _no_frames(put: float) -> Callable[..., Any]:
    def change(loss: Array, grad: Array, x: Array, y: Array, T: Array, *_: Any) -> Any:
        return np.where(T == 0, put, loss), grad

    return change


def _over_classes(x: Array, axis: int) -> Array:
    top = x.max(axis=axis, keepdims=True)
    return np.asarray(x - top - np.log(np.exp(x - top).sum(axis=axis, keepdims=True)), x.dtype)


def _blank_unshifted(x: Array, y: Array, T: Array, U: Array, blank: int) -> Any:
    """Labels are scored relative to the frame, the blank is not."""
    level = np.logaddexp.reduce(x, axis=-1, keepdims=True)
    x = (x - level).astype(x.dtype)
    x[..., blank] += level[..., 0]
    return x, y, T, U, blank


def _padding_weighs(loss: Array, grad: Array, x: Array, y: Array, T: Array, *_: Any) -> Any:
    """The mean over all frames, padded ones too, is subtracted and not quite added again."""
    outside = np.where(_inside(x, T), 0.0, np.tanh(x)).sum(axis=(0, 2))
    return loss * (1.0 + 1e-12 * outside), grad


LOGITS = {"conventions": {"scores": "logits"}}
ZERO = {"conventions": {"infeasible": "zero"}}
LARGE = {"conventions": {"infeasible": "large"}}

good = candidate("good", ctc_loss)

MUTANTS = (
    candidate("blank-is-zero", _reads_zero),
    _ruled("always-skips", skip=_every),
    _ruled("never-skips", skip=lambda z, blank: np.zeros(len(z), bool)),
    _ruled("skip-compares-neighbour", skip=_against_neighbour),
    _ruled("third-repeat-skips", skip=_third_repeat),
    _ruled("only-first-repeat-stops", skip=_only_first_repeat),
    _ruled("starts-in-blank", start=lambda S: np.arange(S) < 1),
    _ruled("starts-anywhere", start=_middle),
    _ruled("best-path-only", add=np.maximum),
    _ruled("ends-in-label", end=lambda S: np.arange(S) == max(S - 2, 0)),
    _ruled("ends-in-blank", end=lambda S: np.arange(S) == S - 1),
    _ruled("ends-anywhere", end=_middle),
    _ruled("labels-never-stay", stay=lambda z, blank: z == blank),
    _ruled("blanks-never-stay", stay=lambda z, blank: z != blank),
    _ruled("occupancy-overwritten", gather=_overwritten),
    _answered("empty-target-is-free", lambda loss, grad, x, y, T, U, blank: (np.where(U == 0, 0.0, loss), grad)),
    _answered("occupancy-times-probability", _times_probability),
    _answered("loss-per-frame", _scaled),
    _answered("loss-per-label", _per_label),
    _answered("single-frame-is-blank", _single_frame_blank),
    _answered("mean-over-batch", lambda loss, grad, *_: (np.full_like(loss, loss.mean()), grad / len(loss))),
    _answered("gradient-averaged", lambda loss, grad, *_: (loss, grad / grad.shape[1])),
    _answered("gradient-of-profit", lambda loss, grad, *_: (loss, -grad)),
    _answered("gradient-behind-end", _behind),
    _answered("best-path-gradient", _best_path_gradient),
    _answered("nan-gradient-at-gates", _nan_gates),
    _answered("linear-domain", _linear),
    _answered("single-precision-products", _single_products, dtype="float32"),
    _answered("label-of-last-class-forgotten", _last_class_lost),
    _answered("padding-weighs-a-little", _padding_weighs),
    _answered("no-frames-spell-anything", _no_frames(0.0)),
    _answered("no-frames-spell-nothing", _no_frames(np.inf)),
    _answered("zero-not-infinite", lambda loss, grad, *_: _no_path(loss, grad, 0.0, 0.0)),
    _answered("infinite-not-zero", lambda loss, grad, *_: (loss, grad), **ZERO),
    _answered("gradient-without-path", lambda loss, grad, *_: _no_path(loss, grad, 0.0, 0.5), **ZERO),
    _answered("nan-gradient-without-path", lambda loss, grad, *_: _no_path(loss, grad, 0.0, np.nan), **ZERO),
    _answered("large-only-without-repeats", _large_unless_repeated, **LARGE),
    candidate("free-gradient-as-logits", lambda *call: ctc_loss(*call, grad="free")),
    _asked("merges-repeats", _merged),
    _asked("forgets-first-frame", _first_forgotten),
    _asked("forgets-late-frames", _late_forgotten),
    _asked("forgets-frames-of-last-item", _forgets_frames_of_last),
    _asked("last-item-to-the-end", _last_item_to_the_end),
    _asked("ignores-input-lengths", lambda x, y, T, U, blank: (x, y, np.full_like(T, len(x)), U, blank)),
    _asked("ignores-target-lengths", lambda x, y, T, U, blank: (x, y, T, np.full_like(U, y.shape[1]), blank)),
    _asked("clips-scores", lambda x, *rest: (np.maximum(x, -40.0), *rest)),
    _asked("centres-batch", lambda x, *rest: (x - 1e-3 * x.mean(axis=1, keepdims=True), *rest)),
    _asked("normalises-frames", lambda x, *rest: (_over_classes(x, -1), *rest)),
    _asked("blank-not-shifted", _blank_unshifted),
    _asked("logits-left-alone", lambda *call: call, **LOGITS),
    _asked("logits-over-time", lambda x, *rest: (_over_classes(x, 0), *rest), **LOGITS),
    *careless(good),
)
