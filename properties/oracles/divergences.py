"""Kullback-Leibler divergences between distributions on the line, by quadrature; ∞ where they are.

    KL(p ‖ q) = E_p [log p(X) − log q(X)]

It is infinite where p goes and q cannot (outside q's support, or where q gives a count no mass), and where p's tail is too heavy
for −log q, which grows like x² for a normal q, like |x| for an exponential tail, like e^{−x/β} to the left of a Gumbel's, and
like log|x| for the heavy-tailed.

Source: Cover & Thomas 2006, §2.3 and §8.5; derived (tails).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .families import INF, registry

Array = NDArray[np.float64]

# How fast −log q grows: the order of the moment that E_p must have.
GROWTH = {
    "normal": 2.0,
    "half-normal": 2.0,
    "laplace": 1.0,
    "logistic": 1.0,
    "exponential": 1.0,
    "gamma": 1.0,
    "gumbel": 1.0,
}
KINKED = ("laplace",)


def divergence(p: str, params: Array, q: str, other: Array) -> tuple[float, float]:
    """KL(p ‖ q) and the size of its summands, E_p |log p| + |log q|; (∞, 1) where it is infinite."""
    one, two = registry()[p], registry()[q]
    if _escapes(p, params, q, other) or _too_heavy(p, params, q, other):
        return INF, 1.0
    kinks = tuple(float(theta[0]) for name, theta in ((p, params), (q, other)) if name in KINKED)
    rule, log_p, mass = one.masses(params, kinks)
    with np.errstate(all="ignore"):
        low, high = two.support(*other)
        beside = rule.beside if high == one.support(*params)[1] else high - rule.x
        log_q = np.asarray(two.log_density(np.clip(rule.x, low, high), beside, *other), np.float64)
        seen = mass > 0.0
        if one.kind == "counts" and bool((log_q[seen] == -INF).any()):
            return INF, 1.0
        terms = np.where(seen, mass * (log_p - log_q), 0.0)
        size = np.where(seen, mass * (np.abs(log_p) + np.abs(log_q) + 1.0), 0.0)
    return float(terms[np.isfinite(terms)].sum()), float(size[np.isfinite(size)].sum())


def _escapes(p: str, params: Array, q: str, other: Array) -> bool:
    """Whether p goes where q cannot."""
    one, two = registry()[p], registry()[q]
    if one.kind == "counts":
        x = one.rule(params).x
        reached = x[one.log_p(params, x) > -INF]
        return bool((two.log_p(other, reached) == -INF).any()) if two.support(*other)[1] < INF else False
    (a, b), (low, high) = one.support(*params), two.support(*other)
    return a < low or b > high


def _too_heavy(p: str, params: Array, q: str, other: Array) -> bool:
    """Whether p's tails are too heavy for −log q."""
    one = registry()[p]
    if one.order(*params) <= GROWTH.get(q, 0.0):
        return True
    if q == "gumbel" and one.kind == "real" and p not in ("normal", "gumbel"):
        return p not in ("laplace", "logistic") or bool(params[1] >= other[1])
    return False
