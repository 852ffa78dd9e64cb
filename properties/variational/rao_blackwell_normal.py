"""Rao-Blackwellized gradients on a factor graph of independent normals.

    ∂/∂v_i E_q Σ_c f_c = E [∇ log q_i(z_i) Σ_{c ∋ i} f_c(z_c)],       v_i = (μ_i, σ_i or log σ_i or σ_i²)

as for states (`rao_blackwell`): a factor without z_i is independent of its score. Means are sums over the nodes of a rule that
is exact for polynomials. No law says that the variance falls: for factors 9 + z_1 and −9 + z_2 of standard normals the plain
contributions to μ_1 vary by 3, those without the second factor by 83 (A² + 2B² with A = 9, B = 1).

Symbols: factors (scope_c, f_c), μ[d], σ[d], z[S, d], G[S, 2d].
Source: Ranganath, Gerrish and Blei 2014, §3.1; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, all_of, gap, law, same
from prufrock.tolerance import summation

from ..cases.factors import Factor, Total
from ..cases.integrands import Multivariate
from ..hygiene import cross_cutting, refusals
from ..oracles import moments
from ._gaussian import SCALES, chain, over_noise, score, score_size
from ._lengths import longer, wider

if TYPE_CHECKING:
    from ..cases.estimators import Normal
    from ..cases.factor_graphs import Normals

Array = NDArray[np.float64]
SOURCE = "Ranganath, Gerrish and Blei 2014, §3.1"
DEGREE = 4  # of a factor (2) times a score (2) in any one variable

rao_blackwell_normal = Contract(
    id="variational.rao-blackwell-normal",
    says="the score of each variable times the sum of its own factors, under independent normals",
    arguments={"factors": "", "mu": "d", "sigma": "d", "z": "S d"},
    outputs={"G": "S 2*d"},
    domain="factors: tuple of (scope, f: [..., n] -> [...]); σ > 0 a standard deviation; columns ∂/∂μ, then ∂/∂scale",
    cases="..cases.factor_graphs:normals",
    conventions={"scale": SCALES},
    source=SOURCE,
    home=__package__,
)


def _plain(case: Normals) -> Normal:
    from ..cases.estimators import Normal

    return Normal(Total(case.factors), case.mu, case.sigma, case.eps)


def _rounding(subject: Judged, case: Normals, z: Array) -> tuple[Array, Array]:
    """T1 for each contribution, and the size of its summands, [S, P]."""
    total = Total(case.factors)
    size = total.magnitude(z)[:, None] * score_size(subject, _plain(case), z)
    return np.asarray(summation(12 + total.operations, size, subject.u)), size


def _over_variables(f: Factor, d: int) -> Multivariate:
    """The factor as a polynomial in all variables."""
    powers = []
    for own in f.f.powers:
        wide = [0] * d
        for i, k in zip(f.scope, own, strict=True):
            wide[i] = k
        powers.append(tuple(wide))
    return Multivariate(f.f.coefficients, tuple(powers))


@law(
    rao_blackwell_normal,
    says="the mean of the contributions is the gradient",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="RBB-01",
    kills=("first-of-scope-only", "wrong-sign", "deviation-for-variance"),
)
def gradient(estimate: Judged, case: Normals) -> Gap:
    """Σ w G = ∇ Σ_c E f_c."""
    over = over_noise(_plain(case), DEGREE)
    factor = chain(estimate, case.sigma)
    want = np.zeros(2 * len(case.mu))
    for c in case.factors:
        f = _over_variables(c, len(case.mu))
        slopes = (moments.slope_mean(f, case.mu, case.sigma), moments.slope_deviation(f, case.mu, case.sigma))
        want += np.concatenate(slopes)
    allow, size = _rounding(estimate, case, over.z)
    got = over.w @ estimate(case.factors, case.mu, case.sigma, over.z)
    scale = float((over.size @ size).max())
    P = len(factor)
    return gap(got[:P], want[:P] * factor, allow=over.size @ allow, effect=scale)


@law(
    rao_blackwell_normal,
    says="the contribution is the score times the sum of the variable's own factors",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    code="RBB-01",
    complete=True,
    kills=("all-factors", "first-of-scope-only", "half-precision", "pairs-only"),
)
def score_times_blanket(estimate: Judged, case: Normals) -> Gap:
    """G_i = ∇ log q_i(z_i) Σ_{c ∋ i} f_c(z_c)."""
    d, scores = len(case.mu), score(estimate, _plain(case), case.z)
    own = [Total(tuple(c for c in case.factors if i in c.scope))(case.z) for i in range(d)]
    sums = np.tile(np.stack(own, axis=1), scores.shape[1] // d)
    allow, size = _rounding(estimate, case, case.z)
    got = estimate(case.factors, case.mu, case.sigma, case.z)[:, : scores.shape[1]]
    return gap(got, scores * sums, allow=allow, effect=float(size.max()))


@law(
    rao_blackwell_normal,
    says="a variable does not hear of factors that do not mention it",
    source=SOURCE,
    kind="bitwise",
    rule="T0",
    code="RBB-02",
    kills=("all-factors", "neighbours-of-neighbours"),
)
def deaf_to_the_rest(estimate: Judged, case: Normals) -> Gap:
    """G_i with every factor beyond its own multiplied by 2⁶⁰ is G_i, byte for byte."""
    d, i = len(case.mu), case.i
    loud = tuple(c if i in c.scope else c.times(2.0**60) for c in case.factors)
    G, H = (estimate(factors, case.mu, case.sigma, case.z) for factors in (case.factors, loud))
    says = f"contributions to variable {i}"
    return all_of(*(same(H[:, at].copy(), G[:, at].copy(), says=says) for at in (i, d + i)))


@law(
    rao_blackwell_normal,
    says="each sample contributes by itself",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    kills=("centres-values", "divides-by-samples", "shifts-samples"),
)
def sample_by_sample(estimate: Judged, case: Normals) -> Gap:
    """G(z_1, …, z_S)_s = G(z_s)."""
    alone = [estimate(case.factors, case.mu, case.sigma, case.z[s : s + 1]) for s in range(len(case.z))]
    allow, size = _rounding(estimate, case, case.z)
    P = size.shape[1]
    got = estimate(case.factors, case.mu, case.sigma, case.z)[:, :P]
    return gap(got, np.concatenate(alone)[:, :P], allow=2.0 * allow, effect=float(size.max()))


BAD: dict[str, Any] = {
    "nan-sample": lambda case: (case.factors, case.mu, case.sigma, np.full_like(case.z, np.nan)),
    "nan-mean": lambda case: (case.factors, np.full_like(case.mu, np.nan), case.sigma, case.z),
    "zero-deviation": lambda case: (case.factors, case.mu, 0.0 * case.sigma, case.z),
    "unknown-variable": lambda case: (
        (*case.factors, Factor((len(case.mu),), case.factors[0].f)),
        case.mu,
        case.sigma,
        case.z,
    ),
    "lengths-that-disagree": lambda case: (case.factors, *longer(case.mu, case.sigma), wider(case.z)),
}


def _call_rounding(case: Normals, u: float) -> float:
    """For any declared scale: the largest factor of the chain rule is taken."""
    far = ((np.abs(case.z) + np.abs(case.mu)) / case.sigma) ** 2 + 1.0
    factor = np.maximum(np.maximum(1.0 / case.sigma, 0.5 / case.sigma**2), 1.0)
    total = Total(case.factors)
    size = (total.magnitude(case.z)[:, None] * far * factor).max()
    return float(summation(12 + total.operations, size, u))


CONTRACTS = (rao_blackwell_normal,)
LAWS = (
    gradient,
    score_times_blanket,
    deaf_to_the_rest,
    sample_by_sample,
    *cross_cutting(rao_blackwell_normal, allow=_call_rounding),
    *refusals(rao_blackwell_normal, BAD),
)
