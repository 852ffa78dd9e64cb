"""The E-step of a Gaussian mixture: responsibilities, and the log-likelihood that they belong to.

    R_nk = π_k N(x_n | μ_k, Σ_k) / p(x_n),    p(x) = Σ_k π_k N(x | μ_k, Σ_k),    L = Σ_n w_n log p(x_n)

For any row-stochastic R' the bound F(R') = Σ_nk w_n R'_nk (log π_k N(x_n | μ_k, Σ_k) − log R'_nk) is at most L, and F(R) = L.
Points do not see each other; weights count points and leave R alone. x ↦ T x + t, μ ↦ T μ + t, Σ ↦ T Σ Tᵀ leaves R as it was
and takes W log|det T| off L, W = Σ w. Two components with the same density share its mass as their π. For Σ = σ² I and σ → 0
R is one-hot at the nearest mean, with error at most K (max π/min π) exp(−δ/2σ²), δ the margin in squared distance.

The density integrates to 1: on a lattice of step h the sum h^D Σ p(hm) misses that by at most Σ_{m≠0} exp(−2π² mᵀΣm/h²)
(Poisson), less than 10⁻¹² for h ≤ ¾ of the least deviation, so a lattice is as good as any quadrature.

Where data lie far from the origin, expanding the square (x−μ)ᵀΣ⁻¹(x−μ) cancels: it loses (‖x‖/σ)² u where the problem itself
loses ‖x‖/σ·u. All laws but one allow for it; `far from the origin` asks for what the problem allows.

A subject that knows only some covariances declares their form, and is asked only about such.

Symbols: X [N, D] points, π [K], μ [K, D], Σ [K, D, D] in every form, w [N] ≥ 0; R [N, K]; log_density [N].
Source: Bishop 2006, §9.2-9.4; Neal & Hinton 1998 (F).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, gap, holds_if, inconclusive, law
from prufrock.gaps import all_of
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles.mixtures import parts
from ._mixtures import FORMS, far, linear, sum_off, truth, within

if TYPE_CHECKING:
    from ..cases.mixtures import Mixture, Moved, Rivalled

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


@law(
    gmm_estep,
    says="moved, stretched and sheared together, points and components belong together as before",
    source="derived: N(Tx + t | Tμ + t, TΣTᵀ) = N(x | μ, Σ)/|det T|",
    kind="metamorphic",
    rule="T9",
    code="GMM-10",
    needs=("log_likelihood",),
    cases="..cases.mixtures:moved",
    kills=("ridge", "no-logdet", "triangle-transposed"),
)
def affine_equivariance(step: Judged, case: Moved) -> Gap:
    """R(TX + t, π, Tμ + t, TΣTᵀ) = R and L' = L − W log|det T|, T diagonal or a number where Σ is."""
    x, T = within(step, case), linear(step, case.T)
    X, pi, mu, Sigma, w = x
    y = (X @ T.T + case.t, pi, mu @ T.T + case.t, T @ Sigma @ T.T, w)
    here, there, p, q = step.full(*x), step.full(*y), truth(step, x), truth(step, y)
    want = here.log_likelihood - w.sum() * np.log(abs(np.linalg.det(T)))
    allow = sum_off(p, w, step.u) + sum_off(q, w, step.u)
    shared = gap(there.R, here.R, allow=p.R_off + q.R_off, effect=1.0)
    return all_of(shared, gap(there.log_likelihood, want, allow=allow, effect=max(abs(want), float(w.sum()))))


@law(
    gmm_estep,
    says="far from the origin responsibilities keep the digits that the problem has",
    source="derived: only x − μ matters",
    kind="metamorphic",
    rule="T9",
    code="GMM-10",
    kills=("expanded-square", "single"),
)
def far_from_the_origin(step: Judged, case: Mixture) -> Gap:
    """R(X + t, μ + t) = R(X, μ), t = u^−½ deviations away, within what relative errors of X and μ may change."""
    X, pi, mu, Sigma, w = within(step, case)
    t = far(np.sqrt(Sigma[0, 0, 0]), step.u)
    y = (X + t, pi, mu + t, Sigma, w)
    p = truth(step, y, sharp=True)
    return gap(step(*y), p.R, allow=p.R_off, effect=1.0)


@law(
    gmm_estep,
    says="a weight counts a point as often",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-11",
    needs=("log_likelihood",),
    kills=("weights-ignored", "weights-squared", "last-point-missing"),
)
def weights_count(step: Judged, case: Mixture) -> Gap:
    """L(X, 4w) = L(X repeated 4w times, 1), 4w whole numbers."""
    X, pi, mu, Sigma, w = within(step, case)
    times = np.round(4.0 * w).astype(np.int64)
    many = np.repeat(X, times, axis=0)
    x, y = (X, pi, mu, Sigma, 4.0 * w), (many, pi, mu, Sigma, np.ones(len(many)))
    p, q = truth(step, x), truth(step, y)
    want = step.full(*y).log_likelihood
    allow = sum_off(p, x[4], step.u) + sum_off(q, y[4], step.u)
    return gap(step.full(*x).log_likelihood, want, allow=allow, effect=max(abs(want), float(len(many))))


@law(
    gmm_estep,
    says="weights do not change who is responsible",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-11",
    kills=("times-weights", "weights-on-components"),
)
def weights_leave_shares(step: Judged, case: Mixture) -> Gap:
    """R(w) = R(1)."""
    x = within(step, case)
    p = truth(step, x)
    return gap(step(*x), step(*x[:4], np.ones_like(x[4])), allow=2 * p.R_off, effect=1.0)


@law(
    gmm_estep,
    says="points do not see each other",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    kills=("axis-zero", "centres-on-the-sample"),
)
def point_alone(step: Judged, case: Mixture) -> Gap:
    """R of the first point alone = its row of R."""
    x = within(step, case)
    one = (x[0][:1], *x[1:4], np.ones(1))
    p = truth(step, one)
    return gap(step(*x)[:1], step(*one), allow=2 * p.R_off, effect=1.0)


@law(
    gmm_estep,
    says="the order of components and of points is a matter of naming",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-12",
    kills=("first-of-equals", "last-component-idle"),
)
def naming(step: Judged, case: Mixture) -> Gap:
    """Reversing components and points reverses R."""
    x = within(step, case)
    R_off = truth(step, x).R_off
    back = step(*(np.ascontiguousarray(a[::-1]) for a in x))
    return gap(back[::-1, ::-1], step(*x), allow=2 * R_off, effect=1.0)


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
    says="twins share what one of them would have, as their coefficients",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="GMM-14",
    kills=("no-coefficients", "first-of-equals", "uniform-coefficients"),
)
def twins(step: Judged, case: Mixture) -> Gap:
    """The last component split into π/4 and 3π/4: R/4 and 3R/4, all else unchanged."""
    X, pi, mu, Sigma, w = within(step, case)
    parted = np.concatenate([pi[:-1], pi[-1:] / 4, 3 * pi[-1:] / 4])
    double = [np.concatenate([a, a[-1:]]) for a in (mu, Sigma)]
    R, p = step(X, pi, mu, Sigma, w), truth(step, (X, pi, mu, Sigma, w))
    want, off = (np.concatenate([a[:, :-1], a[:, -1:] / 4, 3 * a[:, -1:] / 4], axis=1) for a in (R, p.R_off))
    return gap(step(X, parted, *double, w), want, allow=3 * off + 16 * step.u * want, effect=1.0)


@law(
    gmm_estep,
    says="a component without coefficient has no share, and is in nobody's way",
    source="derived: log 0 = −∞",
    kind="limit",
    rule="T10",
    code="GMM-14",
    kills=("floored-coefficients", "floored", "no-coefficients"),
)
def idle_component(step: Judged, case: Mixture) -> Gap:
    """π_k = 0 ⇒ R_nk = 0 exactly, and the other columns are as without it."""
    X, pi, mu, Sigma, w = within(step, case)
    more = (X, np.append(pi, 0.0), np.concatenate([mu, X[:1]]), np.concatenate([Sigma, Sigma[:1]]), w)
    R, R_off = step(*more), truth(step, (X, pi, mu, Sigma, w)).R_off
    kept = gap(R[:, :-1], step(X, pi, mu, Sigma, w), allow=2 * R_off, effect=1.0)
    return all_of(kept, gap(R[:, -1], 0.0, allow=0.0, effect=1.0))


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


def _bound(joint: Any, R: Any, w: Any) -> float:
    """F(R), with 0 log 0 = 0 · (−∞) = 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        terms = np.where(R > 0, R * (joint - np.log(np.where(R > 0, R, 1.0))), 0.0)
    return float(w[w > 0] @ terms.sum(1)[w > 0])


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


def _layout(case: Mixture, u: float) -> float:
    from ..oracles.mixtures import posterior

    return 2.0 * float(posterior(case.X, case.pi, case.mu, case.Sigma, u).R_off.max())


def _first(x: Any, value: float) -> Any:
    out = x.copy()
    out[(0,) * x.ndim] = value
    return out


BAD = {
    "nan-point": lambda c: (_first(c.X, np.nan), c.pi, c.mu, c.Sigma, c.weights),
    "nan-mean": lambda c: (c.X, c.pi, _first(c.mu, np.nan), c.Sigma, c.weights),
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
    affine_equivariance,
    far_from_the_origin,
    weights_count,
    weights_leave_shares,
    point_alone,
    naming,
    one_component,
    twins,
    idle_component,
    nearest_mean,
    integral_on_a_line,
    integral_in_the_plane,
    outlier,
    *cross_cutting(gmm_estep, allow=_layout),
    *refusals(gmm_estep, BAD),
)
