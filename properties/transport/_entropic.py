"""What a returned plan says about itself, and how far an honest one may be off.

Let P = R ∘ exp((f ⊕ g − C)/ε) with R = a ⊗ b and marginals a', b', e = ‖a' − a‖₁ + ‖b' − b‖₁. It is optimal for its own
marginals, so against any other such P' (residual e', potentials of size S, S')

    |value(P) − value(P')| ≤ 2S·e + 2S'·e'          KL(P|P') + KL(P'|P) ≤ 2(S + S')(e + e')/ε
    ‖P − P'‖₁² ≤ KL(P|P') + KL(P'|P)                (Pinsker)

with 2S, because f and g are gauged to vanish somewhere: f ⊕ g = C + ε log(P/R), |f ⊕ g| ≤ S, hence |f|, |g| ≤ 2S.
Rounding moves an entry by δ = 4u(n + 2‖C‖/ε + 5 + log 1/min a + log 1/min b), relative (T6; the last two terms for
log a and log b).

Symbols: P [m, n] plan; a [m], b [n]; C [m, n] cost; e residual; S size of f ⊕ g; δ rounding of an entry.
Source: derived; Altschuler, Weed & Rigollet 2017 for rounding to feasibility (T6).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Judged
from prufrock.tolerance import gibbs_entry

from ..oracles.entropic import objective

if TYPE_CHECKING:
    from numpy.typing import NDArray


def tiny(solve: Judged) -> float:
    """Below this an entry may have lost digits to underflow."""
    return float(np.finfo(np.float32 if solve.u > 2.0**-50 else np.float64).tiny) / solve.u


def entropy(a: Any) -> float:
    """H(a) = −Σ a log a."""
    return float(-(a[a > 0] * np.log(a[a > 0])).sum())


GAVE_UP = "the subject says that it did not converge"
GIVES_UP = re.compile(r"converge|numerical error|machine precision|max_?iter|iterations", re.IGNORECASE)


@dataclass(frozen=True)
class Solved:
    """One call: everything returned, and what follows from the plan alone.

    residual   e, in L1 over rows and columns; infinite where the subject gave up, so that nothing follows
    measured   e, whatever was said
    rounding   δ
    size       S, at least what the cost implies
    price      ⟨P, C⟩
    value      ⟨P, C⟩ + ε KL(P | a ⊗ b), of this very plan on the atoms with mass
    gave_up    the subject said that it did not converge
    """

    out: Any
    plan: NDArray[np.float64]
    residual: float
    measured: float
    rounding: float
    size: float
    price: float
    value: float
    gave_up: bool

    @property
    def error(self) -> float:
        """How far `value` may be from the optimum."""
        return 4.0 * self.size * (self.residual + self.rounding)


def logs(a: Any, b: Any) -> float:
    """log 1/min a + log 1/min b over the atoms with mass."""
    return float(-np.log(a[a > 0].min()) - np.log(b[b > 0].min()))


def entry(a: Any, b: Any, cost: Any, eps: float, u: float) -> float:
    """δ, the relative rounding of one entry."""
    return float(gibbs_entry(max(cost.shape), cost, eps, u)) + 4.0 * u * logs(a, b)


def solved(solve: Judged, a: Any, b: Any, cost: Any, eps: float) -> Solved:
    out, warned = solve.signals(a, b, cost, eps)
    plan = out.plan
    measured = float(np.abs(plan.sum(1) - a).sum() + np.abs(plan.sum(0) - b).sum())
    gave_up = any(GIVES_UP.search(message) for message in warned)
    residual = float("inf") if gave_up else measured
    price = float(np.vdot(plan, cost))
    # Mass on empty atoms makes the divergence infinite, however little it is; it counts as residual instead.
    kept = np.where(np.outer(a, b) > 0, plan, 0.0)
    reached = objective(kept, a, b, cost, eps) if np.isfinite(plan).all() and (plan >= 0).all() else float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent = np.where((plan > 0) & (np.outer(a, b) > 0), np.log(plan) - np.log(np.outer(a, b)), 0.0)
    top = float(np.abs(cost).max())
    size = max(5.0 * top, top + eps * float(np.nan_to_num(np.abs(exponent)).max())) + eps
    return Solved(out, plan, residual, measured, entry(a, b, cost, eps, solve.u), size, price, reached, gave_up)


def apart(one: Solved, two: Solved, eps: float) -> float:
    """How far two honest plans of the same problem may be apart, in L1."""
    residual = one.residual + two.residual + one.rounding + two.rounding
    return float(np.sqrt(4.0 * (one.size + two.size) * residual / eps)) + residual
