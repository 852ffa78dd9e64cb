"""Scripted noise: unmodified subjects become quadrature rules."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

from prufrock.scripted import Unscripted, scripted

torch: Any = pytest.importorskip("torch")
D = torch.distributions
N = 1 << 14


def t(x: Any) -> Any:
    return torch.tensor(x, dtype=torch.float64)


CONTINUOUS = {
    "Normal": (lambda: D.Normal(t(1.5), t(0.7)), stats.norm(1.5, 0.7), 1e-5),
    "Exponential": (lambda: D.Exponential(t(2.5)), stats.expon(scale=0.4), 3e-5),
    "Laplace": (lambda: D.Laplace(t(0.5), t(2.0)), stats.laplace(0.5, 2.0), 1e-5),
    "Gamma": (lambda: D.Gamma(t(0.7), t(2.0)), stats.gamma(0.7, scale=0.5), 3e-5),
    "Gumbel": (lambda: D.Gumbel(t(0.5), t(2.0)), stats.gumbel_r(0.5, 2.0), 1e-4),
    "LogNormal": (lambda: D.LogNormal(t(0.2), t(0.5)), stats.lognorm(0.5, scale=math.exp(0.2)), 1e-4),
    "Uniform": (lambda: D.Uniform(t(-1.0), t(3.0)), stats.uniform(-1, 4), 1e-9),
    "HalfNormal": (lambda: D.HalfNormal(t(2.0)), stats.halfnorm(scale=2.0), 1e-4),
    "Weibull": (lambda: D.Weibull(t(2.0), t(1.5)), stats.weibull_min(1.5, scale=2.0), 1e-4),
    "Beta": (lambda: D.Beta(t(2.0), t(3.5)), stats.beta(2.0, 3.5), 1e-4),
}


@pytest.mark.parametrize(("make", "truth", "error"), CONTINUOUS.values(), ids=CONTINUOUS)
def test_means_of_torch_distributions_are_integrals(make: Any, truth: Any, error: float) -> None:
    with scripted(N) as script:
        x = make().sample((N,))
    assert x.mean().item() == pytest.approx(truth.mean(), abs=error)
    assert script.draws
    assert all(draw.shape[0] == N for draw in script.draws)


def test_two_draws_have_coordinates_of_their_own() -> None:
    """Student's t is a normal by a χ²: on one coordinate its second moment would be far off."""
    with scripted(N) as script:
        x = D.StudentT(t(7.0)).sample((N,))
    assert [draw.name for draw in script.draws] == ["normal_", "_standard_gamma"]
    assert (x**2).mean().item() == pytest.approx(7 / 5, abs=0.05)
    z, chi = (draw.values for draw in script.draws)
    assert np.corrcoef(z, chi)[0, 1] == pytest.approx(0.0, abs=1e-3)


def test_discrete_draws() -> None:
    p = t([0.2, 0.5, 0.3])
    with scripted(N) as script:
        k = D.Categorical(p).sample((N,))
        b = D.Bernoulli(t(0.3)).sample((N,))
        g = torch.empty(N, dtype=torch.float64).geometric_(0.4)
        m = torch.randint(3, 7, (N,))
        r = D.Poisson(t(2.5)).sample((N,))
    np.testing.assert_allclose(np.bincount(k) / N, p, atol=2 / N)
    assert b.mean().item() == pytest.approx(0.3, abs=2 / N)
    assert g.mean().item() == pytest.approx(2.5, abs=1e-2)
    assert m.double().mean().item() == pytest.approx(4.5, abs=1e-3)
    assert r.mean().item() == pytest.approx(2.5, abs=1e-2)
    assert [draw.name for draw in script.draws] == ["multinomial", "bernoulli", "geometric_", "randint", "poisson"]


def test_each_entry_of_a_vector_is_integrated() -> None:
    with scripted(N):
        x = D.MultivariateNormal(t([1.0, -1.0]), t([[1.0, 0.5], [0.5, 2.0]])).sample((N,))
        y = D.Dirichlet(t([0.5, 1.5, 3.0])).sample((N,))
        z = torch.randn(3, N, dtype=torch.float64)
    np.testing.assert_allclose(np.cov(x.T), [[1.0, 0.5], [0.5, 2.0]], atol=5e-3)
    np.testing.assert_allclose(y.mean(0), [0.1, 0.3, 0.6], atol=1e-3)
    np.testing.assert_allclose(z @ z.T / N, np.eye(3), atol=5e-3)


def test_gradients_of_unmodified_estimators() -> None:
    """Score function and pathwise gradient of E (z − 1)², z ~ N(μ, 1): 2(μ − 1)."""
    mu = t(0.3).requires_grad_()
    with scripted(N):
        q = D.Normal(mu, 1.0)
        z = q.sample((N,))
        (score,) = torch.autograd.grad((q.log_prob(z) * (z - 1) ** 2).mean(), mu)
        (path,) = torch.autograd.grad(((q.rsample((N,)) - 1) ** 2).mean(), mu)
        a = t(1.7).requires_grad_()
        (implicit,) = torch.autograd.grad(D.Gamma(a, t(1.0)).rsample((N,)).mean(), a)
    assert score.item() == pytest.approx(-1.4, abs=2e-3)
    assert path.item() == pytest.approx(-1.4, abs=1e-3)
    assert implicit.item() == pytest.approx(1.0, abs=2e-3)


def test_the_same_run_twice_is_the_same_run() -> None:
    runs = []
    for _ in range(2):
        with scripted(64) as script:
            torch.rand(64)
            torch.randn(64, 2)
        runs.append([draw.values for draw in script.draws])
    for one, other in zip(*runs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_given_numbers_are_handed_out_in_order() -> None:
    z, u = np.array([0.5, -1.0]), np.array([[0.25], [0.75]])
    with scripted([z, u]) as script:
        first = torch.empty(2).normal_()
        second = script.rng.random((2, 1))
        with pytest.raises(Unscripted, match="draw 3, randn of shape"):
            torch.randn(2)
    np.testing.assert_array_equal(first, z)
    np.testing.assert_array_equal(second, u)
    with scripted([z]), pytest.raises(Unscripted, match=r"shape \[2\] were given"):
        torch.randn(3)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda script: torch.randn(3), "no axis of 8 points"),
        (lambda script: torch.randperm(8), "torch's aten.randperm"),
        (lambda script: torch.multinomial(torch.ones(9), 8), "without replacement"),
        (lambda script: script.rng.permutation(8), "Generator.permutation"),
        (lambda script: script.rng.choice(8, 8, replace=False), "without replacement"),
        (lambda script: script.rng.shuffle(np.arange(8)), "Generator.shuffle"),
        (lambda script: script.rng.bit_generator, "Generator.bit_generator"),
    ],
)
def test_what_cannot_be_answered_is_named(ask: Any, message: str) -> None:
    with scripted(8) as script, pytest.raises(Unscripted, match=message):
        ask(script)


NUMPY = {
    "normal": (lambda r: r.normal(1.0, 2.0, N), 1.0),
    "normal by name": (lambda r: r.normal(scale=2.0, loc=1.0, size=N), 1.0),
    "standard_normal": (lambda r: r.standard_normal(N), 0.0),
    "random": (lambda r: r.random(N), 0.5),
    "uniform": (lambda r: r.uniform(-1, 3, size=N), 1.0),
    "exponential": (lambda r: r.exponential(0.4, N), 0.4),
    "gamma": (lambda r: r.gamma(0.7, 0.5, N), 0.35),
    "beta": (lambda r: r.beta(2.0, 3.0, N), 0.4),
    "laplace": (lambda r: r.laplace(0.5, 2.0, N), 0.5),
    "gumbel": (lambda r: r.gumbel(0.5, 2.0, N), 0.5 + 2 * np.euler_gamma),
    "logistic": (lambda r: r.logistic(0.5, 2.0, N), 0.5),
    "chisquare": (lambda r: r.chisquare(3.0, N), 3.0),
    "standard_t": (lambda r: r.standard_t(5.0, N), 0.0),
    "lognormal": (lambda r: r.lognormal(0.2, 0.5, N), math.exp(0.325)),
    "weibull": (lambda r: r.weibull(2.0, N), special.gamma(1.5)),
    "integers": (lambda r: r.integers(2, 6, N, endpoint=True), 4.0),
    "choice": (lambda r: r.choice([1.0, 5.0], N, p=[0.25, 0.75]), 4.0),
    "binomial": (lambda r: r.binomial(5, 0.3, N), 1.5),
    "poisson": (lambda r: r.poisson(2.5, N), 2.5),
    "geometric": (lambda r: r.geometric(0.4, N), 2.5),
    "parameters that broadcast": (lambda r: r.normal(np.full(N, 1.0), 2.0), 1.0),
    "handed through": (lambda r: np.random.default_rng(r).normal(1.0, 2.0, N), 1.0),
}


@pytest.mark.parametrize(("draw", "mean"), NUMPY.values(), ids=NUMPY)
def test_means_of_numpy_draws_are_integrals(draw: Any, mean: float) -> None:
    with scripted(N) as script:
        x = draw(script.rng)
    assert x.shape == (N,)
    assert x.mean() == pytest.approx(mean, abs=1e-3)


def test_a_count_that_is_no_count_is_named() -> None:
    with pytest.raises(ValueError, match="points=0"), scripted(0):
        pass
