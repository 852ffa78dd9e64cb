"""c-transforms and Kantorovich-Rubinstein potentials."""

import pytest
import torch

from ..transport import kantorovich, rubinstein
from ..transport.c_transform import c_transform, c_transform_bar
from ._problems import problems


def test_c_transforms_are_feasible_and_three_are_one() -> None:
    for _, a, b, cost in problems(seed=1, number=90):
        phi = cost.mean(1) + a
        psi = c_transform(phi, cost)
        back = c_transform_bar(psi, cost)
        top = float(cost.abs().max() + phi.abs().max())
        assert (phi[:, None] + psi - cost).max() <= 1e-15 * top
        assert bool((back >= phi - 1e-15 * top).all())
        torch.testing.assert_close(c_transform(back, cost), psi, rtol=0, atol=1e-15 * top)
        assert kantorovich.dual_value(a, b, back, psi) >= kantorovich.dual_value(a, b, phi, psi) - 1e-14 * top


def test_masked_atoms_never_attain_the_minimum() -> None:
    cost = torch.tensor([[0.0, 5.0], [3.0, 1.0]])
    assert c_transform(torch.tensor([-torch.inf, 1.0]), cost).tolist() == [2.0, 0.0]
    assert c_transform_bar(torch.tensor([-torch.inf, -torch.inf]), cost).tolist() == [torch.inf, torch.inf]
    assert c_transform(torch.zeros(4, 1, 2), cost).shape == (4, 1, 2)
    with pytest.raises(ValueError, match="phi: expected no NaN"):
        c_transform(torch.tensor([0.0, torch.nan]), cost)
    with pytest.raises(ValueError, match="cost: expected finite"):
        c_transform(torch.zeros(2), cost / 0)
    with pytest.raises(ValueError, match="psi: expected length 2"):
        c_transform_bar(torch.zeros(3), cost)


def test_c_transform_gradients() -> None:
    rng = torch.Generator().manual_seed(2)
    phi = torch.randn(2, 4, generator=rng, dtype=torch.float64, requires_grad=True)
    cost = torch.randn(4, 3, generator=rng, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(c_transform, (phi, cost))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_potential_is_enough_for_a_metric(dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(3)
    for k in range(100):
        n = 2 + k % 6
        points = torch.randint(4, (n, 2), generator=rng).double()
        D = torch.cdist(points, points).to(dtype)
        mu, nu = torch.randint(1, 5, (2, n), generator=rng).to(dtype)
        mu, nu = mu / mu.sum(), nu / nu.sum()
        value, f = rubinstein.solve(mu, nu, D)
        slack = 64 * torch.finfo(dtype).eps * float(D.max())
        assert (f[:, None] - f - D).max() <= slack
        assert abs(float(f @ (mu - nu) - value)) <= slack
        assert abs(float(kantorovich.value(mu, nu, D) - value)) <= slack
        swapped, _ = rubinstein.solve(nu, mu, D)
        assert abs(float(swapped - value)) <= slack


def test_without_the_triangle_inequality_the_closure_is_transported() -> None:
    rng = torch.Generator().manual_seed(4)
    points = torch.linspace(0, 1, 5, dtype=torch.float64)[:, None]
    mu, nu = torch.rand(2, 5, generator=rng, dtype=torch.float64).softmax(1)
    nu = nu.sort().values
    squared = torch.cdist(points, points) ** 2
    assert not rubinstein.is_metric(squared)
    assert rubinstein.is_metric(squared**0.25)
    with pytest.raises(ValueError, match="closure=True"):
        rubinstein.solve(mu, nu, squared)
    value, f = rubinstein.solve(mu, nu, squared, closure=True)
    closed = rubinstein.shortest_paths(squared)
    torch.testing.assert_close(value, kantorovich.value(mu, nu, closed))
    assert value < kantorovich.value(mu, nu, squared)
    assert (f[:, None] - f - squared).max() <= 1e-15
    one_way = torch.rand(5, 5, generator=rng, dtype=torch.float64)
    value, f = rubinstein.solve(mu, nu, one_way, closure=True)
    torch.testing.assert_close(value, f @ (mu - nu))
    assert (f[:, None] - f - one_way.fill_diagonal_(0)).max() <= 1e-15


def test_equal_measures_cost_nothing_and_bad_input_raises() -> None:
    mu, D = torch.tensor([0.25, 0.75]), 1 - torch.eye(2)
    value, f = rubinstein.solve(mu, mu, D)
    assert float(value) == 0
    assert f.tolist() == [0, 0]
    assert rubinstein.mcshane_extension(torch.tensor([0.0, 1.0]), torch.tensor([[2.0, 3.0]])).tolist() == [2.0]
    with pytest.raises(ValueError, match="square"):
        rubinstein.solve(mu, mu, torch.ones(2, 3))
    with pytest.raises(ValueError, match="mu, nu: expected equal sums"):
        rubinstein.solve(mu, 2 * mu, D)
    with pytest.raises(ValueError, match="non-negative"):
        rubinstein.solve(mu, mu, -D, closure=True)
    with pytest.raises(ValueError, match="distances: expected"):
        rubinstein.mcshane_extension(mu, torch.ones(2, 3))
