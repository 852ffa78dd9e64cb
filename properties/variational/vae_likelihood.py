"""The likelihoods that decoders of variational autoencoders give, summed over pixels.

    Bernoulli   log p(x|l) = Σ x l − log(1 + e^l) = −Σ log(1 + e^{∓l}),  − for x = 1, + for x = 0;  Σ_x p(x|l) = 1 over {0, 1}^D
    Gaussian    log p(x|m, v) = −½ Σ ((x − m)² e^{−v} + v + log 2π);  ∫ p dx = 1

A logit of any size has a finite likelihood, −|l| at worst: no sigmoid need saturate on the way. Ones for zeros and −l for l
change nothing. For shares 0 ≤ x ≤ 1 the Bernoulli form is linear in x between its values at 0 and 1.

Symbols: x[B, D]; logits l[B, D], or mean m and logvar v = log σ²[B, D]; log_p[B].
Source: Kingma & Welling 2014, App. C.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles.normal import LOG_2PI

if TYPE_CHECKING:
    from ..cases.encodings import Binary, Real

Array = NDArray[np.float64]

bernoulli_log_likelihood = Contract(
    id="variational.bernoulli-log-likelihood",
    says="log-probability of binary data under independent Bernoullis given by logits, summed over the last axis",
    arguments={"x": "B D", "logits": "B D"},
    outputs={"log_p": "B"},
    domain="x of zeros and ones (shares of one where the subject says so), finite logits; D ≥ 1",
    cases="..cases.encodings:binary",
    conventions={"shares": ("yes", "no"), "saturates": ("no", "yes")},
    source="Kingma & Welling 2014, App. C.1",
    home=__package__,
)

gaussian_log_likelihood = Contract(
    id="variational.gaussian-log-likelihood",
    says="log-density of real data under independent normals given by mean and log-variance, summed over the last axis",
    arguments={"x": "B D", "mean": "B D", "logvar": "B D"},
    outputs={"log_p": "B"},
    domain="finite x, mean and logvar = log σ²; D ≥ 1",
    cases="..cases.encodings:real",
    conventions={"constant": ("kept", "dropped")},
    source="Kingma & Welling 2014, App. C.2",
    home=__package__,
)


def softplus(x: Array) -> Array:
    """log(1 + e^x)."""
    return np.logaddexp(0.0, x)


def rounding(case: Binary, u: float) -> Array:
    """T1: D pixels of size |l| + log 2."""
    D = case.x.shape[1]
    return np.asarray(summation(D + 3, (np.abs(case.logits) + 1.0).sum(1), u))


def size(case: Binary) -> float:
    return float((np.abs(case.logits) + 1.0).sum(1).max())


@law(
    bernoulli_log_likelihood,
    says="each pixel costs the softplus of the logit against it",
    source="Kingma & Welling 2014, App. C.1",
    kind="oracle",
    rule="T1",
    code="VAE-05",
    complete=True,
    kills=("mean-over-pixels", "probabilities-for-logits", "zeros-forgotten", "labels-swapped"),
)
def softplus_form(log_likelihood: Judged, case: Binary) -> Gap:
    """log p = −Σ log(1 + e^{(1 − 2x)l})."""
    want = -softplus((1.0 - 2.0 * case.x) * case.logits).sum(1)
    got = log_likelihood(case.x, case.logits)
    return gap(got, want, allow=rounding(case, log_likelihood.u), effect=size(case))


@law(
    bernoulli_log_likelihood,
    says="the probabilities of all images add up to one",
    source="derived",
    kind="identity",
    rule="T1",
    code="VAE-05",
    kills=("mean-over-pixels", "zeros-forgotten"),
)
def total_mass(log_likelihood: Judged, case: Binary) -> Gap:
    """Σ over x in {0, 1}^D of p(x|l) = 1, for the first row of logits."""
    images = np.array(list(product((0.0, 1.0), repeat=case.x.shape[1])))
    logits = np.broadcast_to(case.logits[:1], images.shape).copy()
    log_p = log_likelihood(images, logits)
    allow = summation(case.x.shape[1] + 4, (np.abs(logits) + 1.0).sum(1).max(), log_likelihood.u)
    return gap(np.exp(log_p).sum(), 1.0, allow=allow)


@law(
    bernoulli_log_likelihood,
    says="ones for zeros and the other sign of the logit are the same thing",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="VAE-05",
    kills=("zeros-forgotten", "labels-swapped-if-negative"),
)
def complement(log_likelihood: Judged, case: Binary) -> Gap:
    """log p(1 − x|−l) = log p(x|l)."""
    got, want = log_likelihood(1.0 - case.x, -case.logits), log_likelihood(case.x, case.logits)
    return gap(got, want, allow=2 * rounding(case, log_likelihood.u), effect=size(case))


@law(
    bernoulli_log_likelihood,
    says="a logit far against the data costs its own size, one far for them next to nothing",
    source="derived",
    kind="limit",
    rule="T1",
    level="convention",
    when={"saturates": ("no",)},
    code="VAE-05",
    cases="..cases.encodings:far_logits",
    kills=("saturates", "clamped-at-hundred", "smoothed"),
)
def far_logits(log_likelihood: Judged, case: Binary) -> Gap:
    """|l| ≥ 30  ⇒  log p = −Σ |l| over wrong pixels, to 10⁻¹³ a pixel and rounding."""
    wrong = (case.logits > 0) != (case.x > 0)
    want = -(np.abs(case.logits) * wrong).sum(1)
    D, wrong_size = case.x.shape[1], (np.abs(case.logits) * wrong).sum(1) + 1.0
    # Right pixels cost e^{−|l|}, which no difference of numbers of size |l| may drown.
    allow = D * 1e-13 + summation(D + 3, np.maximum(wrong_size, np.abs(case.logits).max()), log_likelihood.u)
    return gap(log_likelihood(case.x, case.logits), want, allow=allow, effect=size(case))


@law(
    bernoulli_log_likelihood,
    says="shares of one are charged in proportion",
    source="derived (linear in x)",
    kind="metamorphic",
    rule="T10",
    level="convention",
    when={"shares": ("yes",)},
    code="VAE-05",
    cases="..cases.encodings:shares",
    kills=("rounds-the-data", "saturates"),
)
def shares_of_one(log_likelihood: Judged, case: Binary) -> Gap:
    """log p(x|l) = Σ_j x_j log p(1|l_j) + (1 − x_j) log p(0|l_j)."""
    want = -(case.x * softplus(-case.logits) + (1.0 - case.x) * softplus(case.logits)).sum(1)
    got = log_likelihood(case.x, case.logits)
    return gap(got, want, allow=2 * rounding(case, log_likelihood.u), effect=size(case))


@law(
    bernoulli_log_likelihood,
    says="pixels add",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="VAE-05",
    kills=("mean-over-pixels", "skips-a-pixel"),
)
def pixel_by_pixel(log_likelihood: Judged, case: Binary) -> Gap:
    """log p(x|l) = Σ_j log p(x_j|l_j)."""
    alone = [
        log_likelihood(case.x[:, j : j + 1].copy(), case.logits[:, j : j + 1].copy()) for j in range(case.x.shape[1])
    ]
    got = log_likelihood(case.x, case.logits)
    return gap(got, np.sum(alone, axis=0), allow=2 * rounding(case, log_likelihood.u), effect=size(case))


def spread(case: Real) -> Array:
    """Σ|summands|; e^{−v} errs by u(1 + |v|)."""
    v = np.abs(case.logvar)
    far = np.square(np.abs(case.x) + np.abs(case.mean)) * np.exp(-case.logvar) * (1.0 + v)
    return np.asarray((far + v + LOG_2PI).sum(1))


@law(
    gaussian_log_likelihood,
    says="each number costs its square in units of the variance, and the logarithm of that unit",
    source="Kingma & Welling 2014, App. C.2",
    kind="oracle",
    rule="T1",
    level="convention",
    when={"constant": ("kept", "dropped")},
    code="VAE-05",
    complete=True,
    kills=("no-two-pi", "log-sigma-for-logvar", "deviation-forgotten", "mean-over-pixels"),
)
def normal_density(log_likelihood: Judged, case: Real) -> Gap:
    """log p = −½ Σ ((x − m)² e^{−v} + v + log 2π), without the last where the subject drops it."""
    constant = LOG_2PI if log_likelihood.conventions["constant"] == "kept" else 0.0
    want = -0.5 * (np.square(case.x - case.mean) * np.exp(-case.logvar) + case.logvar + constant).sum(1)
    allow = summation(case.x.shape[1] + 4, spread(case), log_likelihood.u)
    effect = float(spread(case).max())
    return gap(log_likelihood(case.x, case.mean, case.logvar), want, allow=allow, effect=effect)


@law(
    gaussian_log_likelihood,
    says="the density of one number integrates to one",
    source="derived",
    kind="identity",
    rule="T1",
    level="convention",
    when={"constant": ("kept",)},
    code="VAE-05",
    kills=("no-two-pi", "log-sigma-for-logvar", "half-forgotten"),
)
def density_integrates_to_one(log_likelihood: Judged, case: Real) -> Gap:
    """∫ p(x|m, v) dx = 1 by the trapezoidal rule at half of the deviation, which errs by 2exp(−2π²/½²)."""
    m, v = float(case.mean[0, 0]), float(case.logvar[0, 0])
    steps = np.arange(-17, 18)[:, None] / 2.0
    x, mean, logvar = m + np.exp(v / 2.0) * steps, np.full_like(steps, m), np.full_like(steps, v)
    got = np.exp(v / 2.0) / 2.0 * np.exp(log_likelihood(x, mean, logvar)).sum()
    largest = 1.0 + abs(v) * 2.0 + abs(m) * np.exp(-v / 2.0)
    return gap(got, 1.0, allow=summation(8, 8.0 * largest, log_likelihood.u) + 1e-15)


@law(
    gaussian_log_likelihood,
    says="another unit divides the density by it",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="VAE-05",
    kills=("deviation-forgotten", "log-sigma-for-logvar"),
)
def change_of_unit(log_likelihood: Judged, case: Real) -> Gap:
    """log p(4x|4m, v + 2 log 4) = log p(x|m, v) − D log 4."""
    D = case.x.shape[1]
    got = log_likelihood(4.0 * case.x, 4.0 * case.mean, case.logvar + 2.0 * np.log(4.0))
    want = log_likelihood(case.x, case.mean, case.logvar) - D * np.log(4.0)
    allow = 4 * summation(D + 4, spread(case) * 4.0, log_likelihood.u)
    return gap(got, want, allow=allow, effect=float(spread(case).max()))


def _nan(x: Array) -> Array:
    out = x.copy()
    out[0, 0] = np.nan
    return out


BAD = {
    "nan-logit": lambda c: (c.x, _nan(c.logits)),
    "data-beyond-one": lambda c: (c.x + 1.5, c.logits),
    "negative-data": lambda c: (c.x - 1.5, c.logits),
}
BAD_REAL = {"nan-mean": lambda c: (c.x, _nan(c.mean), c.logvar), "nan-data": lambda c: (_nan(c.x), c.mean, c.logvar)}
LAYOUTS = ("ignores-strides", "ignores-order")

CONTRACTS = (bernoulli_log_likelihood, gaussian_log_likelihood)
LAWS = (
    softplus_form,
    total_mass,
    complement,
    far_logits,
    shares_of_one,
    pixel_by_pixel,
    normal_density,
    density_integrates_to_one,
    change_of_unit,
    *cross_cutting(bernoulli_log_likelihood, allow=lambda c, u: 2 * float(rounding(c, u).max()), layouts=LAYOUTS),
    *cross_cutting(
        gaussian_log_likelihood,
        allow=lambda c, u: 2 * float(np.max(summation(c.x.shape[1] + 4, spread(c), u))),
        layouts=LAYOUTS,
    ),
    *refusals(bernoulli_log_likelihood, BAD),
    *refusals(gaussian_log_likelihood, BAD_REAL),
)
