"""Factors of a graph as data that can be called: each mentions a few variables, and their sum is what is integrated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .integrands import Multivariate


@dataclass(frozen=True)
class Factor:
    """f of the variables in `scope`, taken from z[..., d] in that order."""

    scope: tuple[int, ...]
    f: Multivariate

    def __call__(self, z: Any) -> Any:
        return self.f(z[..., list(self.scope)])

    def times(self, c: float) -> Factor:
        return replace(self, f=self.f.times(c))


@dataclass(frozen=True)
class Total:
    """Σ_c f_c(z_c) of some factors."""

    factors: tuple[Factor, ...]

    def __call__(self, z: Any) -> Any:
        return sum((factor(z) for factor in self.factors), start=0.0 * z[..., 0])

    def magnitude(self, z: Any) -> Any:
        parts = (c.f.magnitude(z[..., list(c.scope)]) for c in self.factors)
        return sum(parts, start=0.0 * abs(z[..., 0]))

    @property
    def operations(self) -> int:
        """How many roundings a value is made of."""
        return 4 + sum(len(c.f.coefficients) + int(c.f.total_degree) for c in self.factors)
