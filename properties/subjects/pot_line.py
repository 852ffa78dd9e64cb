"""POT's Wasserstein distances: between clouds, on the line, on the circle, between Gaussians."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..transport.gaussian import brenier_gaussian, bures
from ..transport.wasserstein import wasserstein
from ..transport.wasserstein_line import circle, line

Array = NDArray[Any]
POT = "POT>=0.9"
METRICS = {1.0: "euclidean", 2.0: "sqeuclidean"}


def _square_or_plain(a: Array, X: Array, b: Array, Y: Array, p: float) -> bool:
    return p in METRICS


def _order_one(a: Array, x: Array, b: Array, y: Array, p: float) -> bool:
    return p == 1


@subject("POT.emd", contract=wasserstein, outputs=("value", "plan"), conventions={"root": "no"}, requires=POT)
def emd(a: Array, X: Array, b: Array, Y: Array, p: float) -> tuple[Any, Array]:
    import ot

    M = ot.dist(X, Y, metric="euclidean") ** p
    plan, log = ot.emd(a, b, M, log=True)
    return log["cost"], plan


@subject("POT.emd2", contract=wasserstein, conventions={"root": "no"}, requires=POT)
def emd2(a: Array, X: Array, b: Array, Y: Array, p: float) -> Any:
    import ot

    return ot.emd2(a, b, ot.dist(X, Y, metric="euclidean") ** p)


@subject("POT.emd2_samples", contract=wasserstein, conventions={"root": "no"}, requires=POT, accepts=_square_or_plain)
def emd2_samples(a: Array, X: Array, b: Array, Y: Array, p: float) -> Any:
    import ot

    return ot.emd2(a, b, ot.dist(X, Y, metric=METRICS[p]))


@subject(
    "POT.emd2_lazy", contract=wasserstein, conventions={"root": "no"}, requires="POT>=0.9.7", accepts=_square_or_plain
)
def emd2_lazy(a: Array, X: Array, b: Array, Y: Array, p: float) -> Any:
    import ot

    return ot.lp.emd2_lazy(X, Y, a, b, metric=METRICS[p])


def _solve_sample(name: str, requires: str = POT, **options: Any) -> Subject:
    @subject(
        name,
        contract=wasserstein,
        outputs=("value", "plan"),
        conventions={"root": "no"},
        requires=requires,
        accepts=_square_or_plain,
    )
    def run(a: Array, X: Array, b: Array, Y: Array, p: float) -> tuple[Any, Array]:
        import ot

        found = ot.solve_sample(X, Y, a, b, metric=METRICS[p], **options)
        plan = found.sparse_plan.toarray() if options.get("lazy") else found.plan
        return found.value, plan

    return run


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
    "POT.solve_sample.1d", contract=line, conventions={"root": "no"}, requires="POT>=0.9.5", accepts=_square_or_plain
)
def solve_sample_1d(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    import ot

    return ot.solve_sample(x[:, None], y[:, None], a, b, metric=METRICS[p], method="1d").value[0]


@subject("POT.wasserstein_circle", contract=circle, requires=POT)
def wasserstein_circle(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    import ot

    return ot.wasserstein_circle(x, y, a, b, p=p)[0]


@subject("POT.binary_search_circle", contract=circle, requires=POT)
def binary_search_circle(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    import ot

    return ot.binary_search_circle(x, y, a, b, p=p)[0]


@subject("POT.wasserstein1_circle", contract=circle, requires=POT, accepts=_order_one)
def wasserstein1_circle(a: Array, x: Array, b: Array, y: Array, p: float) -> Any:
    from ot.lp import solver_circle

    return solver_circle.wasserstein1_circle(x, y, a, b)[0]


@subject("POT.bures_wasserstein_distance", contract=bures, conventions={"root": "yes"}, requires=POT)
def bures_wasserstein_distance(m1: Array, S1: Array, m2: Array, S2: Array) -> Any:
    import ot

    return ot.gaussian.bures_wasserstein_distance(m1, m2, S1, S2)


@subject("POT.bures_wasserstein_distance[batch]", contract=bures, conventions={"root": "yes"}, requires="POT>=0.9.5")
def bures_wasserstein_distance_batch(m1: Array, S1: Array, m2: Array, S2: Array) -> Any:
    """The pair as the second of two sources and the first of two targets."""
    import ot

    eye, one = np.eye(len(m1)), np.ones_like(m1)
    sources, targets = (np.stack([one, m1]), np.stack([eye, S1])), (np.stack([m2, one]), np.stack([S2, eye]))
    return ot.gaussian.bures_wasserstein_distance(sources[0], targets[0], sources[1], targets[1])[1, 0]


@subject("POT.bures_distance", contract=bures, conventions={"root": "yes"}, requires="POT>=0.9.5")
def bures_distance(m1: Array, S1: Array, m2: Array, S2: Array) -> Any:
    """Bures alone; the means are added here."""
    import ot

    return np.hypot(np.linalg.norm(m1 - m2), ot.gaussian.bures_distance(S1, S2))


@subject("POT.bures_wasserstein_mapping", contract=brenier_gaussian, requires=POT)
def bures_wasserstein_mapping(S1: Array, S2: Array) -> Array:
    import ot

    zero = np.zeros(len(S1))
    return np.asarray(ot.gaussian.bures_wasserstein_mapping(zero, zero, S1, S2)[0])


SUBJECTS = (
    emd,
    emd2,
    emd2_samples,
    emd2_lazy,
    _solve_sample("POT.solve_sample"),
    _solve_sample("POT.solve_sample.lazy", requires="POT>=0.9.7", lazy=True),
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
    bures_wasserstein_distance,
    bures_wasserstein_distance_batch,
    bures_distance,
    bures_wasserstein_mapping,
)
