"""Integrands f whose expectations are known: data that can be called, so that a case that holds one can be stored.

They use arithmetic alone (and the cosine of the array's own library) and so take whatever has it: NumPy arrays, torch
tensors, JAX arrays. Leading axes pass through; the last axis of z is that of its components, where f has several.

`magnitude` is f with every summand taken for its absolute value: what rounding errors of f(z) are proportional to.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from itertools import zip_longest
from math import prod
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

    def __add__(self, other: Polynomial) -> Polynomial:
        pairs = zip_longest(self.coefficients, other.coefficients, fillvalue=0.0)
        return Polynomial(tuple(a + b for a, b in pairs))

    def times(self, factor: float) -> Polynomial:
        return Polynomial(tuple(factor * c for c in self.coefficients))

    def vanishing_at(self, c: float) -> Polynomial:
        """z ↦ (z − c) f(z)."""
        return Polynomial((0.0, *self.coefficients)) + self.times(-c)

    def in_units_of(self, unit: float) -> Polynomial:
        """z ↦ f(z/unit)."""
        return Polynomial(tuple(c / unit**k for k, c in enumerate(self.coefficients)))

    @property
    def derivative(self) -> Polynomial:
        """f'."""
        return Polynomial(tuple(k * c for k, c in enumerate(self.coefficients))[1:])

    @property
    def degree(self) -> int:
        return max(len(self.coefficients) - 1, 0)

    def magnitude(self, z: Any) -> Any:
        return Polynomial(tuple(abs(c) for c in self.coefficients))(abs(z))


@dataclass(frozen=True)
class Multivariate:
    """f(z) = Σ_t c_t Π_j z_j^{k_tj}: a polynomial in d variables, z[..., d] -> [...]."""

    coefficients: tuple[float, ...]
    powers: tuple[tuple[int, ...], ...]

    def __call__(self, z: Any) -> Any:
        total = 0.0 * z[..., 0]
        for c, powers in zip(self.coefficients, self.powers, strict=True):
            total = total + prod((z[..., j] ** k for j, k in enumerate(powers) if k), start=c)
        return total

    def __add__(self, other: Multivariate) -> Multivariate:
        return Multivariate(self.coefficients + other.coefficients, self.powers + other.powers)

    def times(self, factor: float) -> Multivariate:
        return Multivariate(tuple(factor * c for c in self.coefficients), self.powers)

    def vanishing_at(self, c: float) -> Multivariate:
        """z ↦ (z_0 − c) f(z)."""
        risen = Multivariate(self.coefficients, tuple((p[0] + 1, *p[1:]) for p in self.powers))
        return risen + self.times(-c)

    def in_units_of(self, unit: float) -> Multivariate:
        """z ↦ f(z/unit)."""
        scaled = (c / unit ** sum(p) for c, p in zip(self.coefficients, self.powers, strict=True))
        return Multivariate(tuple(scaled), self.powers)

    @property
    def degree(self) -> int:
        """The largest power of any one variable."""
        return max((max(powers) for powers in self.powers), default=0)

    @property
    def total_degree(self) -> int:
        return max((sum(powers) for powers in self.powers), default=0)

    def partial(self, j: int) -> Multivariate:
        """∂f/∂z_j."""
        kept = [(c, p) for c, p in zip(self.coefficients, self.powers, strict=True) if p[j]]
        lowered = tuple((*p[:j], p[j] - 1, *p[j + 1 :]) for _, p in kept)
        return Multivariate(tuple(c * p[j] for c, p in kept), lowered)

    def gradient(self, d: int) -> Gradient:
        return Gradient(tuple(self.partial(j) for j in range(d)))

    def magnitude(self, z: Any) -> Any:
        return Multivariate(tuple(abs(c) for c in self.coefficients), self.powers)(abs(z))


@dataclass(frozen=True)
class Mirrored:
    """z ↦ f(top − z): f after the states 0, …, top have been numbered from the other end."""

    f: Multivariate
    top: float

    def __call__(self, z: Any) -> Any:
        return self.f(self.top - z)

    def magnitude(self, z: Any) -> Any:
        return self.f.magnitude(self.top + abs(z))


@dataclass(frozen=True)
class Wave:
    """f(z) = a cos(w·z + c): bounded and smooth, z[..., d] -> [...]."""

    amplitude: float
    frequency: tuple[float, ...]
    phase: float

    def __call__(self, z: Any) -> Any:
        angle = sum((w * z[..., j] for j, w in enumerate(self.frequency)), start=self.phase)
        return self.amplitude * _library(z).cos(angle)

    def partial(self, j: int) -> Wave:
        """∂f/∂z_j = −a w_j sin(w·z + c), a cosine a quarter turn ahead."""
        return Wave(self.amplitude * self.frequency[j], self.frequency, self.phase + QUARTER_TURN)

    def gradient(self, d: int) -> Gradient:
        return Gradient(tuple(self.partial(j) for j in range(d)))

    def magnitude(self, z: Any) -> Any:
        """a(1 + |w|·|z| + |c|): the angle's own rounding counts."""
        angle = sum((abs(w * z[..., j]) for j, w in enumerate(self.frequency)), start=abs(self.phase))
        return abs(self.amplitude) * (1.0 + angle)


QUARTER_TURN = 1.5707963267948966


@dataclass(frozen=True)
class Kinks:
    """f(z) = Σ_j s_j |z_j − c_j|: Lipschitz, with a slope that jumps at c; a kink itself has slope 0."""

    slopes: tuple[float, ...]
    corners: tuple[float, ...]

    def __call__(self, z: Any) -> Any:
        pairs = enumerate(zip(self.slopes, self.corners, strict=True))
        return sum((s * abs(z[..., j] - c) for j, (s, c) in pairs), start=0.0 * z[..., 0])

    def gradient(self, d: int) -> Steps:
        return Steps(self.slopes[:d], self.corners[:d])


@dataclass(frozen=True)
class Steps:
    """∂_j f(z) = s_j sign(z_j − c_j)."""

    slopes: tuple[float, ...]
    corners: tuple[float, ...]

    def __call__(self, z: Any) -> Any:
        sign = _library(z).sign
        pairs = enumerate(zip(self.slopes, self.corners, strict=True))
        return _stacked(z, [s * sign(z[..., j] - c) for j, (s, c) in pairs])


@dataclass(frozen=True)
class Gradient:
    """Several functions of z side by side, z[..., d] -> [..., number]."""

    parts: tuple[Any, ...]

    def __call__(self, z: Any) -> Any:
        return _stacked(z, [part(z) for part in self.parts])

    def __add__(self, other: Gradient) -> Gradient:
        return Gradient(tuple(f + g for f, g in zip(self.parts, other.parts, strict=True)))

    def magnitude(self, z: Any) -> Any:
        return _stacked(z, [part.magnitude(z) for part in self.parts])

    @property
    def degree(self) -> int:
        return int(max(part.degree for part in self.parts))


def _stacked(z: Any, columns: list[Any]) -> Any:
    return _library(z).stack(columns, -1)


def _library(z: Any) -> Any:
    """The library that z comes from, or the class that its own is derived from: its functions are named as NumPy's."""
    modules = (base.__module__.partition(".")[0] for base in type(z).__mro__)
    return importlib.import_module(next((LIBRARIES[name] for name in modules if name in LIBRARIES), "numpy"))


LIBRARIES = {"numpy": "numpy", "torch": "torch", "jax": "jax.numpy", "jaxlib": "jax.numpy"}


def quadratic(a: float, b: Any, c: Any) -> Multivariate:
    """f(z) = a + Σ_i b_i z_i + ½ Σ_i c_i z_i²."""
    d = len(b)
    powers = [(0,) * d, *(tuple(k * (i == j) for j in range(d)) for k in (1, 2) for i in range(d))]
    return Multivariate((float(a), *map(float, b), *(float(x) / 2.0 for x in c)), tuple(powers))
