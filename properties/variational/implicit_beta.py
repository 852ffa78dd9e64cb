"""Implicit reparameterization of a beta variable: how a draw moves with either of its shapes.

    dz/dα = −(∂I_z/∂α)/q(z; α, β) > 0,      dz/dβ = −(∂I_z/∂β)/q(z; α, β) < 0

1 − z is a beta variable with the shapes exchanged, so v_β(z; α, β) = −v_α(1 − z; β, α). A power of a uniform is Beta(α, 1):
v_α(z; α, 1) = −z log z/α. And from I_z(α, β) = I_z(α+1, β) + z^α (1−z)^β/α B(α, β) follow

    v_α(α) = z(α+β)/α v_α(α+1) + z(1−z)/α (ψ(α+1) − ψ(α+β) − log z)
    v_β(α) = z(α+β)/α v_β(α+1) + z(1−z)/α (ψ(β) − ψ(α+β) − log(1−z))

with which the velocities at any shapes are those far up, where the draw is far below the mean and nothing moves.

Libraries approximate: torch to about 1e-2 between the quantiles 10⁻⁴ and 1 − 10⁻⁴, by design.

Symbols: z[S] draws, alpha[S], beta[S] their shapes; d_alpha[S], d_beta[S].
Source: Figurnov, Mohamed and Mnih 2018, §3-4; DLMF 8.17.20; the rest derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, all_of, gap, holds_if, law
from prufrock.tolerance import summation

from .._scipy import special
from ..hygiene import cross_cutting, refusals
from ..oracles import beta as oracle
from ..oracles import standardised
from ..oracles.differences import central

if TYPE_CHECKING:
    from ..cases.shapes_of_draws import BetaDraws
    from ..cases.shapes_of_noise import Standardised

Array = NDArray[np.float64]
SOURCE = "Figurnov, Mohamed and Mnih 2018, §3"

implicit_beta = Contract(
    id="variational.implicit-beta",
    says="the velocities of a beta draw with respect to its shapes, its quantile held",
    arguments={"z": "S", "alpha": "S", "beta": "S"},
    outputs={"d_alpha": "S", "d_beta": "S"},
    domain="0 < z < 1, α > 0, β > 0",
    cases="..cases.shapes_of_draws:betas",
    source=SOURCE,
    home=__package__,
)

BOTH = ("d_beta",)


def allowance(move: Judged, z: Array, alpha: Array, beta: Array) -> Array:
    """T1, relative: the summands of the log-density, and the accuracy declared."""
    size = 1.0 + alpha + beta + np.abs(np.log(z)) + np.abs(np.log1p(-z))
    return np.asarray(summation(16, size, move.u) + move.accuracy)


def _agree(move: Judged, case: BetaDraws, allow: Array) -> Gap:
    out = move.full(case.z, case.alpha, case.beta)
    want = oracle.velocity(case.z, 1.0 - case.z, case.alpha, case.beta)
    pairs = [("dz/dα", out.d_alpha, want[0])]
    if move.subject.declares("d_beta"):
        pairs.append(("dz/dβ", out.d_beta, want[1]))
    return all_of(*(gap(got / right, 1.0, allow=allow, says=says) for says, got, right in pairs))


@law(
    implicit_beta,
    says="a draw moves so that its quantile stays",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    code="IMP-01",
    complete=True,
    kills=("other-sign", "density-forgotten", "shapes-exchanged", "mean-and-deviation", "ratio-of-gammas"),
)
def velocity(move: Judged, case: BetaDraws) -> Gap:
    """dz/dα = −(∂I/∂α)/q and dz/dβ = −(∂I/∂β)/q, relative to their sizes."""
    return _agree(move, case, allowance(move, case.z, case.alpha, case.beta))


@law(
    implicit_beta,
    says="a draw near either end moves so that its quantile stays",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    code="IMP-01",
    cases="..cases.shapes_of_draws:far_betas",
    complete=True,
    kills=("nothing-near-zero", "nan-near-one", "mean-and-deviation", "ratio-of-gammas"),
)
def velocity_near_the_ends(move: Judged, case: BetaDraws) -> Gap:
    """dz/dα and dz/dβ for z down to 2⁻⁹⁰ and up to 1 − 2⁻²⁰."""
    return _agree(move, case, allowance(move, case.z, case.alpha, case.beta))


@law(
    implicit_beta,
    says="approximations are good to eight digits",
    source="derived",
    kind="oracle",
    rule="T1",
    level="hygiene",
    code="IMP-05",
    kills=("four-digits", "ratio-of-gammas"),
)
def eight_digits(move: Judged, case: BetaDraws) -> Gap:
    """|v − v*| ≤ 10⁻⁸ v*, or rounding: whatever accuracy was declared."""
    return _agree(move, case, allowance(move, case.z, case.alpha, case.beta) - move.accuracy + 1e-8)


@law(
    implicit_beta,
    says="the velocities are those of the quantile function",
    source=SOURCE,
    kind="gradient",
    rule="T4",
    code="IMP-01",
    kills=("other-sign", "density-forgotten", "ratio-of-gammas", "mean-and-deviation"),
)
def moving_quantile(move: Judged, case: BetaDraws) -> Gap:
    """dz/dα = ∂F⁻¹(u; α, β)/∂α at u = F(z; α, β), by differences of an inverse that knows nothing of velocities."""
    h = 2.0**-8 * case.alpha

    def at(alpha: Array) -> Array:
        return oracle.quantile(case.alpha, case.beta, case.z, alpha, case.beta)

    want, apart = central(at, case.alpha, h)
    slack = 10.0 * apart + 1e-12 * case.z / h
    allow = allowance(move, case.z, case.alpha, case.beta) + slack / np.abs(want)
    return gap(move(case.z, case.alpha, case.beta) / want, 1.0, allow=allow)


@law(
    implicit_beta,
    says="seen from the other end, the shapes change places and the draw moves the other way",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="IMP-01",
    needs=BOTH,
    kills=("nan-near-one", "four-digits", "first-shape-for-all"),
)
def other_end(move: Judged, case: BetaDraws) -> Gap:
    """v_β(z; α, β) = −v_α(1 − z; β, α), at draws of which 1 − z is a number of either precision."""
    z = np.clip(np.round(case.z * 2.0**20) / 2.0**20, 2.0**-12, 1.0 - 2.0**-12)
    d_beta = move.full(z, case.alpha, case.beta).d_beta
    d_alpha = move(1.0 - z, case.beta, case.alpha)
    return gap(-d_alpha / d_beta, 1.0, allow=2.0 * allowance(move, z, case.alpha, case.beta))


@law(
    implicit_beta,
    says="one shape less moves a draw by what one shape more does, and the step between them",
    source="DLMF 8.17.20; derived",
    kind="metamorphic",
    rule="T10",
    code="IMP-01",
    needs=BOTH,
    kills=("other-sign", "density-forgotten", "mean-and-deviation", "four-digits"),
)
def one_shape_more(move: Judged, case: BetaDraws) -> Gap:
    """v(α) = z(α+β)/α v(α+1) + z(1−z)/α · (step of α, or of β)."""
    z, a, b = case.z, case.alpha, case.beta
    less, more = move.full(z, a, b), move.full(z, a + 1.0, b)
    psi, psi_a, psi_b = special.digamma(a + b), special.digamma(a + 1.0), special.digamma(b)
    up, rung = z * (a + b) / a, z * (1.0 - z) / a
    relative = allowance(move, z, a, b)
    gaps = []
    for says, low, high, parts in (
        ("dz/dα", less.d_alpha, more.d_alpha, (psi_a, -psi, -np.log(z))),
        ("dz/dβ", less.d_beta, more.d_beta, (psi_b, -psi, -np.log1p(-z))),
    ):
        size = np.abs(low) + up * np.abs(high) + rung * sum(np.abs(x) for x in parts)
        want = up * high + rung * sum(parts)
        gaps.append(gap(low / size, want / size, allow=relative, effect=float(np.abs(low / size).max()), says=says))
    return all_of(*gaps)


@law(
    implicit_beta,
    says="a power of a uniform moves with its exponent",
    source="derived: F = z^α for β = 1, 1 − F = (1−z)^β for α = 1",
    kind="oracle",
    rule="T1",
    code="IMP-02",
    needs=BOTH,
    kills=("other-sign", "shapes-exchanged", "mean-and-deviation", "ratio-of-gammas"),
)
def power_of_a_uniform(move: Judged, case: BetaDraws) -> Gap:
    """v_α(z; α, 1) = −z log z/α and v_β(z; 1, β) = (1−z) log(1−z)/β."""
    z, one = case.z, np.ones_like(case.z)
    left, right = move.full(z, case.alpha, one).d_alpha, move.full(z, one, case.beta).d_beta
    want = -z * np.log(z) / case.alpha, (1.0 - z) * np.log1p(-z) / case.beta
    return all_of(
        gap(left / want[0], 1.0, allow=allowance(move, z, case.alpha, one), says="dz/dα"),
        gap(right / want[1], 1.0, allow=allowance(move, z, one, case.beta), says="dz/dβ"),
    )


@law(
    implicit_beta,
    says="velocities give the gradient of every expectation",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="IMP-03",
    cases="..cases.shapes_of_noise:betas",
    needs=BOTH,
    kills=("other-sign", "shapes-exchanged", "mean-and-deviation", "nothing-near-zero"),
)
def gradient(move: Judged, case: Standardised) -> Gap:
    """Σ w f'(z) (dz/dα, dz/dβ) = ∇ E f, by the trapezoid rule in logit z."""
    _, z, w = standardised.grid(standardised.BETA, case.params, case.f.degree, move.u)
    inside = (z > 2.0**-100) & (z < 1.0 - 16.0 * move.u)
    z, w = z[inside], w[inside]
    alpha, beta = (np.full_like(z, x) for x in case.params)
    out = move.full(z, alpha, beta)
    size = np.abs(oracle.velocity(z, 1.0 - z, alpha, beta)) * case.df.magnitude(z)
    got = [w @ (case.df(z) * dz) for dz in (out.d_alpha, out.d_beta)]
    # What lies beyond the last z that is not 1 moves by less than its distance from 1.
    beyond = 64.0 * move.u * size.max()
    allow = (allowance(move, z, alpha, beta) * size) @ w + beyond
    want = standardised.slope(case.f, standardised.BETA, case.params)
    return gap(got, want, allow=allow, effect=float((size @ w).min()))


@law(
    implicit_beta,
    says="more of the first shape moves every draw up, more of the second down",
    source="derived: the laws dominate one another",
    kind="inequality",
    rule="T1",
    code="IMP-04",
    cases="..cases.shapes_of_draws:far_betas",
    needs=BOTH,
    kills=("other-sign", "nothing-near-zero", "nan-near-one"),
)
def up_and_down(move: Judged, case: BetaDraws) -> Gap:
    """dz/dα > 0 > dz/dβ."""
    out = move.full(case.z, case.alpha, case.beta)
    right = bool((out.d_alpha > 0).all() and (out.d_beta < 0).all())
    return holds_if(right, "dz/dα > 0 > dz/dβ", got=[out.d_alpha, out.d_beta], want="positive and negative numbers")


@law(
    implicit_beta,
    says="each draw moves by itself",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    complete=True,
    kills=("first-shape-for-all", "sorts-draws"),
)
def draw_by_draw(move: Judged, case: BetaDraws) -> Gap:
    """v(z_1, …, z_S)_s = v(z_s)."""
    rows = [slice(i, i + 1) for i in range(len(case.z))]
    want = np.concatenate([move(case.z[i], case.alpha[i], case.beta[i]) for i in rows])
    allow = 2.0 * (allowance(move, case.z, case.alpha, case.beta) - move.accuracy)
    return gap(move(case.z, case.alpha, case.beta) / want, 1.0, allow=allow)


def _layout(case: BetaDraws, u: float) -> float:
    size = 1.0 + case.alpha + case.beta + np.abs(np.log(case.z)) + np.abs(np.log1p(-case.z))
    moved, _ = oracle.velocity(case.z, 1.0 - case.z, case.alpha, case.beta)
    return float(summation(16, (size * moved).max(), u))


BAD: dict[str, Any] = {
    "nan-draw": lambda case: (np.full_like(case.z, np.nan), case.alpha, case.beta),
    "draw-beyond-one": lambda case: (1.0 + case.z, case.alpha, case.beta),
    "negative-shape": lambda case: (case.z, -case.alpha, case.beta),
    "nan-shape": lambda case: (case.z, case.alpha, np.full_like(case.z, np.nan)),
}

CONTRACTS = (implicit_beta,)
LAWS = (
    velocity,
    velocity_near_the_ends,
    draw_by_draw,
    moving_quantile,
    other_end,
    one_shape_more,
    power_of_a_uniform,
    gradient,
    up_and_down,
    eight_digits,
    *cross_cutting(implicit_beta, allow=_layout, layouts=("ignores-strides", "forgets-second-call")),
    *refusals(implicit_beta, BAD),
)
