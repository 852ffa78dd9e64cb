"""How often a single stage alarms on correct draws: the factors of the whole check's false alarm, measured one by one.

Stages are independent given the direction, so a check alarms with probability p₁ p₂ᵏ, and each factor, near 10⁻², is
measured directly where the product never could be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from prufrock.chance.check import SCREEN
from prufrock.chance.power import LAWS, Known
from prufrock.chance.spread import Bounded, Declared, Moments, Seen, Spread
from prufrock.chance.stages import Components, Direction, Source, confirm, screen

ETA = 0.2  # the effect looked for, in standard deviations
BETA = 0.01
LIMIT = 20_000


@dataclass(frozen=True)
class Rates:
    """Alarms among `runs` of each stage at level 10⁻²: the screen, and confirmations upwards and downwards."""

    law: str
    spread: str
    runs: int
    screen: int
    up: int
    down: int

    def product(self, rounds: int) -> float:
        """p₁ p₂ᵏ, with the worse of the two directions."""
        return self.screen / self.runs * (max(self.up, self.down) / self.runs) ** rounds


def spreads(law: Known) -> dict[str, Spread]:
    """What may be known of a law."""
    if law.bounds:
        lo, hi = (np.array([end - law.mean]) for end in law.bounds)
        return {"bounds": Bounded(lo, hi)}
    return {"declared": Declared(np.array([law.var])), "estimated": Seen()}


def all_rates(runs: int, seed: int) -> Iterator[Rates]:
    for law in LAWS:
        for name in spreads(law):
            yield rates(law, name, runs, seed)


def rates(law: Known, name: str, runs: int, seed: int) -> Rates:
    """Every stage `runs` times on draws of the law as it should be."""
    spread, seeds = spreads(law)[name], count(seed << 32)
    delta = ETA * math.sqrt(law.var)
    parts = Components(np.eye(1), np.array([delta]), ("mean",), False)

    def source(n: int) -> tuple[np.ndarray, None]:
        return law.sampler(0.0)(next(seeds), n)[:, None] - law.mean, None

    hits = {"screen": 0, "up": 0, "down": 0}
    for _ in range(runs):
        for stage in hits:
            past = Moments(1)
            if spread.pilot:
                past.add(*source(spread.pilot))
            hits[stage] += _outcome(stage, source, parts, spread, past) == "suspect"
    return Rates(law.name, name, runs, **hits)


def _outcome(stage: str, source: Source, parts: Components, spread: Spread, past: Moments) -> str:
    if stage == "screen":
        return screen(source, parts, spread, past, SCREEN, BETA, LIMIT)[0].outcome
    found = Direction(np.array([1.0 if stage == "up" else -1.0]), float(parts.delta[0]), "mean")
    return confirm(source, found, spread, past, SCREEN, BETA, LIMIT).outcome


def markdown(rows: list[Rates]) -> str:
    head = (
        f"\n## Alarms of single stages\n\nAt level {SCREEN:g}, effect {ETA:g} sd, {rows[0].runs} runs of each on correct "
        "draws; a check is the product of one screen and k confirmations.\n\n"
        "| law | spread | screen | up | down | product, k = 3 |\n|---|---|---|---|---|---|\n"
    )
    lines = [
        f"| {r.law} | {r.spread} | {r.screen / r.runs:.2e} | {r.up / r.runs:.2e} | {r.down / r.runs:.2e} "
        f"| {r.product(3):.1e} |"
        for r in rows
    ]
    return head + "\n".join(lines) + "\n"
