"""Wrong Rao-Blackwellized gradients: blankets too large or too small, and sums that are no expectation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..cases.factors import Factor
from ..variational.rao_blackwell import rao_blackwell
from ..variational.rao_blackwell_normal import rao_blackwell_normal
from .careless import careless

Array = NDArray[Any]
Factors = tuple[Factor, ...]
Sums = Callable[[Factors, Array], Array]


def _scopes(factors: Factors, d: int) -> None:
    for c in factors:
        if len(set(c.scope)) != len(c.scope) or not all(0 <= i < d for i in c.scope):
            raise ValueError(f"scope {c.scope} of {d} variables")


def _summed_by(hears: Callable[[Factor, int], bool]) -> Sums:
    """Σ_c f_c(z_c) over the factors that variable i hears of, [S, d]."""

    def sums(factors: Factors, z: Array) -> Array:
        S, d = z.shape
        found = np.zeros((S, d), z.dtype)
        for c in factors:
            y = c(z)
            for i in range(d):
                if hears(c, i):
                    found[:, i] += y
        return found

    return sums


def _neighbours_of_neighbours(factors: Factors, z: Array) -> Array:
    """The factors of all that share a factor with i."""
    S, d = z.shape
    near = [{i}.union(*(c.scope for c in factors if i in c.scope)) for i in range(d)]
    found = np.zeros((S, d), z.dtype)
    for i in range(d):
        for c in factors:
            if near[i] & set(c.scope):
                found[:, i] += c(z)
    return found


def _largest_factor_only(factors: Factors, z: Array) -> Array:
    S, d = z.shape
    found = np.zeros((S, d), z.dtype)
    for i in range(d):
        own = [c(z) for c in factors if i in c.scope] or [np.zeros(S, z.dtype)]
        found[:, i] = np.array(own)[np.abs(own).argmax(axis=0), np.arange(S)]
    return found


def _absolute_factors(factors: Factors, z: Array) -> Array:
    S, d = z.shape
    found = np.zeros((S, d), z.dtype)
    for c in factors:
        found[:, list(c.scope)] += np.abs(c(z))[:, None]
    return found


def _sorts_scopes(factors: Factors, z: Array) -> Array:
    """The variables of a factor in the order of their numbers."""
    return _own(tuple(Factor(tuple(sorted(c.scope)), c.f) for c in factors), z)


_own = _summed_by(lambda c, i: i in c.scope)

SUMS: dict[str, Sums] = {
    "all-factors": _summed_by(lambda c, i: True),
    "first-of-scope-only": _summed_by(lambda c, i: c.scope[0] == i),
    "pairs-only": _summed_by(lambda c, i: i in c.scope and len(c.scope) > 1),
    "neighbours-of-neighbours": _neighbours_of_neighbours,
    "largest-factor-only": _largest_factor_only,
    "absolute-factors": _absolute_factors,
    "sorts-scopes": _sorts_scopes,
    "wrong-sign": lambda factors, z: -_own(factors, z),
    "centres-values": lambda factors, z: _own(factors, z) - _own(factors, z).mean(axis=0),
    "divides-by-samples": lambda factors, z: _own(factors, z) / len(z),
    "shifts-samples": lambda factors, z: np.roll(_own(factors, z), 1, axis=0),
}


def _softmax(logits: Array) -> Array:
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _checked(factors: Factors, logits: Array, z: Array) -> None:
    _scopes(factors, len(logits))
    if z.shape[1:] != logits.shape[:1] or not np.isfinite(logits).all():
        raise ValueError(f"logits has shape {logits.shape}, z {z.shape}")
    if not ((z >= 0) & (z < logits.shape[1]) & (z == z.round())).all():
        raise ValueError("a state that is none")


def _hit(logits: Array, z: Array) -> Array:
    return np.asarray(z[:, :, None] == np.arange(logits.shape[1]), logits.dtype)


def _score(logits: Array, z: Array) -> Array:
    return _hit(logits, z) - _softmax(logits)


def _blanket(sums: Sums = _own, score: Callable[[Array, Array], Array] = _score) -> Callable[..., Array]:
    def run(factors: Factors, logits: Array, z: Array) -> Array:
        _checked(factors, logits, z)
        return np.asarray(sums(factors, z)[:, :, None] * score(logits, z))

    return run


def _with_probability_missing(factors: Factors, logits: Array, z: Array) -> Array:
    """The entropy's gradient without the factor p: −log p_k where the variable is in state k."""
    G = _blanket()(factors, logits, z)
    return np.asarray(G - np.log(_softmax(logits)) * _hit(logits, z))


def _every_state(factors: Factors, logits: Array, z: Array, weights: Array) -> Array:
    """weights_k (L_k − Σ_j weights_j L_j)."""
    _checked(factors, logits, z)
    L = np.zeros((*z.shape, logits.shape[1]), z.dtype)
    for i in range(z.shape[1]):
        for k in range(logits.shape[1]):
            moved = z.copy()
            moved[:, i] = k
            L[:, i, k] = _own(factors, moved)[:, i]
    return np.asarray(weights * (L - (weights * L).sum(axis=2, keepdims=True)))


def _uniform(factors: Factors, logits: Array, z: Array) -> Array:
    return _every_state(factors, logits, z, np.full_like(logits, 1 / logits.shape[1]))


def _doubled(factors: Factors, logits: Array, z: Array) -> Array:
    return 8 * _every_state(factors, logits, z, _softmax(logits))


STATES = {
    **{name: _blanket(sums) for name, sums in SUMS.items()},
    "forgets-centre": _blanket(score=_hit),
    "half-precision": _blanket(score=lambda logits, z: _score(logits, z).astype(np.float16).astype(z.dtype)),
    "first-logits-for-all": _blanket(score=lambda logits, z: _hit(logits, z) - _softmax(logits[:1])),
}
SAID_TO_BE_SUMMED = {
    "blanket-said-to-be-summed": _blanket(),
    "plain-said-to-be-summed": _blanket(SUMS["all-factors"]),
    "uniform-said-to-be-summed": _uniform,
    "doubled-said-to-be-summed": _doubled,
}


def _normal(sums: Sums = _own, change: Callable[[Array, Array], Array] = lambda G, sigma: G) -> Callable[..., Array]:
    """change(G, σ) is what becomes of the contributions."""

    def run(factors: Factors, mu: Array, sigma: Array, z: Array) -> Array:
        _scopes(factors, len(mu))
        if mu.shape != sigma.shape or z.shape[1:] != mu.shape or not (sigma > 0).all():
            raise ValueError(
                f"mu has shape {mu.shape}, sigma {sigma.shape}, z {z.shape}; or a deviation is not positive"
            )
        if not np.isfinite([mu.sum(), sigma.sum(), z.sum()]).all():
            raise ValueError("a number that is not finite")
        eps = (z - mu) / sigma
        scores = np.concatenate([eps / sigma, (eps**2 - 1) / sigma], axis=1)
        return np.asarray(change(np.tile(sums(factors, z), 2) * scores, sigma))

    return run


NORMALS = {
    **{name: _normal(sums) for name, sums in SUMS.items()},
    "deviation-for-variance": _normal(change=lambda G, sigma: G * np.concatenate([sigma, 1 + 0 * sigma])),
    "half-precision": _normal(change=lambda G, sigma: G.astype(np.float16).astype(G.dtype)),
}

OWN, ALL = {"method": "blanket", "entropy": "no"}, {"method": "summed", "entropy": "no"}
SIGMA = {"scale": "sigma"}
good = subject("good", contract=rao_blackwell, conventions=OWN)(_blanket())
good_normal = subject("good", contract=rao_blackwell_normal, conventions=SIGMA)(_normal())


def _mutants(contract: Any, runs: dict[str, Any], conventions: dict[str, str]) -> tuple[Subject, ...]:
    return tuple(subject(name, contract=contract, conventions=conventions)(run) for name, run in runs.items())


MUTANTS = (
    *_mutants(rao_blackwell, STATES, OWN),
    *_mutants(rao_blackwell, SAID_TO_BE_SUMMED, ALL),
    *_mutants(rao_blackwell, {"probability-missing": _with_probability_missing}, {**OWN, "entropy": "yes"}),
    *careless(good),
    *_mutants(rao_blackwell_normal, NORMALS, SIGMA),
    *careless(good_normal),
)
