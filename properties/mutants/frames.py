"""Wrong reshapes: the post's own, and the ones that people write while mending it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import subject

from ..speech.frames import batch_major, frames
from .careless import careless

Array = NDArray[Any]


def _right(y: Array, r: int) -> Array:
    T, B, width = y.shape
    if r < 1 or width % r:
        raise ValueError(f"r = {r}: expected a divisor of the last axis, {width}")
    return np.ascontiguousarray(y.reshape(T, B, r, width // r).transpose(0, 2, 1, 3)).reshape(T * r, B, width // r)


def _right_batch_major(y: Array, r: int) -> Array:
    B, T, width = y.shape
    if r < 1 or width % r:
        raise ValueError(f"r = {r}: expected a divisor of the last axis, {width}")
    return np.ascontiguousarray(y).reshape(B, T * r, width // r).copy()


@subject("plain-view", contract=frames)
def plain_view(y: Array, r: int) -> Array:
    """The bug of the post: view(T·r, B, d)."""
    T, B, width = y.shape
    return y.reshape(T * r, B, width // r)


@subject("split-features-first", contract=frames)
def split_features_first(y: Array, r: int) -> Array:
    """The last axis split as (d, r) instead of (r, d): features of different frames interleave."""
    T, B, width = y.shape
    return y.reshape(T, B, width // r, r).transpose(0, 3, 1, 2).reshape(T * r, B, width // r)


@subject("right-for-one-sequence", contract=frames)
def right_for_one_sequence(y: Array, r: int) -> Array:
    return _right(y, r) if y.shape[1] == 1 else plain_view.run(y, r)


@subject("swap-after-split", contract=frames)
def swap_after_split(y: Array, r: int) -> Array:
    """transpose(0, 1) after the wrong split."""
    T, B, width = y.shape
    return y.reshape(T, r, B, width // r).transpose(1, 0, 2, 3).reshape(T * r, B, width // r)


@subject("time-reversed-group", contract=frames)
def time_reversed_group(y: Array, r: int) -> Array:
    """The r frames of a step come out last first."""
    T, B, width = y.shape
    return y.reshape(T, B, r, width // r)[:, :, ::-1].transpose(0, 2, 1, 3).reshape(T * r, B, width // r)


@subject("time-reversed", contract=frames)
def time_reversed(y: Array, r: int) -> Array:
    return _right(y, r)[::-1]


@subject("repeats-first-frame", contract=frames)
def repeats_first_frame(y: Array, r: int) -> Array:
    """A go frame taken from the data: everything one frame late."""
    out = _right(y, r)
    return np.concatenate([out[:1], out[:-1]]) if len(out) else out


@subject("repeats-first-frame-longer", contract=frames)
def repeats_first_frame_longer(y: Array, r: int) -> Array:
    out = _right(y, r)
    return np.concatenate([out[:1], out])


@subject("drops-last-frame", contract=frames)
def drops_last_frame(y: Array, r: int) -> Array:
    return _right(y, r)[:-1]


@subject("averages-frames", contract=frames)
def averages_frames(y: Array, r: int) -> Array:
    """Every frame of a step is the step's mean."""
    T, B, width = y.shape
    mean = y.reshape(T, B, r, width // r).mean(axis=2)
    return np.repeat(mean, r, axis=0)


@subject("time-major-on-batch-major", contract=batch_major)
def time_major_on_batch_major(y: Array, r: int) -> Array:
    """The careful time-major map, applied where a plain reshape was right."""
    B, T, width = y.shape
    return y.reshape(B, T, r, width // r).transpose(0, 2, 1, 3).reshape(B, T * r, width // r)


@subject("split-features-first", contract=batch_major)
def split_features_first_batch_major(y: Array, r: int) -> Array:
    B, T, width = y.shape
    return y.reshape(B, T, width // r, r).transpose(0, 1, 3, 2).reshape(B, T * r, width // r)


@subject("time-reversed-group", contract=batch_major)
def time_reversed_group_batch_major(y: Array, r: int) -> Array:
    B, T, width = y.shape
    return y.reshape(B, T, r, width // r)[:, :, ::-1].reshape(B, T * r, width // r)


@subject("good", contract=frames)
def good(y: Array, r: int) -> Array:
    return _right(y, r)


@subject("good", contract=batch_major)
def good_batch_major(y: Array, r: int) -> Array:
    return _right_batch_major(y, r)


MUTANTS = (
    plain_view,
    split_features_first,
    right_for_one_sequence,
    swap_after_split,
    time_reversed_group,
    time_reversed,
    repeats_first_frame,
    repeats_first_frame_longer,
    drops_last_frame,
    averages_frames,
    time_major_on_batch_major,
    split_features_first_batch_major,
    time_reversed_group_batch_major,
    *careless(good),
    *careless(good_batch_major),
)
