"""Products with the features of few dimensions (_gaussian.features) as numba kernels, point after point.

A matrix product is the faster way to sum many features; of few, most of its time goes into laying them out.

Symbols: X [N, D], centre [D], W and S [F, K] in float64, R and out [N, K].
Source: as _gaussian.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels import compiled, fused
from ._chain_kernel import product

BLOCK = 512  # points that are summed before they are added to the others, so that sums of many keep their digits


@fused
def features(x: Any, centre: Any, y: Any, phi: Any) -> None:
    """φ(x − centre)."""
    D, f = len(x), 0
    for i in range(D):
        y[i] = x[i] - centre[i]
    for i in range(D):
        for j in range(i, D):
            phi[f] = y[i] * y[j]
            f += 1
    for i in range(D):
        phi[f + i] = y[i]
    phi[f + D] = 1


@compiled
def densities(X: Any, centre: Any, W: Any, out: Any) -> None:
    """out = φ(X − centre) W."""
    y, phi, row = np.empty_like(centre), np.empty_like(W[:, 0]), np.empty_like(W[0])
    for n in range(len(X)):
        features(X[n], centre, y, phi)
        product(phi, W, row)
        out[n] = row


@compiled
def sums(X: Any, centre: Any, R: Any, S: Any) -> None:
    """φ(X − centre)ᵀ R added to S, two points at a time."""
    y, part = np.empty_like(centre), np.empty_like(S)
    one, two = np.empty_like(S[:, 0]), np.empty_like(S[:, 0])
    for start in range(0, len(X), BLOCK):
        stop = min(start + BLOCK, len(X))
        part[:] = 0
        for n in range(start, stop, 2):
            m = min(n + 1, stop - 1)
            features(X[n], centre, y, one)
            features(X[m], centre, y, two)
            if m == n:
                two[:] = 0
            _add(one, R[n], two, R[m], part)
        S += part


@fused
def _add(one: Any, r: Any, two: Any, s: Any, S: Any) -> None:
    for f in range(len(one)):
        for k in range(len(r)):
            S[f, k] += one[f] * r[k] + two[f] * s[k]
