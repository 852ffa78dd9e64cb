"""The score function estimator: published numbers by quadrature, the library's own autograd, and what it refuses."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import distributions as D

from ..variational import reparameterization, score_function

DTYPE = torch.float64


def nodes(n: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    """Gauss-Hermite nodes [n, 1] and weights [n] for the standard normal."""
    x, w = np.polynomial.hermite_e.hermegauss(n)
    return torch.from_numpy(x)[:, None], torch.from_numpy(w / w.sum())


def mean_and_variance(G: torch.Tensor, w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    mean = w @ G
    return mean, w @ (G - mean) ** 2


def log_prob(q: Any, z: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = q.log_prob(z)
    return found


def one(*values: float) -> tuple[torch.Tensor, ...]:
    return tuple(torch.tensor([v], dtype=DTYPE) for v in values)


def test_a_square_under_the_unit_normal_varies_by_30_where_the_pathwise_estimator_varies_by_4() -> None:
    mu, sigma = one(1.0, 1.0)
    eps, w = nodes()
    G = score_function.normal(lambda z: z[:, 0] ** 2, mu, sigma, mu + sigma * eps)
    H = reparameterization.normal(lambda z: 2 * z, mu, sigma, eps).gradient
    means, variances = zip(*(mean_and_variance(x[:, 0], w) for x in (G, H)), strict=True)
    torch.testing.assert_close(torch.stack(means), torch.full((2,), 2.0, dtype=DTYPE))
    torch.testing.assert_close(torch.stack(variances), torch.tensor([30.0, 4.0], dtype=DTYPE))


def test_log_q_itself_is_not_its_gradient() -> None:
    (mu,), (eps, w) = one(1.0), nodes()
    z = mu + eps
    printed = w @ (z[:, 0] ** 2 * log_prob(D.Normal(mu, 1.0), z)[:, 0])
    torch.testing.assert_close(printed, torch.tensor(-3.8379, dtype=DTYPE), rtol=0, atol=1e-4)


def test_two_nodes_see_nothing_of_the_fourth_moment_and_four_see_all() -> None:
    mu, sigma = one(0.5, 1.0)
    for n, seen in ((2, 0.0), (3, 9.0), (4, 15.0), (9, 15.0)):
        eps, w = nodes(n)
        got = w @ score_function.normal(lambda z: z[:, 0] ** 4, mu, sigma, mu + sigma * eps)[:, 1]
        torch.testing.assert_close(got, torch.tensor(seen, dtype=DTYPE), atol=1e-12, rtol=0)


@pytest.mark.parametrize(("omega", "pathwise", "score"), [(0.5, 0.047, 0.492), (1.0, 0.397, 0.303), (5.0, 12.5, 0.5)])
def test_for_a_fast_wave_the_score_varies_less_than_the_path(omega: float, pathwise: float, score: float) -> None:
    mu, sigma = one(0.4, 1.0)
    eps, w = nodes(90)
    G = score_function.normal(lambda z: torch.cos(omega * z[:, 0]), mu, sigma, mu + eps)[:, 0]
    H = reparameterization.normal(lambda z: -omega * torch.sin(omega * z), mu, sigma, eps).gradient[:, 0]
    found = [mean_and_variance(x, w) for x in (H, G)]
    truth = -omega * math.exp(-(omega**2) / 2) * math.sin(0.4 * omega)
    assert all(abs(float(mean) - truth) < 1e-12 for mean, _ in found)
    assert [round(float(variance), 3 if omega < 5 else 1) for _, variance in found] == [pathwise, score]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_scores_are_those_of_autograd(dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(0)
    mu, rho = torch.randn(2, 3, generator=rng, dtype=dtype)
    z = torch.randn(5, 3, generator=rng, dtype=dtype)
    scales: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "sigma": torch.exp,
        "log-sigma": lambda x: x,
        "variance": lambda x: torch.exp(2 * x),
    }
    back: dict[str, Any] = {"sigma": lambda s: s, "log-sigma": torch.exp, "variance": torch.sqrt}
    for name, forth in scales.items():

        def log_q(v: torch.Tensor, at: torch.Tensor, deviation: Any = back[name]) -> torch.Tensor:
            return log_prob(D.Normal(v[:3], deviation(v[3:])), at).sum()

        slope = torch.func.grad(log_q)
        want = torch.stack([slope(torch.cat([mu, forth(rho)]), at) for at in z])
        torch.testing.assert_close(score_function.normal_score(mu, rho.exp(), z, name), want, rtol=1e-4, atol=1e-5)


def test_lost_and_gained_at_the_end_of_a_uniform() -> None:
    z = (torch.arange(1000, dtype=DTYPE) + 0.5) / 1000
    v = torch.ones(1, dtype=DTYPE, requires_grad=True)
    (by_score,) = torch.autograd.grad((z * log_prob(D.Uniform(0 * v, v), z)).mean(), v)
    assert abs(float(by_score) + 0.5) < 1e-12
    with pytest.raises(ValueError, match="support of 'uniform' moves"):
        score_function.line(lambda x: x, "uniform", v.detach(), z)


def test_saturated_bits_have_a_score_and_wide_logits_a_softmax() -> None:
    logits = torch.tensor([800.0, -800.0])
    G = score_function.bernoulli(lambda z: torch.ones(len(z)), logits, torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    assert G.tolist() == [[0.0, 0.0], [-1.0, 1.0]]
    wide = torch.tensor([[1e4, 0.0, -1e4]])
    assert score_function.categorical_score(wide, torch.tensor([[2.0]])).tolist() == [[[-1.0, 0.0, 1.0]]]


def test_bad_input_is_named() -> None:
    mu, sigma, z = one(0.0, 1.0, 0.5)

    def f(z: torch.Tensor) -> torch.Tensor:
        return z[:, 0]

    refused: tuple[tuple[Callable[[], Any], str], ...] = (
        (lambda: score_function.normal(f, mu, -sigma, z[None]), "sigma: expected numbers > 0"),
        (lambda: score_function.normal(f, mu, sigma, z), "z: expected shape"),
        (lambda: score_function.normal(f, mu / 0, sigma, z[None]), "mu: expected finite"),
        (lambda: score_function.normal(f, mu, sigma, z[None], "precision"), "scale: expected one of"),
        (lambda: score_function.normal(lambda z: z, mu, sigma, z[None]), "f: expected 1 values, one a sample"),
        (lambda: score_function.normal(f, mu, sigma.float(), z[None]), "one dtype"),
        (lambda: score_function.bernoulli(f, mu, z[None]), "z: expected states 0 to 1"),
        (lambda: score_function.line(f, "cauchy", mu, z), "family: expected one of"),
        (lambda: score_function.line(f, "gamma", sigma, z), "params: expected gamma's shape, rate"),
    )
    for call, message in refused:
        with pytest.raises(ValueError, match=message):
            call()
