"""James-Stein: batches, targets, the unbiased estimate of the risk as a divergence, and bad input."""

import pytest
import torch

from ..bayes.james_stein import james_stein, risk_estimate

ONE = torch.ones((), dtype=torch.float64)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_batches_and_targets(dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(1)
    y, sigma_sq = torch.randn(4, 3, 6, generator=rng, dtype=dtype) * 2, torch.tensor([0.5, 1.0, 3.0], dtype=dtype)
    target = torch.randn(6, generator=rng, dtype=dtype)
    together = james_stein(y, sigma_sq, target)
    assert together.shape == y.shape
    assert together.dtype == dtype
    torch.testing.assert_close(together[2, 1], james_stein(y[2, 1], sigma_sq[1], target))
    assert risk_estimate(y, sigma_sq, target).shape == (4, 3)
    shrunk = james_stein(y, sigma_sq)
    torch.testing.assert_close(shrunk.mean(-1), y.mean(-1))
    assert bool(
        ((shrunk - shrunk.mean(-1, keepdim=True)).norm(dim=-1) <= (y - y.mean(-1, keepdim=True)).norm(dim=-1)).all()
    )


@pytest.mark.parametrize("positive_part", [True, False])
@pytest.mark.parametrize("with_target", [True, False])
@pytest.mark.parametrize("far", [0.2, 1.0, 3.0])
def test_the_risk_estimate_is_steins_divergence(positive_part: bool, with_target: bool, far: float) -> None:
    """p σ² + ‖g‖² + 2σ² ∇·g, with the divergence from autograd."""
    y = far * torch.tensor([1.0, -2.0, 0.5, 1.5, -0.3], dtype=torch.float64)
    target = torch.tensor([0.1, 0.2, -0.3, 0.0, 0.4], dtype=torch.float64) if with_target else None
    sigma_sq = torch.tensor(0.7, dtype=torch.float64)

    def estimate(x: torch.Tensor) -> torch.Tensor:
        return james_stein(x, sigma_sq, target, positive_part=positive_part)

    step = estimate(y) - y
    divergence = torch.func.jacrev(estimate)(y).trace() - 5
    want = 5 * sigma_sq + step @ step + 2 * sigma_sq * divergence
    torch.testing.assert_close(risk_estimate(y, sigma_sq, target, positive_part=positive_part), want)


def test_few_means_and_the_target_itself() -> None:
    pair = torch.tensor([3.0, -1.0], dtype=torch.float64)
    assert torch.equal(james_stein(pair, ONE, torch.zeros_like(pair)), pair)
    assert risk_estimate(pair, 3 * ONE, torch.zeros_like(pair)) == 6
    assert torch.equal(james_stein(torch.tensor([1.0, 2.0, 4.0]), torch.ones(())), torch.tensor([1.0, 2.0, 4.0]))
    at = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    for positive_part in (True, False):
        assert torch.equal(james_stein(at, ONE, at, positive_part=positive_part), at)


def test_bad_input_is_named() -> None:
    y = torch.ones(4, dtype=torch.float64)
    with pytest.raises(ValueError, match="sigma_sq: expected finite variances > 0"):
        james_stein(y, 0 * ONE)
    with pytest.raises(ValueError, match="y: expected finite"):
        james_stein(y / 0, ONE)
    with pytest.raises(ValueError, match=r"target: expected the shape of y \[4\]"):
        james_stein(y, ONE, torch.zeros(3, dtype=torch.float64))
    with pytest.raises(ValueError, match="y: expected at least one mean"):
        james_stein(ONE, ONE)
    with pytest.raises(ValueError, match="leading dimensions that broadcast"):
        james_stein(torch.ones(3, 4, dtype=torch.float64), torch.ones(2, dtype=torch.float64))
