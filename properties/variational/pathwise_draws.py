"""Draws that can be differentiated: a seed gives z and dz/dθ, whatever happens in between.

For z of the law F(z; θ) and a velocity that keeps up with it, E f'(z) dz/dθ = ∂E f/∂θ. On the line a velocity that is a
function of z alone is −(∂F/∂θ)/q (declared "quantile"). A draw made of several (a normal over a chi-square, two gammas) may
move along all of them at once ("other"): its velocity is the former in the mean only, given z.

    gamma(α)            ∂E f/∂α with f = z: 1
    beta(α, β)          f = z: β/n², −α/n², n = α + β
    student(ν)          f = tanh z has derivative 0 by symmetry; f = z²/(1 + z²) is bounded: its derivative by quadrature
    von-mises(κ)        f = cos z: A'(κ) = 1 − A² − A/κ

Claims on means ask chance; that a draw has its law is asked of its distribution function, and that its velocity is the
quantile's is a law of every single draw, with nothing left to chance but where it falls.

Symbols: dist by name, params θ[P], seed, n; z[n], dz[n, P].
Source: Figurnov, Mohamed and Mnih 2018, §3-4; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, gap, holds_if, inconclusive, law, same
from prufrock.tolerance import summation

from .._scipy import special, stats
from ..oracles import beta, gamma, symmetric

if TYPE_CHECKING:
    from ..cases.shapes_of_draws import Sampled

Array = NDArray[np.float64]
SOURCE = "Figurnov, Mohamed and Mnih 2018, §3"

pathwise_draws = Contract(
    id="variational.pathwise-draws",
    says="draws of a law with a shape, and their velocities with respect to its parameters",
    arguments={"dist": "", "params": "P", "seed": "", "n": ""},
    outputs={"z": "n", "dz": "n P"},
    domain="gamma(shape), beta(shape, shape), student(ν), von-mises(κ)",
    cases="..cases.shapes_of_draws:sampled",
    conventions={"velocity": ("quantile", "other")},
    source=SOURCE,
    home=__package__,
)


def velocity_at(dist: str, v: Array, z: Array) -> Array:
    """The quantile's velocity, [n, P]."""
    many = [np.full_like(z, x) for x in v]
    if dist == "gamma":
        return gamma.velocity(z, many[0])[:, None]
    if dist == "beta":
        return np.stack(beta.velocity(z, 1.0 - z, *many), axis=1)
    return {"student": symmetric.student, "von-mises": symmetric.von_mises}[dist](z, many[0])[:, None]


def distribution_function(dist: str, v: Array, z: Array) -> Array:
    laws: dict[str, Any] = {
        "gamma": lambda: special.gammainc(v[0], z),
        "beta": lambda: special.betainc(v[0], v[1], np.clip(z, 0.0, 1.0)),
        "student": lambda: special.stdtr(v[0], z),
        "von-mises": lambda: stats.vonmises(v[0]).cdf(z),
    }
    return np.asarray(laws[dist]())


def inside(dist: str, v: Array, z: Array) -> NDArray[np.bool_]:
    """Draws at which the oracle and the subject see one number: not at an end, nor in a subnormal."""
    if dist == "beta":
        return np.asarray((z > 2.0**-100) & (z < 1.0 - 2.0**-12))
    return np.asarray(np.abs(z) > 2.0**-100) if dist == "gamma" else np.asarray(np.abs(z) > 2.0**-20)


def rounding(dist: str, v: Array, z: Array) -> Array:
    """Magnitude of the summands of the log-density; near an end of the interval its distance counts."""
    if dist == "beta":
        return np.asarray(1.0 + v.sum() + np.abs(np.log(z)) + 1.0 / (1.0 - z))
    if dist == "von-mises":
        return np.asarray(2.0 + v[0] + np.pi / (np.pi - np.minimum(np.abs(z), 3.14)) + 1.0 / np.abs(z))
    return np.asarray(4.0 + v[0] + np.abs(np.log(np.abs(z))) + (z if dist == "gamma" else 0.0 * z))


@law(
    pathwise_draws,
    says="every draw moves so that its quantile stays",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    level="convention",
    when={"velocity": ("quantile",)},
    code="IMP-01",
    needs=("dz",),
    complete=True,
    kills=("other-sign", "standardised", "half-speed"),
)
def velocity(draw: Judged, case: Sampled) -> Gap:
    """dz/dθ = −(∂F/∂θ)/q at the draw itself."""
    out = draw.full(case.dist, case.params, case.seed, case.n)
    keep = inside(case.dist, case.params, out.z)
    want = velocity_at(case.dist, case.params, out.z[keep])
    allow = summation(16, rounding(case.dist, case.params, out.z[keep]), draw.u) + draw.accuracy
    return gap(out.dz[keep] / want, np.ones_like(want), allow=allow[:, None], effect=1.0)


@law(
    pathwise_draws,
    says="draws have the distribution that was asked for",
    source="derived",
    kind="statistical",
    rule="T8",
    code="RSV-05",
    complete=True,
    effort=0.2,
    detects="a tenth of a standard deviation in any of ten features of F(z)",
    kills=("keeps-everything", "one-shape-more", "half-the-draw"),
)
def distribution(draw: Judged, case: Sampled) -> Gap:
    """F(z; θ) is uniform, where less than a thousandth of it lies in the last ulp below 1."""
    if case.dist == "beta" and special.betainc(*case.params[::-1], 4.0 * draw.u) > 1e-3:
        return inconclusive("draws close to 1 are beyond what the precision holds")

    def drawn(seed: int, n: int) -> Array:
        return np.asarray(draw(case.dist, case.params, seed, n), np.float64)

    return draw.chance.distribution(drawn, lambda z: distribution_function(case.dist, case.params, z))


@law(
    pathwise_draws,
    says="velocities give the gradient of an expectation",
    source=SOURCE,
    kind="statistical",
    rule="T8",
    code="IMP-03",
    needs=("dz",),
    effort=0.2,
    guarantee="calibrated",
    detects="a quarter of the gradient",
    kills=("other-sign", "half-speed", "standardised"),
)
def gradient(draw: Judged, case: Sampled) -> Gap:
    """E f'(z) dz/dθ = ∂E f/∂θ for f = z (gamma, beta), z²/(1+z²) (Student), cos z (von Mises)."""

    def drawn(seed: int, n: int) -> Array:
        out = draw.full(case.dist, case.params, seed, n)
        return np.asarray(_slope(case.dist, out.z)[:, None] * out.dz, np.float64)

    want = np.atleast_1d(_truth(case.dist, case.params))
    return draw.chance.mean(drawn, want, atol=np.abs(want) / 4.0, tails="clt")


def _slope(dist: str, z: Array) -> Array:
    """f'."""
    if dist == "student":
        return np.asarray(2.0 * z / (1.0 + z**2) ** 2)
    return np.asarray(-np.sin(z)) if dist == "von-mises" else np.ones_like(z)


def _truth(dist: str, v: Array) -> Array:
    if dist == "gamma":
        return np.ones(1)
    if dist == "beta":
        return np.asarray(np.array([v[1], -v[0]]) / v.sum() ** 2)
    if dist == "von-mises":
        mean = special.i1e(v[0]) / special.i0e(v[0])
        return np.array([1.0 - mean**2 - mean / v[0]])
    return np.array([_student_slope(float(v[0]))])


def _student_slope(nu: float) -> float:
    """∂/∂ν E z²/(1+z²) = E f'(z) dz/dν, by the midpoint rule in asinh z."""
    rho = np.arange(0.5, 400.0) / 20.0
    z = np.sqrt(nu) * np.sinh(rho)
    log_q = special.gammaln((nu + 1.0) / 2.0) - special.gammaln(nu / 2.0) - np.log(np.pi) / 2.0
    w = 0.1 * np.exp(log_q - nu * np.log(np.cosh(rho)))
    return float(w @ (_slope("student", z) * symmetric.student(z, np.full_like(z, nu))))


@law(
    pathwise_draws,
    says="another seed, other draws; the same seed, the same",
    source="derived",
    kind="bitwise",
    rule="T0",
    code="X-02",
    effort=0.5,
    kills=("ignores-seed", "forgets-seed"),
)
def seed_alone(draw: Judged, case: Sampled) -> Gap:
    """z(seed) = z(seed) ≠ z(seed + 1)."""
    one, again = (np.asarray(draw(case.dist, case.params, case.seed, case.n)) for _ in range(2))
    other = np.asarray(draw(case.dist, case.params, case.seed + 1, case.n))
    if not (one != other).any():
        return holds_if(False, "another seed gives other draws", got=other, want="other draws")
    return same(again, one, says="the same seed again")


CONTRACTS = (pathwise_draws,)
LAWS = (velocity, distribution, gradient, seed_alone)
