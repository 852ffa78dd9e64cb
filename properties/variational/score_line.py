"""The score function estimator on the line, and the supports for which there is none.

    exponential(λ)   ∂ log q/∂λ = 1/λ − z
    gamma(α, β)      ∂ log q/∂α = log β − ψ(α) + log z,      ∂ log q/∂β = α/β − z
    laplace(μ, b)    ∂ log q/∂μ = sign(z − μ)/b,             ∂ log q/∂b = (|z − μ|/b − 1)/b

∇∫ q f = ∫ f ∇q needs q absolutely continuous in v at almost every z, with a support that stands still. (The Laplace density
has a kink at μ, which is no harm.) For z uniform on (0, v) and f = z the score is −1/v throughout: its mean gives
−½, the truth is +½; the boundary's share, f(v)/v, is lost. So distributions with an end among their parameters are to be
refused, not answered.

Symbols: f an entrywise polynomial, params[P], z[S], G[S, P].
Source: Williams 1992; Lehmann and Casella 1998, §2.5 (information); derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, gap, law
from prufrock.tolerance import summation

from ..cases.integrands import Polynomial
from ..hygiene import cross_cutting, refusals
from ..oracles import moments_line

if TYPE_CHECKING:
    from ..cases.estimators_line import OnLine

Array = NDArray[np.float64]

score_line = Contract(
    id="variational.score-line",
    says="f(z) ∇ log q(z), sample by sample, for q on the line with a support that does not move",
    arguments={"f": "", "family": "", "params": "P", "z": "S"},
    outputs={"G": "S P"},
    domain="exponential(rate), gamma(shape, rate), laplace(centre, scale); z inside the support",
    cases="..cases.estimators_line:lines",
    source="Williams 1992",
    home=__package__,
)


def _size(f: Polynomial, case: OnLine, z: Array) -> Array:
    """A(z) |score|(z), [S, P]."""
    return np.asarray(f.magnitude(z)[:, None] * moments_line.score_size(case.family, case.params, z))


def _operations(f: Polynomial) -> int:
    """Nodes are rounded too: a relative error of z comes back once a power."""
    return 16 + 3 * f.degree


@law(
    score_line,
    says="the mean of the contributions is the gradient",
    source="Williams 1992",
    kind="identity",
    rule="T1",
    code="SCO-01",
    complete=True,
    kills=("log-q-for-its-gradient", "wrong-sign", "scale-for-rate", "forgets-digamma", "forgets-normaliser"),
)
def gradient(estimate: Judged, case: OnLine) -> Gap:
    """Σ w G = ∇E f, by the trapezoid rule in log z."""
    z, w = moments_line.rule(case.family, case.params)
    got = w @ estimate(case.f, case.family, case.params, z)
    size = w @ _size(case.f, case, z)
    want = moments_line.slope(case.f, case.family, case.params)
    return gap(got, want, allow=summation(_operations(case.f), size, estimate.u), effect=float(size.max()))


@law(
    score_line,
    says="contributions are linear in the integrand",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SCO-01",
    complete=True,
    kills=("absolute-values", "squares-values"),
)
def linear_in_integrand(estimate: Judged, case: OnLine) -> Gap:
    """G(f + c·g) = G(f) + c·G(g)."""
    both = case.f + case.g.times(case.c)
    G, H, K = (estimate(h, case.family, case.params, case.z) for h in (case.f, case.g, both))
    size = _size(case.f, case, case.z) + abs(case.c) * _size(case.g, case, case.z)
    allow = 2.0 * summation(_operations(both), size, estimate.u)
    return gap(K, G + case.c * H, allow=allow, effect=float(size.max()))


@law(
    score_line,
    says="each sample contributes by itself",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    complete=True,
    kills=("centres-values", "divides-by-samples", "shifts-samples"),
)
def sample_by_sample(estimate: Judged, case: OnLine) -> Gap:
    """G(z_1, …, z_S)_s = G(z_s)."""
    alone = [estimate(case.f, case.family, case.params, case.z[s : s + 1]) for s in range(len(case.z))]
    size = _size(case.f, case, case.z)
    allow = 2.0 * summation(_operations(case.f), size, estimate.u)
    got = estimate(case.f, case.family, case.params, case.z)
    return gap(got, np.concatenate(alone), allow=allow, effect=float(size.max()))


@law(
    score_line,
    says="a sample at which the integrand is zero contributes nothing",
    source="derived",
    kind="identity",
    rule="T1",
    code="SCO-01",
    complete=True,
    kills=("baseline-of-one", "value-at-one-as-baseline", "centres-values"),
)
def nothing_from_nothing(estimate: Judged, case: OnLine) -> Gap:
    """f(z_s) = 0  ⇒  G_s = 0, for f(z) = (z − z_s) g(z)."""
    f = case.g.vanishing_at(float(case.z[0]))
    size = _size(f, case, case.z)[0]
    got = estimate(f, case.family, case.params, case.z)[0]
    return gap(got, 0.0, allow=summation(_operations(f), size, estimate.u), effect=float(size.max()))


@law(
    score_line,
    says="the score has mean zero, and the information of Fisher for its covariance",
    source="Lehmann and Casella 1998, §2.5; derived",
    kind="oracle",
    rule="T1",
    code="SCO-02",
    kills=("scale-for-rate", "forgets-digamma", "log-q-for-its-gradient", "baseline-of-one"),
)
def information(estimate: Judged, case: OnLine) -> Gap:
    """Σ w G = 0 and Σ w G Gᵀ = c² I(v) for f = c."""
    z, w = moments_line.rule(case.family, case.params)
    constant = Polynomial((case.c,))
    G, size = estimate(constant, case.family, case.params, z), _size(constant, case, z)
    ones = np.ones((len(w), 1))
    got = np.concatenate([ones, G], axis=1).T @ (w[:, None] * G)
    scale = np.concatenate([ones, size], axis=1).T @ (w[:, None] * size)
    fisher = case.c**2 * moments_line.information(case.family, case.params)
    want = np.concatenate([np.zeros((1, len(fisher))), fisher])
    return gap(got, want, allow=summation(2 * _operations(constant), scale, estimate.u), effect=float(scale.max()))


@law(
    score_line,
    says="in another unit of length the contributions differ by the unit alone",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="SCO-01",
    kills=("scale-for-rate", "log-q-for-its-gradient", "value-at-one-as-baseline"),
)
def units(estimate: Judged, case: OnLine) -> Gap:
    """z' = s·z for s a power of two: rates are divided by s, centre and scale multiplied, and ∂/∂v' = (∂v/∂v') ∂/∂v."""
    s = 2.0 ** np.ceil(2.0 * case.c)
    factor = {"exponential": [1.0 / s], "gamma": [1.0, 1.0 / s], "laplace": [s, s]}[case.family]
    G = estimate(case.f, case.family, case.params, case.z)
    moved = estimate(case.f.in_units_of(s), case.family, case.params * factor, s * case.z)
    size = _size(case.f, case, case.z) + abs(np.log(s)) * case.f.magnitude(case.z)[:, None]
    allow = 2.0 * summation(_operations(case.f), size, estimate.u)
    return gap(moved * factor, G, allow=allow, effect=float(size.max()))


def _rounding(case: OnLine, u: float) -> float:
    return float(summation(_operations(case.f), _size(case.f, case, case.z).max(), u))


def _inside(low: float, high: float, case: OnLine) -> Array:
    return np.linspace(low, high, len(case.z) + 2)[1:-1]


BAD: dict[str, Any] = {
    "nan-sample": lambda case: (case.f, case.family, case.params, np.full_like(case.z, np.nan)),
    "nan-parameter": lambda case: (case.f, case.family, np.full_like(case.params, np.nan), case.z),
    "negative-scale-or-rate": lambda case: (case.f, case.family, -np.abs(case.params), case.z),
    "sample-outside-the-support": lambda case: (case.f, "gamma", np.array([1.5, 2.0]), -np.abs(case.z)),
    "end-of-a-uniform": lambda case: (case.f, "uniform", np.array([2.5]), _inside(0.0, 2.5, case)),
    "start-of-a-pareto": lambda case: (case.f, "pareto", np.array([1.5, 3.0]), _inside(1.5, 9.0, case)),
    "start-of-an-exponential": lambda case: (
        case.f,
        "shifted-exponential",
        np.array([1.5, 2.0]),
        _inside(1.5, 6.0, case),
    ),
}

CONTRACTS = (score_line,)
LAWS = (
    gradient,
    linear_in_integrand,
    sample_by_sample,
    nothing_from_nothing,
    information,
    units,
    *cross_cutting(score_line, allow=_rounding, layouts=("ignores-strides", "counts-calls")),
    *refusals(score_line, BAD),
)
