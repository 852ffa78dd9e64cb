"""One step of EM for a Gaussian mixture is a step along the gradient of the log-likelihood, and upwards.

With W = Σ w, N_k = Σ_n w_n R_nk, L the log-likelihood, and π free,

    π'_k = (1/W) ∂L/∂log π_k,    μ'_k − μ_k = (Σ_k/N_k) ∂L/∂μ_k,    S_k − Σ_k = (2/N_k) Σ_k (∂L/∂Σ_k) Σ_k

where S_k = Σ'_k + (μ'_k − μ_k)(μ'_k − μ_k)ᵀ is the mean square about the OLD mean: EM is a gradient step in a metric of its
own. So a directional derivative of L, read off central differences of a float64 oracle that knows nothing of EM, checks
the step. L(θ') ≥ L(θ), equality at a fixed point; near one, where many a wrong step falls, that tells something.

Symbols: X [N, D], π [K], μ [K, D], Σ [K, D, D], w [N]; θ' = (π', μ', Σ').
Source: Xu & Jordan 1996, Thm 1; Dempster, Laird & Rubin 1977, Thm 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Gap, Judged, at_most, gap, holds_if, inconclusive, law
from prufrock.gaps import all_of
from prufrock.tolerance import difference_quotient

from ..oracles.mixtures import log_likelihood, mstep, parts, posterior
from ._mixtures import form, sum_off, truth, within
from .gmm_em import PARAMETERS, WORDS, expected, gmm_em_step

if TYPE_CHECKING:
    from ..cases.mixtures import Directed, Mixture


@law(
    gmm_em_step,
    says="the new coefficients are the gradient of the log-likelihood in their logarithms",
    source="Xu & Jordan 1996, Thm 1",
    kind="gradient",
    rule="T4",
    code="GMM-07",
    needs=("pi",),
    kills=("coefficients-kept", "pseudo-counts", "uniform-start"),
)
def gradient_in_coefficients(step: Judged, case: Mixture) -> Gap:
    """W π'_k = ∂L/∂log π_k, each k, π not normalised."""
    x = within(step, case)
    X, pi, mu, Sigma, w = x
    total, pi_new = float(w.sum()), step.full(*x).pi
    _, off = expected(step, x)
    found = []
    for k in range(len(pi)):
        raised = np.arange(len(pi)) == k
        slope, slack = _slope(lambda s, r=raised: log_likelihood(X, pi * np.exp(s * r), mu, Sigma, w), 2.0**-8)
        found.append(gap(total * pi_new[k], slope, allow=slack + off.mass[k], effect=total))
    return all_of(*found)


@law(
    gmm_em_step,
    says="the means move along the gradient of the log-likelihood",
    source="Xu & Jordan 1996, Thm 1",
    kind="gradient",
    rule="T4",
    code="GMM-07",
    needs=PARAMETERS,
    cases="..cases.mixtures:directed",
    kills=("half-a-step", "hard", "means-kept"),
)
def gradient_in_means(step: Judged, case: Directed) -> Gap:
    """Σ_k N_k d_kᵀ Σ_k⁻¹ (μ'_k − μ_k) = dL(μ + s d)/ds at s = 0."""
    x = within(step, case)
    X, pi, mu, Sigma, w = x
    width = np.sqrt(np.linalg.eigvalsh(Sigma)[:, 0])[:, None]
    d = case.direction * width
    slope, slack = _slope(lambda s: log_likelihood(X, pi, mu + s * d, Sigma, w), 2.0**-7)
    want, off = expected(step, x)
    pull = np.linalg.solve(Sigma, d[..., None])[..., 0]
    got = float((want.mass[:, None] * pull * (step.full(*x).mu - mu)).sum())
    off_mean = off.first + off.mass[:, None] * np.abs(want.first / want.mass[:, None])
    size = float(w.sum()) * float(np.abs(case.direction).sum())
    return gap(got, slope, allow=slack + 2 * float((np.abs(pull) * off_mean).sum()), effect=max(abs(slope), size / 16))


@law(
    gmm_em_step,
    says="the covariances about the old means move along the gradient of the log-likelihood",
    source="Xu & Jordan 1996, Thm 1",
    kind="gradient",
    rule="T4",
    code="GMM-07",
    level="convention",
    when={"covariance": ("full",)},
    needs=PARAMETERS,
    cases="..cases.mixtures:directed",
    kills=("old-means", "bessel", "ridge", "half-a-step"),
)
def gradient_in_covariances(step: Judged, case: Directed) -> Gap:
    """Σ_k (N_k/2) tr(Σ_k⁻¹ (S_k − Σ_k) Σ_k⁻¹ E_k) = dL(Σ + s E)/ds at s = 0, S_k about the old mean, E_k = d_k d_kᵀ."""
    x = within(step, case)
    X, pi, mu, Sigma, w = x
    least = np.linalg.eigvalsh(Sigma)[:, 0]
    d = case.direction * np.sqrt(least / 4.0)[:, None]
    E = d[:, :, None] * d[:, None, :]
    slope, slack = _slope(lambda s: log_likelihood(X, pi, mu, Sigma + s * E, w), 2.0**-7)
    out, (want, off) = step.full(*x), expected(step, x)
    moved = out.mu - mu
    S = out.Sigma + moved[:, :, None] * moved[:, None, :]
    pull = np.linalg.solve(Sigma, d[..., None])[..., 0]
    got = float((want.mass / 2 * np.einsum("ki,kij,kj->k", pull, S - Sigma, pull)).sum())
    old = np.abs(mu) + np.abs(want.first / want.mass[:, None])
    slackness = (
        off.second
        + 2 * off.first[:, :, None] * old[:, None, :]
        + off.mass[:, None, None] * old[:, :, None] * old[:, None]
    )
    slack += 2 * float(np.einsum("ki,kij,kj->", np.abs(pull), slackness, np.abs(pull)))
    size = float(w.sum()) * float(np.square(case.direction).sum()) / 8
    return gap(got, slope, allow=slack, effect=max(abs(slope), size / 16))


@law(
    gmm_em_step,
    says="the log-likelihood does not fall",
    source="Dempster, Laird & Rubin 1977, Thm 1",
    kind="inequality",
    rule="T9",
    code="GMM-09",
    kills=("means-exchanged", "covariances-halved", "diagonal-only"),
    **WORDS,
)
def ascent(step: Judged, case: Mixture) -> Gap:
    """L(θ') ≥ L(θ), θ after eight steps of the oracle: far from a fixed point many a wrong step climbs too."""
    x = _settled(step, within(step, case))
    X, pi, mu, Sigma, w = x
    theta = _next(step, x)
    if theta is None:
        return inconclusive("a covariance becomes nearly singular")
    out, (want, off) = step.full(*x), expected(step, x)
    least = np.linalg.eigvalsh(theta[2])[:, 0].min()
    if not all(np.isfinite(a).all() for a in out.__dict__.values()) or np.linalg.eigvalsh(out.Sigma).min() < least / 16:
        return holds_if(False, "a covariance is not as definite as it should be", got=out.Sigma, want=theta[2])
    before, after = (posterior(X, *theta, step.u) for theta in ((pi, mu, Sigma), (out.pi, out.mu, out.Sigma)))
    # Errors of θ' as of its moments: π by δ₀, μ by δ₁, Σ by δ₂, and how log p depends on them.
    mass = want.mass[:, None]
    mean_off = ((off.first + off.mass[:, None] * np.abs(want.first / mass)) / mass).max(1)
    cov_off = (4 * (off.second.max(0) if form(step) == "tied" else off.second) / mass[..., None]).max((1, 2))
    q = parts(X, out.pi, out.mu, out.Sigma).q
    D = X.shape[1]
    move = np.sqrt(q / least) * D * mean_off + (q + D) * D * cov_off / least + off.mass / want.mass
    slack = float(w @ (after.R * move).sum(1)) + sum_off(before, w, step.u) + sum_off(after, w, step.u)
    L, L_new = (float(w @ p.log_density) for p in (before, after))
    return at_most(L, L_new, allow=slack, effect=max(abs(L), float(w.sum())))


def _next(step: Judged, x: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """θ' of the oracle, rounded to the subject's dtype; None where a Σ' is nearly singular or a component nearly empty."""
    theta = mstep(x[0], truth(step, x).R, x[4], form(step))
    pi, mu, Sigma = (a.astype(step.dtype).astype(np.float64) for a in theta)
    definite = np.linalg.eigvalsh(Sigma).min() > 1e-3 * np.abs(Sigma).max() and pi.min() > 1e-3
    return (pi, mu, Sigma) if definite and abs(pi.sum() - 1.0) < 1e-7 else None


def _settled(step: Judged, x: tuple[Any, ...], steps: int = 8) -> tuple[Any, ...]:
    """The start after some steps of the oracle, for as long as they stay definite."""
    for _ in range(steps):
        theta = _next(step, x)
        if theta is None:
            break
        x = (x[0], *theta, x[4])
    return x


def _slope(f: Any, h: float) -> tuple[float, float]:
    """T4: df/ds at 0 by central differences at h and h/2, extrapolated once, and its allowance."""
    values = {s: f(s) for s in (h, -h, h / 2, -h / 2)}
    wide, narrow = (values[h] - values[-h]) / (2 * h), (values[h / 2] - values[-h / 2]) / h
    largest = max(abs(v) for v in values.values())
    return narrow + (narrow - wide) / 3.0, difference_quotient(wide, narrow, largest, h, 2.0**-53)


CONTRACTS = ()
LAWS = (
    gradient_in_coefficients,
    gradient_in_means,
    gradient_in_covariances,
    ascent,
)
