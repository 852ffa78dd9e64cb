"""Allowances: how far rounding may carry a correct subject. One law names one rule, the same for all subjects.

u is the unit roundoff of the dtype the subject computes in. Oracles are evaluated in float64 on inputs that were first
rounded to that dtype, so rounding of the input never counts against a subject.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

ROUNDOFF: Mapping[str, float] = MappingProxyType(
    {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
)

RULES: Mapping[str, str] = MappingProxyType(
    {
        "T0": "bit for bit: nothing is allowed (same shapes, strides, dtype and device in both calls)",
        "T1": "8·n·u·M: n the longest reduction or chain, M the largest magnitude among the summands",
        "T2": "4·u·E: E = Σ_t (max_s |α_t(s)| + 3) over a log-domain recursion, from the oracle's own pass",
        "T3": "2u(|lse| + 1 + ln n); a softmax component, relative: 2u(4 + max x − x_i + log₂ n)",
        "T4": "10·|D_h − D_{h/2}| + 8u·max|f|/h: central differences of the float64 oracle at h and h/2",
        "T5": "16·u·(m+n)·max|C|, times the mass moved: a linear program solved by pivoting",
        "T6": "marginal residuals e of the plan itself: 2‖C‖_∞(e_r + e_c), plus 4u(n + 2max|C|/ε + 5) per entry",
        "T7": "10⁻³ relative: a conic solver as an independent witness, counted only when its status is 'optimal'",
        "T8": "chance: a stated false alarm for the whole run and a stated detectable effect (see prufrock.chance)",
        "T9": "16·u·κ + T1: κ the oracle's own sensitivity to relative perturbations of its input",
        "T10": "both sides come from the subject: the sum of their two forward bounds",
    }
)


def roundoff(dtype: str) -> float:
    """Unit roundoff of a floating dtype, by name."""
    if dtype not in ROUNDOFF:
        raise ValueError(f"dtype {dtype!r}: expected one of {', '.join(ROUNDOFF)}")
    return ROUNDOFF[dtype]


def summation(n: int, scale: ArrayLike, u: float) -> Any:
    """T1: a reduction or dependency chain of length n over summands of magnitude at most `scale`."""
    return 8.0 * max(n, 1) * u * np.abs(scale)


def log_domain(extent: float, u: float) -> float:
    """T2: a log-domain dynamic programme whose oracle pass summed max|α| + 3 to `extent`."""
    return 4.0 * u * extent


def log_sum_exp(lse: ArrayLike, n: int, u: float) -> Any:
    """T3 for the value of a log-sum-exp over n entries."""
    return 2.0 * u * (np.abs(lse) + 1.0 + np.log(max(n, 1)))


def softmax_entry(x: ArrayLike, u: float) -> Any:
    """T3 for the relative error of each component of softmax(x)."""
    logits = np.asarray(x, np.float64)
    return 2.0 * u * (4.0 + logits.max() - logits + np.log2(max(logits.size, 1)))


def difference_quotient(at_h: float, at_half_h: float, largest: float, h: float, u: float) -> float:
    """T4: a derivative read off central differences at steps h and h/2 of a function of size `largest`."""
    return 10.0 * abs(at_h - at_half_h) + 8.0 * u * largest / h


def linear_program(m: int, n: int, cost: ArrayLike, u: float, mass: float = 1.0) -> float:
    """T5: value of, or one potential of, a transport problem of size m by n that moves `mass`."""
    largest = float(np.max(np.abs(cost), initial=0.0))
    return 16.0 * u * (m + n) * largest * mass


def gibbs_entry(n: int, cost: ArrayLike, eps: float, u: float) -> float:
    """T6, rounding part: relative error of one entry of an entropic plan."""
    return 4.0 * u * (n + 2.0 * float(np.max(np.abs(cost), initial=0.0)) / eps + 5.0)


def infeasibility(cost: ArrayLike, residual: float) -> float:
    """T6: what a plan whose marginals are off by `residual` in L1 may owe in cost once rounded to feasibility."""
    return 2.0 * float(np.max(np.abs(cost), initial=0.0)) * residual


def conic_witness(value: float, scale: float) -> float:
    """T7: a conic solver's value against the closed form, relative to the larger of both sizes."""
    return 1e-3 * max(abs(value), scale)


def dkw_radius(n: int, alpha: float) -> float:
    """T8: Dvoretzky-Kiefer-Wolfowitz with Massart's constant: P(sup|F_n − F| > r) ≤ α for n draws."""
    return float(np.sqrt(np.log(2.0 / alpha) / (2.0 * n)))


def conditioned(
    oracle: Callable[[NDArray[np.float64]], float], x: NDArray[np.float64], u: float, seed: int = 0
) -> float:
    """T9: 16·u·κ, κ the largest of eight sensitivities of the oracle to relative perturbations of 2¹²·u."""
    step = 2.0**12 * 2.0**-53
    rng = np.random.default_rng(seed)
    base = oracle(x)
    moved = [oracle(x * (1.0 + step * rng.choice([-1.0, 1.0], x.shape))) for _ in range(8)]
    return 16.0 * u * max(abs(value - base) for value in moved) / step


def both(left: Any, right: Any) -> Any:
    """T10: two forward bounds, one for each side."""
    return left + right
