"""Wrong samplers: parameters misread, tails and digits lost, draws that depend on each other, seeds that do nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..subjects.samplers import numpy_draws
from ..variational.sampler import sampler
from .careless import careless

Array = NDArray[Any]
Draws = Callable[[str, Array, int, int], Any]

SYMMETRIC = ("normal", "laplace", "logistic", "cauchy")
LOCATED = (*SYMMETRIC, "gumbel")
PREFIX = {"prefix": "yes"}


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed + 2**40)


def _with_params(change: Callable[[str, Array], Array]) -> Draws:
    """The right sampler of other parameters."""
    return lambda dist, params, n, seed: numpy_draws(dist, change(dist, params.copy()), n, seed)


def _after(change: Callable[[Array, Array], Array]) -> Draws:
    """The right draws x, changed afterwards, given the parameters."""
    return lambda dist, params, n, seed: change(np.asarray(numpy_draws(dist, params, n, seed)), params)


def _inverted_rate(dist: str, params: Array) -> Array:
    params[-1] = 1.0 / params[-1]
    return params


def _root_of_scale(dist: str, params: Array) -> Array:
    params[-1] = np.sqrt(params[-1])
    return params


def _other_probability(dist: str, params: Array) -> Array:
    params[-1] = 1.0 - params[-1]
    return params


def _student(dist: str, params: Array, n: int, seed: int) -> Array:
    return np.asarray(params[0] + params[1] * np.sqrt(0.6) * np.random.default_rng(seed).standard_t(5.0, n))


def _tail(dist: str, params: Array, n: int, seed: int) -> Array:
    x = numpy_draws(dist, params, n, seed)
    return np.asarray(np.where(_rng(seed).random(n) < 0.01, params[0] - 3.3 * params[1], x))


def _coarse(dist: str, params: Array, n: int, seed: int) -> Array:
    u = (np.random.default_rng(seed).integers(0, 256, n) + 0.5) / 256.0
    return np.asarray(-np.log1p(-u) / params[0])


def _rounded_normal(dist: str, params: Array, n: int, seed: int) -> Array:
    mean = params.prod()
    spread = np.sqrt(mean * (1.0 - params[1]) if dist == "binomial" else mean)
    return np.asarray(np.random.default_rng(seed).normal(mean, spread, n))


def _mirrored(x: Array, params: Array) -> Array:
    half = (len(x) + 1) // 2
    return np.concatenate([x[:half], 2.0 * params[0] - x[: len(x) - half]])


def _alternating(x: Array, params: Array) -> Array:
    pairs = np.repeat(x[: (len(x) + 1) // 2], 2)[: len(x)]
    return np.asarray(np.where(np.arange(len(x)) % 2, 2.0 * params[0] - pairs, pairs))


def _first_is_median(x: Array, params: Array) -> Array:
    return np.concatenate([params[:1], x[1:]]) if len(x) else x


def _on_one(x: Array, params: Array) -> Any:
    return x[0] if len(x) == 1 else x


WRONG: dict[str, tuple[Draws, tuple[str, ...]]] = {
    "scale-for-rate": (_with_params(_inverted_rate), ("exponential", "gamma")),
    "scale-for-variance": (_with_params(_root_of_scale), ("normal", "lognormal", "laplace")),
    "other-probability": (_with_params(_other_probability), ("bernoulli", "binomial", "geometric")),
    "uniform-categories": (_with_params(lambda dist, p: np.full(len(p), 1.0 / len(p))), ("categorical",)),
    "shifted": (_after(lambda x, params: x + 0.4 * params[1]), LOCATED),
    "t-for-normal": (_student, ("normal",)),
    "moves-tail": (_tail, ("normal", "laplace", "logistic")),
    "coarse": (_coarse, ("exponential",)),
    "minimum-gumbel": (_after(lambda x, params: 2.0 * params[0] - x), ("gumbel",)),
    "counts-trials": (_after(lambda x, params: x + 1), ("geometric",)),
    "counts-from-one": (_after(lambda x, params: x + 1), ("categorical",)),
    "normal-for-counts": (_rounded_normal, ("binomial", "poisson")),
    "below-zero": (_after(lambda x, params: x - 0.25), ("exponential", "gamma")),
    "repeats": (_after(lambda x, params: np.repeat(x, 2)[: len(x)]), ()),
    "repeats-first-half": (_after(lambda x, params: np.resize(x[: (len(x) + 1) // 2], len(x))), ()),
    "sorted": (_after(lambda x, params: np.sort(x)), ()),
    "alternates": (_after(_alternating), SYMMETRIC),
    "antithetic": (_after(_mirrored), SYMMETRIC),
    "backwards": (_after(lambda x, params: x[::-1].copy()), ()),
    "first-is-median": (_after(_first_is_median), LOCATED),
    "at-least-one": (lambda dist, params, n, seed: numpy_draws(dist, params, max(n, 1), seed), ()),
    "scalar-for-one": (_after(_on_one), ()),
    "ignores-seed": (lambda dist, params, n, seed: numpy_draws(dist, params, n, 7), ()),
    "repeats-seed-bits": (lambda dist, params, n, seed: numpy_draws(dist, params, n, seed >> 1), ()),
    "size-in-seed": (lambda dist, params, n, seed: numpy_draws(dist, params, n, seed + n), ()),
}


def _made(name: str, run: Draws, dists: tuple[str, ...]) -> Subject:
    accepts = (lambda dist, *_: dist in dists) if dists else None
    return subject(name, contract=sampler, conventions=PREFIX, accepts=accepts, own=True)(run)


good = _made("good", numpy_draws, ())

MUTANTS = (
    *(_made(name, run, dists) for name, (run, dists) in WRONG.items()),
    *careless(good, harmless=("ignores-order",)),
)
