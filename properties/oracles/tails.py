"""∫_0^r g(s) e^{−φ(s)} ds for convex φ with φ(0) = 0, r where φ is 45: by Gauss-Legendre on 24 panels.

A brute-force rule, with far more nodes than the integrands need, for velocities: dz/dθ = ∫_z^∞ ∂_θ log q q / q(z).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

Array = NDArray[np.float64]

PANELS, NODES, CUT = 24, 16, 45.0
_v, _w = leggauss(NODES)
_AT = ((np.arange(PANELS)[:, None] + (1.0 + _v) / 2.0) / PANELS).reshape(-1)
_WEIGHT = np.tile(_w / (2.0 * PANELS), PANELS)


def integral(g: Callable[[Array], Array], phi: Callable[[Array], Array], reach: Array) -> Array:
    """∫_0^reach g e^{−φ} ds, entry by entry: g and φ take s[S, n] and return the same; reach may be negative."""
    s = reach[:, None] * _AT
    return np.asarray(reach * ((g(s) * np.exp(-phi(s))) @ _WEIGHT))


def reach(phi: Callable[[Array], Array], sign: Array) -> Array:
    """r of the given sign with φ(r) = 45, by bisection in log |r|."""
    low, high = np.full(len(sign), -40.0), np.full(len(sign), 40.0)
    for _ in range(60):
        middle = (low + high) / 2.0
        with np.errstate(over="ignore", invalid="ignore"):
            beyond = ~(phi((sign * np.exp(middle))[:, None])[:, 0] < CUT)
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    return np.asarray(sign * np.exp(low))
