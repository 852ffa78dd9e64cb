"""Wasserstein distances W_p(μ, ν) = (min_P Σ P_ij ‖x_i - y_j‖^p)^(1/p): in general, on the line, between
Gaussians.

    line       W_p^p = ∫_0^1 |F⁻¹(q) - G⁻¹(q)|^p dq, p >= 1: the monotone plan on the merged quantile grid
               W_1 = ∫ |F(t) - G(t)| dt, the same area: one sort instead of three
    Gaussians  W_2² = ‖m_1 - m_2‖² + B²(Σ_1, Σ_2),   B² = tr Σ_1 + tr Σ_2 - 2 tr (Σ_1^½ Σ_2 Σ_1^½)^½
               x -> m_2 + A (x - m_1),   A = Σ_1^-½ (Σ_1^½ Σ_2 Σ_1^½)^½ Σ_1^-½, a convex function's gradient
With the singular values Σ_1^½ Σ_2^½ = U s Vᵀ the inner root is U s Uᵀ and its trace Σ s: no square root of a
product is taken, so singular covariances lose no more digits than their own roots do. With the p-th root, W_p
is a metric for p >= 1; for p < 1 the cost itself, root=False, is one.

Symbols:
    a [..., m], b [..., n]  masses of equal sum
    X [..., m, d], Y [..., n, d] points; x [..., m], y [..., n] points on the line
    m1, m2 [..., d] means; S1, S2 [..., d, d] covariances, symmetric, PSD, singular or not
    Masses of total t give t^(1/p) W_p.
Source: Santambrogio 2015, Prop. 2.17; Peyré & Cuturi 2019, Rmk 2.28-2.31; Gelbrich 1990.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.function import once_differentiable

from . import _inputs, kantorovich
from ._cost import masked_power, power_cost

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


def wasserstein(
    a: Float[Tensor, "*B m"],
    X: Float[Tensor, "*B m d"],
    b: Float[Tensor, "*B n"],
    Y: Float[Tensor, "*B n d"],
    p: float = 2,
    *,
    root: bool = True,
) -> Float[Tensor, "*B"]:
    """W_p (root=False: W_p^p), exact for p > 0 and any dimension, differentiable in masses and points."""
    _inputs.clouds(a, X, b, Y)
    _inputs.positive("p", p)
    cost = kantorovich.value(a, b, power_cost(X, Y, p))
    return masked_power(cost, 1 / p) if root else cost


def wasserstein_1d(
    a: Float[Tensor, "*B m"],
    x: Float[Tensor, "*B m"],
    b: Float[Tensor, "*B n"],
    y: Float[Tensor, "*B n"],
    p: float = 1,
    *,
    root: bool = True,
) -> Float[Tensor, "*B"]:
    """W_p (root=False: W_p^p) on the line, p >= 1, by sorting, differentiable in masses and points."""
    _inputs.floating("x", x, 1)
    _inputs.floating("y", y, 1)
    _inputs.clouds(a, x[..., None], b, y[..., None])
    if not 1 <= p < float("inf"):
        raise ValueError(f"p: expected 1 <= p < inf, where the monotone plan is optimal, got {p}")
    given = _inputs.lead({"a": a, "x": x, "b": b, "y": y}, dict.fromkeys("axby", 1))
    F, G = (given[0].double(), given[1].double()), (given[2].double(), given[3].double())
    cost = (_area(*F, *G) if p == 1 else _between_quantiles(*F, *G, p)).to(a)
    return masked_power(cost, 1 / p) if root and p != 1 else cost


def gaussian(
    m1: Float[Tensor, "*B d"],
    S1: Float[Tensor, "*B d d"],
    m2: Float[Tensor, "*B d"],
    S2: Float[Tensor, "*B d d"],
    *,
    root: bool = True,
) -> Float[Tensor, "*B"]:
    """W_2 (root=False: W_2²) between N(m1, S1) and N(m2, S2)."""
    for name, m in (("m1", m1), ("m2", m2)):
        _inputs.floating(name, m, 1)
        _inputs.finite(name, m)
        if m.shape[-1] != S1.shape[-1]:
            raise ValueError(f"{name}: expected {S1.shape[-1]} entries, got shape {_inputs.shape(m)}")
    squared = (m1 - m2).square().sum(-1) + bures(S1, S2)
    return masked_power(squared, 0.5) if root else squared


def bures(S1: Float[Tensor, "*B d d"], S2: Float[Tensor, "*B d d"]) -> Float[Tensor, "*B"]:
    """The squared Bures distance B²(Σ_1, Σ_2) >= 0, differentiable; W_2² of centred Gaussians."""
    _covariances(S1, S2)
    s = torch.linalg.svdvals(_sqrt(S1.double()) @ _sqrt(S2.double()))
    trace = (S1.double() + S2.double()).diagonal(dim1=-2, dim2=-1)
    squared: Tensor = trace.sum(-1) - 2 * s.sum(-1)
    return squared.clamp_min(0).to(S1)


def brenier_map(S1: Float[Tensor, "*B d d"], S2: Float[Tensor, "*B d d"]) -> Float[Tensor, "*B d d"]:
    """A, symmetric PSD with A Σ_1 A = Σ_2; for singular Σ_1 the map of its range, where Σ_2 must live."""
    _covariances(S1, S2)
    half = _sqrt(S1.double())
    U, s, _ = torch.linalg.svd(half @ _sqrt(S2.double()))
    inverse = torch.linalg.pinv(half, rtol=(S1.shape[-1] * 2e-16) ** 0.5, hermitian=True)
    A: Tensor = inverse @ (U * s[..., None, :]) @ U.mT @ inverse
    return ((A + A.mT) / 2).to(S1)


class _Sqrt(torch.autograd.Function):
    """S -> S^½ of a PSD matrix: dR solves R dR + dR R = dS, which no repeated eigenvalue disturbs."""

    @staticmethod
    def forward(ctx: Any, S: Tensor) -> Tensor:
        values, Q = torch.linalg.eigh(S)
        r = values.clamp_min(0).sqrt()
        ctx.save_for_backward(r, Q)
        root: Tensor = (Q * r[..., None, :]) @ Q.mT
        return root

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        r, Q = ctx.saved_tensors
        sums = r[..., :, None] + r[..., None, :]
        inner: Tensor = (Q.mT @ (grad + grad.mT) @ Q / 2 / sums).where(sums > 0, 0)
        dS: Tensor = Q @ inner @ Q.mT
        return dS


def _sqrt(S: Tensor) -> Tensor:
    out: Tensor = _Sqrt.apply((S + S.mT) / 2)  # type: ignore[no-untyped-call]
    return out


def _area(a: Tensor, x: Tensor, b: Tensor, y: Tensor) -> Tensor:
    """∫ |F - G|."""
    t, ahead = _quantiles(torch.cat([x, y], -1), torch.cat([a, -b], -1))
    return (ahead[..., :-1].abs() * t.diff(dim=-1)).sum(-1)


def _between_quantiles(a: Tensor, x: Tensor, b: Tensor, y: Tensor, p: float) -> Tensor:
    """∫ |F⁻¹ - G⁻¹|^p."""
    x, F = _quantiles(x, a)
    y, G = _quantiles(y, b)
    levels = torch.cat([F, G], -1).sort(-1).values
    width = levels.diff(dim=-1, prepend=torch.zeros_like(levels[..., :1]))
    gap = (_at(x, F, levels) - _at(y, G, levels)).abs()
    return (width * gap**p).sum(-1)


def _quantiles(x: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    """Sorted points and the distribution function at them."""
    x, order = x.sort(-1)
    return x, a.gather(-1, order).cumsum(-1)


def _at(x: Tensor, F: Tensor, levels: Tensor) -> Tensor:
    """F⁻¹(q) = the first x with F(x) >= q."""
    index = torch.searchsorted(F.detach().contiguous(), levels.detach())
    return x.gather(-1, index.clamp_max(x.shape[-1] - 1))


def _covariances(S1: Tensor, S2: Tensor) -> None:
    for name, S in (("S1", S1), ("S2", S2)):
        _inputs.square(name, S)
        scale = float(S.detach().abs().max()) if S.numel() else 0.0
        slack = 64 * S.shape[-1] * torch.finfo(S.dtype).eps * scale
        if bool(((S - S.mT).abs() > slack).any()):
            raise ValueError(f"{name}: expected a symmetric matrix, got {S.tolist()}")
        least = float(torch.linalg.eigvalsh(S.detach().double()).min()) if S.numel() else 0.0
        if least < -slack:
            raise ValueError(f"{name}: expected no negative eigenvalue, got {least}")
    _inputs.alike(S1=S1, S2=S2)
    if S1.shape[-1] != S2.shape[-1]:
        raise ValueError(f"S2: expected shape [..., {S1.shape[-1]}, {S1.shape[-1]}], got {_inputs.shape(S2)}")
