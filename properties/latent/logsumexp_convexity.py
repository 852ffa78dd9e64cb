"""Log-sum-exp is convex, and its gradient is the softmax.

    ∂ lse/∂x_i = exp(x_i − lse(x)) = p_i,      lse(y) ≥ lse(x) + <p(x), y − x>,      lse((x + y)/2) ≤ (lse(x) + lse(y))/2

The Hessian is diag(p) − ppᵀ, the covariance of a choice with probabilities p, so never negative. The tangent lies below
for any x and y: no step size is needed.

Symbols: x, y [B, n] logits; p [B, n] softmax of x.
Source: Boyd & Vandenberghe 2004, §3.1.3 and §3.1.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Gap, Judged, at_most, gap, law

from ..oracles.logits import softmax
from ._softmax import entry, reach, scale
from .logsumexp import logsumexp

if TYPE_CHECKING:
    from ..cases.logits import Logits


@law(
    logsumexp,
    says="halfway between two points it is no larger than on average: it is convex",
    source="Boyd & Vandenberghe 2004, §3.1.5",
    kind="inequality",
    rule="T10",
    code="NUM-07",
    cases="..cases.logits:finite_rows",
    kills=("no-shift", "negated-exponent"),
)
def midpoint_convexity(solve: Judged, case: Logits) -> Gap:
    """lse((x + y)/2) ≤ (lse(x) + lse(y))/2."""
    x, y = case.x, case.y
    middle = (x + y) / 2
    allow = reach(middle, solve.u) + (reach(x, solve.u) + reach(y, solve.u)) / 2
    return at_most(solve(middle), (solve(x) + solve(y)) / 2, allow=allow, effect=max(scale(x), scale(y)))


@law(
    logsumexp,
    says="its gradient is the softmax",
    source="Boyd & Vandenberghe 2004, §3.1.5",
    kind="gradient",
    rule="T3",
    code="NUM-07",
    needs=("gradient",),
    cases="..cases.logits:logits",
    kills=("gradient-of-maximum", "gradient-unnormalised"),
)
def gradient_is_softmax(solve: Judged, case: Logits) -> Gap:
    """∂ lse/∂x_i = exp(x_i − lse(x))."""
    x, p = case.x, softmax(case.x)
    return gap(solve.full(x).gradient, p, allow=entry(x, p, solve), effect=1.0)


@law(
    logsumexp,
    says="it lies above each of its tangents",
    source="Boyd & Vandenberghe 2004, §3.1.3",
    kind="inequality",
    rule="T3",
    code="NUM-07",
    needs=("gradient",),
    cases="..cases.logits:finite_rows",
    kills=("gradient-uniform", "gradient-unnormalised"),
)
def above_its_tangents(solve: Judged, case: Logits) -> Gap:
    """lse(y) ≥ lse(x) + <∂lse(x), y − x>."""
    x, y = case.x, case.y
    at = solve.full(x)
    rise = (at.gradient * (y - x)).sum(-1)
    swing = (entry(x, softmax(x), solve) * np.abs(y - x)).sum(-1)
    allow = reach(x, solve.u) + reach(y, solve.u) + swing
    return at_most(at.y + rise, solve(y), allow=allow, effect=float(np.abs(y - x).max(initial=0.0)) + 1.0)


CONTRACTS = ()
LAWS = (
    midpoint_convexity,
    gradient_is_softmax,
    above_its_tangents,
)
