"""Small draws that clouds and entropic problems are made of: bytes, signed numbers, and masses of total 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bytes = NDArray[np.int64]

MOST = 8


def some_bytes(draw: Any) -> Bytes:
    """Eight bytes. All draws are of one kind, so that a counterexample loses an atom without losing the rest."""
    return np.frombuffer(draw(_EIGHT), np.uint8).astype(np.int64)


def signed(x: Bytes) -> Array:
    """0, 1, 2, 3, 4, ... ↦ 0, 1, −1, 2, −2, ..."""
    return np.asarray(np.where(x % 2, x + 1, -x) / 2.0)


def masses(draw: Any, size: int, full: bool) -> Array:
    """Masses of sum 1: parts of a power of two (exact in any dtype), very uneven ones, or parts of their total.

    full  no atom is empty
    """
    kind, drawn = draw(_KINDS), some_bytes(draw)[:size]
    parts = 1 + drawn % 9 if full else np.maximum(drawn % 12 - 2, 0)
    if kind == "of their total":
        k = parts.astype(np.float64)
        k[-1] += not k.any()
        return np.asarray(k / k.sum())
    if kind == "uneven":
        parts = np.where(parts > 0, 1 << (2 * parts), 0)
    whole = 1 << max(int(parts.sum()) - 1, 0).bit_length()
    parts = parts.copy()
    parts[-1] += whole - parts.sum()
    return np.asarray(parts / whole)


_EIGHT = st.binary(min_size=MOST, max_size=MOST)
_KINDS = st.sampled_from(("of a power of two", "of a power of two", "of their total", "uneven"))
