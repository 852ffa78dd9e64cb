"""Wrong velocities of Student t draws and of von Mises angles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from prufrock import Contract, Subject, subject

from ..oracles import symmetric as oracle
from ..variational.implicit_symmetric import implicit_student, implicit_von_mises
from .careless import careless

Array = NDArray[Any]
Velocity = Callable[[Array, Array], Array]


def _student(z: Array, nu: Array) -> Array:
    if np.isnan(z).any() or not (nu > 0).all():
        raise ValueError(f"nu = {nu}")
    return np.asarray(oracle.student(z, nu).astype(z.dtype))


def _angle(z: Array, kappa: Array) -> Array:
    if not (np.abs(z) <= np.pi).all() or not (kappa >= 0).all():
        raise ValueError(f"z = {z}, kappa = {kappa}")
    return np.asarray(oracle.von_mises(z, kappa).astype(z.dtype))


def _student_density(z: Array, nu: Array) -> Array:
    log_q = special.gammaln((nu + 1) / 2) - special.gammaln(nu / 2) - np.log(np.pi * nu) / 2
    return np.asarray(np.exp(log_q - (nu + 1) / 2 * np.log1p(z**2 / nu)))


def _angle_density(z: Array, kappa: Array) -> Array:
    return np.asarray(np.exp(kappa * (np.cos(z) - 1.0)) / (2.0 * np.pi * special.i0e(kappa)))


def _student_deviation(z: Array, nu: Array) -> Array:
    """z/deviation held, the deviation being √(ν/(ν−2))."""
    nu = np.maximum(nu, 2.5)
    return np.asarray(-z / (nu * (nu - 2.0)))


def _common(right: Velocity, density: Velocity, limit: Velocity) -> dict[str, Velocity]:
    return {
        "other-sign": lambda z, theta: -right(z, theta),
        "density-forgotten": lambda z, theta: right(z, theta) * density(z, theta),
        "normal-limit": limit,
        "even": lambda z, theta: -np.abs(right(z, theta)),
        "from-below": lambda z, theta: np.where(z > 0, right(z, theta), 0.5 * right(z, theta)),
        "four-digits": lambda z, theta: right(z, theta) * (1.0 + 1e-4 * np.sin(7.0 * theta + 1.0)),
        "nan-for-many": lambda z, theta: np.where(theta > 1000.0, np.nan, right(z, theta)),
        "first-parameter-for-all": lambda z, theta: right(z, np.full_like(theta, theta[0])),
        "sorts-draws": lambda z, theta: right(np.sort(z), theta),
    }


STUDENT: dict[str, Velocity] = {
    **_common(_student, _student_density, lambda z, nu: -(z**3 + z) / (4.0 * nu**2)),
    "by-its-deviation": _student_deviation,
}
ANGLE: dict[str, Velocity] = {
    **_common(_angle, _angle_density, lambda z, kappa: -z / (2.0 * np.maximum(kappa, 1e-3))),
    "nan-at-zero": lambda z, kappa: np.where(kappa == 0.0, np.nan, _angle(z, kappa)),
    "nothing-behind": lambda z, kappa: np.where(kappa * (1.0 - np.cos(z)) > 20.0, 0.0, _angle(z, kappa)),
    # ∂_κ log q without −A(κ): what is lost at κ of one draw is missing.
    "mean-of-cosine-forgotten": lambda z, kappa: _angle(z, kappa) - special.i1e(kappa) / special.i0e(kappa) * z / 4.0,
}


def _mutants(contract: Contract, right: Velocity, bugs: dict[str, Velocity]) -> tuple[Subject, ...]:
    good = subject("good", contract=contract)(right)
    made = (subject(name, contract=contract)(run) for name, run in bugs.items())
    return (*made, *careless(good, ("ignores-order",)))


MUTANTS = (*_mutants(implicit_student, _student, STUDENT), *_mutants(implicit_von_mises, _angle, ANGLE))
