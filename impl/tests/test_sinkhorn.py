"""Primal and dual values meet, sweeps climb, and limits, gradients and refusals are what they should be."""

import warnings

import pytest
import torch

from ..transport import divergence, kantorovich, sinkhorn
from ._problems import problems


def scaled(cost: torch.Tensor) -> torch.Tensor:
    return cost / cost.abs().max().clamp_min(1e-300)


@pytest.mark.parametrize("eps", [1e-3, 0.05, 1.0, 1e3])
def test_the_plan_is_entropic_optimal_for_its_own_marginals(eps: float) -> None:
    for kind, a, b, cost in problems(seed=1, number=36):
        cost = scaled(cost)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            plan, f, g, error, _ = sinkhorn.solve(a, b, cost, eps, max_iter=1000)
        assert (eps > 0.1) <= (not warned)
        assert bool(torch.isfinite(f).all() and torch.isfinite(g).all()), kind
        assert bool((plan[a == 0] == 0).all() and (plan[:, b == 0] == 0).all())
        torch.testing.assert_close(plan.sum(0), b, rtol=1e-12, atol=1e-12)
        assert bool(warned) or error <= 2e-8 * a.sum(), kind
        rows, columns = plan.sum(1), plan.sum(0)
        torch.testing.assert_close(error, (rows - a).abs().sum() + (columns - b).abs().sum())
        gap = sinkhorn.primal_value(plan, a, b, cost, eps) - sinkhorn.dual_value(a, b, cost, eps, f, g)
        assert abs(gap - f @ (rows - a)) <= 1e-11 * a.sum() * max(1, eps), kind
        rounded = sinkhorn.round_plan(plan, a, b)
        assert (rounded.sum(1) - a).abs().sum() + (rounded.sum(0) - b).abs().sum() <= 1e-13 * a.sum()
        assert sinkhorn.dual_value(a, b, cost, eps, f, g) <= sinkhorn.primal_value(rounded, a, b, cost, eps) + 1e-9
        assert kantorovich.value(a, b, cost) <= sinkhorn.sharp_value(rounded, cost) + 1e-12


def test_sweeps_climb_and_solve_ends_where_they_do() -> None:
    for _, a, b, cost in problems(seed=2, number=27):
        cost, g, last, worst = scaled(cost), torch.zeros_like(b), -torch.inf, torch.inf
        for _ in range(300):
            f, g = sinkhorn.sweep(a, b, cost, 0.2, g)
            dual = float(sinkhorn.dual_value(a, b, cost, 0.2, f, g))
            error = float((sinkhorn.plan_of(a, b, cost, 0.2, f, g).sum(1) - a).abs().sum())
            assert dual >= last - 1e-13 * float(a.sum())
            assert error <= worst + 1e-13 * float(a.sum())
            last, worst = dual, error
        if worst < 1e-9:
            found = sinkhorn.solve(a, b, cost, 0.2).plan
            torch.testing.assert_close(
                found, sinkhorn.plan_of(a, b, cost, 0.2, f, g), rtol=0, atol=1e-8 * float(a.sum())
            )


def test_small_eps_converges_to_the_exact_value() -> None:
    rng = torch.Generator().manual_seed(3)
    x, y = torch.randn(2, 20, 1, generator=rng, dtype=torch.float64)
    a, b = torch.rand(2, 20, generator=rng, dtype=torch.float64).softmax(1)
    cost = torch.cdist(x, y) ** 2
    exact = kantorovich.value(a, b, cost)
    values = [sinkhorn.value(a, b, cost, eps * float(cost.max()), tol=1e-7) for eps in (1e-1, 1e-2, 1e-3)]
    assert values[0] > values[1] > values[2] > exact
    assert values[2] - exact < 1e-3 * cost.max() * 3


def test_mass_and_batch_and_float32() -> None:
    rng = torch.Generator().manual_seed(4)
    a, b = torch.rand(2, 3, 4, generator=rng, dtype=torch.float64).softmax(-1)
    cost = torch.rand(4, 4, generator=rng, dtype=torch.float64)
    values = sinkhorn.value(a, b, cost, 0.1)
    torch.testing.assert_close(sinkhorn.value(7 * a, 7 * b, cost, 0.1), 7 * values)
    torch.testing.assert_close(values[1], sinkhorn.value(a[1], b[1], cost, 0.1))
    plan = sinkhorn.solve(a.float(), b.float(), cost.float(), 0.1)
    assert plan.plan.dtype == plan.marginal_error.dtype == torch.float32
    assert bool((plan.marginal_error < 1e-6).all())


def test_gradients() -> None:
    rng = torch.Generator().manual_seed(5)
    logits = torch.randn(3, generator=rng, dtype=torch.float64, requires_grad=True)
    b = torch.full((4,), 0.25, dtype=torch.float64)
    X = torch.randn(3, 2, generator=rng, dtype=torch.float64, requires_grad=True)
    Y = torch.randn(4, 2, generator=rng, dtype=torch.float64, requires_grad=True)

    def value(t: torch.Tensor, X: torch.Tensor, Y: torch.Tensor) -> torch.Tensor:
        return sinkhorn.value(t.softmax(0), b, torch.cdist(X, Y), 0.3, tol=1e-12)

    def debiased(t: torch.Tensor, X: torch.Tensor, Y: torch.Tensor) -> torch.Tensor:
        return divergence.sinkhorn_divergence(t.softmax(0), X, b, Y, 0.3, tol=1e-12)

    assert torch.autograd.gradcheck(value, (logits, X, Y))
    assert torch.autograd.gradcheck(debiased, (logits, X, Y))


@pytest.mark.parametrize("p", [0.5, 1, 2])
def test_the_divergence_vanishes_at_equality_and_has_its_limits(p: float) -> None:
    rng = torch.Generator().manual_seed(6)
    X, Y = torch.randn(2, 6, 2, generator=rng, dtype=torch.float64)
    a, b = torch.rand(2, 6, generator=rng, dtype=torch.float64).softmax(1)

    def S(a: torch.Tensor, X: torch.Tensor, b: torch.Tensor, Y: torch.Tensor, eps: float) -> torch.Tensor:
        return divergence.sinkhorn_divergence(a, X, b, Y, eps, p)

    order = torch.randperm(6, generator=rng)
    assert S(a, X, a[order], X[order], 0.1).abs() < 1e-10
    assert S(a, X, b, Y, 0.1) > 0
    torch.testing.assert_close(S(a, X, b, Y, 0.1), S(b, Y, a, X, 0.1))
    costs = tuple(torch.cdist(u, v) ** p for u, v in ((X, Y), (X, X), (Y, Y)))
    assert torch.equal(S(a, X, b, Y, 0.1), divergence.from_costs(a, b, costs[0], costs[1], costs[2], 0.1))
    energy = a @ costs[0] @ b - (a @ costs[1] @ a + b @ costs[2] @ b) / 2
    torch.testing.assert_close(S(a, X, b, Y, 1e5), energy, rtol=0, atol=1e-3)
    exact = kantorovich.value(a, b, costs[0])
    torch.testing.assert_close(S(a, X, b, Y, 0.02), exact, rtol=0.05, atol=0.02)


def test_a_kernel_that_is_not_definite_goes_below_zero() -> None:
    points = torch.tensor([[0.0], [1.0], [2.0]], dtype=torch.float64)
    a = torch.tensor([0.5, 0.0, 0.5], dtype=torch.float64)
    b = torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)
    negative = divergence.sinkhorn_divergence(a, points, b, points, 10.0, 3)
    assert abs(float(negative) + 0.610) < 1e-3


def test_what_cannot_be_solved_raises_and_what_was_not_warns() -> None:
    a, cost = torch.ones(2) / 2, torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    for bad in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="eps: expected"):
            sinkhorn.solve(a, a, cost, bad)
        with pytest.raises(ValueError, match="eps: expected"):
            divergence.self_value(a, cost, bad)
    with pytest.raises(ValueError, match="max_iter: expected"):
        sinkhorn.solve(a, a, cost, 1.0, max_iter=0)
    with pytest.raises(ValueError, match="tol: expected"):
        sinkhorn.value(a, a, cost, 1.0, tol=0)
    with pytest.raises(ValueError, match="cost_aa: expected a symmetric"):
        divergence.from_costs(a, a, cost, cost.tril(), cost, 1.0)
    with pytest.raises(ValueError, match=r"plan: expected shape \[..., 2, 2\]"):
        sinkhorn.round_plan(torch.ones(3, 2), a, a)
    with pytest.raises(ValueError, match="g: expected 2 potentials"):
        sinkhorn.sweep(a, a, cost, 1.0, torch.zeros(3))
    b, C = torch.tensor([0.9, 0.1]), torch.tensor([[0.0, 1.0], [1.0, 0.2]])
    with pytest.warns(sinkhorn.ConvergenceWarning, match="stopped after 3 sweeps"):
        short = sinkhorn.solve(a, b, C, 0.05, max_iter=3)
    assert short.iterations == 3
    assert short.marginal_error > 1e-8
