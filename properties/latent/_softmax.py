"""What laws of log-sum-exp and softmax share: how far rounding may carry them, and what is bad input.

Rounding: 2u(|lse| + 1 + ln n) for lse; relative 2u(4 + max x − x_i + log₂ n) for p_i, to which comes 2u·max|x| where a
subject computes exp(x − lse(x)), which is the effect of rounding x once more. Whoever adds one entry after the other rounds
n − 1 numbers of size max|x| + ln n.

Symbols: x [B, n] logits; p [B, n] probabilities; u the unit roundoff.
Source: Blanchard, Higham & Higham 2021; derived.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from prufrock import Judged
from prufrock.tolerance import log_sum_exp

from ..oracles.logits import lse


def reach(x: Any, u: float) -> Any:
    """T3 for each row's lse in any order of its entries, and the effect of rounding x once."""
    n, largest = x.shape[-1], _largest(x)
    in_turn = (n - 1) * u * (largest + 1.0 + np.log(max(n, 1)))
    return log_sum_exp(finite(lse(x)), n, u) + 2.0 * u * largest + in_turn


def entry(x: Any, p: Any, solve: Judged) -> Any:
    """T3 for p_i near the probability p, absolute; a probability below the smallest normal number may be flushed to 0."""
    with np.errstate(invalid="ignore"):
        below = np.where(np.isfinite(x), x.max(-1, keepdims=True) - x, 0.0)
    size = 4.0 + below + np.log2(x.shape[-1]) + _largest(x)[:, None]
    return 2.0 * solve.u * size * p + 2.0 * float(np.finfo(solve.dtype).tiny)


def _largest(x: Any) -> Any:
    return np.abs(finite(x)).max(-1)


def finite(x: Any) -> Any:
    return np.where(np.isfinite(x), x, 0.0)


def scale(x: Any) -> float:
    return max(float(np.abs(finite(x)).max()), 1.0)


def with_nan(case: Any) -> Any:
    x = case.x.copy()
    x[-1, -1] = np.nan
    return x


BAD = {"nan-logit": lambda case: (with_nan(case),)}
