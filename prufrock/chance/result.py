"""What came of one statistical check, in full, and as the gap that a law returns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from prufrock.chance.stages import Stage
from prufrock.gaps import Gap, inconclusive

Verdict = Literal["pass", "FAIL", "UNDERPOWERED", "REFUSED"]


@dataclass(frozen=True)
class Result:
    """One check.

    stages      screens and confirmations: how each ended, its draws, the log10 of its e-value
    effect      estimate − expected, along `component`; from confirming draws alone where there are any
    error       its standard error
    expected    what the claim says of that component
    detectable  the deviation that is found with probability `power`; smaller ones pass by design
    alpha       probability that correct code fails this check
    log10_e     log10 of the product of the last screen's and its confirmations' e-values
    variance    (observed, bound) of that component
    guarantee   "finite-sample" or "calibrated"
    whole       whether a whole distribution was claimed, variances and all
    """

    status: Verdict
    stages: tuple[Stage, ...] = ()
    effect: float = 0.0
    error: float = 0.0
    component: str = ""
    expected: float = 0.0
    detectable: float = math.nan
    power: float = 0.99
    alpha: float = 0.0
    variance: tuple[float, float] = (math.nan, math.nan)
    guarantee: str = "finite-sample"
    root: int = 0
    law: str = ""
    reason: str = ""
    pilot: int = 0
    whole: bool = False

    @property
    def last(self) -> tuple[Stage, ...]:
        """The last screen and what followed it."""
        screens = [i for i, stage in enumerate(self.stages) if stage.name == "screen"]
        return self.stages[screens[-1] :] if screens else ()

    @property
    def draws(self) -> int:
        return self.pilot + sum(stage.draws for stage in self.stages)

    @property
    def log10_e(self) -> float:
        return sum(stage.log10_e for stage in self.last)

    @property
    def variance_broken(self) -> bool:
        """Whether what is wrong is (also) the declared variance: the one seen is above it, by far more than n normal
        draws would show."""
        seen, bound = self.variance
        if self.status in ("pass", "REFUSED") or self.guarantee != "finite-sample" or not self.error > 0:
            return False
        n = seen / self.error**2
        return seen > bound * (1.1 + 5.0 * math.sqrt(2.0 / n))

    @property
    def says(self) -> str:
        where = f"{self.component}: " if self.component else ""
        value = f"{where}{self.expected + self.effect:.6g} ± {self.error:.2g} where {self.expected:.6g} is demanded"
        if self.reason:
            value = self.reason if self.status == "FAIL" else f"{self.status}: {self.reason}"
        if self.variance_broken and not self.whole:
            seen, bound = self.variance
            value += f"; variance bound broken: {seen:.4g} seen where at most {bound:.4g} is possible"
        if self.reason:
            return value
        return (
            f"{value}; finds {self.detectable:.3g} with probability {self.power:g}, false alarm {self.alpha:.1g}"
            f" ({self.guarantee}), e-value 1e{self.log10_e:.1f}, {self.draws} draws"
        )

    def gap(self) -> Gap:
        """As a law returns it. Where it passed, the allowance is the detectable deviation; where it failed, as much
        as chance explains at this alarm: |effect| √(log(1/α) / log e)."""
        if self.status in ("UNDERPOWERED", "REFUSED"):
            return inconclusive(self.says)._replace(guarantee=self.guarantee, evidence=self)
        got, want = self.expected + self.effect, self.expected
        if self.status == "FAIL" and self.reason:
            return Gap(math.inf, 0.0, 1.0, None, None, self.says, None, "finite-sample", self)
        miss, allow = abs(self.effect), self.detectable
        if self.status == "FAIL":
            allow = miss * math.sqrt(min(1.0, -math.log10(self.alpha) / self.log10_e)) if self.log10_e > 0 else 0.0
            allow = min(allow, float(np.nextafter(miss, 0.0)))
        else:
            miss = min(miss, allow)
        return Gap(miss, allow, 10.0 * max(allow, miss), got, want, self.says, None, self.guarantee, self)

    def to_json(self) -> dict[str, Any]:
        """A plain object for records."""
        from prufrock.encode import encode

        return {
            "status": self.status,
            "stages": [[s.name, s.outcome, s.draws, encode(float(s.log10_e))] for s in self.stages],
            "draws": self.draws,
            "effect": encode(float(self.effect)),
            "error": encode(float(self.error)),
            "component": self.component,
            "expected": encode(float(self.expected)),
            "detectable": encode(float(self.detectable)),
            "power": self.power,
            "alpha": self.alpha,
            "log10_e": encode(float(self.log10_e)),
            "variance_seen": encode(float(self.variance[0])),
            "variance_bound": encode(float(self.variance[1])),
            "guarantee": self.guarantee,
            "root": self.root,
        }
