"""The M-step of a Gaussian mixture: the parameters that given responsibilities ask for.

    N_k = Σ_n w_n R_nk,   π_k = N_k/W,   μ_k = Σ_n w_n R_nk x_n/N_k,   Σ_k = Σ_n w_n R_nk (x_n − μ_k)(x_n − μ_k)ᵀ/N_k

with W = Σ w, the new μ_k, and divisor N_k. These are the equations of a maximum of Σ_nk w_n R_nk log π_k N(x_n | μ_k, Σ_k): multiplied
by N_k they say that the moments about the origin which the parameters claim, N_k, N_k μ_k and N_k (Σ_k + μ_k μ_kᵀ), are those of the
data. Summed over k they lose R altogether: Σ_k π_k μ_k is the mean of the sample and Σ_k π_k (Σ_k + μ_k μ_kᵀ) its second moment.
Tied: Σ = Σ_k π_k Σ_k. Diagonal: the diagonals. Spherical: their means. The laws look at what the form determines, the whole
matrix, the diagonal, the trace.

π maximises Σ_k N_k log π_k on the simplex. With multipliers λ of Σ π = 1 and ν_k ≥ 0 of π_k ≥ 0 it is stationary where
N_k/π_k − λ + ν_k = 0; times π_k: N_k = λ π_k, hence λ = W, also where N_k = 0 (there ν_k = W).

Where data lie far from the origin, E[xxᵀ] − E[x] E[x]ᵀ cancels: it loses (‖x‖/σ)² u where the problem itself loses ‖x‖/σ·u. All
laws but one allow for it; `far from the origin` asks for what the problem allows.

Symbols: X [N, D], R [N, K] with rows of sum 1, w [N] ≥ 0; π [K], μ [K, D], Σ [K, D, D] in every form.
Source: Bishop 2006, §9.2.2, (9.17), (9.19), (9.22).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, gap, holds_if, inconclusive, law
from prufrock.call import SubjectRaised
from prufrock.gaps import all_of
from prufrock.tolerance import conic_witness

from ..hygiene import cross_cutting, refusals
from ..oracles.mixtures import coefficients, mstep, seen, structured
from ._mixtures import COVARIANCE, FORMS, far, form, linear, moments, moments_of, moments_off

if TYPE_CHECKING:
    from ..cases.mixtures import Assigned, MovedAssigned

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


def _plain(case: Assigned) -> tuple[Any, Any, Any]:
    return case.X, case.R, case.weights


def _off(step: Judged, case: Any) -> Any:
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
    X, R, w = _plain(case)
    total = w.sum()
    allow = _off(step, case).mass / total + 8 * step.u
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
    X, R, w = _plain(case)
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
    X, R, w = _plain(case)
    m, off = moments(X, R, w), _off(step, case)
    allow = off.first + off.mass[:, None] * np.abs(m.first / m.mass[:, None])
    return gap(
        m.mass[:, None] * step.full(X, R, w).mu, m.first, allow=allow, effect=_effect(m.mass[:, None] * np.abs(X).max())
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
    X, R, w = _plain(case)
    kind, mass = form(step), w @ R
    want = structured(mstep(X, R, w)[2], mass, kind)
    m, off = moments(X, R, w), _off(step, case).second
    if kind == "tied":
        off = np.broadcast_to(off.sum(0) * (mass / mass.sum())[:, None, None], off.shape)
    allow = 4 * off + 16 * step.u * np.abs(m.second)
    size = _effect(mass[:, None, None] * np.abs(want))
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
    X, R, w = _plain(case)
    out, total = step.full(X, R, w), w.sum()
    allow = _off(step, case).first.sum(0) / total + 16 * step.u * np.abs(X).max()
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
    X, R, w = _plain(case)
    total, kind, out = w.sum(), form(step), step.full(X, R, w)
    got = moments_of(out.pi, out.mu, out.Sigma, 1.0).second.sum(0)
    want = (X * w[:, None]).T @ X / total
    allow = 4 * _off(step, case).second.sum(0) / total + 32 * step.u * float(np.square(X).max())
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
    X, R, w = _plain(case)
    S, kind = step(X, R, w), form(step)
    mass = w @ R
    off = 4 * _off(step, case).second.max((1, 2)) / mass + 16 * step.u * np.square(X).max()
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


@law(
    gmm_mstep,
    says="a weight counts a point as often, and only ratios of weights matter",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-11",
    kills=("bessel", "weights-ignored", "weights-squared"),
)
def weights_count(step: Judged, case: Assigned) -> Gap:
    """Σ(X, R, w) = Σ(X and R repeated 4w times, 1)."""
    X, R, w = _plain(case)
    times = np.round(4.0 * w).astype(np.int64)
    many = (np.repeat(X, times, 0), np.repeat(R, times, 0), np.ones(times.sum()))
    off = 4 * _off(step, case).second + moments_off(*many, np.zeros_like(many[1]), step.u).second
    allow = _widest(off, w @ R, X, step.u)
    return gap(step(X, R, w), step(*many), allow=allow, effect=_effect(mstep(X, R, w)[2]))


@law(
    gmm_mstep,
    says="the order of components and of points is a matter of naming",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-12",
    kills=("last-point", "last-component-loose", "weights-of-the-first"),
)
def naming(step: Judged, case: Assigned) -> Gap:
    """Reversing components and points reverses Σ."""
    X, R, w = _plain(case)
    back = step(*(np.ascontiguousarray(a) for a in (X[::-1], R[::-1, ::-1], w[::-1])))
    allow = _widest(8 * _off(step, case).second, w @ R, X, step.u)
    return gap(back[::-1], step(X, R, w), allow=allow, effect=_effect(mstep(X, R, w)[2]))


@law(
    gmm_mstep,
    says="a single component is the sample: its mean and its biased covariance",
    source="Bishop 2006, (2.121), (2.122)",
    kind="limit",
    rule="T1",
    level="convention",
    when=COVARIANCE,
    code="GMM-13",
    needs=("mu",),
    cases="..cases.mixtures:single_assigned",
    kills=("bessel", "weights-ignored", "second-moment"),
)
def one_component(step: Judged, case: Assigned) -> Gap:
    """K = 1: μ the mean, Σ the covariance with divisor W."""
    X, R, w = _plain(case)
    out, kind, total = step.full(X, R, w), form(step), w.sum()
    _, mu, Sigma = mstep(X, R, w, kind)
    off = _off(step, case)
    means = gap(out.mu, mu, allow=off.first / total + 8 * step.u * np.abs(X).max(), effect=max(_effect(X), 1e-30))
    allow = 4 * off.second / total + 16 * step.u * np.square(X).max()
    return all_of(means, gap(seen(out.Sigma, kind), seen(Sigma, kind), allow=seen(allow, kind), effect=_effect(Sigma)))


@law(
    gmm_mstep,
    says="moved, stretched and sheared points move, stretch and shear the components",
    source="derived",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when=COVARIANCE,
    code="GMM-10",
    cases="..cases.mixtures:moved_assigned",
    kills=("ridge", "second-moment", "deviations"),
)
def affine_equivariance(step: Judged, case: MovedAssigned) -> Gap:
    """Σ(TX + t) = T Σ(X) Tᵀ, T diagonal or a number where Σ is."""
    X, R, w = _plain(case)
    T = linear(step, case.T)
    Y = X @ T.T + case.t
    mass = (w @ R)[:, None, None]
    off = _off(step, case).second
    here = 4 * np.abs(T) @ (off / mass + 4 * step.u * np.square(X).max()) @ np.abs(T.T)
    there = 4 * moments_off(Y, R, w, np.zeros_like(R), step.u).second / mass + 16 * step.u * np.square(Y).max()
    allow = float((here + there).max())
    want = T @ step(X, R, w) @ T.T
    return gap(step(Y, R, w), want, allow=allow, effect=_effect(mstep(Y, R, w)[2]))


@law(
    gmm_mstep,
    says="far from the origin covariances keep the digits that the problem has",
    source="derived: only differences of points matter",
    kind="metamorphic",
    rule="T9",
    code="GMM-10",
    level="convention",
    when=COVARIANCE,
    kills=("one-pass-moments", "single"),
)
def far_from_the_origin(step: Judged, case: Assigned) -> Gap:
    """Σ(X + t) = Σ(X), t = u^−½ widths of X away, within what relative errors 16u of X + t may change."""
    X, R, w = _plain(case)
    width = float(np.ptp(X, axis=0).max(initial=0.0))
    if width == 0.0:
        return inconclusive("all points coincide")
    t, kind = far(width, step.u), form(step)
    want = structured(mstep(X, R, w)[2], w @ R, kind)
    # A mean that is off by δ adds δδᵀ.
    mean_off = 8.0 * len(X) * step.u * (t + float(np.abs(X).max()))
    allow = 32.0 * step.u * width * t + mean_off**2 + 8.0 * (len(X) + 2) * step.u * width**2
    got = step(X + t, R, w)
    return gap(
        seen(got, kind),
        seen(want, kind),
        allow=allow * (X.shape[1] if kind == "spherical" else 1),
        effect=_effect(want),
    )


@law(
    gmm_mstep,
    says="a component without mass is what the subject says it is",
    source="derived: 0/0",
    kind="limit",
    rule="T1",
    level="convention",
    when={"empty": ("raises", "nan")},
    code="GMM-08",
    cases="..cases.mixtures:emptied",
    kills=("revives-the-empty", "spoils-all-where-empty"),
)
def empty_component(step: Judged, case: Assigned) -> Gap:
    """N_K = 0: an error; or Σ_K NaN, π_K = 0, and the others as without it."""
    X, R, w = _plain(case)
    if step.conventions["empty"] == "raises":
        try:
            step.quietly(lambda: step.raw(*(a.astype(step.dtype) for a in (X, R, w))))
        except SubjectRaised:
            return holds_if(True, "raises")
        return holds_if(False, "an error was declared, none was raised")
    got, want = step(X, R, w), step(X, np.ascontiguousarray(R[:, :-1]), w)
    allow = _widest(8 * _off(step, case).second[:-1], (w @ R)[:-1], X, step.u)
    others = gap(got[:-1], want, allow=allow, effect=_effect(want))
    return all_of(others, holds_if(bool(np.isnan(got[-1]).any()), "an empty component is not NaN", got=got[-1]))


def _widest(off: Any, mass: Any, X: Any, u: float) -> float:
    """The widest allowance of any entry of Σ, from those of second moments: a tied or spherical Σ mixes them."""
    return float((off / mass[:, None, None]).max() + 16 * u * np.square(X).max())


def _effect(x: Any) -> float:
    return max(float(np.abs(x).max(initial=0.0)), 1e-30)


def _layout(case: Assigned, u: float) -> float:
    off = moments_off(case.X, case.R, case.weights, np.zeros_like(case.R), u).second
    return _widest(8 * off, case.weights @ case.R, case.X, u)


def _first(x: Any, value: float) -> Any:
    out = x.copy()
    out[(0,) * x.ndim] = value
    return out


BAD = {
    "nan-point": lambda c: (_first(c.X, np.nan), c.R, np.maximum(c.weights, 1.0)),
    "nan-responsibility": lambda c: (c.X, _first(c.R, np.nan), np.maximum(c.weights, 1.0)),
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
    weights_count,
    naming,
    one_component,
    affine_equivariance,
    far_from_the_origin,
    empty_component,
    *cross_cutting(gmm_mstep, allow=_layout),
    *refusals(gmm_mstep, BAD),
)
