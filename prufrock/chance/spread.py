"""What is known of the variance: declared, bounded, or only seen. It sets the size of the bets and what they prove.

Declared variances or covariances and bounds give finite-sample statements. Where nothing is declared, the variance is
1.25 times the mean square of the past residuals (a pilot first): no such test can hold for every law (Bahadur and
Savage 1956), so its false alarms are measured, not proved, and it refuses draws that look discrete or rare.

Along a combination a of correlated components, Var(a·x) = aᵀCa where C is declared, at most (Σ|a_c| √v_c)² where only
variances are, and is taken as aᵀSa + Σ a_c² S_cc where S was estimated: an inverse of S blows up on a rare component.
Sources: derived; Bhatia & Davis 2000 for Var x ≤ (hi − μ)(μ − lo).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from prufrock.chance.bets import Array, bounded, catoni

PILOT = 256
DISTINCT = 30
INFLATION = 1.25
PRIOR = 64.0  # draws that a bound on the variance of a bounded component counts for


@dataclass
class Moments:
    """Sums over past residuals r = x − μ: their number, Σ r and Σ r rᵀ."""

    size: int
    n: float = 0.0
    total: Array = field(init=False)
    square: Array = field(init=False)

    def __post_init__(self) -> None:
        self.total, self.square = np.zeros(self.size), np.zeros((self.size, self.size))

    def add(self, rows: Array, weights: Array | None) -> None:
        heavy = rows if weights is None else rows * weights[:, None]
        self.n += len(rows) if weights is None else float(weights.sum())
        self.total += heavy.sum(0)
        self.square += heavy.T @ rows

    @property
    def mean(self) -> Array:
        return self.total / max(self.n, 1.0)


class Spread(Protocol):
    """Variance bounds from the past alone, and bets that are fair under them."""

    @property
    def guarantee(self) -> str: ...
    @property
    def pilot(self) -> int: ...
    def coordinates(self, past: Moments) -> Array: ...
    def along(self, a: Array, past: Moments) -> float: ...
    def inverse(self, past: Moments) -> Array: ...
    def growth(self, z: Array, bets: Array, v: Array, a: Array, weights: Array | None) -> Array: ...


@dataclass(frozen=True)
class Declared:
    """Var x_c ≤ v_c, or Cov x = C (with its pseudo-inverse) where it is given."""

    var: Array
    cov: Array | None = None
    precision: Array | None = None
    guarantee: str = "finite-sample"
    pilot: int = 0

    def coordinates(self, past: Moments) -> Array:
        return self.var

    def along(self, a: Array, past: Moments) -> float:
        return float((np.abs(a) @ np.sqrt(self.var)) ** 2 if self.cov is None else a @ self.cov @ a)

    def inverse(self, past: Moments) -> Array:
        return np.diag(1.0 / self.var) if self.precision is None else self.precision

    def growth(self, z: Array, bets: Array, v: Array, a: Array, weights: Array | None) -> Array:
        return catoni(z, bets, v, weights)


def covariance(cov: Array) -> Declared:
    """Cov x = C; where C is singular, no direction is learned in which draws cannot move."""
    return Declared(np.diag(cov), cov, np.asarray(np.linalg.pinv(cov, hermitian=True), np.float64))


@dataclass(frozen=True)
class Bounded:
    """lo ≤ r_c ≤ hi for each residual."""

    lo: Array
    hi: Array
    guarantee: str = "finite-sample"
    pilot: int = 0

    def coordinates(self, past: Moments) -> Array:
        return (PRIOR * -self.lo * self.hi + np.diag(past.square)) / (PRIOR + past.n)

    def along(self, a: Array, past: Moments) -> float:
        lo, hi = self.range(a[None])
        return float((PRIOR * -lo[0] * hi[0] + a @ past.square @ a) / (PRIOR + past.n))

    def inverse(self, past: Moments) -> Array:
        return np.diag(1.0 / self.coordinates(past))

    def range(self, a: Array) -> tuple[Array, Array]:
        """Where each combination (rows of a) must lie."""
        ends = np.stack([a * self.lo, a * self.hi])
        return ends.min(0).sum(1), ends.max(0).sum(1)

    def growth(self, z: Array, bets: Array, v: Array, a: Array, weights: Array | None) -> Array:
        return bounded(z, bets, *self.range(a), weights)


@dataclass(frozen=True)
class Seen:
    """Nothing is declared: the variance is what the past showed, enlarged."""

    guarantee: str = "calibrated"
    pilot: int = PILOT

    def coordinates(self, past: Moments) -> Array:
        return INFLATION * np.diag(past.square) / past.n

    def along(self, a: Array, past: Moments) -> float:
        return float(INFLATION * (a @ past.square @ a + a**2 @ np.diag(past.square)) / past.n)

    def inverse(self, past: Moments) -> Array:
        shrunk = (past.square + np.diag(np.diag(past.square))) / (2.0 * past.n)
        return np.asarray(np.linalg.inv(shrunk), np.float64)

    def growth(self, z: Array, bets: Array, v: Array, a: Array, weights: Array | None) -> Array:
        return catoni(z, bets, v, weights)


def refusal(rows: Array) -> str:
    """Why the variance of these pilot draws must not be trusted, or ""."""
    for c, column in enumerate(rows.T):
        where = f" of component {c}" if rows.shape[1] > 1 else ""
        if column.std() <= 1e-9 * max(float(np.abs(column).max()), 1e-300):
            return f"the {len(rows)} pilot draws{where} do not vary: compare them exactly, or declare var="
        distinct = len(np.unique(column))
        if distinct < DISTINCT:
            return (
                f"only {distinct} distinct values among {len(rows)} pilot draws{where}: "
                "a discrete or rare statistic must declare bounds=, var= or cov="
            )
    return ""
