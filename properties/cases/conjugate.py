"""Data of conjugate models: a prior, what is known, observations, values of θ to look at and observations to predict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ..oracles.conjugate import MODELS
from ..oracles.families import INF, registry
from ._draws import Array, signed, some_bytes


@dataclass(frozen=True)
class Conjugate:
    """The model's name, prior[K] parameters, known[J] numbers, x[n] seen, theta[m], and new[r] to predict."""

    model: str
    prior: Array
    known: Array
    x: Array
    theta: Array
    new: Array


PRIORS: dict[str, tuple[tuple[float, ...], ...]] = {
    "beta": ((2.0, 3.0), (0.5, 4.0), (6.0, 1.5)),
    "gamma": ((2.0, 3.0), (1.5, 0.5), (4.0, 8.0)),
    "inverse-gamma": ((3.0, 2.0), (2.5, 8.0)),
    "pareto": ((2.0, 1.5), (4.0, 3.0)),
    "normal": ((0.5, 2.0), (-2.0, 0.5)),
    "von-mises": ((0.5, 2.0), (-1.0, 0.75)),
    "beta-binomial": ((12.0, 2.0, 3.0), (20.0, 0.5, 1.5)),
}
KNOWN: dict[str, tuple[tuple[float, ...], ...]] = {
    "binomial-beta": ((5.0,), (2.0,)),
    "negative-binomial-beta": ((3.0,), (2.0,)),
    "poisson-gamma": ((3.0,), (2.0,), (1.0,)),
    "gamma-gamma": ((2.5,), (0.75,)),
    "inverse-gamma-gamma": ((2.5,), (0.75,)),
    "pareto-gamma": ((2.0,), (0.5,)),
    "weibull-inverse-gamma": ((1.5,), (3.0,)),
    "normal-inverse-gamma": ((0.5,), (-2.0,)),
    "normal-normal": ((3.0,), (0.25,)),
    "von-mises": ((1.5,), (4.0,)),
}


def usual(model: str) -> Callable[[], st.SearchStrategy[Conjugate]]:
    return lambda: _data(model)


@st.composite
def _data(draw: Any, model: str) -> Conjugate:
    one = MODELS[model]
    prior = np.array(draw(st.sampled_from(PRIORS[one.prior])))
    known = np.array(draw(st.sampled_from(KNOWN.get(model, ((),)))))
    if model == "hypergeometric-beta-binomial":
        known = np.array([prior[0], draw(st.sampled_from((4.0, 2.0, 7.0)))])
    n, drawn, more = draw(st.sampled_from((3, 1, 2, 4))), some_bytes(draw), some_bytes(draw)
    n = 1 if model == "hypergeometric-beta-binomial" else n
    x, new = _observations(model, known, drawn[:n]), _observations(model, known, drawn[4:6])
    return Conjugate(model, prior, known, x, _values(one.prior, prior, x, more[:3]), new)


def _observations(model: str, known: Array, drawn: Any) -> Array:
    if model in ("binomial-beta", "hypergeometric-beta-binomial"):
        return np.asarray(drawn % (known[-1] + 1.0), np.float64)
    if MODELS[model].counts:
        return np.asarray(drawn % 8, np.float64)
    if model.startswith("normal"):
        return signed(drawn) / 16.0
    if model == "von-mises":
        return signed(drawn) / 48.0
    return np.asarray((1.0 + drawn) / 32.0 + (known[0] if model == "pareto-gamma" else 0.0))


def _values(family: str, prior: Array, x: Array, drawn: Any) -> Array:
    """Three values of θ, all different, with some posterior mass."""
    low, high = registry()[family].support(*prior)
    steps = np.cumsum(1 + drawn % 16)
    if family == "beta-binomial":
        return np.asarray(x.max() + steps % (prior[0] - x.max()))
    if family == "pareto":
        return np.asarray(max(prior[0], float(x.max())) * (1.0 + steps / 32.0))
    if family in ("normal", "von-mises"):
        return np.asarray(prior[0] + (steps - 24.0) / 16.0)
    return np.asarray(low + (high - low) * steps / 64.0 if high < INF else steps / 16.0)
