"""Wrong score function estimators on the line: rates for scales, forgotten normalisers, supports that move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from prufrock import Subject, subject

from ..variational.score_line import score_line
from .careless import careless

Array = NDArray[Any]
Score = Callable[[str, Array, Array], Array]


def _checked(family: str, params: Array, z: Array) -> None:
    if family not in ("exponential", "gamma", "laplace"):
        raise ValueError(f"no family {family}")
    positive = params[-1:] if family == "laplace" else np.concatenate([params, z])
    if not np.isfinite(params).all() or not np.isfinite(z).all() or not (positive > 0).all():
        raise ValueError("a number that is not finite, or not positive")


def _score(family: str, params: Array, z: Array) -> Array:
    if family == "exponential":
        return np.stack([1 / params[0] - z], axis=1)
    if family == "gamma":
        a, b = params
        return np.stack([np.log(b) - special.digamma(a) + np.log(z), a / b - z], axis=1)
    m, b = params
    return np.stack([np.sign(z - m) / b, (np.abs(z - m) / b - 1) / b], axis=1)


def _log_q(family: str, params: Array, z: Array) -> Array:
    if family == "exponential":
        found = np.log(params[0]) - params[0] * z
    elif family == "gamma":
        a, b = params
        found = a * np.log(b) - special.gammaln(a) + (a - 1) * np.log(z) - b * z
    else:
        found = -np.log(2 * params[1]) - np.abs(z - params[0]) / params[1]
    return np.stack([found] * len(params), axis=1)


def _scale_for_rate(family: str, params: Array, z: Array) -> Array:
    """The rate of the gamma and of the exponential read as a scale, and the reverse for Laplace's."""
    turned = params.copy()
    turned[-1] = 1 / params[-1]
    return _score(family, turned, z)


def _forgets_digamma(family: str, params: Array, z: Array) -> Array:
    G = _score(family, params, z)
    return G + np.array([special.digamma(params[0]), 0]) if family == "gamma" else G


def _logarithm_for_digamma(family: str, params: Array, z: Array) -> Array:
    """Stirling: log α − 1/2α."""
    G = _score(family, params, z)
    if family == "gamma":
        G[:, 0] += special.digamma(params[0]) - np.log(params[0]) + 0.5 / params[0]
    return G


def _forgets_normaliser(family: str, params: Array, z: Array) -> Array:
    a, b = params[0], params[-1]
    less = {"exponential": [1 / b], "gamma": [0.0, a / b], "laplace": [0.0, -1 / b]}[family]
    return np.asarray(_score(family, params, z) - np.array(less))


VALUES: dict[str, Callable[[Array], Array]] = {
    "centres-values": lambda y: y - y.mean(),
    "baseline-of-one": lambda y: y - 1,
    "absolute-values": np.abs,
    "squares-values": np.square,
    "divides-by-samples": lambda y: y / len(y),
    "shifts-samples": lambda y: np.roll(y, 1),
}
SCORES: dict[str, Score] = {
    "log-q-for-its-gradient": _log_q,
    "wrong-sign": lambda *x: -_score(*x),
    "scale-for-rate": _scale_for_rate,
    "forgets-digamma": _forgets_digamma,
    "logarithm-for-digamma": _logarithm_for_digamma,
    "forgets-normaliser": _forgets_normaliser,
    "half-precision": lambda *x: _score(*x).astype(np.float16).astype(x[2].dtype),
}


def _run(
    score: Score = _score, values: Callable[[Array], Array] = np.asarray, at_one: float = 0.0
) -> Callable[..., Array]:
    def run(f: Any, family: str, params: Array, z: Array) -> Array:
        _checked(family, params, z)
        return np.asarray(values(f(z) - at_one * f(1.0))[:, None] * score(family, params, z))

    return run


RUNS = {
    **{name: _run(score) for name, score in SCORES.items()},
    **{name: _run(values=values) for name, values in VALUES.items()},
    "value-at-one-as-baseline": _run(at_one=1.0),
}


def _mutant(name: str, run: Callable[..., Array]) -> Subject:
    return subject(name, contract=score_line)(run)


good = subject("good", contract=score_line)(_run())

MUTANTS = (*(_mutant(name, run) for name, run in RUNS.items()), *careless(good, ("ignores-order",)))
