"""Implicit reparameterization of a gamma variable: how a draw moves with its shape.

F(z; α) = u is held fixed while α moves:   dz/dα = −(∂F/∂α)/q(z; α),      ∂_α E f = E f'(z) dz/dα

On the line this velocity v is the only one with ∂_α q + ∂_z (q v) = 0 that lets nothing through at the ends, so any two
correct implementations agree draw by draw, whatever drew z. Between two draws it says

    q(z₂) v(z₂) − q(z₁) v(z₁) = −∫_{z₁}^{z₂} ∂_α q dz

More shape means larger draws: v > 0.

Libraries approximate: torch to 2e-3 between the quantiles 10⁻⁴ and 1 − 10⁻⁴, by design. That is its declared accuracy, and
`velocity` reports what is used of it; `eight-digits` asks for more, as a matter of quality. Rounding: log-densities of
size α + z + |log z| carry a relative error of u times that.

Symbols: z[S] draws, alpha[S] their shapes, dz[S]; rate 1 (of rate β, z is measured in 1/β and dz/dβ = −z/β).
Source: Figurnov, Mohamed and Mnih 2018, §3-4; the rest derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, gap, holds_if, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles import gamma as oracle
from ..oracles import standardised
from ..oracles.differences import central

if TYPE_CHECKING:
    from ..cases.shapes_of_draws import GammaDraws
    from ..cases.shapes_of_noise import Standardised

Array = NDArray[np.float64]
SOURCE = "Figurnov, Mohamed and Mnih 2018, §3"

implicit_gamma = Contract(
    id="variational.implicit-gamma",
    says="the velocity of a gamma draw with respect to its shape, its quantile held",
    arguments={"z": "S", "alpha": "S"},
    outputs={"dz": "S"},
    domain="z > 0, α > 0",
    cases="..cases.shapes_of_draws:gammas",
    source=SOURCE,
    home=__package__,
)


def rounding(z: Array, alpha: Array, size: Array, u: float) -> Array:
    """T1 for a velocity of this size: relative to the summands of the log-density."""
    return np.asarray(summation(8, size * (1.0 + alpha + z + np.abs(np.log(z))), u))


def allowance(move: Judged, z: Array, alpha: Array, size: Array) -> Array:
    return rounding(z, alpha, size, move.u) + move.accuracy * size


def least(size: Array) -> float:
    """Entries differ by orders of magnitude, each with an allowance of its own: the smallest decides what was told."""
    return float(size.min())


def _velocity(move: Judged, case: GammaDraws) -> Gap:
    want = oracle.velocity(case.z, case.alpha)
    relative = allowance(move, case.z, case.alpha, np.ones_like(want))
    return gap(move(case.z, case.alpha) / want, 1.0, allow=relative)


@law(
    implicit_gamma,
    says="a draw moves so that its quantile stays",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    code="IMP-01",
    complete=True,
    kills=("other-sign", "density-forgotten", "standardised-log", "rejection-path", "normal-approximation"),
)
def velocity(move: Judged, case: GammaDraws) -> Gap:
    """dz/dα = −(∂F/∂α)/q, relative to its size."""
    return _velocity(move, case)


@law(
    implicit_gamma,
    says="a draw deep in a tail moves so that its quantile stays",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    code="IMP-01",
    cases="..cases.shapes_of_draws:far_gammas",
    complete=True,
    kills=("nothing-far-left", "flat-far-right", "standardised-log", "ten-terms", "normal-approximation"),
)
def velocity_in_the_tails(move: Judged, case: GammaDraws) -> Gap:
    """dz/dα = −(∂F/∂α)/q where q is as small as 10⁻³⁰⁰."""
    return _velocity(move, case)


@law(
    implicit_gamma,
    says="approximations are good to eight digits",
    source="derived",
    kind="oracle",
    rule="T1",
    level="hygiene",
    code="IMP-05",
    kills=("four-digits", "ten-terms"),
)
def eight_digits(move: Judged, case: GammaDraws) -> Gap:
    """|dz/dα − (−F_α/q)| ≤ 10⁻⁸ of it, or rounding: whatever accuracy was declared."""
    want = oracle.velocity(case.z, case.alpha)
    allow = rounding(case.z, case.alpha, np.ones_like(want), move.u) + 1e-8
    return gap(move(case.z, case.alpha) / want, 1.0, allow=allow)


@law(
    implicit_gamma,
    says="the velocity is that of the quantile function",
    source=SOURCE,
    kind="gradient",
    rule="T4",
    code="IMP-01",
    kills=("other-sign", "density-forgotten", "standardised-log", "rejection-path"),
)
def moving_quantile(move: Judged, case: GammaDraws) -> Gap:
    """dz/dα = ∂F⁻¹(u; α)/∂α at u = F(z; α), by differences of an inverse that knows nothing of velocities."""
    h = 2.0**-8 * case.alpha

    def at(alpha: Array) -> Array:
        return oracle.quantile(case.alpha, case.z, alpha)

    want, apart = central(at, case.alpha, h)
    # The inverse itself is good to some 1e-13, relative to z.
    slack = 10.0 * apart + 1e-12 * (1.0 + case.z) / h
    size = np.abs(want)
    allow = (allowance(move, case.z, case.alpha, size) + slack) / size
    return gap(move(case.z, case.alpha) / want, 1.0, allow=allow)


@law(
    implicit_gamma,
    says="between two draws the flow of mass is what the density loses",
    source="derived: ∂_α q + ∂_z (q v) = 0",
    kind="identity",
    rule="T1",
    code="REP-07",
    kills=("other-sign", "density-forgotten", "standardised-log", "normal-approximation"),
)
def flow_of_mass(move: Judged, case: GammaDraws) -> Gap:
    """q v at 9z/8 less q v at z = −∫ ∂_α q between them, on 24 nodes."""
    ends, alpha = np.stack([case.z, 1.125 * case.z]), case.alpha
    x, w = leggauss(24)
    width = (ends[1] - ends[0]) / 2.0
    t = ends[0][:, None] + width[:, None] * (1.0 + x)
    want = -width * (oracle.slope_density(t, alpha[:, None]) @ w)
    q, v = oracle.density(ends, alpha), np.stack([move(z, alpha) for z in ends])
    allow = sum(allowance(move, z, alpha, q[i] * np.abs(v[i])) for i, z in enumerate(ends))
    size = np.abs(q * v).max(axis=0)
    allow = allow + rounding(case.z, alpha, size, 2.0**-53)
    flow = q[1] * v[1] - q[0] * v[0]
    return gap(flow / size, want / size, allow=allow / size, effect=float((np.abs(want) / size).max()))


@law(
    implicit_gamma,
    says="velocities give the gradient of every expectation",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="IMP-03",
    cases="..cases.shapes_of_noise:gammas",
    kills=("other-sign", "standardised-log", "rejection-path", "normal-approximation"),
)
def gradient(move: Judged, case: Standardised) -> Gap:
    """Σ w f'(z) dz/dα = ∂_α E f, by the trapezoid rule in log z."""
    v = np.array([case.params[0], 1.0])
    _, z, w = standardised.grid(standardised.GAMMA, v, case.f.degree, move.u)
    alpha = np.full_like(z, v[0])
    size = case.df.magnitude(z) * oracle.velocity(z, alpha)
    want = standardised.slope(case.f, standardised.GAMMA, v)[0]
    allow = w @ allowance(move, z, alpha, size)
    return gap(w @ (case.df(z) * move(z, alpha)), want, allow=allow, effect=float(w @ size))


@law(
    implicit_gamma,
    says="more shape makes every draw larger",
    source="derived: the laws of larger shape dominate",
    kind="inequality",
    rule="T1",
    code="IMP-04",
    cases="..cases.shapes_of_draws:far_gammas",
    kills=("other-sign", "nothing-far-left", "standardised-log"),
)
def positive(move: Judged, case: GammaDraws) -> Gap:
    """dz/dα > 0."""
    dz = move(case.z, case.alpha)
    return holds_if(bool((dz > 0).all()), "dz/dα > 0", got=dz, want="positive numbers")


@law(
    implicit_gamma,
    says="each draw moves by itself",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    complete=True,
    kills=("first-shape-for-all", "sorts-draws"),
)
def draw_by_draw(move: Judged, case: GammaDraws) -> Gap:
    """dz(z_1, …, z_S)_s = dz(z_s)."""
    alone = [move(case.z[i : i + 1], case.alpha[i : i + 1]) for i in range(len(case.z))]
    want = np.concatenate(alone)
    allow = 2.0 * rounding(case.z, case.alpha, np.abs(want), move.u)
    return gap(move(case.z, case.alpha), want, allow=allow, effect=least(np.abs(want)))


def _layout(case: GammaDraws, u: float) -> float:
    return float(rounding(case.z, case.alpha, oracle.velocity(case.z, case.alpha), u).max())


BAD: dict[str, Any] = {
    "nan-draw": lambda case: (np.full_like(case.z, np.nan), case.alpha),
    "nan-shape": lambda case: (case.z, np.full_like(case.z, np.nan)),
    "negative-draw": lambda case: (-case.z, case.alpha),
    "negative-shape": lambda case: (case.z, -case.alpha),
}

CONTRACTS = (implicit_gamma,)
LAWS = (
    velocity,
    velocity_in_the_tails,
    draw_by_draw,
    moving_quantile,
    flow_of_mass,
    gradient,
    positive,
    eight_digits,
    *cross_cutting(implicit_gamma, allow=_layout, layouts=("ignores-strides", "forgets-second-call")),
    *refusals(implicit_gamma, BAD),
)
