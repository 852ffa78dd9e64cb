"""Implicit reparameterization of a Dirichlet variable: a velocity on the simplex for every shape.

In more than one dimension many velocities keep up with a density: any v with ∂_{α_i} q + div(q v) = 0 has E ∇f·v =
∂E f/∂α_i. All of them stay on the simplex, Σ_j v_j = 0, and for two parts there is only one, the beta's. A library
that makes its draws of gammas moves them along another one than torch, which moves each part as the beta variable that it
is by itself, the others keeping their proportions ("marginal"):

    dz_j/dα_i = D_i (δ_ij − z_j)/(1 − z_i),     D_i = v_α(z_i; α_i, Σα − α_i)

which is correct as the proportions of the others are independent of z_i, and of α_i.

Means over z for two parts are sums over a grid of logit z_1, for three over logit z_1 and logit z_2/(z_2 + z_3).

Symbols: z[S, K] draws, alpha[K]; dz[S, K, K], dz[s, j, i] = dz_j/dα_i.
Source: Figurnov, Mohamed and Mnih 2018, §4; Jankowiak and Obermeyer 2018; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, at_most, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles import beta, dirichlet, standardised

if TYPE_CHECKING:
    from ..cases.shapes_of_draws import DirichletDraws
    from ..cases.shapes_of_noise import Parts

Array = NDArray[np.float64]
SOURCE = "Figurnov, Mohamed and Mnih 2018, §4"

implicit_dirichlet = Contract(
    id="variational.implicit-dirichlet",
    says="the velocities of a Dirichlet draw with respect to its shapes",
    arguments={"z": "S K", "alpha": "K"},
    outputs={"dz": "S K K"},
    domain="z > 0, Σz = 1, K ≥ 2, α > 0",
    cases="..cases.shapes_of_draws:dirichlets",
    conventions={"velocity": ("marginal", "other")},
    source=SOURCE,
    home=__package__,
)

MARGINAL: dict[str, Any] = {"level": "convention", "when": {"velocity": ("marginal",)}}


def marginal(z: Array, alpha: Array) -> Array:
    """dz_j/dα_i, i last, each part moving as a beta variable."""
    others = 1.0 - np.eye(len(alpha))
    rest = z @ others
    moved, _ = beta.velocity(z, rest, np.broadcast_to(alpha, z.shape), np.broadcast_to(alpha @ others, z.shape))
    moved = moved / rest
    return np.asarray(moved[:, None, :] * (np.eye(len(alpha)) - z[:, :, None]))


def allowance(move: Judged, z: Array, alpha: Array, size: Array) -> Array:
    """T1: the log-density's summands, times the velocity's size; 1 − z_i may be had from z_i alone."""
    terms = 1.0 + alpha.sum() + np.abs(np.log(z)).sum(axis=1) + (1.0 / (1.0 - z)).max(axis=1)
    return np.asarray((summation(16, terms, move.u) + move.accuracy)[:, None, None] * size)


@law(
    implicit_dirichlet,
    says="each part moves as the beta variable that it is, the others keep their proportions",
    source="Jankowiak and Obermeyer 2018; derived",
    kind="oracle",
    rule="T1",
    code="IMP-01",
    complete=True,
    kills=("transposed", "other-sign", "others-stay", "shapes-of-one"),
    **MARGINAL,
)
def velocity(move: Judged, case: DirichletDraws) -> Gap:
    """dz_j/dα_i = D_i (δ_ij − z_j)/(1 − z_i)."""
    want = marginal(case.z, case.alpha)
    return gap(move(case.z, case.alpha) / want, 1.0, allow=allowance(move, case.z, case.alpha, np.ones_like(want)))


@law(
    implicit_dirichlet,
    says="two parts are a beta variable and what it leaves",
    source="derived: on the line there is one velocity",
    kind="oracle",
    rule="T1",
    code="IMP-01",
    cases="..cases.shapes_of_draws:pairs",
    complete=True,
    kills=("other-sign", "others-stay", "transposed", "shapes-of-one"),
)
def two_parts(move: Judged, case: DirichletDraws) -> Gap:
    """dz_1 = −dz_2 = (v_α, v_β)(z_1; α_1, α_2)."""
    one = np.stack(beta.velocity(case.z[:, 0], case.z[:, 1], case.alpha[:1], case.alpha[1:]), axis=1)
    want = np.stack([one, -one], axis=1)
    return gap(move(case.z, case.alpha) / want, 1.0, allow=allowance(move, case.z, case.alpha, np.ones_like(want)))


@law(
    implicit_dirichlet,
    says="a draw stays on the simplex",
    source="derived",
    kind="identity",
    rule="T1",
    code="IMP-01",
    kills=("others-stay", "transposed", "gammas-themselves"),
)
def on_the_simplex(move: Judged, case: DirichletDraws) -> Gap:
    """Σ_j dz_j/dα_i = 0."""
    dz = move(case.z, case.alpha)
    size = np.abs(dz).sum(axis=1)
    allow = summation(8 * len(case.alpha), 1.0 / (1.0 - case.z).min(), move.u)
    return gap(dz.sum(axis=1) / size, 0.0, allow=allow, effect=1.0)


@law(
    implicit_dirichlet,
    says="velocities give the gradient of every expectation",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="IMP-03",
    cases="..cases.shapes_of_noise:few_parts",
    effort=0.2,
    kills=("other-sign", "transposed", "others-stay", "shapes-of-one"),
)
def gradient(move: Judged, case: Parts) -> Gap:
    """Σ w Σ_j ∂_j f dz_j/dα_i = ∂E f/∂α_i, for two or three parts."""
    z, w = over_simplex(case.alpha, move.u)
    slopes = case.df(z)
    got = np.einsum("s,sj,sji->i", w, slopes, move(z, case.alpha))
    size = np.abs(slopes)[:, :, None] * np.abs(marginal(z, case.alpha))
    allow = np.einsum("s,sji->i", w, allowance(move, z, case.alpha, size)) + 64.0 * move.u * size.max()
    want = dirichlet.slope(case.f, case.alpha)
    return gap(got, want, allow=allow, effect=float(np.einsum("s,sji->i", w, size).max()))


def over_simplex(alpha: Array, u: float) -> tuple[Array, Array]:
    """Nodes z[n, K] and weights w[n]: parts broken off one by one, each a beta share of what is left.

    Shares within 64u of an end are left out: a draw there moves by less than its distance from the end.
    """
    z, w = np.ones((1, 1)), np.ones(1)
    for i in range(len(alpha) - 1):
        v = np.array([alpha[i], alpha[i + 1 :].sum()])
        _, share, weight = standardised.grid(standardised.BETA, v, 0, max(u, 2.0**-36))
        inside = (share > 64.0 * u) & (share < 1.0 - 64.0 * u)
        # In logit share the density is analytic in a strip twice as wide as the grid is made for: every second node.
        share, weight = share[inside][::2], 2.0 * weight[inside][::2]
        left = z[:, -1:]
        broken = np.stack([left * share, left * (1.0 - share)], axis=2)
        head = np.repeat(z[:, None, :-1], len(share), axis=1)
        z = np.concatenate([head, broken], axis=2).reshape(-1, i + 2)
        w = np.outer(w, weight).reshape(-1)
    return z, w


@law(
    implicit_dirichlet,
    says="more of a shape gives its part more, and takes from every other",
    source="derived",
    kind="inequality",
    rule="T1",
    code="IMP-04",
    kills=("other-sign", "gammas-themselves", "others-stay"),
    **MARGINAL,
)
def own_part_grows(move: Judged, case: DirichletDraws) -> Gap:
    """dz_i/dα_i > 0 > dz_j/dα_i for j ≠ i."""
    K = len(case.alpha)
    signed = move(case.z, case.alpha) * (1.0 - 2.0 * np.eye(K))
    size = np.abs(signed)
    return at_most(signed / size, -1.0, allow=0.5, effect=8.0, says="sign")


@law(
    implicit_dirichlet,
    says="parts have no order",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="IMP-01",
    kills=("first-shape-for-all", "last-by-the-rest"),
)
def relabelled(move: Judged, case: DirichletDraws) -> Gap:
    """Parts in reverse order move as they did."""
    one = move(case.z, case.alpha)
    other = move(case.z[:, ::-1].copy(), case.alpha[::-1].copy())[:, ::-1, ::-1]
    allow = 2.0 * allowance(move, case.z, case.alpha, np.ones_like(one))
    return gap(other / one, 1.0, allow=allow)


@law(
    implicit_dirichlet,
    says="approximations are good to eight digits",
    source="derived",
    kind="oracle",
    rule="T1",
    level="hygiene",
    code="IMP-05",
    cases="..cases.shapes_of_draws:pairs",
    kills=("four-digits", "shapes-of-one"),
)
def eight_digits(move: Judged, case: DirichletDraws) -> Gap:
    """The law of two parts within 10⁻⁸, or rounding: whatever accuracy was declared."""
    one = np.stack(beta.velocity(case.z[:, 0], case.z[:, 1], case.alpha[:1], case.alpha[1:]), axis=1)
    want = np.stack([one, -one], axis=1)
    relative = allowance(move, case.z, case.alpha, np.ones_like(want)) - move.accuracy + 1e-8
    return gap(move(case.z, case.alpha) / want, 1.0, allow=relative)


def _layout(case: DirichletDraws, u: float) -> float:
    terms = 2.0 + case.alpha.sum() + np.abs(np.log(case.z)).sum(axis=1).max() + (1.0 / (1.0 - case.z)).max()
    return float(summation(16, terms * np.abs(marginal(case.z, case.alpha)).max(), u))


BAD: dict[str, Any] = {
    "nan-draw": lambda case: (np.full_like(case.z, np.nan), case.alpha),
    "negative-shape": lambda case: (case.z, -case.alpha),
    "draw-beside-the-simplex": lambda case: (2.0 * case.z, case.alpha),
}

CONTRACTS = (implicit_dirichlet,)
LAWS = (
    velocity,
    two_parts,
    on_the_simplex,
    gradient,
    own_part_grows,
    relabelled,
    eight_digits,
    *cross_cutting(implicit_dirichlet, allow=_layout),
    *refusals(implicit_dirichlet, BAD),
)
