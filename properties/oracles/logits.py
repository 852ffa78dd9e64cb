"""Log-sum-exp and softmax in float64, with sums that are rounded once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def lse(x: Any) -> Array:
    """log Σ exp x of each row; −∞ where all entries are."""
    return np.asarray([_lse(row) for row in x])


def log_softmax(x: Any) -> Array:
    """x − lse(x), from x − max x, so that large logits cost nothing."""
    top = x.max(-1, keepdims=True)
    return np.asarray(x - top - lse(x - top)[:, None])


def softmax(x: Any) -> Array:
    return np.asarray(np.exp(log_softmax(x)))


def _lse(row: Any) -> float:
    top = float(row.max())
    if not math.isfinite(top):
        return top
    return top + math.log(math.fsum(np.exp(row - top)))
