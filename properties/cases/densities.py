"""Distributions of a family with points to look at them: parameters that are usual, at an end of their range, or far out.

The points are spread over the support, dyadic where they can be; levels are quarters and other dyadic shares. Of 1/4, 1/2 and 3/4
there is always one: what special-cases them is found there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ..oracles.families import INF, registry
from ._draws import Array, signed, some_bytes
from .parameters import ENDS, FAR, USUAL


@dataclass(frozen=True)
class Density:
    """A family's name, its parameters in their order, points x[n] of the support and levels q[m] in (0, 1).

    Each parameter is an attribute by its own name, an array without axes; probs[K] of a categorical one is `params`.
    """

    family: str
    params: Array
    x: Array
    q: Array

    def __getattr__(self, name: str) -> Array:
        names = () if name.startswith("_") else registry()[self.family].parameters
        if name not in names:
            raise AttributeError(name)
        return self.params if name == "probs" else np.asarray(self.params[names.index(name)])


def usual(family: str) -> Callable[[], st.SearchStrategy[Density]]:
    return lambda: _densities(family, USUAL[family])


def ends(family: str) -> Callable[[], st.SearchStrategy[Density]]:
    """Points at the ends of the support, too."""
    return lambda: _densities(family, ENDS.get(family, USUAL[family]), at_the_ends=True)


def far(family: str) -> Callable[[], st.SearchStrategy[Density]]:
    """Points far out, and close to the end of a half-line."""
    return lambda: _densities(family, USUAL[family], points=_far_points)


@st.composite
def _densities(
    draw: Any,
    family: str,
    choices: tuple[tuple[float, ...], ...],
    at_the_ends: bool = False,
    points: Callable[[str, Array, Any], Array] | None = None,
) -> Density:
    params = np.array(draw(st.sampled_from(choices)))
    n, drawn = draw(st.sampled_from((3, 2, 1, 5))), some_bytes(draw)
    x = (points or _points)(family, params, drawn[:n])
    low, high = registry()[family].support(*params)
    if at_the_ends:
        x = np.append(x, [end for end in (low, high) if abs(end) < INF])
    q = np.append((1 + drawn[5:7] % 255) / 256.0, (0.25, 0.5, 0.75)[int(drawn[7] % 3)])
    return Density(family, params, x, q)


def _points(family: str, params: Array, drawn: Any) -> Array:
    """Numbers of the family's kind."""
    one = registry()[family]
    low, high = one.support(*params)
    center, length = one.place(*params)
    if one.kind == "counts":
        x = np.minimum(drawn % 32, high) if high < INF else drawn % 32
    elif one.kind == "circle":
        x = signed(drawn) / 64.0
    elif one.kind == "real":
        x = center + length * signed(drawn) / 16.0
    elif high < INF:
        x = low + (high - low) * (1 + drawn % 255) / 256.0
    else:
        # Half of them near the end: fractions of the typical distance from it, and multiples.
        steps = np.where(drawn % 2 == 0, (1.0 + drawn) / 32.0, 2.0 ** -(drawn % 16.0))
        x = low + (center - low) * steps
    return np.asarray(x, np.float64)


def _far_points(family: str, params: Array, drawn: Any) -> Array:
    """Numbers of the family's kind, 2^k lengths from its middle, or 2^-k of a length from 0; on the upper side where log p
    overflows on the lower one."""
    one, (least, most) = registry()[family], FAR[family]
    low, _ = one.support(*params)
    center, length = one.place(*params)
    steps = 2.0 ** (least + drawn % (most - least + 1))
    other = drawn % 2 == 1
    if one.kind == "counts":
        return np.asarray(steps + drawn // 8, np.float64)
    if one.kind == "above":
        return np.asarray(low + (center - low) * np.where(other & (low == 0.0), 1.0 / steps, steps), np.float64)
    x = np.where(other, center - length * steps, center + length * steps)
    return np.asarray(np.where(one.log_p(params, x) > -1e30, x, center + length * steps), np.float64)
