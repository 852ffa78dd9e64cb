"""Families on the whole line, on an interval and on the circle."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._scipy import special
from .families import INF, Family

LOG_2PI = float(np.log(2.0 * np.pi))


def _line(*_: float) -> tuple[float, float]:
    return -INF, INF


def _unit(*_: float) -> tuple[float, float]:
    return 0.0, 1.0


def _half(*_: float) -> tuple[float, float]:
    return 0.5, 1.0


def _loc_scale(m: float, s: float) -> tuple[float, float]:
    return m, s


def _scale_terms(x: Any, _: Any, m: float, s: float) -> Any:
    z = np.abs(x - m) / s
    return np.abs(np.log(s)) + z * z + abs(m) / s


def _heavy_terms(x: Any, _: Any, m: float, s: float) -> Any:
    return np.abs(np.log(s)) + 2.0 * np.log1p(np.square((x - m) / s)) + abs(m) / s


def _student(x: Any, _: Any, df: float, m: float, s: float) -> Any:
    z = (x - m) / s
    return -special.betaln(df / 2.0, 0.5) - np.log(df) / 2.0 - np.log(s) - (df + 1.0) / 2.0 * np.log1p(z * z / df)


def _student_size(x: Any, _: Any, df: float, m: float, s: float) -> Any:
    gammas = np.abs(special.gammaln(df / 2.0)) + np.abs(special.gammaln((df + 1.0) / 2.0))
    z = (x - m) / s
    return gammas + np.abs(np.log(df * s)) + (df + 1.0) * np.log1p(z * z / df) + abs(m) / s


def _beta(x: Any, c: Any, a: float, b: float) -> Any:
    return special.xlogy(a - 1.0, x) + special.xlogy(b - 1.0, c) - special.betaln(a, b)


def _beta_size(x: Any, c: Any, a: float, b: float) -> Any:
    gammas = sum(np.abs(special.gammaln(v)) for v in (a, b, a + b))
    return gammas + np.abs(special.xlogy(a - 1.0, x)) + np.abs(special.xlogy(b - 1.0, c))


def _kumaraswamy(x: Any, c: Any, a: float, b: float) -> Any:
    # 1 − x^a = −expm1(a log x), and near 1 log x = log1p(−c).
    log_x = np.where(c < 0.5, np.log1p(-np.minimum(c, 0.5)), np.log(x))
    return np.log(a * b) + special.xlogy(a - 1.0, x) + special.xlogy(b - 1.0, -np.expm1(a * log_x))


def _kumaraswamy_size(x: Any, c: Any, a: float, b: float) -> Any:
    power = x**a
    return (
        np.abs(np.log(a * b)) + np.abs((a - 1.0) * np.log(x)) + abs(b - 1.0) * (1.0 + power / (1.0 - power)) * (1.0 + a)
    )


def _log_norm(p: float) -> float:
    """log C(p), C = 2 artanh(1 − 2p)/(1 − 2p), by its series near p = ½."""
    d = 1.0 - 2.0 * p
    if abs(d) < 1e-2:
        return float(np.log(2.0) + np.log1p(d**2 / 3.0 + d**4 / 5.0 + d**6 / 7.0 + d**8 / 9.0))
    return float(np.log(2.0 * np.arctanh(d) / d))


def _continuous_bernoulli(x: Any, c: Any, p: float) -> Any:
    return special.xlogy(x, p) + special.xlogy(c, 1.0 - p) + _log_norm(p)


def _continuous_bernoulli_cdf(x: Any, p: float) -> Any:
    odds = np.log(p) - np.log1p(-p)
    return x if abs(odds) < 1e-12 else np.expm1(x * odds) / np.expm1(odds)


def _von_mises(x: Any, _: Any, m: float, k: float) -> Any:
    # log I₀(κ) = log i0e(κ) + κ
    return -2.0 * k * np.square(np.sin((x - m) / 2.0)) - LOG_2PI - np.log(special.i0e(k))


FAMILIES = {
    "normal": Family(
        ("loc", "scale"),
        "real",
        lambda x, _, m, s: -np.square((x - m) / s) / 2.0 - np.log(s) - LOG_2PI / 2.0,
        _scale_terms,
        _line,
        _loc_scale,
        lambda x, m, s: special.ndtr((x - m) / s),
    ),
    "laplace": Family(
        ("loc", "scale"),
        "real",
        lambda x, _, m, s: -np.abs(x - m) / s - np.log(2.0 * s),
        _scale_terms,
        _line,
        _loc_scale,
        lambda x, m, s: np.where(x < m, np.exp(-np.abs(x - m) / s) / 2.0, 1.0 - np.exp(-np.abs(x - m) / s) / 2.0),
    ),
    "cauchy": Family(
        ("loc", "scale"),
        "real",
        lambda x, _, m, s: -np.log(np.pi * s) - np.log1p(np.square((x - m) / s)),
        _heavy_terms,
        _line,
        _loc_scale,
        lambda x, m, s: 0.5 + np.arctan((x - m) / s) / np.pi,
        order=lambda m, s: 1.0,
    ),
    "gumbel": Family(
        ("loc", "scale"),
        "real",
        lambda x, _, m, s: -(x - m) / s - np.exp(-(x - m) / s) - np.log(s),
        lambda x, _, m, s: np.abs(np.log(s)) + (1.0 + np.abs(x - m) / s) * (1.0 + np.exp(-(x - m) / s)) + abs(m) / s,
        _line,
        _loc_scale,
        lambda x, m, s: np.exp(-np.exp(-(x - m) / s)),
    ),
    "logistic": Family(
        ("loc", "scale"),
        "real",
        lambda x, _, m, s: -np.abs(x - m) / s - 2.0 * np.log1p(np.exp(-np.abs(x - m) / s)) - np.log(s),
        _scale_terms,
        _line,
        _loc_scale,
        lambda x, m, s: special.expit((x - m) / s),
    ),
    "student-t": Family(
        ("df", "loc", "scale"),
        "real",
        _student,
        _student_size,
        _line,
        lambda df, m, s: (m, s),
        lambda x, df, m, s: special.stdtr(df, (x - m) / s),
        order=lambda df, m, s: df,
    ),
    "uniform": Family(
        ("low", "high"),
        "unit",
        lambda x, _, a, b: -np.log(b - a) + 0.0 * x,
        lambda x, _, a, b: np.abs(np.log(b - a)) + (abs(a) + abs(b)) / (b - a),
        lambda a, b: (a, b),
        lambda a, b: ((a + b) / 2.0, b - a),
        lambda x, a, b: np.clip((x - a) / (b - a), 0.0, 1.0),
    ),
    "beta": Family(
        ("a", "b"), "unit", _beta, _beta_size, _unit, _half, lambda x, a, b: special.betainc(a, b, np.clip(x, 0.0, 1.0))
    ),
    "kumaraswamy": Family(
        ("a", "b"),
        "unit",
        _kumaraswamy,
        _kumaraswamy_size,
        _unit,
        _half,
        lambda x, a, b: -np.expm1(b * np.log1p(-(np.clip(x, 0.0, 1.0) ** a))),
    ),
    "continuous-bernoulli": Family(
        ("p",),
        "unit",
        _continuous_bernoulli,
        lambda x, c, p: np.abs(np.log(p)) + np.abs(np.log1p(-p)),
        _unit,
        _half,
        lambda x, p: _continuous_bernoulli_cdf(np.clip(x, 0.0, 1.0), p),
    ),
    "von-mises": Family(
        ("loc", "concentration"),
        "circle",
        _von_mises,
        lambda x, _, m, k: k * (1.0 + np.abs(x) + abs(m)) + 2.0,
        lambda m, k: (-np.pi, np.pi),
        lambda m, k: (m, 1.0),
        lambda x, m, k: np.full_like(x, np.nan),
    ),
}
