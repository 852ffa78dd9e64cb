"""The M-step of a Gaussian mixture: the parameters that given responsibilities ask for.

    N_k = Σ_n w_n R_nk,   π_k = N_k/W,   μ_k = Σ_n w_n R_nk x_n/N_k,   Σ_k = Σ_n w_n R_nk (x_n − μ_k)(x_n − μ_k)ᵀ/N_k

with W = Σ w, the new μ_k, and divisor N_k. These are the equations of a maximum of Σ_nk w_n R_nk log π_k N(x_n | μ_k, Σ_k): multiplied
by N_k they say that the moments about the origin which the parameters claim, N_k, N_k μ_k and N_k (Σ_k + μ_k μ_kᵀ), are those of the
data. Summed over k they lose R altogether: Σ_k π_k μ_k is the mean of the sample and Σ_k π_k (Σ_k + μ_k μ_kᵀ) its second moment.
Tied: Σ = Σ_k π_k Σ_k. Diagonal: the diagonals. Spherical: their means. The laws look at what the form determines, the whole
matrix, the diagonal, the trace. Moved, weighted and empty components are in `gmm_mstep_changes`.

π maximises Σ_k N_k log π_k on the simplex. With multipliers λ of Σ π = 1 and ν_k ≥ 0 of π_k ≥ 0 it is stationary where
N_k/π_k − λ + ν_k = 0; times π_k: N_k = λ π_k, hence λ = W, also where N_k = 0 (there ν_k = W).

Symbols: X [N, D], R [N, K] with rows of sum 1, w [N] ≥ 0; π [K], μ [K, D], Σ [K, D, D] in every form.
Source: Bishop 2006, §9.2.2, (9.17), (9.19), (9.20) to (9.22).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, gap, inconclusive, law
from prufrock.gaps import all_of
from prufrock.tolerance import conic_witness

from ..hygiene import cross_cutting, refusals
from ..oracles.mixtures import coefficients, mstep, seen, structured
from ._mixtures import COVARIANCE, FORMS, form, moments, moments_of, moments_off, with_first

if TYPE_CHECKING:
    from ..cases.mixtures import Assigned

gmm_mstep = Contract(
    id="latent.gmm-mstep",
    says="coefficients, means and covariances of a Gaussian mixture from responsibilities",
    arguments={"X": "N D", "R": "N K", "weights": "N"},
    outputs={"Sigma": "K D D", "pi": "K", "mu": "K D"},
    domain="N, D, K ≥ 1; rows of R sum to 1; weights ≥ 0; every component has some mass; no regularisation",
    cases="..cases.mixtures:assigned",
    real="..cases.geyser:assigned",
    conventions={"covariance": FORMS, "empty": ("raises", "nan")},
    source="Bishop 2006, (9.17), (9.19), (9.22)",
    home=__package__,
)


def given(case: Assigned) -> tuple[Any, Any, Any]:
    return case.X, case.R, case.weights


def given_off(step: Judged, case: Any) -> Any:
    """T1 for the moments about the origin."""
    return moments_off(case.X, case.R, case.weights, np.zeros_like(case.R), step.u)


@law(
    gmm_mstep,
    says="a component's coefficient is its share of the points",
    source="Bishop 2006, (9.22)",
    kind="identity",
    rule="T1",
    code="GMM-08",
    needs=("pi",),
    complete=True,
    kills=("uniform-coefficients", "coefficients-by-count", "weights-ignored", "pseudo-counts", "hard-coefficients"),
)
def shares(step: Judged, case: Assigned) -> Gap:
    """N_k − λ π_k = 0 with λ = W: π_k = Σ_n w_n R_nk/W."""
    X, R, w = given(case)
    total = w.sum()
    allow = given_off(step, case).mass / total + 8 * step.u
    return gap(step.full(X, R, w).pi, w @ R / total, allow=allow, effect=1.0)


@law(
    gmm_mstep,
    says="the coefficients are those which a convex solver finds, and W is the price of mass",
    source="Bishop 2006, (9.20)-(9.22)",
    kind="oracle",
    rule="T7",
    code="GMM-08",
    needs=("pi",),
    kills=("uniform-coefficients", "coefficients-by-count", "coefficients-squared"),
)
def convex_witness(step: Judged, case: Assigned) -> Gap:
    """π = argmax Σ_k N_k log π_k on the simplex (CLARABEL); the multiplier of Σ π = 1 is W."""
    X, R, w = given(case)
    mass, total = w @ R, float(w.sum())
    best, dual, optimal = coefficients(mass)
    if not optimal:
        return inconclusive("the solver's status is not 'optimal'")
    price = gap(dual, total, allow=conic_witness(total, total))
    return all_of(price, gap(step.full(X, R, w).pi, best, allow=conic_witness(0.0, 1.0), effect=1.0))


@law(
    gmm_mstep,
    says="every mean balances the points that its component is responsible for",
    source="Bishop 2006, (9.17)",
    kind="identity",
    rule="T1",
    code="GMM-05",
    needs=("mu",),
    complete=True,
    kills=("means-unweighted", "weights-ignored", "means-of-all", "hard-means", "means-shrunk"),
)
def means_balance(step: Judged, case: Assigned) -> Gap:
    """N_k μ_k = Σ_n w_n R_nk x_n."""
    X, R, w = given(case)
    m, off = moments(X, R, w), given_off(step, case)
    allow = off.first + off.mass[:, None] * np.abs(m.first / m.mass[:, None])
    return gap(
        m.mass[:, None] * step.full(X, R, w).mu, m.first, allow=allow, effect=largest(m.mass[:, None] * np.abs(X).max())
    )


@law(
    gmm_mstep,
    says="every covariance is the mean square about the new mean",
    source="Bishop 2006, (9.19)",
    kind="identity",
    rule="T1",
    level="convention",
    when=COVARIANCE,
    code="GMM-06",
    complete=True,
    kills=(
        "bessel",
        "second-moment",
        "about-the-sample-mean",
        "ridge",
        "weights-ignored",
        "tied-plainly",
        "last-point",
    ),
)
def covariances(step: Judged, case: Assigned) -> Gap:
    """N_k Σ_k = Σ_n w_n R_nk (x_n − μ_k)(x_n − μ_k)ᵀ, of it what the form determines; tied: summed over k."""
    X, R, w = given(case)
    kind, mass = form(step), w @ R
    want = structured(mstep(X, R, w)[2], mass, kind)
    m, off = moments(X, R, w), given_off(step, case).second
    if kind == "tied":
        off = np.broadcast_to(off.sum(0) * (mass / mass.sum())[:, None, None], off.shape)
    allow = 4 * off + 16 * step.u * np.abs(m.second)
    size = largest(mass[:, None, None] * np.abs(want))
    scaled = mass[:, None, None] * step(X, R, w)
    return gap(seen(scaled, kind), seen(mass[:, None, None] * want, kind), allow=seen(allow, kind), effect=size)


@law(
    gmm_mstep,
    says="the mean of the mixture is the mean of the sample",
    source="derived",
    kind="identity",
    rule="T1",
    code="GMM-05",
    needs=("pi", "mu"),
    kills=("uniform-coefficients", "means-unweighted", "pseudo-counts"),
)
def total_mean(step: Judged, case: Assigned) -> Gap:
    """Σ_k π_k μ_k = Σ_n w_n x_n/W."""
    X, R, w = given(case)
    out, total = step.full(X, R, w), w.sum()
    allow = given_off(step, case).first.sum(0) / total + 16 * step.u * np.abs(X).max()
    return gap(out.pi @ out.mu, w @ X / total, allow=allow, effect=max(float(np.abs(X).max()), 1e-30))


@law(
    gmm_mstep,
    says="the second moment of the mixture is the second moment of the sample",
    source="derived (law of total covariance)",
    kind="identity",
    rule="T1",
    level="convention",
    when=COVARIANCE,
    code="GMM-06",
    needs=("pi", "mu"),
    kills=("bessel", "second-moment", "about-the-sample-mean", "ridge", "tied-plainly", "deviations"),
)
def total_covariance(step: Judged, case: Assigned) -> Gap:
    """Σ_k π_k (Σ_k + μ_k μ_kᵀ) = Σ_n w_n x_n x_nᵀ/W: the matrix, its diagonal, or its trace."""
    X, R, w = given(case)
    total, kind, out = w.sum(), form(step), step.full(X, R, w)
    got = moments_of(out.pi, out.mu, out.Sigma, 1.0).second.sum(0)
    want = (X * w[:, None]).T @ X / total
    allow = 4 * given_off(step, case).second.sum(0) / total + 32 * step.u * float(np.square(X).max())
    size = max(float(np.abs(mstep(X, np.ones((len(X), 1)), w)[2]).max()), 1e-30)
    return gap(seen(got, kind), seen(want, kind), allow=seen(allow, kind), effect=size)


@law(
    gmm_mstep,
    says="covariances are symmetric, never negative, and of their form",
    source="derived",
    kind="inequality",
    rule="T1",
    level="convention",
    when=COVARIANCE,
    code="GMM-06",
    kills=("lopsided", "form-not-kept", "negated"),
)
def shape_of_covariances(step: Judged, case: Assigned) -> Gap:
    """Σ_k = Σ_kᵀ ⪰ 0; equal if tied, diagonal if diagonal, a number times I if spherical."""
    X, R, w = given(case)
    S, kind = step(X, R, w), form(step)
    mass = w @ R
    off = 4 * given_off(step, case).second.max((1, 2)) / mass + 16 * step.u * np.square(X).max()
    off = np.full_like(off, off.max()) if kind == "tied" else off
    eye = np.eye(X.shape[1])
    model = {
        "full": S.swapaxes(1, 2),
        "tied": (S[:1] + S[:1].swapaxes(1, 2)) / 2,
        "diagonal": S * eye,
        "spherical": S[:, :1, :1] * eye,
    }[kind]
    size = max(float(np.abs(S).max()), 1e-30)
    kept = gap(S, model, allow=off[:, None, None], effect=size)
    least = np.linalg.eigvalsh((S + S.swapaxes(1, 2)) / 2)[:, 0] if np.isfinite(S).all() else np.full(len(S), np.nan)
    return all_of(kept, at_most(-least, 0.0, allow=X.shape[1] * off, effect=size))


def widest(off: Any, mass: Any, X: Any, u: float) -> float:
    """The widest allowance of any entry of Σ, from those of second moments: a tied or spherical Σ mixes them."""
    return float((off / mass[:, None, None]).max() + 16 * u * np.square(X).max())


def largest(x: Any) -> float:
    return max(float(np.abs(x).max(initial=0.0)), 1e-30)


def _layout(case: Assigned, u: float) -> float:
    off = moments_off(case.X, case.R, case.weights, np.zeros_like(case.R), u).second
    return widest(8 * off, case.weights @ case.R, case.X, u)


BAD = {
    "nan-point": lambda c: (with_first(c.X, np.nan), c.R, np.maximum(c.weights, 1.0)),
    "nan-responsibility": lambda c: (c.X, with_first(c.R, np.nan), np.maximum(c.weights, 1.0)),
    "negative-weight": lambda c: (c.X, c.R, -1.0 - c.weights),
}

CONTRACTS = (gmm_mstep,)
LAWS = (
    shares,
    convex_witness,
    means_balance,
    covariances,
    total_mean,
    total_covariance,
    shape_of_covariances,
    *cross_cutting(gmm_mstep, allow=_layout),
    *refusals(gmm_mstep, BAD),
)
