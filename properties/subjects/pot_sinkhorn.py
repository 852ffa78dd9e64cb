"""POT's Sinkhorn iterations: every method of ot.sinkhorn and ot.sinkhorn2, several targets at once, and a single sweep."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..transport.sinkhorn import sinkhorn
from ..transport.sinkhorn_sweep import sweep
from ._pot_entropic import ACCURACY, KERNEL, MOST, POT, STOP, full, full_in_range, in_range, logs
from .lax import lax

Array = NDArray[Any]

SHARP = {"value": "sharp"} | KERNEL


def _sinkhorn(name: str, method: str, accepts: Any = None, effort: float = 1.0, **options: Any) -> Subject:
    """ot.sinkhorn(method=...): a plan, and log-potentials by whatever name the method gives them."""

    @subject(
        f"POT.sinkhorn.{name}",
        contract=sinkhorn,
        outputs=("plan", "f", "g"),
        conventions=KERNEL,
        requires=POT,
        accuracy=ACCURACY,
        accepts=accepts,
        effort=effort,
    )
    def run(a: Array, b: Array, cost: Array, eps: float) -> tuple[Array, Array, Array]:
        import ot

        plan, log = ot.sinkhorn(a, b, cost, eps, method=method, stopThr=STOP, log=True, **options)
        return plan, *_potentials(log, eps)

    return run


def _potentials(log: Any, eps: float) -> tuple[Array, Array]:
    if "alpha" in log:
        return log["alpha"], log["beta"]
    if "log_u" in log:
        return eps * log["log_u"], eps * log["log_v"]
    return eps * logs(log["u"]), eps * logs(log["v"])


@subject("POT.sinkhorn.default", contract=sinkhorn, requires=POT, accuracy=1e-8, accepts=in_range)
def default(a: Array, b: Array, cost: Array, eps: float) -> Array:
    """As most people call it; judged at the tolerance it documents."""
    import ot

    return np.asarray(ot.sinkhorn(a, b, cost, eps))


@subject(
    "POT.sinkhorn.epsilon_scaling",
    contract=sinkhorn,
    outputs=("plan", "f", "g"),
    conventions=KERNEL,
    requires=POT,
    accuracy=1e-6,
    accepts=full_in_range,
    effort=0.4,
)
def epsilon_scaling(a: Array, b: Array, cost: Array, eps: float) -> tuple[Array, Array, Array]:
    """Starting at 4ε, so that the 36 levels it insists on reach ε to rounding; its error is a squared norm."""
    import ot

    plan, log = ot.sinkhorn(
        a,
        b,
        cost,
        eps,
        method="sinkhorn_epsilon_scaling",
        epsilon0=4 * eps,
        numInnerItermax=25,
        stopThr=1e-13,
        log=True,
    )
    return plan, log["alpha"], log["beta"]


def _sinkhorn2(method: str, accepts: Any = None, effort: float = 1.0) -> Subject:
    """ot.sinkhorn2: ⟨P, C⟩, and a plan made of its log-potentials."""

    @subject(
        f"POT.sinkhorn2.{method}",
        contract=sinkhorn,
        outputs=("plan", "f", "g", "value"),
        conventions=SHARP,
        requires=POT,
        accuracy=ACCURACY,
        accepts=accepts,
        effort=effort,
    )
    def run(a: Array, b: Array, cost: Array, eps: float) -> tuple[Array, Array, Array, Any]:
        import ot

        value, log = ot.sinkhorn2(a, b, cost, eps, method=method, stopThr=STOP, numItermax=MOST, log=True, warn=True)
        f, g = _potentials(log, eps)
        return np.exp((f[:, None] + g - cost) / eps), f, g, value

    return run


def _several_targets(method: str, accepts: Any = None) -> Subject:
    """ot.sinkhorn2 with a matrix of targets: ours is the second of two; the first is a twisted one."""

    @subject(
        f"POT.sinkhorn2.{method}[targets]",
        contract=sinkhorn,
        outputs=("plan", "f", "g", "value"),
        conventions=SHARP,
        requires=POT,
        accuracy=1e-8,
        accepts=accepts,
    )
    def run(a: Array, b: Array, cost: Array, eps: float) -> tuple[Array, Array, Array, Any]:
        import ot

        targets = np.stack([b[::-1], b], axis=1)
        value, log = ot.sinkhorn2(
            a, targets, cost, eps, method=method, stopThr=STOP, numItermax=MOST, log=True, warn=True
        )
        u, v = (log["logu"], log["logv"]) if "logu" in log else (logs(log["u"]), logs(log["v"]))
        f, g = eps * u[:, 1], eps * v[:, 1]
        return np.exp((f[:, None] + g - cost) / eps), f, g, value[1]

    return run


@subject(
    "POT.sinkhorn_log", contract=sweep, outputs=("f", "g"), requires=POT, accepts=lambda a, b, *_: full(a, b, a, 1.0)
)
def one_iteration(a: Array, b: Array, cost: Array, eps: float, g: Array) -> tuple[Array, Array]:
    """One iteration of the transposed problem, which updates its columns (our rows) first."""
    import ot

    start = (g / eps + np.log(b), np.zeros(len(a)))
    log = ot.bregman.sinkhorn_log(b, a, cost.T, eps, numItermax=1, warmstart=start, log=True, warn=False)[1]
    return eps * (log["log_v"] - np.log(a)), eps * (log["log_u"] - np.log(b))


SUBJECTS = lax(
    (
        _sinkhorn("sinkhorn", "sinkhorn", in_range, numItermax=MOST),
        _sinkhorn("sinkhorn_log", "sinkhorn_log", effort=0.4, numItermax=MOST),
        _sinkhorn("sinkhorn_stabilized", "sinkhorn_stabilized", numItermax=MOST),
        _sinkhorn("greenkhorn", "greenkhorn", in_range, effort=0.4, numItermax=10 * MOST),
        default,
        epsilon_scaling,
        _sinkhorn2("sinkhorn", in_range),
        _sinkhorn2("sinkhorn_log", effort=0.4),
        _sinkhorn2("sinkhorn_stabilized"),
        _several_targets("sinkhorn", in_range),
        _several_targets("sinkhorn_log", in_range),
        _several_targets("sinkhorn_stabilized", in_range),
        one_iteration,
    )
)
