"""The sums of an E-step of mixtures (gmm._sums) as a numba kernel, a block of points at a time.

What torch does to a block in ten passes over memory is done here in the cache: features, joint densities, their shares by
an exponential of vectors (_vector_math), and the sums of features.

Symbols: X [N, D], centre [D], w [N], S [K, F] in float64; phi [F, m] and joint [K, m] of the m points of a block in the
precision of W [K, F]; R [m, K], a point to a row for the product with phi, and the sums of a block in that of X.
Source: as _gaussian.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .._kernels import compiled, fused
from .._vector_math import exp, exp_single
from ._gaussian_kernel import features

if TYPE_CHECKING:
    from torch import Tensor

CACHED = 1 << 17  # numbers in the arrays of a block
QUICK = 10**6  # products in a matrix product, up to which OpenBLAS does without laying its factors out again
LEAST = 128  # points in a block


def sums(
    X: Tensor, centre: Tensor, w: Tensor, W: Tensor, diagonal: bool, lowest: float, only_L: bool, S: Tensor
) -> float:
    """L, and Σ_n w_n R_nk φ(x_n − centre) added to S unless L alone is wanted; R below e^lowest of the largest is 0."""
    K, F = W.shape
    block = min(len(X), max(LEAST, min(CACHED // (F + 2 * K), QUICK // (F * K))))
    x, c, v, weights = (t.contiguous().numpy() for t in (X, centre, w, W))
    phi, joint, R = (
        np.empty(size * block, dtype) for size, dtype in ((F, weights.dtype), (K, weights.dtype), (K, x.dtype))
    )
    low = phi if x.dtype == weights.dtype else np.empty(F * block, x.dtype)
    L: float = _blocks(
        x, c, c.astype(weights.dtype), v, weights, diagonal, lowest, block, phi, low, joint, R, only_L, S.numpy()
    )
    return L


@compiled
def _blocks(
    X: Any,
    centre: Any,
    wide: Any,
    w: Any,
    W: Any,
    diagonal: bool,
    lowest: float,
    block: int,
    phi_room: Any,
    low_room: Any,
    joint_room: Any,
    R_room: Any,
    only_L: bool,
    S: Any,
) -> float:
    (K, F), L = W.shape, 0.0
    rows_room, part = np.empty((5 + K) * block, X.dtype), np.empty((F, K), X.dtype)
    for start in range(0, len(X), block):
        x, v = X[start : start + block], w[start : start + block]
        m = len(x)
        phi, low = phi_room[: F * m].reshape(F, m), low_room[: F * m].reshape(F, m)
        joint, R = joint_room[: K * m].reshape(K, m), R_room[: K * m].reshape(m, K)
        rows = rows_room[: (5 + K) * m].reshape(5 + K, m)
        features(x, wide, diagonal, phi)
        np.dot(W, phi, joint)
        L += _shares(joint, v, lowest, rows, R)
        if not only_L:
            if X.itemsize < W.itemsize:
                features(x, centre, diagonal, low)
            np.dot(low, R, part)
            S += part.T
    return L


@fused
def _shares(joint: Any, w: Any, lowest: float, rows: Any, R: Any) -> float:
    """Σ_n w_n log Σ_k e^joint, and R_nk = w_n e^joint / Σ_k e^joint."""
    K, m = joint.shape
    top, total, z, power, e = rows[0], rows[1], rows[2], rows[3], rows[4]
    each = rows[5:]
    np.positive(joint[0], top)
    total[:] = 0
    for k in range(1, K):
        for n in range(m):
            top[n] = max(top[n], joint[k, n])
    for k in range(K):
        for n in range(m):
            z[n] = joint[k, n] - top[n]
        if z.itemsize < 8:
            exp_single(z, lowest, power, e)
        else:
            exp(z, 0.0, lowest, power, e)
        for n in range(m):
            total[n] += e[n]
            each[k, n] = e[n]
    L = 0.0
    for n in range(m):
        L += w[n] * (math.log(float(total[n])) + float(top[n]))
        z[n] = w[n] / total[n]
    for n in range(m):
        for k in range(K):
            R[n, k] = each[k, n] * z[n]
    return L
