"""Wrong velocities of gamma draws: other paths taken for the quantile's, formulas cut short, tails given up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from prufrock import Subject, subject

from ..oracles import gamma as oracle
from ..variational.implicit_gamma import implicit_gamma
from .careless import careless

Array = NDArray[Any]


def _right(z: Array, alpha: Array) -> Array:
    if np.isnan(z).any() or np.isnan(alpha).any() or (z <= 0).any() or (alpha <= 0).any():
        raise ValueError(f"z = {z}, alpha = {alpha}")
    return np.asarray(oracle.velocity(z, alpha).astype(z.dtype))


def _standardised_log(z: Array, alpha: Array) -> Array:
    """The path of log z = ψ + √ψ₁ ε at fixed ε: unbiased only with its correction."""
    psi, psi1, psi2 = (special.polygamma(n, alpha) for n in range(3))
    return np.asarray(z * (psi1 + (np.log(z) - psi) * psi2 / (2.0 * psi1)))


def _rejection_path(z: Array, alpha: Array) -> Array:
    """The path of Marsaglia and Tsang's cube at fixed noise."""
    d = np.maximum(alpha - 1.0 / 3.0, 1e-3)
    v = np.cbrt(z / d)
    return np.asarray(v**3 - 1.5 * v**2 * (v - 1.0))


def _normal_approximation(z: Array, alpha: Array) -> Array:
    """z = α + √α ε."""
    return np.asarray(1.0 + (z - alpha) / (2.0 * alpha))


def _density_forgotten(z: Array, alpha: Array) -> Array:
    """−∂F/∂α."""
    return np.asarray(_right(z, alpha) * oracle.density(z, alpha))


def _digamma_of_alpha_plus_one(z: Array, alpha: Array) -> Array:
    """The recurrence taken twice at one digamma."""
    below = oracle.velocity(z, alpha + 2.0) + special.digamma(alpha + 1.0) - np.log(z)
    return np.asarray(z / alpha * (z / (alpha + 1.0) * below + special.digamma(alpha + 1.0) - np.log(z)))


def _ten_terms(z: Array, alpha: Array) -> Array:
    """The power series, cut."""
    term = total = np.ones_like(z)
    fall = moved = np.zeros_like(z)
    for n in range(1, 11):
        term, fall = term * z / (alpha + n), fall + 1.0 / (alpha + n)
        total, moved = total + term, moved + term * fall
    return np.asarray(z / alpha * (total * (special.digamma(alpha + 1.0) - np.log(z)) + moved))


def _nothing_far_left(z: Array, alpha: Array) -> Array:
    """−(∂F/∂α)/q with a density that is too small to divide by."""
    with np.errstate(under="ignore"):
        return np.where(z < 1e-3 * alpha, 0.0, _right(z, alpha)).astype(z.dtype)


def _nan_far_left(z: Array, alpha: Array) -> Array:
    return np.where(z < 1e-6 * alpha, np.nan, _right(z, alpha)).astype(z.dtype)


def _flat_far_right(z: Array, alpha: Array) -> Array:
    """Beyond eight deviations the velocity of the eighth."""
    return _right(np.minimum(z, alpha + 8.0 * (1.0 + np.sqrt(alpha))).astype(z.dtype), alpha)


def _four_digits(z: Array, alpha: Array) -> Array:
    return np.asarray(_right(z, alpha) * (1.0 + 1e-4 * np.sin(7.0 * np.log(alpha) + np.log(z))))


BUGS: tuple[Callable[..., Any], ...] = (
    _standardised_log,
    _rejection_path,
    _normal_approximation,
    _density_forgotten,
    _digamma_of_alpha_plus_one,
    _ten_terms,
    _nothing_far_left,
    _nan_far_left,
    _flat_far_right,
    _four_digits,
)


def _mutant(name: str, run: Callable[..., Any]) -> Subject:
    return subject(name, contract=implicit_gamma)(run)


good = _mutant("good", _right)

MUTANTS = (
    *(_mutant(run.__name__.strip("_").replace("_", "-"), run) for run in BUGS),
    _mutant("other-sign", lambda z, alpha: -_right(z, alpha)),
    _mutant("first-shape-for-all", lambda z, alpha: _right(z, np.full_like(alpha, alpha[0]))),
    _mutant("sorts-draws", lambda z, alpha: _right(np.sort(z), alpha)),
    *careless(good, ("ignores-order",)),
)
