"""The best path of dense chains with shared arcs as a numba kernel, one chain after the other.

Symbols: nodes [N, B, K]; s [N, K], messages of one chain; A [K, K] from row i to column j; first, last [B, K];
lengths, score [B]; path [N, B].
Source: Rabiner 1989, §III.B; _lattice holds the conventions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._kernels import compiled


@compiled
def best(nodes: Any, A: Any, first: Any, last: Any, lengths: Any, s: Any, score: Any, path: Any) -> None:
    """The best path's score and states (-1 beyond the length, and everywhere if no path is possible)."""
    B = nodes.shape[1]
    for b in range(B):
        T, total = lengths[b], 0.0
        path[:, b] = -1
        for n in range(T):
            row = s[n]
            if n == 0:
                np.add(first[b], nodes[0, b], row)
            else:
                _rise(s[n - 1], A, row)
                row += nodes[n, b]
            top = row.max()
            if top > -math.inf:
                total += top
                row -= top
        end = s[T - 1] + last[b]
        score[b] = total + end.max()
        if not score[b] > -math.inf:
            continue
        path[T - 1, b] = np.argmax(end)
        for n in range(T - 2, -1, -1):
            path[n, b] = _came_from(s[n], A, path[n + 1, b])


@compiled
def _rise(s: Any, A: Any, row: Any) -> None:
    """row_j = max_i s_i + A_ij, four rows of A at a time."""
    K = len(s)
    whole = K - K % 4
    row[:] = -math.inf
    for i in range(0, whole, 4):
        a, b, c, d = s[i], s[i + 1], s[i + 2], s[i + 3]
        for j in range(K):
            first, second = max(a + A[i, j], b + A[i + 1, j]), max(c + A[i + 2, j], d + A[i + 3, j])
            row[j] = max(row[j], max(first, second))
    for i in range(whole, K):
        for j in range(K):
            row[j] = max(row[j], s[i] + A[i, j])


@compiled
def _came_from(s: Any, A: Any, state: int) -> int:
    reached, highest = 0, s[0] + A[0, state]
    for i in range(1, len(s)):
        into = s[i] + A[i, state]
        if into > highest:
            reached, highest = i, into
    return reached
