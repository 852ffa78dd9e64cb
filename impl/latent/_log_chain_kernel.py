"""Dense chains with shared arcs as a numba kernel in the log domain, where ordinary numbers (_chain_kernel) may underflow.

    s_n(j) = node_n(j) + log Σ_i exp(s_{n-1}(i) + arc(i, j)),     b_n(i) = log Σ_j t_ij,  t_ij = exp(arc(i, j) + v_j),
    v = node_{n+1} + b_{n+1},     γ_n ∝ exp(s_n + b_n),     ξ_n(i, j) = γ_n(i) t_ij / Σ_j t_ij

Every row of s and b is brought to largest entry 0, so that long chains keep their digits; what it was goes to log Z.

Symbols: nodes, gamma [N, B, K]; arcs [K, K] from row i to column j; xi [N-1 or 1, B or 1, K, K], each of them or sums
over the steps, over the chains; start [B, K]; lengths, log_z [B].
Source: Rabiner 1989, §III.B; the form of ξ is Bayes' rule for the next state.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._kernels import compiled


@compiled
def posteriors(
    nodes: Any, arcs: Any, start: Any, lengths: Any, backward: bool, gamma: Any, xi: Any, log_z: Any
) -> None:
    """log Z, γ, and ξ added to xi; zero where no path is possible. Not backward: log Z alone."""
    N, B, K = nodes.shape
    s, t, v, b = np.empty((N, K), nodes.dtype), np.empty_like(arcs), np.empty_like(arcs[0]), np.empty_like(arcs[0])
    into = np.ascontiguousarray(arcs.T)
    for c in range(B):
        T, total = lengths[c], 0.0
        for n in range(T):
            for j in range(K):
                s[n, j] = nodes[n, c, j] + (start[c, j] if n == 0 else _share(s[n - 1], into[j], v))
            total += _levelled(s[n])
        b[:] = 0
        log_z[c] = total + _share(s[T - 1], b, v)
        if not backward:
            continue
        gamma[:, c] = 0
        if not log_z[c] > -math.inf:
            continue
        gamma[T - 1, c] = v
        for n in range(T - 2, -1, -1):
            v[:] = b + nodes[n + 1, c]
            _levelled(v)
            for i in range(K):
                b[i] = _share(v, arcs[i], t[i])
            _share(s[n], b, gamma[n, c])
            for i in range(K):
                for j in range(K):
                    xi[n % len(xi), c % xi.shape[1], i, j] += gamma[n, c, i] * t[i, j]


@compiled
def _share(x: Any, y: Any, row: Any) -> Any:
    """log Σ_j exp(x_j + y_j), and every term's share of it; 0 where there is nothing to share."""
    top = -math.inf
    for j in range(len(x)):
        row[j] = x[j] + y[j]
        top = max(top, row[j])
    if not top > -math.inf:
        row[:] = 0
        return top
    total = 0.0
    for j in range(len(x)):
        row[j] = math.exp(row[j] - top)
        total += row[j]
    for j in range(len(x)):
        row[j] /= total
    return top + math.log(total)


@compiled
def _levelled(row: Any) -> Any:
    """The largest entry, taken off all; none where none is possible."""
    top = row.max()
    if top > -math.inf:
        row -= top
    return top
