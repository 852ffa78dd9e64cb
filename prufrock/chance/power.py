"""The power of the screen-and-confirm check, measured: how often it fails code that is off by so much, at what cost.

Six laws x = μ + bias with known mean and variance, from tame to wild:

    gauss        N(1, 1)
    t3           1 + t₃/√3: infinite third moment
    lognormal    importance weights of N(1, 1) by N(0, 1)
    importance   weights of Exp(0.7) by Exp(1): Pareto tail of index 3.3
    score        x²(x − 1), x ~ N(1, 1): a score-function gradient, mean 2, variance 30
    rare         Bernoulli(0.01), bounds declared: nothing else may be asked of it

Each is asked whether its mean is μ, 5 % of μ to be found, with declared variance and (but for `rare`) with none.
Intervals for P(fail) are exact (Clopper & Pearson 1934).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from prufrock.chance.bets import Array
from prufrock.chance.chance import Chance
from prufrock.chance.result import Result

DETECT = 0.05
BIASES: Mapping[str, float] = {"0 %": 0.0, "1 %": 0.01, "5 %": 0.05, "20 %": 0.2, "sign flip": -2.0}
ALPHA = 1e-6
LIMIT = 20_000_000


@dataclass(frozen=True)
class Known:
    """A law whose mean and variance are known; `draw` takes a generator."""

    name: str
    mean: float
    var: float
    draw: Callable[[np.random.Generator, int], Array]
    bounds: tuple[float, float] | None = None

    def sampler(self, bias: float) -> Callable[[int, int], Array]:
        """Draws whose mean is (1 + bias) times what it should be."""
        if self.bounds is not None:
            p = self.mean * (1.0 + bias)
            return lambda seed, n: (_rng(seed).random(n, np.float32) < p).astype(np.float64)
        return lambda seed, n: self.draw(_rng(seed), n) + bias * self.mean


def _rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(seed))


def _weights(rate: float) -> Callable[[np.random.Generator, int], Array]:
    return lambda rng, n: rate * np.exp((1.0 - rate) * rng.standard_exponential(n))


def _score(rng: np.random.Generator, n: int) -> Array:
    x = rng.normal(1.0, 1.0, n)
    return np.asarray(x**2 * (x - 1.0))


LAWS = (
    Known("gauss", 1.0, 1.0, lambda rng, n: rng.normal(1.0, 1.0, n)),
    Known("t3", 1.0, 1.0, lambda rng, n: 1.0 + rng.standard_t(3, n) / math.sqrt(3.0)),
    Known("lognormal", 1.0, math.e - 1.0, lambda rng, n: np.exp(rng.normal(-0.5, 1.0, n))),
    Known("importance", 1.0, 0.49 / 0.4 - 1.0, _weights(0.7)),
    Known("score", 2.0, 30.0, _score),
    Known("rare", 0.01, 0.0099, lambda rng, n: np.zeros(n), (0.0, 1.0)),
)


@dataclass(frozen=True)
class Row:
    """One cell of the table."""

    law: str
    spread: str
    bias: str
    repetitions: int
    failed: int
    undecided: int
    low: float
    high: float
    mean_draws: float


def table(repetitions: int, seed: int) -> Iterator[Row]:
    """The table, row by row; every check's numbers follow from `seed`."""
    for law in LAWS:
        for spread in ("bounds",) if law.bounds else ("declared", "estimated"):
            for name, bias in BIASES.items():
                if law.bounds and bias < -1.0:
                    continue
                yield row(law, spread, name, repetitions, seed)


def row(law: Known, spread: str, name: str, repetitions: int, seed: int) -> Row:
    """One cell: so many checks of draws with this bias."""
    results = [ask(law, spread, BIASES[name], repetition, seed) for repetition in range(repetitions)]
    failed = sum(result.status == "FAIL" for result in results)
    undecided = sum(result.status in ("UNDERPOWERED", "REFUSED") for result in results)
    draws = float(np.mean([result.draws for result in results]))
    low, high = interval(failed, repetitions)
    return Row(law.name, spread, name, repetitions, failed, undecided, low, high, draws)


def ask(law: Known, spread: str, bias: float, repetition: int, seed: int) -> Result:
    """One check, in full."""
    chance = Chance(seed, f"power.{law.name}.{spread}", (bias, repetition), ALPHA, LIMIT)
    spreads: dict[str, dict[str, Any]] = {
        "declared": {"var": law.var},
        "estimated": {"tails": "clt"},
        "bounds": {"bounds": law.bounds},
    }
    chance.mean(law.sampler(bias), law.mean, rel=DETECT, **spreads[spread])
    return chance.results[-1]


def interval(hits: int, of: int, level: float = 0.95) -> tuple[float, float]:
    """Clopper and Pearson's exact interval for a probability."""
    from scipy.stats import beta

    tail = (1.0 - level) / 2.0
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, of - hits + 1))
    high = 1.0 if hits == of else float(beta.ppf(1.0 - tail, hits + 1, of - hits))
    return low, high


def markdown(rows: list[Row], seed: int, roots: int) -> str:
    """The table as a page."""
    head = (
        "# Power of the statistical checks\n\n"
        f"Asked: is the mean μ, {100 * DETECT:g} % of it to be found with probability 0.99, false alarm {ALPHA:g} a check.\n"
        f"Regenerate with `prufrock power chance --seed {seed} --repetitions {rows[0].repetitions} --roots {roots}`.\n"
        "P(fail) with its exact 95 % interval; draws are means over all repetitions, pilot and confirmations included.\n\n"
        "| law | spread | bias | P(fail) | 95 % interval | mean draws | undecided |\n|---|---|---|---|---|---|---|\n"
    )
    lines = [
        f"| {r.law} | {r.spread} | {r.bias} | {r.failed / r.repetitions:.3f} | {r.low:.4f} to {r.high:.4f} "
        f"| {r.mean_draws:,.0f} | {r.undecided} |"
        for r in rows
    ]
    return head + "\n".join(lines) + "\n"
