"""Wrong parts of a variational autoencoder: divergences, likelihoods, samples, bounds, minibatches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Subject, subject

from ..variational.gaussian_kl import gaussian_kl
from ..variational.vae import linear_vae, sample
from ..variational.vae_likelihood import bernoulli_log_likelihood, gaussian_log_likelihood
from ..variational.vae_minibatch import minibatch_elbo
from .careless import careless

Array = NDArray[Any]
LOG_2PI = float(np.log(2 * np.pi))


def _finite(*arrays: Array) -> None:
    if not all(np.isfinite(x).all() for x in arrays):
        raise ValueError("not finite")


def _kl(mu: Array, v: Array) -> Array:
    _finite(mu, v)
    if mu.shape != v.shape:
        raise ValueError(f"{mu.shape} beside {v.shape}")
    with np.errstate(over="ignore"):
        return np.asarray((mu * mu + np.expm1(v) - v).sum(1) / 2)


def _with_slopes(mu_slope: Callable[..., Array], v_slope: Callable[..., Array]) -> Callable[..., Any]:
    return lambda mu, v: (_kl(mu, v), mu_slope(mu, v), v_slope(mu, v))


def _clipped(mu: Array, v: Array) -> Array:
    return _kl(mu, np.clip(v, -20, 20))


def _nan_on_overflow(mu: Array, v: Array) -> Array:
    with np.errstate(all="ignore"):
        variance = np.exp(v)
        return np.asarray((mu * mu + variance - variance / variance - v).sum(1) / 2)


def _over_the_batch(mu: Array, v: Array) -> Array:
    each = (mu * mu + np.expm1(v) - v) / 2
    return np.asarray(each.mean(0).sum() + 0 * mu[:, 0])


DIVERGENCES: dict[str, Callable[..., Array]] = {
    "reversed": lambda mu, v: ((mu * mu + 1) * np.exp(-v) - 1 + v).sum(1) / 2,
    "reversed-in-sign": lambda mu, v: -_kl(mu, v),
    "logvar-for-log-sigma": lambda mu, v: _kl(mu, 2 * v),
    "half-forgotten": lambda mu, v: 2 * _kl(mu, v),
    "one-forgotten": lambda mu, v: (mu * mu + np.exp(v) - v).sum(1) / 2,
    "logvar-sign": lambda mu, v: (mu * mu + np.expm1(v) + v).sum(1) / 2,
    "mean-over-dimensions": lambda mu, v: _kl(mu, v) / mu.shape[1],
    "first-dimension-only": lambda mu, v: _kl(mu[:, :1], v[:, :1]),
    "over-the-batch": _over_the_batch,
    "squared-logvar": lambda mu, v: (mu * mu + np.expm1(v) - v * v).sum(1) / 2,
    "first-order": lambda mu, v: (mu * mu + np.where(np.abs(v) < 1e-2, 0, np.expm1(v) - v)).sum(1) / 2,
    "floors-variance": lambda mu, v: _kl(mu, np.log(np.exp(np.minimum(v, 80)) + np.asarray(1e-3, v.dtype))),
    "clips-logvar": _clipped,
    "nan-on-overflow": _nan_on_overflow,
}
SLOPES = {
    "by-log-sigma": _with_slopes(lambda mu, v: mu, lambda mu, v: np.expm1(v)),
    "by-variance": _with_slopes(lambda mu, v: mu, lambda mu, v: -np.expm1(-v) / 2),
    "by-sigma": _with_slopes(lambda mu, v: mu * np.exp(-v / 2), lambda mu, v: np.expm1(v) * np.exp(-v / 2)),
}


def _bernoulli(x: Array, logits: Array) -> Array:
    if np.isnan(logits).any() or (x < 0).any() or (x > 1).any():
        raise ValueError("logits: NaN, or x: not between 0 and 1")
    return np.asarray(-(x * np.logaddexp(0, -logits) + (1 - x) * np.logaddexp(0, logits)).sum(1), logits.dtype)


def _sigmoid(logits: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-logits)))


def _through_sigmoid(x: Array, logits: Array) -> Array:
    p = _sigmoid(logits)
    with np.errstate(all="ignore"):
        return np.asarray(np.log(np.where(x > 0.5, p, 1 - p)).sum(1))


def _clamped(x: Array, logits: Array) -> Array:
    p = _sigmoid(logits)
    with np.errstate(all="ignore"):
        each = x * np.maximum(np.log(p), -100) + (1 - x) * np.maximum(np.log(1 - p), -100)
    return np.asarray(each.sum(1))


def _smoothed(x: Array, logits: Array) -> Array:
    p = np.clip(_sigmoid(logits), 1e-3, 1 - 1e-3)
    return np.asarray((x * np.log(p) + (1 - x) * np.log(1 - p)).sum(1))


BERNOULLI: dict[str, Callable[..., Array]] = {
    "mean-over-pixels": lambda x, z: _bernoulli(x, z) / x.shape[1],
    "probabilities-for-logits": lambda x, z: _bernoulli(x, _sigmoid(z)),
    "zeros-forgotten": lambda x, z: -(x * np.logaddexp(0, -z)).sum(1),
    "labels-swapped": lambda x, z: _bernoulli(1 - x, z),
    "labels-swapped-if-negative": lambda x, z: _bernoulli(np.where(z < -8, 1 - x, x), z),
    "over-the-batch": lambda x, z: _bernoulli(x, z).mean() + 0 * x[:, 0],
    "skips-a-pixel": lambda x, z: _bernoulli(x[:, : max(x.shape[1] - 1, 1)], z[:, : max(x.shape[1] - 1, 1)]),
    "rounds-the-data": lambda x, z: _bernoulli(np.asarray(np.round(x)), z),
    "saturates": _through_sigmoid,
    "clamped-at-hundred": _clamped,
    "smoothed": _smoothed,
}


def _gaussian(x: Array, mean: Array, v: Array) -> Array:
    _finite(x, mean, v)
    return np.asarray(-((x - mean) ** 2 * np.exp(-v) + v + np.asarray(LOG_2PI, v.dtype)).sum(1) / 2)


GAUSSIAN: dict[str, Callable[..., Array]] = {
    "no-two-pi": lambda x, m, v: _gaussian(x, m, v) + x.shape[1] * LOG_2PI / 2,
    "log-sigma-for-logvar": lambda x, m, v: _gaussian(x, m, 2 * v),
    "deviation-forgotten": lambda x, m, v: _gaussian(x, m, v) + v.sum(1) / 2,
    "half-forgotten": lambda x, m, v: -((x - m) ** 2 * np.exp(-v) + (v + LOG_2PI) / 2).sum(1),
    "mean-over-pixels": lambda x, m, v: _gaussian(x, m, v) / x.shape[1],
}


def _sample(mu: Array, v: Array, eps: Array) -> Array:
    _finite(mu, v, eps)
    return np.asarray(mu + np.exp(v / 2) * eps)


SAMPLES: dict[str, Callable[..., Array]] = {
    "variance-for-deviation": lambda mu, v, e: mu + np.exp(v) * e,
    "log-sigma-for-logvar": lambda mu, v, e: mu + np.exp(v / 4) * e,
    "noise-reused": lambda mu, v, e: mu + np.exp(v / 2) * e[:1],
    "mean-forgotten": lambda mu, v, e: np.exp(v / 2) * e,
    "floor-of-noise": lambda mu, v, e: mu + np.exp(v / 2) * np.where(e == 0, np.asarray(1e-6, e.dtype), e),
    "clipped-deviation": lambda mu, v, e: mu + np.clip(np.exp(v / 2), 0.1, 2) * e,
}


def _linear(
    x: Array,
    W: Array,
    o: Array,
    s: Any,
    V: Array,
    h: Array,
    v: Array,
    e: Array,
    *,
    prior: float = 1,
    first: bool = False,
) -> Array:
    _finite(x, W, o, s, V, h, v, e)
    mu = x @ V.T + h
    z = _sample(mu, np.broadcast_to(v, mu.shape), e)
    off = x - z @ W.T - o
    likelihood = -(off * off / s + np.log(s) + np.asarray(LOG_2PI, x.dtype)).sum(1) / 2
    kl = _kl(mu, np.broadcast_to(v, mu.shape))
    return np.asarray(likelihood - prior * (kl[:1] if first else kl), x.dtype)


def _prior_times(prior: float) -> Callable[..., Array]:
    return lambda x, *rest: _linear(x, *rest, prior=prior)


LINEAR: dict[str, Callable[..., Array]] = {
    "divergence-added": _prior_times(-1),
    "divergence-forgotten": _prior_times(0),
    "half-the-divergence": _prior_times(0.5),
    "divergence-of-the-first": lambda x, *rest: _linear(x, *rest, first=True),
    "deviation-for-noise": lambda x, W, o, s, *rest: _linear(x, W, o, np.sqrt(s), *rest),
    "offset-forgotten": lambda x, W, o, *rest: _linear(x, W, 0 * o, *rest),
    "mean-over-pixels": lambda x, *rest: _linear(x, *rest) / x.shape[1],
    "log-sigma-for-logvar": lambda x, W, o, s, V, h, v, e: _linear(x, W, o, s, V, h, 2 * v, e),
    "no-two-pi": lambda x, *rest: _linear(x, *rest) + x.shape[1] * LOG_2PI / 2,
    "noise-reused": lambda x, W, o, s, V, h, v, e: _linear(x, W, o, s, V, h, v, np.broadcast_to(e[:1], e.shape)),
}


def _minibatch(local: Array, N: int, shared: Any) -> Any:
    _finite(local)
    if len(local) > N:
        raise ValueError(f"{len(local)} of {N} items")
    return local.sum() * np.asarray(N / len(local), local.dtype) + shared


MINIBATCHES: dict[str, Callable[..., Any]] = {
    "unscaled": lambda x, N, c: x.sum() + c,
    "mean-for-sum": lambda x, N, c: x.mean() + c,
    "shared-scaled": lambda x, N, c: (x.sum() + c) * (N / len(x)),
    "scaled-twice": lambda x, N, c: x.sum() * (N / len(x)) ** 2 + c,
    "one-item-less": lambda x, N, c: x.sum() * ((N - 1) / len(x)) + c,
}


def _mutants(contract: Contract, runs: dict[str, Callable[..., Any]], **conventions: str) -> tuple[Subject, ...]:
    return tuple(subject(name, contract=contract, conventions=conventions)(run) for name, run in runs.items())


WITH_SLOPES = ("kl", "grad_mu", "grad_logvar")
EXACT = {"shares": "yes", "saturates": "no"}
CLOSED = {"divergence": "closed form"}

MUTANTS = (
    *_mutants(gaussian_kl, DIVERGENCES, overflow="inf"),
    *(subject(name, contract=gaussian_kl, outputs=WITH_SLOPES)(run) for name, run in SLOPES.items()),
    *_mutants(bernoulli_log_likelihood, BERNOULLI, **EXACT),
    *_mutants(gaussian_log_likelihood, GAUSSIAN, constant="kept"),
    *_mutants(sample, SAMPLES),
    *_mutants(linear_vae, LINEAR, **CLOSED),
    *_mutants(minibatch_elbo, MINIBATCHES),
    *careless(subject("good", contract=gaussian_kl, conventions={"overflow": "inf"})(_kl)),
    *careless(subject("good", contract=bernoulli_log_likelihood, conventions=EXACT)(_bernoulli)),
    *careless(subject("good", contract=gaussian_log_likelihood, conventions={"constant": "kept"})(_gaussian)),
    *careless(subject("good", contract=sample)(_sample)),
    *careless(subject("good", contract=linear_vae, conventions=CLOSED)(_linear)),
    *careless(subject("good", contract=minibatch_elbo)(_minibatch), ("ignores-order", "ignores-strides")),
)
