"""dz/dν of a Student t variable and dz/dκ of a von Mises angle, as the parameter moves and the quantile stays.

Both densities are even, so that dz/dθ is odd in z and may be had from the middle as well as from the tail: for z > 0,

    dz/dθ = (1/q(z)) ∫_z^{end} ∂_θ log q q = −(1/q(z)) ∫_0^z ∂_θ log q q

and the score changes sign once: inside of it the second form, outside of it the first loses no digit.

Student t.  t = √ν sinh ρ makes q(t) dt ∝ cosh^{−ν} ρ dρ, which is log-concave:

    dz/dν = √ν cosh ρ_z ∫ ½ (D − log(1+y) + (1+1/ν) y/(1+y)) e^{−φ(s)} ds,   y = sinh²(ρ_z + s) = t²/ν
    φ(s) = ν log(cosh s + tanh ρ_z sinh s),   D = ψ((ν+1)/2) − ψ(ν/2) − 1/ν

For ν <= 8, where the middle is wide, t²/(ν + t²) ~ Beta(½, ν/2) serves instead: 2 dz/z = dν/ν + dw/w(1−w).

von Mises.  q ∝ e^{κ cos t} on (−π, π]:   dz/dκ = ∫ (cos(z+s) − A(κ)) e^{κ(cos(z+s) − cos z)} ds,   A = I_1/I_0

Relative error in float64: 1e-10 for 1e-2 <= ν <= 1e4 and |z| <= 1e150, and for 0 <= κ <= 1e4.
Source: derived.
"""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING

import torch

from ._beta_derivative import dz_dshapes, psi_rise

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor

    from ._score_integral import Rule

LIGHT = 8.0  # degrees of freedom from which on tails are light enough for the first way
TINY = 1e-290


def dz_dnu(rule: Rule, z: Float[Tensor, "n"], nu: Float[Tensor, "n"]) -> tuple[Float[Tensor, "n"]]:
    """dz/dν for ν > 0 in float64."""
    light = nu >= LIGHT
    dz = torch.empty_like(z)
    for part, way in ((light, _light_tails), (~light, _by_beta)):
        if bool(part.any()):
            dz[part] = way(rule, z[part], nu[part])
    return (dz,)


def _light_tails(rule: Rule, z: Tensor, nu: Tensor) -> Tensor:
    x, w, _ = rule
    y = z.square() / nu
    cosh, rho = (1 + y).sqrt(), (z.abs() / nu.sqrt()).asinh()
    tanh = rho.tanh()
    r = rule.parabola(nu * tanh, nu * (1 - tanh.square()))
    for _ in range(2):
        phi = nu * torch.log(r.cosh() + tanh * r.sinh())
        r = rule.closer(r, phi, nu * (rho + r).tanh())
    r = torch.where(nu * y.log1p() < 2, -rho, r)
    s = x * r
    weight = torch.exp(-nu * torch.log1p(2 * (s / 2).sinh().square() + tanh * s.sinh()))
    y = (rho + s).sinh().square()
    score = _psi_excess(nu) - y.log1p() + (1 + 1 / nu) * y / (1 + y)
    return z.sign() * nu.sqrt() * cosh * r / 2 * (w[0] @ (score * weight))


def _psi_excess(nu: Tensor) -> Tensor:
    """D = ψ((ν+1)/2) − ψ(ν/2) − 1/ν = 1/2ν² − 1/4ν⁴ + …"""
    v = 1 / nu**2
    series = v / 2 * (1 - v / 2 * (1 - v * 2 * (1 - v * 17 / 4 * (1 - v * 124 / 17))))
    return torch.where(nu > 64, series, psi_rise(nu / 2, torch.full_like(nu, 0.5)) - 1 / nu)


def _by_beta(rule: Rule, z: Tensor, nu: Tensor) -> Tensor:
    y = z.square() / nu
    w, rest = (y / (1 + y)).clamp_min(TINY), (1 / (1 + y)).clamp_min(TINY)
    _, dw = dz_dshapes(rule, w, rest, torch.full_like(nu, 0.5), nu / 2)
    return z / 2 * (1 / nu + dw / (2 * w * rest))


def dz_dkappa(rule: Rule, z: Float[Tensor, "n"], kappa: Float[Tensor, "n"]) -> tuple[Float[Tensor, "n"]]:
    """dz/dκ for |z| <= π, κ >= 0 in float64."""
    x, w, cut = rule
    inside, t = z.abs(), z.abs().cos()
    mean = torch.special.i1e(kappa) / torch.special.i0e(kappa)
    outward = torch.acos((t - cut / kappa).clamp_min(-1)) - inside
    r = torch.where(t > mean, -inside, outward.clamp_max(pi))
    s = x * r
    fall = -2 * (s / 2).sin() * (inside + s / 2).sin()
    return (z.sign() * r * (w[0] @ ((fall + (t - mean)) * torch.exp(kappa * fall))),)
