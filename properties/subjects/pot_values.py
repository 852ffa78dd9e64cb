"""POT's exact values without plans, of costs and of distances, and its c-transform."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, subject

from ..transport.c_transform import c_transform
from ..transport.rubinstein import rubinstein
from ._pot_exact import (
    COPIED_KNOWN,
    LAYOUT,
    NAN,
    NEGATIVE,
    POT,
    REBATE,
    SEEN,
    SMALL,
    SMALL_NOW_AND_THEN,
    TOLLS,
    coo,
    same_mass,
    two_by_two,
    values,
)
from .lax import lax

Array = NDArray[Any]


def _sparse_value(a: Array, b: Array, cost: Array) -> Any:
    import ot

    return ot.emd2(a, b, coo(cost))


def _partial_value(a: Array, b: Array, cost: Array) -> Any:
    import ot

    return ot.partial.partial_wasserstein2(a, b, cost, m=min(a.sum(), b.sum()))


def _value(a: Array, b: Array, cost: Array) -> Any:
    import ot

    return ot.emd2(a, b, cost)


def _columns(a: Array, b: Array, cost: Array) -> Any:
    """Two targets in one call, of which the second is looked at."""
    import ot

    return np.asarray(ot.emd2(a, np.stack([b[::-1], b], axis=1), cost))[1]


def _solve_value(a: Array, b: Array, cost: Array) -> Any:
    import ot

    return ot.solve(cost, a, b).value


@subject(
    "POT.semidiscrete_c_transform",
    contract=c_transform,
    requires="POT>=0.9.7",
    conventions={"infinite_phi": "yes", "infinite_cost": "yes"},
)
def semidiscrete(phi: Array, cost: Array) -> Any:
    """The atoms are the sources; a metric of our own looks the costs up."""
    from ot.semidiscrete import semidiscrete_c_transform

    atoms, samples = (np.arange(k, dtype=cost.dtype)[:, None] for k in cost.shape)
    return semidiscrete_c_transform(atoms, samples, phi, metric=lambda x, y: cost.T)


def _distance(mu: Array, nu: Array, metric: Array) -> Any:
    import ot

    return ot.emd2(mu, nu, metric)


def _pair() -> Any:
    from ..cases.metric import Pair

    return Pair(np.array([0.25, 0.75]), np.array([0.5, 0.5]), 1.0 - np.eye(2))


WIDENED = Known(
    "dtype-kept",
    "the value of float32 arrays is a Python float, not cast as the documentation says",
    two_by_two,
    SEEN,
    "",
    "import numpy as np, ot\nx = np.ones(1, np.float32)\nassert type(ot.emd2(x, x, x[None])) is float",
)
DISTANCE = (
    replace(LAYOUT, witness=_pair),
    replace(NAN, law="refuses-nan-metric", witness=_pair),
    replace(NEGATIVE, witness=_pair),
)

VALUES = (
    values("POT.emd2", _value),
    values(
        "POT.emd2[float32]", _value, dtype="float32", conventions={"mass": "one"}, known=(*COPIED_KNOWN, TOLLS, WIDENED)
    ),
    values("POT.emd2[two targets]", _columns),
    values(
        "POT.emd2[sparse]",
        _sparse_value,
        requires="POT>=0.9.7",
        known=(REBATE, SMALL_NOW_AND_THEN, LAYOUT, NAN, NEGATIVE),
    ),
    values("POT.solve.value", _solve_value),
    values("POT.partial_wasserstein2[m=all]", _partial_value, accepts=same_mass, known=(REBATE, SMALL)),
)

SUBJECTS = lax(
    (
        *VALUES,
        semidiscrete,
        subject("POT.emd2", contract=rubinstein, requires=POT, known=DISTANCE)(_distance),
    )
)
