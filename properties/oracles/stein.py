"""The exact risk of an estimator that shrinks y towards a point, however it shrinks.

With ρ = ‖y − t‖/σ and δ = ‖θ − t‖/σ, an estimator that commutes with rotations about t is θ̂ = t + s(ρ)(y − t), and

    E‖θ̂ − θ‖²/σ² = E[s²ρ² − 2 s ρ δ c(ρ) + δ²],     c(ρ) = I_{m/2}(ρδ)/I_{m/2−1}(ρδ)

where ρ is non-central chi of m degrees and c(ρ) the mean cosine of the angle between y − t and θ − t at that distance
(of the von Mises-Fisher law of concentration ρδ). One dimension is left, and Gauss-Legendre does it.

For s = 1 − (m − 2)/ρ² the risk is m − (m − 2)² E[1/(m − 2 + 2K)], K ~ Poisson(δ²/2).
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._scipy import special

Array = NDArray[np.float64]

NODES = 40
REACH = 9.0


class Radial(NamedTuple):
    """Distances rho[k] from the target in units of σ, their weights under the non-central chi law, and mean cosines."""

    rho: Array
    weight: Array
    cosine: Array


def radial(m: int, delta: float) -> Radial:
    """A rule for E over ρ that is split where the positive part begins, at ρ² = m − 2."""
    kink, far = float(np.sqrt(max(m - 2.0, 0.0))), delta + float(np.sqrt(m)) + REACH
    ends = sorted({0.0, kink, max(delta - REACH, kink), far})
    parts = [_legendre(lo, hi) for lo, hi in pairwise(ends)]
    rho, width = (np.concatenate(part) for part in zip(*parts, strict=True))
    kappa = rho * delta
    if delta == 0.0:
        log_f = (1.0 - m / 2.0) * np.log(2.0) - special.gammaln(m / 2.0) + (m - 1.0) * np.log(rho) - rho**2 / 2.0
        return Radial(rho, width * np.exp(log_f), np.zeros_like(rho))
    scaled = special.ive(m / 2.0 - 1.0, kappa)
    f = rho * (rho / delta) ** (m / 2.0 - 1.0) * np.exp(-np.square(rho - delta) / 2.0) * scaled
    return Radial(rho, width * f, special.ive(m / 2.0, kappa) / scaled)


def risk(m: int, delta: float) -> float:
    """The plain estimator's, in units of σ²."""
    k = np.arange(int(delta**2 + 20.0 * delta + 60.0))
    rate = delta**2 / 2.0
    log_p = k * np.log(rate) - rate - special.gammaln(k + 1.0) if rate > 0 else np.where(k == 0, 0.0, -np.inf)
    return float(m - (m - 2.0) ** 2 * (np.exp(log_p) / (m - 2.0 + 2.0 * k)).sum())


def _legendre(lo: float, hi: float) -> tuple[Array, Array]:
    x, w = _rule()
    return lo + (hi - lo) * (x + 1.0) / 2.0, w * (hi - lo) / 2.0


@cache
def _rule() -> tuple[Array, Array]:
    return np.polynomial.legendre.leggauss(NODES)
