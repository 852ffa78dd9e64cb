"""The generalized reparameterization gradient: an exact account of what follows the sample and what is left to a score.

z = τ(ε; v) with T(z) = m(v) + s(v) ε, ε of mean 0 and variance 1 under q_ε(ε; v), whatever v:

    ∇_v E f = E f'(z) h + E f(z) ∇_v log q_ε(ε; v),      h = ∂_v τ,  u = ∂_v log |∂τ/∂ε|

The two contributions are g_rep and g_corr. Mean and deviation are taken out of the noise; its other cumulants depend on v
still, for those of log z are polygammas of a gamma's shape.

Means over ε are sums by the trapezoid rule, exact to rounding (see the oracle). Rounding: z carries a relative error
of u·|T|, f(z) one of n·u·A(z) with n counting its powers, and the score one relative to its summands.

Symbols: f a polynomial, df its derivative; params v[2]; eps ε[S]; g_rep, g_corr, h, u [S, 2]; z, logq_eps [S].
Source: Ruiz, Titsias and Blei 2016, §3; the rest derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles import standardised as oracle
from ..oracles.standardised import Grid

if TYPE_CHECKING:
    from ..cases.shapes_of_noise import Standardised

Array = NDArray[np.float64]
SOURCE = "Ruiz, Titsias and Blei 2016, §3"

generalized_gradient = Contract(
    id="variational.generalized-gradient",
    says="pathwise and correcting contributions to ∇E f through a variable with mean and deviation taken out",
    arguments={"f": "", "df": "", "dist": "", "params": "P", "eps": "S"},
    outputs={"g_rep": "S P", "g_corr": "S P", "z": "S", "logq_eps": "S", "h": "S P", "u": "S P"},
    domain="gamma(shape, rate), beta(shape, shape), normal and lognormal(mean, deviation); finite noise",
    cases="..cases.shapes_of_noise:standardised",
    conventions={"standardisation": ("full", "partial")},
    source=SOURCE,
    home=__package__,
)

FULL: dict[str, Any] = {"level": "convention", "when": {"standardisation": ("full",)}}
BOTH = ("g_corr",)


def operations(case: Standardised) -> int:
    return 24 + 4 * case.f.degree


def sizes(case: Standardised, eps: Array) -> tuple[Array, Array]:
    """Magnitudes of the summands of g_rep and g_corr, [S, 2], times 1 + |T| (and z/(1−z)) for the rounding of z."""
    m, s = oracle.standard(case.dist, case.params)
    T, z = m + s * eps, np.abs(oracle.sample(case.dist, case.params, eps))
    far = 1.0 + abs(m) + np.abs(s * eps) + (np.exp(np.maximum(T, 0.0)) if case.dist == oracle.BETA else 0.0)
    h = np.exp(oracle.log_width(case.dist, T))[:, None] * oracle.speed_size(case.dist, case.params, eps)
    g_rep = case.df.magnitude(z)[:, None] * h
    g_corr = case.f.magnitude(z)[:, None] * oracle.score_size(case.dist, case.params, eps)
    return far[:, None] * g_rep, far[:, None] * g_corr


def over_noise(case: Standardised, u: float) -> Grid:
    return oracle.grid(case.dist, case.params, case.f.degree, u)


def called(estimate: Judged, case: Standardised, eps: Array) -> Any:
    return estimate.full(case.f, case.df, case.dist, case.params, eps)


@law(
    generalized_gradient,
    says="the mean of both parts over the noise is the gradient",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="GRG-01",
    needs=BOTH,
    complete=True,
    kills=("correction-dropped", "minus-u", "without-u", "value-for-slope", "parameters-exchanged"),
    **FULL,
)
def gradient(estimate: Judged, case: Standardised) -> Gap:
    """Σ w (g_rep + g_corr) = ∇_v E f."""
    eps, _, w = over_noise(case, estimate.u)
    out = called(estimate, case, eps)
    size = w @ sum(sizes(case, eps))
    want = oracle.slope(case.f, case.dist, case.params)
    allow = summation(operations(case), size, estimate.u)
    return gap(w @ (out.g_rep + out.g_corr), want, allow=allow, effect=float(size.max()))


@law(
    generalized_gradient,
    says="a sample is its noise, scaled and shifted to the mean and deviation of T",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    code="GRG-02",
    needs=("z",),
    complete=True,
    kills=("log-for-digamma", "variance-for-deviation", "scale-for-rate", "forgets-mean"),
    **FULL,
)
def sample(estimate: Judged, case: Standardised) -> Gap:
    """T(z) = m + s ε."""
    m, s = oracle.standard(case.dist, case.params)
    T = m + s * case.eps
    want = oracle.back(case.dist, T)
    far = (1.0 + abs(m) + s * np.abs(case.eps)) * (1.0 if case.dist == oracle.NORMAL else np.abs(want))
    return gap(called(estimate, case, case.eps).z, want, allow=summation(4, far, estimate.u), effect=_least(far))


def _least(size: Array) -> float:
    """Entries of one answer differ by orders of magnitude: the smallest decides whether it could tell."""
    return float(size.min())


@law(
    generalized_gradient,
    says="the noise has mass one, mean 0 and variance 1, and a skewness that the parameters do move",
    source="derived: cumulants of log z are polygammas",
    kind="identity",
    rule="T1",
    code="GRG-02",
    needs=("logq_eps",),
    kills=("density-of-z", "log-for-digamma", "variance-for-deviation", "forgets-mean"),
    **FULL,
)
def moments_of_the_noise(estimate: Judged, case: Standardised) -> Gap:
    """∫ q_ε (1, ε, ε², ε³) dε = (1, 0, 1, κ₃/s³), with κ₃ = ψ₂(α) for a gamma."""
    eps, _, w = over_noise(case, estimate.u)
    step = float(eps[1] - eps[0])
    q = np.exp(called(estimate, case, eps).logq_eps) * step
    powers = eps ** np.arange(4)[:, None]
    want = [1.0, 0.0, 1.0, oracle.skewness(case.dist, case.params)]
    size = np.abs(powers) @ (w * oracle.log_density_size(case.dist, case.params, eps))
    allow = summation(8, size, estimate.u)
    return gap(powers @ q, want, allow=allow, effect=float(size.min()))


def _rounding(case: Standardised, u: float) -> float:
    return float(summation(operations(case), sizes(case, case.eps)[0].max(), u))


def _but(**changes: Any) -> Any:
    """The case's arguments with some of them replaced."""
    return lambda case: tuple(
        changes[name](case) if name in changes else getattr(case, name) for name in generalized_gradient.arguments
    )


BAD: dict[str, Any] = {
    "nan-noise": _but(eps=lambda case: np.full_like(case.eps, np.nan)),
    "nan-parameter": _but(params=lambda case: np.full(2, np.nan)),
    "negative-scale": _but(params=lambda case: np.array([2.5, -1.5])),
    "shape-zero": _but(dist=lambda case: "gamma", params=lambda case: np.array([0.0, 1.5])),
    "unknown-distribution": _but(dist=lambda case: "uniform"),
}

CONTRACTS = (generalized_gradient,)
LAWS = (
    gradient,
    sample,
    moments_of_the_noise,
    *cross_cutting(generalized_gradient, allow=_rounding, layouts=("ignores-strides", "counts-calls")),
    *refusals(generalized_gradient, BAD),
)
