"""POT's Wasserstein distances: between clouds, on the line, on the circle, between Gaussians."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..transport.gaussian import bures
from ..transport.gaussian_map import brenier_gaussian
from ..transport.wasserstein import wasserstein
from ..transport.wasserstein_circle import circle
from ..transport.wasserstein_line import line
from .lax import lax

Array = NDArray[Any]
POT = "POT>=0.9"
CUT = 1e-12  # where the circle is cut, as precisely as a bisection of [-1, 1] can say
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

    return ot.lp.emd2_lazy(X, Y, a, b, metric=METRICS[p], return_matrix=False)


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
    from ..cases.clouds import MovedLines

    one = np.ones(1)
    return MovedLines(one, np.array([0.25]), one, np.array([0.875]), 1.0, 0.5, 0.5, 1.0)


def _half_way() -> Any:
    from ..cases.clouds import MovedLines

    half = np.array([0.5, 0.5])
    x, y = np.array([0.0625, 0.25]), np.array([0.515625, 0.515625])
    return MovedLines(half, x, half, y, 1.0, 0.0, 0.0, 1.0)


def _there_and_back() -> Any:
    from ..cases.clouds import MovedLines

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


def _bures(m1: Array, S1: Array, m2: Array, S2: Array) -> Any:
    import ot

    return ot.gaussian.bures_wasserstein_distance(m1, m2, S1, S2)


def _bures_batch(m1: Array, S1: Array, m2: Array, S2: Array) -> Any:
    """The pair as the second of two sources and the first of two targets."""
    import ot

    eye, one = np.eye(len(m1)), np.ones_like(m1)
    sources, targets = (np.stack([one, m1]), np.stack([eye, S1])), (np.stack([m2, one]), np.stack([S2, eye]))
    return ot.gaussian.bures_wasserstein_distance(sources[0], targets[0], sources[1], targets[1])[1, 0]


def _bures_alone(m1: Array, S1: Array, m2: Array, S2: Array) -> Any:
    """Bures alone; the means are added here."""
    import ot

    return np.hypot(np.linalg.norm(m1 - m2), ot.gaussian.bures_distance(S1, S2))


def _mapping(S1: Array, S2: Array) -> Array:
    import ot

    zero = np.zeros(len(S1))
    return np.asarray(ot.gaussian.bures_wasserstein_mapping(zero, zero, S1, S2)[0])


def _definite(*case: Array) -> bool:
    matrices = [S for S in case if S.ndim == 2 and np.isfinite(S).all()]
    return all(np.linalg.eigvalsh(S)[0] > 1e-9 * np.abs(S).max() for S in matrices)


def _three_singular() -> Any:
    from ..cases.clouds import ThreeGaussians

    zero, ones = np.zeros(3), np.ones((3, 3))
    return ThreeGaussians(zero, ones, zero, ones, zero, ones)


def _singular_target() -> Any:
    from ..cases.clouds import Covariances

    return Covariances(np.eye(3), np.ones((3, 3)), np.ones((3, 3)))


def _singular(laws: tuple[str, ...], witness: Any) -> tuple[Known, ...]:
    return tuple(
        Known(
            law,
            reason="sqrtm takes the roots of eigenvalues that rounding made negative: NaN, or an error from LAPACK",
            witness=witness,
            scope="POT>=0.9.5,<=0.9.7.post1",
            link="https://github.com/PythonOT/POT/issues/708",
            lines="import ot, numpy as np\n"
            "assert np.isnan(ot.gaussian.bures_distance(np.eye(3), np.ones((3, 3))))  # 1.5925",
        )
        for law in laws
    )


BURES_BROKEN = (
    "gelbrich-formula",
    "symmetry",
    "zero-from-itself",
    "triangle",
    "rotation",
    "scaling",
    "means-and-covariances-part",
    "same-call-twice",
)
MAP_BROKEN = ("symmetric-map", "monotone-map", "pushes-forward", "recovers-the-map", "costs-the-distance")


def _with_and_without_singular(name: str, run: Any, contract: Any, known: tuple[Known, ...]) -> tuple[Subject, ...]:
    """One subject on the whole domain, with what it is known to break, and one on definite covariances only."""
    conventions = {"root": "yes"} if contract is bures else {}
    whole = subject(name, contract=contract, conventions=conventions, requires="POT>=0.9.5", known=known)
    definite = subject(
        f"{name}[definite]", contract=contract, conventions=conventions, requires="POT>=0.9.5", accepts=_definite
    )
    return whole(run), definite(run)


SUBJECTS = lax(
    (
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
        *_with_and_without_singular(
            "POT.bures_wasserstein_distance", _bures, bures, _singular(BURES_BROKEN, _three_singular)
        ),
        *_with_and_without_singular(
            "POT.bures_wasserstein_distance[batch]", _bures_batch, bures, _singular(BURES_BROKEN, _three_singular)
        ),
        *_with_and_without_singular(
            "POT.bures_distance", _bures_alone, bures, _singular(BURES_BROKEN, _three_singular)
        ),
        *_with_and_without_singular(
            "POT.bures_wasserstein_mapping", _mapping, brenier_gaussian, _singular(MAP_BROKEN, _singular_target)
        ),
    )
)
