"""e^x and log x for kernels, over whole arrays: loops without a branch or a call, which compile to vectors.

e^x = 2^n e^y with n = [x / ln 2], |y| <= ½ ln 2, and e^y − 1 by Taylor's series to the 12th power, which misses 4e-16
of 1. Adding 1.5 · 2^52 rounds to n and leaves it in the last bits, whence 2^n comes by a shift.

Source: derived.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._kernels import fused

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # n · LN2_HIGH is exact for |n| < 2^20
ROUNDS, BIAS, MANTISSA = 1.5 * 2.0**52, 1023, 52
LEAST = -700.0  # e^LEAST is nothing, and a normal number
LEAST_SINGLE = -87.0
LOG2_E_SINGLE, ROUNDS_SINGLE = np.float32(LOG2_E), np.float32(1.5 * 2.0**23)
LN2_HIGH_SINGLE, LN2_LOW_SINGLE = np.float32(0.693359375), np.float32(-2.12194440e-4)
SERIES_SINGLE = tuple(np.float32(1 / c) for c in (5040, 720, 120, 24, 6, 2, 1))
ONE, ROOT_HALF = 0x3FF << 52, 0x3FE6A09E667F3BCD  # 1 and √½, bit by bit
NORMAL = 2.0**-1022


@fused
def split(x: Any, power: Any, series: Any) -> None:
    """e^x = power (1 + series) elementwise, a power of 2 and little more than 1, for LEAST <= x <= −LEAST.

    Here and below no two of the arrays may overlap: such loops do not become vectors.
    """
    for i in range(len(x)):
        power[i], series[i] = _parts(x[i])
    _scale(power.view(np.int64))


@fused
def exp(x: Any, top: float, least: float, power: Any, out: Any) -> None:
    """e^(x − top), for x <= top − LEAST; 0 where x − top < least, LEAST <= least; `power` is room."""
    for i in range(len(x)):
        power[i], series = _parts(max(x[i] - top, least))
        out[i] = 1 + series
    _scale(power.view(np.int64))
    for i in range(len(x)):
        out[i] = out[i] * power[i] if x[i] - top >= least else 0.0


@fused
def _parts(x: float) -> tuple[float, float]:
    """1.5 · 2^52 + n, and e^y − 1."""
    rounded = x * LOG2_E + ROUNDS
    n = rounded - ROUNDS
    y = (x - n * LN2_HIGH) - n * LN2_LOW
    p = 1 / 479001600
    for c in (39916800, 3628800, 362880, 40320, 5040, 720, 120, 24, 6, 2, 1):
        p = p * y + 1 / c
    return rounded, p * y


@fused
def exp_single(x: Any, least: float, power: Any, out: Any) -> None:
    """exp with top = 0 in float32 throughout, twice the numbers to a vector: LEAST_SINGLE <= least, x <= −LEAST_SINGLE."""
    floor, one, zero = np.float32(least), np.float32(1), np.float32(0)
    for i in range(len(x)):
        z = max(x[i], floor)
        rounded = z * LOG2_E_SINGLE + ROUNDS_SINGLE
        n = rounded - ROUNDS_SINGLE
        y = (z - n * LN2_HIGH_SINGLE) - n * LN2_LOW_SINGLE
        p = SERIES_SINGLE[0]
        for c in SERIES_SINGLE[1:]:
            p = p * y + c
        power[i], out[i] = rounded, one + p * y
    bits = power.view(np.int32)
    for i in range(len(bits)):
        bits[i] = (bits[i] + np.int32(127)) << np.int32(23)
    for i in range(len(x)):
        out[i] = out[i] * power[i] if x[i] >= floor else zero


@fused
def _scale(bits: Any) -> None:
    """2^n in place of 1.5 · 2^52 + n."""
    for i in range(len(bits)):
        bits[i] = (bits[i] + BIAS) << MANTISSA


@fused
def log(x: Any) -> Any:
    """log x = n log 2 + log m elementwise, √½ <= m < √2, by the series of artanh f, f = (m − 1)/(m + 1)."""
    m, n = np.empty_like(x), np.empty_like(x)
    of_x, of_m = x.view(np.int64), m.view(np.int64)
    for i in range(len(x)):
        exponent = (of_x[i] + (ONE - ROOT_HALF)) >> MANTISSA
        of_m[i] = of_x[i] - ((exponent - BIAS) << MANTISSA)
        n[i] = exponent - BIAS
    for i in range(len(x)):
        f = (m[i] - 1) / (m[i] + 1)
        p = 1 / 21
        for c in (19, 17, 15, 13, 11, 9, 7, 5, 3, 1):
            p = p * (f * f) + 1 / c
        m[i] = n[i] * LN2_HIGH + (n[i] * LN2_LOW + 2 * f * p)
    for i in range(len(x)):
        if x[i] < NORMAL:
            m[i] = math.log(x[i])
    return m
