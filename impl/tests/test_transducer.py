"""The transducer: loss, posteriors, greedy and beam search."""

from __future__ import annotations

from itertools import combinations, product
from math import comb, inf, lgamma, log
from typing import Any

import pytest
import torch
from torch.autograd import grad as gradient

from ..latent import transducer
from ..latent._lattice import log_partition, partition
from ..latent._semiring import COUNT, ENTROPY

BOTH = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
T_LEN, U_LEN = torch.tensor([(T, U) for T in (1, 2, 4) for U in (0, 1, 3)]).T


def walks(x: torch.Tensor, y: list[int], blank: int) -> tuple[float, torch.Tensor, torch.Tensor]:
    """p(y), and the blank and label posteriors, from a list of all paths."""
    T, U = x.shape[0], len(y)
    total, blanks, labels = 0.0, torch.zeros(T, U + 1).double(), torch.zeros(T, U).double()
    for spelt in combinations(range(T + U - 1), U):
        t, u, p, edges = 0, 0, 1.0, []
        for k in range(T + U):
            edges.append((labels if k in spelt else blanks, t, u))
            p *= float(x[t, u, y[u] if k in spelt else blank].exp())
            t, u = (t, u + 1) if k in spelt else (t + 1, u)
        total += p
        for where, t, u in edges:
            where[t, u] += p
    return total, blanks / total, labels / total


def log_comb(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def padded(x: torch.Tensor, *shape: int) -> torch.Tensor:
    out = x.new_zeros(shape)
    out[tuple(slice(n) for n in x.shape)] = x
    return out


def entropy(found: transducer.Posteriors, x: torch.Tensor, y: torch.Tensor, blank: int) -> torch.Tensor:
    """log p(y) minus the mean score of the paths: the entropy of the path, given y."""
    scores = x[:, :, :-1].gather(-1, y[:, None, :, None].expand(-1, x.shape[1], -1, 1))[..., 0]
    mean = (found.blanks * x[..., blank]).sum((1, 2)) + (found.labels * scores).sum((1, 2))
    return found.log_prob - mean


@pytest.mark.parametrize("blank", [0, 2, 3])
def test_the_loss_sums_the_paths_of_a_ragged_batch(blank: int) -> None:
    rng = torch.Generator().manual_seed(blank)
    x = torch.randn(9, 4, 4, 4, generator=rng, dtype=torch.float64)
    y = (blank + torch.randint(1, 4, (9, 3), generator=rng)) % 4
    found = transducer.posteriors(x, y, T_LEN, U_LEN, blank)
    for b, (T, U) in enumerate(zip(T_LEN.tolist(), U_LEN.tolist(), strict=True)):
        total, blanks, labels = walks(x[b, :T], y[b, :U].tolist(), blank)
        assert float(found.log_prob[b]) == pytest.approx(log(total), abs=1e-13)
        torch.testing.assert_close(found.blanks[b], padded(blanks, 4, 4))
        torch.testing.assert_close(found.labels[b], padded(labels, 4, 3))
    torch.testing.assert_close(found.nodes[..., :3], found.blanks[..., :3] + found.labels)
    torch.testing.assert_close(transducer.loss(x, y, T_LEN, U_LEN, blank), -found.log_prob)
    logits = transducer.loss_from_logits(x + 7, y, T_LEN, U_LEN, blank)
    torch.testing.assert_close(logits, transducer.loss(x.log_softmax(-1), y, T_LEN, U_LEN, blank))


@BOTH
def test_equal_scores_count_paths(dtype: torch.dtype) -> None:
    for T, U, C in ((1, 1, 2), (1, 9, 3), (30, 0, 4), (60, 25, 5), (20, 70, 2)):
        logits = torch.full((2, T, U + 1, C), 3.0, dtype=dtype)
        y = torch.full((2, U), C - 2)
        expected = (T + U) * log(C) - log_comb(T + U - 1, U)
        for loss in (
            transducer.loss_from_logits(logits, y, blank=C - 1),
            transducer.loss(logits.log_softmax(-1), y, blank=C - 1),
        ):
            assert loss.tolist() == pytest.approx([expected] * 2, rel=16 * torch.finfo(dtype).eps)


def test_with_labels_summed_out_the_total_is_one() -> None:
    rng = torch.Generator().manual_seed(1)
    T, most, C, blank = 3, 3, 3, 1
    every = [y for U in range(most + 1) for y in product((0, 2), repeat=U)]
    x = torch.randn(T, most + 1, C, generator=rng, dtype=torch.float64)
    x[:, most, [0, 2]] = -inf
    x = x.log_softmax(-1)
    lengths = torch.tensor([len(y) for y in every])
    targets = torch.tensor([[*y, *[0] * (most - len(y))] for y in every])
    loss = transducer.loss(x.expand(len(every), -1, -1, -1), targets, None, lengths, blank)
    assert float((-loss).exp().sum()) == pytest.approx(1, abs=1e-14)
    for U in range(most + 1):
        merged = torch.stack([x[:, : U + 1, blank], x[:, : U + 1, [0, 2]].logsumexp(-1)], -1)
        together = transducer.loss(merged[None], torch.ones(1, U).long())
        torch.testing.assert_close((-loss[lengths == U]).exp().sum(), (-together[0]).exp())


def test_gradients_are_the_posteriors() -> None:
    rng = torch.Generator().manual_seed(2)
    x = torch.randn(3, 4, 3, 3, generator=rng, dtype=torch.float64, requires_grad=True)
    args: Any = torch.tensor([[0, 0], [2, 0], [2, 2]]), torch.tensor([4, 2, 3]), torch.tensor([2, 1, 0]), 1
    weight = torch.rand(3, generator=rng).double()
    assert torch.autograd.gradcheck(lambda x: transducer.loss(x, *args), x)
    assert torch.autograd.gradcheck(lambda x: transducer.loss_from_logits(x, *args), x)
    loss = transducer.loss_from_logits(x, *args) @ weight
    (fused,) = gradient(loss, x, retain_graph=True)
    again = gradient(loss, x)[0]
    (composed,) = gradient(transducer.loss(x.log_softmax(-1), *args) @ weight, x)
    torch.testing.assert_close(fused, composed)
    torch.testing.assert_close(fused, again)
    (free,) = gradient(transducer.loss(x, *args).sum(), x)
    assert torch.equal(free[..., 1], -transducer.posteriors(x, *args).blanks)


@BOTH
@pytest.mark.parametrize("scale", [0.1, 3.0, 1e4])
def test_every_diagonal_is_crossed_once(dtype: torch.dtype, scale: float) -> None:
    rng = torch.Generator().manual_seed(3)
    B, T, U, C = 3, 120, 50, 4
    x = (scale * torch.randn(B, T, U + 1, C, generator=rng)).to(dtype).log_softmax(-1)
    y = torch.randint(0, 3, (B, U), generator=rng)
    found = transducer.posteriors(x, y, blank=3)
    rounding = (T + U) * (float(found.log_prob.abs().max()) + 3) * torch.finfo(torch.float64).eps
    slack = 64 * torch.finfo(dtype).eps + rounding
    for axis, edges in ((2, found.blanks), (1, found.labels)):
        assert float((edges.sum(axis) - 1).abs().max()) < slack
    diagonals = found.nodes.flip(2)
    sums = torch.stack([diagonals.diagonal(k, 1, 2).sum(-1) for k in range(-T + 1, U + 1)])
    assert float((sums - 1).abs().max()) < slack
    h = entropy(found, x, y, 3)
    assert float(h.min()) >= -slack * float(found.log_prob.abs().max())
    assert float(h.max()) <= log_comb(T + U - 1, U) + slack * float(found.log_prob.abs().max())


def test_the_lattice_has_the_same_paths() -> None:
    rng = torch.Generator().manual_seed(4)
    x = torch.randn(9, 4, 4, 4, generator=rng, dtype=torch.float64, requires_grad=True)
    y = torch.randint(0, 3, (9, 3), generator=rng)
    chain = transducer.lattice(x, y, T_LEN, U_LEN, 3)
    found = transducer.posteriors(x, y, T_LEN, U_LEN, 3)
    torch.testing.assert_close(log_partition(chain), found.log_prob)
    counts = [comb(T + U - 1, U) for T, U in zip(T_LEN.tolist(), U_LEN.tolist(), strict=True)]
    assert partition(chain, COUNT).tolist() == counts
    torch.testing.assert_close(partition(chain, ENTROPY)[1], entropy(found, x, y, 3))
    (grad,) = gradient(log_partition(chain).sum(), x)
    torch.testing.assert_close(grad[..., 3], found.blanks)


@BOTH
def test_what_stands_behind_the_ends_has_no_influence(dtype: torch.dtype) -> None:
    rng = torch.Generator().manual_seed(5)
    x = torch.randn(2, 5, 4, 3, generator=rng, dtype=dtype)
    y = torch.tensor([[1, 2, 2], [2, 1, 0]])
    lengths = torch.tensor([5, 3]), torch.tensor([3, 2])
    for call in (transducer.loss, transducer.loss_from_logits):
        outcomes = []
        for poison in (1.0, 1e30, -inf, inf, float("nan")):
            dirty = x.clone()
            dirty[1, 3:] = dirty[1, :, 3:] = poison
            dirty.requires_grad_()
            loss = call(dirty, torch.tensor([[1, 2, 2], [2, 1, 9]]), *lengths)
            outcomes.append((loss, gradient(loss.sum(), dirty)[0]))
        for loss, grad in outcomes:
            assert torch.equal(loss, outcomes[0][0])
            assert torch.equal(grad, outcomes[0][1])
            assert not bool(grad[1, 3:].any() | grad[1, :, 3:].any())
        torch.testing.assert_close(call(x[1:, :3, :3], y[1:, :2])[0], outcomes[0][0][1])


@BOTH
def test_impossible_targets_and_sharp_scores(dtype: torch.dtype) -> None:
    x = torch.zeros(2, 2, 2, 3, dtype=dtype)
    x[0, 1, 1, 0] = -inf
    x[1, 0, 0, 1] = -inf
    x.requires_grad_()
    for call in (transducer.loss, transducer.loss_from_logits):
        loss = call(x, torch.tensor([[1], [1]]))
        assert loss.isinf().tolist() == [True, False]
        (grad,) = gradient((loss**2).sum(), x)
        assert bool(grad.isfinite().all())
        assert not bool(grad[0].any())
    sharp = 1e4 * torch.eye(3, dtype=dtype)[torch.tensor([[0, 0], [1, 0]])][None]
    assert float(transducer.loss_from_logits(sharp, torch.tensor([[1]]))) == 0


def test_100_000_frames() -> None:
    rng = torch.Generator().manual_seed(6)
    x = torch.randn(1, 100_000, 2, 2, generator=rng).log_softmax(-1)
    found = transducer.posteriors(x, torch.tensor([[1]]))
    assert float((found.blanks.sum(-1) - 1).abs().max()) < 1e-6
    assert float(found.labels.sum()) == pytest.approx(1, abs=1e-4)
    middle = x[0, :, :, 0].double()
    ends = middle[:, 0].cumsum(0) - middle[:, 0] + middle[:, 1].flip(0).cumsum(0).flip(0) + x[0, :, 0, 1]
    assert float(found.log_prob) == pytest.approx(float(ends.logsumexp(0)), rel=1e-6)


def tables(seed: int, blank: int) -> tuple[torch.Tensor, Any, Any, torch.Tensor]:
    """An encoder, a predictor that counts, a joint that looks the count up, and its log-probabilities [T, U+1, C]."""
    rng = torch.Generator().manual_seed(seed)
    x = torch.randn(3, 4, 3, generator=rng, dtype=torch.float64)
    x[:, 3, [k for k in range(3) if k != blank]] = -inf
    x = x.log_softmax(-1)

    def predict(label: int | None, state: int | None) -> tuple[torch.Tensor, int]:
        assert (label is None) == (state is None)
        count = 0 if state is None else state + 1
        return torch.tensor(count), count

    return torch.arange(3.0)[:, None], predict, lambda f, g: x[int(f), int(g)], x


def test_a_beam_that_never_overflows_is_exact() -> None:
    for seed, blank in ((0, 0), (1, 1), (2, 2)):
        encoded, predict, joint, x = tables(seed, blank)
        found = transducer.beam(encoded, predict, joint, blank, width=100)
        assert len(found) == 1 + 2 + 4 + 8
        for y, log_prob in found:
            loss = transducer.loss(x[None, :, : len(y) + 1], torch.tensor([y], dtype=torch.int64), blank=blank)
            assert log_prob == pytest.approx(-float(loss), abs=1e-12)
        assert [h.log_prob for h in found] == sorted((h.log_prob for h in found), reverse=True)
        exact = dict(found)
        for width in (1, 2, 4):
            for h in transducer.beam(encoded, predict, joint, blank, width):
                assert h.log_prob <= exact[h.labels] + 1e-12
        path = transducer.greedy(encoded, predict, joint, blank)
        assert path.log_prob <= exact[path.labels] + 1e-12
        silent = transducer.greedy(encoded, predict, joint, blank, max_symbols=0)
        assert silent.labels == ()
        assert silent.log_prob == pytest.approx(float(x[:, 0, blank].sum()))


def test_greedy_takes_the_likeliest_symbol() -> None:
    eager = torch.tensor([[0.0, 5.0, 1.0], [9.0, 0.0, 0.0]]).log_softmax(-1)
    reads: list[int | None] = []

    def predict(label: int | None, state: int | None) -> tuple[torch.Tensor, int]:
        reads.append(label)
        return torch.tensor(0 if label is None else 1), 0

    labels, log_prob = transducer.greedy(torch.zeros(2, 1), predict, lambda f, g: eager[int(g)])
    assert labels == (1,)
    assert reads == [None, 1]
    assert log_prob == pytest.approx(float(eager[0, 1] + 2 * eager[1, 0]))
    stuck = transducer.greedy(torch.zeros(2, 1), predict, lambda f, g: eager[0], max_symbols=3)
    assert stuck.labels == (1,) * 6


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("expected dtype float32", {"x": torch.zeros(2, 4, 3, 3).half()}),
        ("expected shape \\[B T U\\+1 C\\]", {"x": torch.zeros(4, 3, 3)}),
        ("expected U \\+ 1 = 3 nodes", {"x": torch.zeros(2, 4, 2, 3)}),
        ("no NaN", {"x": torch.full((2, 4, 3, 3), float("nan"))}),
        ("below infinity", {"x": torch.full((2, 4, 3, 3), inf)}),
        ("blank: expected a class", {"blank": 3}),
        ("targets: .* got 0 at \\[0, 1\\]", {"targets": torch.tensor([[1, 0], [1, 1]])}),
        ("targets: .* got 5", {"targets": torch.tensor([[1, 5], [1, 1]])}),
        ("targets: expected shape", {"targets": torch.tensor([[1, 2]])}),
        ("targets: expected a tensor of integers", {"targets": torch.ones(2, 2)}),
        ("T_len: expected lengths in 1..4, got \\[0, 4\\]", {"T_len": torch.tensor([0, 4])}),
        ("T_len: expected lengths", {"T_len": torch.tensor([5, 4])}),
        ("U_len: expected lengths in 0..2", {"U_len": torch.tensor([3, 2])}),
        ("U_len: expected shape", {"U_len": torch.tensor([3])}),
    ],
)
def test_bad_input_names_the_argument(message: str, change: dict[str, Any]) -> None:
    good: dict[str, Any] = {"x": torch.zeros(2, 4, 3, 3), "targets": torch.tensor([[1, 2], [1, 1]])}
    for call in (transducer.loss, transducer.loss_from_logits, transducer.posteriors, transducer.lattice):
        arguments = good | change
        with pytest.raises(ValueError, match=message):
            call(arguments.pop("x"), **arguments)
    with pytest.raises(ValueError, match="one finite score at every node"):
        transducer.loss_from_logits(torch.full((2, 4, 3, 3), -inf), good["targets"])


def test_bad_searches_raise() -> None:
    encoded, predict, joint, _ = tables(0, 0)
    for search in (transducer.greedy, transducer.beam):
        with pytest.raises(ValueError, match="encoded: expected shape"):
            search(encoded[0], predict, joint)
        with pytest.raises(ValueError, match="max_symbols: expected an integer >= 0"):
            search(encoded, predict, joint, max_symbols=-1)
        with pytest.raises(ValueError, match="blank: expected a class in"):
            search(encoded, predict, joint, blank=3)
        with pytest.raises(ValueError, match=r"joint: .* no NaN"):
            search(encoded, predict, lambda f, g: torch.full((3,), torch.nan))
    with pytest.raises(ValueError, match="width: expected an integer >= 1"):
        transducer.beam(encoded, predict, joint, width=0)
