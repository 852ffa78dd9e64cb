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
from prufrock.chance.result import Result, Verdict
from prufrock.chance.spread import Bounded, Moments, Spread, refusal
from prufrock.chance.stages import Components, Direction, Stage, confirm, screen, variance

SCREEN = 1e-2  # level of the screen
ROUND = 1e-2  # level of one confirmation, about
ATTEMPTS = 4  # suspicions that were not confirmed, before nothing can be said
STEADY = 0.1  # a confirmation gives up at a tenth of the screen's β: it is rare, so it may be patient

STATUS: dict[str, Verdict] = {"suspect": "FAIL", "pass": "pass", "short": "UNDERPOWERED"}

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
    if not 0.0 < alpha < SCREEN:
        raise ValueError(f"alpha={alpha}: expected a false alarm between 0 and the screen's own, {SCREEN}")
    left = alpha * (1.0 - SCREEN) / SCREEN
    k = max(1, math.ceil(math.log(left) / math.log(ROUND) - 1e-9))
    return k, left ** (1.0 / k)


def run(sampler: Sampler, seeds: Iterator[int], claim: Claim, alpha: float, limit: int) -> Result:
    """Judge one claim."""
    try:
        return _run(Draws(sampler, seeds, claim), claim, alpha, limit)
    except Impossible as met:
        return Result("FAIL", reason=str(met), alpha=alpha)


def _run(source: Draws, claim: Claim, alpha: float, limit: int) -> Result:
    past, spread = Moments(len(claim.mean)), claim.spread
    base = Result("REFUSED", alpha=alpha, power=claim.power, guarantee=spread.guarantee, pilot=spread.pilot)
    base = replace(base, whole=claim.table is not None or claim.transform is not None)
    if spread.pilot:
        rows, weights = source(spread.pilot)
        reason = refusal(rows)
        if reason:
            return replace(base, reason=reason)
        past.add(rows, weights)
    parts, beta = components(claim, past), 1.0 - claim.power
    k, level = rounds(alpha)
    stages: list[Stage] = []
    for _ in range(ATTEMPTS):
        first, found = screen(source, parts, spread, past, SCREEN, beta, limit)
        attempt = [first]
        while attempt[-1].outcome == "suspect" and len(attempt) <= k:
            attempt.append(confirm(source, found, spread, past, level, STEADY * beta, limit))
        stages += attempt
        if len(attempt) == 1 or attempt[-1].outcome != "pass":
            break
    return _described(base, stages, attempt, found, claim, past)


def components(claim: Claim, past: Moments) -> Components:
    """Coordinates, and for vectors the direction of μ itself: a wrong scale or sign shows there first.

    What is to be found along μ is as many standard deviations as the finest coordinate asks for, and no more than all
    of them deviating together.
    """
    d, delta = len(claim.mean), claim.delta(past, claim.spread)
    size = float(np.linalg.norm(claim.mean))
    if d == 1 or claim.upper or np.count_nonzero(claim.mean) < 2:
        return Components(np.eye(d), delta, claim.names, claim.upper)
    u = claim.mean / size
    finest = np.sqrt(np.min(delta**2 / claim.spread.coordinates(past)) * claim.spread.along(u, past))
    along = min(float(finest), float(np.abs(u) @ delta))
    return Components(
        np.concatenate([np.eye(d), u[None]]), np.append(delta, along), (*claim.names, "along the mean"), claim.upper
    )


def _described(
    base: Result, stages: list[Stage], attempt: list[Stage], found: Direction, claim: Claim, past: Moments
) -> Result:
    outcome = attempt[-1].outcome
    counted = attempt[1:] or attempt
    n = sum(stage.draws for stage in counted)
    effect = sum(stage.draws * stage.mean for stage in counted) / n
    sd = math.sqrt(sum(stage.draws * stage.sd**2 for stage in counted) / n)
    # The direction was signed so that the deviation is upwards; a coordinate is reported in its own sign.
    sign = -1.0 if np.count_nonzero(found.a) == 1 and found.a.sum() < 0 else 1.0
    bound = variance(found.a, claim.spread, past)
    made = replace(
        base,
        status=STATUS[outcome] if outcome != "pass" or len(attempt) == 1 else "UNDERPOWERED",
        stages=tuple(stages),
        effect=sign * effect,
        error=sd / math.sqrt(n),
        component=found.name,
        expected=float(sign * found.a @ claim.mean),
        detectable=found.delta,
        variance=(sd**2, bound),
    )
    if made.status != "UNDERPOWERED":
        return made
    if outcome == "pass":
        return replace(made, reason=f"suspected {ATTEMPTS} times, never confirmed: a deviation near {found.delta:.3g}")
    needed = 17.0 * bound / found.delta**2
    reason = f"{made.draws} draws were too few to find {found.delta:.3g} (about {needed:.2g} are needed)"
    return replace(made, reason=reason)
