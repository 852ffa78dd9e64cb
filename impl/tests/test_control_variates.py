"""Control variates and baselines: what a coefficient from the same sample costs, and where there is none to be had."""

from collections.abc import Callable
from itertools import product

import pytest
import torch

from ..variational.control_variates import baseline, control_variate
from ..variational.rao_blackwell import discrete, normal
from .test_score_function import DTYPE, nodes

P = torch.tensor([0.25, 0.5, 0.25], dtype=DTYPE)
W = torch.tensor([0.0, 1.0, 9.0], dtype=DTYPE)
U = torch.tensor([-1.0, 0.0, 2.0], dtype=DTYPE)


def over_samples(n: int, estimate: Callable[..., torch.Tensor]) -> torch.Tensor:
    """The mean over all samples of size n of the mean of estimate(indices)."""
    total = torch.zeros((), dtype=DTYPE)
    for atoms in product(range(len(P)), repeat=n):
        at = torch.tensor(atoms)
        total = total + P[at].prod() * estimate(at).mean(0)
    return total


@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_coefficient_from_the_same_sample_is_biased_and_one_from_the_others_is_not(n: int) -> None:
    EU = float(P @ U)
    means = {
        source: over_samples(n, lambda at, s=source: control_variate(W[at], U[at], EU, source=s).phi) - P @ W
        for source in ("same-sample", "leave-one-out")
    }
    assert abs(float(means["leave-one-out"])) < 1e-14
    assert float(means["same-sample"]) < -0.1


@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_baseline_from_the_same_sample_shrinks_the_gradient(n: int) -> None:
    score = (torch.eye(3, dtype=DTYPE) - P)[:, 1:]
    truth = P @ (W[:, None] * score)
    for source, factor in (("leave-one-out", 1.0), ("same-sample", (n - 1) / n)):
        got = over_samples(n, lambda at, s=source: baseline(W[at], score[at], s))
        torch.testing.assert_close(got, factor * truth)


def test_the_best_coefficient_leaves_what_is_not_explained() -> None:
    w, u = W - P @ W, U - P @ U
    a = -(P @ (w * u)) / (P @ u**2)
    phi = control_variate(W, U, float(P @ U), a=float(a)).phi
    left = P @ (phi - P @ phi) ** 2
    torch.testing.assert_close(left, P @ w**2 - (P @ (w * u)) ** 2 / (P @ u**2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("source", ["same-sample", "leave-one-out"])
def test_a_control_that_does_not_vary_has_the_coefficient_zero(dtype: torch.dtype, source: str) -> None:
    rng = torch.Generator().manual_seed(3)
    for n in (2, 3, 7, 1000):
        values = torch.randn(n, generator=rng, dtype=dtype)
        for level in (0.1, 1e-3, 12345.6789, 0.0):
            phi, a = control_variate(values, torch.full_like(values, level), 0.5, source=source)
            assert not bool(a.any())
            torch.testing.assert_close(phi, values, rtol=0, atol=0)
    lonely = torch.full_like(values, 0.1)
    lonely[4] = 7.0
    assert float(control_variate(values, lonely, 0.0).a[4]) == 0.0


def test_leaving_terms_out_may_raise_the_variance() -> None:
    x, w = nodes(6)
    eps = torch.cartesian_prod(x[:, 0], x[:, 0])
    weights = torch.cartesian_prod(w, w).prod(1)
    mu, sigma = torch.zeros(2, dtype=DTYPE), torch.ones(2, dtype=DTYPE)
    own = ((0,), lambda z: 9 + z[..., 0])
    other = ((1,), lambda z: z[..., 0] - 9)
    whole = ((0, 1), lambda z: z[..., 0] + z[..., 1])
    found = []
    for factors in ([whole], [own, other]):
        G = normal(factors, mu, sigma, eps)[:, 0]
        mean = weights @ G
        torch.testing.assert_close(mean, torch.ones((), dtype=DTYPE))
        found.append(round(float(weights @ (G - mean) ** 2), 9))
    assert found == [3.0, 83.0]


def test_bad_input_is_named() -> None:
    pair = torch.zeros(2, 2)
    for call, message in (
        (lambda: control_variate(W, U[:2], 0.0), "U: expected shape"),
        (lambda: control_variate(W[:1], U[:1], 0.0), "W: expected at least 2 samples"),
        (lambda: control_variate(W, U, float("nan")), "EU: expected a finite number"),
        (lambda: control_variate(W, U, 0.0, source="all"), "source: expected one of"),
        (lambda: baseline(W / 0, U[:, None]), "W: expected finite"),
        (lambda: discrete([((0, 0), torch.sum)], pair, pair), "scopes of distinct variables"),
        (lambda: discrete([((0,), lambda z: z)], pair, pair), "factors: a factor: expected 2 values"),
        (lambda: discrete([], pair, pair + 2), "z: expected states 0 to 1"),
        (lambda: discrete([], pair, pair, "plain"), "method: expected one of"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
