"""One-dimensional transport by quantile functions and by distribution functions, in exact order, in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def quantile_cost(a: Array, x: Array, b: Array, y: Array, p: float) -> float:
    """∫₀¹ |F⁻¹(q) − G⁻¹(q)|^p dq: the two sorted stacks of mass are paid out against each other."""
    i, j = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
    left, right = a[i].tolist(), b[j].tolist()
    at, to = x[i].tolist(), y[j].tolist()
    total, r, s = 0.0, 0, 0
    while r < len(left) and s < len(right):
        moved = min(left[r], right[s])
        total += moved * abs(at[r] - to[s]) ** p
        left[r], right[s] = left[r] - moved, right[s] - moved
        r, s = r + (left[r] <= 0), s + (right[s] <= 0)
    return total


def distribution_cost(a: Array, x: Array, b: Array, y: Array) -> float:
    """∫ |F − G| dx, the area between the distribution functions: W₁."""
    points = np.concatenate([x, y])
    order = np.argsort(points, kind="stable")
    jumps = np.concatenate([a, -b])[order]
    return float(np.abs(np.cumsum(jumps)[:-1]) @ np.diff(points[order]))


def distances(X: Array, Y: Array) -> Array:
    """‖x_i − y_j‖ from differences, never from expanded squares."""
    return np.asarray(np.sqrt(np.square(X[:, None, :] - Y[None, :, :]).sum(-1)))


def circle_distances(x: Array, y: Array) -> Array:
    """Length of the shorter arc on the circle of length 1."""
    gaps = np.abs(x[:, None] - y[None, :]) % 1.0
    return np.asarray(np.minimum(gaps, 1.0 - gaps))


def moments(a: Array, X: Array) -> tuple[Any, Any]:
    """Mean and covariance of a weighted cloud."""
    mean = a @ X / a.sum()
    centred = X - mean
    return mean, centred.T @ (a[:, None] * centred) / a.sum()
