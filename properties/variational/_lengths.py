"""Arguments whose lengths disagree, in a way that no broadcasting mends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def longer(*parameters: Array) -> tuple[Array, ...]:
    """Parameters of d + 2 variables, for samples of d + 1 (`wider`)."""
    return tuple(np.resize(x, (len(x) + 2, *x.shape[1:])) for x in parameters)


def wider(z: Array) -> Array:
    """z[S, d + 1]."""
    return np.concatenate([z, z[:, :1]], axis=1)
