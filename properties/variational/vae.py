"""The variational autoencoder where everything about it is known: its sample, and the bound of a linear one.

    z = μ + e^{v/2} ε,      L(x, ε) = log p(x|z) − KL(q(z|x) ‖ N(0, I)),  or  log p(x|z) + log p(z) − log q(z|x)
    p(x|z) = N(Wz + offset, s I),  q(z|x) = N(Vx + shift, diag e^v):      E L + KL(q ‖ p(z|x)) = log p(x)

Linear maps make it probabilistic principal component analysis, with posterior N(M⁻¹Wᵀ(x − offset), sM⁻¹), M = WᵀW + sI.
Where the columns of W are orthogonal M is diagonal, q can be the posterior, and the bound is the evidence; at the best fit its
average is Tipping and Bishop's maximum. L is a quadratic in ε, integrated exactly by a rule for cubics.

Symbols: x[B, D], W[D, d], offset[D], noise s, V[d, D], shift[d], logvar v[d], eps ε[B, d]; value L[B].
Source: Kingma & Welling 2014; Tipping & Bishop 1999; Lucas et al. 2019 (linear autoencoders).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, at_most, gap, law
from prufrock.tolerance import summation

from ..hygiene import cross_cutting, refusals
from ..oracles import ppca
from ..oracles.normal import LOG_2PI
from ..oracles.quadrature import normals

if TYPE_CHECKING:
    from ..cases.encodings import Linear, Noisy

Array = NDArray[np.float64]

sample = Contract(
    id="variational.reparameterized-sample",
    says="a sample of a normal given by mean, log-variance and standard noise",
    arguments={"mu": "B d", "logvar": "B d", "eps": "B d"},
    outputs={"z": "B d"},
    domain="finite mu, logvar = log σ² and noise",
    cases="..cases.encodings:noisy",
    source="Kingma & Welling 2014, §2.4",
    home=__package__,
)

linear_vae = Contract(
    id="variational.linear-vae",
    says="the bound of a linear autoencoder with a Gaussian decoder, one number an item",
    arguments={
        "x": "B D",
        "W": "D d",
        "offset": "D",
        "noise": "",
        "V": "d D",
        "shift": "d",
        "logvar": "d",
        "eps": "B d",
    },
    outputs={"value": "B"},
    domain="finite numbers, noise > 0 a variance, logvar = log σ²",
    cases="..cases.encodings:linear",
    conventions={"divergence": ("closed form", "sampled")},
    source="Kingma & Welling 2014; Tipping & Bishop 1999",
    home=__package__,
)


@law(
    sample,
    says="the sample is the mean and the deviation times the noise",
    source="Kingma & Welling 2014, §2.4",
    kind="identity",
    rule="T1",
    code="VAE-04",
    complete=True,
    kills=("variance-for-deviation", "log-sigma-for-logvar", "noise-reused", "mean-forgotten"),
)
def mean_and_deviation(draw: Judged, case: Noisy) -> Gap:
    """z = μ + e^{v/2} ε."""
    step = np.exp(case.logvar / 2.0) * case.eps
    allow = summation(4, np.abs(case.mu) + np.abs(step) * (1.0 + np.abs(case.logvar)), draw.u)
    got = draw(case.mu, case.logvar, case.eps)
    return gap(got, case.mu + step, allow=allow, effect=float(np.abs(step).max() + np.abs(case.mu).max()))


@law(
    sample,
    says="without noise the sample is the mean, bit for bit",
    source="derived",
    kind="limit",
    rule="T0",
    code="VAE-04",
    kills=("mean-forgotten", "floor-of-noise"),
)
def no_noise(draw: Judged, case: Noisy) -> Gap:
    """ε = 0  ⇒  z = μ."""
    return gap(
        draw(case.mu, case.logvar, 0.0 * case.eps), case.mu, allow=0.0, effect=max(float(np.abs(case.mu).max()), 1.0)
    )


@law(
    sample,
    says="sixteen times the variance is four times as far from the mean",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="VAE-04",
    kills=("variance-for-deviation", "log-sigma-for-logvar", "clipped-deviation"),
)
def more_variance(draw: Judged, case: Noisy) -> Gap:
    """z(v + log 16) − μ = 4(z(v) − μ)."""
    near, far = (draw(case.mu, case.logvar + shift, case.eps) for shift in (0.0, np.log(16.0)))
    step = np.exp(case.logvar / 2.0) * np.abs(case.eps)
    allow = 10 * summation(4, np.abs(case.mu) + step * (4.0 + np.abs(case.logvar)), draw.u)
    return gap(far - case.mu, 4.0 * (near - case.mu), allow=allow, effect=max(4.0 * float(step.max()), 1.0))


def magnitude(c: Linear, eps: Array) -> Array:
    """Σ|summands| of L, [B]."""
    sigma, v = np.exp(c.logvar / 2.0), np.abs(c.logvar)
    mu = np.abs(c.x) @ np.abs(c.V).T + np.abs(c.shift)
    z = mu + sigma * np.abs(eps) * (1.0 + v)
    off = np.abs(c.x) + z @ np.abs(c.W).T + np.abs(c.offset)
    likelihood = (off**2 / c.noise + abs(np.log(c.noise)) * (1.0 + off**2 / c.noise) + LOG_2PI).sum(1)
    return np.asarray(likelihood + (z**2 + mu**2 + eps**2 + sigma**2 * (1.0 + v) + v + 1.0).sum(1))


def rounding(c: Linear, eps: Array, u: float) -> Array:
    return np.asarray(summation(sum(c.W.shape) + 8, magnitude(c, eps), u))


def weights(c: Linear) -> tuple[Any, ...]:
    return c.W, c.offset, c.noise, c.V, c.shift, c.logvar


def average(bound: Judged, c: Linear, x: Array) -> tuple[float, float, float]:
    """E_ε L(x, ε) of one item, its allowance and its size."""
    eps, w = normals(len(c.shift), 4)
    items = np.broadcast_to(x, (len(eps), len(x))).copy()
    value = bound(items, *weights(c), eps)
    spread = replace(c, x=items, eps=eps)
    return (
        float(w @ value),
        float(np.abs(w) @ rounding(spread, eps, bound.u)),
        float(np.abs(w) @ magnitude(spread, eps)),
    )


@law(
    linear_vae,
    says="the bound falls short of the evidence by the divergence of the encoder from the posterior",
    source="Kingma & Welling 2014, eq. (1); Tipping & Bishop 1999, eqs (4), (6)",
    kind="oracle",
    rule="T1",
    code="VAE-06",
    kills=("divergence-added", "deviation-for-noise", "offset-forgotten", "mean-over-pixels", "log-sigma-for-logvar"),
)
def evidence_less_divergence(bound: Judged, c: Linear) -> Gap:
    """E L(x, ε) = log N(x; offset, WWᵀ + sI) − KL(q(z|x) ‖ p(z|x))."""
    x, noise = c.x[0], float(c.noise)
    mean, allow, size = average(bound, c, x)
    center, covariance = ppca.posterior(c.x[:1], c.W, c.offset, noise)
    short = ppca.divergence(x[None] @ c.V.T + c.shift, c.logvar, center, covariance)
    want = float((ppca.log_evidence(c.x[:1], c.W, c.offset, noise) - short)[0])
    allow += float(summation(30, size, 2.0**-53) * np.linalg.cond(covariance))
    return gap(mean, want, allow=allow, effect=size)


@law(
    linear_vae,
    says="the bound is never above the evidence",
    source="Kingma & Welling 2014, eq. (2)",
    kind="inequality",
    rule="T1",
    code="VAE-06",
    kills=("divergence-added", "divergence-forgotten"),
)
def lower_bound(bound: Judged, c: Linear) -> Gap:
    """E L(x, ε) ≤ log p(x)."""
    mean, allow, size = average(bound, c, c.x[0])
    want = float(ppca.log_evidence(c.x[:1], c.W, c.offset, float(c.noise))[0])
    cond = np.linalg.cond(c.W.T @ c.W + c.noise * np.eye(len(c.shift)))
    return at_most(mean, want, allow=allow + float(summation(30, size, 2.0**-53) * cond), effect=size)


@law(
    linear_vae,
    says="at its best it is probabilistic principal component analysis, and its bound the maximal likelihood",
    source="Tipping & Bishop 1999, eqs (7), (8); Lucas et al. 2019",
    kind="oracle",
    rule="T1",
    code="VAE-06",
    cases="..cases.encodings:spanning",
    kills=("divergence-added", "offset-forgotten", "deviation-for-noise", "no-two-pi"),
)
def principal_components(bound: Judged, case: Linear) -> Gap:
    """1/N Σ_n E L(x_n, ε) = −½ (Σ_{i≤d} log λ_i + (D − d) log s + D log 2π + D) at the best W, s, V, v."""
    W, offset, noise, want = ppca.best_fit(case.x, len(case.shift))
    _, covariance = ppca.posterior(case.x, W, offset, noise)
    V = covariance @ W.T / noise
    logvar, shift = np.log(np.diag(covariance)), -V @ offset
    c = replace(case, W=W, offset=offset, noise=np.asarray(noise), V=V, shift=shift, logvar=logvar)
    found = [average(bound, c, x) for x in c.x]
    mean, allow, size = (float(np.mean(column)) for column in zip(*found, strict=True))
    return gap(mean, want, allow=2 * allow + float(summation(64, size, 2.0**-53)), effect=size)


@law(
    linear_vae,
    says="each item has its likelihood at its own sample, less its divergence from the prior",
    source="Kingma & Welling 2014, eq. (10)",
    kind="oracle",
    rule="T1",
    level="convention",
    when={"divergence": ("closed form", "sampled")},
    complete=True,
    kills=("noise-reused", "divergence-of-the-first", "half-the-divergence", "no-two-pi"),
)
def item_by_item(bound: Judged, c: Linear) -> Gap:
    """L = log N(x; Wz + offset, sI) − ½ Σ (μ² + e^v − 1 − v), or − ½ Σ (z² − ε² − v)."""
    mu = c.x @ c.V.T + c.shift
    z = mu + np.exp(c.logvar / 2.0) * c.eps
    off = c.x - z @ c.W.T - c.offset
    likelihood = -0.5 * (off**2 / c.noise + np.log(c.noise) + LOG_2PI).sum(1)
    closed = bound.conventions["divergence"] == "closed form"
    prior = mu**2 + np.expm1(c.logvar) - c.logvar if closed else z**2 - c.eps**2 - c.logvar
    allow = rounding(c, c.eps, bound.u)
    return gap(
        bound(c.x, *weights(c), c.eps),
        likelihood - prior.sum(1) / 2.0,
        allow=allow,
        effect=float(magnitude(c, c.eps).max()),
    )


def _nan(x: Array) -> Array:
    out = x.copy()
    out.flat[0] = np.nan
    return out


BAD = {"nan-mean": lambda c: (_nan(c.mu), c.logvar, c.eps)}
BAD_VAE = {"nan-data": lambda c: (_nan(c.x), *weights(c), c.eps)}
LAYOUTS = ("ignores-strides", "ignores-order")


def _step(case: Noisy, u: float) -> float:
    size = np.abs(case.mu) + np.exp(case.logvar / 2.0) * np.abs(case.eps) * (1.0 + np.abs(case.logvar))
    return float(np.max(summation(8, size, u)))


CONTRACTS = (sample, linear_vae)
LAWS = (
    mean_and_deviation,
    no_noise,
    more_variance,
    evidence_less_divergence,
    lower_bound,
    principal_components,
    item_by_item,
    *cross_cutting(sample, allow=_step, layouts=LAYOUTS),
    *cross_cutting(linear_vae, allow=lambda c, u: 2 * float(rounding(c, c.eps, u).max()), layouts=LAYOUTS),
    *refusals(sample, BAD),
    *refusals(linear_vae, BAD_VAE),
)
