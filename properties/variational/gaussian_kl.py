"""The divergence of a mean-field normal from the standard normal, as variational autoencoders have it.

    KL(N(μ, diag e^v) ‖ N(0, I)) = ½ Σ (μ² + e^v − 1 − v) ≥ 0,  = 0 only at μ = v = 0;      ∂/∂μ = μ,   ∂/∂v = ½(e^v − 1)

e^v − 1 − v ≈ v²/2 drowns in u|v| for small v unless e^v − 1 is taken as one function; an absolute error of a few u(1 + |v|) is
all that the naive form promises, and all that is allowed here. Coordinates add; μ enters by its square; in one coordinate
the divergence along v is convex with second derivative ½e^v. Reversed, it would be ½ Σ (μ²e^{−v} + e^{−v} − 1 + v).

Symbols: mu μ[B, d], logvar v[B, d] = log σ²; kl[B].
Source: Kingma & Welling 2014, App. B.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, all_of, at_most, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles.quadrature import normal

if TYPE_CHECKING:
    from ..cases.encodings import Encoding

Array = NDArray[np.float64]

gaussian_kl = Contract(
    id="variational.gaussian-kl",
    says="Kullback-Leibler divergence of independent normals from standard ones, summed over dimensions",
    arguments={"mu": "B d", "logvar": "B d"},
    outputs={"kl": "B", "grad_mu": "B d", "grad_logvar": "B d"},
    domain="finite mu and logvar = log σ² (σ² neither overflows nor underflows), d ≥ 1",
    cases="..cases.encodings:encodings",
    conventions={"overflow": ("inf", "nan")},
    source="Kingma & Welling 2014, App. B",
    home=__package__,
)


def terms(mu: Array, logvar: Array) -> Array:
    """½(μ² + e^v − 1 − v), [B, d]."""
    return np.asarray((np.square(mu) + np.expm1(logvar) - logvar) / 2.0)


def magnitude(mu: Array, logvar: Array) -> Array:
    """Σ|summands|, [B]; the exponential of v errs by u(1 + |v|)e^v."""
    v = np.abs(logvar)
    return np.asarray((np.square(mu) + np.exp(logvar) * (1.0 + v) + 1.0 + v).sum(1))


def rounding(case: Encoding, u: float) -> Array:
    """T1."""
    return np.asarray(summation(case.mu.shape[1] + 4, magnitude(case.mu, case.logvar), u))


@law(
    gaussian_kl,
    says="half the sum of squared mean and variance, less one and the log-variance",
    source="Kingma & Welling 2014, App. B",
    kind="oracle",
    rule="T1",
    code="VAE-01",
    complete=True,
    kills=("reversed", "logvar-for-log-sigma", "half-forgotten", "mean-over-dimensions", "squared-logvar"),
)
def closed_form(divergence: Judged, case: Encoding) -> Gap:
    """KL = ½ Σ (μ² + e^v − 1 − v)."""
    want = terms(case.mu, case.logvar).sum(1)
    effect = float(magnitude(case.mu, case.logvar).max())
    return gap(divergence(case.mu, case.logvar), want, allow=rounding(case, divergence.u), effect=effect)


@law(
    gaussian_kl,
    says="it is the mean of log q − log p under q, by quadrature",
    source="derived",
    kind="oracle",
    rule="T1",
    code="VAE-01",
    kills=("reversed", "half-forgotten", "logvar-for-log-sigma"),
)
def expected_log_ratio(divergence: Judged, case: Encoding) -> Gap:
    """KL = Σ_j E_ε [½z_j² − ½ε² − ½v_j], z = μ + e^{v/2} ε, by a rule that is exact for squares."""
    eps, w = normal(4)
    z = case.mu[..., None] + np.exp(case.logvar / 2.0)[..., None] * eps
    ratio = (np.square(z) - np.square(eps) - case.logvar[..., None]) / 2.0
    allow = rounding(case, divergence.u) + rounding(case, 2.0**-50)
    effect = float(magnitude(case.mu, case.logvar).max())
    return gap(divergence(case.mu, case.logvar), (ratio @ w).sum(1), allow=allow, effect=effect)


@law(
    gaussian_kl,
    says="it is never negative, and zero at the standard normal alone",
    source="Kingma & Welling 2014, App. B (Gibbs' inequality)",
    kind="inequality",
    rule="T1",
    code="VAE-01",
    kills=("one-forgotten", "logvar-sign", "reversed-in-sign"),
)
def gibbs(divergence: Judged, case: Encoding) -> Gap:
    """KL ≥ 0; KL(N(0, 1)) = 0; KL ≥ ½ Σ μ²."""
    standard = divergence(0.0 * case.mu, 0.0 * case.logvar)
    allow, effect = rounding(case, divergence.u), float(magnitude(case.mu, case.logvar).max())
    low = np.square(case.mu).sum(1) / 2.0
    return all_of(
        at_most(low, divergence(case.mu, case.logvar), allow=allow, effect=effect),
        gap(standard, 0.0, allow=summation(case.mu.shape[1] + 4, 2.0 * case.mu.shape[1], divergence.u), effect=1.0),
    )


@law(
    gaussian_kl,
    says="dimensions add",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="VAE-01",
    kills=("mean-over-dimensions", "first-dimension-only"),
)
def additive(divergence: Judged, case: Encoding) -> Gap:
    """KL(q_1 ⊗ q_2) = KL(q_1) + KL(q_2)."""
    cut = case.mu.shape[1] // 2
    halves = (slice(0, cut), slice(cut, None)) if cut else (slice(0, None),)
    want = sum(divergence(case.mu[:, i].copy(), case.logvar[:, i].copy()) for i in halves)
    effect = float(magnitude(case.mu, case.logvar).max())
    return gap(divergence(case.mu, case.logvar), want, allow=3 * rounding(case, divergence.u), effect=effect)


@law(
    gaussian_kl,
    says="for a log-variance near zero it loses no more than a few roundings of one",
    source="derived: e^v − 1 − v = v²/2 + O(v³)",
    kind="limit",
    rule="T1",
    code="VAE-02",
    cases="..cases.encodings:near_standard",
    kills=("floors-variance", "first-order", "one-forgotten"),
)
def near_the_standard_normal(divergence: Judged, case: Encoding) -> Gap:
    """|KL − ½ Σ (μ² + v²/2)| ≤ Σ |v|³/8 + 8nu Σ(1 + |v|), |v| ≤ ½."""
    v = np.abs(case.logvar)
    want = (np.square(case.mu) + np.square(case.logvar) / 2.0).sum(1) / 2.0
    allow = (v**3).sum(1) / 8.0 + summation(case.mu.shape[1] + 4, (np.square(case.mu) + 1.0 + v).sum(1), divergence.u)
    return gap(divergence(case.mu, case.logvar), want, allow=allow, effect=1.0)


@law(
    gaussian_kl,
    says="a variance that overflows is infinitely far; one that underflows is as far as its logarithm",
    source="derived",
    kind="limit",
    rule="T1",
    level="convention",
    when={"overflow": ("inf",)},
    code="VAE-02",
    cases="..cases.encodings:extremes",
    kills=("clips-logvar", "nan-on-overflow"),
)
def extreme_variances(divergence: Judged, case: Encoding) -> Gap:
    """KL = ∞ where e^v is too large for the dtype, and only there; ½ Σ (μ² − 1 − v) where it is too small."""
    with np.errstate(over="ignore"):
        variance = np.exp(case.logvar).astype(divergence.dtype).astype(np.float64)
    want = (np.square(case.mu) + variance - 1.0 - case.logvar).sum(1) / 2.0
    seen = np.where(np.isfinite(variance), variance, 0.0) * (1.0 + np.abs(case.logvar))
    size = (np.square(case.mu) + np.abs(case.logvar) + 1.0 + seen).sum(1)
    allow = np.where(np.isfinite(want), summation(case.mu.shape[1] + 4, size, divergence.u), 0.0)
    return gap(divergence(case.mu, case.logvar), want, allow=allow, effect=float(size.max()))


@law(
    gaussian_kl,
    says="its slopes are the mean, and half of what the variance exceeds one",
    source="Kingma & Welling 2014, App. B",
    kind="gradient",
    rule="T1",
    code="VAE-03",
    needs=("grad_mu", "grad_logvar"),
    kills=("by-log-sigma", "by-variance", "by-sigma"),
)
def slopes(divergence: Judged, case: Encoding) -> Gap:
    """∂KL/∂μ = μ, ∂KL/∂v = ½(e^v − 1)."""
    out, u = divergence.full(case.mu, case.logvar), divergence.u
    size = np.exp(case.logvar) * (1.0 + np.abs(case.logvar)) + 1.0
    return all_of(
        gap(out.grad_mu, case.mu, allow=summation(3, case.mu, u), effect=max(float(np.abs(case.mu).max()), 1.0)),
        gap(out.grad_logvar, np.expm1(case.logvar) / 2.0, allow=summation(3, size, u), effect=float(size.max())),
    )


def _nan(x: Array) -> Array:
    out = x.copy()
    out[0, 0] = np.nan
    return out


BAD = {
    "nan-mean": lambda case: (_nan(case.mu), case.logvar),
    "nan-log-variance": lambda case: (case.mu, _nan(case.logvar)),
    "shapes-that-disagree": lambda case: (np.zeros((3, 2)), np.zeros((2, 3))),
}

CONTRACTS = (gaussian_kl,)
LAWS = (
    closed_form,
    expected_log_ratio,
    gibbs,
    additive,
    near_the_standard_normal,
    extreme_variances,
    slopes,
    *cross_cutting(
        gaussian_kl,
        allow=lambda case, u: 2 * float(rounding(case, u).max()),
        layouts=("ignores-strides", "ignores-order"),
    ),
    *refusals(gaussian_kl, BAD),
)
