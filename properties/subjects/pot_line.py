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


@subject("POT.emd_1d_dual_backprop", contract=line, conventions={"root": "no"}, requires="POT>=0.9.7")
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


def _short_of_one() -> Any:
    """The masses of ν, in the order of its points, add up to 1 − 2^−53; turned by s, or on the other side, they do not
    show."""
    from ..cases.lines import MovedLines

    b, y = np.array([0.35, 0.3, 0.35]), np.array([0.1875, 0.375, 0.5])
    return MovedLines(np.ones(1), np.array([0.0625]), b, y, 1.0, 0.5625, 0.0, 1.0)


def _short_known(scope: str) -> tuple[Known, ...]:
    return tuple(
        Known(
            law,
            reason="where the masses of the second measure add up to one rounding less than 1, the integral may take a "
            "wrong turn of the circle: more than half a circle away from anything",
            witness=_short_of_one,
            scope=scope,
            lines="import numpy as np, ot; x, y = np.array([0.0625]), np.array([0.1875, 0.375, 0.5]); "
            "b = np.array([0.35, 0.3, 0.35]); f = ot.binary_search_circle; "
            "assert f(x, y, np.ones(1), b, p=1)[0] > 1.29  # 0.29; so it says with its arguments exchanged",
        )
        for law in ("least-cost-on-circle", "rotation", "symmetry-on-circle", "at-most-the-line")
    )


def _cut_known(scope: str) -> tuple[Known, ...]:
    return tuple(
        Known(
            law,
            reason="the arc from 0 to the first point is left out of the integral and of the level median",
            witness=witness,
            scope=scope,
            link="https://github.com/PythonOT/POT/issues/738",
            lines="import numpy as np; from ot import lp; home = getattr(lp, 'solver_circle', lp.solver_1d); "
            "f = home.wasserstein1_circle; "
            "assert abs(f(np.array([0.3]), np.array([0.9])) - 0.1) < 1e-9  # the short way round is 0.4",
        )
        for law, witness in (
            ("least-cost-on-circle", _over_the_cut),
            ("rotation", _over_the_cut),
            ("symmetry-on-circle", _there_and_back),
            ("at-most-the-line", _half_way),
        )
    )


TO_DATE = "POT>=0.9,<=0.9.7.post1"
EITHER = (*_short_known("POT>=0.9.6,<=0.9.7.post1"), *_cut_known("POT>=0.9,<0.9.6"))


@subject("POT.wasserstein_circle", contract=circle, requires=POT, accuracy=4 * CUT, known=EITHER)
def wasserstein_circle(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    import ot

    return ot.wasserstein_circle(x, y, a, b, p=p, eps=CUT)[0]


@subject("POT.binary_search_circle", contract=circle, requires=POT, accuracy=4 * CUT, known=_short_known(TO_DATE))
def binary_search_circle(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    import ot

    return ot.binary_search_circle(x, y, a, b, p=p, eps=CUT)[0]


@subject("POT.wasserstein1_circle", contract=circle, requires=POT, accepts=_order_one, known=_cut_known(TO_DATE))
def wasserstein1_circle(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    from ot import lp

    home = lp.solver_circle if hasattr(lp, "solver_circle") else lp.solver_1d  # the latter up to 0.9.6
    return home.wasserstein1_circle(x, y, a, b)[0]


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
