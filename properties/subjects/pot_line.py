"""POT's Wasserstein distances on the line and on the circle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, subject

from ..transport.wasserstein_circle import circle
from ..transport.wasserstein_line import line
from .lax import lax
from .pot_clouds import METRICS, POT, square_or_plain

Array = NDArray[Any]

CUT = 1e-12  # where the circle is cut, as precisely as a bisection of [-1, 1] can say


def _order_one(a: Array, x: Array, b: Array, y: Array, p: float) -> bool:
    return p == 1


@subject("POT.wasserstein_1d", contract=line, conventions={"root": "no"}, requires=POT)
def wasserstein_1d(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    import ot

    return ot.wasserstein_1d(x, y, a, b, p=p)


@subject("POT.wasserstein_1d[batch]", contract=line, conventions={"root": "no"}, requires=POT)
def wasserstein_1d_batch(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    """The problem in the second of three columns; the others hold the mirrored and the shuffled one."""
    import ot

    xs, ys = np.stack([-x, x, x[::-1]], 1), np.stack([-y, y, y], 1)
    return ot.wasserstein_1d(xs, ys, a, b, p=p)[1]


@subject("POT.wasserstein_1d[torch]", contract=line, conventions={"root": "no"}, requires=POT)
def wasserstein_1d_torch(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    import ot
    import torch

    tensors = [torch.from_numpy(z.copy()) for z in (x, y, a, b)]
    return ot.wasserstein_1d(*tensors, p=p).numpy()


@subject("POT.emd_1d", contract=line, outputs=("value", "plan"), conventions={"root": "no"}, requires=POT)
def emd_1d(a: Array, x: Array, b: Array, y: Array, p: float) -> tuple[Any, Array]:
    import ot

    plan, log = ot.emd_1d(x, y, a, b, metric="minkowski", p=p, log=True)
    return log["cost"], plan


@subject("POT.emd_1d[metrics]", contract=line, outputs=("value", "plan"), conventions={"root": "no"}, requires=POT)
def emd_1d_metrics(a: Array, x: Array, b: Array, y: Array, p: float) -> tuple[Any, Array]:
    """Orders one and two by the names of their own metrics."""
    import ot

    metric = {1.0: "cityblock", 2.0: "sqeuclidean"}.get(p, "minkowski")
    plan, log = ot.emd_1d(x, y, a, b, metric=metric, p=p, log=True, dense=False)
    return log["cost"], plan.toarray()


@subject("POT.emd2_1d", contract=line, conventions={"root": "no"}, requires=POT)
def emd2_1d(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    import ot

    return ot.emd2_1d(x, y, a, b, metric="minkowski", p=p)


@subject("POT.emd_1d_dual_backprop", contract=line, conventions={"root": "no"}, requires="POT>=0.9.6")
def emd_1d_dual_backprop(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    import torch
    from ot.lp import solver_1d

    x_, y_, a_, b_ = (torch.from_numpy(z.copy()).requires_grad_(False) for z in (x, y, a, b))
    return solver_1d.emd_1d_dual_backprop(x_, y_, a_, b_, p=p)[2].numpy()


@subject(
    "POT.solve_sample.1d", contract=line, conventions={"root": "no"}, requires="POT>=0.9.5", accepts=square_or_plain
)
def solve_sample_1d(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    import ot

    return ot.solve_sample(x[:, None], y[:, None], a, b, metric=METRICS[p], method="1d").value[0]


@subject("POT.wasserstein_circle", contract=circle, requires=POT, accuracy=4 * CUT)
def wasserstein_circle(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    import ot

    return ot.wasserstein_circle(x, y, a, b, p=p, eps=CUT)[0]


@subject("POT.binary_search_circle", contract=circle, requires=POT, accuracy=4 * CUT)
def binary_search_circle(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    import ot

    return ot.binary_search_circle(x, y, a, b, p=p, eps=CUT)[0]


def _over_the_cut() -> Any:
    """0.3 to 0.9 over the cut at 0 is 0.4; turned by 0.6, and back."""
    from ..cases.lines import MovedLines

    one = np.ones(1)
    return MovedLines(one, np.array([0.25]), one, np.array([0.875]), 1.0, 0.5, 0.5, 1.0)


def _half_way() -> Any:
    from ..cases.lines import MovedLines

    half = np.array([0.5, 0.5])
    x, y = np.array([0.0625, 0.25]), np.array([0.515625, 0.515625])
    return MovedLines(half, x, half, y, 1.0, 0.0, 0.0, 1.0)


def _there_and_back() -> Any:
    from ..cases.lines import MovedLines

    one = np.ones(1)
    return MovedLines(one, np.array([0.203125]), one, np.array([0.5625]), 1.0, 0.0, 0.0, 1.0)


CUT_KNOWN = tuple(
    Known(
        law,
        reason="the arc from 0 to the first point is left out of the integral and of the level median",
        witness=witness,
        scope="POT>=0.9,<=0.9.7.post1",
        link="https://github.com/PythonOT/POT/issues/738",
        lines="from ot.lp.solver_circle import wasserstein1_circle; import numpy as np; "
        "assert abs(wasserstein1_circle(np.array([0.3]), np.array([0.9])) - 0.1) < 1e-9  # the short way round is 0.4",
    )
    for law, witness in (
        ("least-cost-on-circle", _over_the_cut),
        ("rotation", _over_the_cut),
        ("symmetry-on-circle", _there_and_back),
        ("at-most-the-line", _half_way),
    )
)


@subject("POT.wasserstein1_circle", contract=circle, requires=POT, accepts=_order_one, known=CUT_KNOWN)
def wasserstein1_circle(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    from ot.lp import solver_circle

    return solver_circle.wasserstein1_circle(x, y, a, b)[0]


SUBJECTS = lax(
    (
        wasserstein_1d,
        wasserstein_1d_batch,
        wasserstein_1d_torch,
        emd_1d,
        emd_1d_metrics,
        emd2_1d,
        emd_1d_dual_backprop,
        solve_sample_1d,
        wasserstein_circle,
        binary_search_circle,
        wasserstein1_circle,
    )
)
