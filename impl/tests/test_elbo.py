"""Evidence lower bounds: values against closed forms, the path gradient, many weights, finite spaces, and bad input."""

import math

import pytest
import torch

from ..variational.elbo import elbo, elbo_with_entropy, finite_elbo, gaussian_kl, iwae

A = torch.tensor([[2.0, 0.5], [0.5, 3.0]], dtype=torch.float64)
b = torch.tensor([1.0, -2.0], dtype=torch.float64)


def log_joint(z: torch.Tensor) -> torch.Tensor:
    return z @ b - ((z @ A) * z).sum(-1) / 2 - 0.25


def log_evidence() -> torch.Tensor:
    value: torch.Tensor = (
        -0.25 + b @ torch.linalg.solve(A, b) / 2 + math.log(2 * math.pi) - torch.linalg.det(A).log() / 2
    )
    return value


def noise(S: int, d: int = 2) -> torch.Tensor:
    return torch.randn(S, d, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_both_forms_have_one_mean_below_the_evidence() -> None:
    mu, log_sigma = torch.tensor([0.3, -0.4], dtype=torch.float64), torch.tensor([-0.5, -0.2], dtype=torch.float64)
    eps = noise(40_000)
    eps = torch.cat([eps, -eps])
    eps = eps / eps.square().mean(0).sqrt()
    eps = torch.cat([eps, eps * torch.tensor([1.0, -1.0])])
    sampled, entropy = elbo(log_joint, mu, log_sigma, eps), elbo_with_entropy(log_joint, mu, log_sigma, eps)
    torch.testing.assert_close(sampled.mean(), entropy.mean())
    assert sampled.mean() < log_evidence()
    precision = A
    off = mu - torch.linalg.solve(A, b)
    kl = (
        A.diagonal() @ log_sigma.exp() ** 2 + off @ precision @ off - 2 - torch.linalg.det(A).log()
    ) / 2 - log_sigma.sum()
    torch.testing.assert_close(sampled.mean() + kl, log_evidence())


def test_the_path_gradient_lands() -> None:
    """At the posterior of a diagonal model the path gradient is zero for every sample, the full one is not."""
    a = torch.tensor([4.0, 0.25], dtype=torch.float64)

    def diagonal(z: torch.Tensor) -> torch.Tensor:
        return z @ b - (z * a * z).sum(-1) / 2

    mu, log_sigma = (b / a).requires_grad_(), (-a.log() / 2).requires_grad_()
    eps = noise(50)
    for path in (True, False):
        value = elbo(diagonal, mu, log_sigma, eps, path=path)
        torch.testing.assert_close(value, value[:1].expand(50))
        for k in range(0, 50, 10):
            gradients = torch.autograd.grad(value[k], (mu, log_sigma), retain_graph=True)
            largest = max(float(g.abs().max()) for g in gradients)
            assert (largest < 1e-14) == path


def test_more_weights_bound_better() -> None:
    mu, log_sigma = torch.zeros(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    log_w = elbo(log_joint, mu, log_sigma, noise(2**14)).reshape(-1, 64)
    bounds = [float(iwae(log_w[:, :K]).mean()) for K in (1, 4, 16, 64)]
    assert bounds == sorted(bounds)
    assert bounds[-1] < float(log_evidence()) + 0.01
    far = torch.tensor([[-2000.0, -2001.0], [-torch.inf, 3.0], [-torch.inf, -torch.inf]])
    want = [-2000 + math.log((1 + math.exp(-1)) / 2), 3 - math.log(2), -math.inf]
    torch.testing.assert_close(iwae(far), torch.tensor(want))


def test_finite_spaces_with_zeros() -> None:
    log_joint = torch.tensor([0.2, 0.1, 0.05], dtype=torch.float64).log()
    posterior = log_joint - log_joint.logsumexp(-1)
    torch.testing.assert_close(finite_elbo(log_joint, posterior), torch.tensor(0.35, dtype=torch.float64).log())
    missing = torch.tensor([2 / 3, 1 / 3, 0.0], dtype=torch.float64).log()
    torch.testing.assert_close(finite_elbo(log_joint, missing), torch.tensor(0.3, dtype=torch.float64).log())
    forbidden = torch.tensor([0.2, 0.1, 0.0], dtype=torch.float64).log()
    assert finite_elbo(forbidden, torch.full((3,), 1 / 3, dtype=torch.float64).log()) == -torch.inf
    assert finite_elbo(forbidden, missing) == finite_elbo(forbidden[:2], missing[:2])
    both = torch.stack([log_joint, forbidden]).requires_grad_()
    (slope,) = torch.autograd.grad(finite_elbo(both, torch.stack([posterior, missing])).sum(), both)
    assert bool(torch.isfinite(slope).all())


def test_divergence_from_the_standard_normal() -> None:
    mu, logvar = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    q = torch.distributions.Normal(mu, (logvar / 2).exp())
    want = torch.distributions.kl_divergence(q, torch.distributions.Normal(0, 1)).sum(-1)
    torch.testing.assert_close(gaussian_kl(mu, logvar), want)
    tiny = torch.full((1, 1), 1e-5, dtype=torch.float64)
    assert float(gaussian_kl(0 * tiny, tiny)) == pytest.approx(0.25e-10, rel=1e-5)
    assert gaussian_kl(torch.zeros(1, 1), torch.full((1, 1), 89.0)) == torch.inf


def test_bad_input_is_named() -> None:
    mu = torch.zeros(2, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"eps: expected shape \[S, d\]"):
        elbo(log_joint, mu, mu, noise(3, 1))
    with pytest.raises(ValueError, match="log_joint: expected 3 values"):
        elbo(lambda z: z, mu, mu, noise(3))
    with pytest.raises(ValueError, match="mu: expected finite"):
        elbo(log_joint, mu / 0, mu, noise(3))
    with pytest.raises(ValueError, match="log_w: expected at least one"):
        iwae(torch.zeros(2, 0))
    with pytest.raises(ValueError, match="log_w: expected finite log-weights or -inf"):
        iwae(torch.tensor([torch.inf, 0.0]))
    with pytest.raises(ValueError, match="log_q: expected log-probabilities of 2 states that sum to 1"):
        finite_elbo(mu, mu)
    with pytest.raises(ValueError, match="log_joint: expected finite"):
        finite_elbo(mu / 0, mu - math.log(2))
    with pytest.raises(ValueError, match="mu, logvar: expected one shape"):
        gaussian_kl(mu, mu[:1])
