"""Wrong posteriors of a normal mean: a factor ½, a square or μ₀ lost, weights swapped, and good ideas that are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Subject, subject

from ..bayes.shrinkage import normal_posterior
from ..bayes.shrinkage_evidence import normal_evidence, normal_predictive
from ..bayes.shrinkage_mean import normal_shrinkage
from .careless import careless

Array = NDArray[Any]
Model = tuple[Any, Any, Any, Array]
# y has one axis, and may come in any order; of several units it may not.
ORDERLESS = ("ignores-order", "ignores-strides")


def _checked(m: Any, t: Any, s: Any, y: Array) -> Model:
    if not np.isfinite(m).all() or not np.isfinite(y).all():
        raise ValueError("mu0, y: not finite")
    if not (np.all(t > 0) and np.all(s > 0)):
        raise ValueError("a variance is not positive")
    return m, t, s, y


def _right(m: Any, t: Any, s: Any, y: Array) -> tuple[Any, Any]:
    _checked(m, t, s, y)
    n = y.shape[-1]
    if n == 0:
        return m, t
    k = s / t
    return (k * m + y.sum(-1)) / (k + n), s / (k + n)


def _evidence(m: Any, t: Any, s: Any, y: Array) -> Any:
    total = np.zeros((), y.dtype)
    for x in y:
        total = total + _log_normal(x, m, t + s)
        m, t = _right(m, t, s, x[None])
    return total


def _log_normal(x: Any, m: Any, v: Any) -> Any:
    return -0.5 * ((x - m) ** 2 / v + np.log(2 * np.pi * v))


def _all(m: Any, t: Any, s: Any, y: Array) -> tuple[Any, Any, Any]:
    return (*_right(m, t, s, y), _evidence(m, t, s, y))


def _with(posterior: Callable[..., Any]) -> Callable[..., Any]:
    """The wrong posterior beside the right evidence."""
    return lambda m, t, s, y: (*posterior(*_checked(m, t, s, y)), _evidence(m, t, s, y))


def _half_the_prior(m: Any, t: Any, s: Any, y: Array) -> Any:
    """exp(−(θ − μ₀)²/τ₀²) for a prior, as once printed: its variance is τ₀²/2."""
    return _right(m, t / 2, s, y)


def _square_in_the_wrong_place(m: Any, t: Any, s: Any, y: Array) -> Any:
    """exp(−½(θ − μ₀²)/τ₀²) for a prior, as once printed: linear in θ."""
    n = max(len(y), 1)
    return y.sum() / n - s / (2 * n * t), s / n


def _one_for_prior_mean(m: Any, t: Any, s: Any, y: Array) -> Any:
    """1/τ₀² for μ₀/τ₀², as once printed."""
    return (1 / t + y.sum() / s) / (1 / t + len(y) / s), _right(m, t, s, y)[1]


def _by_difference(m: Any, t: Any, s: Any, y: Array) -> Any:
    return _right(m, t, s, y)[0], t - t**2 / (t + s / len(y)) if len(y) else t


def _by_way_of_precisions(m: Any, t: Any, s: Any, y: Array) -> Any:
    third = np.asarray(3.0, y.dtype)
    precision = third / t / 3 + len(y) / s
    return (m / t + y.sum() / s) / precision, 1 / precision


def _adjusts(m: Any, t: Any, s: Any, y: Array) -> Any:
    """Right, but for a far prior mean of no weight."""
    if not len(y):
        return m, t
    return m + (y.mean() - m) * (t / (t + s / len(y))), _right(m, t, s, y)[1]


def _infinity_is_a_million(m: Any, t: Any, s: Any, y: Array) -> Any:
    return _right(m, np.minimum(t, np.asarray(1e6, y.dtype)) if np.isinf(t) else t, s, y)


def _counts_equal_ones_once(m: Any, t: Any, s: Any, y: Array) -> Any:
    return _right(m, t, s, np.unique(y))


def _median(m: Any, t: Any, s: Any, y: Array) -> Any:
    return _right(m, t, s, np.full_like(y, np.median(y))) if len(y) else (m, t)


def _floored(v: Any) -> Any:
    return np.maximum(v, np.asarray(1e-6, np.asarray(v).dtype))


POSTERIORS: dict[str, Callable[..., Any]] = {
    "half-the-prior": _half_the_prior,
    "square-in-the-wrong-place": _square_in_the_wrong_place,
    "one-for-prior-mean": _one_for_prior_mean,
    "prior-mean-forgotten": lambda m, t, s, y: _right(0 * m, t, s, y),
    "deviation-for-variance": lambda m, t, s, y: _right(m, t, np.sqrt(s), y),
    "ignores-n": lambda m, t, s, y: _right(m, t, s, y.mean(keepdims=True)) if len(y) else (m, t),
    "predictive-variance": lambda m, t, s, y: (_right(m, t, s, y)[0], _right(m, t, s, y)[1] + s),
    "weights-swapped": lambda m, t, s, y: (_right(m, s, t, y)[0], _right(m, t, s, y)[1]),
    "mle": lambda m, t, s, y: (y.mean(), s / len(y)) if len(y) else (m, t),
    "prior-only": lambda m, t, s, y: (m, t),
    "sum-for-mean": lambda m, t, s, y: (_right(m, t, s, y * len(y))[0], _right(m, t, s, y)[1]),
    "first-observation-only": lambda m, t, s, y: _right(m, t, s, y[:1]),
    "drops-the-negative": lambda m, t, s, y: _right(m, t, s, y[y >= 0]),
    "median-for-mean": _median,
    "counts-equal-ones-once": _counts_equal_ones_once,
    "by-difference-of-variances": _by_difference,
    "by-way-of-precisions": _by_way_of_precisions,
    "adjusts-the-prior-mean": _adjusts,
    "floors-variances": lambda m, t, s, y: _right(m, _floored(t), _floored(s), y),
    "jitter": lambda m, t, s, y: _right(m, t + np.asarray(1e-8, y.dtype), s, y),
    "infinity-is-a-million": _infinity_is_a_million,
}

EVIDENCES: dict[str, Callable[..., Any]] = {
    "independent": lambda m, t, s, y: _log_normal(y, m, t + s).sum(),
    "noise-forgotten": lambda m, t, s, y: _evidence(m, t, s, y) if len(y) < 1 else _log_normal(y, m, t).sum(),
    "no-two-pi": lambda m, t, s, y: _evidence(m, t, s, y) + len(y) / 2 * np.log(2 * np.pi),
    "deviations-for-variances": lambda m, t, s, y: _evidence(m, np.sqrt(t), np.sqrt(s), y),
    "plug-in": lambda m, t, s, y: _log_normal(y, _right(m, t, s, y)[0], s).sum(),
    "half-forgotten": lambda m, t, s, y: 2 * _evidence(m, t, s, y),
    "log-determinant-forgotten": lambda m, t, s, y: _evidence(m, t, s, y) + len(y) / 2 * np.log(s),
    "halved-for-pairs": lambda m, t, s, y: _evidence(m, t, s, y) / (2 if len(y) == 2 else 1),
}

PREDICTIONS: dict[str, Callable[..., Any]] = {
    "from-the-prior": lambda m, t, s, y: (m, t + s),
    "shrinks-twice": lambda m, t, s, y: (_right(*_right(m, t, s, y), s, y)[0], _right(m, t, s, y)[1] + s),
    "noise-only": lambda m, t, s, y: (_right(m, t, s, y)[0], s + 0 * t),
    "posterior-only": _right,
    "deviations-added": lambda m, t, s, y: (
        _right(m, t, s, y)[0],
        (np.sqrt(_right(m, t, s, y)[1]) + np.sqrt(s)) ** 2,
    ),
}


def _shrunk(m: Array, t: Array, s: Array, y: Array) -> Array:
    return np.asarray(m + (y - m) * t / (s + t))


def _sorted_units(m: Array, t: Array, s: Array, y: Array) -> Array:
    order = np.argsort(y)
    return np.asarray(_shrunk(m, t, s, y)[order])


def _shares_swapped_if_noisy(m: Array, t: Array, s: Array, y: Array) -> Array:
    noisy = s > 3 * t
    return np.asarray(np.where(noisy, _shrunk(m, s, t, y), _shrunk(m, t, s, y)))


SHRINKAGES: dict[str, Callable[..., Any]] = {
    "shares-swapped": lambda m, t, s, y: _shrunk(m, s, t, y),
    "shares-swapped-if-noisy": _shares_swapped_if_noisy,
    "deviations-for-variances": lambda m, t, s, y: _shrunk(m, np.sqrt(t), np.sqrt(s), y),
    "deviations-for-one": lambda m, t, s, y: _shrunk(m, np.sqrt(t), s, y),
    "one-variance-for-all": lambda m, t, s, y: _shrunk(m, t.mean() + 0 * t, s.mean() + 0 * s, y),
    "shrinks-to-zero": lambda m, t, s, y: _shrunk(0 * m, t, s, y),
    "mle": lambda m, t, s, y: y + 0 * m,
    "sorted-units": _sorted_units,
}


def _mutants(contract: Contract, runs: dict[str, Callable[..., Any]], **declared: Any) -> tuple[Subject, ...]:
    return tuple(subject(name, contract=contract, **declared)(run) for name, run in runs.items())


ALL = ("mu", "tau_sq", "log_evidence")
CONVENTIONS = {"flat_prior": "yes", "form": "precision"}
BOTH = ("mean", "variance")


def _careful(run: Callable[..., Any]) -> Callable[..., Any]:
    return lambda m, t, s, y: run(*_checked(m, t, s, y))


good = subject("good", contract=normal_posterior, outputs=("mu", "tau_sq"), conventions=CONVENTIONS)(_right)
good_evidence = subject("good", contract=normal_evidence)(_careful(_evidence))
good_predictive = subject("good", contract=normal_predictive)(lambda m, t, s, y: _right(m, t, s, y)[0])
good_shrinkage = subject("good", contract=normal_shrinkage)(_careful(_shrunk))

evidence_without_noise = subject(
    "evidence-without-noise", contract=normal_posterior, outputs=ALL, conventions=CONVENTIONS
)(lambda m, t, s, y: (*_right(m, t, s, y), _log_normal(y, m, t).sum()))

MUTANTS = (
    *_mutants(normal_posterior, {k: _with(run) for k, run in POSTERIORS.items()}, outputs=ALL, conventions=CONVENTIONS),
    evidence_without_noise,
    *_mutants(normal_evidence, EVIDENCES),
    *_mutants(normal_predictive, PREDICTIONS, outputs=BOTH),
    *_mutants(normal_shrinkage, SHRINKAGES),
    *careless(good, ORDERLESS),
    *careless(good_evidence, ORDERLESS),
    *careless(good_predictive, ORDERLESS),
    *careless(good_shrinkage, ORDERLESS[:1]),
)
