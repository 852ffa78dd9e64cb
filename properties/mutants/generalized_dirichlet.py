"""Wrong generalized gradients of Dirichlet variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from prufrock import Subject, subject

from ..variational.generalized_dirichlet import generalized_dirichlet
from .careless import careless

Array = NDArray[Any]
OUTPUTS = ("g_rep", "g_corr", "z", "logq_eps")


def _right(
    f: Any,
    df: Any,
    alpha: Array,
    eps: Array,
    centre: Callable[[Any], Any] = special.digamma,
    spread: Callable[[Any], Any] = np.sqrt,
) -> tuple[Array, ...]:
    if np.isnan(eps).any() or (alpha <= 0).any():
        raise ValueError("NaN in eps, or alpha not positive")
    psi1, psi2 = (special.polygamma(n, alpha).astype(alpha.dtype) for n in (1, 2))
    s = spread(psi1)
    speed = psi1 + psi2 / (2 * s) * eps
    y = centre(alpha) + s * eps
    z = special.softmax(y, axis=1)
    slope = df(z)
    g_rep = z * (slope - (z * slope).sum(axis=1, keepdims=True)) * speed
    score = s * eps + (alpha - np.exp(y)) * speed + psi2 / (2 * s**2)
    log_eps = (alpha * y - np.exp(y) - special.gammaln(alpha) + np.log(s)).sum(axis=1)
    return g_rep, f(z)[:, None] * score, z, log_eps


def _changed(**by: Callable[..., Any]) -> Callable[..., Any]:
    """Some outputs computed otherwise, from (f, df, alpha, eps, the right outputs by name)."""

    def run(f: Any, df: Any, alpha: Array, eps: Array) -> Any:
        out = dict(zip(OUTPUTS, _right(f, df, alpha, eps), strict=True))
        return tuple(by[name](f, df, alpha, eps, out) if name in by else out[name] for name in OUTPUTS)

    return run


def _speed(alpha: Array, eps: Array) -> Array:
    psi1, psi2 = special.polygamma(1, alpha), special.polygamma(2, alpha)
    return np.asarray(psi1 + psi2 / (2 * np.sqrt(psi1)) * eps)


def _score_alone(f: Any, df: Any, alpha: Array, eps: Array) -> Any:
    """Nothing follows the sample."""
    g_rep, _, z, log_eps = _right(f, df, alpha, eps)
    s = np.sqrt(special.polygamma(1, alpha))
    return 0.0 * g_rep, f(z)[:, None] * s * eps, z, log_eps


def _unnormalised(f: Any, df: Any, alpha: Array, eps: Array) -> Any:
    """The gammas themselves, not their shares."""
    _, g_corr, _, log_eps = _right(f, df, alpha, eps)
    g = np.exp(special.digamma(alpha) + np.sqrt(special.polygamma(1, alpha)) * eps)
    return df(g) * g * _speed(alpha, eps), g_corr, g, log_eps


BUGS: dict[str, Callable[..., Any]] = {
    "correction-dropped": _changed(g_corr=lambda f, df, alpha, eps, out: 0.0 * out["g_corr"]),
    "correction-of-the-next": _changed(g_corr=lambda f, df, alpha, eps, out: np.roll(out["g_corr"], 1, axis=1)),
    "forgets-the-others": _changed(
        g_rep=lambda f, df, alpha, eps, out: out["z"] * (1 - out["z"]) * df(out["z"]) * _speed(alpha, eps)
    ),
    "value-for-slope": _changed(g_rep=lambda f, df, alpha, eps, out: f(out["z"])[:, None] * out["g_rep"]),
    "density-of-one": _changed(logq_eps=lambda f, df, alpha, eps, out: out["logq_eps"] / len(alpha)),
    "log-for-digamma": lambda f, df, alpha, eps: _right(f, df, alpha, eps, centre=np.log),
    "square-root-forgotten": lambda f, df, alpha, eps: _right(f, df, alpha, eps, spread=lambda v: v),
    "score-alone": _score_alone,
    "unnormalised": _unnormalised,
}


def _mutant(name: str, run: Callable[..., Any]) -> Subject:
    made = subject(name, contract=generalized_dirichlet, outputs=OUTPUTS, conventions={"standardisation": "full"})
    return made(run)


good = _mutant("good", _right)

MUTANTS = (*(_mutant(name, run) for name, run in BUGS.items()), *careless(good))
