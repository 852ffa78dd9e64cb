"""Decoder steps for the reshape: B and r at least 2, every value different, so that no misplaced frame can hide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray


@dataclass(frozen=True)
class Steps:
    """y[T, B, r·d] (or [B, T, r·d]), r frames a step; `inner` splits each frame once more."""

    y: NDArray[np.float64]
    r: int
    inner: int = 1


@st.composite
def _steps(draw: Any, batch_first: bool = False, nested: bool = False) -> Steps:
    r, B = draw(st.integers(2, 5)), draw(st.integers(2, 5))
    T, d = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    s = draw(st.integers(2, 3)) if nested else 1
    shape = (B, T, r * s * d) if batch_first else (T, B, r * s * d)
    start = draw(st.integers(-8, 8))
    y = np.arange(start, start + B * T * r * s * d, dtype=np.float64).reshape(shape)
    if draw(st.booleans()):
        y = y / 8.0
    for _ in range(draw(st.integers(0, 2))):
        at = tuple(draw(st.integers(0, n - 1)) for n in shape)
        y[at] = draw(st.sampled_from([np.nan, np.inf, -np.inf, -0.0]))
    return Steps(y, r, s)


def steps() -> st.SearchStrategy[Steps]:
    """Time-major steps; one in a few has no step at all."""
    empty = st.builds(lambda B, r: Steps(np.zeros((0, B, 2 * r)), r), st.integers(2, 3), st.integers(2, 3))
    return st.one_of(_steps(), _steps(), _steps(), empty)


def batch_major_steps() -> st.SearchStrategy[Steps]:
    return _steps(batch_first=True)


def nested_steps() -> st.SearchStrategy[Steps]:
    return _steps(nested=True)
