"""Wrong evidence lower bounds: an entropy lost, doubled or of the wrong sign, a variance misread, samples mixed up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Subject, subject

from ..variational.elbo import elbo
from ..variational.elbo_finite import finite_elbo
from ..variational.elbo_gradient import elbo_gradient
from ..variational.iwae import iwae
from .careless import careless

Array = NDArray[Any]


def _checked(mu: Array, log_sigma: Array, eps: Array) -> None:
    if not (np.isfinite(mu).all() and np.isfinite(log_sigma).all() and np.isfinite(eps).all()):
        raise ValueError("mu, log_sigma, eps: not finite")
    if eps.shape[1:] != mu.shape:
        raise ValueError(f"eps: {eps.shape} beside {mu.shape}")


def _log_q(log_sigma: Array, eps: Array) -> Array:
    half = np.asarray(0.5, eps.dtype)
    return np.asarray(-(half * (eps * eps + np.asarray(np.log(2 * np.pi), eps.dtype)) + log_sigma).sum(1))


def _bound(f: Any, mu: Array, log_sigma: Array, eps: Array) -> Array:
    _checked(mu, log_sigma, eps)
    return np.asarray(f(mu + np.exp(log_sigma) * eps) - _log_q(log_sigma, eps))


def _at(change: Callable[[Array, Array, Array], tuple[Array, Array, Array]]) -> Callable[..., Array]:
    """The bound at changed arguments."""
    return lambda f, *q: _bound(f, *change(*q))


def _entropy_for_log_q(f: Any, mu: Array, log_sigma: Array, eps: Array) -> Array:
    """Declared a sampled weight, but with the entropy in closed form."""
    return np.asarray(f(mu + np.exp(log_sigma) * eps) - _log_q(log_sigma, np.ones_like(eps)))


BOUNDS: dict[str, Callable[..., Array]] = {
    "entropy-sign": lambda f, m, s, e: f(m + np.exp(s) * e) + _log_q(s, e),
    "entropy-forgotten": lambda f, m, s, e: f(m + np.exp(s) * e),
    "entropy-doubled": lambda f, m, s, e: f(m + np.exp(s) * e) - 2 * _log_q(s, e),
    "entropy-for-log-q": _entropy_for_log_q,
    "variance-for-deviation": lambda f, m, s, e: f(m + np.exp(2 * s) * e) - _log_q(s, e),
    "decoder-constant": lambda f, m, s, e: f(m + np.exp(s) * e) - f(0 * m[None])[0] - _log_q(s, e),
    "half-forgotten": lambda f, m, s, e: f(m + np.exp(s) * e) + (e * e + s + np.log(2 * np.pi) / 2).sum(1),
    "sample-for-noise": lambda f, m, s, e: f(m + np.exp(s) * e) - _log_q(s, m + np.exp(s) * e),
    "noise-reused": _at(lambda m, s, e: (m, s, np.broadcast_to(e[:1], e.shape))),
    "clipped-noise": _at(lambda m, s, e: (m, s, np.clip(e, -1, 1))),
    "absolute-noise": _at(lambda m, s, e: (m, s, np.abs(e))),
    "mean-at-zero": _at(lambda m, s, e: (0 * m, s, e)),
    "mean-of-samples": lambda f, m, s, e: _bound(f, m, s, e).mean() + 0 * e[:, 0],
    "mean-of-joint": lambda f, m, s, e: f(m + np.exp(s) * e) / len(m) - _log_q(s, e),
    "first-dimension-of-q": lambda f, m, s, e: f(m + np.exp(s) * e) - _log_q(s[:1], e[:, :1]),
}


def _slope(f: Any, z: Array) -> Array:
    """∇f of a quadratic: central differences with step ½, exact but for rounding."""
    rows = []
    for j in range(z.shape[1]):
        step = np.zeros_like(z)
        step[:, j] = 0.5
        rows.append(f(z + step) - f(z - step))
    return np.stack(rows, 1)


def _gradient(f: Any, mu: Array, log_sigma: Array, eps: Array, path: bool = False, score: float = 0) -> Array:
    """Along the path or in full; `score` times the score of q on top."""
    _checked(mu, log_sigma, eps)
    sigma = np.exp(log_sigma)
    slope = _slope(f, mu + sigma * eps) + (eps / sigma if path else 0)
    scale = slope * sigma * eps + (0 if path else 1)
    extra = np.concatenate([eps / sigma, eps * eps - 1], 1)
    return np.asarray(np.concatenate([slope, scale], 1) + score * extra, eps.dtype)


def _by_sigma(f: Any, mu: Array, log_sigma: Array, eps: Array) -> Array:
    return np.asarray(_gradient(f, mu, log_sigma, eps) / np.append(np.ones_like(mu), np.exp(log_sigma)))


def _entropy_without_gradient(f: Any, mu: Array, log_sigma: Array, eps: Array) -> Array:
    return np.asarray(_gradient(f, mu, log_sigma, eps) - np.append(0 * mu, 1 + 0 * mu))


def _path_without_q(f: Any, mu: Array, log_sigma: Array, eps: Array) -> Array:
    """All of log q held fixed, its dependence on z included."""
    return _entropy_without_gradient(f, mu, log_sigma, eps)


FULL: dict[str, Callable[..., Array]] = {
    "score-kept-twice": lambda f, m, s, e: _gradient(f, m, s, e) - np.append(e[:1] / np.exp(s), e[:1] ** 2 - 1),
    "by-sigma": _by_sigma,
    "entropy-without-gradient": _entropy_without_gradient,
    "rows-averaged": lambda f, m, s, e: _gradient(f, m, s, e).mean(0) + np.zeros((len(e), 1), e.dtype),
    "noise-reused": lambda f, m, s, e: _gradient(f, m, s, np.broadcast_to(e[:1], e.shape)),
}
PATH: dict[str, Callable[..., Array]] = {
    "path-in-full": _gradient,
    "path-without-q": _path_without_q,
    "path-with-half-the-score": lambda f, m, s, e: _gradient(f, m, s, e, path=True, score=-0.5),
}


def _finite(log_joint: Array, log_q: Array) -> Any:
    if np.isnan(log_joint).any() or log_joint.shape != log_q.shape:
        raise ValueError("log_joint: NaN, or another length than log_q")
    seen = log_q > -np.inf
    q = np.exp(log_q[seen])
    if abs(q.sum() - 1) > 1e-3:
        raise ValueError(f"log_q: sums to {q.sum()}")
    return (q * (log_joint[seen] - log_q[seen])).sum()


def _naive(log_joint: Array, log_q: Array) -> Any:
    return (np.exp(log_q) * (log_joint - log_q)).sum()


def _floored(log_joint: Array, log_q: Array) -> Any:
    q = np.maximum(np.exp(log_q), np.asarray(1e-4, log_q.dtype))
    joint = np.maximum(log_joint, np.asarray(-1e4, log_q.dtype))
    return (q * (joint - np.log(q))).sum()


def _renormalised(log_joint: Array, log_q: Array) -> Any:
    joint = log_joint - np.logaddexp.reduce(log_joint)
    return _finite(joint, log_q)


def _skips_forbidden(log_joint: Array, log_q: Array) -> Any:
    seen = (log_q > -np.inf) & (log_joint > -np.inf)
    return (np.exp(log_q[seen]) * (log_joint[seen] - log_q[seen])).sum()


FINITE: dict[str, Callable[..., Any]] = {
    "entropy-sign": lambda p, q: _finite(p + 2 * np.where(q > -np.inf, q, 0), q),
    "entropy-forgotten": lambda p, q: _finite(p + np.where(q > -np.inf, q, 0), q),
    "entropy-doubled": lambda p, q: _finite(p - np.where(q > -np.inf, q, 0), q),
    "weights-by-p": lambda p, q: (np.exp(p - np.logaddexp.reduce(p)) * (p - q)).sum(),
    "state-forgotten": lambda p, q: (np.exp(q) * (p - q))[1:].sum(),
    "nan-for-zero": _naive,
    "floors-q": _floored,
    "joint-renormalised": _renormalised,
    "skips-forbidden": _skips_forbidden,
}


def _mean_weight(log_w: Array) -> Array:
    if np.isnan(log_w).any() or not log_w.shape[1]:
        raise ValueError("log_w: NaN, or no weights")
    top = log_w.max(1)
    shift = np.where(np.isfinite(top), top, 0)[:, None]
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(log_w - shift).mean(1)) + shift[:, 0], log_w.dtype)


def _leave_one_out(log_w: Array) -> Array:
    return _mean_weight(log_w[:, 1:]) if log_w.shape[1] > 1 else _mean_weight(log_w)


def _no_shift(log_w: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(np.log(np.exp(log_w).mean(1)))


def _over_the_wrong_axis(log_w: Array) -> Array:
    column = _mean_weight(np.ascontiguousarray(log_w.T))
    return np.resize(column, len(log_w))


BOUNDS_OF_MANY: dict[str, Callable[..., Array]] = {
    "sum-for-mean": lambda w: _mean_weight(w) + np.asarray(np.log(w.shape[1]), w.dtype),
    "mean-of-logs": lambda w: w.mean(1),
    "largest-weight": lambda w: w.max(1),
    "smallest-weight": lambda w: w.min(1),
    "leave-one-out": _leave_one_out,
    "no-shift": _no_shift,
    "over-the-wrong-axis": _over_the_wrong_axis,
    "mean-by-rows": lambda w: _mean_weight(w) + np.asarray(np.log(w.shape[1] / len(w)), w.dtype),
    "clamped-at-zero": lambda w: np.maximum(_mean_weight(w), -700),
}


def _mutants(contract: Contract, runs: dict[str, Callable[..., Any]], **conventions: str) -> tuple[Subject, ...]:
    return tuple(subject(name, contract=contract, conventions=conventions)(run) for name, run in runs.items())


good = subject("good", contract=elbo, conventions={"form": "sampled"})(_bound)
good_gradient = subject("good", contract=elbo_gradient, conventions={"estimator": "total"})(_gradient)
good_finite = subject("good", contract=finite_elbo, conventions={"zeros": "yes"})(_finite)
good_iwae = subject("good", contract=iwae)(_mean_weight)

MUTANTS = (
    *_mutants(elbo, BOUNDS, form="sampled"),
    *_mutants(elbo_gradient, FULL, estimator="total"),
    *_mutants(elbo_gradient, PATH, estimator="path"),
    *_mutants(finite_elbo, FINITE, zeros="yes"),
    *_mutants(iwae, BOUNDS_OF_MANY),
    *careless(good),
    *careless(good_gradient),
    *careless(good_finite, ("ignores-order",)),
    *careless(good_iwae),
)
