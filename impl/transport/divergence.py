"""Sinkhorn divergence: entropic transport without its bias.

    S_ε(α, β) = OT_ε(α, β) - ½ OT_ε(α, α) - ½ OT_ε(β, β)

OT_ε(α, α) > 0, so minimising OT_ε(·, β) shrinks α; S_ε is zero at α = β, tends to OT as ε -> 0 and to ½ MMD²
with kernel -C as ε -> ∞. It is non-negative and convex in each argument if exp(-C/ε) is positive definite, as
for ‖x - y‖^p, 0 < p <= 2; for ‖x - y‖³ it can be negative. The values are regularised dual ones (Feydy), not
<P, C>. A self term has f = g, found by averaging, f <- ½ (f + T f), T f_i = -ε log Σ_j a_j/Σa exp((f_j -
C_ij) / ε): the plain sweep's eigenvalue λ² becomes (1 - λ)/2, at most ½ for positive definite kernels. Its
value 2 <f, a> - ε (ΣP - Σa) is off by the square of f's error only.

Symbols:
    a [..., m], b [..., n] masses of equal sum; X [..., m, d], Y [..., n, d]
    cost ‖x - y‖^p, the full power, without a factor ½
    eps > 0 in units of the cost (geomloss: blur^p)
Source: Feydy et al. 2019, eq. 3, Thm 1; Genevay, Peyré, Cuturi 2018.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import torch

from . import _inputs, sinkhorn
from ._cost import power_cost
from ._envelope import envelope

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


def sinkhorn_divergence(
    a: Float[Tensor, "*B m"],
    X: Float[Tensor, "*B m d"],
    b: Float[Tensor, "*B n"],
    Y: Float[Tensor, "*B n d"],
    eps: float,
    p: float = 2,
    *,
    tol: float = 1e-8,
    max_iter: int = 10_000,
) -> Float[Tensor, "*B"]:
    """S_ε for the cost ‖x - y‖^p, differentiable in masses and points; errors as in `sinkhorn.solve`."""
    _inputs.clouds(a, X, b, Y)
    _inputs.positive("p", p)
    costs = power_cost(X, Y, p), power_cost(X, X, p), power_cost(Y, Y, p)
    return from_costs(a, b, *costs, eps, tol=tol, max_iter=max_iter)


def from_costs(
    a: Float[Tensor, "*B m"],
    b: Float[Tensor, "*B n"],
    cost_ab: Float[Tensor, "*B m n"],
    cost_aa: Float[Tensor, "*B m m"],
    cost_bb: Float[Tensor, "*B n n"],
    eps: float,
    *,
    tol: float = 1e-8,
    max_iter: int = 10_000,
) -> Float[Tensor, "*B"]:
    """S_ε from three cost matrices, cost_aa and cost_bb symmetric."""
    cross = sinkhorn.value(a, b, cost_ab, eps, tol=tol, max_iter=max_iter)
    self_a = self_value(a, cost_aa, eps, tol=tol, max_iter=max_iter, name="cost_aa")
    self_b = self_value(b, cost_bb, eps, tol=tol, max_iter=max_iter, name="cost_bb")
    return cross - (self_a + self_b) / 2


def self_value(
    a: Float[Tensor, "*B m"],
    cost: Float[Tensor, "*B m m"],
    eps: float,
    *,
    tol: float = 1e-8,
    max_iter: int = 10_000,
    name: str = "cost",
) -> Float[Tensor, "*B"]:
    """OT_ε(α, α) for a symmetric cost, differentiable."""
    a, _, cost = _inputs.problem(a, a, cost, name)
    _inputs.positive("eps", eps)
    _inputs.positive("tol", tol)
    _inputs.count("max_iter", max_iter)
    asymmetry = float((cost - cost.mT).detach().abs().max()) if cost.numel() else 0.0
    if asymmetry > 16 * torch.finfo(cost.dtype).eps * float(cost.detach().abs().max()):
        raise ValueError(f"{name}: expected a symmetric matrix, got asymmetry {asymmetry}")
    A, C = a.detach().double(), cost.detach().double()
    f = _symmetric_potential(A, C, eps, tol, max_iter)
    optimum = sinkhorn.dual_value(A, A, C, eps, f, f)
    plan = sinkhorn.plan_of(A, A, C, eps, f, f)
    return envelope(optimum.to(cost), a, (2 * f).to(cost), cost, plan.to(cost))


def _symmetric_potential(a: Tensor, cost: Tensor, eps: float, tol: float, max_iter: int) -> Tensor:
    """f = T f up to a relative marginal error tol; warns."""
    weights, f, used = a / a.sum(-1, keepdim=True), torch.zeros_like(a), 0
    for level in [*sinkhorn.levels(cost, eps), eps]:
        last, error = level == eps, torch.inf
        while used < max_iter and error > (tol if last else 0.1):
            Tf = sinkhorn.half_sweep(a, cost.mT, level, f)
            error = float((weights * torch.expm1((f - Tf) / level).abs()).sum(-1).max()) if f.numel() else 0.0
            f, used = (f + Tf) / 2, used + 1
    if error > tol:
        message = f"stopped after {used} symmetric sweeps with marginal error {error:.1e} > tol = {tol:.1e}"
        warnings.warn(message, sinkhorn.ConvergenceWarning, stacklevel=4)
    return f
