"""Rows of logits: small and huge, tied and lonely, with forbidden (−∞) entries, and with masks.

Values lie on dyadic grids, so that a shift of ±10⁴ or a halving stays exact in float32 too. Rows are short and mostly
not as many as columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import Array, signed

Mask = NDArray[np.bool_]

# From 1/4 to 100 and 10⁴: exp(−100) is 0 in float32, exp(−1000) in float64 too.
UNITS = (0.25, 1.0, 1.0, 4.0, 100.0, 1e4)


@dataclass(frozen=True)
class Logits:
    """x[B, n]; `shift`[B] to add to each row, and other logits y[B, n]."""

    x: Array
    shift: Array
    y: Array


@dataclass(frozen=True)
class Masked:
    """x[B, n], mask[B, n] (True keeps), at least one entry kept in each row; finite numbers to put where it drops."""

    x: Array
    mask: Mask
    poison: Array


@st.composite
def logits(draw: Any, forbidden: bool = True, finite_row: bool = True) -> Logits:
    """forbidden: some entries are −∞; finite_row: but never all of a row."""
    B, n = draw(_ROWS), draw(_COLUMNS)
    unit = draw(_UNITS)
    drawn = _bytes(draw, 2 * B * n).reshape(2, B, n)
    x, y = unit * signed(drawn[0] % 17), unit * signed(drawn[1] % 17)
    if draw(_FEW):
        x = np.repeat(x[:, :1], n, axis=1)
    if forbidden and draw(_FEW):
        out = drawn[1] % 3 == 1
        if finite_row:
            out[:, 0] = False
        x = np.where(out, -np.inf, x)
    shift = draw(_SHIFTS) * signed(_bytes(draw, B) % 5)
    return Logits(x, shift, y)


def impossible_rows() -> st.SearchStrategy[Logits]:
    """The first row is −∞ throughout."""

    def barred(case: Logits) -> Logits:
        x = case.x.copy()
        x[0] = -np.inf
        return replace(case, x=x)

    return logits().map(barred)


def certain_rows() -> st.SearchStrategy[Logits]:
    """The last entry of the last row is +∞."""

    def certain(case: Logits) -> Logits:
        x = case.x.copy()
        x[-1, -1] = np.inf
        return replace(case, x=x)

    return logits().map(certain)


def wide_rows() -> st.SearchStrategy[Logits]:
    """Gaps so wide that most probabilities underflow."""
    return logits().map(lambda case: replace(case, x=2.0**10 * case.x))


def any_rows() -> st.SearchStrategy[Logits]:
    return logits(finite_row=False)


def finite_rows() -> st.SearchStrategy[Logits]:
    return logits(forbidden=False)


@st.composite
def masked(draw: Any) -> Masked:
    case = draw(finite_rows())
    mask = _bytes(draw, case.x.size).reshape(case.x.shape) % 4 != 1
    mask[:, -1] |= ~mask.any(axis=1)
    poison = np.where(case.y % 3 == 0, 1e30, np.where(case.y % 3 == 1, -1e30, case.y))
    return Masked(case.x, mask, np.asarray(np.float32(poison), np.float64))


def all_masked() -> st.SearchStrategy[Masked]:
    """Nothing is kept of the last row."""

    def emptied(case: Masked) -> Masked:
        mask = case.mask.copy()
        mask[-1] = False
        return replace(case, mask=mask)

    return masked().map(emptied)


def _bytes(draw: Any, size: int) -> NDArray[np.int64]:
    return np.frombuffer(draw(st.binary(min_size=size, max_size=size)), np.uint8).astype(np.int64)


_ROWS, _COLUMNS = st.integers(1, 4), st.sampled_from((3, 2, 1, 5, 7, 17))
_UNITS, _SHIFTS = st.sampled_from(UNITS), st.sampled_from((1.0, 0.5, 64.0, 1e4))
_FEW = st.sampled_from((False, False, False, True))
