"""A gate for any test-suite: statistical checks whose false alarms are budgeted, and which replay from one seed.

    gate = StatGate(checks=40, root=20260101)          # false alarm of all forty together: 1e-4

    def test_sampler_mean():
        gate.at("gamma mean").mean(my_gamma, 2.5, rel=0.05, var=2.5).require()

    @given(shapes)                                     # with Hypothesis: 20 examples of each of 40 checks
    @settings(max_examples=20, derandomize=True)
    def test_any_shape(shape):                         # gate = StatGate(checks=40, examples=20)
        chance = gate.at("gamma shapes", case=(shape,))
        chance.distribution(lambda seed, n: my_gamma(shape, seed, n), gamma(shape).cdf).require()

A sampler is a function (seed, n) -> n independent draws. The seeds are derived from (root, name, case), so a failure is
replayed by running again; never let Hypothesis draw a seed, it would search for a bad one.
"""

from __future__ import annotations

import math
from typing import Any

from prufrock.chance.chance import Chance

RUN_BUDGET = 1e-4


class StatGate:
    """Splits the false-alarm probability of a whole run over its checks.

    budget    probability that a suite of correct code has any failure here
    checks    how many names will be asked about; without it the j-th name spends 6·budget/(π²j²)
    examples  how many cases of each
    limit     draws a stage may take; where they are too few to tell, the gap is inconclusive and `require` says so
    """

    def __init__(
        self,
        *,
        budget: float = RUN_BUDGET,
        checks: int | None = None,
        examples: int = 1,
        root: int = 0,
        limit: int = 2_000_000,
    ) -> None:
        self.budget, self.checks, self.examples, self.root, self.limit = budget, checks, examples, root, limit
        self.names: dict[str, int] = {}

    def at(self, name: str, case: Any = None) -> Chance:
        """Chance for one check: a name, and the case where it has several (arrays, numbers, tuples, dataclasses)."""
        place = self.names.setdefault(name, len(self.names) + 1)
        if self.checks is not None and place > self.checks:
            raise ValueError(f"StatGate(checks={self.checks}): {name!r} is check {place}; the budget is spent")
        share = 1.0 / self.checks if self.checks else 6.0 / (math.pi * place) ** 2
        return Chance(self.root, name, case, self.budget * share / self.examples, self.limit)
