"""Lattices for the transducer: ragged batches of scores over frames, labels read so far, and classes.

Made of bytes, normalised over classes, with padding that says something else, as in `alignments`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ..oracles.alignments import FLOOR
from ..oracles.lattices import filled
from .alignments import normalised, scores

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Lattices:
    """log_probs[B, T, U+1, C], targets[B, U] padded, T_len[B] in 1..T, U_len[B] in 0..U, blank in 0..C-1."""

    log_probs: Array
    targets: Integers
    T_len: Integers
    U_len: Integers
    blank: int


Kind = TypeVar("Kind", bound=Lattices)


@dataclass(frozen=True)
class Compared(Lattices):
    """The batch, and other scores for the same targets."""

    other: Array


@dataclass(frozen=True)
class Directed(Lattices):
    """The batch, and a direction[B, T, U+1, C] to move its scores in, multiples of 1/16."""

    direction: Array


@dataclass(frozen=True)
class Permuted(Lattices):
    """The batch, and order[C]: class k becomes class order[k]."""

    order: Integers


@dataclass(frozen=True)
class Shifted(Lattices):
    """The batch, and constants[B, T, U+1] to be added to its nodes, multiples of 1/4."""

    constants: Array


@dataclass(frozen=True)
class Padded(Lattices):
    """The batch, and what to write outside its items: a score, a class; and how many more frames and labels."""

    score: float
    label: int
    extra: int


@st.composite
def _batches(draw: Any, least: int = 2) -> Lattices:
    shape, targets, T_len, U_len, blank = _frame(draw, least)
    return Lattices(normalised(scores(draw, shape) * draw(_SCALES)), targets, T_len, U_len, blank)


def _frame(draw: Any, least: int) -> tuple[tuple[int, ...], Integers, Integers, Integers, int]:
    C, B = draw(_CLASSES if least == 2 else _MORE_CLASSES), draw(_SIZES)
    blank, pad = draw(st.integers(0, C - 1)), draw(st.integers(0, 5))
    classes = [k for k in range(C) if k != blank]
    drawn = np.frombuffer(draw(st.binary(min_size=6 * B, max_size=6 * B)), np.uint8).reshape(B, 6).astype(np.int64)
    T_len, U_len = 1 + drawn[:, 0] % 5, drawn[:, 1] % 5
    T, U = int(T_len.max()) + pad % 3, int(U_len.max()) + pad // 3
    targets = np.array(classes)[np.resize(drawn[:, 2:], (B, max(U, 1))) % len(classes)][:, :U]
    return (B, T, U + 1, C), np.ascontiguousarray(targets, np.int64), T_len, U_len, blank


def batches() -> st.SearchStrategy[Lattices]:
    """Up to 5 frames, 4 labels, 5 classes: at most 70 paths."""
    return _ANY


@st.composite
def open_lattices(draw: Any) -> Lattices:
    """Blank and label each take at most 3/8 of a node, other classes the rest: no posterior hides behind rounding."""
    (B, T, V, C), targets, T_len, U_len, blank = _frame(draw, 3)
    drawn = np.frombuffer(draw(st.binary(min_size=32, max_size=32)), np.uint8).astype(np.float64)
    share = 0.375 * 2.0 ** -(np.resize(drawn % 16, (2, B, T, V)) / 2.0)
    return Lattices(filled(share[0], share[1][:, :, 1:], targets, C, blank), targets, T_len, U_len, blank)


@st.composite
def uniform_lattices(draw: Any) -> Lattices:
    """All classes equally probable, up to 9 frames and 6 labels."""
    C = draw(_CLASSES)
    blank = draw(st.integers(0, C - 1))
    drawn = np.frombuffer(draw(st.binary(min_size=4, max_size=4)), np.uint8).astype(np.int64).reshape(2, 2)
    T_len, U_len = 1 + drawn[0] % 9, drawn[1] % 7
    T, U = int(T_len.max()), int(U_len.max())
    targets = np.full((2, U), (blank + 1) % C, np.int64)
    return Lattices(np.full((2, T, U + 1, C), -np.log(C)), targets, T_len, U_len, blank)


@st.composite
def all_targets(draw: Any) -> Lattices:
    """One utterance, once for each target of at most U labels, after which only the blank may follow."""
    T, U, C = draw(st.sampled_from(((2, 2, 3), (1, 2, 3), (3, 3, 3), (2, 2, 4), (4, 3, 2), (1, 1, 5))))
    blank = draw(st.integers(0, C - 1))
    x = normalised(scores(draw, (1, T, U + 1, C)) * draw(_SCALES))
    x[:, :, U] = FLOOR
    x[:, :, U, blank] = 0.0
    classes = [k for k in range(C) if k != blank]
    every = [y for n in range(U + 1) for y in product(classes, repeat=n)]
    targets = np.array([(*y, *[classes[0]] * (U - len(y))) for y in every], dtype=np.int64).reshape(-1, U)
    lengths = np.array([len(y) for y in every])
    return Lattices(np.repeat(x, len(every), axis=0), targets, np.full(len(every), T), lengths, blank)


@st.composite
def forgetful(draw: Any) -> Lattices:
    """One utterance whose scores do not depend on the labels read, once for each target of U labels."""
    T, U, C = draw(st.sampled_from(((2, 1, 3), (2, 2, 3), (3, 3, 3), (2, 2, 4), (4, 2, 3), (1, 2, 4))))
    blank = draw(st.integers(0, C - 1))
    x = np.repeat(normalised(scores(draw, (1, T, 1, C)) * draw(_SCALES)), U + 1, axis=2)
    targets = np.array(list(product([k for k in range(C) if k != blank], repeat=U)), dtype=np.int64)
    n = len(targets)
    return Lattices(np.repeat(x, n, axis=0), targets, np.full(n, T), np.full(n, U), blank)


@st.composite
def gated(draw: Any) -> Lattices:
    """Some classes forbidden; blanks never are, nor is the first label of a frame's column, so that a path is left."""
    batch = draw(_ANY)
    gate = scores(draw, batch.log_probs.shape)
    x = np.where((gate > 0) & (gate < 4.0), -np.inf, batch.log_probs)
    x[..., batch.blank], x[:, 0] = batch.log_probs[..., batch.blank], batch.log_probs[:, 0]
    return _with(batch, Lattices, log_probs=normalised(x))


@st.composite
def compared(draw: Any) -> Compared:
    batch = draw(_ANY)
    return _with(batch, Compared, other=normalised(batch.log_probs + _tile(draw, batch.log_probs.shape)))


@st.composite
def directed(draw: Any) -> Directed:
    batch = draw(_ANY)
    return _with(batch, Directed, direction=_tile(draw, batch.log_probs.shape) / 8.0)


@st.composite
def permuted(draw: Any) -> Permuted:
    batch = draw(_ANY)
    order = draw(st.permutations(range(batch.log_probs.shape[-1])))
    return _with(batch, Permuted, order=np.array(order))


@st.composite
def shifted(draw: Any) -> Shifted:
    batch = draw(_ANY)
    return _with(batch, Shifted, constants=_tile(draw, batch.log_probs.shape[:3]))


@st.composite
def padded(draw: Any) -> Padded:
    batch = draw(_ANY)
    score = draw(st.sampled_from((0.0, 2.5, -1e30, 1e30)))
    label = draw(st.integers(0, batch.log_probs.shape[-1] - 1))
    return _with(batch, Padded, score=score, label=label, extra=draw(st.integers(1, 2)))


def _tile(draw: Any, shape: tuple[int, ...]) -> Array:
    return np.resize(scores(draw, (48,)), shape)


def _with(batch: Lattices, kind: type[Kind], **more: Any) -> Kind:
    return kind(**{**vars(batch), **more})


_CLASSES = st.sampled_from((3, 2, 4, 5))
_MORE_CLASSES = st.sampled_from((3, 4, 5))
_SIZES = st.sampled_from((1, 2, 2, 3))
_SCALES = st.sampled_from((1.0, 1.0, 0.25, 4.0, 16.0))
_ANY = _batches()
