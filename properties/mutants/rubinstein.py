"""Wrong Kantorovich-Rubinstein: constraints forgotten, potentials of the wrong sign or slope, other distances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject
from prufrock.subjects import checked

from ..oracles.lp import shortest_paths, transport
from ..transport.rubinstein import rubinstein
from .careless import careless

Array = NDArray[Any]
Answer = tuple[Any, Array]


def _right(mu: Array, nu: Array, D: Array) -> Answer:
    """Transport along shortest paths; f is McShane's extension of the prices −g."""
    if D.shape != (len(mu), len(nu)) or not all(np.isfinite(x).all() for x in (mu, nu, D)):
        raise ValueError("metric must be finite and n by n")
    if min(mu.min(), nu.min()) < 0 or not np.isclose(mu.sum(), nu.sum()):
        raise ValueError("mu and nu must be masses of equal total")
    D = shortest_paths(D)
    best = transport(mu, nu, D)
    return np.asarray(best.value), np.asarray((D - best.g).min(axis=1))


def _valued(value: Callable[[Array, Array, Array], float]) -> Callable[[Array, Array, Array], Answer]:
    return lambda mu, nu, D: (value(mu, nu, D), _right(mu, nu, D)[1])


def _independent(mu: Array, nu: Array, D: Array) -> float:
    return float(mu @ D @ nu)


def _half(mu: Array, nu: Array, D: Array) -> float:
    return float(_right(mu, nu, D)[0]) / 2.0


def _squared_metric(mu: Array, nu: Array, D: Array) -> float:
    return transport(mu, nu, D**2).value


def _squared_value(mu: Array, nu: Array, D: Array) -> float:
    return transport(mu, nu, D).value ** 2


def _upper_triangle_only(mu: Array, nu: Array, D: Array) -> float:
    """Only the constraints with i < j: the others might as well be four times as loose."""
    return transport(mu, nu, shortest_paths(np.where(np.tri(len(D), k=-1) > 0, 4.0 * D, D))).value


def _neighbours_only(mu: Array, nu: Array, D: Array) -> float:
    """Constraints between neighbours in the list, as if the points were sorted along a line."""
    steps = np.r_[0.0, np.cumsum(np.diag(D, k=1))]
    return float(np.abs(np.cumsum(mu - nu)[:-1]) @ np.diff(steps))


def _transport_cost(mu: Array, nu: Array, D: Array) -> float:
    """Transport for D itself: right only with the triangle inequality."""
    return transport(mu, nu, D).value


def _uniform_masses(mu: Array, nu: Array, D: Array) -> float:
    return transport(np.full(len(mu), 1.0 / len(mu)), nu, D).value


def _mean_distance(mu: Array, nu: Array, D: Array) -> float:
    return float(D.mean())


def _farthest_point_apart(mu: Array, nu: Array, D: Array) -> float:
    """Only the distance functions of single points are tried."""
    return float(np.abs(D @ (mu - nu)).min())


def _gives_up_now_and_then(mu: Array, nu: Array, D: Array) -> float:
    odd = (
        sum(int(np.frombuffer(np.ascontiguousarray(x).tobytes(), np.uint8)[::2].sum()) for x in (mu - 2.0 * nu, D)) % 2
    )
    return _independent(mu, nu, D) if odd else transport(mu, nu, D).value


def _coarse_masses(mu: Array, nu: Array, D: Array) -> float:
    """Masses counted in hundredths."""
    parts = [np.round(x * 100.0) for x in (mu, nu)]
    parts[1][parts[1].argmax()] += parts[0].sum() - parts[1].sum()
    return transport(parts[0] / 100.0, parts[1] / 100.0, D).value


def _negated(mu: Array, nu: Array, D: Array) -> Answer:
    value, f = _right(mu, nu, D)
    return value, -f


def _half_as_steep(mu: Array, nu: Array, D: Array) -> Answer:
    value, f = _right(mu, nu, D)
    return value, f / 2.0


def _twice_as_steep(mu: Array, nu: Array, D: Array) -> Answer:
    value, f = _right(mu, nu, D)
    return value, 2.0 * f


def _price_of_transport(mu: Array, nu: Array, D: Array) -> Answer:
    """The price of the sources, with whatever it is on points where there is nothing to ship."""
    best = transport(mu, nu, D)
    return best.value, np.where(mu > 0, best.f, 2.0 * D.max())


def _indicator(mu: Array, nu: Array, D: Array) -> Answer:
    """The potential of total variation."""
    return _right(mu, nu, D)[0], np.where(mu > nu, 1.0, 0.0) * D.max()


ANSWERS = (_negated, _half_as_steep, _twice_as_steep, _price_of_transport, _indicator)
VALUES = (
    _independent,
    _half,
    _squared_metric,
    _squared_value,
    _upper_triangle_only,
    _neighbours_only,
    _transport_cost,
    _uniform_masses,
    _mean_distance,
    _farthest_point_apart,
    _gives_up_now_and_then,
    _coarse_masses,
)


def _mutant(named: Callable[..., Any], run: Callable[..., Answer]) -> Subject:
    name = named.__name__.strip("_").replace("_", "-")
    return checked(Subject(name, rubinstein, run, ("value", "f"), {"not_a_metric": "closure"}))


good = checked(Subject("good", rubinstein, _right, ("value", "f"), {"not_a_metric": "closure"}))

MUTANTS = (
    *(_mutant(value, _valued(value)) for value in VALUES),
    *(_mutant(answer, answer) for answer in ANSWERS),
    *careless(good, harmless=("ignores-order",)),
)
