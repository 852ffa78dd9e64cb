"""Normal-normal shrinkage: batches, dtypes, gradients, ends of the range, and bad input."""

import pytest
import torch

from ..bayes import shrinkage
from ..bayes.shrinkage import adjusted, compromise, log_evidence, posterior, predictive, sequence, shrunk


def number(x: float, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.tensor(x, dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_batches_are_one_problem_at_a_time(dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(1)
    mu0, y = torch.randn(4, 1, generator=rng, dtype=dtype), torch.randn(3, 6, generator=rng, dtype=dtype)
    tau0_sq, sigma_sq = number(0.5, dtype), torch.rand(3, generator=rng, dtype=dtype) + 1
    mu, tau_sq = posterior(mu0, tau0_sq, sigma_sq, y)
    evidence = log_evidence(mu0, tau0_sq, sigma_sq, y)
    assert mu.shape == tau_sq.shape == evidence.shape == (4, 3)
    assert mu.dtype == evidence.dtype == dtype
    alone = posterior(mu0[2, 0], tau0_sq, sigma_sq[1], y[1])
    torch.testing.assert_close(mu[2, 1], alone.mu)
    torch.testing.assert_close(evidence[2, 1], log_evidence(mu0[2, 0], tau0_sq, sigma_sq[1], y[1]))


def test_the_sequence_ends_in_the_posterior_and_begins_with_the_prior() -> None:
    y = torch.tensor([[1.0, -2.0, 4.0], [0.0, 3.0, 3.0]], dtype=torch.float64)
    model = (number(0.75), number(4.0), number(0.5))
    along = sequence(*model, y)
    assert along.mu.shape == along.tau_sq.shape == (2, 4)
    for n in range(4):
        mu, tau_sq = posterior(*model, y[:, :n])
        torch.testing.assert_close(along.mu[:, n], mu)
        torch.testing.assert_close(along.tau_sq[:, n], tau_sq)
    mean, variance = predictive(*model, y)
    torch.testing.assert_close(mean, along.mu[:, -1])
    torch.testing.assert_close(variance, along.tau_sq[:, -1] + 0.5)


def test_ends_of_the_range() -> None:
    nothing = torch.zeros(0, dtype=torch.float64)
    prior = posterior(number(0.1), number(0.3), number(7.0), nothing)
    assert (prior.mu.item(), prior.tau_sq.item()) == (0.1, 0.3)
    assert log_evidence(number(0.1), number(0.3), number(7.0), nothing).item() == 0
    y = torch.tensor([2.0, 5.0], dtype=torch.float64)
    flat = posterior(number(1e300), number(torch.inf), number(3.0), y)
    assert (flat.mu.item(), flat.tau_sq.item()) == (3.5, 1.5)
    assert log_evidence(number(1.0), number(torch.inf), number(3.0), y).item() == -torch.inf
    for tau0_sq, sigma_sq in ((1e12, 1e-12), (1e-12, 1e12)):
        for dtype in (torch.float32, torch.float64):
            mu, tau_sq = posterior(number(9.0, dtype), number(tau0_sq, dtype), number(sigma_sq, dtype), y.to(dtype))
            assert mu.item() == pytest.approx(3.5 if tau0_sq > 1 else 9.0)
            assert tau_sq.item() == pytest.approx(min(tau0_sq, sigma_sq / 2))


def test_three_forms_of_one_mean() -> None:
    rng = torch.Generator().manual_seed(2)
    mu0, y = torch.randn(2, 50, generator=rng, dtype=torch.float64)
    tau0_sq, sigma_sq = torch.exp(8 * torch.randn(2, 50, generator=rng, dtype=torch.float64))
    first = compromise(mu0, tau0_sq, sigma_sq, y)
    for form in (adjusted, shrunk):
        torch.testing.assert_close(form(mu0, tau0_sq, sigma_sq, y), first, rtol=0, atol=1e-14)
        assert torch.equal(form(mu0, number(torch.inf), sigma_sq, y), y) or form is adjusted
    torch.testing.assert_close(posterior(mu0, tau0_sq, sigma_sq, y[:, None]).mu, first, rtol=0, atol=1e-14)


def test_gradients_and_tweedie() -> None:
    y = torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64, requires_grad=True)
    mu0, tau0_sq, sigma_sq = (number(x).requires_grad_() for x in (0.3, 2.0, 0.7))
    model = (mu0, tau0_sq, sigma_sq)
    assert torch.autograd.gradcheck(lambda *x: tuple(posterior(*x)), (*model, y))
    assert torch.autograd.gradcheck(log_evidence, (*model, y))
    one = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(log_evidence(*model, one), one)
    torch.testing.assert_close(one + 0.7 * slope, posterior(*model, one).mu[None])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tau0_sq": 0.0}, "tau0_sq: expected variances > 0, got"),
        ({"sigma_sq": -1.0}, "sigma_sq: expected finite variances > 0, got"),
        ({"sigma_sq": torch.inf}, "sigma_sq: expected finite variances > 0"),
        ({"mu0": torch.nan}, "mu0: expected finite numbers, got 1 NaN or infinite of 1"),
    ],
)
def test_bad_numbers_are_named(change: dict[str, float], message: str) -> None:
    model = {"mu0": 0.0, "tau0_sq": 1.0, "sigma_sq": 1.0} | change
    with pytest.raises(ValueError, match=message):
        posterior(**{k: number(v) for k, v in model.items()}, y=torch.ones(2, dtype=torch.float64))


def test_bad_shapes_are_named() -> None:
    one, two = number(1.0), torch.ones(2, dtype=torch.float64)
    with pytest.raises(ValueError, match="tau0_sq: expected finite variances"):
        posterior(one, number(torch.inf), one, two[:0])
    with pytest.raises(ValueError, match="leading dimensions that broadcast"):
        posterior(torch.ones(3, dtype=torch.float64), one, one, two.expand(2, 2))
    with pytest.raises(ValueError, match="y: expected observations along a last dimension"):
        posterior(one, one, one, one)
    with pytest.raises(ValueError, match="expected one dtype"):
        posterior(one, one, one, two.float())
    with pytest.raises(ValueError, match="y: expected dtype"):
        shrinkage.log_evidence(one, one, one, torch.ones(2, dtype=torch.int64))
