"""Posteriors are enumeration and gradients, survive 100 000 steps, and Baum-Welch ends at published likelihoods."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from ..latent import _scaled, baum_welch, hmm
from ..latent.baum_welch import Discrete, Gaussian, Model, Poisson

DATA = Path(__file__).parents[2] / "properties" / "data"
DTYPES = [torch.float32, torch.float64]


def scores(
    N: int, K: int, seed: int, zeros: float = 0.0, scale: float = 2.0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    drawn = []
    for shape in ((K,), (K, K), (N, K)):
        x = scale * torch.randn(*shape, generator=rng, dtype=torch.float64)
        drawn.append(x.masked_fill(torch.rand(*shape, generator=rng) < zeros, -torch.inf))
    return drawn[0], drawn[1], drawn[2]


def dot(p: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
    return (p.double() * s.double().where(p > 0, 0)).sum()


def entropy_miss(log_pi: torch.Tensor, log_A: torch.Tensor, log_B: torch.Tensor) -> float:
    """log Z minus <posterior, scores> minus the entropy of the chain's posterior; 0 for a correct one."""
    log_Z, gamma, xi = hmm.posteriors(log_pi, log_A, log_B)
    energy = dot(gamma[0], log_pi) + dot(xi.sum(0), log_A) + dot(gamma, log_B)
    inner, pairs = gamma[1:-1].double(), xi.double()
    entropy = torch.xlogy(inner, inner).sum() - torch.xlogy(pairs, pairs).sum()
    return float(log_Z.double() - energy - entropy)


@pytest.mark.parametrize("N", [1, 2, 5])
@pytest.mark.parametrize("K", [1, 3])
@pytest.mark.parametrize("zeros", [0.0, 0.25])
@pytest.mark.parametrize("scale", [2.0, 500.0])
def test_posteriors_and_viterbi_are_enumeration(N: int, K: int, zeros: float, scale: float) -> None:
    log_pi, log_A, log_B = scores(N, K, seed=N + 7 * K, zeros=zeros, scale=scale)
    paths = list(itertools.product(range(K), repeat=N))
    weight = torch.tensor(
        [
            float(log_pi[z[0]] + sum(log_A[i, j] for i, j in itertools.pairwise(z)) + log_B[range(N), z].sum())
            for z in paths
        ],
        dtype=torch.float64,
    )
    log_Z, gamma, xi = hmm.posteriors(log_pi, log_A, log_B)
    score, path = hmm.viterbi(log_pi, log_A, log_B)
    torch.testing.assert_close(log_Z, weight.logsumexp(0))
    torch.testing.assert_close(score, weight.max())
    if log_Z == -torch.inf:
        assert bool((gamma == 0).all() and (xi == 0).all() and (path == -1).all())
        return
    expected, pairs = torch.zeros_like(gamma), torch.zeros_like(xi)
    for z, p in zip(paths, weight.softmax(0), strict=True):
        expected[range(N), z] += p
        pairs[range(N - 1), z[:-1], z[1:]] += p
    torch.testing.assert_close(gamma, expected, atol=1e-10, rtol=0)
    torch.testing.assert_close(xi, pairs, atol=1e-10, rtol=0)
    assert weight[paths.index(tuple(path.tolist()))] == pytest.approx(float(score))


def test_fast_and_log_domain_agree_and_gradients_are_posteriors(monkeypatch: pytest.MonkeyPatch) -> None:
    log_pi, log_A, log_B = scores(60, 4, seed=1)
    batch = torch.stack([log_B, log_B.flip(0)])
    lengths = torch.tensor([60, 23])
    batch[1, 23:] = torch.nan
    leaves = log_pi.clone().requires_grad_(), log_A.clone().requires_grad_(), batch.clone().requires_grad_()
    assert _scaled.forward(hmm.lattice(log_pi, log_A, batch, lengths)) is not None
    hmm.log_partition(*leaves, lengths).sum().backward()  # type: ignore[no-untyped-call]
    fast = hmm.posteriors(log_pi, log_A, batch, lengths)
    monkeypatch.setattr(_scaled, "forward", lambda _: None)
    for x, y in zip(fast, hmm.posteriors(log_pi, log_A, batch, lengths), strict=True):
        torch.testing.assert_close(x, y)
    expected = (fast.gamma[:, 0].sum(0), fast.xi.sum((0, 1)), fast.gamma)
    for leaf, value in zip(leaves, expected, strict=True):
        torch.testing.assert_close(leaf.grad, value)
    alone = hmm.posteriors(log_pi, log_A, batch[1, :23])
    torch.testing.assert_close(fast.gamma[1, :23], alone.gamma)
    assert bool((fast.gamma[1, 23:] == 0).all() and (fast.xi[1, 22:] == 0).all())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["mixing", "left-right", "peaked"])
def test_a_hundred_thousand_steps(kind: str, dtype: torch.dtype) -> None:
    N, K = 100_000, 3
    log_pi, log_A, log_B = (x.to(dtype) for x in scores(N, K, seed=2))
    if kind == "left-right":
        log_A = log_A.masked_fill(torch.ones(K, K).tril(-1) > 0, -torch.inf)
        log_pi = torch.tensor([0.0, -torch.inf, -torch.inf], dtype=dtype)
        for k in range(K):
            log_B[k * N // K : (k + 1) * N // K, k] += 1
    elif kind == "peaked":
        log_B = 1000 * log_B
    log_Z, gamma, xi = hmm.posteriors(log_pi, log_A, log_B)
    u = torch.finfo(dtype).eps
    torch.testing.assert_close(gamma.sum(1), torch.ones(N, dtype=dtype), rtol=0, atol=16 * u)
    torch.testing.assert_close(xi.sum(1), gamma[1:], rtol=0, atol=64 * u)
    torch.testing.assert_close(xi.sum(2), gamma[:-1], rtol=0, atol=1e4 * u)
    assert abs(entropy_miss(log_pi, log_A, log_B)) <= 16 * u * float(log_B.abs().amax(1).double().sum() + 3 * N)
    assert bool(torch.isfinite(log_Z))


def test_sampled_paths_follow_the_posterior() -> None:
    x = scores(6, 3, seed=3, zeros=0.2)
    z = hmm.sample_posterior(*x, n=5000, generator=torch.Generator().manual_seed(0))
    share = torch.stack([(z == k).double().mean(0) for k in range(3)], -1)
    torch.testing.assert_close(share, hmm.posteriors(*x).gamma, rtol=0, atol=0.04)


def earthquakes() -> torch.Tensor:
    return torch.tensor(np.loadtxt(DATA / "earthquakes.csv", delimiter=",")[:, 1], dtype=torch.float64)


def poisson(m: int, stay: float) -> Model:
    A = torch.full((m, m), (1 - stay) / max(1, m - 1)).double()
    A = A.fill_diagonal_(stay if m > 1 else 1.0)
    return Model(torch.ones(m).double() / m, A, Poisson(torch.linspace(12, 30, m).double()))


@pytest.mark.parametrize(("m", "expected"), [(1, 391.9189), (2, 360.3690), (3, 356.8489), (4, 356.7337)])
def test_earthquakes_as_poisson_mixtures(m: int, expected: float) -> None:
    """Zucchini & MacDonald 2009, Table 1.3; a mixture is the model of sequences of length one."""
    fit = baum_welch.fit([x[None] for x in earthquakes()], poisson(m, 0.5), tol=1e-9, max_iter=5000)
    assert -float(fit.log_likelihoods[-1]) == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize(
    ("m", "start", "expected"),
    [(2, "stationary", 342.3183), (3, "stationary", 329.4603), (2, "free", 341.8787), (3, "free", 328.5275)],
)
def test_earthquakes_as_a_poisson_chain(m: int, start: str, expected: float) -> None:
    """Zucchini & MacDonald 2009, §3.3 and §4.3."""
    fit = baum_welch.fit(earthquakes(), poisson(m, 0.9), start, tol=1e-9)
    assert fit.converged
    assert -float(fit.log_likelihoods[-1]) == pytest.approx(expected, abs=6e-5)
    assert bool((fit.log_likelihoods.diff() > -1e-9).all())
    if start == "stationary":
        torch.testing.assert_close(fit.model.pi @ fit.model.A, fit.model.pi)


@pytest.mark.parametrize("dtype", DTYPES)
def test_fit_climbs_and_one_step_is_the_mstep(dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(4)
    pi, A = torch.tensor([0.7, 0.3], dtype=dtype), torch.tensor([[0.8, 0.2], [0.4, 0.6]], dtype=dtype)
    E = torch.tensor([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]], dtype=dtype)
    mu, eye = torch.tensor([[0.0, 0.0], [2.0, 1.0]], dtype=dtype), torch.eye(2, dtype=dtype).repeat(2, 1, 1)
    rounding = 1e4 * torch.finfo(dtype).eps
    for emission in (Discrete(E), Gaussian(mu, eye), Poisson(torch.tensor([2.0, 9.0], dtype=dtype))):
        model = Model(pi, A, emission)
        xs = [baum_welch.sample(n, model, rng)[0] for n in (30, 1, 12)]
        fit = baum_welch.fit(xs, model, tol=0, max_iter=4)
        slack = rounding * float(fit.log_likelihoods.abs().max())
        assert bool((fit.log_likelihoods.diff() > -slack).all())
        found = [hmm.posteriors(pi.log(), A.log(), emission.log_prob(x)) for x in xs]
        gammas, xis = [f.gamma for f in found], [f.xi for f in found]
        torch.testing.assert_close(fit.log_likelihoods[0], sum(f.log_partition for f in found), rtol=rounding, atol=0)
        step = baum_welch.fit(xs, model, tol=0, max_iter=1).model
        expected: tuple[torch.Tensor, ...]
        if isinstance(emission, Discrete):
            expected = baum_welch.mstep_discrete(gammas, xis, xs, 3)
        elif isinstance(emission, Gaussian):
            expected = baum_welch.mstep_gaussian(gammas, xis, xs)
        else:
            expected = baum_welch.mstep_poisson(gammas, xis, xs)
        parts = (step.pi, step.A, *(v for v in vars(step.emission).values() if isinstance(v, torch.Tensor)))
        for x, y in zip(parts, expected, strict=True):
            torch.testing.assert_close(x, y, rtol=rounding, atol=rounding)


def test_rows_never_left_and_states_never_visited() -> None:
    gamma, xi = torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([[[1.0, 0.0], [0.0, 0.0]]])
    pi, A, E = baum_welch.mstep_discrete([gamma], [xi], [torch.tensor([0, 2])], 3)
    assert pi.tolist() == [1, 0]
    assert A.tolist() == [[1, 0], [0.5, 0.5]]
    torch.testing.assert_close(E, torch.tensor([[0.5, 0, 0.5], [1 / 3, 1 / 3, 1 / 3]]))


def test_bad_input_is_named() -> None:
    log_pi, log_A, log_B = scores(4, 3, seed=5)
    nan = torch.full_like(log_B, math.nan)
    for name, call in (
        ("log_B", (log_pi, log_A, log_B[:0])),
        ("log_B", (log_pi, log_A, log_B[:, :2])),
        ("log_B", (log_pi, log_A, nan)),
        ("log_A", (log_pi, log_A[:2], log_B)),
        ("log_A", (log_pi, log_A + math.inf, log_B)),
        ("log_pi", (log_pi[:, None], log_A, log_B)),
        ("log_pi", (log_pi.float(), log_A, log_B)),
        ("lengths", (log_pi, log_A, log_B, torch.tensor([4]))),
        ("lengths", (log_pi, log_A, log_B, torch.tensor(0))),
    ):
        with pytest.raises(ValueError, match=name):
            hmm.posteriors(*call)
        with pytest.raises(ValueError, match=name):
            hmm.viterbi(call[0], call[1], call[2], *call[3:])
    pi, A, E = torch.ones(2) / 2, torch.ones(2, 2) / 2, torch.ones(2, 3) / 3
    x = torch.tensor([0, 1, 2])
    for name, model, data in (
        ("pi", Model(pi * 1.01, A, Discrete(E)), x),
        ("A", Model(pi, A * 1.01, Discrete(E)), x),
        ("A", Model(pi, A[:1], Discrete(E)), x),
        ("E", Model(pi, A, Discrete(E * 1.01)), x),
        ("emission", Model(pi, A, Discrete(torch.ones(3, 3) / 3)), x),
        ("X", Model(pi, A, Discrete(E)), x + 1),
        ("X", Model(pi, A, Poisson(pi)), torch.tensor([-1.0])),
        ("X", Model(pi, A, Poisson(pi)), torch.tensor([math.nan])),
        ("Sigma", Model(pi, A, Gaussian(torch.zeros(2, 1), -torch.ones(2, 1, 1))), torch.zeros(3, 1)),
        ("sequences", Model(pi, A, Discrete(E)), []),
        ("sequences", Model(pi, A, Discrete(E)), [x, x[:0]]),
        ("model", Model(pi, A, Poisson(torch.zeros(2))), torch.ones(2)),
    ):
        with pytest.raises(ValueError, match=name):
            baum_welch.fit(data, model)


def test_baum_welch_takes_leaves_of_a_graph_and_answers_outside_it() -> None:
    X = torch.randn(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    pi, A, Sigma = (x.double() for x in (torch.full((2,), 0.5), torch.full((2, 2), 0.5), torch.eye(2).expand(2, 2, 2)))

    def fit(leaf: bool) -> tuple[torch.Tensor, ...]:
        x, p, a, mu, sigma = (t.clone().requires_grad_(leaf) for t in (X, pi, A, X[:2], Sigma))
        found = baum_welch.fit(x, Model(p, a, Gaussian(mu, sigma)), max_iter=3)
        emission = found.model.emission
        assert isinstance(emission, Gaussian)
        return *found.model[:2], emission.mu, emission.Sigma, found.log_likelihoods

    assert not any(x.requires_grad for x in fit(True))
    torch.testing.assert_close(fit(True), fit(False))


def test_likelihood_is_differentiable_in_all_that_it_is_made_of() -> None:
    X = torch.randn(7, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    pi, A, Sigma = (
        x.double() for x in (torch.tensor([0.3, 0.7]), torch.eye(2) / 2 + 0.25, torch.eye(2).expand(2, 2, 2))
    )

    def likelihood(x: torch.Tensor, log_pi: torch.Tensor, log_A: torch.Tensor, mu: torch.Tensor) -> torch.Tensor:
        model = Model(log_pi.softmax(0), log_A.softmax(1), Gaussian(mu, Sigma))
        return baum_welch.log_likelihood([x[:4], x[4:]], model)

    leaves = [x.clone().requires_grad_() for x in (X, pi.log(), A.log(), X[:2])]
    assert torch.autograd.gradcheck(likelihood, leaves)
