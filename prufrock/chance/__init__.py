"""Chance: claims about random numbers, checked with a stated false alarm, a stated power, and no retries.

Most laws of estimators need none of this: integrate against the noise, enumerate, or script it (`prufrock.scripted`).
Where a subject owns its random numbers, a claim such as E x = μ is put to a *screen* at level 10⁻² that stops early
either way, and every suspicion must be confirmed k times on *fresh* draws, in the direction found:

    P(correct code fails) ≤ a₁ a₂ᵏ ≤ α                    (`stages`, `check`)

Each stage is a bet that cannot make money in expectation while the claim is true (`bets`), so it may be looked at as
often as one likes. With a declared bound on the variance (or on the draws) that holds for every law and every number
of draws: *finite-sample*. Without one the variance is estimated from earlier draws and enlarged: *calibrated*, measured
on skewed and heavy-tailed laws, refused for rare or discrete ones (`spread`).

Three outcomes, never two: a pass says that a deviation of the stated size would have been found with probability 0.99;
a failure says what deviates and by how much; where the draws are too few, or nothing can be promised, it says so.

This package needs NumPy and SciPy alone. `Chance` serves laws, `StatGate` any other test-suite.
"""

from __future__ import annotations

from prufrock.chance.chance import Chance
from prufrock.chance.gate import RUN_BUDGET, StatGate
from prufrock.chance.result import Result
from prufrock.chance.stages import Stage

__all__ = ["RUN_BUDGET", "Chance", "Result", "Stage", "StatGate"]
