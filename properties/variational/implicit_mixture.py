"""Implicit reparameterization of a mixture of normals on the line, weights and all.

F = Σ_k w_k Φ(x_k), x_k = (z − μ_k)/σ_k, w = softmax(logits), and r_k = w_k q_k/q the responsibilities:

    dz/dμ_k = r_k,    dz/dσ_k = r_k x_k,    dz/dlogit_k = −w_k (F_k − F)/q

No component is chosen, so the weights have a derivative like everything else. If all means move by t, z does; if means
and deviations are scaled, z is; and a constant added to all logits is nothing:

    Σ_k dz/dμ_k = 1,    Σ_k (μ_k dz/dμ_k + σ_k dz/dσ_k) = z,    Σ_k dz/dlogit_k = 0

In the right tail F_k − F is a difference of numbers near 1, whose rounding is divided by q: it counts for draws within
five deviations of a component. Far out that would be everything; there 1 − F_k must stand for F_k, in logarithms.

Symbols: z[S] draws, logits[K], mu[K], sigma[K]; d_mu, d_sigma, d_logits [S, K].
Source: Figurnov, Mohamed and Mnih 2018, §3.1 and App. (mixtures); derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, all_of, gap, law
from prufrock.tolerance import summation

from .._scipy import special
from ..cases.integrands import Polynomial
from ..hygiene import cross_cutting, refusals
from ..oracles import standardised

if TYPE_CHECKING:
    from ..cases.shapes_of_draws import MixtureDraws

Array = NDArray[np.float64]
SOURCE = "Figurnov, Mohamed and Mnih 2018, §3"

implicit_mixture = Contract(
    id="variational.implicit-mixture",
    says="the velocities of a draw of a mixture of normals with respect to means, deviations and logits",
    arguments={"z": "S", "logits": "K", "mu": "K", "sigma": "K"},
    outputs={"d_mu": "S K", "d_sigma": "S K", "d_logits": "S K"},
    domain="σ > 0, K ≥ 1",
    cases="..cases.shapes_of_draws:mixtures",
    source=SOURCE,
    home=__package__,
)

NAMES = ("d_mu", "d_sigma", "d_logits")


class Velocities(NamedTuple):
    """Each [S, K]; `size` is the largest of the differences F_k − F_j over q, `unit` w_k/q."""

    d_mu: Array
    d_sigma: Array
    d_logits: Array
    size: Array
    unit: Array


def exact(case: MixtureDraws, z: Array) -> Velocities:
    x = (z[:, None] - case.mu) / case.sigma
    log_w = special.log_softmax(case.logits)
    log_q = log_w - x**2 / 2.0 - np.log(case.sigma) - np.log(2.0 * np.pi) / 2.0
    total = special.logsumexp(log_q, axis=1, keepdims=True)
    r = np.exp(log_q - total)
    below = (np.exp(log_w) * special.ndtr(x)).sum(axis=1, keepdims=True) < 0.5
    share = np.exp(log_w + special.log_ndtr(np.where(below, x, -x)) - total)
    moved = np.where(below, -1.0, 1.0) * (share - np.exp(log_w) * share.sum(axis=1, keepdims=True))
    size = share + np.exp(log_w) * share.sum(axis=1, keepdims=True)
    return Velocities(r, r * x, moved, size, np.exp(log_w - total))


def sizes(case: MixtureDraws, z: Array, found: Velocities) -> tuple[Array, Array, Array]:
    """Magnitudes of the summands: an error of x² in the exponent counts, and near a component one of F ~ 1 over q."""
    away = (np.abs(z[:, None] - case.mu) / case.sigma).min(axis=1, keepdims=True)
    unit = np.where(away <= 5.5, found.unit, 0.0)
    x = np.abs(z[:, None] - case.mu) / case.sigma + np.abs(case.mu) / case.sigma
    far = 8.0 + (x**2).max(axis=1, keepdims=True) + np.ptp(case.logits)
    return far * found.d_mu, far * found.d_mu * x, far * found.size + unit


def called(move: Judged, case: MixtureDraws, z: Array) -> Any:
    return move.full(z, case.logits, case.mu, case.sigma)


def relative(move: Judged, size: Array) -> Array:
    """T1, and what is too small for the dtype."""
    return np.asarray(summation(8, size, move.u) + move.accuracy * size + 2.0**8 * np.finfo(move.dtype).tiny)


def _agree(move: Judged, case: MixtureDraws, z: Array) -> Gap:
    out, want = called(move, case, z), exact(case, z)
    gaps = []
    for name, right, size in zip(NAMES, want[:3], sizes(case, z, want), strict=True):
        if move.subject.declares(name):
            allow = relative(move, size)
            gaps.append(gap(getattr(out, name), right, allow=allow, effect=float(size.max()), says=name))
    return all_of(*gaps)


@law(
    implicit_mixture,
    says="a draw moves so that its quantile stays",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    code="IMP-07",
    complete=True,
    kills=("nearest-component", "weights-for-responsibilities", "other-sign-of-logits", "deviation-forgotten"),
)
def velocity(move: Judged, case: MixtureDraws) -> Gap:
    """dz/dμ_k = r_k, dz/dσ_k = r_k x_k, dz/dlogit_k = −w_k (F_k − F)/q."""
    return _agree(move, case, case.z)


@law(
    implicit_mixture,
    says="a draw far out moves so that its quantile stays",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    code="IMP-06",
    kills=("underflows", "one-minus-one", "weights-for-responsibilities"),
)
def velocity_far_out(move: Judged, case: MixtureDraws) -> Gap:
    """The same at 8 and 40 of the largest deviations beyond every mean."""
    reach = np.array([-40.0, -8.0, 8.0, 40.0]) * case.sigma.max()
    z = np.where(reach < 0, case.mu.min(), case.mu.max()) + reach
    return _agree(move, case, z)


@law(
    implicit_mixture,
    says="a draw follows a shift and a change of unit, and no constant in the logits",
    source="derived",
    kind="identity",
    rule="T1",
    code="IMP-07",
    needs=("d_sigma", "d_logits"),
    kills=("weights-only", "deviation-forgotten", "cdf-not-centred"),
)
def translation_and_scale(move: Judged, case: MixtureDraws) -> Gap:
    """Σ dz/dμ = 1, Σ (μ dz/dμ + σ dz/dσ) = z, Σ dz/dlogits = 0."""
    out, want = called(move, case, case.z), exact(case, case.z)
    size = sizes(case, case.z, want)
    by_mu, by_sigma, by_logits = (relative(move, x.sum(axis=1)) for x in size)
    unit = relative(move, size[0] @ np.abs(case.mu) + size[1] @ case.sigma)
    scaled = out.d_mu @ case.mu + out.d_sigma @ case.sigma
    spread = float(np.abs(case.z).max() + 1.0)
    return all_of(
        gap(out.d_mu.sum(axis=1), 1.0, allow=by_mu, says="shift"),
        gap(scaled, case.z, allow=unit + by_sigma, effect=spread, says="unit"),
        gap(out.d_logits.sum(axis=1), 0.0, allow=by_logits, effect=float(size[2].max()), says="logits"),
    )


@law(
    implicit_mixture,
    says="one component is a normal variable",
    source="derived",
    kind="limit",
    rule="T1",
    code="IMP-02",
    needs=("d_sigma", "d_logits"),
    kills=("deviation-forgotten", "cdf-not-centred", "half-the-variance"),
)
def single_component(move: Judged, case: MixtureDraws) -> Gap:
    """K = 1: dz/dμ = 1, dz/dσ = (z − μ)/σ, dz/dlogit = 0; draws of the others come within five deviations of this one."""
    mu, sigma = case.mu[:1], case.sigma[:1]
    z = mu + sigma * np.clip((case.z - mu) / sigma, -5.0, 5.0)
    one = type(case)(z, case.logits[:1], mu, sigma)
    out, want = called(move, one, z), exact(one, z)
    size = sizes(one, z, want)
    x = (z[:, None] - mu) / sigma
    return all_of(
        gap(out.d_mu, 1.0, allow=relative(move, size[0]), says="dz/dμ"),
        gap(out.d_sigma, x, allow=relative(move, size[1]), effect=float(np.abs(x).max() + 1.0), says="dz/dσ"),
        gap(out.d_logits, 0.0, allow=relative(move, size[2]), effect=float(size[2].max()), says="dz/dlogit"),
    )


@law(
    implicit_mixture,
    says="a component in two halves moves a draw by what it did whole",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="IMP-07",
    needs=("d_sigma", "d_logits"),
    kills=("nearest-component", "weights-only", "responsibilities-squared"),
)
def split_component(move: Judged, case: MixtureDraws) -> Gap:
    """logit_1 split into two of logit_1 − log 2: the derivatives of the halves add up."""
    twice = [np.concatenate([x[:1], x]) for x in (case.logits, case.mu, case.sigma)]
    twice[0][:2] -= np.log(2.0)
    whole = called(move, case, case.z)
    halves = called(move, type(case)(case.z, *twice), case.z)
    gaps = []
    for name, size in zip(NAMES, sizes(case, case.z, exact(case, case.z)), strict=True):
        got = getattr(halves, name)
        joined = np.concatenate([got[:, :1] + got[:, 1:2], got[:, 2:]], axis=1)
        allow = 2.0 * relative(move, size) + 16.0 * move.u * size
        gaps.append(gap(joined, getattr(whole, name), allow=allow, effect=float(size.max()), says=name))
    return all_of(*gaps)


@law(
    implicit_mixture,
    says="velocities give the gradient of every expectation",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="IMP-03",
    needs=("d_sigma", "d_logits"),
    kills=("nearest-component", "other-sign-of-logits", "weights-only", "half-the-variance"),
)
def gradient(move: Judged, case: MixtureDraws) -> Gap:
    """Σ w f' dz = (w_k ∂_μ E_k f, w_k ∂_σ E_k f, w_k (E_k f − E f)) for f = z + z²/4, by the trapezoid rule.

    Where the density is next to nothing, q dz/dlogit_k = −w_k (F_k − F) need not be, as between components far apart:
    that part is taken from the formula, for dz/dlogit_k itself may be beyond the dtype.
    """
    f = Polynomial((0.0, 1.0, 0.25))
    step = float(case.sigma.min()) / 4.0
    low, high = (case.mu - 10.0 * case.sigma).min(), (case.mu + 10.0 * case.sigma).max()
    z = np.arange(np.floor(low / step), np.ceil(high / step)) * step
    weights = special.softmax(case.logits)
    x = (z[:, None] - case.mu) / case.sigma
    q = (np.exp(-(x**2) / 2.0) / case.sigma) @ weights / np.sqrt(2.0 * np.pi) * step
    likely = q > move.u * 2.0**-20
    F = special.ndtr(x[~likely])
    between = -step * f.derivative(z[~likely]) @ (weights * (F - F @ weights[:, None]))
    z, q = z[likely], q[likely]
    out, slope = called(move, case, z), f.derivative(z)
    size = [np.abs(q * slope) @ s for s in sizes(case, z, exact(case, z))]
    v = [np.array([m, s]) for m, s in zip(case.mu, case.sigma, strict=True)]
    slopes = np.array([standardised.slope(f, standardised.NORMAL, p) for p in v])
    means = np.array([standardised.mean(f, standardised.NORMAL, p) for p in v])
    want = weights * slopes[:, 0], weights * slopes[:, 1], weights * (means - weights @ means) - between
    return all_of(
        *(
            gap((q * slope) @ getattr(out, n), w, allow=relative(move, s), effect=float(s.max()), says=n)
            for n, w, s in zip(NAMES, want, size, strict=True)
        )
    )


@law(
    implicit_mixture,
    says="each draw moves by itself",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="X-07",
    complete=True,
    kills=("mean-responsibilities", "sorts-draws"),
)
def draw_by_draw(move: Judged, case: MixtureDraws) -> Gap:
    """v(z_1, …, z_S)_s = v(z_s)."""
    alone = [move(case.z[i : i + 1], case.logits, case.mu, case.sigma) for i in range(len(case.z))]
    size = sizes(case, case.z, exact(case, case.z))[0]
    got = move(case.z, case.logits, case.mu, case.sigma)
    return gap(got, np.concatenate(alone), allow=2.0 * summation(8, size, move.u), effect=1.0)


def _layout(case: MixtureDraws, u: float) -> float:
    return float(summation(8, sizes(case, case.z, exact(case, case.z))[0].max(), u))


BAD: dict[str, Any] = {
    "nan-draw": lambda case: (np.full_like(case.z, np.nan), case.logits, case.mu, case.sigma),
    "negative-deviation": lambda case: (case.z, case.logits, case.mu, -case.sigma),
    "nan-logits": lambda case: (case.z, np.full_like(case.mu, np.nan), case.mu, case.sigma),
}

CONTRACTS = (implicit_mixture,)
LAWS = (
    velocity,
    velocity_far_out,
    draw_by_draw,
    translation_and_scale,
    single_component,
    split_component,
    gradient,
    *cross_cutting(implicit_mixture, allow=_layout, layouts=("ignores-strides", "forgets-second-call")),
    *refusals(implicit_mixture, BAD),
)
