"""Products with the features of few dimensions (_gaussian.features) as numba kernels, a block of points at a time.

Of few features, torch spends most of its time on laying them out: here a block of them stays in the cache.

Symbols: X [N, D], centre [D], W and S [F, K] in float64, R and out [N, K]; phi [F, m] of the m points of a block.
Source: as _gaussian.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels import compiled, fused, reordered

BLOCK = 512  # points; their sums are added to the others, so that sums of many keep their digits


@compiled
def densities(X: Any, centre: Any, W: Any, joint: Any, out: Any) -> None:
    """out = φ(X − centre) W; `joint` is out itself, or room [BLOCK, K] in float64 for an out of another precision."""
    F = len(W)
    room, direct = np.empty(F * BLOCK), joint.itemsize == out.itemsize
    for start in range(0, len(X), BLOCK):
        x = X[start : start + BLOCK]
        m = len(x)
        phi = room[: F * m].reshape(F, m)
        features(x, centre, False, phi)
        found = joint[start : start + m] if direct else joint[:m]
        np.dot(phi.T, W, found)
        if not direct:
            np.positive(found, out[start : start + m])


@compiled
def sums(X: Any, centre: Any, R: Any, share: Any, S: Any) -> None:
    """φ(X − centre)ᵀ R added to S; `share` is R itself, or room [BLOCK, K] in float64 for an R of another precision."""
    F, direct = len(S), share.itemsize == R.itemsize
    room, part = np.empty(F * BLOCK), np.empty_like(S)
    for start in range(0, len(X), BLOCK):
        x, r = X[start : start + BLOCK], R[start : start + BLOCK]
        m = len(x)
        phi = room[: F * m].reshape(F, m)
        features(x, centre, False, phi)
        if not direct:
            np.positive(r, share[:m])
        np.dot(phi, share[start : start + m] if direct else share[:m], part)
        S += part


@reordered
def reach(X: Any, centre: Any, top: Any) -> None:
    """top_i = max_n |x_ni − c_i|, where that is more than top_i: torch would take as long for it as for the sums."""
    for n in range(len(X)):
        for i in range(X.shape[1]):
            top[i] = max(top[i], abs(X[n, i] - centre[i]))


@fused
def features(x: Any, centre: Any, diagonal: bool, phi: Any) -> None:
    """φ(x − centre) of every point, a row for each feature, as _gaussian.features."""
    m, D = x.shape
    f = D if diagonal else D * (D + 1) // 2
    phi[f + D] = 1
    for i in range(D):
        for n in range(m):
            phi[f + i, n] = x[n, i] - centre[i]
    row = 0
    for i in range(f, f + D):
        for j in range(i, i + 1 if diagonal else f + D):
            for n in range(m):
                phi[row, n] = phi[i, n] * phi[j, n]
            row += 1
