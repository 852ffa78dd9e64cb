"""Optimality is proved per instance: feasible plan, feasible prices, no gap; SciPy and POT agree."""

from collections.abc import Iterator
from contextlib import nullcontext

import numpy as np
import ot
import pytest
import torch
from scipy.optimize import linear_sum_assignment, linprog

from .._kernels import without_kernels
from ..transport import kantorovich
from ._problems import problems

ROUNDOFF = {torch.float32: 2.0**-24, torch.float64: 2.0**-53}


@pytest.fixture(params=["plain", "kernel"])
def _twin(request: pytest.FixtureRequest) -> Iterator[None]:
    """The plain simplex, and the kernel where numba is installed."""
    with without_kernels() if request.param == "plain" else nullcontext():
        yield


@pytest.mark.usefixtures("_twin")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_plan_and_prices_prove_each_other(dtype: torch.dtype) -> None:
    for kind, *given in problems(seed=1, number=360):
        a, b, cost = (x.to(dtype) for x in given)
        plan, f, g = kantorovich.solve(a, b, cost)
        assert plan.dtype == f.dtype == g.dtype == dtype
        plan, f, g, a, b, cost = (x.double() for x in (plan, f, g, a, b, cost))
        u, size, top = ROUNDOFF[dtype], len(a) + len(b), float(cost.abs().max())
        slack = cost - f[:, None] - g
        assert plan.min() >= 0, kind
        assert int((plan > 0).sum()) <= size - 1, kind
        assert (plan.sum(1) - a).abs().sum() + (plan.sum(0) - b).abs().sum() <= 4 * u * size * a.sum(), kind
        assert slack.min() >= -8 * u * top, kind
        assert slack[plan > 0].abs().max() <= 16 * u * top, kind
        dual = kantorovich.dual_value(a, b, f, g)
        assert ((plan * cost).sum() - dual).abs() <= 16 * u * size * top * a.sum(), kind


def test_the_linear_program_of_the_post_has_the_same_value() -> None:
    for kind, a, b, cost in problems(seed=2, number=90):
        if kind == "mixed":  # beyond HiGHS's tolerance of 1e-7
            continue
        c, A, rhs = (x.numpy() for x in kantorovich.linear_program(a, b, cost))
        lp = linprog(c, A_eq=A, b_eq=rhs)
        assert lp.status == 0
        np.testing.assert_allclose(kantorovich.value(a, b, cost), lp.fun, rtol=1e-9, atol=1e-9)
        assert np.linalg.matrix_rank(A) == len(a) + len(b) - 1


@pytest.mark.usefixtures("_twin")
def test_larger_problems_agree_with_pot_and_with_the_assignment() -> None:
    rng = torch.Generator().manual_seed(3)
    for n in (30, 150):
        a, b = torch.rand(2, n, generator=rng, dtype=torch.float64).softmax(1)
        cost = torch.randn(n, n, generator=rng, dtype=torch.float64)
        peer = ot.emd2(a.numpy(), b.numpy(), cost.numpy())
        torch.testing.assert_close(float(kantorovich.value(a, b, cost)), float(peer), rtol=1e-12, atol=1e-14)
        ones, ties = torch.ones(n, dtype=torch.float64), (cost * 2).round()
        plan = kantorovich.solve(ones, ones, ties).plan
        assert bool(((plan == 0) | (plan == 1)).all())
        rows, columns = linear_sum_assignment(ties.numpy())
        assert float((plan * ties).sum()) == ties.numpy()[rows, columns].sum()


def test_value_has_envelope_gradients_and_batches() -> None:
    rng = torch.Generator().manual_seed(4)
    logits = torch.randn(2, 4, generator=rng, dtype=torch.float64, requires_grad=True)
    b = torch.rand(3, generator=rng, dtype=torch.float64).softmax(0).requires_grad_()
    cost = torch.randn(2, 4, 3, generator=rng, dtype=torch.float64, requires_grad=True)

    def value(logits: torch.Tensor, b: torch.Tensor, cost: torch.Tensor) -> torch.Tensor:
        return kantorovich.value(logits.softmax(-1), b / b.sum(), cost)

    assert torch.autograd.gradcheck(value, (logits, b, cost))
    single = torch.stack([value(logits[k], b, cost[k]) for k in range(2)])
    assert torch.equal(value(logits, b, cost), single)
    assert kantorovich.value(torch.ones(0, 2), torch.ones(0, 2), torch.ones(0, 2, 2)).shape == (0,)


def test_marginal_operators_flatten_rows_first() -> None:
    P = torch.arange(6.0, dtype=torch.float64).reshape(2, 3)
    P_X, P_Y = kantorovich.marginal_operators(2, 3)
    assert torch.equal(P_X @ P.reshape(-1), P.sum(1))
    assert torch.equal(P_Y @ P.reshape(-1), P.sum(0))


@pytest.mark.parametrize(
    ("a", "b", "cost", "message"),
    [
        ([-0.5, 1.5], [1.0], [[0.0], [0.0]], "a: expected non-negative"),
        ([0.5, 0.5], [1.001], [[0.0], [0.0]], "equal sums"),
        ([0.0, 0.0], [0.0], [[0.0], [0.0]], "a: expected positive total"),
        ([0.5, float("nan")], [1.0], [[0.0], [0.0]], "a: expected finite"),
        ([0.5, 0.5], [float("inf")], [[0.0], [0.0]], "b: expected finite"),
        ([0.5, 0.5], [1.0], [[0.0], [float("nan")]], "cost: expected finite"),
        ([0.5, 0.5], [1.0], [[0.0, 0.0]], r"cost: expected shape \[..., 2, 1\]"),
        ([0.5, 0.5], [1.0], [0.0], "cost: expected at least 2"),
    ],
)
def test_what_is_no_problem_raises(a: list[float], b: list[float], cost: list[object], message: str) -> None:
    for dtype in (torch.float32, torch.float64):
        with pytest.raises(ValueError, match=message):
            kantorovich.solve(*(torch.tensor(x, dtype=dtype) for x in (a, b, cost)))


def test_types_and_counts_raise() -> None:
    ones = torch.ones(2)
    with pytest.raises(ValueError, match="one dtype"):
        kantorovich.value(ones, ones.double(), torch.zeros(2, 2))
    with pytest.raises(ValueError, match="float32 or float64"):
        kantorovich.value(ones, ones, torch.zeros(2, 2, dtype=torch.int64))
    with pytest.raises(ValueError, match="leading"):
        kantorovich.value(torch.ones(2, 2), torch.ones(3, 2), torch.zeros(2, 2))
    with pytest.raises(ValueError, match="m: expected an integer"):
        kantorovich.marginal_operators(0, 2)
    with pytest.raises(ValueError, match="f: expected 2"):
        kantorovich.dual_value(ones, ones, torch.ones(3), ones)


def test_masses_normalised_in_float32_pass() -> None:
    rng = torch.Generator().manual_seed(5)
    a = torch.randn(3000, generator=rng).softmax(0)
    one = torch.ones(1)
    torch.testing.assert_close(kantorovich.value(a, one, torch.ones(3000, 1)), one[0], rtol=1e-6, atol=0)
