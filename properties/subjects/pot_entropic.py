"""POT's entropic solvers: every method of every entry point, with tight tolerances."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..transport.divergence import sinkhorn_divergence
from ..transport.sinkhorn import sinkhorn
from ..transport.sinkhorn_sweep import sweep

Array = NDArray[Any]
POT = "POT>=0.9"

# Errors are L2 norms over one marginal, checked every ten or twenty iterations.
STOP = 1e-11
ACCURACY = 1e-10
MOST = 1000

KERNEL = {"regulariser": "entropy", "potentials": "counting"}
KL = {"regulariser": "kl", "potentials": "counting"}
SHARP = {"value": "sharp"} | KERNEL


def _in_range(a: Array, b: Array, cost: Array, eps: float) -> bool:
    """exp(−C/ε) neither overflows nor vanishes: POT recommends its logarithmic solvers otherwise."""
    return not eps > 0 or not np.isfinite(cost).all() or float(np.abs(cost).max()) <= 200 * eps


def _full(a: Array, b: Array, cost: Array, eps: float) -> bool:
    return bool((a != 0).all() and (b != 0).all())


def _logs(u: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(u))


def _sinkhorn(name: str, method: str, accepts: Any = None, requires: str = POT, **options: Any) -> Subject:
    """ot.sinkhorn(method=...): a plan, and log-potentials by whatever name the method gives them."""

    @subject(
        f"POT.sinkhorn.{name}",
        contract=sinkhorn,
        outputs=("plan", "f", "g"),
        conventions=KERNEL,
        requires=requires,
        accuracy=ACCURACY,
        accepts=accepts,
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
    return eps * _logs(log["u"]), eps * _logs(log["v"])


@subject("POT.sinkhorn.default", contract=sinkhorn, requires=POT, accuracy=1e-8, accepts=_in_range)
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
)
def epsilon_scaling(a: Array, b: Array, cost: Array, eps: float) -> tuple[Array, Array, Array]:
    """Starting at 4ε, so that the 36 levels it insists on reach ε to rounding; its error is a squared norm."""
    import ot

    plan, log = ot.sinkhorn(
        a, b, cost, eps, method="sinkhorn_epsilon_scaling", epsilon0=4 * eps, stopThr=1e-13, log=True
    )
    return plan, log["alpha"], log["beta"]


def _sinkhorn2(method: str, accepts: Any = None) -> Subject:
    """ot.sinkhorn2: ⟨P, C⟩, and a plan made of its log-potentials."""

    @subject(
        f"POT.sinkhorn2.{method}",
        contract=sinkhorn,
        outputs=("plan", "f", "g", "value"),
        conventions=SHARP,
        requires=POT,
        accuracy=ACCURACY,
        accepts=accepts,
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
        u, v = (log["logu"], log["logv"]) if "logu" in log else (_logs(log["u"]), _logs(log["v"]))
        f, g = eps * u[:, 1], eps * v[:, 1]
        return np.exp((f[:, None] + g - cost) / eps), f, g, value[1]

    return run


def _solve(name: str, accepts: Any = None, **options: Any) -> Subject:
    """ot.solve: the plan, scaled log-potentials, and the value with its regulariser."""

    @subject(
        f"POT.solve.{name}",
        contract=sinkhorn,
        outputs=("plan", "f", "g", "value"),
        conventions={"value": "regularised"} | (KERNEL if options.get("reg_type") == "entropy" else KL),
        requires="POT>=0.9.1",
        accuracy=ACCURACY,
        accepts=accepts,
    )
    def run(a: Array, b: Array, cost: Array, eps: float) -> tuple[Array, Array, Array, Any]:
        import ot

        with contextlib.redirect_stdout(io.StringIO()):  # it prints a remark on masses of zero
            found = ot.solve(cost, a, b, reg=eps, tol=STOP, max_iter=MOST, **options)
        u, v = found.potentials
        return found.plan, eps * u, eps * v, found.value

    return run


def _batch(method: str, reg_type: str, accepts: Any = None) -> Subject:
    """ot.batch.solve_batch: ours is the second of two problems; the first is its mirror image."""
    in_logs = method == "log_sinkhorn"

    @subject(
        f"POT.batch.{method}.{reg_type}",
        contract=sinkhorn,
        outputs=("plan", "f", "g", "value"),
        conventions={"value": "regularised"} | (KERNEL if reg_type == "entropy" else KL),
        requires="POT>=0.9.7",
        accuracy=ACCURACY,
        accepts=accepts,
    )
    def run(a: Array, b: Array, cost: Array, eps: float) -> tuple[Array, Array, Array, Any]:
        from ot.batch import solve_batch

        A, B, C = (np.stack([x[::-1], x]) for x in (a, b, cost[:, ::-1]))
        C[1] = cost
        found = solve_batch(C, eps, A, B, max_iter=MOST, tol=STOP, method=method, reg_type=reg_type, grad="detach")
        u, v = (x[1] if in_logs else _logs(x[1]) for x in found.potentials)
        return found.plan[1], eps * u, eps * v, found.value[1]

    return run


def _square(a: Array, b: Array, cost: Array, eps: float) -> bool:
    return len(a) == len(b) and _full_in_range(a, b, cost, eps)


def _full_in_range(a: Array, b: Array, cost: Array, eps: float) -> bool:
    """The dual has no maximiser where an atom is empty."""
    return _full(a, b, cost, eps) and _in_range(a, b, cost, eps)


@subject("POT.screenkhorn", contract=sinkhorn, requires=POT, accuracy=2e-2, accepts=_square)
def screenkhorn(a: Array, b: Array, cost: Array, eps: float) -> Array:
    """With nothing screened away it is Sinkhorn's problem, solved by L-BFGS-B."""
    from ot.bregman import screenkhorn as screen

    return np.asarray(screen(a, b, cost, eps, ns_budget=len(a), nt_budget=len(b), pgtol=1e-12))


@subject(
    "POT.smooth_ot_dual",
    contract=sinkhorn,
    outputs=("plan", "f", "g"),
    conventions=KERNEL,
    requires=POT,
    accuracy=1e-4,
    accepts=_full_in_range,
)
def smooth_ot_dual(a: Array, b: Array, cost: Array, eps: float) -> tuple[Array, Array, Array]:
    """ε(Σ P log P) by L-BFGS; its conjugate is exp(x/ε − 1), so the potentials take ε between them."""
    import ot

    plan, log = ot.smooth.smooth_ot_dual(a, b, cost, eps, reg_type="kl", stopThr=1e-14, log=True)
    return plan, log["alpha"] - eps, log["beta"]


@subject(
    "POT.sinkhorn_log", contract=sweep, outputs=("f", "g"), requires=POT, accepts=lambda a, b, *_: _full(a, b, a, 1.0)
)
def one_iteration(a: Array, b: Array, cost: Array, eps: float, g: Array) -> tuple[Array, Array]:
    """One iteration of the transposed problem, which updates its columns (our rows) first."""
    import ot

    start = (g / eps + np.log(b), np.zeros(len(a)))
    log = ot.bregman.sinkhorn_log(b, a, cost.T, eps, numItermax=1, warmstart=start, log=True, warn=False)[1]
    return eps * (log["log_v"] - np.log(a)), eps * (log["log_u"] - np.log(b))


METRICS = {1.0: "euclidean", 2.0: "sqeuclidean"}


def _square_or_plain(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> bool:
    return p in METRICS


def _mild(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> bool:
    """As _in_range, of the joint cloud."""
    if p not in METRICS or not eps > 0 or not all(np.isfinite(x).all() for x in (X, Y)):
        return p in METRICS
    points = np.concatenate([X, Y])
    return float(np.linalg.norm(np.ptp(points, axis=0)) ** p) <= 200 * eps


def _divergence(name: str, run: Callable[..., Any], **declared: Any) -> Subject:
    return subject(f"POT.{name}", contract=sinkhorn_divergence, accuracy=1e-8, **declared)(run)


def _empirical(method: str) -> Callable[..., Any]:
    def run(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> Any:
        import ot

        return ot.bregman.empirical_sinkhorn_divergence(
            X, Y, eps, a, b, metric=METRICS[p], stopThr=STOP, numIterMax=MOST, method=method
        )

    return run


def _debiased(value: str, **options: Any) -> Callable[..., Any]:
    def run(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> Any:
        import ot

        with contextlib.redirect_stdout(io.StringIO()):  # it prints a remark on masses of zero
            found = ot.solve_sample(
                X, Y, a, b, metric=METRICS[p], reg=eps, debias=True, tol=STOP, max_iter=MOST, **options
            )
        return getattr(found, value)

    return run


def _solvers() -> tuple[Subject, ...]:
    return (
        _sinkhorn("sinkhorn", "sinkhorn", _in_range, numItermax=MOST),
        _sinkhorn("sinkhorn_log", "sinkhorn_log", numItermax=MOST),
        _sinkhorn("sinkhorn_stabilized", "sinkhorn_stabilized", numItermax=MOST),
        _sinkhorn("greenkhorn", "greenkhorn", _in_range, numItermax=4 * MOST),
        default,
        epsilon_scaling,
        _sinkhorn2("sinkhorn", _in_range),
        _sinkhorn2("sinkhorn_log"),
        _sinkhorn2("sinkhorn_stabilized"),
        _several_targets("sinkhorn", _in_range),
        _several_targets("sinkhorn_log"),
        _several_targets("sinkhorn_stabilized", _in_range),
        _solve("kl", reg_type="KL"),
        _solve("entropy", reg_type="entropy"),
        _solve("kl.last_step", reg_type="KL", grad="last_step"),
        _batch("log_sinkhorn", "entropy"),
        _batch("log_sinkhorn", "kl"),
        _batch("sinkhorn", "entropy", _in_range),
        _batch("sinkhorn", "kl", _in_range),
        screenkhorn,
        smooth_ot_dual,
        one_iteration,
    )


SHARP_CLAMPED = {"kind": "sharp", "clamp": "yes"}
PLAIN = {"kind": "regularised", "clamp": "no"}
DIVERGENCES = (
    _divergence(
        "empirical_sinkhorn_divergence.sinkhorn",
        _empirical("sinkhorn"),
        conventions=SHARP_CLAMPED,
        requires=POT,
        accepts=_mild,
    ),
    _divergence(
        "empirical_sinkhorn_divergence.sinkhorn_log",
        _empirical("sinkhorn_log"),
        conventions=SHARP_CLAMPED,
        requires=POT,
        accepts=_square_or_plain,
    ),
    _divergence(
        "solve_sample.debias",
        _debiased("value"),
        conventions=PLAIN,
        requires="POT>=0.9.7",
        accepts=_square_or_plain,
    ),
    _divergence(
        "solve_sample.debias.linear",
        _debiased("value_linear"),
        conventions={"kind": "sharp", "clamp": "no"},
        requires="POT>=0.9.7",
        accepts=_square_or_plain,
    ),
    _divergence(
        "solve_sample.debias.lazy",
        _debiased("value", lazy=True),
        conventions=PLAIN,
        requires="POT>=0.9.7",
        accepts=_square_or_plain,
    ),
)

SUBJECTS = (*_solvers(), *DIVERGENCES)
