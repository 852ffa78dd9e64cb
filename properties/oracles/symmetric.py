"""Student t variables and von Mises angles: how the quantile moves with ν or κ, by brute force.

Both densities are even; for z > 0, dz/dθ = ∫_z^{end} q ∂_θ log q / q(z) outside of the score's one change of sign, and
−∫_0^z of the same inside.

    Student      t = √ν sinh ρ,  q dt ∝ cosh^{−ν} ρ dρ,  2 ∂_ν log q = ψ((ν+1)/2) − ψ(ν/2) − 1/ν − log(1+y) + (1+1/ν) y/(1+y)
    von Mises    ∂_κ log q = cos t − I₁(κ)/I₀(κ)

Source: derived.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._scipy import special
from . import tails

Array = NDArray[np.float64]


def student(z: Array, nu: Array) -> Array:
    """dz/dν at z[S], nu[S]; ν ≥ ½."""
    rho = np.arcsinh(np.abs(z) / np.sqrt(nu))[:, None]
    v = nu[:, None]

    def phi(s: Array) -> Array:
        return np.asarray(v * np.log1p(2.0 * np.sinh(s / 2.0) ** 2 + np.tanh(rho) * np.sinh(s)))

    def score(s: Array) -> Array:
        y = np.sinh(rho + s) ** 2
        return np.asarray((_digamma_excess(v) - np.log1p(y) + (1.0 + 1.0 / v) * y / (1.0 + y)) / 2.0)

    inside = (v * np.log1p(np.sinh(rho) ** 2))[:, 0] < 2.0
    r = np.where(inside, -rho[:, 0], tails.reach(phi, np.ones(len(z))))
    return np.sign(z) * np.sqrt(nu) * np.cosh(rho[:, 0]) * tails.integral(score, phi, r)


def _digamma_excess(nu: Array) -> Array:
    """ψ((ν+1)/2) − ψ(ν/2) − 1/ν = Σ_{k≥1} …, by its asymptotic series at ν + 40 and the recurrence down."""
    total = np.zeros_like(nu)
    at = nu.copy()
    # 2β(x) − 1/x with β(x) = 1/x − β(x+1): B(x) = 2β(x) − 1/x satisfies B(x) = 1/x(x+1) − B(x+1).
    for k in range(40):
        total = total + (-1.0) ** k / (at * (at + 1.0))
        at = at + 1.0
    v = 1.0 / at**2
    return np.asarray(total + v / 2.0 - v**2 / 4.0 + v**3 / 2.0 - 17.0 * v**4 / 8.0)


def von_mises(z: Array, kappa: Array) -> Array:
    """dz/dκ at z[S] in [−π, π]."""
    a, k = np.abs(z)[:, None], kappa[:, None]
    mean = special.i1e(k) / special.i0e(k)

    def rise(s: Array) -> Array:
        """cos(a + s) − cos a."""
        return np.asarray(-2.0 * np.sin(s / 2.0) * np.sin(a + s / 2.0))

    inside = (np.cos(a) > mean)[:, 0]
    r = np.where(inside, -a[:, 0], np.pi - a[:, 0])
    far = (k * (1.0 + np.cos(a)))[:, 0] > 2.0 * tails.CUT
    with np.errstate(invalid="ignore", divide="ignore"):
        cut = np.arccos(np.maximum(np.cos(a) - 2.0 * tails.CUT / k, -1.0))[:, 0] - a[:, 0]
    r = np.where(~inside & far, cut, r)
    return np.sign(z) * tails.integral(lambda s: rise(s) + (np.cos(a) - mean), lambda s: -k * rise(s), r)
