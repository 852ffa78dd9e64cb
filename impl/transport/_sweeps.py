"""How Sinkhorn's iteration goes: cooling, half sweeps, and blocks of over-relaxed sweeps in scaling form; by kernels
(_sinkhorn_kernel) where numba is installed, on the CPU.

Symbols and source: as in sinkhorn; all in float64 but what says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from .._kernels import has_kernel

if TYPE_CHECKING:
    from torch import Tensor

BLOCK, LONGEST = 20, 80
LIMIT = 100.0
ROUGH = 1e5
# e^LEAST is nothing, and far from subnormal numbers, which are slow.
LEAST = {torch.float64: -600.0, torch.float32: -80.0}


def cooled(a: Tensor, b: Tensor, cost: Tensor, path: list[float]) -> tuple[Tensor, int]:
    """g after an averaged step at each ε of the path, and their number."""
    C, least = (cost, None) if _by_kernel(cost) else _roughly(cost, path)
    log_a, log_b = a.log().to(C), b.log().to(C)
    f, g, work = torch.zeros_like(C[..., 0]), torch.zeros_like(C[..., 0, :]), torch.empty_like(C)
    for level in path:
        drawn = _from_rows(log_b, g, C, level, work)
        f, g = (f + drawn) / 2, (g + _from_columns(log_a, f, C, level, work, wanted=False)) / 2
    return g if least is None else g.to(cost) + least[..., 0], len(path)


def _roughly(cost: Tensor, path: list[float]) -> tuple[Tensor, Tensor]:
    """C less its least entry, and that: a start need not be exact, so in float32 where exponents are at most ROUGH (and
    then off by 1e-2 at most)."""
    least = cost.amin((-2, -1), keepdim=True)
    rough = torch.float32 if path and path[0] <= ROUGH * path[-1] else torch.float64
    return (cost - least).to(rough), least


def _from_rows(log_b: Tensor, g: Tensor, cost: Tensor, eps: float, work: Tensor) -> Tensor:
    """f_i = -ε log Σ_j b_j exp((g_j - C_ij) / ε)."""
    if _by_kernel(cost):
        from . import _sinkhorn_kernel

        return _sinkhorn_kernel.from_rows(log_b, g, cost, eps, LEAST[cost.dtype])
    return soft_min(log_b[..., None, :], g[..., None, :], cost, eps, -1, work)[0]


def _from_columns(log_a: Tensor, f: Tensor, cost: Tensor, eps: float, K: Tensor, *, wanted: bool) -> Tensor:
    """g_j = -ε log Σ_i a_i exp((f_i - C_ij) / ε); if wanted, K becomes these terms, divided by their sums."""
    if _by_kernel(cost):
        from . import _sinkhorn_kernel

        return _sinkhorn_kernel.from_columns(log_a, f, cost, eps, LEAST[cost.dtype], K if wanted else None)
    g, _, total = soft_min(log_a[..., :, None], f[..., :, None], cost, eps, -2, K)
    if wanted:
        K.div_(total)
    return g


def _by_kernel(cost: Tensor) -> bool:
    return has_kernel() and cost.is_cpu and cost.numel() > 0


def soft_min(
    log_w: Tensor, h: Tensor, cost: Tensor, eps: float, dim: int, out: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """-ε log Σ w exp((h - C) / ε) along dim, the exponentials up to a factor, and their sums."""
    E = torch.sub(h, cost, out=out).div_(eps).add_(log_w)
    top = E.amax(dim, keepdim=True)
    E = torch.threshold_(E.sub_(top), LEAST[E.dtype], -torch.inf).exp_()
    total = E.sum(dim, keepdim=True)
    return -eps * (top + total.log()).squeeze(dim), E, total


def relaxed(
    a: Tensor, b: Tensor, cost: Tensor, eps: float, g: Tensor, tol: float, max_iter: int
) -> tuple[Tensor, Tensor, Tensor, int]:
    """f, g after a final plain sweep, their row error, and the number of sweeps, at most max_iter."""
    log_a, log_b = a.log(), b.log()
    omega, before, start, ran, used, block = torch.ones_like(a[..., :1]), None, g, 1, 0, BLOCK
    K = torch.empty_like(cost)
    while True:
        f = _from_rows(log_b, g, cost, eps, K)
        g = _from_columns(log_a, f, cost, eps, K, wanted=True)
        error = (_times(K, b) - a).abs().sum(-1, keepdim=True)
        used += 1
        if used >= max_iter or bool((error <= tol).all()):
            return f, g, error[..., 0], used
        if before is not None:
            worse = ~(error <= before) & (omega > 1)
            rate = (error / before).pow(1 / ran).clamp(1e-3, 1).maximum(omega - 1)
            theta = (rate + omega - 1) ** 2 / (rate * omega**2)
            gap = (1 - theta).clamp_min(1e-6).sqrt()
            blind = rate < omega - 1 + 0.2 * (2 - omega)  # any θ below ω's own gives the rate ω - 1: back off
            omega = torch.where(worse, 1, 2 / (1 + gap * torch.where(blind, 1.5, 1)))
            if bool(worse.any()):
                g, before, block = torch.where(worse, start, g), None, BLOCK
                continue
            block = min(2 * block, LONGEST)
        start, before = g, error
        log_v, ran = _scaled(a, b, K, omega, tol, min(block, max_iter - used - 1))
        g, used, ran = g + eps * log_v, used + ran, ran + 1


def _scaled(a: Tensor, b: Tensor, K: Tensor, omega: Tensor, tol: float, sweeps: int) -> tuple[Tensor, int]:
    """log v after so many over-relaxed sweeps on the kernel, or fewer, at tol or LIMIT, and their number."""
    if _by_kernel(K):
        from . import _sinkhorn_kernel

        return _sinkhorn_kernel.scaled(a, b, K, omega, tol / 2, sweeps, LIMIT)
    log_u, log_v = torch.zeros_like(a), torch.zeros_like(b)
    for k in range(sweeps):
        rows = (log_u.exp() * _times(K, b * log_v.exp()) / a).where(a > 0, 1)
        new_u = log_u - omega * rows.log()
        new_v = log_v - omega * (log_v.exp() * _times(K.mT, new_u.exp())).log()
        if not bool(torch.maximum(new_u.abs().amax(), new_v.abs().amax()) < LIMIT):
            return log_v, k
        log_u, log_v = new_u, new_v
        if bool(((a * (rows - 1).abs()).sum(-1) <= tol / 2).all()):
            return log_v, k + 1
    return log_v, sweeps


def _times(K: Tensor, x: Tensor) -> Tensor:
    return (K @ x[..., None])[..., 0]
