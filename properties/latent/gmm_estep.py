"""The E-step of a Gaussian mixture: responsibilities, and the log-likelihood that they belong to.

    R_nk = π_k N(x_n | μ_k, Σ_k) / p(x_n),    p(x) = Σ_k π_k N(x | μ_k, Σ_k),    L = Σ_n w_n log p(x_n)

For any row-stochastic R' the bound F(R') = Σ_nk w_n R'_nk (log π_k N(x_n | μ_k, Σ_k) − log R'_nk) is at most L, and F(R) = L.
Moved, weighted and renamed mixtures are in `gmm_estep_changes`, narrow ones, far points and the integral of p in
`gmm_estep_limits`.

A subject that knows only some covariances declares their form, and is asked only about such.

Symbols: X [N, D] points, π [K], μ [K, D], Σ [K, D, D] in every form, w [N] ≥ 0; R [N, K]; log_density [N].
Source: Bishop 2006, §9.2-9.4; Neal & Hinton 1998 (F).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, gap, law
from prufrock.gaps import all_of

from ..hygiene import cross_cutting, refusals
from ..oracles.mixtures import parts, posterior
from ._mixtures import FORMS, sum_off, truth, with_first, within

if TYPE_CHECKING:
    from ..cases.mixtures import Mixture, Rivalled

gmm_estep = Contract(
    id="latent.gmm-estep",
    says="responsibilities of the components of a Gaussian mixture for points, and the log-likelihood",
    arguments={"X": "N D", "pi": "K", "mu": "K D", "Sigma": "K D D", "weights": "N"},
    outputs={"R": "N K", "log_likelihood": "", "log_density": "N"},
    domain="N, D, K ≥ 1; π on the simplex, zeros allowed; Σ_k positive definite; weights ≥ 0, not all 0",
    cases="..cases.mixtures:mixtures",
    real="..cases.geyser:mixtures",
    conventions={"covariance": FORMS},
    source="Bishop 2006, (9.13), (9.14)",
    home=__package__,
)


@law(
    gmm_estep,
    says="the log-likelihood is the weighted sum of the logarithms of the mixture's density",
    source="Bishop 2006, (9.14)",
    kind="oracle",
    rule="T9",
    code="GMM-01",
    needs=("log_likelihood",),
    complete=True,
    kills=("no-two-pi", "logdet-twice", "no-coefficients", "weights-ignored", "last-point-missing", "mean-not-sum"),
)
def likelihood(step: Judged, case: Mixture) -> Gap:
    """L = Σ_n w_n log Σ_k π_k N(x_n | μ_k, Σ_k)."""
    x = within(step, case)
    p = truth(step, x)
    want = float(x[4] @ p.log_density)
    effect = max(abs(want), float(x[4].sum()))
    return gap(step.full(*x).log_likelihood, want, allow=sum_off(p, x[4], step.u), effect=effect)


@law(
    gmm_estep,
    says="the log-density of each point is that of the mixture",
    source="Bishop 2006, (9.7)",
    kind="oracle",
    rule="T9",
    code="GMM-01",
    needs=("log_density",),
    kills=("density-of-the-nearest", "density-without-coefficients"),
)
def log_densities(step: Judged, case: Mixture) -> Gap:
    """log p(x_n) = log Σ_k π_k N(x_n | μ_k, Σ_k)."""
    x = within(step, case)
    p = truth(step, x)
    effect = max(float(np.abs(p.log_density).max()), 1.0)
    return gap(step.full(*x).log_density, p.log_density, allow=p.log_density_off, effect=effect)


@law(
    gmm_estep,
    says="responsibilities are the posterior probabilities of the components",
    source="Bishop 2006, (9.13)",
    kind="oracle",
    rule="T9",
    code="GMM-02",
    complete=True,
    kills=("logdet-twice", "no-coefficients", "axis-zero", "no-half", "hard", "floored", "single"),
)
def responsibilities(step: Judged, case: Mixture) -> Gap:
    """R_nk = π_k N(x_n | μ_k, Σ_k)/p(x_n)."""
    x = within(step, case)
    p = truth(step, x)
    return gap(step(*x), p.R, allow=p.R_off, effect=1.0)


@law(
    gmm_estep,
    says="each point is shared out completely",
    source="Bishop 2006, (9.13)",
    kind="identity",
    rule="T3",
    code="GMM-02",
    kills=("axis-zero", "times-weights", "floored"),
)
def rows_sum_to_one(step: Judged, case: Mixture) -> Gap:
    """Σ_k R_nk = 1, R ≥ 0; exp(joint − log p) rounds at the size of log p."""
    x = within(step, case)
    R, p = step(*x), parts(*x[:4])
    finite = np.where(np.isfinite(p.joint), np.abs(p.joint), 0.0)
    allow = 4.0 * step.u * (finite.max(1) + len(x[1]) + 4.0)
    return all_of(gap(R.sum(1), 1.0, allow=allow), at_most(-R, 0.0, allow=0.0, effect=1.0))


@law(
    gmm_estep,
    says="with its own responsibilities the bound is tight",
    source="Neal & Hinton 1998; Bishop 2006, §9.4",
    kind="identity",
    rule="T9",
    code="GMM-03",
    needs=("log_likelihood",),
    kills=("no-two-pi", "coefficients-in-likelihood-only", "mean-not-sum", "weights-ignored"),
)
def tight_bound(step: Judged, case: Mixture) -> Gap:
    """Σ_nk w_n R_nk (log π_k N(x_n | μ_k, Σ_k) − log R_nk) = L."""
    x = within(step, case)
    out, p, joint = step.full(*x), truth(step, x), parts(*x[:4]).joint
    slope = np.abs(p.log_density)[:, None] + 1.0 + np.abs(np.log(np.maximum(p.R, 1e-300)))
    allow = sum_off(p, x[4], step.u) + float(x[4] @ (p.R_off * slope).sum(1))
    effect = max(abs(float(x[4] @ p.log_density)), float(x[4].sum()))
    return gap(out.log_likelihood, _bound(joint, out.R, x[4]), allow=allow, effect=effect)


@law(
    gmm_estep,
    says="no other responsibilities give a larger bound",
    source="Neal & Hinton 1998",
    kind="inequality",
    rule="T9",
    code="GMM-04",
    needs=("log_likelihood",),
    cases="..cases.mixtures:rivalled",
    kills=("logdet-twice", "density-of-the-nearest", "first-covariance-for-all"),
)
def bound_of_others(step: Judged, case: Rivalled) -> Gap:
    """F(R') ≤ L for every row-stochastic R'; R' with the subject's own rows put in for half of the points too."""
    x = within(step, case)
    p, joint = truth(step, x), parts(*x[:4]).joint
    mixed = np.where(np.arange(len(x[0]))[:, None] % 2, case.rival, p.R)
    bounds = [_bound(joint, R, x[4]) for R in (case.rival, mixed, p.R)]
    effect = max(abs(float(x[4] @ p.log_density)), float(x[4].sum()))
    return at_most(max(bounds), step.full(*x).log_likelihood, allow=sum_off(p, x[4], step.u), effect=effect)


@law(
    gmm_estep,
    says="the densities of the points add up to the log-likelihood",
    source="Bishop 2006, (9.14)",
    kind="identity",
    rule="T9",
    code="GMM-01",
    needs=("log_likelihood", "log_density"),
    kills=("density-without-coefficients", "weights-squared", "negated"),
)
def densities_add_up(step: Judged, case: Mixture) -> Gap:
    """L = Σ_n w_n log p(x_n)."""
    x = within(step, case)
    out, p = step.full(*x), truth(step, x)
    effect = max(abs(float(x[4] @ p.log_density)), float(x[4].sum()))
    return gap(out.log_likelihood, x[4] @ out.log_density, allow=2 * sum_off(p, x[4], step.u), effect=effect)


def _bound(joint: Any, R: Any, w: Any) -> float:
    """F(R), with 0 log 0 = 0 · (−∞) = 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        terms = np.where(R > 0, R * (joint - np.log(np.where(R > 0, R, 1.0))), 0.0)
    return float(w[w > 0] @ terms.sum(1)[w > 0])


def _layout(case: Mixture, u: float) -> float:
    return 2.0 * float(posterior(case.X, case.pi, case.mu, case.Sigma, u).R_off.max())


BAD = {
    "nan-point": lambda c: (with_first(c.X, np.nan), c.pi, c.mu, c.Sigma, c.weights),
    "nan-mean": lambda c: (c.X, c.pi, with_first(c.mu, np.nan), c.Sigma, c.weights),
    "indefinite-covariance": lambda c: (c.X, c.pi, c.mu, -c.Sigma, c.weights),
    "coefficients-of-sum-two": lambda c: (c.X, 2.0 * c.pi, c.mu, c.Sigma, c.weights),
}

CONTRACTS = (gmm_estep,)
LAWS = (
    likelihood,
    log_densities,
    responsibilities,
    rows_sum_to_one,
    tight_bound,
    bound_of_others,
    densities_add_up,
    *cross_cutting(gmm_estep, allow=_layout),
    *refusals(gmm_estep, BAD),
)
