"""dz/dα and dz/dβ of _beta_derivative as a numba kernel, a block of columns at a time.

Its time goes to two exponentials and a logarithm a node, by vectors (_vector_math).

Source: as _beta_derivative; ψ(x + h) − ψ(x) as there, or from ψ of _gamma_kernel.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .._kernels import fused
from .._vector_math import LEAST, exp, log, split
from ._gamma_kernel import BLOCK, below_log

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor

    from ._score_integral import Rule


def dz_dshapes(
    rule: Rule,
    z: Float[Tensor, "n"],
    rest: Float[Tensor, "n"],
    alpha: Float[Tensor, "n"],
    beta: Float[Tensor, "n"],
    lift: int,
) -> tuple[Float[Tensor, "n"], Float[Tensor, "n"]]:
    """What the reading version computes, lifting a small shape of the tail by `lift`."""
    d_alpha, d_beta = z.new_empty(z.shape), z.new_empty(z.shape)
    x, w, *columns = (t.contiguous().numpy() for t in (rule.x.squeeze(1), rule.w, z, rest, alpha, beta))
    _columns(x, w, rule.cut, lift, *columns, d_alpha.numpy(), d_beta.numpy())
    return d_alpha, d_beta


@fused
def _columns(
    x: Any,
    w: Any,
    cut: float,
    lift: int,
    all_z: Any,
    all_rest: Any,
    all_alpha: Any,
    all_beta: Any,
    d_alpha: Any,
    d_beta: Any,
) -> None:
    for first in range(0, len(all_z), BLOCK):
        m = min(BLOCK, len(all_z) - first)
        lower = np.empty(m, np.bool_)
        z, rest, alpha, beta = np.empty(m), np.empty(m), np.empty(m), np.empty(m)
        for i in range(m):
            k = first + i
            lower[i] = all_z[k] < (all_alpha[k] + 0.5) / (all_alpha[k] + all_beta[k] + 1)
            if lower[i]:
                z[i], rest[i], alpha[i], beta[i] = all_z[k], all_rest[k], all_alpha[k], all_beta[k]
            else:
                z[i], rest[i], alpha[i], beta[i] = all_rest[k], all_z[k], all_beta[k], all_alpha[k]
        near, far = _lower_tail(x, w, cut, lift, z, rest, alpha, beta)
        for i in range(m):
            k = first + i
            if lower[i]:
                d_alpha[k], d_beta[k] = near[i], far[i]
            else:
                d_alpha[k], d_beta[k] = -far[i], -near[i]


@fused
def _lower_tail(x: Any, w: Any, cut: float, lift: int, z: Any, rest: Any, alpha: Any, beta: Any) -> tuple[Any, Any]:
    a, near, far = np.empty_like(z), np.empty_like(z), np.empty_like(z)
    for i in range(len(z)):
        a[i] = alpha[i] + lift if alpha[i] < lift else alpha[i]
    log_z, log_rest, r = log(z), log(rest), _reach(cut, z, rest, a, a + beta)
    mass, mean, bent = _sums(x, w, z, a, a + beta, r)
    for i in range(len(z)):
        over, climb, n = psi_rise(beta[i], alpha[i]), 0.0, alpha[i] + beta[i]
        low = alpha[i] < lift
        if low:
            for j in range(lift):
                climb += 1 / (n + j)
        edge = z[i] * rest[i] * r[i]
        near[i] = edge * (r[i] * mean[i] + bent[i] - (log_z[i] + psi_rise(a[i], beta[i])) * mass[i])
        far[i] = edge * (bent[i] - (log_rest[i] + over + climb) * mass[i])
        if low:
            near[i], far[i] = _lowered(
                z[i], rest[i], log_z[i], log_rest[i], alpha[i], beta[i], lift, over + climb, near[i], far[i]
            )
    return near, far


@fused
def _lowered(
    z: float,
    rest: float,
    log_z: float,
    log_rest: float,
    alpha: float,
    beta: float,
    lift: int,
    rung: float,
    near: float,
    far: float,
) -> tuple[float, float]:
    """The derivatives at α from those at α + lift; `rung` is ψ(α + lift + β) − ψ(β)."""
    drop = psi_rise(alpha + lift, beta - 1)  # ψ(a+β) − ψ(a+1) at a = α + lift − 1
    for j in range(lift - 1, -1, -1):
        a = alpha + j
        rung -= 1 / (a + beta)
        up, step = z * (a + beta) / a, z * rest / a
        near = up * near - step * (log_z + drop)
        far = up * far - step * (log_rest + rung)
        drop += 1 / a - 1 / (a + beta - 1)
    return near, far


@fused
def psi_rise(x: float, h: float) -> float:
    """ψ(x + h) − ψ(x), by its asymptotic series where the two are nearly one number."""
    y = x + h
    if x > 32 and y > 32:
        odd, squares = h / (x * y), 1 / (x * x) + 1 / (y * y)
        even = odd * (1 / x + 1 / y)
        sixth = even * (squares * squares - 1 / (x * y) ** 2) / 252
        return math.log1p(h / x) + odd / 2 + even / 12 - even * squares / 120 + sixth
    (b, c), (d, e) = below_log(y), below_log(x)
    return float(math.log(b / d) - (c - e))


@fused
def _reach(cut: float, z: Any, rest: Any, a: Any, n: Any) -> Any:
    """r with φ(r) = cut, nearly: a parabola, then three steps, as in the reading version."""
    r, x, power, fall = np.empty_like(z), np.empty_like(z), np.empty_like(z), np.empty_like(z)
    left, step = np.empty_like(z), np.empty_like(z)
    for i in range(len(z)):
        slope = max(a[i] - n[i] * z[i], 0.0)
        r[i] = 2 * cut / (slope + math.sqrt(2 * cut * n[i] * z[i] * rest[i] + slope * slope))
    for _ in range(3):
        exp(-r, 0.0, LEAST, power, fall)
        for i in range(len(z)):
            fall[i] *= z[i]
            left[i] = rest[i] + fall[i]
        L = log(left)
        for i in range(len(z)):
            L[i] = a[i] * r[i] + n[i] * L[i]
            step[i] = L[i] / (r[i] * (a[i] - n[i] * fall[i] / left[i]))
            left[i] = cut / L[i]
        up = log(left)
        for i in range(len(z)):
            x[i] = min(up[i] * step[i], -LEAST)
        exp(x, 0.0, LEAST, power, fall)
        r *= fall
    return r


@fused
def _sums(x: Any, w: Any, z: Any, a: Any, n: Any, r: Any) -> tuple[Any, Any, Any]:
    """Σ w e^{−φ}, Σ w x e^{−φ} and Σ w L e^{−φ} over the nodes s = r x, φ = a s + n L, L = log(1 + z (e^{−s} − 1)): 0 at 0,
    however the distance from 1 was rounded."""
    s, power, series, height = np.empty_like(z), np.empty_like(z), np.empty_like(z), np.empty_like(z)
    mass, mean, bent = np.zeros_like(z), np.zeros_like(z), np.zeros_like(z)
    for node in range(len(x)):
        for i in range(len(z)):
            s[i] = max(-x[node] * r[i], LEAST)
        split(s, power, series)
        for i in range(len(z)):
            series[i] = 1 + z[i] * ((power[i] - 1) + power[i] * series[i])
        L = log(series)
        for i in range(len(z)):
            s[i] = a[i] * s[i] - n[i] * L[i]
        exp(s, 0.0, LEAST, power, height)
        for i in range(len(z)):
            mass[i] += w[0, node] * height[i]
            mean[i] += w[1, node] * height[i]
            bent[i] += w[0, node] * L[i] * height[i]
    return mass, mean, bent
