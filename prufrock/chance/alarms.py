"""A suite of 300 statistical checks of correct code, to be run from many root seeds: any failure is a false alarm.

Fifteen kinds of question with twenty cases each; the budget 1e-4 of a run is split over them by a `StatGate`. In R runs
the number of runs with any failure is binomial with probability 1e-4 at most.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from prufrock.chance.chance import Chance
from prufrock.chance.gate import StatGate
from prufrock.chance.power import LAWS
from prufrock.gaps import Gap

CASES = 20
Ask = Callable[[Chance, int], Gap]


@dataclass(frozen=True)
class Alarms:
    """What came of so many runs: checks made, passed, undecided, and the failures in words."""

    runs: int
    checks: int
    passed: int
    undecided: int
    failures: tuple[str, ...]
    mean_draws: float


def questions() -> dict[str, Ask]:
    """Fifteen true statements about random numbers; the second argument is the case."""
    made: dict[str, Ask] = {}
    for law in LAWS[:5]:
        for name, spread in (("declared", {"var": law.var}), ("estimated", {"tails": "clt"})):
            made[f"{law.name}, {name}"] = lambda chance, case, law=law, spread=spread: chance.mean(  # type: ignore[misc]
                law.sampler(0.0), law.mean, sd=_size(case), **spread
            )
    made["event"] = _event
    made["vector"] = _vector
    made["exponential"] = _exponential
    made["categories"] = _categories
    made["intervals"] = _intervals
    return made


def run(roots: Iterator[int] | range) -> Alarms:
    """All questions, all cases, from each root seed."""
    asked = questions()
    failures, passed, undecided, draws, runs = [], 0, 0, 0, 0
    for root in roots:
        gate = StatGate(checks=len(asked), examples=CASES, root=root)
        runs += 1
        for name, ask in asked.items():
            for case in range(CASES):
                chance = gate.at(name, case)
                found = ask(chance, case)
                passed += bool(found)
                undecided += not found.broken and not found.conclusive
                draws += chance.results[-1].draws
                if found.broken:
                    failures.append(f"root {root}, {name}, case {case}: {found.says}")
    checks = runs * len(asked) * CASES
    return Alarms(runs, checks, passed, undecided, tuple(failures), draws / max(checks, 1))


def markdown(found: Alarms) -> str:
    """The outcome as a section of a page."""
    lines = [
        "\n## False alarms\n",
        f"{found.runs} runs of {found.checks // max(found.runs, 1)} checks of correct code each: {len(found.failures)} "
        f"failures, {found.passed} passes, {found.undecided} undecided, {found.mean_draws:,.0f} draws a check.",
        f"At a budget of 1e-4 a run, {1e-4 * found.runs:g} failures are to be expected at most.",
        *(f"- {failure}" for failure in found.failures),
    ]
    return "\n".join(lines) + "\n"


def _size(case: int) -> float:
    """Effects from a twentieth to half a standard deviation."""
    return float(0.05 * 10.0 ** (case / (CASES - 1)))


def _event(chance: Chance, case: int) -> Gap:
    p = 0.02 + 0.9 * case / CASES
    return chance.mean(lambda s, n: np.where(_rng(s).random(n) < p, 1.0, 0.0), p, rel=0.25, bounds=(0.0, 1.0))


def _vector(chance: Chance, case: int) -> Gap:
    d = 2 + case % 7
    mu, root = np.arange(d) - 0.7, np.tril(np.ones((d, d))) / math.sqrt(d)
    cov = root @ root.T
    return chance.mean(lambda s, n: mu + _rng(s).standard_normal((n, d)) @ root.T, mu, sd=0.1, cov=cov)


def _exponential(chance: Chance, case: int) -> Gap:
    rate = 0.1 + case
    return chance.distribution(lambda s, n: _rng(s).exponential(1.0 / rate, n), lambda x: -np.expm1(-rate * x))


def _categories(chance: Chance, case: int) -> Gap:
    p = np.arange(1.0, 3.0 + case % 4) ** 2
    p /= p.sum()
    edges = np.cumsum(p)[:-1]
    return chance.pmf(lambda s, n: np.searchsorted(edges, _rng(s).random(n), side="right"), p)


def _intervals(chance: Chance, case: int) -> Gap:
    level = 0.5 + 0.48 * case / CASES

    def centred(seed: int, n: int) -> np.ndarray:
        x = _rng(seed).random(n)
        return np.stack([x - level / 2.0, x + level / 2.0], axis=1)

    return chance.covers(centred, 0.5, level)


def _rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(seed))
