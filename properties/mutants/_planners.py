"""Wrong plans of transport: heuristics sold as optima, masses or costs misread, exchanges too few or too many.

Each takes masses a[m], b[n] and costs C[m, n] and returns a plan [m, n]; `solved` is the right answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..oracles.lp import Optimum, transport
from ..transport.kantorovich_values import monotone

Array = NDArray[Any]
Planner = Callable[[Array, Array, Array], Array]


def solved(a: Array, b: Array, cost: Array) -> Optimum:
    """The right answer, or a ValueError for what is no transport problem."""
    if cost.shape != (len(a), len(b)):
        raise ValueError(f"cost has shape {cost.shape}, expected {(len(a), len(b))}")
    if not all(np.isfinite(x).all() for x in (a, b, cost)) or min(a.min(), b.min()) < 0:
        raise ValueError("masses and costs must be finite, masses not negative")
    if not np.isclose(a.sum(), b.sum(), rtol=1e-6):
        raise ValueError(f"a weighs {a.sum()}, b weighs {b.sum()}")
    return transport(a, b, cost)


def _best(a: Array, b: Array, cost: Array) -> Array:
    return solved(a, b, cost).plan


def independent(a: Array, b: Array, cost: Array) -> Array:
    return np.asarray(np.outer(a, b) / a.sum())


def _northwest(a: Array, b: Array, cost: Array) -> Array:
    return monotone(a, b)


def _cheapest_first(a: Array, b: Array, cost: Array) -> Array:
    """Ship as much as fits by the cheapest way, then by the next."""
    a, b, plan = a.copy(), b.copy(), np.zeros_like(cost)
    for i, j in zip(*np.unravel_index(np.argsort(cost, axis=None, kind="stable"), cost.shape), strict=True):
        plan[i, j] = min(a[i], b[j])
        a[i], b[j] = a[i] - plan[i, j], b[j] - plan[i, j]
    return plan


def _dearest(a: Array, b: Array, cost: Array) -> Array:
    return _best(a, b, -cost)


def _dearest_if_large(a: Array, b: Array, cost: Array) -> Array:
    """Wrong where the mean cost is above the middle of the costs."""
    return _dearest(a, b, cost) if cost.mean() > (cost.max() + cost.min()) / 2.0 else _best(a, b, cost)


def _transposed_if_square(a: Array, b: Array, cost: Array) -> Array:
    return _best(a, b, np.ascontiguousarray(cost.T) if len(a) == len(b) else cost)


def _swaps_masses_if_square(a: Array, b: Array, cost: Array) -> Array:
    return _best(b, a, cost) if len(a) == len(b) else _best(a, b, cost)


def _each_row_to_its_cheapest(a: Array, b: Array, cost: Array) -> Array:
    """Only the sources' marginal: everybody goes where it is cheapest."""
    plan = np.zeros_like(cost)
    plan[np.arange(len(a)), cost.argmin(axis=1)] = a
    return plan


def _uniform_masses(a: Array, b: Array, cost: Array) -> Array:
    return _best(np.full(len(a), a.sum() / len(a)), np.full(len(b), a.sum() / len(b)), cost)


def _fixed_point_masses(a: Array, b: Array, cost: Array) -> Array:
    """Masses counted in thousandths."""
    parts = [np.round(x * 1000.0) for x in (a, b)]
    parts[1][parts[1].argmax()] += parts[0].sum() - parts[1].sum()
    return _best(parts[0] / 1000.0, parts[1] / 1000.0, cost)


def _clips_negative_costs(a: Array, b: Array, cost: Array) -> Array:
    return _best(a, b, np.maximum(cost, 0.0))


def _coarse_costs(a: Array, b: Array, cost: Array) -> Array:
    """Costs rounded to a hundredth of the largest one."""
    unit = max(float(np.abs(cost).max()), 1e-300) / 100.0
    return _best(a, b, np.round(cost / unit) * unit)


def _absolute_tolerance(a: Array, b: Array, cost: Array) -> Array:
    """Differences in cost below a tenth are not seen."""
    return _best(a, b, np.round(cost, 1))


def _northwest_if_large_costs(a: Array, b: Array, cost: Array) -> Array:
    return _northwest(a, b, cost) if np.abs(cost).max() > 40.0 else _best(a, b, cost)


def _northwest_if_tiny_costs(a: Array, b: Array, cost: Array) -> Array:
    return _northwest(a, b, cost) if np.abs(cost).max() < 1e-12 else _best(a, b, cost)


def _lost_among_empty_atoms(a: Array, b: Array, cost: Array) -> Array:
    return _best(a, b, cost) if min(a.min(), b.min()) > 0 else _northwest(a, b, cost)


def _misaligned_after_dropping(a: Array, b: Array, cost: Array) -> Array:
    """Empty atoms are dropped from the masses, and the last rows and columns from the cost."""
    busy = np.ix_(a > 0, b > 0)
    plan = np.zeros_like(cost)
    if plan[busy].size:
        small = np.ascontiguousarray(cost[: (a > 0).sum(), : (b > 0).sum()])
        plan[busy] = _best(a[a > 0], b[b > 0], small)
    return plan


def _uniform_if_one_column(a: Array, b: Array, cost: Array) -> Array:
    return np.full_like(cost, a.sum() / cost.size) if min(cost.shape) == 1 else _best(a, b, cost)


def _normalises_mass(a: Array, b: Array, cost: Array) -> Array:
    plan = _best(a, b, cost)
    return np.asarray(plan / plan.sum())


def _assumes_a_metric(a: Array, b: Array, cost: Array) -> Array:
    """Equal measures stay where they are, whatever staying costs."""
    return np.diag(a) if np.array_equal(a, b) else _best(a, b, cost)


def _integer_costs(a: Array, b: Array, cost: Array) -> Array:
    return _best(a, b, np.trunc(cost))


def _drops_small_shipments(a: Array, b: Array, cost: Array) -> Array:
    """What is less than a fifth of the mass is taken for rounding."""
    plan = _best(a, b, cost)
    return np.where(plan < 0.2 * a.sum(), 0.0, plan)


def _stays_then_independent(a: Array, b: Array, cost: Array) -> Array:
    """What both measures have in common stays where it is, the rest goes anywhere."""
    if len(a) != len(b):
        return _best(a, b, cost)
    common = np.minimum(a, b)
    left = max(float((a - common).sum()), 1e-300)
    return np.asarray(np.diag(common) + np.outer(a - common, b - common) / left)


def _checksum(*arrays: Array) -> int:
    """A number that has nothing to do with the problem."""
    raw = np.frombuffer(b"".join(np.ascontiguousarray(x).tobytes() for x in arrays), np.uint8)
    return int((raw * (np.arange(raw.size) % 11 + 1)).sum()) >> 2


def _gives_up_now_and_then(a: Array, b: Array, cost: Array) -> Array:
    """One input in two is answered with the starting point."""
    return independent(a, b, cost) if _checksum(a, b, cost) % 2 else _best(a, b, cost)


def _wrong_way_now_and_then(a: Array, b: Array, cost: Array) -> Array:
    """Another one in two is maximised."""
    return _best(a, b, cost) if _checksum(b, cost, a) % 2 else _dearest(a, b, cost)


def _wrong_way_between_lumps(a: Array, b: Array, cost: Array) -> Array:
    """Maximised where one source and one target hold half of the mass or more."""
    lumps = min(a.max(), b.max()) >= a.sum() / 2.0
    return _dearest(a, b, cost) if lumps else _best(a, b, cost)


def _forgets_last_row(a: Array, b: Array, cost: Array) -> Array:
    seen = cost.copy()
    seen[-1] = 0.0
    return _best(a, b, seen)


def _between_two_plans(a: Array, b: Array, cost: Array) -> Array:
    """Half of each of two optimal plans, as an interior method may end."""
    other = _best(a[::-1], b[::-1], cost[::-1, ::-1])[::-1, ::-1]
    if cost.size and np.ptp(cost - cost[:1] - cost[:, :1] + cost[0, 0]) == 0:
        other = independent(a, b, cost)
    return (_best(a, b, cost) + other) / 2.0


def _minimum_norm(a: Array, b: Array, cost: Array) -> Array:
    """The least-squares solution of the marginal equations: its marginals are right, its signs are not."""
    m, n = cost.shape
    return np.asarray(a[:, None] / n + b[None, :] / m - a.sum() / (m * n))


def _overshoots(a: Array, b: Array, cost: Array) -> Array:
    """One exchange too far."""
    plan = _best(a, b, cost)
    if min(plan.shape) > 1:
        plan[:2, :2] += np.array([[1.0, -1.0], [-1.0, 1.0]]) * a.sum() / 8.0
    return plan


def _flattened_by_columns(a: Array, b: Array, cost: Array) -> Array:
    return np.asarray(_best(a, b, cost).ravel(order="F").reshape(cost.shape))


PLANNERS: tuple[Planner, ...] = (
    independent,
    _northwest,
    _cheapest_first,
    _dearest,
    _dearest_if_large,
    _transposed_if_square,
    _swaps_masses_if_square,
    _each_row_to_its_cheapest,
    _uniform_masses,
    _fixed_point_masses,
    _clips_negative_costs,
    _coarse_costs,
    _absolute_tolerance,
    _northwest_if_large_costs,
    _northwest_if_tiny_costs,
    _lost_among_empty_atoms,
    _misaligned_after_dropping,
    _uniform_if_one_column,
    _normalises_mass,
    _assumes_a_metric,
    _integer_costs,
    _drops_small_shipments,
    _stays_then_independent,
    _gives_up_now_and_then,
    _wrong_way_now_and_then,
    _wrong_way_between_lumps,
    _forgets_last_row,
)
SHAPELESS: tuple[Planner, ...] = (_between_two_plans, _minimum_norm, _overshoots, _flattened_by_columns)
