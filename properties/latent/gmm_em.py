"""One step of EM for a Gaussian mixture, from given parameters to better ones.

    R = responsibilities of θ,    θ' = argmax_θ Σ_nk w_n R_nk log π_k N(x_n | μ_k, Σ_k)

It is an E-step and then an M-step, so the moments that θ' claims, N'_k, N'_k μ'_k and N'_k (Σ'_k + μ'_k μ'_kᵀ), are those of
the data under R. Summed over k they are the sample's own, whatever the start: Σ_k π'_k μ'_k is its mean, Σ_k π'_k (Σ'_k +
μ'_k μ'_kᵀ) its second moment. A single component is found in one step, and stays. That a step follows the gradient of the
log-likelihood, and climbs, is in `gmm_em_gradient`; what does not matter to it in `gmm_em_changes`. The start is of the
subject's own form of covariance (see gmm_mstep for the forms).

Symbols: X [N, D], π [K], μ [K, D], Σ [K, D, D], w [N]; θ' = (π', μ', Σ').
Source: Bishop 2006, §9.2.2; derived (law of total covariance).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, gap, law
from prufrock.gaps import all_of

from ..hygiene import cross_cutting, refusals
from ..oracles.mixtures import Moments, mstep, posterior, seen, structured
from ._mixtures import COVARIANCE, FORMS, form, moments, moments_of, moments_off, truth, with_first, within

if TYPE_CHECKING:
    from ..cases.mixtures import Mixture

gmm_em_step = Contract(
    id="latent.gmm-em-step",
    says="one step of EM for a Gaussian mixture: better parameters from given ones",
    arguments={"X": "N D", "pi": "K", "mu": "K D", "Sigma": "K D D", "weights": "N"},
    outputs={"Sigma": "K D D", "pi": "K", "mu": "K D"},
    domain="points that span the space, N ≥ D + 2; π > 0 on the simplex; Σ_k positive definite and of the subject's form; "
    "weights > 0; no regularisation",
    cases="..cases.mixtures:overlapping",
    real="..cases.geyser:mixtures",
    conventions={"covariance": FORMS, "empty": ("keep", "raises", "nan")},
    source="Bishop 2006, §9.2.2",
    home=__package__,
)

PARAMETERS = ("pi", "mu")
WORDS: dict[str, Any] = {"level": "convention", "when": COVARIANCE, "needs": PARAMETERS}


def expected(step: Judged, x: tuple[Any, ...]) -> tuple[Moments, Moments]:
    """The moments that one E-step of the oracle gives, and their allowances."""
    X, w, p = x[0], x[4], truth(step, x)
    return moments(X, p.R, w), moments_off(X, p.R, w, p.R_off, step.u)


def claimed(step: Judged, x: tuple[Any, ...]) -> Moments:
    out = step.full(*x)
    return moments_of(out.pi, out.mu, out.Sigma, float(x[4].sum()))


def _tied(m: Moments, first: Any) -> Any:
    """Second moments of a tied step: every component has the same covariance, so what remains is the mass's share of it."""
    mass, mu = m.mass, first / m.mass[:, None]
    outer = mass[:, None, None] * mu[:, :, None] * mu[:, None, :]
    pooled = (m.second - outer).sum(0) / mass.sum()
    return mass[:, None, None] * pooled + outer


def _second(m: Moments, kind: str) -> Any:
    return _tied(m, m.first) if kind == "tied" else m.second


@law(
    gmm_em_step,
    says="it is an E-step and then an M-step",
    source="Bishop 2006, §9.2.2",
    kind="oracle",
    rule="T9",
    code="GMM-06",
    complete=True,
    kills=(
        "old-means",
        "hard",
        "half-a-step",
        "two-steps",
        "bessel",
        "ridge",
        "coefficients-kept",
        "weights-in-e-step",
    ),
    **WORDS,
)
def e_then_m(step: Judged, case: Mixture) -> Gap:
    """N'_k, N'_k μ'_k and N'_k (Σ'_k + μ'_k μ'_kᵀ) are the moments of the data under R."""
    x, kind = within(step, case), form(step)
    want, off = expected(step, x)
    got = claimed(step, x)
    total, size = float(x[4].sum()), float(np.abs(x[0]).max())
    second = off.second if kind != "tied" else off.second + off.second.sum(0)
    spread = total * float(np.abs(mstep(x[0], truth(step, x).R, x[4], kind)[2]).max())
    return all_of(
        gap(got.mass, want.mass, allow=off.mass, effect=total),
        gap(got.first, want.first, allow=2 * off.first, effect=total * max(size, 1e-30)),
        gap(seen(got.second, kind), seen(_second(want, kind), kind), allow=4 * seen(second, kind), effect=spread),
    )


@law(
    gmm_em_step,
    says="the mean of the mixture is the mean of the sample, whatever the start",
    source="derived",
    kind="identity",
    rule="T1",
    code="GMM-05",
    needs=PARAMETERS,
    kills=("half-a-step", "coefficients-kept", "pseudo-counts"),
)
def total_mean(step: Judged, case: Mixture) -> Gap:
    """Σ_k π'_k μ'_k = Σ_n w_n x_n/W."""
    x = within(step, case)
    X, w = x[0], x[4]
    got, total = claimed(step, x), float(w.sum())
    _, off = expected(step, x)
    size = max(float(np.abs(X).max()), 1e-30)
    allow = off.first.max(0) / total + 64 * step.u * len(X) * size
    return gap(got.first.sum(0) / total, w @ X / total, allow=allow, effect=size)


@law(
    gmm_em_step,
    says="the second moment of the mixture is the second moment of the sample, whatever the start",
    source="derived (law of total covariance)",
    kind="identity",
    rule="T1",
    code="GMM-06",
    kills=("old-means", "bessel", "ridge", "half-a-step"),
    **WORDS,
)
def total_covariance(step: Judged, case: Mixture) -> Gap:
    """Σ_k π'_k (Σ'_k + μ'_k μ'_kᵀ) = Σ_n w_n x_n x_nᵀ/W."""
    x, kind = within(step, case), form(step)
    X, w = x[0], x[4]
    total, (_, off) = float(w.sum()), expected(step, x)
    got, want = claimed(step, x).second.sum(0) / total, (X * w[:, None]).T @ X / total
    allow = 2 * off.second.max(0) / total + 64 * step.u * len(X) * float(np.square(X).max())
    size = float(np.abs(mstep(X, np.ones((len(X), 1)), w)[2]).max())
    return gap(seen(got, kind), seen(want, kind), allow=seen(allow, kind), effect=size)


@law(
    gmm_em_step,
    says="a single component is found in one step, and stays",
    source="derived",
    kind="limit",
    rule="T1",
    code="GMM-13",
    cases="..cases.mixtures:single_overlapping",
    kills=("half-a-step", "bessel"),
    **WORDS,
)
def one_component(step: Judged, case: Mixture) -> Gap:
    """K = 1: μ' and Σ' are those of the sample, and of the next step too."""
    x, kind = within(step, case), form(step)
    X, w = x[0], x[4]
    _, mu, Sigma = mstep(X, np.ones((len(X), 1)), w, kind)
    off = moments_off(X, np.ones((len(X), 1)), w, np.zeros((len(X), 1)), step.u)
    total, found = float(w.sum()), step.full(*x)
    again = step.full(X, found.pi, found.mu, structured(found.Sigma, total * found.pi, kind), w)
    allow = 4 * off.second / total + 16 * step.u * np.square(X).max()
    return all_of(
        gap(found.mu, mu, allow=2 * off.first / total, effect=float(np.abs(X).max())),
        gap(seen(found.Sigma, kind), seen(Sigma, kind), allow=seen(allow, kind)),
        gap(seen(again.Sigma, kind), seen(Sigma, kind), allow=seen(allow, kind)),
    )


def _layout(case: Mixture, u: float) -> float:
    p = posterior(case.X, case.pi, case.mu, case.Sigma, u)
    off = moments_off(case.X, p.R, case.weights, p.R_off, u).second
    return float(8 * (off / (case.weights @ p.R)[:, None, None]).max() + 16 * u * np.square(case.X).max())


BAD = {
    "nan-point": lambda c: (with_first(c.X, np.nan), c.pi, c.mu, c.Sigma, c.weights),
    "indefinite-covariance": lambda c: (c.X, c.pi, c.mu, -c.Sigma, c.weights),
    "coefficients-of-sum-two": lambda c: (c.X, 2.0 * c.pi, c.mu, c.Sigma, c.weights),
}

CONTRACTS = (gmm_em_step,)
LAWS = (
    e_then_m,
    total_mean,
    total_covariance,
    one_component,
    *cross_cutting(gmm_em_step, allow=_layout),
    *refusals(gmm_em_step, BAD),
)
