"""The variational autoencoder: deterministic training on fifty digits, and the laws of the bound on what it has learnt.

With two latent dimensions log p(x) is a sum over a grid, so that bounds are held against the evidence itself.
"""

import math
from pathlib import Path

import pytest
import torch

from ..variational.elbo import gaussian_kl, iwae
from ..variational.vae import (
    VAE,
    bernoulli_log_likelihood,
    fit,
    gaussian_log_likelihood,
    minibatch_elbo,
    reparameterize,
)

DIGITS = Path(__file__).parents[2] / "properties" / "data" / "digits.csv"


def images() -> torch.Tensor:
    """Fifty digits of 64 binary pixels."""
    rows = [line.split(",")[1:] for line in DIGITS.read_text().splitlines() if line[:1].isdigit()]
    return (torch.tensor([[int(count) for count in row] for row in rows], dtype=torch.float64) > 7).double()


def trained(seed: int) -> tuple[VAE, list[float]]:
    rng = torch.Generator().manual_seed(seed)
    vae = VAE(64, 2, (16,), generator=rng, dtype=torch.float64)
    return vae, list(fit(vae, images(), epochs=30, batch=16, lr=1e-2, generator=rng))


def grid(reach: float, step: float) -> torch.Tensor:
    axis = torch.arange(-reach, reach + step / 2, step, dtype=torch.float64)
    return torch.cartesian_prod(axis, axis)


@pytest.fixture(scope="module")
def learnt() -> VAE:
    return trained(0)[0].requires_grad_(False)


def test_training_is_deterministic_and_improves_the_bound() -> None:
    before = torch.random.get_rng_state()
    (one, bounds), (other, same) = trained(3), trained(3)
    assert bounds == same
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert bounds[-1] > bounds[0] + 8
    assert torch.equal(torch.random.get_rng_state(), before)


def test_bounds_of_the_trained_model_stay_below_the_evidence(learnt: VAE) -> None:
    z, dz = grid(7.0, 0.1), 0.1**2
    prior = -z.square().sum(1) / 2 - math.log(2 * math.pi)
    eps, de = grid(8.0, 0.5), 0.5**2
    weight = (-eps.square().sum(1) / 2).exp() / (2 * math.pi) * de
    for x in images()[:4]:
        log_evidence = (learnt.log_likelihood(x.expand(len(z), -1), z) + prior).logsumexp(0) + math.log(dz)
        items = x.expand(len(eps), -1)
        bound, log_w = learnt(items, eps), learnt.log_weights(items, eps)
        elbo = weight @ bound
        torch.testing.assert_close(weight @ log_w, elbo, rtol=0, atol=1e-9)
        assert elbo < log_evidence
        torch.testing.assert_close(
            (weight @ (log_w - log_evidence).exp()).log(), torch.zeros_like(elbo), rtol=0, atol=1e-3
        )
        two = weight @ iwae(torch.stack(torch.meshgrid(log_w, log_w, indexing="ij"), -1)) @ weight
        assert elbo < two < log_evidence


def test_the_bound_is_likelihood_less_divergence(learnt: VAE) -> None:
    x, eps = images()[:5], torch.randn(5, 2, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    mu, logvar = learnt.encode(x)
    z = reparameterize(mu, logvar, eps)
    torch.testing.assert_close(learnt(x, eps), learnt.log_likelihood(x, z) - gaussian_kl(mu, logvar))
    assert torch.equal(reparameterize(mu, logvar, 0 * eps), mu)


def test_a_linear_one_finds_the_principal_components() -> None:
    """Trained by gradients, its bound approaches the largest likelihood of probabilistic PCA, never above it."""
    rng = torch.Generator().manual_seed(5)
    x = torch.randn(200, 3, generator=rng, dtype=torch.float64) @ torch.diag(torch.tensor([2.0, 0.7, 0.5]).double())
    values = torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0)
    s = values[1:].mean()
    best = -0.5 * (values[0].log() + 2 * s.log() + 3 * math.log(2 * math.pi) + 3)
    vae = VAE(3, 1, (), "gaussian", generator=rng, dtype=torch.float64)
    bounds = list(fit(vae, x, epochs=300, batch=50, lr=2e-2, generator=rng))
    with torch.no_grad():
        eps = torch.tensor([[-(3**0.5)], [0.0], [3**0.5]], dtype=torch.float64)
        found = sum(w * vae(x, e.expand(200, 1)).mean() for e, w in zip(eps, (1 / 6, 2 / 3, 1 / 6), strict=True))
    assert bounds[0] < best - 0.5
    assert best - 0.02 < found < best


def test_likelihoods() -> None:
    rng = torch.Generator().manual_seed(6)
    x, logits = (torch.rand(4, 5, generator=rng) > 0.5).double(), torch.randn(4, 5, generator=rng).double() * 5
    want = -torch.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)
    torch.testing.assert_close(bernoulli_log_likelihood(x, logits), want)
    far = torch.full((1, 1), 1e4, dtype=torch.float64)
    assert bernoulli_log_likelihood(torch.zeros_like(far), far) == -1e4
    assert bernoulli_log_likelihood(torch.ones_like(far), far) == 0
    each = torch.nn.functional.gaussian_nll_loss(logits, 2 * x, x.exp(), full=True, reduction="none")
    want = -each.sum(-1)
    torch.testing.assert_close(gaussian_log_likelihood(2 * x, logits, x), want)
    assert minibatch_elbo(torch.tensor([1.0, 3.0]), 6, torch.tensor(-1.0)) == 11


def test_bad_input_is_named() -> None:
    rng = torch.Generator().manual_seed(7)
    with pytest.raises(ValueError, match="likelihood: expected 'bernoulli' or 'gaussian'"):
        VAE(3, 1, likelihood="poisson", generator=rng)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="x: expected numbers from 0 to 1"):
        bernoulli_log_likelihood(torch.tensor([1.5]), torch.zeros(1))
    with pytest.raises(ValueError, match="x, logits: expected one shape"):
        bernoulli_log_likelihood(torch.ones(2), torch.zeros(1))
    with pytest.raises(ValueError, match="local: expected 1 to N = 2 items"):
        minibatch_elbo(torch.ones(3), 2)
