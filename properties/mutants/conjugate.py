"""Wrong updates of conjugate models: the prior or the data miscounted, not normalised, predicted from the wrong place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Subject, subject

from ..bayes.conjugate import MADE, WITHOUT_PREDICTIVE
from ..oracles.conjugate import MODELS
from ..oracles.families import registry
from .careless import careless

Array = NDArray[Any]
BOTH = ("log_posterior", "log_predictive")


def _posterior(name: str, prior: Array, known: Array, x: Array, theta: Array, new: Array) -> Array:
    if np.isnan(x).any() or np.isnan(theta).any():
        raise ValueError("x, theta: NaN")
    model, dtype = MODELS[name], theta.dtype
    prior, known, x, theta = (np.asarray(v, np.float64) for v in (prior, known, x, theta))
    return np.asarray(model.log_joint(theta, prior, known, x) - model.log_evidence(prior, known, x), dtype)


def _predictive(name: str, prior: Array, known: Array, x: Array, theta: Array, new: Array) -> Array:
    values = (np.asarray(v, np.float64) for v in (prior, known, x, new))
    return np.asarray(MODELS[name].log_predictive(*values), theta.dtype)


def _then(name: str, change: Callable[..., Array]) -> Callable[..., Array]:
    return lambda prior, known, x, theta, new: np.asarray(
        change(_posterior(name, prior, known, x, theta, new), prior, known, x, theta), theta.dtype
    )


def _on(name: str, pick: Callable[[Array], Array]) -> Callable[..., Array]:
    """The update on other data."""
    return lambda prior, known, x, theta, new: _posterior(name, prior, known, pick(x), theta, new)


def _plug_in(name: str, prior: Array, known: Array, x: Array, theta: Array, new: Array) -> Array:
    """The likelihood at the posterior mean of θ, as if that were certain."""
    model = MODELS[name]
    prior, known, x, new = (np.asarray(v, np.float64) for v in (prior, known, x, new))
    nodes, w = model.over(prior, x)
    with np.errstate(all="ignore"):
        mass = w * np.exp(model.log_joint(nodes, prior, known, x) - model.log_evidence(prior, known, x))
        mean = float(np.nansum(mass * nodes))
        return np.asarray((model.new or model.log_p)(new, mean, *known), theta.dtype)


def _mutants(name: str, made: Contract) -> tuple[Subject, ...]:
    family = registry()[MODELS[name].prior]
    runs: dict[str, Callable[..., Any]] = {
        "prior-forgotten": _then(
            name, lambda log_p, prior, known, x, theta: log_p - family.log_p(np.asarray(prior, float), theta)
        ),
        "first-observation-only": _on(name, lambda x: x[:1] if len(x) > 1 else x[:0]),
        "data-twice": _on(name, lambda x: np.concatenate([x, x])),
        "unnormalised": _then(name, lambda log_p, *_: log_p + 0.5),
        "density-itself": _then(name, lambda log_p, *_: np.exp(log_p)),
    }
    found = [subject(called, contract=made)(run) for called, run in runs.items()]
    if name not in WITHOUT_PREDICTIVE:
        predictions: dict[str, Callable[..., Any]] = {
            "predicts-from-the-prior": lambda prior, known, x, *rest: _predictive(name, prior, known, x[:0], *rest),
            "plug-in": lambda *case: _plug_in(name, *case),
        }
        found += [
            subject(called, contract=made, outputs=BOTH)(lambda *case, run=run: (_posterior(name, *case), run(*case)))
            for called, run in predictions.items()
        ]
    good = subject("good", contract=made)(lambda *case: _posterior(name, *case))
    return (*found, *careless(good, ("ignores-order", "ignores-strides")))


MUTANTS = tuple(one for name, (made, _) in MADE.items() for one in _mutants(name, made))
