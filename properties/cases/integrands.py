"""Integrands f whose expectations are known: data that can be called, so that a case that holds one can be stored.

They use arithmetic alone and so take whatever has it: NumPy arrays, torch tensors, JAX arrays, numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Polynomial:
    """f(z) = Σ_k c_k z^k, entry by entry."""

    coefficients: tuple[float, ...]

    def __call__(self, z: Any) -> Any:
        total = 0.0 * z
        for c in reversed(self.coefficients):
            total = total * z + c
        return total

    @property
    def derivative(self) -> Polynomial:
        """f'."""
        return Polynomial(tuple(k * c for k, c in enumerate(self.coefficients))[1:])

    @property
    def degree(self) -> int:
        return max(len(self.coefficients) - 1, 0)
