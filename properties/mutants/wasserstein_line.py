"""Wrong Wasserstein distances on a line and on a circle: the root, the weights, the order, the cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..oracles.line import circle_distances, distribution_cost, quantile_cost
from ..oracles.lp import transport
from ..transport.kantorovich_values import monotone
from ..transport.wasserstein_circle import circle
from ..transport.wasserstein_line import line
from .careless import careless
from .wasserstein import demand, even

Array = NDArray[Any]


@subject("good", contract=line, conventions={"root": "no"}, outputs=("value", "plan"))
def good_line(a: Array, x: Array, b: Array, y: Array, p: float) -> tuple[Any, Array]:
    demand(a, b, x, y)
    if p < 1:
        raise ValueError(f"p = {p}: expected at least 1")
    i, j = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
    plan = np.zeros((len(a), len(b)))
    plan[np.ix_(i, j)] = monotone(a[i].astype(float), b[j].astype(float))
    value = np.vdot(plan, np.abs(x[:, None] - y[None, :]).astype(float) ** p)
    return np.asarray(value, a.dtype), plan.astype(a.dtype)


def _line(name: str, change: Callable[..., float]) -> Subject:
    return replace(good_line, name=name, run=change, outputs=("value",))


def _line_plan(name: str, change: Callable[..., Array]) -> Subject:
    def run(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
        value, plan = good_line.run(a, x, b, y, p)
        return value, change(plan, a, x, b, y)

    return replace(good_line, name=name, run=run)


def _unsorted_weights(a: Array, x: Array, b: Array, y: Array, p: float) -> float:
    return quantile_cost(a, np.sort(x), b, np.sort(y), p)


def _grid_of_a(a: Array, x: Array, b: Array, y: Array, p: float) -> float:
    """The quantile functions compared at the jumps of one of them only."""
    i, j = np.argsort(x), np.argsort(y)
    F, G = np.cumsum(a[i]), np.cumsum(b[j])
    at = np.minimum(np.searchsorted(G, F - 1e-12), len(y) - 1)
    return float(a[i] @ np.abs(x[i] - y[j][at]) ** p)


def _ties_dropped(a: Array, x: Array, b: Array, y: Array, p: float) -> float:
    """np.unique without adding up the masses of what coincides."""
    x, i = np.unique(x, return_index=True)
    y, j = np.unique(y, return_index=True)
    return quantile_cost(a[i], x, b[j], y, p)


LINES = (
    _line("root-forgotten", lambda a, x, b, y, p: quantile_cost(a, x, b, y, p) ** (1 / p)),
    _line(
        "pairs-in-order",
        lambda a, x, b, y, p: float(np.vdot(monotone(a, b), np.abs(x[:, None] - y[None, :]) ** p)),
    ),
    _line("weights-not-sorted", _unsorted_weights),
    _line("uniform-weights", lambda a, x, b, y, p: quantile_cost(even(a), x, even(b), y, p)),
    _line("distribution-area", lambda a, x, b, y, p: distribution_cost(a, x, b, y)),
    _line("order-ignored", lambda a, x, b, y, p: quantile_cost(a, x, b, y, 1.0) ** 2),
    _line("ties-dropped", _ties_dropped),
    _line("last-atom-dropped", lambda a, x, b, y, p: quantile_cost(a[:-1], x[:-1], b, y, p)),
    _line("grid-of-a-only", _grid_of_a),
    _line("positive-half-line", lambda a, x, b, y, p: quantile_cost(a, np.abs(x), b, np.abs(y), p)),
    _line_plan(
        "plan-in-sorted-order",
        lambda P, a, x, b, y: P[np.ix_(np.argsort(x, kind="stable"), np.argsort(y, kind="stable"))],
    ),
    _line_plan("plan-of-half", lambda P, a, x, b, y: P / 2),
    _line_plan("plan-dearest", lambda P, a, x, b, y: transport(a, b, -np.square(x[:, None] - y[None, :])).plan),
)


@subject("good", contract=circle)
def good_circle(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    demand(a, b, x, y)
    return np.asarray(transport(a, b, circle_distances(x, y) ** p).value, a.dtype)


def _circle(name: str, change: Callable[..., float]) -> Subject:
    return replace(good_circle, name=name, run=change)


CIRCLES = (
    _circle("cut-at-zero", lambda a, x, b, y, p: quantile_cost(a, x, b, y, p)),
    _circle("half-circle-only", lambda a, x, b, y, p: quantile_cost(a, x % 0.5, b, y % 0.5, p)),
    _circle("uniform-weights", lambda a, x, b, y, p: good_circle.run(even(a), x, even(b), y, p)),
    _circle("rooted", lambda a, x, b, y, p: float(max(good_circle.run(a, x, b, y, p), 0.0)) ** (0.5 / p)),
    _circle("one-way", lambda a, x, b, y, p: transport(a, b, ((y[None, :] - x[:, None]) % 1.0) ** p).value),
    _circle(
        "weighted-by-place",
        lambda a, x, b, y, p: transport(a, b, (1 + x[:, None]) * circle_distances(x, y) ** p).value,
    ),
)

MUTANTS = (
    *LINES,
    *CIRCLES,
    *careless(good_line, harmless=("ignores-order",)),
    *careless(good_circle, harmless=("ignores-order",)),
)
