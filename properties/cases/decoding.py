"""Paths to be collapsed, and frames to be decoded: runs, blanks first, last and between, ties, certainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from .alignments import normalised, scores

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

LONGEST = {2: 8, 3: 6, 4: 5, 5: 4}  # beams that drop nothing are slow


@dataclass(frozen=True)
class Path:
    """A path[T] of classes, and the blank."""

    path: Integers
    blank: int


@dataclass(frozen=True)
class TwoPaths(Path):
    """The path, and another one."""

    other: Integers


@dataclass(frozen=True)
class Frames:
    """Log-probabilities log_probs[T, C] of frames, the blank, and the width of a beam."""

    log_probs: Array
    blank: int
    width: int = 1


def _classes(drawn: bytes) -> Integers:
    """Classes 0 to 2; every other byte says the one before once more."""
    path: list[int] = []
    for k in drawn:
        path.append(path[-1] if path and k % 2 else k // 2 % 3)
    return np.array(path, dtype=np.int64)


def paths() -> st.SearchStrategy[Path]:
    """Up to 12 frames over 3 classes, none among them."""
    return st.builds(lambda drawn, blank: Path(_classes(drawn), blank), _BYTES, st.integers(0, 2))


@st.composite
def two_paths(draw: Any) -> TwoPaths:
    return TwoPaths(_classes(draw(_BYTES)), draw(st.integers(0, 2)), _classes(draw(_BYTES)))


@st.composite
def _frames(draw: Any, longest: int = 12, certain: bool = False) -> Frames:
    C = draw(st.sampled_from((3, 2, 4, 5)))
    most = min(longest, LONGEST[C])
    T = draw(st.sampled_from((2, most, most - 1, most, 3, 1)))
    blank = draw(st.integers(0, C - 1))
    x = scores(draw, (T, C)) * draw(_SCALES)
    if certain:
        x[np.arange(T), draw(st.lists(st.integers(0, C - 1), min_size=T, max_size=T))] = (
            np.max(x) + 2.0 + 2.0 * np.log(C * T)
        )
    return Frames(normalised(x), blank, draw(st.sampled_from((1, 2, 3, 5, 16))))


def frames() -> st.SearchStrategy[Frames]:
    """So few paths that the most probable labelling can be found by looking at all."""
    return _ANY


def certain_frames() -> st.SearchStrategy[Frames]:
    """Each frame so sure of its class that the best path holds more than half of the probability."""
    return _CERTAIN


_SOME = st.binary(min_size=5, max_size=12)
_BYTES = st.one_of(st.binary(min_size=0, max_size=12), _SOME, _SOME, _SOME)
_SCALES = st.sampled_from((0.25, 0.0625, 0.125, 0.25, 1.0, 4.0))
_ANY = _frames()
_CERTAIN = _frames(certain=True)
