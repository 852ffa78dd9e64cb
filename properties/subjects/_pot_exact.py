"""What adapters of POT's exact solvers share: what they declare, and what they are known to break.

Prices of POT are centred; nothing else needs translating.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..transport.kantorovich import kantorovich, transport_cost

Array = NDArray[Any]

POT = "POT>=0.9"
DENSE = {"mass": "any", "vertex": "yes", "duals_on_zero_atoms": "yes"}
ALL = ("plan", "f", "g", "value")


def coo(cost: Array) -> Any:
    from scipy.sparse import coo_array

    i, j = np.indices(cost.shape)
    return coo_array((cost.ravel(), (i.ravel(), j.ravel())), shape=cost.shape)


def same_mass(a: Array, b: Array, cost: Array) -> bool:
    """For subjects to which unequal masses are a task of their own, or who were told not to look."""
    return bool(np.isclose(a.sum(), b.sum(), rtol=1e-6))


def two_by_two() -> Any:
    from ..cases.transport import Problem

    return Problem(np.array([0.25, 0.75]), np.array([0.5, 0.5]), 8.0 - 8.0 * np.eye(2))


def _three_by_three() -> Any:
    from ..cases.transport import Problem

    third = np.full(3, 1 / 3)
    return Problem(third, third, np.array([[0.0, 3.0, 4.0], [0.0, 7.0, 0.0], [0.0, 0.0, 6.0]]))


def _rounded_tolls() -> Any:
    from ..cases.transport import Regauged

    a, b, cost = np.ones(1), np.array([0.0625, 0.0625, 0.875]), np.array([[0.0, 0.0, 4474999808.0]])
    return Regauged(a, b, cost, np.array([-2965050624.0]), np.array([0.0, 0.0, -1509949440.0]))


SEEN = "POT>=0.9.5,<=0.9.7.post1"
NEW = "POT>=0.9.7,<=0.9.7.post1"
REBATE = Known(
    "rebate",
    "where all costs are negative, at −(m+n)/(m+n−1) or below, the artificial ways of the network simplex, priced at "
    "(max C + 1)(m + n), are the cheapest: the plan is 0, with a warning that the problem is infeasible",
    two_by_two,
    NEW,
    "https://github.com/PythonOT/POT/issues/283",
    "import numpy as np, ot\nassert ot.emd([1.0], [1.0], np.array([[-4.0]])) == 0.0  # the only plan is [[1.]]",
)

TOLLS, PLAN_UNDER_TOLLS = (
    replace(
        REBATE,
        law=law,
        reason="rounded to float32, tolls that leave one way free leave none: all costs are negative, and the plan is 0, with "
        "a warning that the problem is infeasible",
        witness=_rounded_tolls,
        lines="import numpy as np, ot\n"
        "cost = np.array([[-3e9, -3e9, -256.0]], np.float32)\n"
        "plan = ot.emd(np.ones(1, np.float32), np.array([0.0625, 0.0625, 0.875], np.float32), cost)\n"
        "assert plan.sum() == 0.0  # the only plan has mass 1",
    )
    for law in ("tolls", "plan-under-tolls")
)
LAYOUT = Known(
    "memory-layout",
    "masses that do not lie side by side in memory, a column of a table say, are refused",
    two_by_two,
    SEEN,
    "https://github.com/PythonOT/POT/issues/40",
    "import numpy as np, ot\nt = np.full((2, 2), 0.5)\not.emd(t[:, 0], [0.5, 0.5], 1 - np.eye(2))  # ValueError",
)
NAN = Known(
    "refuses-nan-cost",
    "one NaN among the costs goes unnoticed: it comes out as a plan, and since 0.9.7 as a value",
    two_by_two,
    NEW,
    "",
    "import numpy as np, ot\n"
    "assert ot.emd2([0.5, 0.5], [0.5, 0.5], np.array([[np.nan, 1.0], [1.0, 0.0]])) == 0.0  # 0.9.6 gave nan",
)
NEGATIVE = Known(
    "refuses-negative-mass",
    "a negative mass gives a plan of zeros and the value 0, with a warning",
    two_by_two,
    SEEN,
    "",
    "import numpy as np, ot\nassert ot.emd2([1.5, -0.5], [0.5, 0.5], 1 - np.eye(2)) == 0.0",
)

SMALL = Known(
    "small-costs",
    "reduced costs are held against numbers of the size of max C + 1: where all costs are below some 1e-14 (squared "
    "distances between points 1e-7 apart), plans are feasible but not optimal, without a warning",
    _three_by_three,
    "POT>=0.9",
    "",
    "import numpy as np, ot\n"
    "a, C = np.full(3, 1 / 3), np.array([[0.0, 3.0, 4.0], [0.0, 7.0, 0.0], [0.0, 0.0, 6.0]])\n"
    "assert (ot.emd(a, a, C) * C).sum() == 0.0\n"
    "assert (ot.emd(a, a, 1e-17 * C) * C).sum() > 3.0  # the same problem",
)

SMALL_NOW_AND_THEN = replace(SMALL, witness=None)
DEAR = replace(
    SMALL,
    law="prices-of-small-costs",
    witness=two_by_two,
    reason="prices are differences of numbers of the size of max C + 1: of small costs they keep few digits or none",
    lines="import numpy as np, ot\nlog = ot.emd([1.0], [1.0], np.array([[1e-17]]), log=True)[1]\n"
    "assert log['u'][0] + log['v'][0] == 0.0  # 1e-17",
)

DENSE_KNOWN = (REBATE, SMALL, LAYOUT, NAN, NEGATIVE)
COPIED_KNOWN = (REBATE, SMALL, NAN, NEGATIVE)
POINTS_KNOWN = (LAYOUT, SMALL, NAN, NEGATIVE)


def plans(name: str, run: Callable[..., Any], outputs: tuple[str, ...] = ALL, **declared: Any) -> Subject:
    declared = {"conventions": DENSE, "requires": POT, "known": DENSE_KNOWN} | declared
    if "f" in outputs:
        declared["known"] += (DEAR,)
    return subject(name, contract=kantorovich, outputs=outputs, **declared)(run)


def values(name: str, run: Callable[..., Any], **declared: Any) -> Subject:
    declared = {"conventions": PLAIN, "requires": POT, "known": DENSE_KNOWN} | declared
    return subject(name, contract=transport_cost, **declared)(run)


PLAIN = {"mass": "any"}

# Sparse and lazy solvers price an empty atom at whatever its node was left with.
LAZY: dict[str, Any] = {"conventions": DENSE | {"duals_on_zero_atoms": "no"}, "requires": "POT>=0.9.7"}
