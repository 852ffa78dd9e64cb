"""Wrong gradients through the gamma rejection sampler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from prufrock import Subject, subject

from ..variational.rejection import rsvi_gamma
from .careless import careless

Array = NDArray[Any]
OUTPUTS = ("g_rep", "g_corr", "z", "log_pi", "log_accept")


def _right(
    f: Any,
    df: Any,
    alpha: float,
    eps: Array,
    u: Array,
    third: float = 1.0 / 3.0,
    shift: int = -1,
    shrink: bool = True,
    still: bool = False,
    corrected_at: int = 0,
) -> tuple[Array, ...]:
    """By default nothing is wrong."""
    B = u.shape[1]
    if np.isnan(eps).any() or alpha <= 0 or alpha + B < 1 or (u <= 0).any() or (u > 1).any():
        raise ValueError("outside the domain")
    d, c, v, dv = _noise(alpha + B, eps, third)
    if (v <= 0).any():
        raise ValueError("noise that is never kept")
    h, dlog_h = d * v**3, 1 / d + 3 * dv / v
    down = (alpha + 1 + shift + np.arange(B)).astype(eps.dtype)
    factor = np.exp((np.log(u) / down).sum(axis=1)) if shrink else 1
    dlog = dlog_h if still or not shrink else dlog_h - (np.log(u) / down**2).sum(axis=1)
    z = h * factor
    log_pi = (alpha + B - 1) * np.log(h) - h - special.gammaln(alpha + B) + np.log(3 * c * d) + 2 * np.log(v)
    log_accept = eps**2 / 2 + d - h + 3 * d * np.log(v)
    score = _score(alpha + (0 if corrected_at else B), eps, third)
    return df(z) * z * dlog, f(z) * score, z, log_pi, log_accept


def _noise(a: Any, eps: Array, third: float) -> tuple[Any, Any, Array, Array]:
    d = eps.dtype.type(a - third)
    c = 1 / np.sqrt(9 * d)
    return d, c, 1 + c * eps, -c * eps / (2 * d)


def _score(a: Any, eps: Array, third: float = 1.0 / 3.0) -> Array:
    """∂_a log π."""
    d, _, v, dv = _noise(max(a, 1.0), eps, third)
    h = d * v**3
    both = np.log(h) - special.digamma(a) + (a - 1 - h) * (1 / d + 3 * dv / v) + 1 / (2 * d) + 2 * dv / v
    return np.asarray(both.astype(eps.dtype))


def _changed(**by: Callable[..., Any]) -> Callable[..., Any]:
    """Some outputs computed otherwise, from (f, df, α + B, ε, the right outputs by name)."""

    def run(f: Any, df: Any, alpha: float, eps: Array, u: Array) -> Any:
        out = dict(zip(OUTPUTS, _right(f, df, alpha, eps, u), strict=True))
        a = alpha + u.shape[1]
        return tuple(by[name](f, df, a, eps, out) if name in by else out[name] for name in OUTPUTS)

    return run


def _wrong(**bug: Any) -> Callable[..., Any]:
    return lambda f, df, alpha, eps, u: _right(f, df, alpha, eps, u, **bug)


def _without_proposal(f: Any, df: Any, a: Any, eps: Array, out: dict[str, Array]) -> Array:
    """The score of q(h) alone, r(h) forgotten."""
    d, _, v, dv = _noise(a, eps, 1.0 / 3.0)
    return np.asarray(f(out["z"]) * (_score(a, eps) - 1 / (2 * d) - 2 * dv / v))


def _proposal(f: Any, df: Any, a: Any, eps: Array, out: dict[str, Array]) -> Array:
    """log s(ε)."""
    return np.asarray(-(eps**2) / 2 - np.log(2 * np.pi).astype(eps.dtype) / 2)


def _density_of_h(f: Any, df: Any, a: Any, eps: Array, out: dict[str, Array]) -> Array:
    d, c, v, _ = _noise(a, eps, 1.0 / 3.0)
    return np.asarray(out["log_pi"] - np.log(3 * c * d) - 2 * np.log(v))


BUGS: dict[str, Callable[..., Any]] = {
    "correction-dropped": _changed(g_corr=lambda f, df, a, eps, out: 0 * out["g_corr"]),
    "minus-correction": _changed(g_corr=lambda f, df, a, eps, out: -out["g_corr"]),
    "proposal-forgotten": _changed(g_corr=_without_proposal),
    "value-for-slope": _changed(g_rep=lambda f, df, a, eps, out: f(out["z"]) * out["g_rep"]),
    "mean-as-value": _changed(g_corr=lambda f, df, a, eps, out: f(out["z"]).mean() * _score(a, eps)),
    "averages-slopes": _changed(g_rep=lambda f, df, a, eps, out: np.full_like(eps, out["g_rep"].mean())),
    "proposal-for-kept": _changed(log_pi=_proposal, log_accept=lambda f, df, a, eps, out: 0 * eps),
    "density-without-jacobian": _changed(log_pi=_density_of_h),
    "keeps-everything": _changed(log_accept=lambda f, df, a, eps, out: 0 * eps),
    "keeps-half": _changed(log_accept=lambda f, df, a, eps, out: out["log_accept"] - np.log(2).astype(eps.dtype)),
    "third-forgotten": _wrong(third=0.0),
    "shrinks-by-alpha-plus-i": _wrong(shift=0),
    "not-shrunk": _wrong(shrink=False),
    "augmentation-not-moved": _wrong(still=True),
    "correction-at-alpha": _wrong(corrected_at=1),
}


def _mutant(name: str, run: Callable[..., Any]) -> Subject:
    return subject(name, contract=rsvi_gamma, outputs=OUTPUTS)(run)


good = _mutant("good", _right)

MUTANTS = (*(_mutant(name, run) for name, run in BUGS.items()), *careless(good))
