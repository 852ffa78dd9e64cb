"""Derivatives by differences, of oracles that can be evaluated anywhere: what a T4 allowance starts from.

    D_h = (F(x + h) − F(x − h))/2h = F'(x) + c h² + O(h⁴),      (4 D_{h/2} − D_h)/3 = F'(x) + O(h⁴)

Symbols: F a function of x; h > 0 a step, of the shape of x or a number.
Source: Richardson's extrapolation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def central(function: Callable[[Any], Any], x: Any, h: Any) -> tuple[Array, Array]:
    """F'(x), extrapolated from D_h and D_{h/2}, and |D_h − D_{h/2}|, which bounds what the extrapolation left."""
    wide, narrow = ((function(x + d) - function(x - d)) / (2.0 * d) for d in (h, h / 2.0))
    return np.asarray((4.0 * narrow - wide) / 3.0), np.asarray(np.abs(wide - narrow))


def each(function: Callable[[Array], Any], v: Array, relative: float) -> tuple[Array, Array, Array]:
    """`central` along every coordinate of v [P], its steps h = relative |v|: derivatives [..., P], what they are apart,
    and h [P]."""
    found, h = [], relative * np.abs(v)
    for unit, step in zip(np.eye(len(v)), h, strict=True):

        def along(t: float, unit: Array = unit) -> Array:
            return np.asarray(function(v + t * unit))

        found.append(central(along, 0.0, float(step)))
    slopes, apart = (np.stack(part, axis=-1) for part in zip(*found, strict=True))
    return slopes, apart, h
