"""Wrong transport: plans that are not the cheapest, prices of the wrong sign, size or order, values of something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject
from prufrock.subjects import checked

from ..oracles.lp import Optimum
from ..transport.kantorovich import kantorovich, transport_cost
from ._planners import PLANNERS, SHAPELESS, Planner, independent, solved
from .careless import careless

Array = NDArray[Any]


def _negated_prices(best: Optimum, a: Array, b: Array, cost: Array) -> Optimum:
    return best._replace(f=-best.f, g=-best.g)


def _doubled_prices(best: Optimum, a: Array, b: Array, cost: Array) -> Optimum:
    return best._replace(f=2.0 * best.f, g=2.0 * best.g)


def _raised_prices(best: Optimum, a: Array, b: Array, cost: Array) -> Optimum:
    return best._replace(f=best.f + np.abs(cost).max() / 8.0)


def _prices_over_largest_cost(best: Optimum, a: Array, b: Array, cost: Array) -> Optimum:
    """The cost was normalised, the prices were not brought back."""
    size = max(float(np.abs(cost).max()), 1e-300)
    return best._replace(f=best.f / size, g=best.g / size)


def _priced_to_the_cent(best: Optimum, a: Array, b: Array, cost: Array) -> Optimum:
    """Prices are differences of numbers of the size of 1 + max |C|."""
    top = 1.0 + float(np.abs(cost).max())
    return best._replace(f=(best.f + top) - top, g=(best.g + top) - top)


def _swapped_prices_if_square(best: Optimum, a: Array, b: Array, cost: Array) -> Optimum:
    return best._replace(f=best.g, g=best.f) if len(a) == len(b) else best


def _no_price_on_empty_atoms(best: Optimum, a: Array, b: Array, cost: Array) -> Optimum:
    """Empty atoms keep the number that was there: the largest cost and more."""
    left = 3.0 * float(np.abs(cost).max())
    return best._replace(f=np.where(a > 0, best.f, left), g=np.where(b > 0, best.g, left))


def _value_of_another_plan(best: Optimum, a: Array, b: Array, cost: Array) -> Optimum:
    return best._replace(value=float(np.vdot(independent(a, b, cost), cost)))


def _rooted_value(best: Optimum, a: Array, b: Array, cost: Array) -> Optimum:
    return best._replace(value=float(np.sqrt(abs(best.value))))


def _mean_for_sum(best: Optimum, a: Array, b: Array, cost: Array) -> Optimum:
    return best._replace(value=best.value / cost.size)


def _rooted_if_large(best: Optimum, a: Array, b: Array, cost: Array) -> Optimum:
    """A square where the value is above 1."""
    return best._replace(value=best.value**2 if best.value > 1.0 else best.value)


def _entropic_value(best: Optimum, a: Array, b: Array, cost: Array) -> Optimum:
    """The objective of a regularised problem: a little entropy is left in it."""
    kept = best.plan[best.plan > 0]
    return best._replace(value=best.value + 0.01 * float((kept * np.log(kept)).sum()))


PRICES = (
    _negated_prices,
    _doubled_prices,
    _raised_prices,
    _prices_over_largest_cost,
    _priced_to_the_cent,
    _swapped_prices_if_square,
    _no_price_on_empty_atoms,
)
VALUES = (_value_of_another_plan, _rooted_value, _mean_for_sum, _rooted_if_large, _entropic_value)
Change = Callable[[Optimum, Array, Array, Array], Optimum]

_DECLARED = {"mass": "any", "vertex": "yes", "duals_on_zero_atoms": "yes"}


def _name(run: Callable[..., Any]) -> str:
    return run.__name__.strip("_").replace("_", "-")


def _planned(name: str, run: Callable[..., Any]) -> Subject:
    """A subject of plans that returns (plan, f, g, value)."""
    outputs = ("plan", "f", "g", "value")
    return checked(Subject(name, kantorovich, run, outputs, _DECLARED))


def _priced(name: str, run: Callable[..., Any]) -> Subject:
    return checked(Subject(name, transport_cost, run, (), {"mass": "any"}))


def _another_plan(plan: Planner) -> Subject:
    def run(a: Array, b: Array, cost: Array) -> tuple[Any, ...]:
        best, wrong = solved(a, b, cost), plan(a, b, cost)
        return wrong, best.f, best.g, float(np.vdot(wrong, cost))

    return _planned(_name(plan), run)


def _another_answer(change: Change) -> Subject:
    def run(a: Array, b: Array, cost: Array) -> tuple[Any, ...]:
        return tuple(change(solved(a, b, cost), a, b, cost)[:4])

    return _planned(_name(change), run)


def _cost_of(plan: Planner) -> Subject:
    return _priced(_name(plan), lambda a, b, cost: float(np.vdot(plan(a, b, cost), cost)))


def _another_value(change: Change) -> Subject:
    return _priced(_name(change), lambda a, b, cost: change(solved(a, b, cost), a, b, cost).value)


good = _planned("good", lambda a, b, cost: tuple(solved(a, b, cost)[:4]))
good_value = _priced("good", lambda a, b, cost: np.asarray(solved(a, b, cost).value))

MUTANTS = (
    *(_another_plan(plan) for plan in (*PLANNERS, *SHAPELESS)),
    *(_another_answer(change) for change in (*PRICES, *VALUES)),
    *(_cost_of(plan) for plan in PLANNERS),
    *(_another_value(change) for change in VALUES),
    *careless(good),
    *careless(good_value),
)
