"""Wrong James-Stein estimators: another constant, a variance misread, coordinates on their own, the wrong target or sign."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import subject

from ..bayes.james_stein import james_stein
from ..bayes.james_stein_mean import james_stein_mean
from .careless import careless

Array = NDArray[Any]


def _checked(y: Array, v: Any, t: Array) -> None:
    if y.shape != t.shape or not np.isfinite(y).all() or not np.isfinite(t).all():
        raise ValueError("y, target: shapes disagree, or not finite")
    if not (np.all(v > 0) and np.all(np.isfinite(v))):
        raise ValueError("sigma_sq: not positive")


def _right(y: Array, v: Any, t: Array, less: float = 2, positive: bool = True, scale: float = 1) -> Array:
    _checked(y, v, t)
    r = y - t
    c = max(len(y) - less, 0) if len(y) > 2 else 0
    factor = 1 - scale * c * v / np.maximum((r * r).sum(), np.finfo(y.dtype).tiny)
    return np.asarray(t + (np.maximum(factor, 0) if positive else factor) * r, y.dtype)


def _risk(y: Array, v: Any, t: Array, positive: bool = True) -> Any:
    p, S = len(y), ((y - t) ** 2).sum() / v
    if p < 3:
        return p * v
    return (p + S - 2 * p) * v if positive and p - 2 > S else (p - (p - 2) ** 2 / S) * v


def _each_on_its_own(y: Array, v: Any, t: Array) -> Array:
    """Soft thresholds, coordinate by coordinate."""
    r = y - t
    return np.asarray(t + r * np.maximum(1 - v / np.maximum(r * r, np.finfo(y.dtype).tiny), 0), y.dtype)


def _first_left_alone(y: Array, v: Any, t: Array) -> Array:
    out = _right(y, v, t)
    out[0] = y[0]
    return out


def _largest_for_norm(y: Array, v: Any, t: Array) -> Array:
    r = y - t
    c = max(len(y) - 2, 0) * v / np.maximum(len(y) * np.abs(r).max() ** 2, np.finfo(y.dtype).tiny)
    return np.asarray(t + np.maximum(1 - c, 0) * r, y.dtype)


def _squared_factor(y: Array, v: Any, t: Array) -> Array:
    once = _right(y, v, t)
    r = y - t
    s = ((once - t) @ r) / np.maximum(r @ r, np.finfo(y.dtype).tiny)
    return np.asarray(t + s * s * r, y.dtype)


def _absolute_factor(y: Array, v: Any, t: Array) -> Array:
    once = _right(y, v, t, positive=False)
    return np.asarray(t + np.sign((once - t) @ (y - t)) * (once - t), y.dtype)


def _ridge(y: Array, v: Any, t: Array) -> Array:
    """A small number against division by zero."""
    r = y - t
    return np.asarray(t + np.maximum(1 - max(len(y) - 2, 0) * v / ((r * r).sum() + 1e-2), 0) * r, y.dtype)


def _shrinks_pairs(y: Array, v: Any, t: Array) -> Array:
    if len(y) > 2:
        return _right(y, v, t)
    r = y - t
    return np.asarray(t + r * np.maximum(1 - v / np.maximum((r * r).sum(), np.finfo(y.dtype).tiny), 0), y.dtype)


POSITIVE: dict[str, Callable[..., Array]] = {
    "mle": lambda y, v, t: y + 0 * t,
    "p-minus-one": lambda y, v, t: _right(y, v, t, less=1),
    "p-minus-three": lambda y, v, t: _right(y, v, t, less=3),
    "twice-the-constant": lambda y, v, t: _right(y, v, t, scale=2),
    "deviation-for-variance": lambda y, v, t: _right(y, np.sqrt(v), t),
    "target-ignored": lambda y, v, t: _right(y, v, 0 * t),
    "grand-mean-for-target": lambda y, v, t: _right(y, v, y.mean() + 0 * t),
    "each-on-its-own": _each_on_its_own,
    "first-left-alone": _first_left_alone,
    "largest-for-norm": _largest_for_norm,
    "squared-factor": _squared_factor,
    "absolute-factor": _absolute_factor,
    "positive-but-plain": lambda y, v, t: _right(y, v, t, positive=False),
    "ridge": _ridge,
    "shrinks-pairs": _shrinks_pairs,
    "target-for-few": lambda y, v, t: _right(y, v, t) if len(y) > 2 else t.copy(),
}
PLAIN: dict[str, Callable[..., Array]] = {
    "plain-but-positive": _right,
    "plain-with-p-minus-one": lambda y, v, t: _right(y, v, t, less=1, positive=False),
}
RISKS: dict[str, Callable[..., Any]] = {
    "risk-of-the-plain": lambda y, v, t: _risk(y, v, t, positive=False),
    "risk-without-target": lambda y, v, t: _risk(y, v, 0 * t),
    "risk-is-p": lambda y, v, t: len(y) * v,
}


def _with(risk: Callable[..., Any]) -> Callable[..., Any]:
    return lambda y, v, t: (_right(y, v, t), risk(y, v, t))


def _towards(y: Array, v: Any, center: Any, less: float = 3) -> Array:
    if not np.isfinite(y).all() or not v > 0:
        raise ValueError("y: not finite, or sigma_sq: not positive")
    r = y - center
    factor = 1 - (len(y) - less) * v / np.maximum((r * r).sum(), np.finfo(y.dtype).tiny)
    return np.asarray(center + np.maximum(factor, 0) * r, y.dtype)


MEANS: dict[str, Callable[..., Array]] = {
    "mle": lambda y, v: y.copy(),
    "p-minus-two": lambda y, v: _towards(y, v, y.mean(), less=2),
    "deviation-for-variance": lambda y, v: _towards(y, np.sqrt(v), y.mean()),
    "median-for-mean": lambda y, v: _towards(y, v, np.median(y)),
    "first-for-mean": lambda y, v: _towards(y, v, y[0]),
    "sample-variance": lambda y, v: _towards(y, y.var() + np.finfo(y.dtype).tiny, y.mean()),
    "towards-zero": lambda y, v: _towards(y, v, 0.0),
    "nearest-to-zero": lambda y, v: _towards(y, v, y[np.abs(y).argmin()]),
    "sorted": lambda y, v: np.sort(_towards(y, v, y.mean())),
}

YES, NO = {"positive_part": "yes", "small": "unchanged"}, {"positive_part": "no", "small": "unchanged"}
BOTH = ("theta", "risk")

good = subject("good", contract=james_stein, conventions=YES)(_right)
good_mean = subject("good", contract=james_stein_mean, conventions={"positive_part": "yes"})(
    lambda y, v: _towards(y, v, y.mean())
)

MUTANTS = (
    *(subject(k, contract=james_stein, conventions=YES)(run) for k, run in POSITIVE.items()),
    *(subject(k, contract=james_stein, conventions=NO)(run) for k, run in PLAIN.items()),
    *(subject(k, contract=james_stein, outputs=BOTH, conventions=YES)(_with(run)) for k, run in RISKS.items()),
    *(subject(k, contract=james_stein_mean, conventions={"positive_part": "yes"})(run) for k, run in MEANS.items()),
    *careless(good, ("ignores-order",)),
    *careless(good_mean, ("ignores-order",)),
)
