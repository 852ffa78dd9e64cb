"""Discrete Kantorovich problem: the cheapest plan, and the prices that prove it cheapest.

    primal  min_P <C, P>           P >= 0,  P 1 = a,  Pᵀ 1 = b
    dual    max_{f,g} <f, a> + <g, b>    f_i + g_j <= C_ij

Any plan costs at least any price, <C, P> - <f, a> - <g, b> = Σ P_ij (C_ij - f_i - g_j) >= 0; with P on the
arcs where f_i + g_j = C_ij both are optimal. On row-major vec(P) the marginals are P_X = I_m ⊗ 1ᵀ_n and P_Y =
1ᵀ_m ⊗ I_n, and the dual constraint reads P_Xᵀ f + P_Yᵀ g <= vec(C). Both problems are feasible (Σa = Σb, C
finite), so both are attained with equal values; f, g are unique at best up to (f + t, g - t).

Symbols:
    a [..., m], b [..., n]  masses >= 0 of equal sum > 0
    cost C [..., m, n]  finite; plan P [..., m, n]; potentials f [..., m], g [..., n]
    Leading dimensions broadcast. float32 problems are solved in float64.
Source: Peyré & Cuturi 2019, §2.3-2.5, Prop. 2.4; Villani 2009, Thm 5.10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from . import _inputs, _simplex
from ._envelope import envelope

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


class Solution(NamedTuple):
    """An optimal vertex plan (at most m + n - 1 non-zeros) and optimal potentials, feasible on all atoms."""

    plan: Float[Tensor, "*B m n"]
    f: Float[Tensor, "*B m"]
    g: Float[Tensor, "*B n"]


class LinearProgram(NamedTuple):
    """min c·x subject to A_eq x = b_eq, x >= 0, for x = vec(P), row-major."""

    c: Float[Tensor, "mn"]
    A_eq: Float[Tensor, "m+n mn"]
    b_eq: Float[Tensor, "m+n"]


def solve(a: Float[Tensor, "*B m"], b: Float[Tensor, "*B n"], cost: Float[Tensor, "*B m n"]) -> Solution:
    """Optimal plan and potentials: marginals to rounding, f_i + g_j <= C_ij, = where P_ij > 0; no gradients.

    A numba kernel pivots where numba is installed, to the same vertex as the plain simplex or another.
    ValueError for negative masses, no mass, unequal sums, numbers not finite, shapes or dtypes that differ.
    """
    a, b, cost = _inputs.problem(a, b, cost)
    plan, f, g = _solve(a, b, cost)
    return Solution(plan.to(cost), f.to(cost), g.to(cost))


def value(a: Float[Tensor, "*B m"], b: Float[Tensor, "*B n"], cost: Float[Tensor, "*B m n"]) -> Float[Tensor, "*B"]:
    """min_P <C, P>, differentiable: ∂/∂a = f, ∂/∂b = g, ∂/∂C = P; errors as for `solve`."""
    a, b, cost = _inputs.problem(a, b, cost)
    plan, f, g = _solve(a, b, cost)
    optimum = (plan * cost.detach().to(plan)).sum((-2, -1))
    return envelope(optimum.to(cost), a, f.to(cost), b, g.to(cost), cost, plan.to(cost))


def dual_value(
    a: Float[Tensor, "*B m"], b: Float[Tensor, "*B n"], f: Float[Tensor, "*B m"], g: Float[Tensor, "*B n"]
) -> Float[Tensor, "*B"]:
    """<f, a> + <g, b>; atoms without mass are worth nothing, whatever their price."""
    _inputs.potentials(a, b, f, g)
    return torch.where(a == 0, 0, f * a).sum(-1) + torch.where(b == 0, 0, g * b).sum(-1)


def marginal_operators(
    m: int, n: int, *, dtype: torch.dtype = torch.float64
) -> tuple[Float[Tensor, "m mn"], Float[Tensor, "n mn"]]:
    """P_X = I_m ⊗ 1ᵀ_n and P_Y = 1ᵀ_m ⊗ I_n, the sums of a row-major vec(P); of joint rank m + n - 1."""
    _inputs.count("m", m)
    _inputs.count("n", n)
    I_m, I_n = torch.eye(m, dtype=dtype), torch.eye(n, dtype=dtype)
    return torch.kron(I_m, torch.ones(1, n, dtype=dtype)), torch.kron(torch.ones(1, m, dtype=dtype), I_n)


def linear_program(a: Float[Tensor, "m"], b: Float[Tensor, "n"], cost: Float[Tensor, "m n"]) -> LinearProgram:
    """The primal as any LP solver takes it; its equality multipliers are (f, g). One problem, no batch."""
    a, b, cost = _inputs.problem(a, b, cost)
    if cost.ndim != 2:
        raise ValueError(f"cost: expected one problem [m, n], got shape {_inputs.shape(cost)}")
    P_X, P_Y = marginal_operators(*cost.shape, dtype=cost.dtype)
    return LinearProgram(cost.reshape(-1), torch.cat([P_X, P_Y]).to(cost), torch.cat([a, b]))


def _solve(a: Tensor, b: Tensor, cost: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """plan, f, g in float64 on the CPU, one network simplex per batch item."""
    m, n = cost.shape[-2:]
    cores = (a, (m,)), (b, (n,)), (cost, (m, n))
    A, B, C = (x.detach().to("cpu", torch.float64).reshape(-1, *core) for x, core in cores)
    plan, f, g = torch.empty_like(C), torch.empty_like(A), torch.empty_like(B)
    for k in range(len(C)):
        solution = _simplex.transport(A[k].numpy(), B[k].numpy(), C[k].numpy())
        plan[k], f[k], g[k] = map(torch.from_numpy, solution)
    return plan.reshape(cost.shape), f.reshape(a.shape), g.reshape(b.shape)
