"""Entropic optimal transport by Sinkhorn's iteration, in the log domain.

    OT_ε(a, b) = min_P <C, P> + ε KL(P | R),   P 1 = a, Pᵀ 1 = b,   R = a bᵀ / Σa
               = max_{f,g} <f, a> + <g, b> - ε (ΣP(f,g) - Σa),      P_ij = R_ij exp((f_i + g_j - C_ij) / ε)
    sweep      f_i <- -ε log Σ_j b_j/Σb exp((g_j - C_ij) / ε),   then g_j likewise: rows, then columns

Each half sweep maximises the dual over one potential, so its value rises, the L1 marginal error falls, and
the error of the potentials shrinks by a factor <= tanh(max |C_ik + C_jl - C_il - C_jk| / 4ε)² a sweep. Atoms
without mass get potentials by the same formula and zero rows. For probabilities R = a ⊗ b; the division makes
OT_ε(ta, tb) = t OT_ε.

`solve` brings ε down from the spread of C by quarters, one averaged step f <- ½ (f + T g), g <- ½ (g + T f)
at each: plain sweeps leave potentials at the rim of what the data allow, from where nearly decoupled problems
(ties, isolated atoms) creep as 1/k; averages start in the middle. Then one sweep alternates with a block of
sweeps in scaling form, u = a / (K b v), v = 1 / (Kᵀ u), on the kernel K whose columns the sweep has
normalised; log u, log v stay below LIMIT and go back into f, g. The rate λ a block shows gives θ =
(λ + ω - 1)² / (λ ω²) of the plain sweep (Young), and the next block over-relaxes by ω = 2 / (1 + √(1 - θ)); a
block that made the error worse is undone and ω returns to 1.

Symbols:
    a [..., m], b [..., n] masses of equal sum; cost C [..., m, n]; eps > 0 in units of C
    f [..., m], g [..., n]; plan [..., m, n]; computed in float64, returned in the inputs' dtype
    Leading dimensions broadcast; a batch runs until its last item is done.
Source: Cuturi 2013; Peyré & Cuturi 2019, §4.2-4.4, Thm 4.2; Lehmann et al. 2022 (ω); Altschuler et al. 2017.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import torch

from . import _inputs
from ._envelope import envelope
from ._sweeps import cooled, relaxed, soft_min

if TYPE_CHECKING:
    from typing import Annotated as Float

    from torch import Tensor


class ConvergenceWarning(UserWarning):
    """The iteration stopped at max_iter, short of the tolerance."""


class Plan(NamedTuple):
    """What `solve` found: marginal_error = ‖P1 - a‖₁ + ‖Pᵀ1 - b‖₁ of this very plan, and its full sweeps."""

    plan: Float[Tensor, "*B m n"]
    f: Float[Tensor, "*B m"]
    g: Float[Tensor, "*B n"]
    marginal_error: Float[Tensor, "*B"]
    iterations: int


def solve(
    a: Float[Tensor, "*B m"],
    b: Float[Tensor, "*B n"],
    cost: Float[Tensor, "*B m n"],
    eps: float,
    *,
    tol: float = 1e-8,
    max_iter: int = 10_000,
) -> Plan:
    """The entropic plan: columns exact, rows within tol Σa in L1, before rounding to float32; no gradients.

    Warns (ConvergenceWarning) if max_iter sweeps were not enough. ValueError for eps <= 0, tol <= 0,
    max_iter < 1 and all that is no transport problem.
    """
    a, b, cost = _inputs.problem(a, b, cost)
    f, g, iterations = _potentials(a, b, cost, eps, tol, max_iter)
    plan = plan_of(a.detach().double(), b.detach().double(), cost.detach().double(), eps, f, g).to(cost)
    rows, columns = plan.sum(-1, dtype=torch.float64), plan.sum(-2, dtype=torch.float64)
    error = (rows - a.detach()).abs().sum(-1) + (columns - b.detach()).abs().sum(-1)
    return Plan(plan, f.to(cost), g.to(cost), error.to(cost), iterations)


def value(
    a: Float[Tensor, "*B m"],
    b: Float[Tensor, "*B n"],
    cost: Float[Tensor, "*B m n"],
    eps: float,
    *,
    tol: float = 1e-8,
    max_iter: int = 10_000,
) -> Float[Tensor, "*B"]:
    """OT_ε, as the dual value reached (a lower bound), differentiable: ∂/∂a = f, ∂/∂b = g, ∂/∂C = P."""
    a, b, cost = _inputs.problem(a, b, cost)
    f, g, _ = _potentials(a, b, cost, eps, tol, max_iter)
    A, B, C = (x.detach().double() for x in (a, b, cost))
    optimum = dual_value(A, B, C, eps, f, g)
    plan = plan_of(A, B, C, eps, f, g)
    return envelope(optimum.to(cost), a, f.to(cost), b, g.to(cost), cost, plan.to(cost))


def sweep(
    a: Float[Tensor, "*B m"],
    b: Float[Tensor, "*B n"],
    cost: Float[Tensor, "*B m n"],
    eps: float,
    g: Float[Tensor, "*B n"],
) -> tuple[Float[Tensor, "*B m"], Float[Tensor, "*B n"]]:
    """One full plain sweep, f from g, then g from f; a sweep forgets the f before it."""
    _inputs.positive("eps", eps)
    _inputs.matrix("cost", cost, a, b)
    _inputs.potentials(a, b, a, g)
    f = half_sweep(b, cost.mT, eps, g)
    return f, half_sweep(a, cost, eps, f)


def half_sweep(
    a: Float[Tensor, "*B m"], cost: Float[Tensor, "*B m n"], eps: float, f: Float[Tensor, "*B m"]
) -> Float[Tensor, "*B n"]:
    """g_j = -ε log Σ_i a_i/Σa exp((f_i - C_ij) / ε), the soft c-transform: columns fit afterwards."""
    log_w = (a / a.sum(-1, keepdim=True)).log()
    return soft_min(log_w[..., :, None], f[..., :, None], cost, eps, -2)[0]


def dual_value(
    a: Float[Tensor, "*B m"],
    b: Float[Tensor, "*B n"],
    cost: Float[Tensor, "*B m n"],
    eps: float,
    f: Float[Tensor, "*B m"],
    g: Float[Tensor, "*B n"],
) -> Float[Tensor, "*B"]:
    """<f, a> + <g, b> - ε (ΣP(f,g) - Σa), at most OT_ε for any f, g."""
    _inputs.positive("eps", eps)
    _inputs.matrix("cost", cost, a, b)
    _inputs.potentials(a, b, f, g)
    excess = plan_of(a, b, cost, eps, f, g).sum((-2, -1)) - a.sum(-1)
    return (f * a).sum(-1) + (g * b).sum(-1) - eps * excess


def primal_value(
    plan: Float[Tensor, "*B m n"],
    a: Float[Tensor, "*B m"],
    b: Float[Tensor, "*B n"],
    cost: Float[Tensor, "*B m n"],
    eps: float,
) -> Float[Tensor, "*B"]:
    """<C, P> + ε KL(P | R), at least OT_ε if P has marginals a and b; infinite for mass outside theirs."""
    _inputs.positive("eps", eps)
    _inputs.matrix("plan", plan, a, b)
    _inputs.matrix("cost", cost, a, b)
    share = (a / a.sum(-1, keepdim=True))[..., :, None]
    log_ratio = torch.xlogy(plan, plan) - torch.xlogy(plan, share) - torch.xlogy(plan, b[..., None, :])
    divergence = (log_ratio - plan).sum((-2, -1)) + a.sum(-1)
    return sharp_value(plan, cost) + eps * divergence


def sharp_value(plan: Float[Tensor, "*B m n"], cost: Float[Tensor, "*B m n"]) -> Float[Tensor, "*B"]:
    """<C, P>, the cost without the entropy."""
    return (plan * cost).sum((-2, -1))


def round_plan(
    plan: Float[Tensor, "*B m n"], a: Float[Tensor, "*B m"], b: Float[Tensor, "*B n"]
) -> Float[Tensor, "*B m n"]:
    """A plan with marginals a, b to rounding, at most 2 (‖P1 - a‖₁ + ‖Pᵀ1 - b‖₁) away from P >= 0 in L1."""
    _inputs.measures(a, b)
    _inputs.matrix("plan", plan, a, b)
    plan = plan * (a / plan.sum(-1)).nan_to_num(1).clamp_max(1)[..., :, None]
    plan = plan * (b / plan.sum(-2)).nan_to_num(1).clamp_max(1)[..., None, :]
    short_a, short_b = (a - plan.sum(-1)).clamp_min(0), (b - plan.sum(-2)).clamp_min(0)
    share = (short_b / short_b.sum(-1, keepdim=True)).nan_to_num(0)
    return plan + short_a[..., :, None] * share[..., None, :]


def levels(cost: Float[Tensor, "*B m n"], eps: float) -> list[float]:
    """The ε to pass on the way from the spread of C down to eps, by quarters."""
    path = [max(float(cost.max() - cost.min()), eps)] if cost.numel() else [eps]
    while path[-1] > eps:
        path.append(path[-1] / 4)
    return path


def plan_of(a: Tensor, b: Tensor, cost: Tensor, eps: float, f: Tensor, g: Tensor) -> Tensor:
    """R exp((f ⊕ g - C) / ε), in logarithms: where both masses are tiny, the exponential alone overflows."""
    log_a = (a / a.sum(-1, keepdim=True)).log()
    scaled = torch.sub(f[..., :, None] + g[..., None, :], cost).div_(eps)
    return scaled.add_(log_a[..., :, None]).add_(b.log()[..., None, :]).exp_()


def _potentials(
    a: Tensor, b: Tensor, cost: Tensor, eps: float, tol: float, max_iter: int
) -> tuple[Tensor, Tensor, int]:
    """f, g in float64 after a final plain sweep, and the number of sweeps; warns."""
    _inputs.positive("eps", eps)
    _inputs.positive("tol", tol)
    _inputs.count("max_iter", max_iter)
    a, b, cost = (x.detach().double().contiguous() for x in (a, b, cost))
    a, b = a / a.sum(-1, keepdim=True), b / b.sum(-1, keepdim=True)
    g, used = cooled(a, b, cost, levels(cost, eps)[-max_iter // 2 :])
    f, g, error, n = relaxed(a, b, cost, eps, g, tol, max(1, max_iter - used))
    if bool((error > tol).any()):
        worst = float(error.max())
        message = f"stopped after {used + n} sweeps with marginal error {worst:.1e} > tol = {tol:.1e}"
        warnings.warn(message, ConvergenceWarning, stacklevel=3)
    return f, g, used + n
