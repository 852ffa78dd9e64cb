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


USUAL: dict[str, tuple[tuple[float, ...], ...]] = {
    "normal": ((0.25, 2.0), (-3.0, 0.125), (0.0, 16.0)),
    "laplace": ((0.25, 2.0), (-3.0, 0.125), (0.0, 16.0)),
    "cauchy": ((0.25, 2.0), (-3.0, 0.125)),
    "gumbel": ((0.25, 2.0), (-3.0, 0.25)),
    "logistic": ((0.25, 2.0), (-3.0, 0.125)),
    "student-t": (
        (3.0, 0.25, 2.0),
        (0.5, -1.0, 0.5),
        (30.0, 0.0, 4.0),
        (1.0, 0.0, 2.0),
        (1.5, 2.0, 0.25),
        (2.0, 0.5, 1.0),
    ),
    "uniform": ((0.0, 1.0), (-1.5, 3.0), (2.0, 2.25)),
    "beta": ((2.0, 3.0), (0.5, 0.25), (1.0, 3.0), (12.0, 2.5), (1.0, 1.0), (0.75, 4.0)),
    "kumaraswamy": ((2.0, 3.0), (0.5, 0.75), (1.0, 3.0), (3.0, 1.0), (1.0, 1.0)),
    "continuous-bernoulli": ((0.25,), (0.5,), (0.875,), (0.4990234375,), (0.5078125,), (0.0625,)),
    "von-mises": ((0.25, 2.0), (-1.0, 0.125), (0.0, 8.0), (0.5, 3.75), (2.0, 50.0)),
    "log-normal": ((0.25, 0.5), (-1.0, 2.0)),
    "half-normal": ((2.0,), (0.125,)),
    "half-cauchy": ((2.0,), (0.125,)),
    "exponential": ((2.0,), (0.125,), (1.0,)),
    "gamma": ((2.0, 3.0), (0.5, 0.25), (1.0, 2.0), (20.0, 4.0), (0.25, 2.0)),
    "inverse-gamma": ((2.5, 3.0), (0.75, 2.0), (8.0, 0.5), (1.5, 1.0)),
    "chi2": ((3.0,), (1.0,), (2.0,), (10.0,)),
    "weibull": ((2.0, 3.0), (0.5, 0.75), (4.0, 1.0)),
    "pareto": ((2.0, 3.5), (0.5, 1.5), (4.0, 0.75), (1.0, 2.5)),
    "fisher-snedecor": ((3.0, 5.0), (1.0, 9.0), (8.0, 2.0), (2.0, 3.0), (2.0, 12.0)),
    "generalized-pareto": ((0.5, 2.0, 0.25), (0.0, 0.5, 0.0), (-1.0, 4.0, 0.75), (1.0, 1.0, 1.5)),
    "bernoulli": ((0.25,), (0.875,), (0.5,)),
    "geometric": ((0.25,), (0.875,), (0.5,)),
    "binomial": ((5.0, 0.25), (3.0, 0.875), (1.0, 0.5), (20.0, 0.125)),
    "negative-binomial": ((3.0, 0.25), (0.5, 0.75), (8.0, 0.5)),
    "poisson": ((2.5,), (0.125,), (20.0,)),
    "categorical": ((0.25, 0.5, 0.25), (0.125, 0.875), (0.5, 0.125, 0.25, 0.125)),
    "beta-binomial": ((5.0, 2.0, 0.5), (3.0, 1.0, 1.0), (9.0, 0.25, 4.0)),
    "gamma-poisson": ((2.5, 0.5), (0.5, 4.0), (8.0, 1.0)),
}

# Parameters at an end of their range, where one outcome is certain or the density has a finite limit at an end.
ENDS: dict[str, tuple[tuple[float, ...], ...]] = {
    "beta": ((1.0, 1.0), (1.0, 3.0), (2.0, 1.0), (0.5, 0.5)),
    "kumaraswamy": ((1.0, 1.0), (1.0, 3.0), (2.0, 1.0)),
    "gamma": ((1.0, 2.0), (0.5, 1.0), (3.0, 1.0)),
    "chi2": ((2.0,), (1.0,), (4.0,)),
    "weibull": ((2.0, 1.0), (0.5, 2.0), (1.0, 0.5)),
    "fisher-snedecor": ((2.0, 5.0), (1.0, 3.0), (4.0, 3.0)),
    "bernoulli": ((0.0,), (1.0,)),
    "geometric": ((1.0,),),
    "binomial": ((3.0, 0.0), (3.0, 1.0), (0.0, 0.25), (1.0, 1.0)),
    "negative-binomial": ((3.0, 0.0), (0.0, 0.5)),
    "poisson": ((0.0,),),
    "categorical": ((0.5, 0.0, 0.5), (1.0, 0.0), (0.0, 0.25, 0.75)),
}


def usual(family: str) -> Callable[[], st.SearchStrategy[Density]]:
    return lambda: _densities(family, USUAL[family])


def ends(family: str) -> Callable[[], st.SearchStrategy[Density]]:
    """Points at the ends of the support, too."""
    return lambda: _densities(family, ENDS.get(family, USUAL[family]), at_the_ends=True)


@st.composite
def _densities(draw: Any, family: str, choices: tuple[tuple[float, ...], ...], at_the_ends: bool = False) -> Density:
    params = np.array(draw(st.sampled_from(choices)))
    n, drawn = draw(st.sampled_from((3, 2, 1, 5))), some_bytes(draw)
    x = _points(family, params, drawn[:n])
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
