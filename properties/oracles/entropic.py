"""Entropic transport by Newton's method on the dual, in float64: independent of any scaling iteration.

With g the soft c-transform of f, the dual is a concave function of f alone,

    D(f) = ⟨f, a⟩ − ε Σ_j b_j log Σ_i a_i exp((f_i − C_ij)/ε),   ∇D = a − P1,   −ε∇²D = diag(P1) − P diag(1/b) Pᵀ

and Newton's steps, halved until D rises, end at P1 = a. What is left is reported as `residual`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Optimum(NamedTuple):
    """Potentials f[m], g[n] relative to a ⊗ b, the plan[m, n], the value ⟨P, C⟩ + ε KL(P | a ⊗ b), and ‖P1 − a‖₁."""

    f: Array
    g: Array
    plan: Array
    value: float
    residual: float


def soft_min(weights: Array, x: Array, eps: float, axis: int) -> Array:
    """−ε log Σ w exp(−x/ε) along an axis; weights of zero drop out."""
    with np.errstate(divide="ignore"):
        y = np.log(weights[:, None] if axis == 0 else weights) - x / eps
    top = y.max(axis=axis, keepdims=True)
    return np.asarray(-eps * (np.log(np.exp(y - top).sum(axis=axis)) + np.squeeze(top, axis)))


def gibbs(a: Array, b: Array, cost: Array, eps: float, f: Array, g: Array) -> Array:
    """a ⊗ b · exp((f ⊕ g − C)/ε), by logarithms: between two empty atoms the exponential alone may overflow."""
    with np.errstate(divide="ignore"):
        logs = np.log(a)[:, None] + np.log(b)
    return np.asarray(np.exp(logs + (f[:, None] + g - cost) / eps))


def divergence(plan: Array, a: Array, b: Array) -> float:
    """KL(P | a ⊗ b) = Σ P log(P/ab) − P + ab, infinite where P has mass and a ⊗ b has none."""
    ref = np.outer(a, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(plan > 0, plan * (np.log(plan) - np.log(ref)), 0.0)
    return float((logs - plan + ref).sum())


def objective(plan: Array, a: Array, b: Array, cost: Array, eps: float) -> float:
    """⟨P, C⟩ + ε KL(P | a ⊗ b)."""
    return float(np.vdot(plan, cost)) + eps * divergence(plan, a, b)


def solve(a: Array, b: Array, cost: Array, eps: float) -> Optimum:
    """The optimum for masses of equal sum; atoms without mass get the potentials of the soft c-transform."""
    cost = np.ascontiguousarray(cost, np.float64)
    return _solve(np.asarray(a, np.float64).tobytes(), np.asarray(b, np.float64).tobytes(), cost.tobytes(), float(eps))


@lru_cache(maxsize=8192)
def _solve(a_raw: bytes, b_raw: bytes, cost_raw: bytes, eps: float) -> Optimum:
    a, b = np.frombuffer(a_raw), np.frombuffer(b_raw)
    cost = np.frombuffer(cost_raw).reshape(len(a), len(b))
    i, j = a > 0, b > 0
    p, q, C = a[i], b[j] * (a.sum() / b.sum()), cost[np.ix_(i, j)] / eps
    mid = (C.max() + C.min()) / 2
    C = C - mid
    # Newton starts near the optimum: temperatures come down by halves, a few sweeps at each.
    f = np.zeros(len(p))
    for level in 2.0 ** np.arange(max(np.ceil(np.log2(max(np.ptp(C), 1.0))), 0.0), -1.0, -1.0):
        for _ in range(10):
            f = soft_min(q, C - soft_min(p, C - f[:, None], level, 0), level, 1)
    f = _newton(p, q, C, f)
    f_all = np.zeros(len(a))
    f_all[i] = f * eps
    g = soft_min(a, (cost - mid * eps) - f_all[:, None], eps, 0)
    f_all = np.where(i, f_all, soft_min(b, (cost - mid * eps) - g, eps, 1))
    f_all = f_all + mid * eps
    plan = gibbs(a, b, cost, eps, f_all, g)
    residual = float(np.abs(plan.sum(1) - a).sum())
    value = float(f_all @ a + g @ b) - eps * float(plan.sum() - a.sum())
    return Optimum(f_all, g, plan, value, residual)


def _newton(p: Array, q: Array, C: Array, f: Array) -> Array:
    """Maximise the dual in units of ε = 1; steps that do not raise it to rounding end the search."""
    value = _dual(p, q, C, f)
    for _ in range(100):
        g = soft_min(p, C - f[:, None], 1.0, 0)
        P = p[:, None] * q * np.exp(f[:, None] + g - C)
        slope = p - P.sum(1)
        if not np.isfinite(slope).all():
            raise ArithmeticError("entropic oracle: no finite plan for these masses, costs and temperature")
        if np.abs(slope).sum() <= 1e-16 * len(p):
            break
        step = np.linalg.lstsq(np.diag(P.sum(1)) - (P / q) @ P.T, slope, rcond=1e-15)[0]
        step *= min(1.0, 4.0 / max(np.abs(step).max(), 1e-300))
        for _ in range(40):
            moved = _dual(p, q, C, f + step)
            if moved > value or np.abs(step).max() < 1e-13:
                break
            step = step / 2
        f, value, last = f + step, moved, value
        if np.abs(step).max() < 1e-15 or (moved <= last and np.abs(slope).sum() < 1e-13):
            break
    return f


def _dual(p: Array, q: Array, C: Array, f: Array) -> float:
    return float(f @ p + soft_min(p, C - f[:, None], 1.0, 0) @ q)
