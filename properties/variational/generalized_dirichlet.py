"""The generalized gradient of a Dirichlet variable, made of gammas that are standardised one by one.

    z_k = g_k/Σg,  log g_k = ψ(α_k) + √ψ₁(α_k) ε_k       ∂z_j/∂α_k = z_j (δ_jk − z_k) ∂_α log g_k

    ∇_k E f = E z_k (∂_k f − Σ_j z_j ∂_j f) ∂_α log g_k + E f(z) ∂_α log q_ε(ε_k; α_k)

The ε_k are independent, so a mean over them is a sum over a grid: exact to rounding for two, by the trapezoid rule.
With f a monomial E f = Γ(Σα) Π Γ(α_k + p_k)/Γ(α_k) / Γ(Σα + Σp). Moving along z changes nothing: as Σ_j z_j = 1, a term
c·(Σ_j z_j − 1) of f changes neither f nor any contribution.

Symbols: f a polynomial in z[K], df its gradient; alpha[K]; eps[S, K]; g_rep, g_corr, z [S, K], logq_eps[S].
Source: Ruiz, Titsias and Blei 2016, §3; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, all_of, gap, law
from prufrock.tolerance import summation

from .._scipy import special
from ..cases.integrands import Multivariate
from ..hygiene import cross_cutting, refusals
from ..oracles import standardised as oracle
from ..oracles.differences import each
from ..oracles.dirichlet import slope
from .generalized import FULL, SOURCE

if TYPE_CHECKING:
    from ..cases.shapes_of_noise import Parts

Array = NDArray[np.float64]

generalized_dirichlet = Contract(
    id="variational.generalized-dirichlet",
    says="pathwise and correcting contributions to ∇E f of a Dirichlet variable made of standardised gammas",
    arguments={"f": "", "df": "", "alpha": "K", "eps": "S K"},
    outputs={"g_rep": "S K", "g_corr": "S K", "z": "S K", "logq_eps": "S"},
    domain="alpha > 0, K ≥ 2; finite noise",
    cases="..cases.shapes_of_noise:parts",
    conventions={"standardisation": ("full", "partial")},
    source=SOURCE,
    home=__package__,
)


def operations(case: Parts) -> int:
    return 48 + 8 * case.f.total_degree * len(case.alpha)


def gammas(case: Parts, eps: Array) -> tuple[Array, Array]:
    """log g and the magnitude of ∂_α log g, [S, K]."""
    columns = [(np.array([a, 1.0]), e) for a, e in zip(case.alpha, eps.T, strict=True)]
    standard = [oracle.standard(oracle.GAMMA, v) for v, _ in columns]
    log_g = np.stack([m + s * e for (m, s), (_, e) in zip(standard, columns, strict=True)], axis=1)
    return log_g, np.stack([oracle.speed_size(oracle.GAMMA, v, e)[:, 0] for v, e in columns], axis=1)


def sizes(case: Parts, eps: Array) -> tuple[Array, Array]:
    """Magnitudes of the summands of g_rep and g_corr, [S, K], times 1 + |log g|."""
    log_g, speed = gammas(case, eps)
    z = special.softmax(log_g, axis=1)
    slopes = case.df.magnitude(z)
    far = 1.0 + np.abs(log_g).max(axis=1, keepdims=True)
    path = z * (slopes + (z * slopes).sum(axis=1, keepdims=True)) * speed
    score = [
        oracle.score_size(oracle.GAMMA, np.array([a, 1.0]), e)[:, 0] for a, e in zip(case.alpha, eps.T, strict=True)
    ]
    return far * path, far * case.f.magnitude(z)[:, None] * np.stack(score, axis=1)


def over_noise(case: Parts, u: float) -> tuple[Array, Array]:
    """Nodes eps[n, K] and weights w[n]."""
    axes = [oracle.grid(oracle.GAMMA, np.array([a, 1.0]), 0, max(u, 2.0**-40)) for a in case.alpha]
    eps = np.stack([x.reshape(-1) for x in np.meshgrid(*(axis.eps for axis in axes), indexing="ij")], axis=1)
    w = np.ones(1)
    for axis in axes:
        w = np.outer(w, axis.w).reshape(-1)
    return eps, w


def called(estimate: Judged, case: Parts, eps: Array) -> Any:
    return estimate.full(case.f, case.df, case.alpha, eps)


@law(
    generalized_dirichlet,
    says="the mean of both parts over the noise is the gradient",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="GRG-01",
    cases="..cases.shapes_of_noise:pairs",
    needs=("g_corr",),
    complete=True,
    effort=0.3,
    kills=("correction-dropped", "forgets-the-others", "correction-of-the-next", "value-for-slope"),
    **FULL,
)
def gradient(estimate: Judged, case: Parts) -> Gap:
    """Σ w (g_rep + g_corr) = ∇_α E f, for two parts."""
    eps, w = over_noise(case, estimate.u)
    out = called(estimate, case, eps)
    size = w @ sum(sizes(case, eps))
    allow = summation(operations(case), size, estimate.u)
    return gap(w @ (out.g_rep + out.g_corr), slope(case.f, case.alpha), allow=allow, effect=float(size.max()))


@law(
    generalized_dirichlet,
    says="a sample is the share of each gamma in their sum",
    source="derived",
    kind="oracle",
    rule="T1",
    code="GRG-02",
    needs=("z",),
    complete=True,
    kills=("log-for-digamma", "square-root-forgotten", "unnormalised"),
    **FULL,
)
def sample(estimate: Judged, case: Parts) -> Gap:
    """z = softmax(ψ(α) + √ψ₁(α) ε)."""
    log_g, _ = gammas(case, case.eps)
    want = special.softmax(log_g, axis=1)
    far = 2.0 + np.abs(log_g).max(axis=1, keepdims=True)
    got = called(estimate, case, case.eps).z
    return gap(got, want, allow=summation(len(case.alpha), far * want, estimate.u), effect=float(want.min()))


@law(
    generalized_dirichlet,
    says="the pathwise part is the slope along the path of each shape",
    source="derived",
    kind="gradient",
    rule="T4",
    code="GRG-07",
    complete=True,
    kills=("forgets-the-others", "value-for-slope", "score-alone"),
    **FULL,
)
def pathwise_part(estimate: Judged, case: Parts) -> Gap:
    """g_rep,k = d f(z(ε; α))/dα_k, by differences."""
    got = estimate(case.f, case.df, case.alpha, case.eps)
    want, slack = _by_differences(case, lambda at: at.f(special.softmax(gammas(at, at.eps)[0], axis=1)))
    size, _ = sizes(case, case.eps)
    allow = summation(operations(case), size, estimate.u) + slack
    return gap(got, want, allow=allow, effect=float(size.max()))


@law(
    generalized_dirichlet,
    says="the correcting part is the value times the score of each gamma's noise",
    source="derived",
    kind="gradient",
    rule="T4",
    code="GRG-07",
    needs=("g_corr",),
    complete=True,
    kills=("correction-dropped", "correction-of-the-next", "score-alone"),
    **FULL,
)
def correcting_part(estimate: Judged, case: Parts) -> Gap:
    """g_corr,k = f(z) ∂ log q_ε(ε_k; α_k)/∂α_k, by differences."""
    value = case.f(special.softmax(gammas(case, case.eps)[0], axis=1))[:, None]
    want, slack = _by_differences(case, lambda at: _log_density(at))
    _, size = sizes(case, case.eps)
    allow = summation(operations(case), size, estimate.u) + np.abs(value) * slack
    return gap(called(estimate, case, case.eps).g_corr, value * want, allow=allow, effect=float(size.max()))


def _log_density(case: Parts) -> Array:
    """Σ_k log q_ε(ε_k; α_k), [S]."""
    pairs = zip(case.alpha, case.eps.T, strict=True)
    return np.asarray(sum(oracle.log_density(oracle.GAMMA, np.array([a, 1.0]), e) for a, e in pairs))


def _by_differences(case: Parts, function: Any) -> tuple[Array, Array]:
    """∂/∂α of a function of a case, [S, K], and how far off it may be (T4)."""

    def at(alpha: Array) -> Array:
        return np.asarray(function(type(case)(case.f, alpha, case.eps)))

    slopes, apart, h = each(at, case.alpha, 2.0**-12)
    largest = np.stack([np.abs(at(moved)) for moved in case.alpha + np.diag(h)], axis=-1) + 1.0
    return slopes, 10.0 * apart + 64.0 * 2.0**-53 * largest / h


@law(
    generalized_dirichlet,
    says="the density of the noise is the product of its gammas'",
    source="derived",
    kind="oracle",
    rule="T1",
    code="GRG-02",
    needs=("logq_eps",),
    kills=("density-of-one", "log-for-digamma"),
    **FULL,
)
def density_of_the_noise(estimate: Judged, case: Parts) -> Gap:
    """log q_ε(ε) = Σ_k log q_ε(ε_k; α_k)."""
    pairs = zip(case.alpha, case.eps.T, strict=True)
    size = np.sum([oracle.log_density_size(oracle.GAMMA, np.array([a, 1.0]), e) for a, e in pairs], axis=0)
    got = called(estimate, case, case.eps).logq_eps
    return gap(got, _log_density(case), allow=summation(8, size, estimate.u), effect=float(size.max()))


@law(
    generalized_dirichlet,
    says="what is constant on the simplex changes nothing",
    source="derived: Σ z = 1",
    kind="metamorphic",
    rule="T10",
    code="GRG-07",
    needs=("g_corr",),
    kills=("forgets-the-others", "unnormalised"),
)
def constant_on_the_simplex(estimate: Judged, case: Parts) -> Gap:
    """f + c (Σ_j z_j − 1) contributes what f does."""
    K, c = len(case.alpha), 1.5
    unit = (tuple(int(i == j) for i in range(K)) for j in range(K))
    added = Multivariate((*(c,) * K, -c), (*unit, (0,) * K))
    other = type(case)(case.f + added, case.alpha, case.eps)
    one, two = called(estimate, case, case.eps), called(estimate, other, case.eps)
    n, (path, score) = operations(other), sizes(other, case.eps)
    return all_of(
        gap(two.g_rep, one.g_rep, allow=2.0 * summation(n, path, estimate.u), effect=float(path.max()), says="g_rep"),
        gap(
            two.g_corr, one.g_corr, allow=2.0 * summation(n, score, estimate.u), effect=float(score.max()), says="corr"
        ),
    )


def _rounding(case: Parts, u: float) -> float:
    return float(summation(operations(case), sizes(case, case.eps)[0].max(), u))


BAD: dict[str, Any] = {
    "nan-noise": lambda case: (case.f, case.df, case.alpha, np.full_like(case.eps, np.nan)),
    "negative-shape": lambda case: (case.f, case.df, -case.alpha, case.eps),
    "shape-zero": lambda case: (case.f, case.df, 0.0 * case.alpha, case.eps),
}

CONTRACTS = (generalized_dirichlet,)
LAWS = (
    gradient,
    sample,
    pathwise_part,
    correcting_part,
    density_of_the_noise,
    constant_on_the_simplex,
    *cross_cutting(generalized_dirichlet, allow=_rounding),
    *refusals(generalized_dirichlet, BAD),
)
