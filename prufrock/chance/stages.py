"""Screen, then confirm: a two-sided search for any deviation, and one-sided rounds on fresh draws for the one found.

The screen bets on every component, in both directions and at effects δ·{1, 2, 4, 8}, and (for vectors) on a direction
S⁻¹m learned from earlier draws alone; its capital is the average, a supermartingale under the claim. It looks after 64,
128 and then 1.15 times as many draws, and stops

    suspect   capital ≥ 1/a
    pass      every component's likelihood ratio for ±δ against 0 is at most β: a deviation of δ would rarely look so
    short     the draws ran out

A confirmation freezes the direction, bets on it alone with draws nobody has seen, and must reach 1/a by itself. A
suspicion that k of them do not confirm goes back to a screen of fresh draws, so that only a screen can pass.
Whole check: P(false alarm) ≤ Σ_j a₁ʲ a₂ᵏ ≤ a₁ a₂ᵏ/(1 − a₁), since rounds are independent given the direction.

Symbols: rows (n, d) residuals x − μ; A (C, d) components; δ (C,); capital (2, J, C) in logs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from prufrock.chance.bets import Array
from prufrock.chance.spread import Moments, Spread

MULTIPLES = np.array([1.0, 2.0, 4.0, 8.0])
FRACTIONS = np.array([0.5, 1.0])  # of the growth-optimal bet along a learned direction
FIRST, GROWTH = 64, 1.15

Source = Callable[[int], tuple[Array, Array | None]]
Outcome = Literal["suspect", "pass", "short"]


class Stage(NamedTuple):
    """How a screen or a confirmation ended, after how many draws, with what capital (log10), and what it saw."""

    name: Literal["screen", "confirm"]
    outcome: Outcome
    draws: int
    log10_e: float
    mean: float = 0.0
    sd: float = 0.0


@dataclass(frozen=True)
class Direction:
    """One combination a·(x − μ), signed so that the deviation is upwards, and the effect to look for."""

    a: Array
    delta: float
    name: str


@dataclass(frozen=True)
class Components:
    """The combinations that are watched: coordinates first, then (for vectors) the expected mean's own direction."""

    a: Array
    delta: Array
    names: tuple[str, ...]
    upper: bool

    @property
    def d(self) -> int:
        return int(self.a.shape[1])

    @property
    def learns(self) -> bool:
        """Whether a direction is learned: upper bounds of components say nothing of their differences."""
        return self.d > 1 and not self.upper

    def variances(self, spread: Spread, past: Moments) -> Array:
        extra = [spread.along(a, past) for a in self.a[self.d :]]
        return np.concatenate([spread.coordinates(past), extra])

    def of(self, rows: Array) -> Array:
        return rows if len(self.a) == self.d else np.concatenate([rows, rows @ self.a[self.d :].T], axis=1)


def looks(limit: int) -> list[int]:
    """Sizes of successive blocks of draws, up to `limit` in all."""
    blocks, total = [FIRST, FIRST], 2 * FIRST
    while total < limit:
        blocks.append(min(int(np.ceil(total * (GROWTH - 1.0))), limit - total))
        total += blocks[-1]
    return blocks


def screen(
    source: Source, parts: Components, spread: Spread, past: Moments, level: float, beta: float, limit: int
) -> tuple[Stage, Direction]:
    """Look for any deviation; with the outcome goes the direction suspected, else the one that came nearest to its δ."""
    capital = np.zeros((2, len(MULTIPLES), len(parts.a)))
    learned = np.zeros(len(FRACTIONS))
    seen, drawn = Moments(parts.d), 0
    for size in looks(limit):
        rows, weights = source(size)
        v = parts.variances(spread, past)
        capital += spread.growth(parts.of(rows), MULTIPLES[:, None] * parts.delta / v, v, parts.a, weights)
        if parts.learns and seen.n:
            along, share = _learned(seen, past, spread)
            if share > 0:
                learned += _bet_along(rows, weights, share * along, spread, past)
        past.add(rows, weights)
        seen.add(rows, weights)
        drawn += size
        evidence = _average(capital, learned, parts)
        if evidence >= -np.log(level):
            return _stage("suspect", drawn, evidence, seen, _found(capital, learned, seen, past, spread, parts))
        quiet = capital[:1, 0] if parts.upper else capital[:, 0]
        if (quiet <= np.log(beta)).all():
            return _stage("pass", drawn, evidence, seen, _nearest(seen, parts))
    return _stage("short", drawn, evidence, seen, _nearest(seen, parts))


def confirm(
    source: Source, found: Direction, spread: Spread, past: Moments, level: float, beta: float, limit: int
) -> Stage:
    """One round on fresh draws, one-sided, along the direction found."""
    capital = np.zeros((len(MULTIPLES), 1))
    seen, drawn, evidence = Moments(1), 0, 0.0
    outcome: Outcome = "short"
    for size in looks(limit):
        rows, weights = source(size)
        v = np.array([variance(found.a, spread, past)])
        z = rows @ found.a[:, None]
        capital += spread.growth(z, MULTIPLES[:, None] * found.delta / v, v, found.a[None], weights)[0]
        past.add(rows, weights)
        seen.add(z, weights)
        drawn += size
        evidence = _log_mean(capital)
        if evidence >= -np.log(level) or capital[0, 0] <= np.log(beta):
            outcome = "suspect" if evidence >= -np.log(level) else "pass"
            break
    mean = float(seen.mean[0])
    sd = math.sqrt(max(float(seen.square[0, 0]) / seen.n - mean**2, 0.0))
    return Stage("confirm", outcome, drawn, evidence / math.log(10), mean, sd)


def variance(a: Array, spread: Spread, past: Moments) -> float:
    """A bound on Var a·x."""
    at = np.flatnonzero(a)
    if len(at) == 1:
        return float(a[at[0]] ** 2 * spread.coordinates(past)[at[0]])
    return spread.along(a, past)


def _learned(seen: Moments, past: Moments, spread: Spread) -> tuple[Array, float]:
    """S⁻¹m, the growth-optimal bet on the deviation m seen so far, and the share of m that is not noise: mᵀS⁻¹m is
    d/n where there is no deviation."""
    u = spread.inverse(past) @ seen.mean
    size = float(seen.mean @ u)
    return u, max(0.0, 1.0 - len(u) / (seen.n * size)) if size > 0 else 0.0


def _bet_along(rows: Array, weights: Array | None, u: Array, spread: Spread, past: Moments) -> Array:
    v = np.array([spread.along(u, past)])
    return spread.growth(rows @ u[:, None], FRACTIONS[:, None], v, u[None], weights)[0, :, 0]


def _average(capital: Array, learned: Array, parts: Components) -> float:
    """Log of the average capital; half of it was put on the learned direction of a vector."""
    watched = capital[:1] if parts.upper else capital
    one = _log_mean(watched)
    return float(np.logaddexp(one, _log_mean(learned)) - np.log(2.0)) if parts.learns else one


def _log_mean(x: Array) -> float:
    """log of the mean of e^x."""
    top = float(x.max())
    return top + float(np.log(np.exp(x - top).mean()))


def _found(
    capital: Array, learned: Array, seen: Moments, past: Moments, spread: Spread, parts: Components
) -> Direction:
    """The component whose bets earned most; the learned direction where it earned more than all of them together."""
    watched = capital[:1] if parts.upper else capital
    if parts.learns and _log_mean(learned) > _log_mean(watched):
        return _combination(*_learned(seen, past, spread), seen, parts)
    earned = np.logaddexp.reduce(watched, axis=1)
    side, c = np.unravel_index(int(np.argmax(earned)), earned.shape)
    sign = 1.0 if side == 0 else -1.0
    return Direction(sign * parts.a[c], float(parts.delta[c]), parts.names[c])


def _combination(u: Array, share: float, seen: Moments, parts: Components) -> Direction:
    """The learned direction; what to look for along it is half of the effect seen that is not noise (a quarter at
    least); named by its heaviest part."""
    a = u / np.abs(u).max()
    sd = np.sqrt(np.diag(seen.square))
    lead = int(np.argmax(np.abs(a) * sd))
    return Direction(a, 0.5 * max(share, 0.25) * float(a @ seen.mean), f"a combination led by {parts.names[lead]}")


def _nearest(seen: Moments, parts: Components) -> Direction:
    """The component whose mean came nearest to its δ."""
    means = parts.a @ seen.mean
    c = int(np.argmax(np.abs(means) / parts.delta))
    return Direction(parts.a[c], float(parts.delta[c]), parts.names[c])


def _stage(outcome: Outcome, drawn: int, evidence: float, seen: Moments, found: Direction) -> tuple[Stage, Direction]:
    mean = float(found.a @ seen.mean)
    sd = math.sqrt(max(float(found.a @ seen.square @ found.a) / seen.n - mean**2, 0.0))
    return Stage("screen", outcome, drawn, evidence / math.log(10), mean, sd), found
