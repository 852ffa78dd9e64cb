"""The pathwise estimator: autograd's own path, what it cannot see, and what it refuses."""

import math

import pytest
import torch

from ..variational import reparameterization
from .test_score_function import DTYPE, nodes, one


def quartic(z: torch.Tensor) -> torch.Tensor:
    return z[:, 0] ** 4 - z[:, 0] * z[:, 1] ** 2 + z.sum(1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_contributions_are_those_of_autograd(dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(1)
    mu, sigma = torch.randn(2, 3, generator=rng, dtype=dtype)
    sigma, eps = sigma.exp(), torch.randn(5, 3, generator=rng, dtype=dtype)
    df = reparameterization.slope_of(quartic)
    G, z = reparameterization.normal(df, mu, sigma, eps)
    want = torch.func.vmap(torch.func.grad(lambda v, e: quartic((v[:3] + v[3:] * e)[None])[0]), in_dims=(None, 0))(
        torch.cat([mu, sigma]), eps
    )
    torch.testing.assert_close(G, want, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(z, mu + sigma * eps)
    L = torch.randn(3, 3, generator=rng, dtype=dtype).tril(-1) + torch.diag(sigma)
    factor, mean, z = reparameterization.cholesky(df, mu, L, eps)
    want = torch.func.vmap(torch.func.grad(lambda A, e: quartic((mu + A @ e)[None])[0]), in_dims=(None, 0))(L, eps)
    torch.testing.assert_close(factor, want.tril(), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(mean, df(z))


def test_a_jump_is_not_seen_by_its_slope() -> None:
    mu, sigma = one(0.3, 1.0)
    eps, w = nodes()
    assert float(w @ reparameterization.normal(torch.zeros_like, mu, sigma, eps).gradient[:, 0]) == 0.0
    density = math.exp(-(0.3**2) / 2) / math.sqrt(2 * math.pi)
    assert round(density, 4) == 0.3814  # the derivative of P(z > 0)


def test_bad_input_is_named() -> None:
    mu, sigma, eps = one(0.0, 1.0, 0.5)
    L = torch.tensor([[1.0, 0.5], [0.0, 1.0]], dtype=DTYPE)
    two = torch.zeros(2, dtype=DTYPE)
    for call, message in (
        (lambda: reparameterization.normal(torch.sin, mu, 0 * sigma, eps[None]), "sigma: expected numbers > 0"),
        (lambda: reparameterization.normal(lambda z: z[:, 0], mu, sigma, eps[None]), "df: expected the shape of z"),
        (lambda: reparameterization.normal(torch.sin, mu, sigma, eps[None] / 0), "eps: expected finite"),
        (lambda: reparameterization.cholesky(torch.sin, two, L, two[None]), "L: expected a lower triangle"),
        (lambda: reparameterization.cholesky(torch.sin, mu, L, two[None]), "L: expected shape"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
