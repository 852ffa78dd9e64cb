"""Distributions to draw from: a name, parameters away from the symmetric ones, how many draws, and a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Array = NDArray[np.float64]

MOST = 40


@dataclass(frozen=True)
class Sampled:
    """n draws of `dist` with these parameters, from this seed."""

    dist: str
    params: Array
    n: int
    seed: int


LOCATIONS = (0.5, -1.0, 2.0, -3.5)
SCALES = (2.0, 0.5, 3.5, 0.25)
SHAPES = (2.0, 0.7, 1.0, 3.5, 0.4, 20.0)

# Parameters of each distribution, in the order in which they are given; numbers in double and single alike.
CONTINUOUS: dict[str, tuple[tuple[float, ...], ...]] = {
    "normal": (LOCATIONS, SCALES),
    "exponential": (SCALES,),
    "gamma": (SHAPES, SCALES),
    "uniform": ((-1.0, 0.5, -3.0), (2.0, 1.0, 4.5)),
    "beta": (SHAPES, (0.75, 3.0, 1.5)),
    "laplace": (LOCATIONS, SCALES),
    "gumbel": (LOCATIONS, SCALES),
    "logistic": (LOCATIONS, SCALES),
    "lognormal": (LOCATIONS[:2], (0.5, 0.25, 1.0)),
    "weibull": (SCALES, (2.0, 1.5, 0.75)),
    "student": ((9.0, 5.0, 30.0), LOCATIONS, SCALES),
    "cauchy": (LOCATIONS, SCALES),
}
DISCRETE: dict[str, tuple[tuple[float, ...], ...]] = {
    "bernoulli": ((0.25, 0.75, 0.0625),),
    "binomial": ((3.0, 10.0, 40.0), (0.25, 0.625)),
    "poisson": ((2.5, 0.75, 12.0),),
    "geometric": ((0.25, 0.625),),
}
WEIGHTS = ((4, 3, 1), (1, 4), (2, 0, 5, 1), (1, 7, 4, 3, 1))
NO_VARIANCE = ("cauchy",)


@st.composite
def some(draw: Any, table: dict[str, tuple[tuple[float, ...], ...]], least: int = 0) -> Sampled:
    """A distribution of the table; the simplest parameters are the first of each list."""
    dist = draw(st.sampled_from(list(table)))
    params = [draw(st.sampled_from(values)) for values in table[dist]]
    return Sampled(dist, np.array(params), draw(st.integers(least, MOST)), draw(st.integers(0, 2**31 - 2)))


@st.composite
def categories(draw: Any, least: int = 0) -> Sampled:
    """Categories of unequal weights, one of them perhaps 0; the weights are exact in any dtype."""
    weights = np.array(draw(st.sampled_from(WEIGHTS)), np.float64)
    return Sampled(
        "categorical", weights / weights.sum(), draw(st.integers(least, MOST)), draw(st.integers(0, 2**31 - 2))
    )


def continuous() -> Any:
    return some(CONTINUOUS)


def discrete() -> Any:
    return some(DISCRETE) | categories()


def anything() -> Any:
    return some(CONTINUOUS, 1) | some(DISCRETE, 1) | categories(1)


def several() -> Any:
    """At least eight draws of a continuous distribution."""
    return some(CONTINUOUS, 8)


def with_moments() -> Any:
    """Distributions with four moments."""
    return some({name: values for name, values in (CONTINUOUS | DISCRETE).items() if name not in NO_VARIANCE})
