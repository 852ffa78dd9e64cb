"""The E-step of a Gaussian mixture in its limits: one component, narrow ones, far points; and its density integrates to 1.

For Σ = σ² I and σ → 0 R is one-hot at the nearest mean, with error at most K (max π/min π) exp(−δ/2σ²), δ the margin in
squared distance. A point far from everything is still shared out, though every density underflows.

    ∫ p = h^D Σ_m p(hm) up to Σ_{m≠0} exp(−2π² mᵀΣm/h²)

On a lattice of step h the sum misses the integral by no more than that (Poisson), less than 10⁻¹² for h ≤ ¾ of the least
deviation, so a lattice is as good as any quadrature.

Symbols: X [N, D] points, π [K], μ [K, D], Σ [K, D, D] in every form; R [N, K]; p the density of the mixture.
Source: Bishop 2006, §9.3.2; derived (Poisson summation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Gap, Judged, at_most, gap, holds_if, inconclusive, law
from prufrock.gaps import all_of
from prufrock.tolerance import summation

from ..oracles.mixtures import parts
from ._mixtures import sum_off, truth, within
from .gmm_estep import gmm_estep

if TYPE_CHECKING:
    from ..cases.mixtures import Mixture


@law(
    gmm_estep,
    says="a single component has it all",
    source="derived",
    kind="limit",
    rule="T9",
    code="GMM-13",
    cases="..cases.mixtures:single_component",
    kills=("no-two-pi", "times-weights"),
)
def one_component(step: Judged, case: Mixture) -> Gap:
    """K = 1: R = 1; L is the Gaussian log-likelihood."""
    x = within(step, case)
    out, p, w = step.full(*x), truth(step, x), case.weights
    shares = gap(out.R, 1.0, allow=p.R_off)
    if not hasattr(out, "log_likelihood"):
        return shares
    want = float(w @ p.log_density)
    whole = gap(out.log_likelihood, want, allow=sum_off(p, w, step.u), effect=max(abs(want), float(w.sum())))
    return all_of(shares, whole)


@law(
    gmm_estep,
    says="narrow components of equal width leave each point to the nearest mean",
    source="Bishop 2006, §9.3.2",
    kind="limit",
    rule="T9",
    code="GMM-15",
    kills=("no-half-at-all", "variance-for-precision"),
)
def nearest_mean(step: Judged, case: Mixture) -> Gap:
    """Σ_k = σ²I: 1 − R_n,nearest ≤ K (max π/min π) exp(−δ_n/2σ²), δ_n the margin in squared distance."""
    X, pi, mu, Sigma, w = within(step, case)
    variance = Sigma[0, 0, 0] / 64.0
    narrow = (X, pi, mu, np.broadcast_to(variance * np.eye(X.shape[1]), Sigma.shape).copy(), w)
    squares = np.where(pi > 0, np.square(X[:, None] - mu).sum(-1), np.inf)
    ranked = np.sort(squares, axis=1)
    margin = ranked[:, 1] - ranked[:, 0] if len(pi) > 1 else np.full(len(X), np.inf)
    bound = len(pi) * pi.max() / pi[pi > 0].min() * np.exp(-margin / (2.0 * variance))
    best, p = squares.argmin(1)[:, None], truth(step, narrow)
    got, off = (np.take_along_axis(a, best, 1)[:, 0] for a in (step(*narrow), p.R_off))
    clear = bound < 0.05
    if not clear.any():
        return inconclusive("no point has a nearest mean by a margin")
    return at_most(1.0 - got[clear], bound[clear], allow=off[clear], effect=1.0)


@law(
    gmm_estep,
    says="the density integrates to one",
    source="derived (Poisson summation)",
    kind="oracle",
    rule="T9",
    code="GMM-16",
    needs=("log_density",),
    cases="..cases.mixtures:on_a_line",
    kills=("density-without-coefficients", "density-of-the-nearest"),
)
def integral_on_a_line(step: Judged, case: Mixture) -> Gap:
    """∫ p = h Σ_m p(hm) = 1."""
    return _integral(step, within(step, case))


@law(
    gmm_estep,
    says="the density integrates to one in the plane too",
    source="derived (Poisson summation)",
    kind="oracle",
    rule="T9",
    code="GMM-16",
    needs=("log_density",),
    cases="..cases.mixtures:in_the_plane",
    kills=("density-without-coefficients", "density-of-the-nearest"),
)
def integral_in_the_plane(step: Judged, case: Mixture) -> Gap:
    """∫∫ p = h² Σ_m p(hm) = 1."""
    X, _, mu, Sigma, w = within(step, case)
    return _integral(step, (X, np.array([0.25, 0.75]), mu[[0, -1]], Sigma[[0, -1]], w))


@law(
    gmm_estep,
    says="a point far from everything is still shared out",
    source="derived",
    kind="limit",
    rule="T3",
    level="hygiene",
    code="GMM-17",
    kills=("no-shift", "floored-density"),
)
def outlier(step: Judged, case: Mixture) -> Gap:
    """A point √(10⁻³/u) deviations away, at most 10⁴: its row of R is finite and sums to 1."""
    X, pi, mu, Sigma, w = within(step, case)
    away = X.copy()
    away[0] += min(1e4, (1e-3 / step.u) ** 0.5) * np.sqrt(np.linalg.eigvalsh(Sigma).max())
    x = (away, pi, mu, Sigma, w)
    out, joint = step.full(*x), parts(*x[:4]).joint
    largest = float(np.abs(joint[np.isfinite(joint)]).max())
    finite = np.isfinite(getattr(out, "log_likelihood", 0.0)) and np.isfinite(out.R).all()
    shares = gap(out.R.sum(1), 1.0, allow=4.0 * step.u * (largest + len(pi) + 4.0))
    return all_of(holds_if(bool(finite), "an outlier makes something infinite or NaN"), shares)


MOST = 1 << 14


def _integral(step: Judged, x: tuple[Any, ...]) -> Gap:
    _, pi, mu, Sigma, _ = x
    values = np.linalg.eigvalsh(Sigma)[pi > 0]
    h = 2.0 ** np.floor(np.log2(0.75 * np.sqrt(values.min())))
    reach = 8.0 * np.sqrt(np.diagonal(Sigma, 0, 1, 2))
    low, high = np.floor((mu - reach).min(0) / h), np.ceil((mu + reach).max(0) / h)
    if np.prod(high - low + 1) > MOST:
        return inconclusive(f"more than {MOST} points on the lattice")
    axes = [h * np.arange(a, b + 1) for a, b in zip(low, high, strict=True)]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    y = (nodes, pi, mu, Sigma, np.ones(len(nodes)))
    p = truth(step, y)
    cell = h ** len(axes)
    allow = cell * float(np.exp(p.log_density) @ np.expm1(np.minimum(p.log_density_off, 50.0)))
    total = cell * float(np.exp(step.full(*y).log_density).sum())
    return gap(total, 1.0, allow=allow + float(summation(2, 1.0, step.u)) + 1e-12)


CONTRACTS = ()
LAWS = (
    one_component,
    nearest_mean,
    integral_on_a_line,
    integral_in_the_plane,
    outlier,
)
