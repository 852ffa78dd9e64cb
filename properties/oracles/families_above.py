"""Families on a half-line."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._scipy import special
from .families import INF, Family

LOG_2PI = float(np.log(2.0 * np.pi))


def _positive(*_: float) -> tuple[float, float]:
    return 0.0, INF


def _gamma(x: Any, _: Any, a: float, r: float) -> Any:
    return special.xlogy(a - 1.0, x) + a * np.log(r) - r * x - special.gammaln(a)


def _gamma_size(x: Any, _: Any, a: float, r: float) -> Any:
    return np.abs(special.xlogy(a - 1.0, x)) + np.abs(a * np.log(r)) + r * x + np.abs(special.gammaln(a))


def _inverse_gamma(x: Any, _: Any, a: float, b: float) -> Any:
    near = np.maximum(x, 1e-300)
    return np.where(x > 0.0, a * np.log(b) - special.gammaln(a) - special.xlogy(a + 1.0, near) - b / near, -INF)


def _inverse_gamma_size(x: Any, _: Any, a: float, b: float) -> Any:
    return np.abs(special.xlogy(a + 1.0, x)) + np.abs(a * np.log(b)) + b / x + np.abs(special.gammaln(a))


def _weibull(x: Any, _: Any, s: float, k: float) -> Any:
    return np.log(k / s) + special.xlogy(k - 1.0, x / s) - (x / s) ** k


def _weibull_size(x: Any, _: Any, s: float, k: float) -> Any:
    log_z = np.abs(np.log(x / s))
    return (
        np.abs(np.log(k))
        + np.abs(np.log(s)) * (1.0 + k)
        + abs(k - 1.0) * log_z
        + (1.0 + k * (1.0 + log_z)) * (x / s) ** k
    )


def _fisher(x: Any, _: Any, d1: float, d2: float) -> Any:
    ratio = d1 / d2
    tail = (d1 + d2) / 2.0 * np.log1p(ratio * x)
    return d1 / 2.0 * np.log(ratio) + special.xlogy(d1 / 2.0 - 1.0, x) - tail - special.betaln(d1 / 2.0, d2 / 2.0)


def _fisher_size(x: Any, _: Any, d1: float, d2: float) -> Any:
    gammas = sum(np.abs(special.gammaln(d / 2.0)) for d in (d1, d2, d1 + d2))
    return gammas + d1 * np.abs(np.log(d1 / d2)) + (d1 + 2.0) * np.abs(np.log(x)) + (d1 + d2) * np.log1p(d1 / d2 * x)


def _generalized(x: Any, _: Any, m: float, s: float, k: float) -> Any:
    z = (x - m) / s
    return -np.log(s) - z if k == 0.0 else -np.log(s) - (1.0 + 1.0 / k) * np.log1p(k * z)


def _generalized_size(x: Any, _: Any, m: float, s: float, k: float) -> Any:
    z = np.abs(x - m) / s
    return np.abs(np.log(s)) + (abs(m) + np.abs(x)) / s + z * (2.0 + abs(k))


def _generalized_cdf(x: Any, m: float, s: float, k: float) -> Any:
    z = np.maximum((x - m) / s, 0.0)
    return -np.expm1(-z) if k == 0.0 else -np.expm1(-np.log1p(k * z) / k)


def _log_normal(x: Any, _: Any, m: float, s: float) -> Any:
    log_x = np.log(np.maximum(x, 1e-300))
    found = -np.square((log_x - m) / s) / 2.0 - np.log(s) - log_x - LOG_2PI / 2.0
    return np.where(x > 0.0, found, -INF)


def _log_normal_size(x: Any, _: Any, m: float, s: float) -> Any:
    z = (np.abs(np.log(x)) + abs(m)) / s
    return z * z + np.abs(np.log(s)) + np.abs(np.log(x)) + z


FAMILIES = {
    "log-normal": Family(
        ("loc", "scale"),
        "above",
        _log_normal,
        _log_normal_size,
        _positive,
        lambda m, s: (float(np.exp(m)), float(np.exp(m))),
        lambda x, m, s: special.ndtr((np.log(np.maximum(x, 1e-300)) - m) / s),
    ),
    "half-normal": Family(
        ("scale",),
        "above",
        lambda x, _, s: -np.square(x / s) / 2.0 + np.log(2.0 / s) - LOG_2PI / 2.0,
        lambda x, _, s: np.square(x / s) + np.abs(np.log(s)),
        _positive,
        lambda s: (s, s),
        lambda x, s: special.erf(np.maximum(x, 0.0) / s / np.sqrt(2.0)),
    ),
    "half-cauchy": Family(
        ("scale",),
        "above",
        lambda x, _, s: np.log(2.0 / (np.pi * s)) - np.log1p(np.square(x / s)),
        lambda x, _, s: np.abs(np.log(s)) + np.log1p(np.square(x / s)),
        _positive,
        lambda s: (s, s),
        lambda x, s: 2.0 / np.pi * np.arctan(np.maximum(x, 0.0) / s),
        order=lambda s: 1.0,
    ),
    "exponential": Family(
        ("rate",),
        "above",
        lambda x, _, r: np.log(r) - r * x,
        lambda x, _, r: np.abs(np.log(r)) + r * x,
        _positive,
        lambda r: (1.0 / r, 1.0 / r),
        lambda x, r: -np.expm1(-r * np.maximum(x, 0.0)),
    ),
    "gamma": Family(
        ("shape", "rate"),
        "above",
        _gamma,
        _gamma_size,
        _positive,
        lambda a, r: (a / r, a / r),
        lambda x, a, r: special.gammainc(a, r * np.maximum(x, 0.0)),
    ),
    "inverse-gamma": Family(
        ("shape", "scale"),
        "above",
        _inverse_gamma,
        _inverse_gamma_size,
        _positive,
        lambda a, b: (b / a, b / a),
        lambda x, a, b: special.gammaincc(a, b / np.maximum(x, 1e-300)),
        order=lambda a, b: a,
    ),
    "chi2": Family(
        ("df",),
        "above",
        lambda x, _, d: _gamma(x, _, d / 2.0, 0.5),
        lambda x, _, d: _gamma_size(x, _, d / 2.0, 0.5),
        _positive,
        lambda d: (d, d),
        lambda x, d: special.gammainc(d / 2.0, np.maximum(x, 0.0) / 2.0),
    ),
    "weibull": Family(
        ("scale", "shape"),
        "above",
        _weibull,
        _weibull_size,
        _positive,
        lambda s, k: (s, s),
        lambda x, s, k: -np.expm1(-((np.maximum(x, 0.0) / s) ** k)),
    ),
    "pareto": Family(
        ("scale", "alpha"),
        "above",
        lambda x, _, s, a: np.log(a / s) - (a + 1.0) * np.log(x / s),
        lambda x, _, s, a: np.abs(np.log(a)) + (a + 1.0) * (np.abs(np.log(x)) + 2.0 * np.abs(np.log(s))),
        lambda s, a: (s, INF),
        lambda s, a: (2.0 * s, s),
        lambda x, s, a: -np.expm1(-a * np.log(np.maximum(x / s, 1.0))),
        order=lambda s, a: a,
    ),
    "fisher-snedecor": Family(
        ("df1", "df2"),
        "above",
        _fisher,
        _fisher_size,
        _positive,
        lambda d1, d2: (1.0, 1.0),
        lambda x, d1, d2: special.fdtr(d1, d2, np.maximum(x, 0.0)),
        order=lambda d1, d2: d2 / 2.0,
    ),
    "generalized-pareto": Family(
        ("loc", "scale", "shape"),
        "above",
        _generalized,
        _generalized_size,
        lambda m, s, k: (m, INF if k >= 0.0 else m - s / k),
        lambda m, s, k: (m + s, s),
        _generalized_cdf,
        order=lambda m, s, k: INF if k <= 0.0 else 1.0 / k,
    ),
}
