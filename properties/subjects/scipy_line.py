"""SciPy's Wasserstein distances: of order one, with the Euclidean norm."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from prufrock import subject

from ..transport.wasserstein import wasserstein
from ..transport.wasserstein_line import line
from .lax import lax

Array = NDArray[Any]


def _order_one(a: Array, x: Array, b: Array, y: Array, p: float) -> bool:
    return p == 1


@subject("SciPy.wasserstein_distance", contract=line, conventions={"root": "yes"}, requires="scipy", accepts=_order_one)
def wasserstein_distance(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    from scipy import stats

    return stats.wasserstein_distance(x, y, a, b)


@subject(
    "SciPy.wasserstein_distance_nd",
    contract=wasserstein,
    conventions={"root": "yes"},
    requires="scipy>=1.13",
    accepts=_order_one,
    effort=0.4,
)
def wasserstein_distance_nd(a: Array, X: Array, b: Array, Y: Array, p: float) -> Any:
    from scipy import stats

    return stats.wasserstein_distance_nd(X, Y, a, b)


SUBJECTS = lax((wasserstein_distance, wasserstein_distance_nd))
