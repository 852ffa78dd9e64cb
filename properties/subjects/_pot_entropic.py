"""What adapters of POT's entropic solvers share: how tight they are asked to be, and which problems suit them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
POT = "POT>=0.9"

# Errors are L2 norms over one marginal, checked every ten or twenty iterations.
STOP = 1e-11
ACCURACY = 1e-10
MOST = 300

KERNEL = {"regulariser": "entropy", "potentials": "counting"}
KL = {"regulariser": "kl", "potentials": "counting"}


def problem(a: list[float], b: list[float], cost: list[list[float]], eps: float = 1.0) -> object:
    """A witness."""
    from ..cases.entropic import Entropic

    return Entropic(np.array(a), np.array(b), np.array(cost), eps)


def in_range(a: Array, b: Array, cost: Array, eps: float) -> bool:
    """exp(−C/ε) neither overflows nor vanishes: POT recommends its logarithmic solvers otherwise."""
    return not eps > 0 or not np.isfinite(cost).all() or float(np.abs(cost).max()) <= 200 * eps


def full(a: Array, b: Array, cost: Array, eps: float) -> bool:
    return bool((a != 0).all() and (b != 0).all())


def full_in_range(a: Array, b: Array, cost: Array, eps: float) -> bool:
    """The dual has no maximiser where an atom is empty."""
    return full(a, b, cost, eps) and in_range(a, b, cost, eps)


def logs(u: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(u))
