"""What transport problems are made of: shapes, masses that are integer parts, costs on dyadic grids.

Rows are drawn as bytes, every draw of one length, so that a counterexample loses a row or a column and keeps the
rest, and ends at two by two with costs 0 and 1. Masses are parts of a power of two (their sum is exact in any dtype),
or parts of whatever they add up to. Costs have ties, both signs, forbidden ways, or are separable.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ._draws import signed

Array = NDArray[np.float64]

SMALL = 6
BYTES = 14
SCALES = (1.0, 1.0, 1.0, 2.0**-10, 1e-3, 2.0**10, 2.0**27, 1e8)


@lru_cache
def shapes(largest: int, thin: bool) -> st.SearchStrategy[tuple[int, int, bool]]:
    """(m, n, whether the masses are all equal), simplest first, m ≠ n mostly.

    One draw for both sizes: of two draws of a kind Hypothesis likes to make two equal ones.
    """
    sizes = range(2, largest + 1)
    pairs = sorted(((m, n) for m in sizes for n in sizes), key=lambda s: (s[0] * s[1], s))
    some = [(m, n, False) for m, n in pairs for _ in range(3 if m == n else 2)]
    equal = [(n, n, True) for n in sizes for _ in range(2)]
    edge = [(1, n, False) for n in range(1, largest + 1)] + [(m, 1, False) for m in sizes]
    many = [(m, n, False) for m, n in ((12, 7), (5, 12), (9, 11), (12, 12))]
    return st.sampled_from((*some, *equal, *(edge if thin else ()), *(many if largest >= SMALL else ())))


def row_of_bytes(draw: Any) -> NDArray[np.int64]:
    return np.frombuffer(draw(_BINARY), np.uint8).astype(np.int64)


def unit_of(cost: Array) -> float:
    """The power of two next below max|C|/32: what is drawn in units of it stays on the grid."""
    return float(2.0 ** np.floor(np.log2(max(np.abs(cost).max(), 2.0**-20)) - 5.0))


def to_power_of_two(parts: NDArray[np.int64]) -> Array:
    """k/2ˢ: the last part grows until the total is a power of two, and the quotients add up to 1 exactly."""
    total = int(parts.sum())
    whole = 1 << max(total - 1, 0).bit_length()
    k = parts.astype(np.float64)
    k[-1] += whole - total
    return np.asarray(k / whole)


def _to_whole(parts: NDArray[np.int64]) -> Array:
    """k/Σk: the sum of the quotients is 1 up to rounding."""
    k = parts.astype(np.float64)
    k[-1] += not k.any()
    return np.asarray(k / k.sum())


def _spread(parts: NDArray[np.int64]) -> Array:
    """Parts of very different size, 2⁰ to 2¹⁸, of a power of two."""
    return to_power_of_two(np.where(parts > 0, 1 << (2 * parts), 0))


def divided(divide: Callable[[NDArray[np.int64]], Array], drawn: NDArray[np.int64], full: bool) -> Array:
    return divide(1 + drawn % 9 if full else np.maximum(drawn % 12 - 2, 0))


def lifted(a: Array, b: Array, cost: Array, *more: Array) -> Array:
    """The cost, raised until it, and it plus each of the others, is somewhere not negative between atoms with mass."""
    busy = np.ix_(a > 0, b > 0)
    return cost + max(0.0, -float(cost[busy].max()), *(-float((cost + x)[busy].max()) for x in more))


def _few(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    """0, 1, 2 or 3: ties everywhere, most optimal plans not unique."""
    return (rows % 4).astype(np.float64)


def _many(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    return rows / 8.0


def _profits(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    """Of both signs."""
    return signed(rows) / 8.0


def _forbidding(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    """A few ways are dearer than all others together."""
    return np.where(rows >= 192, 2.0**20, rows % 16)


def _separable(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    """f ⊕ g: every plan is optimal."""
    return rows[:, :1] % 32 + columns[None, : rows.shape[1]] / 4.0


def _on_a_line(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    """Squared distances between points of a line, duplicates among them."""
    return np.square((rows[:, :1] % 32 - columns[None, : rows.shape[1]] % 32) / 8.0) * 2.0


def _copies(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    """Some rows are the first one again: several atoms at one place."""
    return np.where(rows[:, :1] % 3 == 0, rows[:1], rows) / 8.0


_BINARY = st.binary(min_size=BYTES, max_size=BYTES)
_DIVIDE = (to_power_of_two, to_power_of_two, _to_whole, _spread)
_KIND = (_few, _many, _many, _profits, _forbidding, _separable, _on_a_line, _copies)
FULL = st.sampled_from([(x, y, True) for x, y in product(_DIVIDE, _DIVIDE)])
DIVISIONS = st.sampled_from([(x, y, full) for full in (True, False) for x, y in product(_DIVIDE, _DIVIDE)])
TAME = st.sampled_from([(price, 1.0) for price in _KIND if price not in (_profits, _forbidding)])
PRICES = st.sampled_from([(price, scale) for scale in SCALES for price in _KIND])
