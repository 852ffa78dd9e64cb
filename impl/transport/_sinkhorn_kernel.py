"""Sinkhorn's half sweeps (_sweeps.soft_min) and its sweeps in scaling form (_sweeps._scaled) as numba kernels.

They read the cost, or the kernel K, once a sweep and row by row: a row's sum gives its u at once, and with it the row
is added to the sums of the columns while it lies in the cache.

Symbols: as in sinkhorn, the leading dimensions of a batch in one.
Source: derived.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .._kernels import compiled, fused, reordered
from .._vector_math import exp

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


def from_rows(
    log_b: Float[Tensor, "*B n"], g: Float[Tensor, "*B n"], cost: Float[Tensor, "*B m n"], eps: float, least: float
) -> Float[Tensor, "*B m"]:
    """f_i = -ε log Σ_j b_j exp((g_j - C_ij) / ε), leaving out what is below e^least of the largest term."""
    f = cost.new_empty(cost.shape[:-1])
    _from_rows(*_flat((log_b, 1), (g, 1), (cost, 2)), *_flat((f, 1), copied=False), eps, least)
    return f


def from_columns(
    log_a: Float[Tensor, "*B m"],
    f: Float[Tensor, "*B m"],
    cost: Float[Tensor, "*B m n"],
    eps: float,
    least: float,
    K: Float[Tensor, "*B m n"] | None = None,
) -> Float[Tensor, "*B n"]:
    """g_j = -ε log Σ_i a_i exp((f_i - C_ij) / ε); K: room for these terms, divided by their sums."""
    g = log_a.new_empty((*cost.shape[:-2], cost.shape[-1]))
    made = _flat((g, 1), (g[..., None, :] if K is None else K, 2), copied=False)
    _from_columns(*_flat((log_a, 1), (f, 1), (cost, 2)), *made, K is not None, eps, least)
    return g


def scaled(
    a: Float[Tensor, "*B m"],
    b: Float[Tensor, "*B n"],
    K: Float[Tensor, "*B m n"],
    omega: Float[Tensor, "*B 1"],
    stop: float,
    sweeps: int,
    limit: float,
) -> tuple[Float[Tensor, "*B n"], int]:
    """log v and how many sweeps: as many as wanted, or until the rows are off by `stop` or log u, log v beyond `limit`."""
    log_v = b.new_zeros(b.shape)
    given, made = _flat((a, 1), (b, 1), (K, 2), (omega, 1)), _flat((log_v, 1), copied=False)
    return log_v, _sweeps(*given, *made, stop, sweeps, limit)


def _flat(*arguments: tuple[Tensor, int], copied: bool = True) -> list[Any]:
    """Arrays of one batch dimension and so many more; where they are written to, views and no copies."""
    shaped = [(x, (-1, *x.shape[x.ndim - k :])) for x, k in arguments]
    return [(x.reshape(shape).contiguous() if copied else x.view(shape)).numpy() for x, shape in shaped]


@reordered
def _dot(x: Any, y: Any) -> float:
    total = 0.0
    for i in range(len(x)):
        total += x[i] * y[i]
    return total


@reordered
def _sum(x: Any) -> float:
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    return total


@reordered
def _top(x: Any) -> float:
    top = -math.inf
    for i in range(len(x)):
        top = max(top, x[i])
    return top


@fused
def _add(total: Any, factor: float, x: Any) -> None:
    for i in range(len(x)):
        total[i] += factor * x[i]


@fused
def _from_rows(log_b: Any, g: Any, cost: Any, f: Any, eps: float, least: float) -> None:
    x, room, term = np.empty_like(g[0]), np.empty_like(g[0]), np.empty_like(g[0])
    for item in range(len(cost)):
        for i in range(cost.shape[1]):
            for j in range(len(x)):
                x[j] = (g[item, j] - cost[item, i, j]) / eps + log_b[item, j]
            top = _top(x)
            exp(x, top, least, room, term)
            f[item, i] = -eps * (top + math.log(_sum(term)))


@fused
def _terms(f: float, c: Any, log_a: float, eps: float, x: Any) -> None:
    for j in range(len(x)):
        x[j] = (f - c[j]) / eps + log_a


@fused
def _largest(x: Any, top: Any) -> None:
    for j in range(len(x)):
        top[j] = max(top[j], x[j])


@fused
def _from_columns(log_a: Any, f: Any, cost: Any, g: Any, K: Any, wanted: bool, eps: float, least: float) -> None:
    top, total, x = np.empty_like(g[0]), np.empty_like(g[0]), np.empty_like(g[0])
    room, term = np.empty_like(g[0]), np.empty_like(g[0])
    for item in range(len(cost)):
        top[:], total[:] = -math.inf, 0
        for i in range(cost.shape[1]):
            _terms(f[item, i], cost[item, i], log_a[item, i], eps, x)
            _largest(x, top)
        for i in range(cost.shape[1]):
            _terms(f[item, i], cost[item, i], log_a[item, i], eps, x)
            x -= top
            exp(x, 0.0, least, room, term)
            _add(total, 1.0, term)
            if wanted:
                np.positive(term, K[item, i])
        for j in range(len(top)):
            g[item, j] = -eps * (top[j] + math.log(total[j]))
        for i in range(cost.shape[1] if wanted else 0):
            np.divide(K[item, i], total, K[item, i])


@compiled
def _sweep(a: Any, bv: Any, K: Any, omega: float, u: Any, columns: Any) -> float:
    """log u after the rows, in place; the sums of the columns; the L1 error that the rows had."""
    off = 0.0
    columns[:] = 0
    for i in range(len(a)):
        if a[i] > 0:
            row = math.exp(u[i]) * _dot(K[i], bv) / a[i]
            off += a[i] * abs(row - 1)
            u[i] -= omega * math.log(row)
            _add(columns, math.exp(u[i]), K[i])
    return off


@compiled
def _sweeps(a: Any, b: Any, K: Any, omega: Any, log_v: Any, stop: float, sweeps: int, limit: float) -> int:
    log_u, u, v = np.zeros_like(a), np.zeros_like(a), np.zeros_like(b)
    columns = np.empty_like(b[0])
    for k in range(sweeps):
        off = 0.0
        for item in range(len(a)):
            np.positive(log_u[item], u[item])
            off = max(off, _sweep(a[item], b[item] * np.exp(log_v[item]), K[item], omega[item, 0], u[item], columns))
            for j in range(len(columns)):
                v[item, j] = log_v[item, j] - omega[item, 0] * (log_v[item, j] + math.log(columns[j]))
        if not (np.abs(u).max() < limit and np.abs(v).max() < limit):
            return k
        np.positive(u, log_u)
        np.positive(v, log_v)
        if off <= stop:
            return k + 1
    return sweeps
