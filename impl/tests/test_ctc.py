"""CTC: loss, occupancy, collapse, searches."""

from __future__ import annotations

from itertools import groupby, product
from math import comb, inf, log, prod

import pytest
import torch
from torch.nn.functional import ctc_loss

from ..latent import ctc
from ..latent._lattice import best, log_partition, partition
from ..latent._semiring import COUNT, ENTROPY

BOTH = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
TWINS = pytest.mark.parametrize("kernel", [False, True], ids=["plain", "kernel"])


def spelling(path: tuple[int, ...], blank: int) -> tuple[int, ...]:
    return tuple(k for k, _ in groupby(path) if k != blank)


def batch(labellings: list[tuple[int, ...]], fill: int = 77) -> tuple[torch.Tensor, torch.Tensor]:
    lengths = torch.tensor([len(y) for y in labellings])
    rows = [[*y, *[fill] * (int(lengths.max()) - len(y))] for y in labellings]
    return torch.tensor(rows, dtype=torch.int64).reshape(len(rows), -1), lengths


def repeats(y: torch.Tensor) -> int:
    return int((y[1:] == y[:-1]).sum())


@TWINS
@pytest.mark.parametrize(("T", "C", "blank"), [(4, 3, 1), (5, 2, 1), (3, 4, 3), (1, 3, 0), (4, 1, 0)])
def test_every_labelling_weighs_its_paths(T: int, C: int, blank: int, kernel: bool) -> None:
    rng = torch.Generator().manual_seed(T)
    x = (3 * torch.randn(T, C, generator=rng, dtype=torch.float64)).log_softmax(-1)
    mass: dict[tuple[int, ...], float] = {}
    visits: dict[tuple[int, ...], torch.Tensor] = {}
    for path in product(range(C), repeat=T):
        y, p = spelling(path, blank), prod(float(x[t, k].exp()) for t, k in enumerate(path))
        assert tuple(ctc.collapse(torch.tensor(path), blank).tolist()) == y
        mass[y] = mass.get(y, 0.0) + p
        visits[y] = visits.get(y, torch.zeros(T, C).double())
        visits[y][range(T), list(path)] += p
    every = [y for U in range(T + 1) for y in product([k for k in range(C) if k != blank], repeat=U)]
    targets, lengths = batch(every)
    loss, occupancy = ctc.loss_and_occupancy(
        x[:, None].expand(T, len(every), C), targets, None, lengths, blank, kernel=kernel
    )
    truth = torch.tensor([mass.get(y, 0.0) for y in every], dtype=torch.float64)
    torch.testing.assert_close((-loss).exp(), truth, rtol=1e-13, atol=0)
    assert abs(float((-loss).exp().sum()) - 1) < 1e-14
    for b, y in enumerate(every):
        wanted = visits[y] / mass[y] if y in mass else torch.zeros(T, C).double()
        torch.testing.assert_close(occupancy[:, b], wanted, rtol=1e-12, atol=1e-300)
    found = ctc.prefix_beam_search(x, blank, width=len(mass))
    assert {h.labels for h in found} == set(mass)
    assert all(abs(h.log_prob - log(mass[h.labels])) < 1e-12 for h in found)
    assert [h.log_prob for h in found] == sorted((h.log_prob for h in found), reverse=True)
    path = max(product(range(C), repeat=T), key=lambda path: sum(float(x[t, k]) for t, k in enumerate(path)))
    assert tuple(ctc.best_path(x, blank).tolist()) == spelling(path, blank)


@TWINS
@BOTH
def test_equal_scores_count_alignments(dtype: torch.dtype, kernel: bool) -> None:
    rng = torch.Generator().manual_seed(0)
    for T in (1, 2, 7, 40, 200):
        targets = torch.randint(1, 3, (6, min(T, 60)), generator=rng)
        lengths = torch.randint(0, targets.shape[1] + 1, (6,), generator=rng)
        loss = ctc.loss(torch.zeros(T, 6, 4, dtype=dtype), targets - 1, None, lengths, blank=3, kernel=kernel)
        for b, U in enumerate(lengths.tolist()):
            R = repeats(targets[b, :U])
            paths = comb(T + U - R, 2 * U) if T >= U + R else 0
            expected = -log(paths) if paths else inf
            assert float(loss[b]) == pytest.approx(expected, rel=8 * torch.finfo(dtype).eps)


@TWINS
@BOTH
@pytest.mark.parametrize("scale", [0.1, 3.0, 1e4])
def test_the_loss_lies_within_the_entropy_of_its_alignments(dtype: torch.dtype, scale: float, kernel: bool) -> None:
    rng = torch.Generator().manual_seed(1)
    T, B, C, U = 600, 3, 7, 90
    x = (scale * torch.randn(T, B, C, generator=rng)).to(dtype).log_softmax(-1)
    y = torch.randint(0, C - 1, (B, U), generator=rng)
    loss, occupancy = ctc.loss_and_occupancy(x, y, blank=C - 1, kernel=kernel)
    assert float((occupancy.sum(-1) - 1).abs().max()) < 8 * torch.finfo(dtype).eps
    entropy = -loss.double() - (occupancy.double() * x.double()).sum((0, 2))
    slack = 64 * torch.finfo(dtype).eps * float(loss.max())
    for b in range(B):
        assert -slack <= float(entropy[b]) <= log(comb(T + U - repeats(y[b]), 2 * U)) + slack


@TWINS
@pytest.mark.parametrize("blank", [0, 2, 4])
def test_torch_agrees_in_value_and_through_log_softmax_in_gradient(blank: int, kernel: bool) -> None:
    rng = torch.Generator().manual_seed(blank)
    for scale in (0.5, 5.0, 100.0):
        B, T, C, U = 16, 12, 5, 6
        logits = (scale * torch.randn(T, B, C, generator=rng, dtype=torch.float64)).requires_grad_()
        targets = (blank + torch.randint(1, C, (B, U), generator=rng)) % C
        input_lengths = torch.randint(1, T + 1, (B,), generator=rng)
        target_lengths = torch.randint(0, U + 1, (B,), generator=rng)
        weight = torch.rand(B, generator=rng).double()
        input_lengths[0], target_lengths[0] = 1, 2
        args = logits.log_softmax(-1), targets, input_lengths, target_lengths, blank
        ours, theirs = ctc.loss(*args, kernel=kernel), ctc_loss(*args, reduction="none")
        assert bool(ours.isinf().any())
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
        ours, theirs = (
            ctc.loss(*args, zero_infinity=True, kernel=kernel),
            ctc_loss(*args, reduction="none", zero_infinity=True),
        )
        (mine,) = torch.autograd.grad(ours @ weight, logits, retain_graph=True)
        (wanted,) = torch.autograd.grad(theirs @ weight, logits)
        torch.testing.assert_close(mine, wanted, rtol=1e-10, atol=1e-12)


@TWINS
def test_free_scores_have_minus_the_occupancy_as_gradient(kernel: bool) -> None:
    rng = torch.Generator().manual_seed(3)
    x = torch.randn(6, 3, 4, generator=rng, dtype=torch.float64, requires_grad=True)
    lengths = torch.tensor([6, 4, 5]), torch.tensor([2, 3, 0])
    y = torch.tensor([[3, 3, 0], [0, 3, 0], [0, 0, 0]])
    assert torch.autograd.gradcheck(lambda x: ctc.loss(x, y, *lengths, blank=2, kernel=kernel), x)
    (grad,) = torch.autograd.grad(ctc.loss(x, y, *lengths, blank=2, kernel=kernel).sum(), x)
    torch.testing.assert_close(grad, -ctc.loss_and_occupancy(x, y, *lengths, blank=2, kernel=kernel)[1], rtol=0, atol=0)


def test_the_lattice_has_the_same_paths() -> None:
    rng = torch.Generator().manual_seed(4)
    x = torch.randn(9, 4, 5, generator=rng, dtype=torch.float64, requires_grad=True)
    y = torch.tensor([[0, 0, 1], [4, 2, 4], [1, 1, 1], [2, 3, 0]])
    args = y, torch.tensor([9, 7, 4, 8]), torch.tensor([3, 2, 3, 0])
    chain, loss = ctc.lattice(x, *args, blank=3), ctc.loss(x, *args, blank=3)
    feasible = torch.tensor([True, True, False, True])
    torch.testing.assert_close(log_partition(chain), -loss)
    (grad,) = torch.autograd.grad(log_partition(chain)[feasible].sum(), x)
    torch.testing.assert_close(grad, ctc.loss_and_occupancy(x, *args, blank=3)[1])
    assert partition(chain, COUNT).tolist() == [comb(9 + 3 - 1, 6), comb(7 + 2, 4), 0, 1]
    entropy = partition(chain, ENTROPY)[1]
    identity = -loss - (ctc.loss_and_occupancy(x, *args, blank=3)[1] * x).sum((0, 2))
    torch.testing.assert_close(entropy[feasible], identity[feasible])
    score, path = best(chain)
    assert bool((score[feasible] <= -loss[feasible]).all())
    spelt = torch.tensor([3, 0, 3, 0, 3, 1, 3])[path[:, 0]]
    assert ctc.collapse(spelt, 3).tolist() == [0, 0, 1]


@TWINS
@BOTH
def test_what_stands_behind_the_ends_has_no_influence(dtype: torch.dtype, kernel: bool) -> None:
    rng = torch.Generator().manual_seed(5)
    x = torch.randn(8, 2, 4, generator=rng, dtype=dtype)
    y = torch.tensor([[1, 2, 2], [3, 1, 0]])
    lengths = torch.tensor([8, 5]), torch.tensor([3, 2])
    clean = ctc.loss_and_occupancy(x, y, *lengths, kernel=kernel)
    for poison in (1e30, -inf, inf, float("nan")):
        dirty = x.clone()
        dirty[5:, 1] = poison
        loss, occupancy = ctc.loss_and_occupancy(dirty, torch.tensor([[1, 2, 2], [3, 1, 9]]), *lengths, kernel=kernel)
        assert torch.equal(loss, clean[0])
        assert torch.equal(occupancy, clean[1])
        dirty.requires_grad_()
        (grad,) = torch.autograd.grad(ctc.loss(dirty, y, *lengths, kernel=kernel).sum(), dirty)
        assert torch.equal(grad, -clean[1])
    alone = ctc.loss_and_occupancy(x[:5, 1:], y[1:, :2], kernel=kernel)
    torch.testing.assert_close(alone[0], clean[0][1:])
    torch.testing.assert_close(alone[1], clean[1][:5, 1:])
    assert not bool(clean[1][5:, 1].any())


@TWINS
@BOTH
def test_a_target_without_a_path_costs_infinity_and_has_no_gradient(dtype: torch.dtype, kernel: bool) -> None:
    x = torch.zeros(3, 4, 3, dtype=dtype)
    x[1, 3, 0] = x[1, 3, 2] = -inf
    x.requires_grad_()
    y = torch.tensor([[1, 1, 1], [1, 2, 1], [1, 1, 0], [2, 0, 0]])
    lengths = torch.tensor([3, 3, 2, 3]), torch.tensor([2, 3, 2, 1])
    loss = ctc.loss(x, y, *lengths, kernel=kernel)
    assert loss.tolist() == [0, 0, inf, inf]
    (grad,) = torch.autograd.grad((loss**2).sum(), x)
    assert bool(grad.isfinite().all())
    assert not bool(grad[:, 2:].any())
    assert ctc.loss(x, y, *lengths, zero_infinity=True, kernel=kernel).tolist() == [0, 0, 0, 0]
    assert ctc.loss(x[:0], y, torch.zeros(4).long(), torch.tensor([0, 1, 0, 1]), kernel=kernel).tolist() == [
        0,
        inf,
        0,
        inf,
    ]
    assert ctc.loss(x, y[:, :0], kernel=kernel).tolist() == [0, 0, 0, inf]
    assert ctc.loss(x[:, :0], y[:0], kernel=kernel).shape == (0,)


@TWINS
@BOTH
def test_sharp_frames_have_finite_gradients(dtype: torch.dtype, kernel: bool) -> None:
    path = torch.tensor([0, 2, 2, 0, 2, 1, 1, 0])
    x = torch.full((8, 1, 3), -inf, dtype=dtype)
    x[range(8), 0, path] = 0
    loss, occupancy = ctc.loss_and_occupancy(x, torch.tensor([[2, 2, 1]]), kernel=kernel)
    assert float(loss) == 0
    assert torch.equal(occupancy, x.exp())


@pytest.mark.parametrize(("dtype", "kernel"), [(torch.float32, False), (torch.float32, True), (torch.float64, True)])
def test_100_000_frames(dtype: torch.dtype, kernel: bool) -> None:
    rng = torch.Generator().manual_seed(6)
    x = (5 * torch.randn(100_000, 1, 3, generator=rng)).to(dtype).log_softmax(-1)
    y = torch.tensor([[0, 0]])
    loss, occupancy = ctc.loss_and_occupancy(x, y, blank=2, kernel=kernel)
    entropy = -loss.double() - (occupancy.double() * x.double()).sum((0, 2))
    slack = 16 * torch.finfo(dtype).eps * float(loss)
    assert -slack <= float(entropy) <= log(comb(100_001, 4)) + slack
    assert float((occupancy.sum(-1) - 1).abs().max()) < 1e-6


@BOTH
@pytest.mark.parametrize("scale", [0.1, 10.0, 800.0, 1e6])
def test_the_kernel_is_the_plain_recursion(dtype: torch.dtype, scale: float) -> None:
    rng = torch.Generator().manual_seed(8)
    x = (scale * torch.randn(60, 4, 6, generator=rng)).to(dtype)
    x[torch.rand(60, 4, 6, generator=rng) < 0.05] = -inf
    y = torch.randint(0, 5, (4, 9), generator=rng)
    lengths = torch.tensor([60, 51, 60, 40]), torch.tensor([9, 6, 0, 9])
    plain, kernel = (ctc.loss_and_occupancy(x, y, *lengths, blank=5, kernel=k) for k in (False, True))
    torch.testing.assert_close(kernel[0], plain[0], rtol=4 * torch.finfo(dtype).eps, atol=0)
    slack = 60 * torch.finfo(torch.float64).eps * (3 + 60 * 4 * scale) + torch.finfo(dtype).eps
    torch.testing.assert_close(kernel[1], plain[1], rtol=0, atol=slack)
    bare = ctc.loss(x, y, *lengths, blank=5)
    assert torch.equal(bare, kernel[0])
    beyond, truth = (ctc.loss(1e6 * x, y, *lengths, blank=5, kernel=k) for k in (True, False))
    torch.testing.assert_close(beyond, truth, rtol=4 * torch.finfo(dtype).eps, atol=0)


def test_narrow_beams_find_no_more_than_there_is() -> None:
    rng = torch.Generator().manual_seed(7)
    x = (2 * torch.randn(12, 5, generator=rng, dtype=torch.float64)).log_softmax(-1)
    for width in (1, 3, 30):
        for found in ctc.prefix_beam_search(x, 1, width):
            targets, lengths = batch([found.labels])
            assert found.log_prob <= -float(ctc.loss(x[:, None], targets, None, lengths, blank=1)) + 1e-12
    exact = ctc.prefix_beam_search(torch.tensor([[0.6, 0.4], [0.6, 0.4]]).log())
    assert [h.labels for h in exact] == [(1,), ()]
    assert exact[0].log_prob == pytest.approx(log(0.64))
    assert ctc.best_path(torch.tensor([[0.6, 0.4], [0.6, 0.4]])).tolist() == []
    assert ctc.prefix_beam_search(torch.zeros(0, 3)) == [((), 0.0)]
    assert ctc.prefix_beam_search(torch.full((2, 3), -inf)) == []
