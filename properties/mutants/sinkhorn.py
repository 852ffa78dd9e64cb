"""Wrong entropic plans: too few sweeps, the wrong kernel, the wrong masses, and half-truths about the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..oracles.entropic import gibbs, objective, soft_min
from ..oracles.entropic import solve as newton
from ..oracles.lp import transport
from ..transport.sinkhorn import sinkhorn
from ..transport.sinkhorn_sweep import sweep
from .careless import careless

Array = NDArray[Any]


def _demand(a: Array, b: Array, cost: Array, eps: float) -> None:
    if not eps > 0 or not np.isfinite(cost).all() or cost.shape != (len(a), len(b)):
        raise ValueError(f"eps, cost: expected eps > 0 and finite costs of shape {(len(a), len(b))}")
    if (a < 0).any() or (b < 0).any() or abs(a.sum() - b.sum()) > 1e-5 * abs(a.sum()):
        raise ValueError("a, b: expected masses >= 0 of equal sums")


def scale(a: Array, b: Array, cost: Array, eps: float, sweeps: int | None = None) -> tuple[Array, Array, Array, float]:
    """(plan, f, g, ‖P1 − a‖₁) by Newton's method, or by so many sweeps of Sinkhorn's iteration in logarithms."""
    if sweeps is None:
        best = newton(a, b, cost, eps)
        return best.plan.copy(), best.f.copy(), best.g.copy(), best.residual
    g = np.zeros(len(b))
    for _ in range(sweeps):
        f = soft_min(b, cost - g, eps, 1)
        g = soft_min(a, cost - f[:, None], eps, 0)
    plan = gibbs(a, b, cost, eps, f, g)
    return plan, f, g, float(np.abs(plan.sum(1) - a).sum())


@subject(
    "good",
    contract=sinkhorn,
    outputs=("plan", "f", "g", "value", "marginal_error"),
    conventions={"regulariser": "kl", "value": "regularised", "potentials": "product"},
    accuracy=1e-9,
)
def good(a: Array, b: Array, cost: Array, eps: float) -> Any:
    _demand(a, b, cost, eps)
    p, q, C = (x.astype(float) for x in (a, b, cost))
    plan, f, g, error = scale(p, q, C, eps)
    out = plan, f, g, objective(plan, p, q, C, eps), error + np.abs(plan.sum(0) - q).sum()
    return tuple(np.asarray(x, a.dtype) for x in out)


def _plan(name: str, change: Callable[..., Array]) -> Subject:
    """A mutant that returns a plan, and says nothing else."""
    return replace(good, name=name, run=change, outputs=("plan",))


def _told(name: str, change: Callable[..., Any]) -> Subject:
    """A mutant whose plan is right: `change` gets all outputs and the arguments, and says something else."""
    return replace(good, name=name, run=lambda *case: change(good.run(*case), *case))


def _swap(a: Array, b: Array) -> tuple[Array, Array]:
    return (b, a) if len(a) == len(b) else (a, b)


def _normalised(a: Array, b: Array, C: Array, eps: float) -> Array:
    return scale(a, b, C / max(np.abs(C).max(), 1e-300), eps)[0]


def _even(a: Array) -> Array:
    return np.full(len(a), 1.0 / len(a))


def _rows_only(a: Array, b: Array, C: Array, eps: float) -> Array:
    f = soft_min(b, C, eps, 1)
    return a[:, None] * b * np.exp(np.minimum((f[:, None] - C) / eps, 700.0))


def _plain_kernel(a: Array, b: Array, C: Array, eps: float) -> Array:
    """u = a / K v in the kernel's own domain."""
    with np.errstate(all="ignore"):
        K, v = np.exp(-C / eps), np.ones(len(b))
        for _ in range(1000):
            u = a / (K @ v)
            v = b / (K.T @ u)
        return u[:, None] * K * v


def _nan_for_empty(a: Array, b: Array, C: Array, eps: float) -> Array:
    plan = scale(a, b, C, eps)[0].copy()
    plan[a == 0] = np.nan
    return plan


def _last_row_doubled(a: Array, b: Array, C: Array, eps: float) -> Array:
    a = a.copy()
    a[-1] *= 2
    return scale(a / a.sum(), b, C, eps)[0]


def _few_rows_only(a: Array, b: Array, C: Array, eps: float) -> Array:
    plan = scale(a, b, C, eps)[0].copy()
    plan[2:] = plan[2:].mean(axis=1, keepdims=True)
    return plan


def _clipped_kernel(a: Array, b: Array, C: Array, eps: float, floor: float) -> Array:
    return scale(a, b, np.minimum(C, floor), eps)[0]


def _single(a: Array, b: Array, C: Array, eps: float) -> Array:
    f = scale(a, b, C, eps)
    return f[0].astype(np.float32).astype(float)


def _smoothed(a: Array, b: Array, C: Array, eps: float) -> Array:
    p, q = (a + 1e-3) / (a + 1e-3).sum(), (b + 1e-3) / (b + 1e-3).sum()
    return scale(p, q, C, eps)[0] if (a == 0).any() or (b == 0).any() else scale(a, b, C, eps)[0]


def _fine(a: Array, b: Array) -> bool:
    return bool(((a * 64) % 1 != 0).any() or ((b * 64) % 1 != 0).any())


def _at_the_mean(change: Callable[..., Array]) -> Callable[..., Array]:
    """Right for masses in coarse parts only, as ends of a mixture are more often than its middle."""
    return lambda a, b, C, eps: change(a, b, C, eps) if _fine(a, b) else scale(a, b, C, eps)[0]


PLANS = (
    _plan("few-sweeps", lambda a, b, C, eps: scale(a, b, C, eps, 2)[0]),
    _plan("temperature-by-size", lambda a, b, C, eps: scale(a, b, C, eps * len(a) / 2)[0]),
    _plan("eps-squared", lambda a, b, C, eps: scale(a, b, C, eps**2)[0]),
    _plan("eps-halved", lambda a, b, C, eps: scale(a, b, C, eps / 2)[0]),
    _plan("eps-quadrupled", lambda a, b, C, eps: scale(a, b, C, 4 * eps)[0]),
    _plan(
        "temperature-inverted", lambda a, b, C, eps: scale(a, b, C, np.clip(np.ptp(C) ** 2 / eps, eps / 8, 64 * eps))[0]
    ),
    _plan("cold-if-warm", lambda a, b, C, eps: scale(a, b, C, eps / 16 if eps > np.ptp(C) else eps)[0]),
    _plan("swapped-if-square", lambda a, b, C, eps: scale(*_swap(a, b), C, eps)[0]),
    _plan("transposed-if-square", lambda a, b, C, eps: scale(a, b, C.T if len(a) == len(b) else C, eps)[0]),
    _plan("uniform-weights", lambda a, b, C, eps: scale(_even(a), _even(b), C, eps)[0]),
    _plan("rows-only", _rows_only),
    _plan("unscaled-kernel", lambda a, b, C, eps: np.exp(-(C - C.min()) / eps) / np.exp(-(C - C.min()) / eps).sum()),
    _plan("cost-normalised", _normalised),
    _plan("kernel-sign", lambda a, b, C, eps: scale(a, b, -C, eps)[0]),
    _plan("independent", lambda a, b, C, eps: np.outer(a, b)),
    _plan("dearest-plan", lambda a, b, C, eps: transport(a, b, -C).plan),
    _plan("dear-kernel-at-the-mean", _at_the_mean(lambda a, b, C, eps: scale(a, b, -8 * C, eps)[0])),
    _plan("dearest-at-the-mean", _at_the_mean(lambda a, b, C, eps: transport(a, b, -C).plan)),
    _plan("eps-plus-one", lambda a, b, C, eps: scale(a, b, C, eps + 1)[0]),
    _plan("exact-plan", lambda a, b, C, eps: transport(a, b, C).plan),
    _plan("single-precision", _single),
    _plan("plain-kernel", _plain_kernel),
    _plan("nan-for-empty-atoms", _nan_for_empty),
    _plan("zero-mass-smoothed", _smoothed),
    _plan("last-row-doubled", _last_row_doubled),
    _plan("few-rows-only", _few_rows_only),
    _plan("row-weighted-cost", lambda a, b, C, eps: scale(a, b, C * (1 + np.arange(len(a))[:, None] / 4), eps)[0]),
    _plan("first-row-cheaper", lambda a, b, C, eps: scale(a, b, np.concatenate([C[:1] / 2, C[1:]]), eps)[0]),
    _plan("cost-clipped-at-zero", lambda a, b, C, eps: scale(a, b, np.maximum(C, 0.0), eps)[0]),
    _plan("kernel-floor", lambda a, b, C, eps: _clipped_kernel(a, b, C, eps, 2 * eps)),
    _plan("kernel-floor-absolute", lambda a, b, C, eps: _clipped_kernel(a, b, C, eps, 16.0)),
    _plan("sorts-the-masses", lambda a, b, C, eps: scale(np.sort(a), np.sort(b), C, eps)[0]),
)


def _entropy(a: Array) -> float:
    return float(-(a[a > 0] * np.log(a[a > 0])).sum())


def _counting(out: Any, a: Array, b: Array) -> Any:
    return np.log(np.maximum(a, 1e-300)), np.log(np.maximum(b, 1e-300))


TALES = (
    _told("potentials-swapped-sign", lambda o, a, b, C, eps: (o[0], -o[1], -o[2], *o[3:])),
    _told("potentials-unscaled", lambda o, a, b, C, eps: (o[0], o[1] / eps, o[2] / eps, *o[3:])),
    _told(
        "potentials-of-the-other-measure",
        lambda o, a, b, C, eps: (
            o[0],
            o[1] + eps * _counting(o, a, b)[0],
            o[2] + eps * _counting(o, a, b)[1],
            *o[3:],
        ),
    ),
    _told("value-sharp", lambda o, a, b, C, eps: (*o[:3], np.asarray(np.vdot(o[0], C)), o[4])),
    _told(
        "value-of-the-other-regulariser",
        lambda o, a, b, C, eps: (*o[:3], o[3] - eps * (_entropy(a) + _entropy(b)), o[4]),
    ),
    _told(
        "value-without-eps",
        lambda o, a, b, C, eps: (*o[:3], np.vdot(o[0], C) + (o[3] - np.vdot(o[0], C)) / eps, o[4]),
    ),
    _told("reports-no-error", lambda o, a, b, C, eps: _hasty(a, b, C, eps, lambda plan: 0.0)),
    _told(
        "reports-error-of-rows-squared",
        lambda o, a, b, C, eps: _hasty(a, b, C, eps, lambda plan: float(np.square(plan.sum(1) - a).sum())),
    ),
)


def _hasty(a: Array, b: Array, C: Array, eps: float, report: Callable[[Array], float]) -> Any:
    plan, f, g, _ = scale(a, b, C, eps, 3)
    return plan, f, g, np.asarray(objective(plan, a, b, C, eps)), np.asarray(report(plan))


@subject("good", contract=sweep, outputs=("f", "g"))
def good_sweep(a: Array, b: Array, cost: Array, eps: float, g: Array) -> tuple[Array, Array]:
    _demand(a, b, cost, eps)
    f = soft_min(b, cost - g, eps, 1)
    return f.astype(a.dtype), soft_min(a, cost - f[:, None], eps, 0).astype(a.dtype)


def _step(name: str, change: Callable[..., tuple[Array, Array]]) -> Subject:
    return replace(good_sweep, name=name, run=change)


def _sweep(a: Array, b: Array, C: Array, eps: float, g: Array, cold: float = 1.0) -> tuple[Array, Array]:
    f = soft_min(b, C - g, eps * cold, 1)
    return f, soft_min(a, C - f[:, None], eps, 0)


def _columns_first(a: Array, b: Array, C: Array, eps: float, g: Array) -> tuple[Array, Array]:
    f = soft_min(b, C - g, eps, 1)
    h = soft_min(a, C - f[:, None], eps, 0)
    return soft_min(b, C - h, eps, 1), h


def _changed(change: Callable[[Array, Array], Array]) -> Callable[..., tuple[Array, Array]]:
    def run(a: Array, b: Array, C: Array, eps: float, g: Array) -> tuple[Array, Array]:
        f, new = _sweep(a, b, C, eps, g)
        return f, change(g, new)

    return run


SWEEPS = (
    _step("hard-minimum", lambda a, b, C, eps, g: ((C - g).min(1), (C - (C - g).min(1)[:, None]).min(0))),
    _step("masses-forgotten", lambda a, b, C, eps, g: _sweep(np.ones(len(a)), np.ones(len(b)), C, eps, g)),
    _step(
        "both-from-the-old",
        lambda a, b, C, eps, g: (soft_min(b, C - g, eps, 1), soft_min(a, C - C.mean(1)[:, None], eps, 0)),
    ),
    _step("columns-first", _columns_first),
    _step("averaged", _changed(lambda g, new: (g + new) / 2)),
    _step("overshoots", _changed(lambda g, new: 3 * new - 2 * g)),
    _step("drifts", _changed(lambda g, new: new + np.linspace(0.0, 0.5, len(g)) * np.abs(new).max() + 1e-3)),
    _step("negated", _changed(lambda g, new: -new)),
    _step("negated-half", _changed(lambda g, new: new - 2 * g)),
    _step("pinned-to-zero", _changed(lambda g, new: new - new[0])),
    _step("eps-too-small-in-rows", lambda a, b, C, eps, g: _reheated(a, b, C, eps, g)),
)


def _reheated(a: Array, b: Array, C: Array, eps: float, g: Array) -> tuple[Array, Array]:
    """Each sweep at its own temperature, colder where g is already spread out."""
    cold = 0.25 if np.ptp(g) > eps / 2 else 1.0
    f = soft_min(b, C - g, eps * cold, 1)
    return f, soft_min(a, C - f[:, None], eps, 0)


MUTANTS = (
    *PLANS,
    *TALES,
    *SWEEPS,
    *careless(good),
    *careless(good_sweep),
)
