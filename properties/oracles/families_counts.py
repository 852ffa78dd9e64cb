"""Families on whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._scipy import special
from .families import INF, Family


def _counts(*_: float) -> tuple[float, float]:
    return 0.0, INF


def _choose(n: Any, k: Any) -> Any:
    return special.gammaln(n + 1.0) - special.gammaln(k + 1.0) - special.gammaln(n - k + 1.0)


def _choose_size(n: Any, k: Any) -> Any:
    return sum(np.abs(special.gammaln(v + 1.0)) for v in (n, k, n - k))


def _binomial(x: Any, c: Any, n: float, p: float) -> Any:
    return _choose(n, x) + special.xlogy(x, p) + special.xlog1py(n - x, -p)


def _negative_binomial(x: Any, _: Any, r: float, p: float) -> Any:
    ways = (
        special.gammaln(x + r) - special.gammaln(x + 1.0) - special.gammaln(r) if r > 0 else np.where(x == 0, 0.0, -INF)
    )
    return ways + special.xlogy(x, p) + special.xlog1py(r, -p)


def _negative_binomial_size(x: Any, _: Any, r: float, p: float) -> Any:
    ways = sum(np.abs(special.gammaln(np.maximum(v, 1e-300))) for v in (x + r, x + 1.0, r))
    return ways + np.abs(special.xlogy(x, p)) + np.abs(special.xlog1py(r, -p))


def _beta_binomial(x: Any, _: Any, n: float, a: float, b: float) -> Any:
    return _choose(n, x) + special.betaln(x + a, n - x + b) - special.betaln(a, b)


def _beta_binomial_size(x: Any, _: Any, n: float, a: float, b: float) -> Any:
    gammas = sum(np.abs(special.gammaln(v)) for v in (x + a, n - x + b, n + a + b, a, b, a + b))
    return _choose_size(n, x) + gammas


def _gamma_poisson(x: Any, beside: Any, a: float, r: float) -> Any:
    return _negative_binomial(x, beside, a, 1.0 / (1.0 + r))


def _categorical(x: Any, _: Any, *p: float) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(np.asarray(p) / np.sum(p))[np.asarray(x, int)]


def _stair(log_p: Any) -> Any:
    """The distribution function of counts from 0, as a running sum."""

    def cdf(x: Any, *params: float) -> Any:
        top = np.floor(np.asarray(x, float))
        k = np.arange(0.0, max(float(np.max(top, initial=0.0)), 0.0) + 1.0)
        with np.errstate(all="ignore"):
            total = np.cumsum(np.exp(log_p(k, None, *params)))
        return np.where(top < 0.0, 0.0, np.minimum(total[np.maximum(top, 0.0).astype(int)], 1.0))

    return cdf


def _bernoulli(x: Any, _: Any, p: float) -> Any:
    return special.xlogy(x, p) + special.xlog1py(1.0 - x, -p)


def _geometric(x: Any, _: Any, p: float) -> Any:
    return special.xlog1py(x, -p) + np.log(p)


def _poisson(x: Any, _: Any, r: float) -> Any:
    return special.xlogy(x, r) - r - special.gammaln(x + 1.0)


def _until(log_odds: float) -> int:
    """How many counts until e^{−log_odds k} is below 1e-18."""
    return int(min(42.0 / max(log_odds, 1e-2), 4000.0)) + 1


FAMILIES = {
    "bernoulli": Family(
        ("p",),
        "counts",
        _bernoulli,
        lambda x, _, p: 0.0 * x,
        lambda p: (0.0, 1.0),
        lambda p: (0.0, 1.0),
        _stair(lambda k, _, p: np.where(k <= 1, _bernoulli(np.minimum(k, 1.0), _, p), -INF)),
        most=lambda p: 1,
    ),
    "geometric": Family(
        ("p",),
        "counts",
        _geometric,
        lambda x, _, p: np.abs(special.xlog1py(x, -p)) + x / np.maximum(1.0 - p, 1e-2) + np.abs(np.log(p)),
        _counts,
        lambda p: (0.0, 1.0 / p),
        _stair(_geometric),
        most=lambda p: _until(-float(np.log1p(-min(p, 0.999)))),
    ),
    "binomial": Family(
        ("n", "p"),
        "counts",
        _binomial,
        lambda x, _, n, p: _choose_size(n, x) + np.abs(special.xlogy(x, p)) + np.abs(special.xlog1py(n - x, -p)),
        lambda n, p: (0.0, n),
        lambda n, p: (0.0, n),
        _stair(lambda k, _, n, p: np.where(k <= n, _binomial(np.minimum(k, n), _, n, p), -INF)),
        most=lambda n, p: int(n),
    ),
    "negative-binomial": Family(
        ("r", "p"),
        "counts",
        _negative_binomial,
        _negative_binomial_size,
        _counts,
        lambda r, p: (0.0, r * p / (1.0 - p) + 1.0),
        _stair(_negative_binomial),
        most=lambda r, p: _until(-float(np.log(max(p, 1e-300)))) + 40 + int(12 * r / (1.0 - p)),
    ),
    "poisson": Family(
        ("rate",),
        "counts",
        _poisson,
        lambda x, _, r: np.abs(special.xlogy(x, r)) + r + special.gammaln(x + 1.0),
        _counts,
        lambda r: (0.0, r + 1.0),
        _stair(_poisson),
        most=lambda r: int(r + 12.0 * np.sqrt(r) + 60.0),
    ),
    "categorical": Family(
        ("probs",),
        "counts",
        _categorical,
        lambda x, _, *p: 0.0 * x,
        lambda *p: (0.0, len(p) - 1.0),
        lambda *p: (0.0, len(p)),
        lambda x, *p: np.full_like(x, np.nan),
        most=lambda *p: len(p) - 1,
    ),
    "beta-binomial": Family(
        ("n", "a", "b"),
        "counts",
        _beta_binomial,
        _beta_binomial_size,
        lambda n, a, b: (0.0, n),
        lambda n, a, b: (0.0, n),
        _stair(lambda k, _, n, a, b: np.where(k <= n, _beta_binomial(np.minimum(k, n), _, n, a, b), -INF)),
        most=lambda n, a, b: int(n),
    ),
    "gamma-poisson": Family(
        ("shape", "rate"),
        "counts",
        _gamma_poisson,
        lambda x, _, a, r: _negative_binomial_size(x, _, a, 1.0 / (1.0 + r)),
        _counts,
        lambda a, r: (0.0, a / r + 1.0),
        _stair(_gamma_poisson),
        most=lambda a, r: _until(float(np.log1p(r))) + 40 + int(12 * a * (1.0 + r) / r),
    ),
}
