"""Wrong generalized gradients: wrong standardisation, wrong velocity, wrong or missing correction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from prufrock import Subject, subject

from ..variational.generalized import generalized_gradient
from .careless import careless

Array = NDArray[Any]
OUTPUTS = ("g_rep", "g_corr", "z", "logq_eps", "h", "u")


@dataclass(frozen=True)
class Made:
    """One standardised draw: T, its velocity, s and ∂ log s; the law of T; z with its width and bend."""

    T: Array
    dT: Array
    s: Any
    dlog_s: Array
    logq: Array
    slope: Array
    score: Array
    z: Array
    width: Array
    bend: Array


@dataclass(frozen=True)
class Bug:
    """What is wrong. By default nothing."""

    centre: Callable[[Any], Any] = special.digamma
    forget_mean: bool = False
    variance: bool = False
    centred_only: bool = False
    invert_rate: bool = False


def _right(f: Any, df: Any, dist: str, params: Array, eps: Array, bug: Bug | None = None) -> tuple[Array, ...]:
    made = _made(dist, params, eps, bug or Bug())
    return _outputs(f, df, made)


def _outputs(f: Any, df: Any, made: Made) -> tuple[Array, ...]:
    h = made.width[:, None] * made.dT
    u = made.bend[:, None] * made.dT + made.dlog_s
    score = made.score + made.slope[:, None] * made.dT + made.dlog_s
    log_eps = made.logq + np.log(made.s)
    return df(made.z)[:, None] * h, f(made.z)[:, None] * score, made.z, log_eps, h, u


def _made(dist: str, params: Array, eps: Array, bug: Bug) -> Made:
    if np.isnan(params).any() or np.isnan(eps).any():
        raise ValueError("NaN in params or eps")
    if dist not in ("gamma", "beta", "normal", "lognormal") or params[1] <= 0 or ("a" in dist[1:2] and params[0] <= 0):
        raise ValueError(f"{dist} with {params}")
    m, s, dm, ds = _standard(dist, params, bug)
    if bug.centred_only:
        s, ds = np.ones_like(s), np.zeros(2, params.dtype)
    if bug.variance:
        s, ds = s**2, 2.0 * s * ds
    if bug.forget_mean:
        m, dm = 0.0 * m, np.zeros(2, params.dtype)
    T = m + s * eps
    logq, slope, score = _law_of_T(dist, params, T)
    z = T if dist == "normal" else special.expit(T) if dist == "beta" else np.exp(T)
    flat = np.ones_like(T)
    width = {"normal": flat, "beta": z * special.expit(-T)}.get(dist, z)
    bend = {"normal": 0.0 * flat, "beta": special.expit(-T) - z}.get(dist, flat)
    return Made(T, dm + ds * eps[:, None], s, ds / s, logq, slope, score, z, width, bend)


def _standard(dist: str, v: Array, bug: Bug) -> tuple[Any, Any, Array, Array]:
    psi1, psi2 = (special.polygamma(n, v).astype(v.dtype) for n in (1, 2))
    if dist == "gamma":
        s = np.sqrt(psi1[0])
        log_rate = np.log(v[1]) * (-1 if bug.invert_rate else 1)
        d_rate = (1 if bug.invert_rate else -1) / v[1]
        return bug.centre(v[0]) - log_rate, s, np.array([psi1[0], d_rate]), np.array([psi2[0] / (2 * s), 0.0], v.dtype)
    if dist == "beta":
        s = np.sqrt(psi1.sum())
        return bug.centre(v[0]) - bug.centre(v[1]), s, psi1 * np.array([1, -1], v.dtype), psi2 / (2 * s)
    return v[0], v[1], np.array([1, 0], v.dtype), np.array([0, 1], v.dtype)


def _law_of_T(dist: str, v: Array, T: Array) -> tuple[Array, Array, Array]:
    """log q_T, ∂_T log q_T, ∂_v log q_T."""
    if dist == "gamma":
        y = T + np.log(v[1])
        score = np.stack([y - special.digamma(v[0]), v[0] / v[1] - np.exp(T)], 1)
        return v[0] * y - np.exp(y) - special.gammaln(v[0]), v[0] - np.exp(y), score
    if dist == "beta":
        both = np.stack([special.log_expit(T), special.log_expit(-T)], 1)
        score = both - special.digamma(v) + special.digamma(v.sum())
        slope = v[0] * special.expit(-T) - v[1] * special.expit(T)
        return both @ v - special.betaln(v[0], v[1]), slope, score
    y = (T - v[0]) / v[1]
    score = np.stack([y, y**2 - 1], 1) / v[1]
    return -(y**2) / 2 - np.log(v[1]) - np.log(2 * np.pi).astype(v.dtype) / 2, -y / v[1], score


def _bugged(bug: Bug) -> Callable[..., Any]:
    return lambda f, df, dist, params, eps: _right(f, df, dist, params, eps, bug)


def _changed(change: Callable[..., Any]) -> Callable[..., Any]:
    """The right draw, put together by change(f, df, made)."""
    return lambda f, df, dist, params, eps: change(f, df, _made(dist, params, eps, Bug()))


def _with_u(of: Callable[[Made, Array], Array]) -> Callable[..., Any]:
    """u = of(made, u), in the correction too."""

    def change(f: Any, df: Any, made: Made) -> Any:
        g_rep, g_corr, z, logq, h, u = _outputs(f, df, made)
        return g_rep, g_corr + f(z)[:, None] * (of(made, u) - u), z, logq, h, of(made, u)

    return _changed(change)


def _replaced(**by: Callable[..., Any]) -> Callable[..., Any]:
    """Some outputs computed otherwise, from (f, df, made, the right outputs by name)."""

    def change(f: Any, df: Any, made: Made) -> Any:
        out = dict(zip(OUTPUTS, _outputs(f, df, made), strict=True))
        return tuple(by[name](f, df, made, out) if name in by else out[name] for name in OUTPUTS)

    return _changed(change)


def _score_alone(f: Any, df: Any, made: Made) -> Any:
    """Nothing follows the sample: h = 0."""
    return _outputs(f, df, replace(made, dT=0.0 * made.dT, dlog_s=0.0 * made.dlog_s))


def _parameters_exchanged(f: Any, df: Any, made: Made) -> Any:
    g_rep, g_corr, z, logq, h, u = _outputs(f, df, made)
    return g_rep[:, ::-1], g_corr, z, logq, h[:, ::-1], u


BUGS: dict[str, Callable[..., Any]] = {
    "log-for-digamma": _bugged(Bug(centre=np.log)),
    "forgets-mean": _bugged(Bug(forget_mean=True)),
    "variance-for-deviation": _bugged(Bug(variance=True)),
    "centred-only": _bugged(Bug(centred_only=True)),
    "scale-for-rate": _bugged(Bug(invert_rate=True)),
    "minus-u": _with_u(lambda made, u: -u),
    "without-u": _with_u(lambda made, u: 0.0 * u),
    "twice-the-velocity-in-u": _with_u(lambda made, u: u + made.dT),
    "correction-dropped": _replaced(g_corr=lambda f, df, made, out: 0.0 * out["g_corr"]),
    "value-for-slope": _replaced(g_rep=lambda f, df, made, out: f(made.z)[:, None] * out["h"]),
    "averages-slopes": _replaced(g_rep=lambda f, df, made, out: df(made.z).mean() * out["h"]),
    "mean-as-value": _replaced(
        g_corr=lambda f, df, made, out: f(made.z).mean() * (made.score + made.slope[:, None] * made.dT + made.dlog_s)
    ),
    "forgets-score": _replaced(
        g_corr=lambda f, df, made, out: f(made.z)[:, None] * (made.slope[:, None] * made.dT + made.dlog_s)
    ),
    "density-of-z": _replaced(logq_eps=lambda f, df, made, out: made.logq),
    "score-alone": _changed(_score_alone),
    "parameters-exchanged": _changed(_parameters_exchanged),
}


def _mutant(name: str, run: Callable[..., Any]) -> Subject:
    made = subject(name, contract=generalized_gradient, outputs=OUTPUTS, conventions={"standardisation": "full"})
    return made(run)


good = _mutant("good", _right)

MUTANTS = (*(_mutant(name, run) for name, run in BUGS.items()), *careless(good, ("ignores-order",)))
