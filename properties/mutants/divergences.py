"""Wrong divergences between distributions: reversed, short of an entropy, of the wrong sign, or lost at infinity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Subject, subject

from ..cases.parameters import COUNTS, OTHERS
from ..oracles.divergences import divergence
from ..oracles.families import INF, registry
from ..variational.divergences import MADE
from .careless import careless

Array = NDArray[Any]
ENDS = {"ends": "limit"}


def _right(name: str) -> Callable[..., Any]:
    def run(params: Array, other: str, other_params: Array) -> Any:
        p, q = (np.asarray(x, np.float64) for x in (params, other_params))
        return np.asarray(divergence(name, p, other, q)[0], params.dtype)

    return run


def _reversed(name: str) -> Callable[..., Any]:
    def run(params: Array, other: str, other_params: Array) -> Any:
        p, q = (np.asarray(x, np.float64) for x in (params, other_params))
        return np.asarray(divergence(other, q, name, p)[0], params.dtype)

    return run


def _cross_entropy(name: str) -> Callable[..., Any]:
    def run(params: Array, other: str, other_params: Array) -> Any:
        entropy = registry()[name].entropy(np.asarray(params, np.float64))
        return np.asarray(_right(name)(params, other, other_params) + entropy, params.dtype)

    return run


def _then(name: str, change: Callable[[float], float]) -> Callable[..., Any]:
    return lambda params, *rest: np.asarray(change(float(_right(name)(params, *rest))), params.dtype)


def _negates_in_place(name: str) -> Callable[..., Any]:
    def run(params: Array, other: str, other_params: Array) -> Any:
        found = _right(name)(params, other, other_params)
        params *= -1
        return found

    return run


def _mutants(name: str, made: Contract) -> tuple[Subject, ...]:
    runs: dict[str, Callable[..., Any]] = {
        "cross-entropy": _cross_entropy(name),
        "half": _then(name, lambda kl: kl / 2),
        "negated": _then(name, lambda kl: -kl),
        "less-one": _then(name, lambda kl: kl - 1),
        "nan-for-zero": _then(name, lambda kl: kl if kl < INF else float("nan")),
        "floors-probabilities": _then(name, lambda kl: min(kl, 36.0)),
        "negates-in-place": _negates_in_place(name),
    }
    if len(OTHERS[name]) > 1:
        runs["reversed"] = _reversed(name)
    if name not in (*COUNTS, "categorical"):
        runs.pop("nan-for-zero")
        runs.pop("floors-probabilities")
    good = subject("good", contract=made, conventions=ENDS)(_right(name))
    harmless = ("ignores-order", "ignores-strides", "answers-anything", "mends-input", "sorts-in-place")
    return (
        *(subject(called, contract=made, conventions=ENDS)(run) for called, run in runs.items()),
        *careless(good, harmless),
    )


MUTANTS = tuple(one for name, (made, _) in MADE.items() for one in _mutants(name, made))
