"""geomloss: SamplesLoss, and the newer geomloss.ot.solve and solve_sample.

All of them cool the temperature geometrically and stop when it has arrived; none checks convergence.
How far they are then from the optimum is proportional to the last step of the temperature, about (1 − scaling) or
log(spread/ε)/max_iter, and is declared here as measured at these settings.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..transport.divergence import sinkhorn_divergence
from ..transport.sinkhorn import sinkhorn
from .lax import lax

Array = NDArray[Any]
GEOMLOSS = "geomloss>=0.3"
STEPS = 50


def _solve(name: str, batch: bool) -> Subject:
    """geomloss.ot.solve, alone or as the second of a batch whose first problem is its mirror image."""

    @subject(
        f"geomloss.ot.{name}",
        contract=sinkhorn,
        outputs=("plan", "f", "g", "value"),
        conventions={"regulariser": "kl", "value": "regularised", "potentials": "product"},
        requires=GEOMLOSS,
        accuracy=7e-2,
        effort=0.4,
    )
    def run(a: Array, b: Array, cost: Array, eps: float) -> tuple[Array, Array, Array, Any]:
        from geomloss import ot

        if not batch:
            found = ot.solve(cost, a=a, b=b, reg=eps, max_iter=STEPS)
            return found.plan, found.potential_a, found.potential_b, found.value
        A, B = np.stack([a[::-1], a]), np.stack([b[::-1], b])
        found = ot.solve_batch(np.stack([cost[::-1, ::-1], cost]), a=A, b=B, reg=eps, max_iter=STEPS)
        return found.plan[1], found.potential_a[1], found.potential_b[1], found.value[1]

    return run


def _square(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> bool:
    return p == 2


def _wide(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> bool:
    """Temperatures that the descent from the diameter arrives at: above it, two iterations are all there is."""
    if p not in (1.0, 2.0) or not eps > 0 or not all(np.isfinite(x).all() for x in (X, Y)):
        return p in (1.0, 2.0)
    return bool(p * np.linalg.norm(np.ptp(np.concatenate([X, Y]), axis=0)) ** p >= 2 * eps)


def _near_points() -> Any:
    from ..cases.entropic_clouds import MovedEntropicClouds

    one, zero = np.ones(1), np.zeros(2)
    X, Y = np.array([[3.0, 4.0]]), np.array([[0.0, 0.0]])
    return MovedEntropicClouds(one, X, one, Y, 1.0, 2.0, zero, zero)


FLOOR = Known(
    "scaling",
    reason="for p = 1 squared distances are clamped to 1e-8: no point is nearer than 1e-4 to any, not even to itself",
    witness=_near_points,
    scope="geomloss>=0.3,<=0.3.1",
    lines="import torch; from geomloss import SamplesLoss; x = torch.zeros(1, 1).double(); y = x + 0.003; "
    "assert abs(SamplesLoss(p=1, blur=.001)(x, y) - (0.003 - 1e-4)) < 1e-6  # their distance is 0.003",
)


@subject(
    "geomloss.SamplesLoss",
    contract=sinkhorn_divergence,
    conventions={"kind": "regularised", "clamp": "no"},
    requires=GEOMLOSS,
    accuracy=1e-3,
    known=(FLOOR,),
    accepts=_wide,
)
def samples_loss(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> Any:
    """Its cost is ‖x − y‖^p/p at the temperature blur^p: so ε = p·blur^p, and p times the value."""
    import torch
    from geomloss import SamplesLoss

    loss = SamplesLoss("sinkhorn", p=int(p), blur=(eps / p) ** (1 / p), scaling=0.97, backend="tensorized")
    return p * loss(*(torch.from_numpy(np.ascontiguousarray(x)) for x in (a, X, b, Y))).numpy()


@subject(
    "geomloss.ot.solve_sample",
    contract=sinkhorn_divergence,
    conventions={"kind": "regularised", "clamp": "no"},
    requires=GEOMLOSS,
    accuracy=1e-5,
    accepts=_square,
    effort=0.4,
)
def solve_sample(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> Any:
    from geomloss import ot

    return ot.solve_sample(X, Y, a=a, b=b, reg=eps, debias=True, max_iter=STEPS).value


SUBJECTS = lax((_solve("solve", batch=False), _solve("solve_batch", batch=True), samples_loss, solve_sample))
