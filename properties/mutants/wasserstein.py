"""Wrong Wasserstein distances: the root, the weights, the order of things, and solutions of easier problems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..oracles.gaussian import brenier, bures_squared, root
from ..oracles.line import circle_distances, distances, distribution_cost, quantile_cost
from ..oracles.lp import transport
from ..transport.gaussian import bures
from ..transport.gaussian_map import brenier_gaussian
from ..transport.wasserstein import wasserstein
from ..transport.wasserstein_circle import circle
from ..transport.wasserstein_line import line
from .careless import careless

Array = NDArray[Any]


def _demand(a: Array, b: Array, *points: Array) -> None:
    if (a < 0).any() or (b < 0).any() or abs(a.sum() - b.sum()) > 1e-6 * abs(a.sum()):
        raise ValueError(f"a, b: expected masses >= 0 of equal sums, got {a.sum()} and {b.sum()}")
    if not all(np.isfinite(x).all() for x in points) or len(a) != len(points[0]):
        raise ValueError("points: expected finite numbers, one for each mass")


@subject("good", contract=wasserstein, conventions={"root": "yes"}, outputs=("value", "plan"))
def good(a: Array, X: Array, b: Array, Y: Array, p: float) -> tuple[Any, Array]:
    _demand(a, b, X, Y)
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


def _even(a: Array) -> Array:
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
    return float(np.vdot(_north_west(a, b), distances(X, Y) ** p) ** (1 / p))


def _north_west(a: Array, b: Array) -> Array:
    rows, columns = np.cumsum(a)[:, None], np.cumsum(b)[None, :]
    low = np.maximum(rows - a[:, None], columns - b[None, :])
    return np.asarray(np.maximum(np.minimum(rows, columns) - low, 0.0))


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
    _cloud("uniform-weights", lambda a, X, b, Y, p: (_value(_even(a), _even(b), distances(X, Y) ** p, p), None)),
    _cloud("uniform-weights-of-b", lambda a, X, b, Y, p: (_value(a, _even(b), distances(X, Y) ** p, p), None)),
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
    return float(np.vdot(_north_west(a[i], b[j]), distances(X[i], Y[j]) ** p))


@subject("good", contract=line, conventions={"root": "no"}, outputs=("value", "plan"))
def good_line(a: Array, x: Array, b: Array, y: Array, p: float) -> tuple[Any, Array]:
    _demand(a, b, x, y)
    if p < 1:
        raise ValueError(f"p = {p}: expected at least 1")
    i, j = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
    plan = np.zeros((len(a), len(b)))
    plan[np.ix_(i, j)] = _north_west(a[i].astype(float), b[j].astype(float))
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
        lambda a, x, b, y, p: float(np.vdot(_north_west(a, b), np.abs(x[:, None] - y[None, :]) ** p)),
    ),
    _line("weights-not-sorted", _unsorted_weights),
    _line("uniform-weights", lambda a, x, b, y, p: quantile_cost(_even(a), x, _even(b), y, p)),
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
    _demand(a, b, x, y)
    return np.asarray(transport(a, b, circle_distances(x, y) ** p).value, a.dtype)


def _circle(name: str, change: Callable[..., float]) -> Subject:
    return replace(good_circle, name=name, run=change)


CIRCLES = (
    _circle("cut-at-zero", lambda a, x, b, y, p: quantile_cost(a, x, b, y, p)),
    _circle("half-circle-only", lambda a, x, b, y, p: quantile_cost(a, x % 0.5, b, y % 0.5, p)),
    _circle("uniform-weights", lambda a, x, b, y, p: good_circle.run(_even(a), x, _even(b), y, p)),
    _circle("rooted", lambda a, x, b, y, p: float(max(good_circle.run(a, x, b, y, p), 0.0)) ** (0.5 / p)),
    _circle("one-way", lambda a, x, b, y, p: transport(a, b, ((y[None, :] - x[:, None]) % 1.0) ** p).value),
    _circle(
        "weighted-by-place",
        lambda a, x, b, y, p: transport(a, b, (1 + x[:, None]) * circle_distances(x, y) ** p).value,
    ),
)


@subject("good", contract=bures, conventions={"root": "yes"})
def good_bures(m1: Array, S1: Array, m2: Array, S2: Array) -> Any:
    for S in (S1, S2):
        if not np.isfinite(S).all() or np.linalg.eigvalsh(S)[0] < -1e-6 * max(np.abs(S).max(), 1e-30):
            raise ValueError("S: expected a positive semidefinite matrix")
    return np.asarray(_plain(m1, S1.astype(float), m2, S2.astype(float)) ** 0.5, m1.dtype)


def _bures(name: str, square: Callable[..., float]) -> Subject:
    return replace(good_bures, name=name, run=lambda *case: max(square(*case), 0.0) ** 0.5)


def _triangular(m1: Array, S1: Array, m2: Array, S2: Array) -> float:
    """A Cholesky factor in place of a symmetric root."""
    L = np.linalg.cholesky(S1 + 1e-12 * (1e-30 + np.trace(S1)) * np.eye(len(S1)))
    return float(np.square(m1 - m2).sum() + np.trace(S1) + np.trace(S2) - 2 * np.trace(L @ root(S2)))


def _plain(m1: Array, S1: Array, m2: Array, S2: Array) -> float:
    return float(np.square(m1 - m2).sum() + bures_squared(S1, S2))


GAUSSIANS = (
    _bures("root-forgotten", lambda m1, S1, m2, S2: _plain(m1, S1, m2, S2) ** 2),
    _bures(
        "only-bures-rooted",
        lambda m1, S1, m2, S2: float(np.square(m1 - m2).sum() + bures_squared(S1, S2) ** 0.5) ** 2,
    ),
    _bures("means-forgotten", lambda m1, S1, m2, S2: bures_squared(S1, S2)),
    _bures("means-not-squared", lambda m1, S1, m2, S2: float(np.linalg.norm(m1 - m2)) + bures_squared(S1, S2)),
    _bures(
        "frobenius-of-roots",
        lambda m1, S1, m2, S2: float(np.square(m1 - m2).sum() + np.square(root(S1) - root(S2)).sum()),
    ),
    _bures(
        "trace-of-product",
        lambda m1, S1, m2, S2: float(np.square(m1 - m2).sum() + np.trace(S1 + S2) - 2 * np.trace(S1 @ S2) ** 0.5),
    ),
    _bures("one-trace-too-many", lambda m1, S1, m2, S2: _plain(m1, S1, m2, S2) + float(np.trace(S1))),
    _bures("triangular-root", _triangular),
    _bures("diagonal-only", lambda m1, S1, m2, S2: _plain(m1, np.diag(np.diag(S1)), m2, np.diag(np.diag(S2)))),
    _bures("ridge", lambda m1, S1, m2, S2: _plain(m1, S1 + 1e-6 * np.eye(len(S1)), m2, S2)),
)


@subject("good", contract=brenier_gaussian)
def good_brenier(S1: Array, S2: Array) -> Array:
    if not np.isfinite(S1).all() or np.linalg.eigvalsh(S2)[0] < -1e-6 * max(np.abs(S2).max(), 1e-30):
        raise ValueError("S1, S2: expected finite covariances")
    return brenier(S1.astype(float), S2.astype(float)).astype(S1.dtype)


def _brenier(name: str, change: Callable[[Array, Array], Array]) -> Subject:
    return replace(good_brenier, name=name, run=change)


def _cholesky_map(S1: Array, S2: Array) -> Array:
    """L_2 L_1⁻¹ also pushes forward, but it is no gradient."""
    L2 = np.linalg.cholesky(S2 + 1e-14 * (np.trace(S2) + 1e-30) * np.eye(len(S2)))
    return np.asarray(L2 @ np.linalg.inv(np.linalg.cholesky(S1)))


def _flipped(S1: Array, S2: Array) -> Array:
    half = root(S1)
    inverse = np.linalg.inv(half)
    values, Q = np.linalg.eigh(half @ S2 @ half)
    values = np.sqrt(np.maximum(values, 0.0))
    values[-1] *= -1
    return np.asarray(inverse @ (Q * values) @ Q.T @ inverse)


MAPS = (
    _brenier("cholesky-map", _cholesky_map),
    _brenier("one-sided-roots", lambda S1, S2: np.linalg.inv(S1) @ root(root(S1) @ S2 @ root(S1))),
    _brenier("negated", lambda S1, S2: -brenier(S1, S2)),
    _brenier("one-eigenvalue-negated", _flipped),
    _brenier("inverse-map", lambda S1, S2: np.linalg.pinv(brenier(S1, S2))),
    _brenier("squared-map", lambda S1, S2: 2 * brenier(S1, S2) @ brenier(S1, S2)),
)

MUTANTS = (
    *CLOUDS,
    *LINES,
    *CIRCLES,
    *GAUSSIANS,
    *MAPS,
    *careless(good),
    *careless(good_line, harmless=("ignores-order",)),
    *careless(good_circle, harmless=("ignores-order",)),
    *careless(good_bures, harmless=("ignores-order",)),
    *careless(good_brenier, harmless=("ignores-order",)),
)
