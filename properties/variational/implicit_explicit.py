"""Implicit reparameterization where the path can be written down: −(∂F/∂θ)/q is then ∂G/∂θ of the quantile z = G(u; θ).

Location families move by 1 and (z − m)/s; a rate moves z by −z/λ; the logarithm of a log-normal moves as a normal does.
Between two draws the flow of mass is what the density loses, q(z₂) v(z₂) − q(z₁) v(z₁) = −∂_θ (F(z₂) − F(z₁)). A library's
distribution function and density, differentiated, must say the same: −(∂F/∂θ)/q is a law of the pair.

Symbols: dist by name, z[S] draws, params[P]; dz[S, P].
Source: Figurnov, Mohamed and Mnih 2018, §3; the formulas derived (see the oracle).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles import explicit as oracle
from ..oracles.differences import each

if TYPE_CHECKING:
    from ..cases.shapes_of_draws import ExplicitDraws

Array = NDArray[np.float64]
SOURCE = "Figurnov, Mohamed and Mnih 2018, §3"

implicit_explicit = Contract(
    id="variational.implicit-explicit",
    says="the velocities of a draw with respect to the parameters of a law whose quantile is a formula",
    arguments={"dist": "", "z": "S", "params": "P"},
    outputs={"dz": "S P"},
    domain="normal, lognormal, cauchy, gumbel, logistic, laplace, exponential, weibull, pareto, kumaraswamy",
    cases="..cases.shapes_of_draws:explicit",
    source=SOURCE,
    home=__package__,
)


def size(dist: str, z: Array, v: Array) -> Array:
    """Magnitude of the summands of dz: z − m is a difference, log z one of an error of u, 1 − z^a one of z^a."""
    velocity = np.abs(oracle.velocity(dist, z, v))
    if dist in oracle.LOCATION:
        x = (np.abs(z) + abs(v[0])) / v[1]
        # −F_θ/q: a logarithm of the density of size x² (or |x|) comes back as a relative error.
        return np.asarray(velocity * (1.0 + x**2)[:, None] + np.stack([1.0 + 0.0 * x, x], axis=1))
    if dist == "kumaraswamy":
        near = 1.0 / (1.0 - z) + 1.0 / v[0] + v.sum() * (1.0 + np.abs(np.log(z)))
        return np.asarray(velocity * near[:, None] + np.abs(z)[:, None])
    far = 4.0 + (np.abs(np.log(z)) + np.abs(v).sum() + abs(np.log(np.abs(v)).min())) * (1.0 + 1.0 / v[-1]) * (
        1.0 + v[-1]
    )
    if dist == "lognormal":
        far = far + ((np.abs(np.log(z)) + abs(v[0])) / v[1]) ** 2
    return np.asarray((velocity + np.abs(z)[:, None] / np.abs(v)) * far[:, None])


def allowance(move: Judged, dist: str, z: Array, v: Array) -> Array:
    scale = size(dist, z, v)
    return np.asarray(summation(8, scale, move.u) + move.accuracy * scale)


@law(
    implicit_explicit,
    says="the velocity is the derivative of the quantile's formula",
    source="derived: implicit differentiation of F(z; θ) = u",
    kind="oracle",
    rule="T1",
    code="IMP-02",
    complete=True,
    kills=("other-sign", "density-forgotten", "scale-for-rate", "shapes-exchanged"),
)
def velocity(move: Judged, case: ExplicitDraws) -> Gap:
    """−(∂F/∂θ)/q = ∂G/∂θ."""
    allow = allowance(move, case.dist, case.z, case.params)
    want = oracle.velocity(case.dist, case.z, case.params)
    return gap(move(case.dist, case.z, case.params), want, allow=allow, effect=float(np.abs(want).max()))


@law(
    implicit_explicit,
    says="the velocity is that of somebody else's quantile function",
    source=SOURCE,
    kind="gradient",
    rule="T4",
    code="IMP-01",
    kills=("other-sign", "density-forgotten", "scale-for-rate", "shapes-exchanged"),
)
def moving_quantile(move: Judged, case: ExplicitDraws) -> Gap:
    """dz/dθ = ∂G/∂θ by differences of G, at the level of the draw."""
    v, dist = case.params, case.dist
    u = np.array([0.0625, 0.25, 0.4375])
    z = oracle.quantile(dist, u, v)
    want, apart, h = each(lambda at: oracle.quantile(dist, u, at), v, 2.0**-9)
    slack = 10.0 * apart + 1e-13 * (1.0 + np.abs(z))[:, None] / h
    # z itself is rounded to the subject's dtype on the way in.
    rounded = 8.0 * move.u * (1.0 + np.abs(z))[:, None] / np.abs(v)
    allow = slack + allowance(move, dist, z, v) + rounded
    return gap(move(dist, z, v), want, allow=allow)


@law(
    implicit_explicit,
    says="in another unit, and from another origin, velocities change by the unit alone",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="IMP-02",
    cases="..cases.shapes_of_draws:located",
    kills=("scale-for-rate", "origin-forgotten", "density-forgotten"),
)
def units(move: Judged, case: ExplicitDraws) -> Gap:
    """dz(m + s z'; m + s m', s s') = dz(z'; m', s') for location families, s = 4 and m = 3."""
    moved = np.array([3.0 + 4.0 * case.params[0], 4.0 * case.params[1]])
    z = 3.0 + 4.0 * case.z
    allow = allowance(move, case.dist, case.z, case.params) + allowance(move, case.dist, z, moved)
    # 3 + 4z is rounded.
    allow = allow + 8.0 * move.u * (3.0 + 4.0 * np.abs(case.z))[:, None] / moved[1]
    want = move(case.dist, case.z, case.params)
    return gap(move(case.dist, z, moved), want, allow=allow, effect=float(np.abs(want).max()))


@law(
    implicit_explicit,
    says="each draw moves by itself",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    complete=True,
    kills=("mean-density", "sorts-draws"),
)
def draw_by_draw(move: Judged, case: ExplicitDraws) -> Gap:
    """v(z_1, …, z_S)_s = v(z_s)."""
    alone = [move(case.dist, case.z[i : i + 1], case.params) for i in range(len(case.z))]
    allow = 2.0 * summation(8, size(case.dist, case.z, case.params), move.u)
    got = move(case.dist, case.z, case.params)
    return gap(got, np.concatenate(alone), allow=allow, effect=float(np.abs(got).max()))


def _layout(case: ExplicitDraws, u: float) -> float:
    return float(summation(8, size(case.dist, case.z, case.params).max(), u))


BAD: dict[str, Any] = {
    "nan-draw": lambda case: (case.dist, np.full_like(case.z, np.nan), case.params),
    "nan-parameter": lambda case: (case.dist, case.z, np.full_like(case.params, np.nan)),
}

CONTRACTS = (implicit_explicit,)
LAWS = (
    velocity,
    draw_by_draw,
    moving_quantile,
    units,
    *cross_cutting(implicit_explicit, allow=_layout, layouts=("ignores-strides", "forgets-second-call")),
    *refusals(implicit_explicit, BAD),
)
