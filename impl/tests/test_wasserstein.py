"""Distances on the line, in space and between Gaussians, against SciPy and closed forms."""

import pytest
import scipy.linalg
import scipy.stats
import torch

from ..transport import wasserstein as W


def cloud(rng: torch.Generator, m: int, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.rand(m, generator=rng, dtype=torch.float64).softmax(0), torch.randint(
        -3, 4, (m, d), generator=rng
    ).double()


def covariance(rng: torch.Generator, d: int, rank: int) -> torch.Tensor:
    factor = torch.randn(d, rank, generator=rng, dtype=torch.float64)
    return factor @ factor.T


@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
def test_the_line_agrees_with_the_general_solver_and_scipy(p: float) -> None:
    rng = torch.Generator().manual_seed(1)
    for k in range(60):
        (a, x), (b, y) = cloud(rng, 1 + k % 5, 1), cloud(rng, 1 + k % 7, 1)
        line = W.wasserstein_1d(a, x[:, 0], b, y[:, 0], p, root=False)
        torch.testing.assert_close(line, W.wasserstein(a, x, b, y, p, root=False), rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(W.wasserstein_1d(a, x[:, 0], b, y[:, 0], p), line ** (1 / p))
        if p == 1:
            peer = scipy.stats.wasserstein_distance(x[:, 0], y[:, 0], a, b)
            assert abs(float(line) - peer) < 1e-13


def test_batches_float32_and_gradients() -> None:
    rng = torch.Generator().manual_seed(2)
    x, y = torch.randn(2, 3, 4, generator=rng, dtype=torch.float64).requires_grad_()
    logits = torch.randn(4, generator=rng, dtype=torch.float64, requires_grad=True)
    b = torch.full((4,), 0.25, dtype=torch.float64)
    for p in (1, 2):
        assert torch.autograd.gradcheck(lambda t, x, y, p=p: W.wasserstein_1d(t.softmax(0), x, b, y, p), (logits, x, y))
        assert torch.autograd.gradcheck(
            lambda t, x, y, p=p: W.wasserstein(t.softmax(0), x[..., None], b, y[..., None], p), (logits, x, y)
        )
    together = W.wasserstein_1d(b, x, b, y, 2)
    assert torch.equal(together, torch.stack([W.wasserstein_1d(b, x[k], b, y[k], 2) for k in range(3)]))
    assert W.wasserstein_1d(b.float(), x.float(), b.float(), y.float()).dtype == torch.float32


def test_distances_survive_far_from_the_origin_and_vanish_smoothly() -> None:
    one = torch.ones(1)
    X, Y = torch.tensor([[1e4, 1.0]]), torch.tensor([[1e4, 1.001]], requires_grad=True)
    torch.testing.assert_close(W.wasserstein(one, X, one, Y, 2, root=False), (Y - X)[0, 1] ** 2)
    for p in (0.5, 1, 2):
        distance = W.wasserstein(one, Y.detach(), one, Y, p)
        (slope,) = torch.autograd.grad(distance, Y)
        assert float(distance.detach()) == 0
        assert bool(torch.isfinite(slope).all())


def test_bures_and_brenier_against_scipy_and_the_commuting_case() -> None:
    rng = torch.Generator().manual_seed(3)
    for d in (1, 2, 4):
        S1, S2 = covariance(rng, d, d + 1), covariance(rng, d, d + 1)
        root = scipy.linalg.sqrtm(S1.numpy())
        inner = torch.from_numpy(scipy.linalg.sqrtm(root @ S2.numpy() @ root).real)
        torch.testing.assert_close(W.bures(S1, S2), (S1 + S2 - 2 * inner).trace(), rtol=1e-8, atol=1e-10)
        A = W.brenier_map(S1, S2)
        torch.testing.assert_close(A @ S1 @ A, S2, rtol=1e-8, atol=1e-9)
        shift = A - torch.eye(d, dtype=torch.float64)
        torch.testing.assert_close((shift @ S1 @ shift).trace(), W.bures(S1, S2), rtol=1e-8, atol=1e-9)
    s, t = torch.rand(2, 3, generator=rng, dtype=torch.float64)
    commuting = W.bures(torch.diag(s), torch.diag(t))
    torch.testing.assert_close(commuting, (s.sqrt() - t.sqrt()).square().sum())


def test_singular_covariances() -> None:
    rng = torch.Generator().manual_seed(4)
    S = covariance(rng, 4, 2)
    assert W.bures(S, S) < 1e-13
    torch.testing.assert_close(W.bures(S, torch.zeros_like(S)), S.trace())
    u, v = torch.randn(2, 3, generator=rng, dtype=torch.float64)
    closed = u @ u + v @ v - 2 * (u @ v).abs()
    torch.testing.assert_close(W.bures(u.outer(u), v.outer(v)), closed, rtol=0, atol=1e-6)
    A = W.brenier_map(S, 4 * S)
    torch.testing.assert_close(A @ S @ A, 4 * S, rtol=1e-9, atol=1e-9)


def test_gaussians_batch_root_and_gradients_at_repeated_eigenvalues() -> None:
    one = torch.eye(2, dtype=torch.float64)
    m = torch.tensor([3.0, 4.0], dtype=torch.float64)
    assert float(W.gaussian(m, one, 0 * m, one)) == 5
    assert float(W.gaussian(m, one, 0 * m, one, root=False)) == 25
    assert W.bures(one.expand(3, 2, 2), 4 * one).tolist() == pytest.approx([2, 2, 2])
    S = one.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda S: W.bures((S + S.T) / 2, 4 * one), S)
    assert W.gaussian(m.float(), one.float(), m.float(), one.float()).dtype == torch.float32


def test_what_has_no_distance_raises() -> None:
    a, x = torch.ones(2) / 2, torch.zeros(2)
    with pytest.raises(ValueError, match="p: expected 1 <= p"):
        W.wasserstein_1d(a, x, a, x, 0.5)
    with pytest.raises(ValueError, match="p: expected a finite"):
        W.wasserstein(a, x[:, None], a, x[:, None], 0)
    with pytest.raises(ValueError, match="Y: expected finite"):
        W.wasserstein_1d(a, x, a, x / 0)
    with pytest.raises(ValueError, match="X: expected points"):
        W.wasserstein(a, torch.zeros(3, 1), a, x[:, None])
    with pytest.raises(ValueError, match="one dimension"):
        W.wasserstein(a, torch.zeros(2, 2), a, x[:, None])
    with pytest.raises(ValueError, match="S2: expected a symmetric"):
        W.bures(torch.eye(2), torch.tensor([[1.0, 2.0], [0.0, 1.0]]))
    with pytest.raises(ValueError, match="S1: expected no negative"):
        W.brenier_map(-torch.eye(2), torch.eye(2))
    with pytest.raises(ValueError, match="m1: expected 2 entries"):
        W.gaussian(torch.zeros(3), torch.eye(2), torch.zeros(2), torch.eye(2))
