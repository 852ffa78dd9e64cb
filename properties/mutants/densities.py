"""Wrong distributions of any family: good ones, made wrong in one way each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from prufrock import Contract, Subject, subject

from ..cases.parameters import ENDS, FAR, LIGHT, USUAL
from ..oracles.families import INF, Family, registry
from ..variational._families import FLAT
from ..variational.families import MADE
from .careless import careless

Array = NDArray[Any]
ALL = ("log_p", "cdf", "quantile", "mean", "variance", "entropy")


def _numbers(family: Family, arguments: tuple[Any, ...]) -> tuple[Array, Array, Array]:
    """params, x and q in float64."""
    *params, x, q = (np.asarray(value, np.float64) for value in arguments)
    return np.concatenate([np.atleast_1d(p) for p in params]), x, q


def _log_p(family: Family, *arguments: Any) -> Array:
    params, x, _ = _numbers(family, arguments)
    low, high = family.support(*params)
    if (
        np.isnan(params).any()
        or np.isnan(x).any()
        or ((x < low) | (x > high)).any()
        or (family.kind == "counts" and (x != np.round(x)).any())
    ):
        raise ValueError("parameters NaN, or x outside the support")
    return family.log_p(params, x).astype(arguments[-1].dtype)


def _quantile(family: Family, params: Array, q: Array) -> Array:
    """By bisection."""
    low, high = family.support(*params)
    a = np.full_like(q, low if low > -INF else -1e9)
    b = np.full_like(q, high if high < INF else 1e12)
    for _ in range(160):
        middle = (a + b) / 2.0
        middle = np.floor(middle) if family.kind == "counts" and (b - a).max() < 1e6 else middle
        under = family.cdf(middle, *params) < q
        a, b = np.where(under, middle, a), np.where(under, b, middle)
        if family.kind == "counts" and (b - a <= 1.0).all():
            at_low = family.cdf(a, *params) >= q
            return np.where(at_low, a, b)
    return np.asarray(b)


def _everything(family: Family, *arguments: Any) -> tuple[Any, ...]:
    params, x, q = _numbers(family, arguments)
    if family.kind == "counts" and family.parameters != ("probs",):
        top = 1.0 + float(family.rule(params).x.max())
        b = np.arange(0.0, top)
        quantile = b[np.minimum(np.searchsorted(family.cdf(b, *params), q), len(b) - 1)]
    elif family.kind == "circle" or family.parameters == ("probs",):
        quantile = np.full_like(q, np.nan)
    else:
        quantile = _quantile(family, params, q)
    mean, variance = family.moments(params)
    outputs = (_log_p(family, *arguments), family.cdf(x, *params), quantile, mean, variance, family.entropy(params))
    return tuple(np.asarray(value, arguments[-1].dtype) for value in outputs)


def _changed(family: Family, at: int, change: Callable[..., Any]) -> Callable[..., Any]:
    """One output changed, given the right one and the call's arguments."""

    def run(*arguments: Any) -> Any:
        outputs = list(_everything(family, *arguments))
        outputs[at] = np.asarray(change(outputs[at], *_numbers(family, arguments)), arguments[-1].dtype)
        return tuple(outputs)

    return run


def _alone(family: Family, change: Callable[..., Any]) -> Callable[..., Any]:
    """The log-density alone, changed."""
    return lambda *arguments: np.asarray(
        change(family.log_p(*_numbers(family, arguments)[:2]), *_numbers(family, arguments)), arguments[-1].dtype
    )


def _squared(family: Family) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        params, x, _ = _numbers(family, arguments)
        return family.log_p(params**2, x).astype(arguments[-1].dtype)

    return run


def _at_the_ends(family: Family) -> Callable[..., Any]:
    def change(log_p: Array, params: Array, x: Array, _: Array) -> Array:
        low, high = family.support(*params)
        return np.where((x == low) | (x == high), np.nan, log_p)

    return change


def _nothing_far_out(family: Family) -> Callable[..., Any]:
    def change(log_p: Array, params: Array, x: Array, _: Array) -> Array:
        center, length = family.place(*params)
        return np.where(np.abs(x - center) > 100.0 * length, -INF, log_p)

    return change


def _logarithm(log_p: Array) -> Array:
    """log p, of a p that was computed first."""
    with np.errstate(divide="ignore", under="ignore"):
        return np.log(np.exp(log_p))


def _slipped(quantile: Array, params: Array, x: Array, q: Array) -> Array:
    return np.where((q == 0.25) | (q == 0.5) | (q == 0.75), quantile + 2.0 + np.abs(quantile), quantile)


def _one_by_one(log_p: Array, params: Array, x: Array, q: Array) -> Array:
    """Student's t with the two log-gammas subtracted from each other."""
    df, m, s = params
    z = (x - m) / s
    gammas = special.gammaln((df + 1.0) / 2.0) - special.gammaln(df / 2.0)
    return np.asarray(gammas - np.log(np.pi * df) / 2.0 - np.log(s) - (df + 1.0) / 2.0 * np.log1p(z * z / df))


def _mutants(name: str, made: Contract) -> tuple[Subject, ...]:
    family = registry()[name]
    low, high = family.support(*USUAL[name][0])
    ended = low > -INF or high < INF

    def mutant(called: str, run: Callable[..., Any], outputs: tuple[str, ...] = ()) -> Subject:
        return subject(called, contract=made, outputs=outputs, conventions={"ends": "limit"})(run)

    found = [
        mutant("density-itself", _alone(family, lambda log_p, *_: np.exp(log_p))),
        mutant("a-tenth-too-much", _alone(family, lambda log_p, *_: log_p + 0.1)),
        mutant("parameters-squared", _squared(family)),
        mutant("negative-entropy", _changed(family, 5, lambda right, *_: -right - 0.125), ALL),
        mutant("entropy-of-one", _changed(family, 5, lambda *_: 1.0), ALL),
    ]
    if ended and family.kind != "circle":
        found += [mutant("answers-outside", _alone(family, lambda log_p, *_: np.maximum(log_p, -1e3)))]
    if family.kind == "counts" and name in ENDS:
        found += [
            mutant("floors-probabilities", _alone(family, lambda log_p, *_: np.maximum(log_p, -36.0))),
            mutant("nan-for-zero", _alone(family, lambda log_p, *_: np.where(log_p == -INF, np.nan, log_p))),
        ]
    elif ended and family.kind not in ("circle", "counts"):
        found += [mutant("nan-at-the-ends", _alone(family, _at_the_ends(family)))]
    if family.kind != "circle" and family.parameters != ("probs",):
        found += [
            mutant("survival-for-cdf", _changed(family, 1, lambda right, *_: 1.0 - right), ALL),
            mutant(
                "density-for-cdf", _changed(family, 1, lambda _, params, x, q: np.exp(family.log_p(params, x))), ALL
            ),
            mutant("quartile-slip", _changed(family, 2, _slipped), ALL),
            mutant("upper-quantile", _changed(family, 2, lambda _, params, x, q: _upper(family, params, q)), ALL),
        ]
        found += [mutant(called, _changed(family, at, change), ALL) for called, at, change in _moments(name, family)]
    if name in FAR:
        found += [
            mutant("floors-far-out", _alone(family, lambda log_p, *_: np.maximum(log_p, -36.0))),
            mutant("nothing-far-out", _alone(family, _nothing_far_out(family))),
        ]
        if FAR[name] == LIGHT:
            found += [mutant("logarithm-of-the-density", _alone(family, lambda log_p, *_: _logarithm(log_p)))]
    if name == "student-t":
        found += [mutant("log-gammas-one-by-one", _alone(family, _one_by_one))]
    good = subject("good", contract=made, conventions={"ends": "limit"})(lambda *arguments: _log_p(family, *arguments))
    return (*found, *careless(good, ("ignores-order", "ignores-strides") if name in FLAT else ("ignores-order",)))


def _moments(name: str, family: Family) -> tuple[tuple[str, int, Callable[..., Any]], ...]:
    if family.order(*USUAL[name][0]) <= 1.0:
        return (
            ("mean-of-zero", 3, lambda *_: 0.0),
            ("mean-of-the-middle", 3, lambda _, params, x, q: _quantile(family, params, np.array([0.5]))[0]),
        )
    return (
        ("mean-off-by-a-tenth", 3, lambda right, *_: right + 0.1 * (1.0 + abs(right))),
        ("deviation-for-variance", 4, lambda right, *_: np.sqrt(right) + (right == 1)),
    )


def _upper(family: Family, params: Array, q: Array) -> Array:
    shifted = np.where(q == 0.5, 0.625, 1.0 - q)
    if family.kind != "counts":
        return _quantile(family, params, shifted)
    return _quantile(family, params, shifted) + 1.0


MUTANTS = tuple(one for name, (made, _) in MADE.items() for one in _mutants(name, made))
