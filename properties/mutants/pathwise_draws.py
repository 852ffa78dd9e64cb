"""Wrong draws, and draws that move wrongly."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..variational.pathwise_draws import pathwise_draws, velocity_at

Array = NDArray[np.float64]
Two = tuple[Array, Array]


def _drawn(dist: str, v: Array, seed: int, n: int) -> Array:
    rng = np.random.default_rng(seed)
    if dist == "gamma":
        return rng.gamma(v[0], size=n)
    if dist == "beta":
        return rng.beta(v[0], v[1], size=n)
    return rng.standard_t(v[0], size=n) if dist == "student" else rng.vonmises(0.0, v[0], size=n)


def _moved(dist: str, v: Array, z: Array) -> Two:
    safe = np.clip(z, 1e-300, 1.0 - 1e-16) if dist == "beta" else np.maximum(z, 1e-300) if dist == "gamma" else z
    return z, velocity_at(dist, v, safe)


def _right(dist: str, v: Array, seed: int, n: int) -> Two:
    return _moved(dist, v, _drawn(dist, v, seed, n))


def _standardised(dist: str, v: Array, seed: int, n: int) -> Two:
    """Draws that move with one deviation of the law per deviation of its parameter."""
    z, dz = _right(dist, v, seed, n)
    return z, np.sign(dz) * np.abs(dz) ** 2 / np.maximum(np.abs(dz).mean(axis=0), 1e-300) * 1.5


def _keeps_everything(dist: str, v: Array, seed: int, n: int) -> Two:
    """The proposals of a sampler, none of them rejected."""
    rng = np.random.default_rng(seed)
    d = max(v[0], 1.0) - 1.0 / 3.0
    cube = d * np.maximum(1.0 + rng.standard_normal(n) / np.sqrt(9.0 * d), 0.1) ** 3
    z = {"beta": cube / (cube + 1.0), "student": cube - d, "von-mises": np.arctan(cube - d)}.get(dist, cube)
    return _moved(dist, v, np.asarray(z))


def _one_shape_more(dist: str, v: Array, seed: int, n: int) -> Two:
    return _moved(dist, v, _drawn(dist, v + 1.0, seed, n))


def _faster(factor: float) -> Callable[..., Two]:
    """The right draws, their velocities multiplied."""

    def run(dist: str, v: Array, seed: int, n: int) -> Two:
        z, dz = _right(dist, v, seed, n)
        return z, factor * dz

    return run


_calls = itertools.count()

BUGS: dict[str, Callable[..., Two]] = {
    "standardised": _standardised,
    "keeps-everything": _keeps_everything,
    "one-shape-more": _one_shape_more,
    "other-sign": _faster(-1.0),
    "half-speed": _faster(0.5),
    "half-the-draw": lambda dist, v, seed, n: _moved(dist, v, _drawn(dist, v, seed, n) / 2.0),
    "ignores-seed": lambda dist, v, seed, n: _right(dist, v, 0, n),
    "forgets-seed": lambda dist, v, seed, n: _right(dist, v, next(_calls), n),
}


def _mutant(name: str, run: Callable[..., Any]) -> Subject:
    return subject(name, contract=pathwise_draws, outputs=("z", "dz"), conventions={"velocity": "quantile"})(run)


MUTANTS = tuple(_mutant(name, run) for name, run in BUGS.items())
