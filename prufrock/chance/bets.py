"""Bets on the mean of a sequence of draws: capital that cannot grow in expectation while the claim is true.

    φ(y) = sign(y) log(1 + |y| + y²/2),   e^{φ(y)} ≤ 1 + y + y²/2 for every y
    (y ≥ 0: equality; y < 0: (1 + y + y²/2)(1 − y + y²/2) = 1 + y⁴/4 ≥ 1)

If E x = μ, Var x ≤ v and λ is chosen from the past, then E e^{φ(λ(x−μ))} ≤ 1 + λ²v/2, so a product of factors
e^{φ(λ(x−μ))}/(1 + λ²v/2) is a supermartingale whatever the tails, and it exceeds 1/a with probability at most a at
whatever time one looks (Ville). The logarithm makes an outlier harmless. φ increases, so the upward bet holds for
E x ≤ μ as well. Where lo ≤ x ≤ hi is known, 1 + λ(x−μ) is such a factor by itself.

Symbols: z (n, C) residuals x − μ of C components; λ (J, C) bets; v (C,) variance bounds; w (n,) how often each row
was drawn (None: once).
Source: Catoni 2012 (φ); Ville 1939; Waudby-Smith & Ramdas 2024 (betting on bounded means). Inequality derived above.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CHUNK = 1 << 14  # entries that stay in cache
HUGE = 1e150  # beyond it y² overflows; φ is smaller there than it might be, which only favours the subject
SHARE = 0.75  # of the largest bet that a bound allows


def phi(y: Any) -> Array:
    """sign(y) log(1 + |y| + y²/2)."""
    a = np.minimum(np.abs(y), HUGE)
    return np.asarray(np.copysign(np.log(1.0 + a * (1.0 + 0.5 * a)), y))


def catoni(z: Array, bets: Array, variance: Array, weights: Array | None) -> Array:
    """Growth of log-capital of the bets +λ and −λ: (2, J, C)."""
    times = np.ones(len(z)) if weights is None else weights
    size = max(1, CHUNK // bets.size)
    total = np.zeros(bets.size)
    y, a = np.empty((2, min(size, len(z)), *bets.shape))
    for start in range(0, len(z), size):
        rows = z[start : start + size, None]
        y_, a_ = y[: len(rows)], a[: len(rows)]
        np.multiply(rows, bets, out=y_)
        np.minimum(np.abs(y_, out=a_), HUGE, out=a_)
        f = 0.5 * a_
        f += 1.0
        f *= a_
        f += 1.0
        np.copysign(np.log(f, out=f), y_, out=f)
        total += times[start : start + size] @ f.reshape(len(rows), -1)
    gain, price = total.reshape(bets.shape), times.sum() * np.log1p(0.5 * bets**2 * variance)
    return np.stack([gain - price, -gain - price])


def bounded(z: Array, bets: Array, lo: Array, hi: Array, weights: Array | None) -> Array:
    """The same by log(1 ± λz), for residuals that lie in [lo, hi]; a bet too large for them is cut."""
    with np.errstate(divide="ignore"):
        up, down = np.minimum(bets, SHARE / np.abs(lo)), np.minimum(bets, SHARE / np.abs(hi))
    times = np.ones(len(z)) if weights is None else weights
    out = np.zeros((2, bets.size))
    size = max(1, CHUNK // bets.size)
    for start in range(0, len(z), size):
        rows = z[start : start + size, None]
        for side, y in enumerate((rows * up, -rows * down)):
            out[side] += times[start : start + size] @ np.log1p(y).reshape(len(rows), -1)
    return out.reshape(2, *bets.shape)
