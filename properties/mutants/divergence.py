"""Wrong Sinkhorn divergences: terms left out, doubled or mixed up, and costs of another size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..oracles.entropic import solve
from ..oracles.line import distances
from ..oracles.lp import transport
from ..transport.divergence import sinkhorn_divergence
from .careless import careless

Array = NDArray[Any]
Cost = Callable[[Array, Array], Array]


def _ot(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> float:
    return solve(a, b, distances(X, Y) ** p, eps).value


def _sharp(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> float:
    C = distances(X, Y) ** p
    return float(np.vdot(solve(a, b, C, eps).plan, C))


def _debias(ot: Callable[..., float], *case: Any) -> float:
    a, X, b, Y, eps, p = case
    return ot(a, X, b, Y, eps, p) - (ot(a, X, a, X, eps, p) + ot(b, Y, b, Y, eps, p)) / 2


@subject("good", contract=sinkhorn_divergence, conventions={"kind": "regularised", "clamp": "no"})
def good(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> Any:
    if not eps > 0 or not all(np.isfinite(x).all() for x in (X, Y)):
        raise ValueError("eps, X, Y: expected eps > 0 and finite points")
    if (a < 0).any() or (b < 0).any() or abs(a.sum() - b.sum()) > 1e-5 * abs(a.sum()):
        raise ValueError("a, b: expected masses >= 0 of equal sums")
    return np.asarray(_debias(_ot, *(x.astype(float) for x in (a, X, b, Y)), eps, p), a.dtype)


def _mutant(name: str, change: Callable[..., float]) -> Subject:
    return replace(good, name=name, run=change)


def _weighted(ab: float, aa: float, bb: float) -> Callable[..., float]:
    def run(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> float:
        case = (eps, p)
        return ab * _ot(a, X, b, Y, *case) - aa * _ot(a, X, a, X, *case) - bb * _ot(b, Y, b, Y, *case)

    return run


def _even(a: Array) -> Array:
    return np.full(len(a), 1.0 / len(a))


def _wrong_self(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> float:
    """The self terms of uniform measures on the same points."""
    here, there = _ot(_even(a), X, a, X, eps, p), _ot(b, Y, b, Y, eps, p)
    return _ot(a, X, b, Y, eps, p) - (here + there) / 2


def _floored(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> float:
    """Distances below 10⁻² are held to be 10⁻²."""

    def ot(q: Array, P: Array, r: Array, Q: Array, *case: float) -> float:
        return solve(q, r, np.maximum(distances(P, Q), 1e-2) ** p, eps).value

    return _debias(ot, a, X, b, Y, eps, p)


def _relative(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> float:
    size = 1 + np.abs(X).max() + np.abs(Y).max()
    return _debias(_ot, a, X / size, b, Y / size, eps, p)


def _exact(a: Array, X: Array, b: Array, Y: Array, eps: float, p: float) -> float:
    return transport(a, b, distances(X, Y) ** p).value


MUTANTS = (
    _mutant("half-missing", _weighted(1.0, 1.0, 1.0)),
    _mutant("doubled", _weighted(2.0, 1.0, 1.0)),
    _mutant("halved", _weighted(0.5, 0.25, 0.25)),
    _mutant("self-terms-in-full", _weighted(0.5, 0.5, 0.5)),
    _mutant("not-debiased", _weighted(1.0, 0.0, 0.0)),
    _mutant("not-debiased-in-part", _weighted(1.0, -0.5, -0.5)),
    _mutant("self-term-of-a-only", _weighted(1.0, 1.0, 0.0)),
    _mutant("wrong-self-marginal", _wrong_self),
    _mutant("sharp-for-regularised", lambda *case: _debias(_sharp, *case)),
    _mutant("half-squared-cost", lambda a, X, b, Y, eps, p: _debias(_ot, a, X, b, Y, 2 * eps, p) / 2),
    _mutant("uniform-weights", lambda a, X, b, Y, eps, p: _debias(_ot, _even(a), X, _even(b), Y, eps, p)),
    _mutant("sharp-of-exact-plans", _exact),
    _mutant("relative-distances", _relative),
    _mutant("first-axis-only", lambda a, X, b, Y, eps, p: _debias(_ot, a, X[:, :1], b, Y[:, :1], eps, p)),
    _mutant("temperature-fixed", lambda a, X, b, Y, eps, p: _debias(_ot, a, X, b, Y, max(eps, 0.05), p)),
    _mutant("distance-floor", _floored),
    _mutant("square-rooted", lambda a, X, b, Y, eps, p: max(_debias(_ot, a, X, b, Y, eps, p), 0.0) ** 0.5),
    *careless(good),
)
