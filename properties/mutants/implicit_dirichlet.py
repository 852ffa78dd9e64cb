"""Wrong velocities of Dirichlet draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..oracles import beta, gamma
from ..variational.implicit_dirichlet import implicit_dirichlet, marginal
from .careless import careless

Array = NDArray[Any]


def _right(z: Array, alpha: Array) -> Array:
    if not (z > 0).all() or not (alpha > 0).all() or np.abs(z.sum(axis=1) - 1.0).max() > 1e-5:
        raise ValueError("outside the domain")
    return np.asarray(marginal(z, alpha).astype(z.dtype))


def _transposed(z: Array, alpha: Array) -> Array:
    return np.ascontiguousarray(_right(z, alpha).transpose(0, 2, 1))


def _others_stay(z: Array, alpha: Array) -> Array:
    """Each part moves, and the sum with it."""
    return np.asarray(_right(z, alpha) * np.eye(len(alpha)))


def _shapes_of_one(z: Array, alpha: Array) -> Array:
    """z_i taken for Beta(α_i, 1)."""
    moved, _ = beta.velocity(z, 1.0 - z, np.broadcast_to(alpha, z.shape), np.ones_like(z))
    return np.asarray((moved / (1.0 - z))[:, None, :] * (np.eye(len(alpha)) - z[:, :, None]))


def _gammas_themselves(z: Array, alpha: Array) -> Array:
    """The velocities of gammas g = z Σα, not of their shares."""
    g = z * alpha.sum()
    return np.asarray(np.eye(len(alpha)) * gamma.velocity(g, np.broadcast_to(alpha, z.shape))[:, None, :])


def _first_shape_for_all(z: Array, alpha: Array) -> Array:
    return _right(z, np.full_like(alpha, alpha[0]))


def _last_by_the_rest(z: Array, alpha: Array) -> Array:
    """The last shape moves nothing."""
    return np.asarray(_right(z, alpha) * (np.arange(len(alpha)) < len(alpha) - 1))


def _four_digits(z: Array, alpha: Array) -> Array:
    return np.asarray(_right(z, alpha) * (1.0 + 1e-4 * np.sin(5.0 * alpha)))


BUGS: tuple[Callable[..., Any], ...] = (
    _transposed,
    _others_stay,
    _shapes_of_one,
    _gammas_themselves,
    _first_shape_for_all,
    _last_by_the_rest,
    _four_digits,
)


def _mutant(name: str, run: Callable[..., Any]) -> Subject:
    return subject(name, contract=implicit_dirichlet, conventions={"velocity": "marginal"})(run)


good = _mutant("good", _right)

MUTANTS = (
    *(_mutant(run.__name__.strip("_").replace("_", "-"), run) for run in BUGS),
    _mutant("other-sign", lambda z, alpha: -_right(z, alpha)),
    *careless(good),
)
