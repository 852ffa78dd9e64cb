"""The E-step is the posterior, the M-step its moments, and EM ends where others' EM ended."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ..latent import gmm

DATA = Path(__file__).parents[2] / "properties" / "data"
DTYPES = [torch.float32, torch.float64]


def problem(
    N: int = 40, K: int = 3, D: int = 2, seed: int = 0, dtype: torch.dtype = torch.float64
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    X, mu = torch.randn(N, D, generator=rng, dtype=dtype) * 2, torch.randn(K, D, generator=rng, dtype=dtype)
    root = torch.randn(K, D, D + 2, generator=rng, dtype=dtype)
    return X, torch.rand(K, generator=rng, dtype=dtype).softmax(0), mu, root @ root.mT


def faithful(dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.tensor(np.loadtxt(DATA / "old_faithful.csv", delimiter=","), dtype=dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_estep_is_enumeration_over_components(dtype: torch.dtype) -> None:
    X, pi, mu, Sigma = problem(dtype=dtype)
    w = torch.rand(40, dtype=dtype)
    log_likelihood, R = gmm.estep(X, pi, mu, Sigma, w)
    joint = torch.stack(
        [
            p.log() + torch.distributions.MultivariateNormal(m, S).log_prob(X.double())  # type: ignore[no-untyped-call]
            for p, m, S in zip(pi.double(), mu.double(), Sigma.double(), strict=True)
        ],
        1,
    )
    u = torch.finfo(dtype).eps
    torch.testing.assert_close(R.double(), joint.softmax(1), rtol=0, atol=1e3 * u)
    torch.testing.assert_close(log_likelihood.double(), w.double() @ joint.logsumexp(1), rtol=1e3 * u, atol=0)
    torch.testing.assert_close(gmm.log_prob(X, pi, mu, Sigma).double(), joint.logsumexp(1), rtol=1e3 * u, atol=0)
    tight = (w[:, None] * (R * joint.to(dtype) - torch.xlogy(R, R))).sum()
    torch.testing.assert_close(tight, log_likelihood, rtol=1e3 * u, atol=0)


@pytest.mark.parametrize("covariance", ["full", "tied", "diag", "spherical"])
def test_total_covariance_and_weights_are_copies(covariance: str) -> None:
    X, *mixture = problem()
    copies = torch.arange(40) % 3
    w, Y = copies.double(), X.repeat_interleave(copies, 0)
    found = gmm.mstep(X, gmm.estep(X, *mixture)[1], w, covariance)
    again = gmm.mstep(Y, gmm.estep(Y, *mixture)[1], None, covariance)
    for x, y in zip(found, again, strict=True):
        torch.testing.assert_close(x, y)
    pi, mu, Sigma = found
    between = torch.einsum("k,ki,kj->ij", pi, mu, mu)
    within, whole = torch.einsum("k,kij->ij", pi, Sigma), (w[:, None] * X).T @ X / w.sum()
    torch.testing.assert_close(pi @ mu, w @ X / w.sum())
    if covariance in ("full", "tied"):
        torch.testing.assert_close(within + between, whole)
    elif covariance == "diag":
        torch.testing.assert_close((within + between).diagonal(), whole.diagonal())
    torch.testing.assert_close((within + between).trace(), whole.trace())


def test_one_component_and_outliers_and_narrow_components() -> None:
    X, *_ = problem()
    found = gmm.mstep(X, torch.ones(40, 1, dtype=torch.float64))
    torch.testing.assert_close(found.Sigma[0], torch.cov(X.T, correction=0))
    pi, mu, Sigma = torch.tensor([0.5, 0.5]), torch.tensor([[0.0], [1.0]]), torch.full((2, 1, 1), 1e-8)
    log_likelihood, R = gmm.estep(torch.tensor([[0.4], [1e4], [-1e4]]), pi, mu, Sigma)
    assert R.tolist() == [[1, 0], [0, 1], [1, 0]]
    assert bool(torch.isfinite(log_likelihood))


def test_an_empty_component_is_kept_or_refused() -> None:
    X, pi, mu, Sigma = problem()
    pi = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64)
    R = gmm.estep(X, pi, mu, Sigma)[1]
    with pytest.raises(ValueError, match=r"R: component\(s\) \[2\]"):
        gmm.mstep(X, R)
    kept = gmm.mstep(X, R, old=gmm.Mixture(pi, mu, Sigma))
    assert kept.pi[2] == 0
    assert bool((kept.mu[2] == mu[2]).all() and (kept.Sigma[2] == Sigma[2]).all())
    fit = gmm.fit(X, gmm.Mixture(pi, mu, Sigma), max_iter=5, tol=0)
    assert fit.mixture.pi[2] == 0
    torch.testing.assert_close(fit.mixture.mu[2], mu[2])


@pytest.mark.parametrize(
    ("K", "covariance", "expected"),
    [
        (1, "full", -1289.7967),
        (2, "full", -1130.2640),  # mclust 5, VVV
        (3, "tied", -1126.3159),  # mclust 5, EEE: -1126.326 at its looser stop
        (3, "full", -1119.2140),
    ],
)
def test_old_faithful(K: int, covariance: str, expected: float) -> None:
    fit = gmm.fit(faithful(), K, covariance=covariance, generator=torch.Generator().manual_seed(1))
    assert fit.converged
    assert float(fit.log_likelihoods[-1]) == pytest.approx(expected, abs=2e-4)
    assert bool((fit.log_likelihoods.diff() > -1e-9).all())
    torch.testing.assert_close(fit.log_likelihoods[-1], gmm.log_prob(faithful(), *fit.mixture).sum())


def test_old_faithful_in_float32_and_far_from_the_origin() -> None:
    fit = gmm.fit(faithful(torch.float32), 2, tol=1e-6, generator=torch.Generator().manual_seed(1))
    assert fit.mixture.Sigma.dtype == torch.float32
    assert float(fit.log_likelihoods[-1]) == pytest.approx(-1130.264, abs=2e-3)
    far = gmm.fit(faithful() + 1e6, 2, generator=torch.Generator().manual_seed(1))
    assert float(far.log_likelihoods[-1]) == pytest.approx(-1130.264, abs=1e-3)


@pytest.mark.parametrize("covariance", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_one_iteration_of_fit_is_estep_and_mstep(covariance: str, dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(7)
    X, pi, mu, _ = problem(N=5000, K=4, D=3, dtype=dtype)
    w, eye = torch.rand(5000, generator=rng, dtype=dtype), torch.eye(3, dtype=dtype).repeat(4, 1, 1)
    fit = gmm.fit(X, gmm.Mixture(pi, mu, eye), w, covariance, reg=0.1, tol=0, max_iter=1)
    log_likelihood, R = gmm.estep(X, pi, mu, eye, w)
    rounding = 1e4 * torch.finfo(dtype).eps
    torch.testing.assert_close(fit.log_likelihoods[0], log_likelihood, rtol=rounding, atol=0)
    for x, y in zip(fit.mixture, gmm.mstep(X, R, w, covariance, reg=0.1), strict=True):
        torch.testing.assert_close(x, y, rtol=rounding, atol=rounding)


def test_narrow_components_far_apart_keep_their_digits() -> None:
    rng = torch.Generator().manual_seed(8)
    z = torch.arange(600) % 3
    X = 1e-4 * torch.randn(600, 2, generator=rng, dtype=torch.float64) + 1e3 * z[:, None]
    start = gmm.Mixture(torch.ones(3).double() / 3, X[:3].clone(), 1e-8 * torch.eye(2).double().repeat(3, 1, 1))
    found = gmm.fit(X, start, max_iter=2, tol=0).mixture
    for k in range(3):
        torch.testing.assert_close(found.Sigma[k], torch.cov(X[z == k].T, correction=0), rtol=1e-6, atol=0)


def test_samples_have_the_mixtures_moments() -> None:
    _, pi, mu, Sigma = problem()
    X, z = gmm.sample(20_000, pi, mu, Sigma, torch.Generator().manual_seed(9))
    torch.testing.assert_close(torch.bincount(z, minlength=3) / 20_000, pi.float(), rtol=0, atol=0.02)
    torch.testing.assert_close(X[z == 1].mean(0), mu[1], rtol=0, atol=0.2)
    torch.testing.assert_close(torch.cov(X[z == 1].T), Sigma[1], rtol=0.1, atol=0.2)


def test_bad_input_is_named() -> None:
    X, pi, mu, Sigma = problem()
    nan, indefinite = X.clone(), Sigma.clone()
    nan[3, 1], indefinite[1] = torch.nan, -torch.eye(2, dtype=torch.float64)
    bad = {
        "X": [(nan, pi, mu, Sigma), (X[:0], pi, mu, Sigma), (X[0], pi, mu, Sigma), (X.long(), pi, mu, Sigma)],
        "pi": [(X, pi * (1 + 3e-6), mu, Sigma), (X, pi[:2], mu, Sigma), (X, pi.float(), mu, Sigma)],
        "mu": [(X, pi, mu[:, :1], Sigma)],
        "Sigma": [(X, pi, mu, indefinite), (X, pi, mu, Sigma[:2]), (X, pi, mu, Sigma + torch.eye(2).roll(1, 0).triu())],
    }
    for name, calls in bad.items():
        for call in calls:
            with pytest.raises(ValueError, match=name):
                gmm.estep(*call)
    R = gmm.estep(X, pi, mu, Sigma)[1]
    for wrong in (R * 2, R[:5]):
        with pytest.raises(ValueError, match="R"):
            gmm.mstep(X, wrong)
    with pytest.raises(ValueError, match="weights"):
        gmm.mstep(X, R, -torch.ones(40).double())
    with pytest.raises(ValueError, match="covariance"):
        gmm.mstep(X, R, covariance="banded")
    with pytest.raises(ValueError, match="reg"):
        gmm.mstep(X, R, reg=-1.0)
    with pytest.raises(ValueError, match="generator"):
        gmm.fit(X, 2)
    with pytest.raises(ValueError, match="start"):
        gmm.fit(X, 0, generator=torch.Generator())


def test_fit_takes_leaves_of_a_graph_and_answers_outside_it() -> None:
    X = torch.randn(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    start = gmm.Mixture(torch.full((2,), 0.5).double(), X[:2], torch.eye(2).double().expand(2, 2, 2))
    leaves = gmm.Mixture(*(x.clone().requires_grad_() for x in start))
    found = gmm.fit(X.clone().requires_grad_(), leaves, max_iter=3)
    assert not any(x.requires_grad for x in (*found.mixture, found.log_likelihoods))
    torch.testing.assert_close(found, gmm.fit(X, start, max_iter=3))


def test_fit_names_the_part_of_a_start_that_is_no_tensor() -> None:
    pi: Any = [1.0]
    start = gmm.Mixture(pi, torch.zeros(1, 2), torch.eye(2)[None])
    with pytest.raises(ValueError, match="pi"):
        gmm.fit(torch.zeros(3, 2), start)
