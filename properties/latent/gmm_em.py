"""One step of EM for a Gaussian mixture, from given parameters to better ones.

    R = responsibilities of θ,    θ' = argmax_θ Σ_nk w_n R_nk log π_k N(x_n | μ_k, Σ_k)

It is a gradient step in a metric of its own: with W = Σ w, N_k = Σ_n w_n R_nk, L the log-likelihood, and π free,

    π'_k = (1/W) ∂L/∂log π_k,    μ'_k − μ_k = (Σ_k/N_k) ∂L/∂μ_k,    S_k − Σ_k = (2/N_k) Σ_k (∂L/∂Σ_k) Σ_k

where S_k = Σ'_k + (μ'_k − μ_k)(μ'_k − μ_k)ᵀ is the mean square about the OLD mean. So a directional derivative of L, read off
central differences of a float64 oracle that knows nothing of EM, checks the step. L(θ') ≥ L(θ), equality at a fixed point.
Identical components stay identical. The start is of the subject's own form of covariance (see gmm_mstep for the forms).

Symbols: X [N, D], π [K], μ [K, D], Σ [K, D, D], w [N]; θ' = (π', μ', Σ').
Source: Xu & Jordan 1996, Thm 1; Bishop 2006, §9.2.2; Dempster, Laird & Rubin 1977, Thm 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, gap, holds_if, inconclusive, law
from prufrock.call import SubjectRaised
from prufrock.gaps import all_of
from prufrock.tolerance import difference_quotient

from ..hygiene import cross_cutting, refusals
from ..oracles.mixtures import Moments, log_likelihood, mstep, parts, posterior, seen, structured
from ._mixtures import COVARIANCE, FORMS, form, linear, moments, moments_of, moments_off, sum_off, truth, within

if TYPE_CHECKING:
    from ..cases.mixtures import Directed, Mixture, Moved

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


def _expected(step: Judged, x: tuple[Any, ...]) -> tuple[Moments, Moments]:
    """The moments that one E-step of the oracle gives, and their allowances."""
    X, w, p = x[0], x[4], truth(step, x)
    return moments(X, p.R, w), moments_off(X, p.R, w, p.R_off, step.u)


def _claimed(step: Judged, x: tuple[Any, ...]) -> Moments:
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
    want, off = _expected(step, x)
    got = _claimed(step, x)
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
    got, total = _claimed(step, x), float(w.sum())
    _, off = _expected(step, x)
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
    total, (_, off) = float(w.sum()), _expected(step, x)
    got, want = _claimed(step, x).second.sum(0) / total, (X * w[:, None]).T @ X / total
    allow = 2 * off.second.max(0) / total + 64 * step.u * len(X) * float(np.square(X).max())
    size = float(np.abs(mstep(X, np.ones((len(X), 1)), w)[2]).max())
    return gap(seen(got, kind), seen(want, kind), allow=seen(allow, kind), effect=size)


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
    _, off = _expected(step, x)
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
    want, off = _expected(step, x)
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
    out, (want, off) = step.full(*x), _expected(step, x)
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
    out, (want, off) = step.full(*x), _expected(step, x)
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


@law(
    gmm_em_step,
    says="moved, stretched and sheared points give moved, stretched and sheared components",
    source="derived",
    kind="metamorphic",
    rule="T9",
    code="GMM-10",
    cases="..cases.mixtures:moved_overlapping",
    kills=("ridge", "means-shrunk"),
    **WORDS,
)
def affine_equivariance(step: Judged, case: Moved) -> Gap:
    """θ'(TX + t, π, Tμ + t, TΣTᵀ) = (π', Tμ' + t, TΣ'Tᵀ), T diagonal or a number where Σ is."""
    x, T = within(step, case), linear(step, case.T)
    X, pi, mu, Sigma, w = x
    y = (X @ T.T + case.t, pi, mu @ T.T + case.t, T @ Sigma @ T.T, w)
    kind, total = form(step), float(w.sum())
    here, there = step.full(*x), step.full(*y)
    want = moments_of(here.pi, here.mu @ T.T + case.t, T @ here.Sigma @ T.T, total)
    got = moments_of(there.pi, there.mu, there.Sigma, total)
    A, t = np.abs(T), np.abs(case.t)
    (_, one), (_, two) = _expected(step, x), _expected(step, y)
    first = one.first @ A.T + one.mass[:, None] * t
    second = A @ one.second @ A.T + first[:, :, None] * t + t[:, None] * first[:, None, :]
    allow = 4 * (second + two.second)
    allow = allow + allow.sum(0) if kind == "tied" else allow
    size = float(np.abs(mstep(y[0], np.ones((len(X), 1)), w)[2]).max()) * total
    return all_of(
        gap(got.mass, want.mass, allow=one.mass + two.mass, effect=total),
        gap(seen(got.second, kind), seen(want.second, kind), allow=seen(allow, kind), effect=size),
    )


@law(
    gmm_em_step,
    says="only ratios of weights matter",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-11",
    needs=PARAMETERS,
    kills=("bessel", "one-pseudo-point"),
)
def doubled_sample(step: Judged, case: Mixture) -> Gap:
    """θ'(X and X again) = θ'(X)."""
    x = within(step, case)
    twice = (np.concatenate([x[0], x[0]]), *x[1:4], np.concatenate([x[4], x[4]]))
    (_, one), (_, two) = _expected(step, x), _expected(step, twice)
    got, want = _claimed(step, twice), _claimed(step, x)
    allow, kind = one.second + two.second, form(step)
    allow = 4 * (allow + allow.sum(0))
    size = float(np.abs(mstep(x[0], np.ones((len(x[0]), 1)), x[4])[2]).max()) * float(x[4].sum())
    return all_of(
        gap(got.mass / 2, want.mass, allow=one.mass + two.mass, effect=float(x[4].sum())),
        gap(seen(got.second, kind) / 2, seen(want.second, kind), allow=seen(allow, kind), effect=size),
    )


@law(
    gmm_em_step,
    says="the order of components and of points is a matter of naming",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-12",
    needs=PARAMETERS,
    kills=("shuffles-coefficients", "last-component-kept"),
)
def naming(step: Judged, case: Mixture) -> Gap:
    """Reversing components and points reverses π', μ' and Σ'."""
    x = within(step, case)
    back = tuple(np.ascontiguousarray(a[::-1]) for a in x)
    (_, off), got, want = _expected(step, x), _claimed(step, back), _claimed(step, x)
    size = float(np.abs(mstep(x[0], np.ones((len(x[0]), 1)), x[4])[2]).max()) * float(x[4].sum())
    allow, kind = 8 * (off.second + off.second.sum(0)), form(step)
    return all_of(
        gap(got.mass[::-1], want.mass, allow=2 * off.mass, effect=float(x[4].sum())),
        gap(seen(got.second[::-1], kind), seen(want.second, kind), allow=seen(allow, kind), effect=size),
    )


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


@law(
    gmm_em_step,
    says="twins stay twins, and share their mass as before",
    source="derived",
    kind="limit",
    rule="T10",
    code="GMM-14",
    needs=PARAMETERS,
    kills=("shuffles-coefficients", "pseudo-counts", "last-component-kept"),
)
def twins(step: Judged, case: Mixture) -> Gap:
    """The last component split into π/4 and 3π/4: π' is split alike, μ' and Σ' are the same."""
    X, pi, mu, Sigma, w = within(step, case)
    parted = np.concatenate([pi[:-1], pi[-1:] / 4, 3 * pi[-1:] / 4])
    x = (X, parted, *(np.concatenate([a, a[-1:]]) for a in (mu, Sigma)), w)
    got, (_, off) = _claimed(step, x), _expected(step, x)
    size = float(np.abs(mstep(X, np.ones((len(X), 1)), w)[2]).max()) * float(w.sum())
    allow, kind = 16 * (off.second[-1] + off.second.sum(0)), form(step)
    return all_of(
        gap(3 * got.mass[-2], got.mass[-1], allow=4 * off.mass[-1], effect=float(w.sum())),
        gap(3 * seen(got.second[-2], kind), seen(got.second[-1], kind), allow=seen(allow, kind), effect=size),
    )


@law(
    gmm_em_step,
    says="a component without coefficient never gets one",
    source="derived",
    kind="limit",
    rule="T9",
    level="convention",
    when={"empty": ("keep", "raises", "nan")},
    code="GMM-14",
    needs=PARAMETERS,
    cases="..cases.mixtures:with_idle_component",
    kills=("pseudo-counts", "uniform-start"),
)
def idle_component(step: Judged, case: Mixture) -> Gap:
    """π_K = 0 ⇒ π'_K = 0 and the others as without it; or an error, as declared; `keep` keeps μ_K."""
    x = within(step, case)
    if step.conventions["empty"] == "raises":
        try:
            step.quietly(lambda: step.raw(*(a.astype(step.dtype) for a in x)))
        except SubjectRaised:
            return holds_if(True, "raises")
        return holds_if(False, "an error was declared, none was raised")
    out, (want, off) = step.full(*x), _expected(step, x)
    total = float(x[4].sum())
    # Keeping may pass through coordinates about another origin.
    still = 8 * step.u * (_size(x[0]) + np.abs(x[2][-1]))
    kept = [gap(out.mu[-1], x[2][-1], allow=still)] if step.conventions["empty"] == "keep" else []
    return all_of(
        gap(total * out.pi, want.mass, allow=off.mass * (np.arange(len(want.mass)) < len(want.mass) - 1), effect=total),
        gap(
            (total * out.pi[:, None] * out.mu)[:-1],
            want.first[:-1],
            allow=2 * off.first[:-1],
            effect=_size(x[0]) * total,
        ),
        *kept,
    )


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


def _size(x: Any) -> float:
    return max(float(np.abs(x).max()), 1e-30)


def _layout(case: Mixture, u: float) -> float:
    p = posterior(case.X, case.pi, case.mu, case.Sigma, u)
    off = moments_off(case.X, p.R, case.weights, p.R_off, u).second
    return float(8 * (off / (case.weights @ p.R)[:, None, None]).max() + 16 * u * np.square(case.X).max())


def _first(x: Any, value: float) -> Any:
    out = x.copy()
    out[(0,) * x.ndim] = value
    return out


BAD = {
    "nan-point": lambda c: (_first(c.X, np.nan), c.pi, c.mu, c.Sigma, c.weights),
    "indefinite-covariance": lambda c: (c.X, c.pi, c.mu, -c.Sigma, c.weights),
    "coefficients-of-sum-two": lambda c: (c.X, 2.0 * c.pi, c.mu, c.Sigma, c.weights),
}

CONTRACTS = (gmm_em_step,)
LAWS = (
    e_then_m,
    total_mean,
    total_covariance,
    gradient_in_coefficients,
    gradient_in_means,
    gradient_in_covariances,
    ascent,
    affine_equivariance,
    doubled_sample,
    naming,
    one_component,
    twins,
    idle_component,
    *cross_cutting(gmm_em_step, allow=_layout),
    *refusals(gmm_em_step, BAD),
)
