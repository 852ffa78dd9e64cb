"""Frames and labels for CTC: ragged batches, repeats, any blank, padding that says something else.

Everything is made of bytes, so that a counterexample shrinks to equal scores and short targets. Frames are normalised
(Σ_k exp log_probs[t, b, k] = 1 up to the rounding of the subject's dtype), what lies behind an item's end included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ..oracles.alignments import labellings, repeats

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

SCALES = (1.0, 1.0, 0.25, 4.0, 16.0)
LONGEST = {2: 8, 3: 7, 4: 6, 5: 5}  # C^T ≤ 4096


@dataclass(frozen=True)
class Batch:
    """log_probs[T, B, C], targets[B, U] padded, input_lengths[B] ≤ T, target_lengths[B] ≤ U, blank in 0..C-1."""

    log_probs: Array
    targets: Integers
    input_lengths: Integers
    target_lengths: Integers
    blank: int


Kind = TypeVar("Kind", bound=Batch)


@dataclass(frozen=True)
class Compared(Batch):
    """The batch, and other frames for the same targets."""

    other: Array


@dataclass(frozen=True)
class Spelled(Batch):
    """The batch, a path[T, B] that spells its targets, and a frame at[B] of each item."""

    path: Integers
    at: Integers


@dataclass(frozen=True)
class Permuted(Batch):
    """The batch, and order[C]: class k becomes class order[k]."""

    order: Integers


@dataclass(frozen=True)
class Shifted(Batch):
    """The batch, and constants[T, B] to be added to its frames, multiples of 1/4."""

    constants: Array


@dataclass(frozen=True)
class Padded(Batch):
    """The batch, and what to write behind its ends: scores, and one of the classes; extra more frames and labels."""

    score: float
    label: int
    extra: int


@dataclass(frozen=True)
class Framed(Batch):
    """The batch, and how many certain blanks stand before and behind each item."""

    before: int
    behind: int


@dataclass(frozen=True)
class Directed(Batch):
    """The batch, and a direction[T, B, C] to move its scores in, multiples of 1/16 in [-1, 1]."""

    direction: Array


@st.composite
def _batches(draw: Any, longest: int = 12, labels: int = 5, slack: tuple[int, ...] = (0, 1, 2, 4)) -> Batch:
    C, B = draw(_CLASSES), draw(_SIZES)
    blank, pad = draw(_BLANKS[C]), draw(_PADS)
    longest = min(longest, LONGEST[C]) if longest < 12 else longest
    classes = [k for k in range(C) if k != blank]
    items = [_item(draw(_EIGHT), classes, labels, longest, slack) for _ in range(B)]
    T, U = max(T for T, _ in items) + pad % 3, max(len(y) for _, y in items) + pad // 3
    targets = np.full((B, U), classes[-1], np.int64)
    for b, (_, y) in enumerate(items):
        targets[b, : len(y)] = y
    lengths = np.array([T for T, _ in items]), np.array([len(y) for _, y in items])
    return Batch(normalised(scores(draw, (T, B, C)) * draw(_SCALES)), targets, *lengths, blank)


def _item(drawn: bytes, classes: list[int], labels: int, longest: int, slack: tuple[int, ...]) -> tuple[int, list[int]]:
    y = _labels(drawn[2 : 2 + drawn[0] % (labels + 1)], classes)
    while len(y) + repeats(tuple(y)) > longest:
        y.pop()
    T = len(y) + repeats(tuple(y)) + slack[drawn[1] % len(slack)]
    return min(max(T, 1), longest), y


def _labels(drawn: bytes, classes: list[int]) -> list[int]:
    """Any labels, every third of them the one before once more."""
    y: list[int] = []
    for k in drawn:
        y.append(y[-1] if y and k % 3 == 1 else classes[k % len(classes)])
    return y


def scores(draw: Any, shape: tuple[int, ...]) -> Array:
    """Signed numbers in steps of 1/2 up to 8."""
    n = int(np.prod(shape))
    drawn = np.frombuffer(draw(st.binary(min_size=n, max_size=n)), np.uint8).astype(np.int64) % 33
    return np.asarray(np.where(drawn % 2, drawn + 1, -drawn).reshape(shape) / 4.0)


def normalised(x: Array) -> Array:
    """log_softmax over classes."""
    top = x.max(axis=-1, keepdims=True)
    return np.asarray(x - top - np.log(np.exp(x - top).sum(axis=-1, keepdims=True)))


def batches() -> st.SearchStrategy[Batch]:
    """Up to 12 frames, 5 labels, 5 classes; every target has a path."""
    return _ANY


def small_batches() -> st.SearchStrategy[Batch]:
    """So few paths that all can be written down; every target has one."""
    return _SMALL


def tight_batches() -> st.SearchStrategy[Batch]:
    """As many frames as the target takes, one more, or one less: then there is no path."""
    return _TIGHT


@st.composite
def uniform_batches(draw: Any) -> Batch:
    """All classes equally probable, up to 40 frames and 12 labels."""
    C, B = draw(_CLASSES), draw(_SIZES)
    blank = draw(_BLANKS[C])
    classes = [k for k in range(C) if k != blank]
    rows = [draw(st.binary(min_size=14, max_size=14)) for _ in range(B)]
    items = [_labels(row[2 : 2 + row[0] % 13], classes) for row in rows]
    lengths = np.array(
        [max(len(y) + repeats(tuple(y)) + row[1] % 17 - 1, 1) for row, y in zip(rows, items, strict=True)]
    )
    targets = np.full((B, max(len(y) for y in items)), classes[0], np.int64)
    for b, y in enumerate(items):
        targets[b, : len(y)] = y
    log_probs = np.full((int(lengths.max()), B, C), -np.log(C))
    return Batch(log_probs, targets, lengths, np.array([len(y) for y in items]), blank)


@st.composite
def all_labellings(draw: Any) -> Batch:
    """One utterance, once for each labelling that is not longer than it."""
    T, C = draw(st.sampled_from(((2, 3), (1, 3), (3, 3), (4, 3), (3, 4), (2, 5), (5, 2))))
    blank, frames = draw(_BLANKS[C]), normalised(scores(draw, (T, 1, C)) * draw(_SCALES))
    every = labellings(T, C, blank)
    targets = np.full((len(every), T), blank, np.int64)
    for b, y in enumerate(every):
        targets[b, : len(y)] = y
    lengths = np.array([len(y) for y in every])
    return Batch(np.repeat(frames, len(every), axis=1), targets, np.full(len(every), T), lengths, blank)


@st.composite
def gated_batches(draw: Any) -> Batch:
    """Small batches where every other score is -∞ and some are astronomically low: some targets have no path left."""
    batch = draw(_SMALL)
    gate = scores(draw, batch.log_probs.shape)
    deep = np.where(gate < -6.0, draw(st.sampled_from((-1e3, -1e4))), batch.log_probs)
    x = np.where((gate > 0) & (gate < draw(st.sampled_from((2.0, 4.5, 8.5)))), -np.inf, deep)
    k = draw(_BLANKS[x.shape[-1]])
    x[..., k] = np.where(np.isinf(x).all(axis=-1), 0.0, x[..., k])
    return _with(batch, Batch, log_probs=normalised(x))


@st.composite
def compared(draw: Any, base: Any = None) -> Compared:
    batch = draw(_ANY if base is None else base)
    tile = np.resize(scores(draw, (48,)), batch.log_probs.shape)
    return _with(batch, Compared, other=normalised(batch.log_probs + tile))


@st.composite
def spelled(draw: Any, base: Any = None) -> Spelled:
    batch = draw(_ANY if base is None else base)
    T, B, _ = batch.log_probs.shape
    path = np.full((T, B), batch.blank, np.int64)
    raw = draw(_SIXTEEN)
    for b in range(B):
        n, y = int(batch.input_lengths[b]), batch.targets[b, : batch.target_lengths[b]].tolist()
        path[:n, b] = _spell(y, n, batch.blank, raw[b % 8 :])
    at = np.array([raw[b % 16] % batch.input_lengths[b] for b in range(B)])
    return _with(batch, Spelled, path=path, at=at)


def tightest_spelled() -> st.SearchStrategy[Spelled]:
    """The only path of targets that fill their frames."""
    return spelled(base=_TIGHTEST)


def _spell(y: list[int], T: int, blank: int, raw: bytes) -> Integers:
    """A path of T frames: labels once, blanks between equal ones once, and the frames left over where the bytes say."""
    z = np.full(2 * len(y) + 1, blank, np.int64)
    z[1::2] = y
    stay = (z != blank).astype(np.int64)
    stay[2:-1:2] = z[1:-2:2] == z[3::2]
    for i in range(T - int(stay.sum())):
        stay[raw[i % len(raw)] % len(z)] += 1
    return np.repeat(z, stay)


@st.composite
def permuted(draw: Any, base: Any = None) -> Permuted:
    batch = draw(_ANY if base is None else base)
    C = batch.log_probs.shape[-1]
    raw = draw(_SIXTEEN)
    return _with(batch, Permuted, order=np.argsort([raw[k % 16] * 256 + k for k in range(C)], kind="stable"))


@st.composite
def shifted(draw: Any, base: Any = None) -> Shifted:
    batch = draw(_ANY if base is None else base)
    return _with(batch, Shifted, constants=np.resize(scores(draw, (24,)), batch.log_probs.shape[:2]))


@st.composite
def padded(draw: Any, base: Any = None) -> Padded:
    batch = draw(_ANY if base is None else base)
    fill = draw(st.sampled_from((0.0, 2.5, -1e30, 1e30)))
    C = batch.log_probs.shape[-1]
    return _with(batch, Padded, score=fill, label=draw(st.integers(0, C - 1)), extra=draw(st.integers(1, 3)))


@st.composite
def framed(draw: Any, base: Any = None) -> Framed:
    batch = draw(_ANY if base is None else base)
    return _with(batch, Framed, before=draw(st.integers(0, 3)), behind=draw(st.integers(0, 3)))


@st.composite
def directed(draw: Any, base: Any = None) -> Directed:
    batch = draw(_ANY if base is None else base)
    return _with(batch, Directed, direction=np.resize(scores(draw, (48,)), batch.log_probs.shape) / 8.0)


def _with(batch: Batch, kind: type[Kind], **more: Any) -> Kind:
    return kind(**{**vars(batch), **more})


_CLASSES = st.sampled_from((3, 2, 3, 4, 5))
_SIZES = st.sampled_from((1, 2, 2, 3, 3))
_BLANKS = {C: st.integers(0, C - 1) for C in range(2, 64)}
_PADS = st.integers(0, 5)
_SCALES = st.sampled_from(SCALES)
_EIGHT = st.binary(min_size=8, max_size=8)
_SIXTEEN = st.binary(min_size=16, max_size=16)
_ANY = _batches()
_SMALL = _batches(longest=8, labels=3)
_TIGHT = _batches(longest=8, labels=4, slack=(0, -1, 0, -1, 1))
_TIGHTEST = _batches(longest=12, labels=5, slack=(0,))
