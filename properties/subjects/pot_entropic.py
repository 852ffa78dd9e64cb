"""POT's entropic solvers: every method of every entry point, with tight tolerances."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..transport.divergence import sinkhorn_divergence
from ..transport.sinkhorn import sinkhorn
from ..transport.sinkhorn_sweep import sweep
from .lax import lax

Array = NDArray[Any]
POT = "POT>=0.9"

# Errors are L2 norms over one marginal, checked every ten or twenty iterations.
STOP = 1e-11
ACCURACY = 1e-10
MOST = 300

KERNEL = {"regulariser": "entropy", "potentials": "counting"}
KL = {"regulariser": "kl", "potentials": "counting"}
SHARP = {"value": "sharp"} | KERNEL


def _in_range(a: Array, b: Array, cost: Array, eps: float) -> bool:
    """exp(−C/ε) neither overflows nor vanishes: POT recommends its logarithmic solvers otherwise."""
    return not eps > 0 or not np.isfinite(cost).all() or float(np.abs(cost).max()) <= 200 * eps


def _full(a: Array, b: Array, cost: Array, eps: float) -> bool:
    return bool((a != 0).all() and (b != 0).all())


def _square(a: Array, b: Array, cost: Array, eps: float) -> bool:
    return len(a) == len(b) and _full_in_range(a, b, cost, eps)


def _full_in_range(a: Array, b: Array, cost: Array, eps: float) -> bool:
    """The dual has no maximiser where an atom is empty."""
    return _full(a, b, cost, eps) and _in_range(a, b, cost, eps)


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
    accepts=_full_in_range,
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


def _one_empty_atom() -> Any:
    from ..cases.entropic import Entropic

    half = np.array([0.5, 0.5])
    return Entropic(np.array([0.0, 1.0]), half, np.array([[0.0, 1.0], [2.0, 0.0]]), 1.0)


EMPTY_ATOM = Known(
    "value-of-the-plan",
    reason="the value is NaN where an atom is empty: 0 · log(0/0)",
    witness=_one_empty_atom,
    scope="POT>=0.9.7,<=0.9.7.post1",
    lines="import numpy as np; from ot.batch import solve_batch; a = np.array([[0., 1.]]); b = np.array([[.5, .5]]); "
    "assert np.isnan(solve_batch(np.ones((1, 2, 2)), 1., a, b, reg_type='kl').value)  # it is 1",
)


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
        known=(EMPTY_ATOM,) if reg_type == "kl" else (),
    )
    def run(a: Array, b: Array, cost: Array, eps: float) -> tuple[Array, Array, Array, Any]:
        from ot.batch import solve_batch

        A, B, C = (np.stack([x[::-1], x]) for x in (a, b, cost[:, ::-1]))
        C[1] = cost
        found = solve_batch(C, eps, A, B, max_iter=MOST, tol=STOP, method=method, reg_type=reg_type, grad="detach")
        if found.log["n_iter"] >= MOST - 1:
            warnings.warn("did not converge: all iterations are used up", stacklevel=2)
        u, v = (x[1] if in_logs else _logs(x[1]) for x in found.potentials)
        return found.plan[1], eps * u, eps * v, found.value[1]

    return run


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
    effort=0.4,
)
def smooth_ot_dual(a: Array, b: Array, cost: Array, eps: float) -> tuple[Array, Array, Array]:
    """ε(Σ P log P) by L-BFGS; its conjugate is exp(x/ε − 1), so the potentials take ε between them."""
    import ot

    plan, log = ot.smooth.smooth_ot_dual(a, b, cost, eps, reg_type="kl", stopThr=1e-12, log=True)
    if not log["res"].success:
        warnings.warn(f"did not converge: {log['res'].message}", stacklevel=2)
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


def _divergence(name: str, run: Callable[..., Any], accuracy: float = 1e-8, **declared: Any) -> Subject:
    slow = 0.4 if "geomloss" in name or name.endswith("lazy") else 1.0
    return subject(f"POT.{name}", contract=sinkhorn_divergence, accuracy=accuracy, effort=slow, **declared)(run)


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
        _sinkhorn("greenkhorn", "greenkhorn", _in_range, numItermax=10 * MOST),
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


def _with_geomloss(log: bool) -> Callable[..., Any]:
    def run(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> Any:
        from ot.bregman import empirical_sinkhorn2_geomloss

        case = (X, Y, eps, a.copy(), b.copy())
        found = empirical_sinkhorn2_geomloss(*case, metric=METRICS[p], scaling=0.97, debias=True, log=log)
        return found[0] if log else found

    return run


def _lazy(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> Any:
    """Three lazy ⟨P, C⟩; the divergence is put together here."""
    from ot.bregman import empirical_sinkhorn2

    def price(q: Array, P: Array, r: Array, Q: Array) -> Any:
        return empirical_sinkhorn2(
            P, Q, eps, q, r, metric=METRICS[p], stopThr=STOP, numIterMax=MOST, isLazy=True, batchSize=3
        )

    return price(a, X, b, Y) - (price(a, X, a, X) + price(b, Y, b, Y)) / 2


def _wide(power: float) -> Callable[..., bool]:
    """One metric, and temperatures that geomloss's descent from the diameter arrives at."""

    def accepts(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> bool:
        if p != power or not all(np.isfinite(x).all() for x in (X, Y)):
            return p == power
        return bool(np.linalg.norm(np.ptp(np.concatenate([X, Y]), axis=0)) ** p >= 2 * eps)

    return accepts


def _two_points(p: float) -> Callable[[], Any]:
    def witness() -> Any:
        from ..cases.clouds import MovedEntropicClouds

        half, X, Y = np.array([0.5, 0.5]), np.array([[0.0, 0.0], [2.0, 0.0]]), np.array([[1.0, 4.0], [3.0, 4.0]])
        s, t = np.array([8.0, 0.0]), np.zeros(2)
        return MovedEntropicClouds(half, X, half, Y, p, 4.0 if p == 2 else 2.0, s, t)

    return witness


def _known(laws: tuple[str, ...], reason: str, p: float, scope: str, lines: str) -> tuple[Known, ...]:
    return tuple(Known(law, reason, _two_points(p), scope, lines=lines) for law in laws)


HALVED = _known(
    ("three-optima", "near-transport", "translation-identity"),
    "the squared distance is halved for geomloss, and the value is doubled back only if log=True",
    2.0,
    "POT>=0.9,<=0.9.7.post1",
    "import numpy as np; from ot.bregman import empirical_sinkhorn2_geomloss as f; X = np.eye(2); Y = X + 1; "
    "assert abs(2 * f(X, Y, .5) - f(X, Y, .5, np.ones(2)/2, np.ones(2)/2, log=True)[0]) < 1e-9",
)


def _point_and_two() -> Any:
    from ..cases.clouds import EntropicClouds

    two = np.array([[0.0, 0.0], [2.0, 0.0]])
    return EntropicClouds(np.ones(1), np.array([[1.0, 1.0]]), np.array([0.5, 0.5]), two, 1.0, 0.25)


ROOTED = tuple(
    Known(
        law,
        reason="blur = √reg, but geomloss's temperature is blur^p: with p = 1 it is √reg, not reg",
        witness=witness,
        scope="POT>=0.9,<=0.9.7.post1",
        lines="from ot.bregman import empirical_sinkhorn2_geomloss as f; import numpy as np; "
        "from geomloss import SamplesLoss; import torch; X = np.array([[0.0], [1.0]]); x = torch.tensor(X); "
        "half = SamplesLoss(p=1, blur=0.5, scaling=0.95)(x, x + 3).item(); "
        "assert abs(f(X, X + 3, 0.25, metric='euclidean', debias=True) - half) < 1e-3  # the value at reg = 0.5",
    )
    for law, witness in (
        ("three-optima", _two_points(1.0)),
        ("near-transport", _point_and_two),
        ("scaling", _two_points(1.0)),
    )
)
NO_LINEAR_PART = _known(
    (
        "three-optima",
        "zero-from-itself",
        "symmetry",
        "not-negative",
        "near-transport",
        "hot-limit",
        "rigid-motion",
        "scaling",
        "translation-identity",
        "convex-in-each-measure",
        "same-call-twice",
    ),
    "TypeError: debias=True adds up value_linear, which the lazy solvers leave at None",
    2.0,
    "POT>=0.9.7,<=0.9.7.post1",
    "import ot, numpy as np; ot.solve_sample(np.eye(2), np.eye(2), reg=1., lazy=True, debias=True)  # TypeError",
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
        known=NO_LINEAR_PART,
    ),
    _divergence(
        "empirical_sinkhorn2.lazy",
        _lazy,
        conventions={"kind": "sharp", "clamp": "no"},
        requires=POT,
        accepts=_square_or_plain,
    ),
    _divergence(
        "empirical_sinkhorn2_geomloss",
        _with_geomloss(False),
        conventions=PLAIN,
        requires=POT,
        accuracy=1e-3,
        accepts=_wide(2.0),
        known=HALVED,
    ),
    _divergence(
        "empirical_sinkhorn2_geomloss[log]",
        _with_geomloss(True),
        conventions=PLAIN,
        requires=POT,
        accuracy=1e-3,
        accepts=_wide(2.0),
    ),
    _divergence(
        "empirical_sinkhorn2_geomloss[euclidean]",
        _with_geomloss(False),
        conventions=PLAIN,
        requires=POT,
        accuracy=1e-3,
        accepts=_wide(1.0),
        known=ROOTED,
    ),
)

SUBJECTS = lax((*_solvers(), *DIVERGENCES))
