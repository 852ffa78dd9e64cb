"""Wrong c-transforms: wrong extremum, sign or axis, started from the wrong number, softened, or looking elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..transport.c_transform import c_transform
from .careless import careless

Array = NDArray[Any]


def _right(phi: Array, cost: Array) -> Array:
    if cost.ndim != 2 or phi.shape != cost.shape[:1]:
        raise ValueError(f"phi has shape {phi.shape}, cost {cost.shape}")
    if np.isnan(phi).any() or np.isnan(cost).any():
        raise ValueError("NaN in phi or cost")
    return np.asarray((cost - phi[:, None]).min(axis=0))


def _max_for_min(phi: Array, cost: Array) -> Array:
    return np.asarray((cost - phi[:, None]).max(axis=0))


def _adds_potential(phi: Array, cost: Array) -> Array:
    return np.asarray((cost + phi[:, None]).min(axis=0))


def _twice_the_potential(phi: Array, cost: Array) -> Array:
    return np.asarray((cost - 2.0 * phi[:, None]).min(axis=0))


def _mean_for_min(phi: Array, cost: Array) -> Array:
    return np.asarray((cost - phi[:, None]).mean(axis=0))


def _transposed_if_square(phi: Array, cost: Array) -> Array:
    return _right(phi, cost.T if cost.shape[0] == cost.shape[1] else cost)


def _soft_minimum(phi: Array, cost: Array) -> Array:
    """A log-sum-exp at a temperature of a tenth of the cost."""
    eps = max(float(np.abs(cost).max()), 1e-300) / 10.0
    low = _right(phi, cost)
    return np.asarray(low - eps * np.log(np.exp((low - cost + phi[:, None]) / eps).sum(axis=0)))


def _starts_from_zero(phi: Array, cost: Array) -> Array:
    return np.minimum(_right(phi, cost), 0.0)


def _a_little_less(phi: Array, cost: Array) -> Array:
    """Feasible with room to spare."""
    return np.asarray(_right(phi, cost) - np.abs(cost).max() / 100.0)


def _at_the_cheapest_source(phi: Array, cost: Array) -> Array:
    """The source is chosen by cost alone."""
    i = cost.argmin(axis=0)
    return np.asarray(cost[i, np.arange(cost.shape[1])] - phi[i] * np.sign(phi[i]))


def _forgets_last_source(phi: Array, cost: Array) -> Array:
    return _right(phi[:-1], cost[:-1]) if len(phi) > 1 else _right(phi, cost)


def _centred(phi: Array, cost: Array) -> Array:
    return _right(phi - phi.mean(), cost)


def _sorted(phi: Array, cost: Array) -> Array:
    return np.sort(_right(phi, cost))


def _least_of_all(phi: Array, cost: Array) -> Array:
    return np.full_like(_right(phi, cost), (cost - phi[:, None]).min())


def _nan_to_num(phi: Array, cost: Array) -> Array:
    """Infinities become zeros on the way in."""
    return _right(np.where(np.isfinite(phi), phi, 0.0), np.where(np.isfinite(cost), cost, 0.0))


def _finite_infinity(phi: Array, cost: Array) -> Array:
    """Infinity is a million."""
    return _right(np.clip(phi, -1e6, 1e6), np.clip(cost, -1e6, 1e6))


def _half_precision(phi: Array, cost: Array) -> Array:
    unit = max(float(np.abs(cost).max()), 1e-300)
    return np.asarray((_right(phi, cost) / unit).astype(np.float16).astype(phi.dtype) * unit)


def _only_from_row_zero_if_thin(phi: Array, cost: Array) -> Array:
    return cost[0] - phi[0] if cost.shape[1] == 1 else _right(phi, cost)


TRANSFORMS = (
    _max_for_min,
    _adds_potential,
    _twice_the_potential,
    _mean_for_min,
    _transposed_if_square,
    _soft_minimum,
    _starts_from_zero,
    _a_little_less,
    _at_the_cheapest_source,
    _forgets_last_source,
    _centred,
    _sorted,
    _least_of_all,
    _nan_to_num,
    _finite_infinity,
    _half_precision,
    _only_from_row_zero_if_thin,
)


def _mutant(run: Callable[..., Any]) -> Subject:
    name = run.__name__.strip("_").replace("_", "-")
    return subject(name, contract=c_transform, conventions={"infinite_phi": "yes", "infinite_cost": "yes"})(run)


good = subject("good", contract=c_transform)(_right)

MUTANTS = (*(_mutant(run) for run in TRANSFORMS), *careless(good))
