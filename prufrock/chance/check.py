"""One check of E x = μ from end to end: pilot where needed, screen, confirmations on fresh draws, result.

Source: the screen-and-confirm design and its alarm P ≤ a₁ a₂ᵏ ≤ α in `stages`; levels chosen here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prufrock.chance.bets import Array
from prufrock.chance.result import Result
from prufrock.chance.spread import Bounded, Moments, Spread, refusal
from prufrock.chance.stages import Components, Direction, Stage, confirm, screen, variance

SCREEN = 1e-2  # level of the screen
ROUND = 1e-2  # level of one confirmation, about
STEADY = 0.1  # a confirmation gives up at a tenth of the screen's β: it is rare, so it may be patient

Sampler = Callable[[int, int], ArrayLike]


@dataclass(frozen=True)
class Claim:
    """E x = μ (or ≤ μ where `upper`), to be doubted where some component is off by δ.

    table      rows of features that integer draws stand for, where the sample space is finite
    possible   which of them have probability
    transform  features of real draws
    """

    mean: Array
    delta: Callable[[Moments, Spread], Array]
    spread: Spread
    names: tuple[str, ...]
    upper: bool = False
    power: float = 0.99
    table: Array | None = None
    possible: NDArray[np.bool_] | None = None
    transform: Callable[[Array], Array] | None = None


class Draws:
    """Residuals of fresh draws: every block has a seed of its own, and none is seen twice."""

    def __init__(self, sampler: Sampler, seeds: Iterator[int], claim: Claim) -> None:
        self._sampler, self._seeds, self._claim = sampler, seeds, claim

    def __call__(self, n: int) -> tuple[Array, Array | None]:
        drawn = np.asarray(self._sampler(next(self._seeds), n))
        claim = self._claim
        if drawn.shape[:1] != (n,):
            raise ValueError(f"sampler(seed, n={n}): returned shape {list(drawn.shape)}, expected {n} rows")
        if not np.isfinite(drawn).all():
            raise Impossible(f"a draw is {drawn[~np.isfinite(drawn)].flat[0]}")
        if claim.table is not None:
            return self._counted(drawn, claim.table)
        values = np.asarray(drawn, np.float64)
        rows = claim.transform(values) if claim.transform else values
        rows = rows.reshape(n, -1) - claim.mean
        if rows.shape[1] != len(claim.mean):
            raise ValueError(f"sampler(seed, n): returned {list(drawn.shape)}, expected {len(claim.mean)} components")
        if isinstance(claim.spread, Bounded):
            _inside(rows, claim.spread, claim.mean)
        return rows, None

    def _counted(self, drawn: Array, table: Array) -> tuple[Array, Array]:
        codes = drawn.reshape(-1).astype(np.int64)
        outside = (codes != drawn.reshape(-1)) | (codes < 0) | (codes >= len(table))
        if self._claim.possible is not None:
            outside |= ~self._claim.possible[np.clip(codes, 0, len(table) - 1)]
        if outside.any():
            raise Impossible(f"draw {drawn.reshape(-1)[outside][0]} has no probability")
        return table - self._claim.mean, np.bincount(codes, minlength=len(table)).astype(np.float64)


class Impossible(Exception):
    """A draw that no correct sampler returns."""


def _inside(rows: Array, spread: Bounded, mean: Array) -> None:
    slack = 1e-9 * (spread.hi - spread.lo)
    bad = (rows < spread.lo - slack) | (rows > spread.hi + slack)
    if bad.any():
        raise Impossible(f"a draw is {(rows + mean)[bad][0]:.17g}, outside its declared bounds")


def rounds(alpha: float) -> tuple[int, float]:
    """How many confirmations, and the level of each, so that the whole check alarms with probability α at most."""
    if alpha >= SCREEN:
        return 1, alpha / SCREEN if alpha < 1 else 1.0
    k = max(1, math.ceil(math.log(alpha / SCREEN) / math.log(ROUND) - 1e-9))
    return k, (alpha / SCREEN) ** (1.0 / k)


def run(sampler: Sampler, seeds: Iterator[int], claim: Claim, alpha: float, limit: int) -> Result:
    """Judge one claim."""
    try:
        return _run(Draws(sampler, seeds, claim), claim, alpha, limit)
    except Impossible as met:
        return Result("FAIL", reason=str(met), alpha=alpha)


def _run(source: Draws, claim: Claim, alpha: float, limit: int) -> Result:
    past, spread = Moments(len(claim.mean)), claim.spread
    base = Result("REFUSED", alpha=alpha, power=claim.power, guarantee=spread.guarantee, pilot=spread.pilot)
    if spread.pilot:
        rows, weights = source(spread.pilot)
        reason = refusal(rows)
        if reason:
            return replace(base, reason=reason)
        past.add(rows, weights)
    parts, beta = components(claim, past), 2.0 * (1.0 - claim.power)
    first, found = screen(source, parts, spread, past, SCREEN, beta, limit)
    stages, (k, level) = [first], rounds(alpha)
    while stages[-1].outcome == "suspect" and len(stages) <= k:
        stages.append(confirm(source, found, spread, past, level, STEADY * beta, limit))
    return _described(base, stages, found, claim, past)


def components(claim: Claim, past: Moments) -> Components:
    """Coordinates, and for vectors the direction of μ itself: a wrong scale or sign shows there first."""
    d, delta = len(claim.mean), claim.delta(past, claim.spread)
    size = float(np.linalg.norm(claim.mean))
    if d == 1 or claim.upper or np.count_nonzero(claim.mean) < 2:
        return Components(np.eye(d), delta, claim.names, claim.upper)
    u = claim.mean / size
    a = np.concatenate([np.eye(d), u[None]])
    return Components(a, np.append(delta, np.abs(u) @ delta), (*claim.names, "along the mean"), claim.upper)


def _described(base: Result, stages: list[Stage], found: Direction, claim: Claim, past: Moments) -> Result:
    outcome = stages[-1].outcome
    counted = stages[1:] or stages
    n = sum(stage.draws for stage in counted)
    effect = sum(stage.draws * stage.mean for stage in counted) / n
    sd = math.sqrt(sum(stage.draws * stage.sd**2 for stage in counted) / n)
    # The direction was signed so that the deviation is upwards; a coordinate is reported in its own sign.
    sign = -1.0 if np.count_nonzero(found.a) == 1 and found.a.sum() < 0 else 1.0
    made = replace(
        base,
        status={"suspect": "FAIL", "pass": "pass", "short": "UNDERPOWERED"}[outcome],
        stages=tuple(stages),
        effect=sign * effect,
        error=sd / math.sqrt(n),
        component=found.name,
        expected=float(sign * found.a @ claim.mean),
        detectable=found.delta,
        variance=(sd**2, variance(found.a, claim.spread, past)),
    )
    if outcome != "short":
        return made
    needed = 15.0 * made.variance[1] / found.delta**2
    reason = f"{made.draws} draws were too few to find {found.delta:.3g} (about {needed:.2g} are needed)"
    return replace(made, reason=reason)
