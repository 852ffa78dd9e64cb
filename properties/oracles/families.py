"""Families of distributions on the line, as densities, distribution functions and rules for expectations.

A family is its log-density inside its support, `size` (what the summands of the textbook formula amount to, log-gammas
included: what rounding errors are proportional to) and its distribution function. Expectations are sums over `rule`:

    above, real    x = edge ± s exp(a sinh t), the double exponential rule, for any algebraic or exponential tail
    unit           x = 1/(1 + exp(−2a sinh t)), with 1 − x kept to full accuracy beside it
    circle         the trapezoidal rule;      counts    the sum, up to where less than 1e-18 is left

`order` bounds the moments: E|X|^r is finite for r < order. Parameters are given in the order of `parameters`.

Source: Johnson, Kotz & Balakrishnan 1994, 1995; Johnson, Kemp & Kotz 2005; Takahasi & Mori 1974 (double exponential).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

INF = float("inf")
STRETCH = 0.6 * np.pi / 2.0


class Rule(NamedTuple):
    """Σ w f(x) = ∫ f over the support; beside[k] is the upper end less x[k], accurate where x rounds to the end."""

    x: Array
    beside: Array
    w: Array


def _all_moments(*_: float) -> float:
    return INF


@dataclass(frozen=True)
class Family:
    """kind   "real", "above" (a half-line), "unit" (an interval), "circle" or "counts"

    log_density  (x, beside, *parameters) -> log p, for x inside the support
    extra        (x, beside, *parameters) -> magnitudes of summands beyond 3 + |log p|
    support      the two ends, which belong to it
    place        a point of the support and a length, where most of the mass is
    most         of counts: no mass worth counting beyond
    """

    parameters: tuple[str, ...]
    kind: str
    log_density: Callable[..., Any]
    extra: Callable[..., Any]
    support: Callable[..., tuple[float, float]]
    place: Callable[..., tuple[float, float]]
    cdf: Callable[..., Any]
    order: Callable[..., float] = _all_moments
    most: Callable[..., int] = lambda *_: 0

    def log_p(self, params: Array, x: Array) -> Array:
        """log-density at any x, −∞ outside the support."""
        low, high = self.support(*params)
        inside = (x >= low) & (x <= high)
        if self.kind == "counts":
            inside &= x == np.round(x)
        safe = np.where(inside, x, self.place(*params)[0] if self.kind != "counts" else low)
        with np.errstate(all="ignore"):
            values = self.log_density(safe, high - safe, *params)
        return np.asarray(np.where(inside, values, -INF), np.float64)

    def size(self, params: Array, x: Array) -> Array:
        """Σ|summands| of log p; infinite ones count nothing."""
        _, high = self.support(*params)
        with np.errstate(all="ignore"):
            found = 3.0 + np.abs(self.log_p(params, x)) + np.abs(self.extra(x, high - x, *params))
        return np.asarray(np.where(np.isfinite(found), found, 3.0))

    def rule(self, params: Array, kinks: tuple[float, ...] = ()) -> Rule:
        """Nodes and weights for ∫ over the support, exact for what is smooth between `kinks` (and the place of a line)."""
        low, high = self.support(*params)
        if self.kind == "counts":
            x = np.arange(low, min(high, self.most(*params)) + 1.0)
            return Rule(x, high - x, np.ones_like(x))
        if self.kind == "circle":
            x = np.linspace(-np.pi, np.pi, 401)[:-1]
            return Rule(x, high - x, np.full_like(x, 2.0 * np.pi / 400.0))
        near, w = _double_exponential()
        if self.kind == "unit":
            x, beside, w = _interval()
            return Rule(low + (high - low) * x, (high - low) * beside, (high - low) * w)
        center, length = self.place(*params)
        if self.kind == "above":
            x = low + (center - low) * near
            return Rule(x, np.full_like(x, INF), (center - low) * w)
        ends = sorted({float(center), *kinks})
        inner, _, v = _interval()
        between = [(a + (b - a) * inner, (b - a) * v) for a, b in pairwise(ends)]
        pieces = [(ends[0] - length * near[::-1], length * w[::-1]), *between, (ends[-1] + length * near, length * w)]
        x, weights = (np.concatenate(column) for column in zip(*pieces, strict=True))
        return Rule(x, np.full_like(x, INF), weights)

    def masses(self, params: Array, kinks: tuple[float, ...] = ()) -> tuple[Rule, Array, Array]:
        """The rule, log p at its nodes, and w p(x) there."""
        rule = self.rule(params, kinks)
        with np.errstate(all="ignore"):
            log_p = np.asarray(self.log_density(rule.x, rule.beside, *params), np.float64) + 0.0 * rule.x
            mass = rule.w * np.exp(log_p)
        return rule, log_p, np.where(np.isfinite(mass), mass, 0.0)

    def expectation(self, params: Array, f: Callable[[Array], Any]) -> float:
        """E f(X)."""
        rule, _, mass = self.masses(params)
        with np.errstate(all="ignore"):
            terms = np.where(mass > 0.0, mass * f(rule.x), 0.0)
        return float(terms.sum())

    def moments(self, params: Array) -> tuple[float, float]:
        """Mean and variance: NaN where undefined, ∞ where infinite."""
        order = self.order(*params)
        if order <= 1.0:
            signed = self.kind == "real"
            return (float("nan"), float("nan")) if signed else (INF, float("nan"))
        mean = self.expectation(params, lambda x: x)
        return mean, INF if order <= 2.0 else self.expectation(params, lambda x: (x - mean) ** 2)

    def entropy(self, params: Array) -> float:
        """−E log p(X)."""
        _, log_p, mass = self.masses(params)
        with np.errstate(all="ignore"):
            return float(-np.where(mass > 0.0, mass * log_p, 0.0).sum())


@cache
def _double_exponential() -> tuple[Array, Array]:
    """exp(a sinh t) and its derivative times the step."""
    t = np.arange(-620, 621) / 100.0
    e = np.exp(STRETCH * np.sinh(t) / 1.5)
    return e, e * STRETCH / 1.5 * np.cosh(t) / 100.0


@cache
def _interval() -> tuple[Array, Array, Array]:
    """x, 1 − x and the derivative times the step for x = 1/(1 + exp(−2a sinh t))."""
    t = np.arange(-270, 271) / 50.0
    u = 2.0 * STRETCH * np.sinh(t)
    x, beside = 1.0 / (1.0 + np.exp(-u)), 1.0 / (1.0 + np.exp(u))
    return x, beside, x * beside * 2.0 * STRETCH * np.cosh(t) / 50.0


def registry() -> Mapping[str, Family]:
    """All families by name."""
    from . import families_above, families_counts, families_line

    return families_line.FAMILIES | families_above.FAMILIES | families_counts.FAMILIES
