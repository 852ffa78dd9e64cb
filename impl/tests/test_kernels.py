"""Kernels answer what the readable recursions answer, on shapes that no dimension shares with another."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from .._kernels import has_kernel, sources, without_kernels
from ..latent import _gaussian, baum_welch, gmm, hmm
from ..transport import sinkhorn
from ..variational import implicit

pytestmark = pytest.mark.skipif(not has_kernel(), reason="numba is not installed")
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def both(call: Callable[[], Any]) -> tuple[Any, Any]:
    """By the kernel, and by what it stands for."""
    by_kernel = call()
    with without_kernels():
        return by_kernel, call()


def normal(generator: torch.Generator, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@DTYPES
@pytest.mark.parametrize(("N", "D", "K"), [(1, 1, 1), (7, 3, 2), (1100, 2, 5), (600, 1, 9)])
def test_gaussian_densities_and_moments(N: int, D: int, K: int, dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(N)
    X, mu, R = normal(rng, N, D).to(dtype), normal(rng, K, D).to(dtype), normal(rng, N, K).exp().to(dtype)
    L = torch.linalg.cholesky(torch.eye(D) + 0.3 + torch.diag_embed(normal(rng, K, D).exp())).to(dtype)
    torch.testing.assert_close(*both(lambda: _gaussian.density(X, mu, L)))
    torch.testing.assert_close(*both(lambda: _gaussian.quick_moments(X, R)))
    torch.testing.assert_close(*both(lambda: _gaussian.reach(X, mu[0])), rtol=0, atol=0)


@DTYPES
def test_exponentials_of_vectors(dtype: torch.dtype) -> None:
    from .. import _vector_math as vectors

    single = dtype == torch.float32
    least = vectors.LEAST_SINGLE if single else vectors.LEAST
    x = np.concatenate([np.linspace(2 * least, -least, 40_001), -np.logspace(-12, 0, 400)])
    x = torch.from_numpy(x).to(dtype).numpy()
    room, out = np.empty_like(x), np.empty_like(x)
    vectors.exp_single(x, least, room, out) if single else vectors.exp(x, 0.0, least, room, out)
    right: Any = np.where(x < least, 0.0, np.exp(x.astype(np.longdouble)))
    np.testing.assert_allclose(out, right, rtol=2 * torch.finfo(dtype).eps)


@DTYPES
@pytest.mark.parametrize("covariance", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize(("N", "D", "K"), [(9, 1, 2), (300, 3, 4), (1500, 12, 5)])
def test_gaussian_mixtures(N: int, D: int, K: int, covariance: str, dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(N)
    X, weights = normal(rng, N, D).to(dtype), normal(rng, N).exp().to(dtype)
    pi = torch.arange(K, dtype=dtype) / sum(range(K))  # one component is empty
    start = gmm.Mixture(pi, normal(rng, K, D).to(dtype), torch.eye(D, dtype=dtype).expand(K, D, D))
    by_kernel, plain = both(lambda: gmm.fit(X, start, weights, covariance, reg=0.1, tol=0.0, max_iter=3))
    torch.testing.assert_close(by_kernel.log_likelihoods, plain.log_likelihoods)
    for found, wanted in zip(by_kernel.mixture, plain.mixture, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4 if dtype == torch.float32 else 1e-9, atol=1e-5)


@DTYPES
@pytest.mark.parametrize("chain", ["mixing", "left-right", "one is impossible in ordinary numbers"])
def test_baum_welch(chain: str, dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(3)
    K = 3
    A = torch.softmax(2 * normal(rng, K, K), -1)
    if chain == "left-right":
        A = A.triu()
        A = A / A.sum(1, keepdim=True)
    emission = baum_welch.Gaussian(3 * normal(rng, K, 2).to(dtype), torch.eye(2, dtype=dtype).expand(K, 2, 2), reg=0.1)
    sequences = [normal(rng, n, 2).to(dtype) for n in (40, 1, 17)]
    if chain.startswith("one"):
        A[0, 1:] /= 1e60 if dtype == torch.float64 else 1e12
        A = A / A.sum(1, keepdim=True)
        sequences[0] = 4 * sequences[0]
    model = baum_welch.Model(torch.full((K,), 1 / K, dtype=dtype), A.to(dtype), emission)
    by_kernel, plain = both(lambda: baum_welch.fit(sequences, model, tol=0.0, max_iter=2))
    torch.testing.assert_close(by_kernel.log_likelihoods, plain.log_likelihoods)
    torch.testing.assert_close(by_kernel.model.A, plain.model.A)
    torch.testing.assert_close(by_kernel.model.emission.Sigma, plain.model.emission.Sigma, rtol=1e-3, atol=1e-5)


@DTYPES
@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_chains_and_their_gradients_in_ordinary_numbers_and_in_logs(scale: float, dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(4)
    K = 5
    log_A = torch.log_softmax((2 * normal(rng, K, K)).masked_fill(torch.ones(K, K).tril(-1) > 0, -torch.inf), -1)
    log_pi, log_B = torch.log_softmax(normal(rng, K), -1), scale * normal(rng, 2, 3, 70, K)
    lengths = torch.tensor([[70, 1, 2], [33, 69, 70]])
    p, A, B = (x.to(dtype).requires_grad_() for x in (log_pi, log_A, log_B))

    def close(found: Any, wanted: Any) -> None:
        rtol, atol = (1e-12, 1e-9) if dtype == torch.float64 else (1e-5, 1e-3)
        torch.testing.assert_close(found, wanted, rtol=rtol, atol=atol)

    close(*both(lambda: hmm.posteriors(p, A, B, lengths)))
    close(*both(lambda: hmm.viterbi(p, A, B, lengths)))
    log_Z = both(lambda: hmm.log_partition(p, A, B, lengths))
    close(*log_Z)
    close(*both(lambda: torch.autograd.grad(log_Z[0].sum(), (p, A, B), retain_graph=True)))


@DTYPES
@pytest.mark.parametrize("eps", [1.0, 0.05, 0.01])
@pytest.mark.parametrize("batch", [(), (2, 3)])
def test_sinkhorn(batch: tuple[int, ...], eps: float, dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(5)
    a, b, cost = (normal(rng, *batch, *shape).exp() for shape in ((6,), (4,), (6, 4)))
    a[..., 1] = 0
    a, b = (x / x.sum(-1, keepdim=True) for x in (a, b))
    a, b, cost = (x.to(dtype) for x in (a, b / b.sum(-1, keepdim=True), cost))
    by_kernel, plain = both(lambda: sinkhorn.solve(a, b, cost, eps, tol=1e-7))
    torch.testing.assert_close(by_kernel.plan, plain.plan, rtol=0, atol=1e-5)
    torch.testing.assert_close(*both(lambda: sinkhorn.value(a, b, cost, eps, tol=1e-7)), rtol=1e-5, atol=1e-6)


def test_sinkhorn_however_the_cost_lies_in_memory() -> None:
    rng = torch.Generator().manual_seed(5)
    a, b, cost = (normal(rng, *shape).exp() for shape in ((6,), (4,), (2, 3, 6, 4)))
    a, b = a / a.sum(), b / b.sum()
    plan = sinkhorn.solve(a, b, cost, 0.5).plan
    for order in ((3, 2, 1, 0), (2, 3, 0, 1), (1, 0, 3, 2)):
        moved = cost.permute(order).contiguous().permute(*(order.index(axis) for axis in range(4)))
        torch.testing.assert_close(sinkhorn.solve(a, b, moved, 0.5).plan, plan, rtol=0, atol=1e-8)


@DTYPES
def test_gamma_in_both_tails_and_where_z_is_no_normal_number(dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(1)
    alpha = 10 ** (6 * torch.rand(3000, generator=rng, dtype=torch.float64) - 2)
    z = alpha * normal(rng, 3000).exp() ** 2
    z[:2], alpha[:2] = torch.tensor([5e-324, 1e-310]), 0.02
    z, alpha = z.clamp_min(5e-324).to(dtype).clamp_min(torch.finfo(dtype).tiny), alpha.to(dtype)
    torch.testing.assert_close(
        *both(lambda: implicit.gamma(z, alpha)), rtol=1e-10 if dtype == torch.float64 else 1e-6, atol=0
    )


@DTYPES
def test_beta_in_both_tails_and_close_to_either_end(dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(2)
    shapes = 10 ** (6 * torch.rand(2, 3000, generator=rng, dtype=torch.float64) - 2)
    odds = shapes[0] / shapes[1] * normal(rng, 3000).exp() ** 2
    z, rest = odds / (1 + odds), 1 / (1 + odds)
    z[:2], rest[:2] = torch.tensor([1e-30, 1.0]), torch.tensor([1.0, 1e-30])
    given = [t.to(dtype) for t in (z, *shapes, rest)]
    by_kernel, plain = both(lambda: implicit.beta(*given))
    for found, wanted in zip(by_kernel, plain, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-10 if dtype == torch.float64 else 1e-6, atol=0)


def test_a_change_in_one_file_of_kernels_reaches_those_that_call_it() -> None:
    from ..latent import _gaussian_kernel

    stamp = _gaussian_kernel.densities._cache._cache_file._source_stamp
    assert stamp[1] == sources()
    assert len(sources()) >= 9


def test_without_numba_the_readable_recursions_serve() -> None:
    lines = """
import sys
sys.modules["numba"] = None
import torch
from impl.latent import baum_welch, gmm, hmm
from impl.transport import sinkhorn
from impl.variational import implicit
a, x = torch.full((2,), 0.5), torch.zeros(3, 2)
sinkhorn.solve(a, a, torch.eye(2), 0.5)
implicit.gamma(a, a)
implicit.beta(a, a, a)
hmm.posteriors(a.log(), torch.full((2, 2), 0.5).log(), x)
hmm.viterbi(a.log(), torch.full((2, 2), 0.5).log(), x)
emission = baum_welch.Gaussian(torch.eye(2), torch.eye(2).expand(2, 2, 2))
gmm.fit(torch.randn(9, 2), gmm.Mixture(a, torch.eye(2), torch.eye(2).expand(2, 2, 2)), max_iter=1)
baum_welch.log_likelihood(x, baum_welch.Model(a, torch.full((2, 2), 0.5), emission))
"""
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", lines], cwd=root, check=True, capture_output=True)
