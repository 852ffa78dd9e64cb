"""What a statistical check costs beside its draws: nanoseconds a draw, and milliseconds of whole checks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

try:
    from prufrock.chance import Chance
except ImportError:  # on commits older than it
    if not TYPE_CHECKING:
        Chance = None

DRAWN = np.random.default_rng(0).normal(size=1 << 19)
KNOWN: dict[str, dict[str, Any]] = {
    "declared": {"var": 1.0},
    "estimated": {"tails": "clt"},
    "bounded": {"bounds": (-6.0, 6.0)},
}
REPEATS = 7


def setup(*_: str) -> None:
    """asv skips what says that it is not implemented."""
    if Chance is None:
        raise NotImplementedError


def _ready(seed: int, n: int) -> np.ndarray:
    """Draws that cost nothing: a stretch of numbers made before."""
    start = seed % (len(DRAWN) // 2)
    return np.resize(DRAWN[start:], n)


def _check(atol: float, known: str, bias: float = 0.0, case: int = 0) -> Chance:
    chance = Chance(0, "benchmark", case, 1e-8, 4_000_000)
    chance.mean(_ready, bias, atol=atol, **KNOWN[known])
    return chance


class Bookkeeping:
    """A correct mean at an effect of 0.01 standard deviations: about 170 000 draws."""

    params = tuple(KNOWN)
    param_names = ("spread",)
    unit = "ns"

    def track_ns_per_draw(self, known: str) -> float:
        best = np.inf
        for case in range(REPEATS):
            start = time.process_time_ns()
            chance = _check(0.01, known, case=case)
            best = min(best, (time.process_time_ns() - start) / chance.results[-1].draws)
        return float(best)


class Checks:
    """Whole checks at an effect of 0.1 standard deviations: of correct draws, and of draws that are off by two."""

    params = tuple(KNOWN)
    param_names = ("spread",)

    def time_correct(self, known: str) -> None:
        _check(0.1, known)

    def time_gross_error(self, known: str) -> None:
        _check(0.1, known, bias=2.0)


def track_draws_of_a_correct_check() -> float:
    """Mean number of draws times the squared effect, declared variance."""
    return float(np.mean([_check(0.1, "declared", case=case).results[-1].draws for case in range(100)]) * 0.01)
