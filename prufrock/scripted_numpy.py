"""Scripted noise for NumPy: a Generator whose draws are quantile functions of the script's uniform numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy import special, stats

from prufrock.scripted import Array, Script, Unscripted

QUANTILES: dict[str, tuple[Callable[..., Array], dict[str, Any]]] = {
    "random": (lambda u: u, {}),
    "uniform": (lambda u, low, high: low + (high - low) * u, {"low": 0.0, "high": 1.0}),
    "standard_normal": (special.ndtri, {}),
    "normal": (lambda u, loc, scale: loc + scale * special.ndtri(u), {"loc": 0.0, "scale": 1.0}),
    "lognormal": (lambda u, mean, sigma: np.exp(mean + sigma * special.ndtri(u)), {"mean": 0.0, "sigma": 1.0}),
    "standard_exponential": (lambda u: -np.log1p(-u), {}),
    "exponential": (lambda u, scale: -scale * np.log1p(-u), {"scale": 1.0}),
    "standard_gamma": (lambda u, shape: special.gammaincinv(shape, u), {"shape": None}),
    "gamma": (lambda u, shape, scale: scale * special.gammaincinv(shape, u), {"shape": None, "scale": 1.0}),
    "beta": (lambda u, a, b: special.betaincinv(a, b, u), {"a": None, "b": None}),
    "chisquare": (lambda u, df: 2.0 * special.gammaincinv(df / 2.0, u), {"df": None}),
    "standard_t": (lambda u, df: special.stdtrit(df, u), {"df": None}),
    "standard_cauchy": (lambda u: np.tan(np.pi * (u - 0.5)), {}),
    "laplace": (
        lambda u, loc, scale: loc - scale * np.sign(u - 0.5) * np.log1p(-2.0 * np.abs(u - 0.5)),
        {"loc": 0.0, "scale": 1.0},
    ),
    "gumbel": (lambda u, loc, scale: loc - scale * np.log(-np.log(u)), {"loc": 0.0, "scale": 1.0}),
    "logistic": (lambda u, loc, scale: loc + scale * special.logit(u), {"loc": 0.0, "scale": 1.0}),
    "weibull": (lambda u, a: (-np.log1p(-u)) ** (1.0 / a), {"a": None}),
    "binomial": (lambda u, n, p: stats.binom.ppf(u, n, p).astype(np.int64), {"n": None, "p": None}),
    "poisson": (lambda u, lam: stats.poisson.ppf(u, lam).astype(np.int64), {"lam": 1.0}),
    "geometric": (lambda u, p: stats.geom.ppf(u, p).astype(np.int64), {"p": None}),
}


def generator(script: Script) -> np.random.Generator:
    """A NumPy Generator (also by type, so that default_rng(rng) hands it back) that draws from the script."""
    return _Scripted(script)


class _Scripted(np.random.Generator):
    def __init__(self, script: Script) -> None:
        super().__init__(np.random.PCG64(0))
        self._script = script

    def __getattribute__(self, name: str) -> Any:
        if name in QUANTILES:
            return _method(self._script, name)
        if name in CHOICES:
            return partial(CHOICES[name], self._script)
        if name.startswith("_") or not hasattr(np.random.Generator, name):
            return super().__getattribute__(name)
        raise Unscripted(f"draw {len(self._script.draws) + 1}: NumPy's Generator.{name} has no script")


def _integers(
    script: Script, low: Any, high: Any = None, size: Any = None, dtype: Any = np.int64, endpoint: bool = False
) -> Array:
    lo, hi = (0, low) if high is None else (low, high)
    hi = hi + 1 if endpoint else hi
    return script.answer("integers", _shape(size, lo, hi), lambda u: np.floor(lo + (hi - lo) * u).astype(dtype))


def _choice(script: Script, a: Any, size: Any = None, replace: bool = True, p: Any = None, **_: Any) -> Array:
    items = np.arange(a) if np.ndim(a) == 0 else np.asarray(a)
    shape = _shape(size)
    if not replace and shape:
        raise Unscripted(f"draw {len(script.draws) + 1}: choice without replacement has no script")
    edges = np.cumsum(np.full(len(items), 1.0 / len(items)) if p is None else p)[:-1]
    return script.answer("choice", shape, lambda u: items[np.searchsorted(edges, u, side="right")])


CHOICES: dict[str, Callable[..., Array]] = {"integers": _integers, "choice": _choice}


def _method(script: Script, name: str) -> Callable[..., Array]:
    quantile, defaults = QUANTILES[name]

    def draw(*args: Any, size: Any = None, **kwargs: Any) -> Array:
        kwargs.pop("dtype", None)
        kwargs.pop("method", None)
        rest = list(args)
        given = dict(defaults)
        for key in defaults:
            if rest:
                given[key] = rest.pop(0)
        size = rest.pop(0) if rest else size
        given |= kwargs
        values = [np.asarray(value, np.float64) for value in given.values()]
        return script.answer(name, _shape(size, *values), lambda u: quantile(u, *values))

    return draw


def _shape(size: Any, *parameters: Any) -> tuple[int, ...]:
    if size is None:
        return np.broadcast_shapes(*(np.shape(x) for x in parameters)) if parameters else ()
    return (int(size),) if np.ndim(size) == 0 else tuple(size)
