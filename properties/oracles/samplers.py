"""Distributions by SciPy: distribution functions, moments, supports, and cells that cut a discrete one into few."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEVELS = (0.1, 0.35, 0.6, 0.85)


def frozen(dist: str, params: Array) -> Any:
    """The distribution as SciPy has it."""
    return _frozen(dist, tuple(float(p) for p in params))


@lru_cache(maxsize=256)
def _frozen(dist: str, p: tuple[float, ...]) -> Any:
    from scipy import stats

    if dist == "categorical":
        return stats.rv_discrete(values=(np.arange(len(p)), p))
    made = {
        "normal": lambda: stats.norm(p[0], p[1]),
        "exponential": lambda: stats.expon(scale=1.0 / p[0]),
        "gamma": lambda: stats.gamma(p[0], scale=1.0 / p[1]),
        "uniform": lambda: stats.uniform(p[0], p[1] - p[0]),
        "beta": lambda: stats.beta(p[0], p[1]),
        "laplace": lambda: stats.laplace(p[0], p[1]),
        "gumbel": lambda: stats.gumbel_r(p[0], p[1]),
        "logistic": lambda: stats.logistic(p[0], p[1]),
        "lognormal": lambda: stats.lognorm(p[1], scale=np.exp(p[0])),
        "weibull": lambda: stats.weibull_min(p[1], scale=p[0]),
        "student": lambda: stats.t(p[0], p[1], p[2]),
        "cauchy": lambda: stats.cauchy(p[0], p[1]),
        "bernoulli": lambda: stats.bernoulli(p[0]),
        "binomial": lambda: stats.binom(int(p[0]), p[1]),
        "poisson": lambda: stats.poisson(p[0]),
        "geometric": lambda: stats.geom(p[0], loc=-1),
    }
    return made[dist]()


@lru_cache(maxsize=256)
def _moments(dist: str, p: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(float(m) for m in _frozen(dist, p).stats("mvsk"))


def moments(dist: str, params: Array) -> tuple[float, float, float, float]:
    """Mean, variance, and third and fourth central moment."""
    mean, var, skew, excess = _moments(dist, tuple(float(p) for p in params))
    return mean, var, skew * var**1.5, (excess + 3.0) * var**2


def support(dist: str, params: Array) -> tuple[float, float]:
    lo, hi = frozen(dist, params).support()
    return float(lo), float(hi)


def cells(dist: str, params: Array) -> tuple[Array, Array]:
    """Cell k holds the values x with edges[k−1] < x ≤ edges[k]; the edges, and the probability of each cell.

    Categories are cells of their own; others are cut at a few quantiles.
    """
    truth = frozen(dist, params)
    if dist == "categorical":
        return np.arange(len(params) - 1.0), np.asarray(params / params.sum(), np.float64)
    edges = np.unique([truth.ppf(level) for level in LEVELS])
    edges = edges[truth.sf(edges) > 0]
    below = np.array([0.0, *truth.cdf(edges), 1.0])
    return edges, np.array([hi - lo for lo, hi in pairwise(below)])
