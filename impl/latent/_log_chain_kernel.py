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

from .._kernels import compiled, inlined, reordered
from .._vector_math import LEAST, exp


@compiled
def posteriors(
    nodes: Any, arcs: Any, start: Any, lengths: Any, backward: bool, gamma: Any, xi: Any, log_z: Any
) -> None:
    """log Z, γ, and ξ added to xi; zero where no path is possible. Not backward: log Z alone."""
    N, B, K = nodes.shape
    s, b, v, into = np.empty((N, K)), np.empty(K), np.empty(K), np.ascontiguousarray(arcs.T)
    t, top, mass, power = np.empty(K * K), np.empty(K), np.empty(K), np.empty((2, K * K))
    alone, share, whole, total = np.zeros((1, K)), np.empty(K), np.empty(1), np.empty(1)
    for c in range(B):
        T, off = lengths[c], 0.0
        np.positive(start[c], b)
        for n in range(T):
            if n > 0:
                _terms(into, s[n - 1], power, t, top, mass)
                _logs(top, mass, b)
            _met(nodes[n, c], b, s[n])
            off += _levelled(s[n])
        _terms(alone, s[T - 1], power, share, whole, total)
        log_z[c] = off + math.log(total[0])
        if not backward:
            continue
        gamma[:, c] = 0
        if not log_z[c] > -math.inf:
            continue
        np.divide(share, total[0], gamma[T - 1, c])
        b[:] = 0
        for n in range(T - 2, -1, -1):
            _met(nodes[n + 1, c], b, v)
            _levelled(v)
            _terms(arcs, v, power, t, top, mass)
            _logs(top, mass, b)
            _met(s[n], b, v)
            _terms(alone, v, power, share, whole, total)
            own = xi[n % len(xi), c % xi.shape[1]]
            for i in range(K):
                gamma[n, c, i] = share[i] / total[0]
                part = share[i] / (total[0] * mass[i]) if mass[i] > 0 else 0.0
                for j in range(K):
                    own[i, j] += part * t[i * K + j]


@reordered
def _terms(rows: Any, v: Any, power: Any, t: Any, top: Any, mass: Any) -> None:
    """t_ij = exp(rows_ij + v_j − top_i), mass_i = Σ_j t_ij, the largest exponent being top_i, 0 where none is possible."""
    R, K = rows.shape
    z = power[1, : R * K]
    for i in range(R):
        top[i] = -math.inf
        for j in range(K):
            z[i * K + j] = rows[i, j] + v[j]
            top[i] = max(top[i], z[i * K + j])
        if top[i] == -math.inf:
            top[i] = 0
        for j in range(K):
            z[i * K + j] -= top[i]
    exp(z, 0.0, LEAST, power[0, : R * K], t)
    for i in range(R):
        mass[i] = 0
        for j in range(K):
            mass[i] += t[i * K + j]


@inlined
def _logs(top: Any, mass: Any, out: Any) -> None:
    for i in range(len(out)):
        out[i] = top[i] + math.log(mass[i])


@inlined
def _met(x: Any, y: Any, out: Any) -> None:
    for j in range(len(out)):
        out[j] = x[j] + y[j]


@inlined
def _levelled(row: Any) -> Any:
    """The largest entry, taken off all; none where none is possible."""
    top = row.max()
    if top > -math.inf:
        row -= top
    return top
