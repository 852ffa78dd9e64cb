"""dz/dα of _gamma_derivative as a numba kernel, a block of columns at a time.

Its time goes to two exponentials a node, by vectors (_vector_math): e^s − 1 = (2^n − 1) + 2^n (e^y − 1) keeps its digits
at 0. ψ is Stirling's series from SHIFT on, and comes down from there.

Source: derived; ψ: DLMF 5.11.2, 5.5.2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .._kernels import fused
from .._vector_math import LEAST, log, split

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor

    from ._score_integral import Rule

BLOCK = 256
SHIFT = 8
STIRLING = (1 / 12, -691 / 32760, 1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12)  # B_2k / 2k, the last first


def dz_dalpha(rule: Rule, z: Float[Tensor, "n"], alpha: Float[Tensor, "n"], lift: int) -> Float[Tensor, "n"]:
    """What the reading version computes, lifting small α by `lift`."""
    dz = z.new_empty(z.shape)
    x, w, *columns = (t.contiguous().numpy() for t in (rule.x.squeeze(1), rule.w, z, alpha))
    _columns(x, w, rule.cut, lift, *columns, dz.numpy())
    return dz


@fused
def below_log(a: float) -> tuple[float, float]:
    """b and c of ψ(a) = log b − c; below SHIFT with Σ_k 1/(a + k) as one quotient, for divisions are slow."""
    p, rise, x = 1.0, 0.0, min(a, float(SHIFT))
    for k in range(SHIFT):
        rise = rise * (x + k) + p
        p *= x + k
    b, c = (a + SHIFT, rise / p) if a < SHIFT else (a, 0.0)
    inverse, series = 1 / b, 0.0
    for term in STIRLING:
        series = (series + term) * (inverse * inverse)
    return b, c + 0.5 * inverse + series


@fused
def _reach(z: Any, a: Any, cut: float) -> Any:
    """How far the tail reaches: a parabola, then one step, as in the reading version."""
    r, power, series = np.empty_like(z), np.empty_like(z), np.empty_like(z)
    for i in range(len(z)):
        slope = abs(a[i] - z[i])
        r[i] = -2 * cut / (slope + math.sqrt(2 * cut * z[i] + slope * slope))
    split(r, power, series)
    up = log(1 + (cut - a * r) / z)
    for i in range(len(z)):
        down = (cut + z[i] * ((1 - power[i]) - power[i] * series[i])) / a[i]
        r[i] = -down if z[i] < a[i] + 0.5 else up[i]
    return r


@fused
def _sums(x: Any, w: Any, z: Any, a: Any, r: Any) -> tuple[Any, Any]:
    """Σ w e^{−φ} and Σ w x e^{−φ} over the nodes s = r x, φ(s) = z (e^s − 1) − a s."""
    f, series, power = np.empty_like(z), np.empty_like(z), np.empty_like(z)
    mass, mean = np.zeros_like(z), np.zeros_like(z)
    for node in range(len(x)):
        for i in range(len(z)):
            f[i] = x[node] * r[i]
        split(f, power, series)
        for i in range(len(z)):
            f[i] = max(a[i] * f[i] - z[i] * ((power[i] - 1) + power[i] * series[i]), LEAST)
        split(f, power, series)
        for i in range(len(z)):
            height = power[i] + power[i] * series[i]
            mass[i] += w[0, node] * height
            mean[i] += w[1, node] * height
    return mass, mean


@fused
def _columns(x: Any, w: Any, cut: float, lift: int, all_z: Any, all_alpha: Any, all_dz: Any) -> None:
    for first in range(0, len(all_z), BLOCK):
        block = slice(first, min(first + BLOCK, len(all_z)))
        z, alpha, dz = all_z[block], all_alpha[block], all_dz[block]
        a, b, c = np.empty_like(z), np.empty_like(z), np.empty_like(z)
        for i in range(len(z)):
            a[i] = alpha[i] + lift if z[i] < alpha[i] + 0.5 and alpha[i] < lift else alpha[i]
            b[i], c[i] = below_log(a[i])
        log_z, psi, r = log(z), log(b) - c, _reach(z, a, cut)
        mass, mean = _sums(x, w, z, a, r)
        for i in range(len(z)):
            moved = z[i] * r[i] * ((log_z[i] - psi[i]) * mass[i] + r[i] * mean[i])
            while a[i] > alpha[i] + 0.5:
                a[i] -= 1
                inverse = 1 / a[i]
                moved = z[i] * inverse * (moved + (psi[i] - log_z[i]))
                psi[i] -= inverse
            dz[i] = moved
