"""Every semiring equals enumeration, gradients are posteriors, and chunks give the recursion's own numbers."""

import itertools
import math

import pytest
import torch

from ..latent import _relay
from ..latent._lattice import Lattice, best, log_partition, partition, posteriors, sample
from ..latent._recursion import recursion, reverse
from ..latent._semiring import COUNT, ENTROPY, LOG, MAX, REAL, Semiring

LAYOUTS = list(itertools.product([False, True], [False, True], [2, 3]))


def lattice(band: bool, per_step: bool, W: int, seed: int = 0) -> Lattice:
    """Four columns of three states, three items of lengths 4, 2, 1, NaN behind them, a fifth forbidden."""
    rng = torch.Generator().manual_seed(seed)

    def scores(*shape: int) -> torch.Tensor:
        x = 3 * torch.randn(*shape, generator=rng, dtype=torch.float64)
        return x.masked_fill(torch.rand(*shape, generator=rng) < 0.2, -torch.inf)

    nodes, lead = scores(4, 3, 3), (3, 3) if per_step else (3,)
    nodes[2:, 1], nodes[1:, 2] = torch.nan, torch.nan
    arcs = scores(*lead, W if band else 3, 3)
    return Lattice(nodes, arcs, scores(3, 3), scores(3, 3), torch.tensor([4, 2, 1]), band)


def paths(x: Lattice, b: int) -> dict[tuple[int, ...], float]:
    assert x.lengths is not None
    assert x.start is not None
    assert x.end is not None
    N, (W, K), found = int(x.lengths[b]), x.arcs.shape[-2:], {}
    for z in itertools.product(range(K), repeat=N):
        score = float(x.start[b, z[0]] + x.end[b, z[-1]]) + sum(float(x.nodes[n, b, k]) for n, k in enumerate(z))
        for n, (i, j) in enumerate(itertools.pairwise(z)):
            arcs = x.arcs[n, b] if x.arcs.ndim == 4 else x.arcs[b]
            w = i - j + W - 1 if x.band else i
            score += float(arcs[w, j]) if 0 <= w < W else -math.inf
        found[z] = score
    return found


@pytest.mark.parametrize(("band", "per_step", "W"), LAYOUTS)
@pytest.mark.parametrize("seed", range(4))
def test_every_semiring_is_enumeration(band: bool, per_step: bool, W: int, seed: int) -> None:
    x = lattice(band, per_step, W, seed)
    found, (score, path) = posteriors(x), best(x)
    log_Z, entropy = partition(x, ENTROPY)
    for b in range(3):
        all_paths = paths(x, b)
        scores = torch.tensor(list(all_paths.values()), dtype=torch.float64)
        total = scores.logsumexp(0)
        torch.testing.assert_close(log_Z[b], total)
        torch.testing.assert_close(found.log_partition[b], total)
        torch.testing.assert_close(partition(x, REAL)[b], total.exp())
        assert partition(x, COUNT)[b] == (scores > -torch.inf).sum()
        torch.testing.assert_close(score[b], scores.max())
        if total == -torch.inf:
            assert bool((found.nodes[:, b] == 0).all() and (found.arcs[:, b] == 0).all() and (path[:, b] == -1).all())
            continue
        p = (scores - total).exp()
        torch.testing.assert_close(entropy[b], -torch.xlogy(p, p).sum())
        nodes = torch.zeros(4, 3, dtype=torch.float64)
        for z, q in zip(all_paths, p, strict=True):
            nodes[range(len(z)), z] += q
        torch.testing.assert_close(found.nodes[:, b], nodes)
        states = tuple(path[:, b].tolist())
        N = [4, 2, 1][b]
        assert states[N:] == (-1,) * (4 - N)
        assert all_paths[states[:N]] == pytest.approx(float(score[b]))


@pytest.mark.parametrize(("band", "per_step", "W"), LAYOUTS)
def test_the_gradient_is_the_posterior_and_samples_follow_it(band: bool, per_step: bool, W: int) -> None:
    x = lattice(band, per_step, W, seed=3)
    leaves = [t.clone().requires_grad_() for t in x[:4] if t is not None]
    log_partition(Lattice(leaves[0], leaves[1], leaves[2], leaves[3], x.lengths, band)).sum().backward()  # type: ignore[no-untyped-call]
    found = posteriors(x)
    ends = torch.stack([found.nodes[n - 1, b] for b, n in enumerate([4, 2, 1])])
    expected = (found.nodes, found.arcs if per_step else found.arcs.sum(0), found.nodes[0], ends)
    for leaf, value in zip(leaves, expected, strict=True):
        torch.testing.assert_close(leaf.grad, value)
    z = sample(x, 4000, torch.Generator().manual_seed(0))
    share = torch.stack([(z == k).double().mean(0) for k in range(3)], -1)
    torch.testing.assert_close(share, found.nodes, rtol=0, atol=0.05)


def test_reversing_twice_is_the_identity() -> None:
    for band, per_step, W in LAYOUTS:
        x = lattice(band, per_step, W)
        twice = reverse(reverse(x))
        torch.testing.assert_close(twice.nodes, x.nodes, equal_nan=True)
        torch.testing.assert_close(partition(reverse(x)), partition(x))
        if not band:
            torch.testing.assert_close(twice.arcs, x.arcs)


@pytest.mark.parametrize("semiring", [LOG, MAX, REAL], ids=lambda s: s.name)
@pytest.mark.parametrize("kind", ["mixing", "left-right", "periodic"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_chunks_are_the_recursion(semiring: Semiring, kind: str, dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(5)
    N, K, u = 2500, 3, torch.finfo(dtype).eps
    nodes, arcs = torch.randn(N, 2, K, generator=rng, dtype=dtype), torch.randn(K, K, generator=rng, dtype=dtype)
    start = torch.zeros(K, dtype=dtype)
    if kind == "left-right":
        arcs, start = arcs.masked_fill(torch.ones(K, K).tril(-1) > 0, -torch.inf), torch.tensor([0.0, -1e9, -1e9])
    elif kind == "periodic":
        arcs = arcs.masked_fill(torch.eye(K).roll(1, 1) == 0, -torch.inf)
    x = Lattice(nodes, arcs, start.to(dtype), None, torch.tensor([N, N - 200]))
    slow, fast = recursion(x, semiring), _relay.messages(x, semiring)
    top = float(slow[0][slow[0] > -torch.inf].abs().max())
    torch.testing.assert_close(fast[0], slow[0], rtol=0, atol=N * u * max(1, top))
    torch.testing.assert_close(fast[1].sum(0), slow[1].sum(0), rtol=0, atol=N * u * float(slow[1].abs().max() + top))


def test_a_long_best_path_attains_its_score() -> None:
    rng = torch.Generator().manual_seed(6)
    nodes = 2 * torch.randn(5000, 4, generator=rng, dtype=torch.float64)
    arcs = torch.randn(4, 4, generator=rng, dtype=torch.float64)
    score, z = best(Lattice(nodes, arcs))
    attained = nodes[torch.arange(5000), z].sum() + arcs[z[:-1], z[1:]].sum()
    torch.testing.assert_close(attained, score)
    torch.testing.assert_close(score, partition(Lattice(nodes, arcs), MAX))
