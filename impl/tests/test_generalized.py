"""The generalized reparameterization gradient, integrated exactly over its own noise."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import Beta, Distribution, Gamma, LogNormal, Normal

from ..variational import generalized
from ..variational.generalized import Generalized

STEP = 2.0**-5
LAWS: dict[str, Callable[..., Distribution]] = {"gamma": Gamma, "beta": Beta, "normal": Normal, "lognormal": LogNormal}
CASES = [
    ("gamma", 0.3, 1.7),
    ("gamma", 2.5, 0.6),
    ("gamma", 20.0, 3.0),
    ("beta", 0.4, 3.0),
    ("beta", 2.5, 1.7),
    ("normal", 0.7, 1.5),
    ("lognormal", -0.3, 0.5),
]


def square(z: Tensor) -> Tensor:
    return z.square()


def twice(z: Tensor) -> Tensor:
    return 2 * z


def over_noise(dist: str, *v: float) -> tuple[Generalized, Tensor]:
    """Contributions for f = z² on a grid of ε, and the weights of the trapezoid rule."""
    left, right = {"gamma": (-60, 12), "beta": (-60, 60)}.get(dist, (-12, 12))
    eps = torch.arange(left, right, STEP, dtype=torch.float64)
    found = generalized.gradient(square, twice, dist, torch.tensor(v, dtype=torch.float64), eps)
    return found, found.logq_eps.exp() * STEP


def truth(dist: str, *v: float) -> Tensor:
    theta = torch.tensor(v, dtype=torch.float64, requires_grad=True)
    q = LAWS[dist](*theta)
    return torch.autograd.grad(q.variance + q.mean.square(), theta)[0]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_mean_over_the_noise_is_the_gradient(case: tuple[Any, ...]) -> None:
    found, w = over_noise(*case)
    torch.testing.assert_close(w.sum(), torch.ones_like(w[0]), rtol=0, atol=1e-12)
    mean = w @ (found.g_rep + found.g_corr)
    torch.testing.assert_close(mean, truth(*case), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_two_corrections_of_the_score_have_mean_zero_together_only(case: tuple[Any, ...]) -> None:
    """E [f' h + f (∂_z log q h + u)] = 0, the sentence that is left open where the estimator is usually explained."""
    found, w = over_noise(*case)
    z = found.z.clone().requires_grad_()
    theta = torch.tensor(case[1:], dtype=torch.float64)
    log_q = LAWS[case[0]](*theta, validate_args=False).log_prob(z)
    (slope,) = torch.autograd.grad(log_q.sum(), z)
    live = (w > 1e-25) & slope.isfinite()
    path = (w[:, None] * found.g_rep)[live].sum(0)
    bracket = slope[:, None] * found.h + found.u
    score = (w[:, None] * found.z.square()[:, None] * bracket)[live].sum(0)
    torch.testing.assert_close(path + score, torch.zeros_like(path), rtol=0, atol=1e-10 * float(path.abs().max() + 1))
    assert bool((path.abs() > 1e-3).all())


def test_the_correction_matters_for_small_shapes_and_not_for_large_ones() -> None:
    shares = []
    for alpha in (0.3, 1.0, 2.5, 20.0):
        found, w = over_noise("gamma", alpha, 1.0)
        shares.append(float((w @ found.g_corr)[0] / (2 * alpha + 1)))
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(1.1774, abs=1e-4)
    assert shares[-1] == pytest.approx(8.33e-4, abs=1e-6)


def test_a_rate_and_a_normal_need_no_correction() -> None:
    found, _ = over_noise("gamma", 2.5, 0.6)
    assert float((found.g_corr[:, 1]).abs().max()) == 0
    found, _ = over_noise("normal", 0.7, 1.5)
    assert float((found.g_corr / found.z.square()[:, None].clamp_min(1)).abs().max()) < 1e-13


def test_a_beta_keeps_its_digits_where_it_is_nearly_0() -> None:
    """log q_T − α T = −(α+β) log(1 + e^T) − log B, which is far from T = 0 only just not constant."""
    alpha, beta = 0.5, 2.5
    eps = torch.tensor([-9.0, -9.5], dtype=torch.float64)
    found = generalized.gradient(square, twice, "beta", torch.tensor([alpha, beta], dtype=torch.float64), eps)
    T = torch.logit(found.z)
    assert bool((T < -20).all())
    change = (found.logq_eps - alpha * T).diff() - -(alpha + beta) * torch.log1p(T.exp()).diff()
    assert float(change.abs()) < 1e-13


def test_dirichlet_over_the_noise() -> None:
    """E z₁² = α₁(α₁+1)/α₀(α₀+1)."""
    alpha = torch.tensor([1.5, 0.8], dtype=torch.float64)
    axis = torch.arange(-24, 8, 0.125, dtype=torch.float64)
    eps = torch.cartesian_prod(axis, axis)

    def slope(z: Tensor) -> Tensor:
        return torch.stack([2 * z[:, 0], torch.zeros_like(z[:, 1])], 1)

    found = generalized.dirichlet(lambda z: z[:, 0].square(), slope, alpha, eps)
    w = found.logq_eps.exp() / 64
    theta = alpha.clone().requires_grad_()
    total = theta.sum()
    (want,) = torch.autograd.grad(theta[0] * (theta[0] + 1) / total / (total + 1), theta)
    assert float(w.sum()) == pytest.approx(1, abs=1e-9)
    torch.testing.assert_close(w @ (found.g_rep + found.g_corr), want, rtol=1e-7, atol=1e-9)


def test_single_precision_is_kept() -> None:
    found = generalized.gradient(square, twice, "gamma", torch.tensor([2.5, 1.0]), torch.zeros(3))
    assert {x.dtype for x in found} == {torch.float32}


@pytest.mark.parametrize(
    ("dist", "params", "eps", "message"),
    [
        ("cauchy", [1.0, 1.0], [0.0], "dist: expected one of gamma, beta, normal, lognormal"),
        ("gamma", [-1.0, 1.0], [0.0], "params: expected shapes, rates and deviations > 0"),
        ("normal", [-1.0, 0.0], [0.0], "params: expected shapes, rates and deviations > 0"),
        ("gamma", [1.0], [0.0], "params: expected the two parameters"),
        ("gamma", [1.0, 1.0], [float("nan")], "eps: expected finite"),
    ],
)
def test_bad_input_is_named(dist: str, params: list[float], eps: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        generalized.gradient(square, twice, dist, torch.tensor(params), torch.tensor(eps))
