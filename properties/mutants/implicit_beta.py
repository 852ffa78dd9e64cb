"""Wrong velocities of beta draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from prufrock import Subject, subject

from ..oracles import beta as oracle
from ..oracles import gamma
from ..variational.implicit_beta import implicit_beta
from .careless import careless

Array = NDArray[Any]


def _right(z: Array, alpha: Array, beta: Array) -> tuple[Array, Array]:
    if not ((z > 0) & (z < 1) & (alpha > 0) & (beta > 0)).all():
        raise ValueError("outside the domain")
    one, other = oracle.velocity(z, 1.0 - z, alpha, beta)
    return one.astype(z.dtype), other.astype(z.dtype)


def _other_sign(z: Array, alpha: Array, beta: Array) -> Any:
    one, other = _right(z, alpha, beta)
    return -one, -other


def _density_forgotten(z: Array, alpha: Array, beta: Array) -> Any:
    log_q = (alpha - 1) * np.log(z) + (beta - 1) * np.log1p(-z) - special.betaln(alpha, beta)
    return tuple(v * np.exp(log_q) for v in _right(z, alpha, beta))


def _shapes_exchanged(z: Array, alpha: Array, beta: Array) -> Any:
    return _right(z, beta, alpha)


def _mean_and_deviation(z: Array, alpha: Array, beta: Array) -> Any:
    """The path of logit z = m + s ε at fixed ε."""
    m = special.digamma(alpha) - special.digamma(beta)
    s = np.sqrt(special.polygamma(1, alpha) + special.polygamma(1, beta))
    eps = (special.logit(z) - m) / s
    speeds = (
        sign * special.polygamma(1, x) + eps * special.polygamma(2, x) / (2.0 * s)
        for sign, x in ((1, alpha), (-1, beta))
    )
    return tuple(z * (1.0 - z) * speed for speed in speeds)


def _ratio_of_gammas(z: Array, alpha: Array, beta: Array) -> Any:
    """z = g/(g + h) with g + h at its mean: what a sampler of two gammas moves by, at one of the totals it may have."""
    g, h = z * (alpha + beta), (1.0 - z) * (alpha + beta)
    return z * (1.0 - z) * gamma.velocity(g, alpha) / g, -z * (1.0 - z) * gamma.velocity(h, beta) / h


def _nothing_near_zero(z: Array, alpha: Array, beta: Array) -> Any:
    return tuple(np.where(z < 1e-4, 0.0, v) for v in _right(z, alpha, beta))


def _nan_near_one(z: Array, alpha: Array, beta: Array) -> Any:
    """(1 − z)^β / (1 − z)^β where both are 0."""
    one, other = _right(z, alpha, beta)
    return one, np.where(z > 0.999, np.nan, other)


def _four_digits(z: Array, alpha: Array, beta: Array) -> Any:
    return tuple(v * (1.0 + 1e-4 * np.sin(5.0 * alpha + beta)) for v in _right(z, alpha, beta))


def _first_shape_for_all(z: Array, alpha: Array, beta: Array) -> Any:
    return _right(z, np.full_like(alpha, alpha[0]), beta)


def _sorts_draws(z: Array, alpha: Array, beta: Array) -> Any:
    return _right(np.sort(z), alpha, beta)


BUGS: tuple[Callable[..., Any], ...] = (
    _other_sign,
    _density_forgotten,
    _shapes_exchanged,
    _mean_and_deviation,
    _ratio_of_gammas,
    _nothing_near_zero,
    _nan_near_one,
    _four_digits,
    _first_shape_for_all,
    _sorts_draws,
)


def _mutant(run: Callable[..., Any]) -> Subject:
    name = run.__name__.strip("_").replace("_", "-")
    return subject(name, contract=implicit_beta, outputs=("d_alpha", "d_beta"))(run)


good = _mutant(_right)

MUTANTS = (*(_mutant(run) for run in BUGS), *careless(good, ("ignores-order",)))
