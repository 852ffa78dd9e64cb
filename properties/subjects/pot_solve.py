"""POT's entropic problems by ot.solve, in batches, with screening, and by the smooth dual."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..transport.sinkhorn import sinkhorn
from ._pot_entropic import ACCURACY, KERNEL, KL, MOST, POT, STOP, full_in_range, in_range, logs, problem
from .lax import lax

Array = NDArray[Any]


def _square(a: Array, b: Array, cost: Array, eps: float) -> bool:
    return len(a) == len(b) and full_in_range(a, b, cost, eps)


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
        effort=0.4,
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
        u, v = (x[1] if in_logs else logs(x[1]) for x in found.potentials)
        return found.plan[1], eps * u, eps * v, found.value[1]

    return run


@subject("POT.screenkhorn", contract=sinkhorn, requires=POT, accuracy=2e-2, accepts=_square, effort=0.4)
def screenkhorn(a: Array, b: Array, cost: Array, eps: float) -> Array:
    """With nothing screened away it is Sinkhorn's problem, solved by L-BFGS-B."""
    from ot.bregman import screenkhorn as screen

    return np.asarray(screen(a, b, cost, eps, ns_budget=len(a), nt_budget=len(b), pgtol=1e-12))


def _stays_at_its_start(law: str) -> Known:
    return Known(
        law,
        reason="where costs and ε are small (about 1e-3) its first step is so long that exp overflows; it stays at its "
        "start, a plan of another mass, and reports success",
        witness=lambda: problem([0.5, 0.5], [0.5, 0.5], [[0.0, 0.0], [0.0, 2.0**-10]], 2.0**-11),
        scope="POT>=0.9,<=0.9.7.post1",
        lines="import ot, numpy as np\n"
        "a, cost = np.full(2, 0.5), np.array([[0.0, 0.0], [0.0, 1e-3]])\n"
        "with np.errstate(over='ignore'):\n"
        "    plan, log = ot.smooth.smooth_ot_dual(a, a, cost, 5e-4, reg_type='kl', log=True)\n"
        "assert log['res'].success and plan.sum() > 1.1  # from a mass of 1",
    )


@subject(
    "POT.smooth_ot_dual",
    contract=sinkhorn,
    outputs=("plan", "f", "g"),
    conventions=KERNEL,
    requires=POT,
    accuracy=1e-4,
    accepts=full_in_range,
    effort=0.4,
    known=tuple(_stays_at_its_start(law) for law in ("marginals", "signalled-failure")),
)
def smooth_ot_dual(a: Array, b: Array, cost: Array, eps: float) -> tuple[Array, Array, Array]:
    """ε(Σ P log P) by L-BFGS; its conjugate is exp(x/ε − 1), so the potentials take ε between them."""
    import ot

    plan, log = ot.smooth.smooth_ot_dual(a, b, cost, eps, reg_type="kl", stopThr=1e-12, log=True)
    if not log["res"].success:
        warnings.warn(f"did not converge: {log['res'].message}", stacklevel=2)
    return plan, log["alpha"] - eps, log["beta"]


SUBJECTS = lax(
    (
        _solve("kl", reg_type="KL"),
        _solve("entropy", reg_type="entropy"),
        _solve("kl.last_step", reg_type="KL", grad="last_step"),
        _batch("log_sinkhorn", "entropy"),
        _batch("log_sinkhorn", "kl"),
        _batch("sinkhorn", "entropy", in_range),
        _batch("sinkhorn", "kl", in_range),
        screenkhorn,
        smooth_ot_dual,
    )
)
