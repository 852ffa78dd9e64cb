"""POT's Wasserstein distances between clouds: exact ones of a matrix of costs, lazy ones, and those of samples."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from prufrock import Subject, subject

from ..transport.wasserstein import wasserstein
from .lax import lax

Array = NDArray[Any]
POT = "POT>=0.9"

METRICS = {1.0: "euclidean", 2.0: "sqeuclidean"}


def square_or_plain(a: Array, X: Array, b: Array, Y: Array, p: float) -> bool:
    return p in METRICS


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


@subject("POT.emd2_samples", contract=wasserstein, conventions={"root": "no"}, requires=POT, accepts=square_or_plain)
def emd2_samples(a: Array, X: Array, b: Array, Y: Array, p: float) -> Any:
    import ot

    return ot.emd2(a, b, ot.dist(X, Y, metric=METRICS[p]))


@subject(
    "POT.emd2_lazy", contract=wasserstein, conventions={"root": "no"}, requires="POT>=0.9.7", accepts=square_or_plain
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
        accepts=square_or_plain,
    )
    def run(a: Array, X: Array, b: Array, Y: Array, p: float) -> tuple[Any, Array]:
        import ot

        found = ot.solve_sample(X, Y, a, b, metric=METRICS[p], **options)
        plan = found.sparse_plan.toarray() if options.get("lazy") else found.plan
        return found.value, plan

    return run


SUBJECTS = lax(
    (
        emd,
        emd2,
        emd2_samples,
        emd2_lazy,
        _solve_sample("POT.solve_sample"),
        _solve_sample("POT.solve_sample.lazy", requires="POT>=0.9.7", lazy=True),
    )
)
