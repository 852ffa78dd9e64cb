"""Wrong velocities where the path can be written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..oracles import explicit as oracle
from ..variational.implicit_explicit import implicit_explicit
from .careless import careless

Array = NDArray[Any]


def _right(dist: str, z: Array, params: Array) -> Array:
    if np.isnan(z).any() or np.isnan(params).any():
        raise ValueError("NaN in z or params")
    return np.asarray(oracle.velocity(dist, z, params).astype(z.dtype))


def _density_forgotten(dist: str, z: Array, params: Array) -> Array:
    if dist == "kumaraswamy":
        return np.asarray(0.5 * _right(dist, z, params))
    q = oracle.scipy_law(dist, params.astype(np.float64)).pdf(z.astype(np.float64))
    return np.asarray(_right(dist, z, params) * q[:, None])


def _mean_density(dist: str, z: Array, params: Array) -> Array:
    """Divided by the mean density of all draws."""
    relative = np.exp(-np.abs(z) / 8.0)
    return np.asarray(_right(dist, z, params) * (relative / relative.mean())[:, None])


def _scale_for_rate(dist: str, z: Array, params: Array) -> Array:
    """The last parameter taken for its reciprocal."""
    dz = _right(dist, z, params)
    dz[:, -1] *= -(params[-1] ** 2)
    return dz


def _origin_forgotten(dist: str, z: Array, params: Array) -> Array:
    dz = _right(dist, z, params)
    if dist in oracle.LOCATION:
        dz[:, 1] = z / params[1]
    return dz


BUGS: dict[str, Callable[..., Any]] = {
    "other-sign": lambda dist, z, params: -_right(dist, z, params),
    "density-forgotten": _density_forgotten,
    "mean-density": _mean_density,
    "scale-for-rate": _scale_for_rate,
    "origin-forgotten": _origin_forgotten,
    "shapes-exchanged": lambda dist, z, params: _right(dist, z, params)[:, ::-1].copy(),
    "sorts-draws": lambda dist, z, params: _right(dist, np.sort(z), params),
}


def _mutant(name: str, run: Callable[..., Any]) -> Subject:
    return subject(name, contract=implicit_explicit)(run)


good = _mutant("good", _right)

MUTANTS = (*(_mutant(name, run) for name, run in BUGS.items()), *careless(good, ("ignores-order",)))
