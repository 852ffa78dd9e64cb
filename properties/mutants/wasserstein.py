"""Wrong Wasserstein distances between clouds: the root, the weights, the order of things, and solutions of easier problems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..oracles.line import distances
from ..oracles.lp import transport
from ..transport.kantorovich_values import monotone
from ..transport.wasserstein import wasserstein
from .careless import careless

Array = NDArray[Any]


def demand(a: Array, b: Array, *points: Array) -> None:
    if (a < 0).any() or (b < 0).any() or abs(a.sum() - b.sum()) > 1e-6 * abs(a.sum()):
        raise ValueError(f"a, b: expected masses >= 0 of equal sums, got {a.sum()} and {b.sum()}")
    if not all(np.isfinite(x).all() for x in points) or len(a) != len(points[0]):
        raise ValueError("points: expected finite numbers, one for each mass")


@subject("good", contract=wasserstein, conventions={"root": "yes"}, outputs=("value", "plan"))
def good(a: Array, X: Array, b: Array, Y: Array, p: float) -> tuple[Any, Array]:
    demand(a, b, X, Y)
    best = transport(a, b, distances(X, Y) ** p)
    return np.asarray(best.value ** (1 / p), a.dtype), best.plan.astype(a.dtype)


def _cloud(name: str, change: Callable[..., Any], needs_plan: bool = False) -> Subject:
    """A mutant of the cloud: `change` gives (cost, plan) from the arguments."""

    def run(a: Array, X: Array, b: Array, Y: Array, p: float) -> Any:
        value, plan = change(a, X, b, Y, p)
        return (value, plan) if needs_plan else value

    outputs = ("value", "plan") if needs_plan else ("value",)
    return replace(good, name=name, run=run, outputs=outputs)


def _value(a: Array, b: Array, C: Array, p: float) -> float:
    return float(max(transport(a, b, C).value, 0.0) ** (1 / p))


def even(a: Array) -> Array:
    return np.full(len(a), 1.0 / len(a))


def _chamfer(a: Array, X: Array, b: Array, Y: Array, p: float) -> float:
    return float((a @ (distances(X, Y) ** p).min(1)) ** (1 / p))


def _plan_like(change: Callable[[Array], Array]) -> Callable[..., Any]:
    def run(a: Array, X: Array, b: Array, Y: Array, p: float) -> Any:
        value, plan = good.run(a, X, b, Y, p)
        return value, change(plan)

    return run


def _independent(a: Array, X: Array, b: Array, Y: Array, p: float) -> Any:
    P = np.outer(a, b)
    return float(np.vdot(P, distances(X, Y) ** p)) ** (1 / p), P


def _in_order(a: Array, X: Array, b: Array, Y: Array, p: float) -> float:
    """Mass paid out in the order of the lists, unsorted."""
    return float(np.vdot(monotone(a, b), distances(X, Y) ** p) ** (1 / p))


def _expanded(X: Array, Y: Array) -> Array:
    squares = np.square(X).sum(1)[:, None] - 2 * X @ Y.T + np.square(Y).sum(1)[None, :]
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))


def _half(X: Array, Y: Array) -> Array:
    return distances(X.astype(np.float16).astype(float), Y.astype(np.float16).astype(float))


def _rows(X: Array) -> Array:
    return np.asarray(X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-9))


def _dearest(a: Array, X: Array, b: Array, Y: Array, p: float) -> Any:
    C = distances(X, Y) ** p
    return _value(a, b, C, p), transport(a, b, -C).plan


def _relative(X: Array, Y: Array) -> Array:
    return np.asarray(distances(X, Y) / (1 + np.abs(X).max() + np.abs(Y).max()))


CLOUDS = (
    _cloud("root-forgotten", lambda a, X, b, Y, p: (transport(a, b, distances(X, Y) ** p).value, None)),
    _cloud("squared-always", lambda a, X, b, Y, p: (_value(a, b, distances(X, Y) ** 2, p), None)),
    _cloud("always-order-one-squared", lambda a, X, b, Y, p: (transport(a, b, distances(X, Y)).value ** (2 / p), None)),
    _cloud("city-block", lambda a, X, b, Y, p: (_value(a, b, np.abs(X[:, None] - Y[None]).sum(-1) ** p, p), None)),
    _cloud("uniform-weights", lambda a, X, b, Y, p: (_value(even(a), even(b), distances(X, Y) ** p, p), None)),
    _cloud("uniform-weights-of-b", lambda a, X, b, Y, p: (_value(a, even(b), distances(X, Y) ** p, p), None)),
    _cloud(
        "sorted-first-coordinate",
        lambda a, X, b, Y, p: (_sorted_cost(a, X, b, Y, p) ** (1 / p), None),
    ),
    _cloud("one-sided-chamfer", lambda a, X, b, Y, p: (_chamfer(a, X, b, Y, p), None)),
    _cloud("independent-plan", lambda a, X, b, Y, p: (_independent(a, X, b, Y, p)[0], None)),
    _cloud("pairs-in-order", lambda a, X, b, Y, p: (_in_order(a, X, b, Y, p), None)),
    _cloud(
        "self-subtracted",
        lambda a, X, b, Y, p: (
            max(_value(a, b, distances(X, Y) ** p, p) - 0.25 * _independent(a, X, a, X, p)[0], 0.0),
            None,
        ),
    ),
    _cloud(
        "centred-first",
        lambda a, X, b, Y, p: (_value(a, b, distances(X - a @ X, Y - b @ Y) ** p, p), None),
    ),
    _cloud("relative-distances", lambda a, X, b, Y, p: (_value(a, b, _relative(X, Y) ** p, p), None)),
    _cloud("expanded-squares", lambda a, X, b, Y, p: (_value(a, b, _expanded(X, Y) ** p, p), None)),
    _cloud("half-precision-distances", lambda a, X, b, Y, p: (_value(a, b, _half(X, Y) ** p, p), None)),
    _cloud(
        "last-atom-dropped",
        lambda a, X, b, Y, p: (_value(a[:-1], b, distances(X[:-1], Y) ** p, p) if a[:-1].any() else 0.0, None),
    ),
    _cloud("plan-transposed-if-square", _plan_like(lambda P: P.T if P.shape[0] == P.shape[1] else P), True),
    _cloud("mean-over-axes", lambda a, X, b, Y, p: (_value(a, b, (distances(X, Y) / X.shape[1] ** 0.5) ** p, p), None)),
    _cloud("normalised-rows", lambda a, X, b, Y, p: (_value(a, b, distances(_rows(X), _rows(Y)) ** p, p), None)),
    _cloud("plan-dearest", lambda a, X, b, Y, p: _dearest(a, X, b, Y, p), True),
    _cloud("plan-of-half", _plan_like(lambda P: P / 2), True),
    _cloud("plan-independent", _plan_like(lambda P: np.outer(P.sum(1), P.sum(0))), True),
)


def _sorted_cost(a: Array, X: Array, b: Array, Y: Array, p: float) -> float:
    i, j = np.argsort(X[:, 0], kind="stable"), np.argsort(Y[:, 0], kind="stable")
    return float(np.vdot(monotone(a[i], b[j]), distances(X[i], Y[j]) ** p))


MUTANTS = (*CLOUDS, *careless(good))
