"""CTC: bad input is named, by the loss, the lattice, and the searches."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
import torch

from ..latent import ctc


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("log_probs: expected dtype", {"log_probs": torch.zeros(4, 2, 3).long()}),
        ("log_probs: expected a torch tensor", {"log_probs": [[[0.0]]]}),
        ("log_probs: expected shape", {"log_probs": torch.zeros(4, 3)}),
        ("log_probs: .* at least one class", {"log_probs": torch.zeros(4, 2, 0)}),
        ("log_probs: .* no NaN", {"log_probs": torch.full((4, 2, 3), float("nan"))}),
        ("log_probs: .* below infinity", {"log_probs": torch.full((4, 2, 3), inf)}),
        ("blank: expected a class in 0..2, got 3", {"blank": 3}),
        ("blank: expected a class", {"blank": -1}),
        ("blank: expected a class", {"blank": True}),
        ("targets: .* got 0 at \\[1, 1\\]", {"targets": torch.tensor([[1, 2], [1, 0]])}),
        ("targets: .* got 3 at \\[0, 0\\]", {"targets": torch.tensor([[3, 2], [1, 1]])}),
        ("targets: .* got -1", {"targets": torch.tensor([[1, -1], [1, 1]])}),
        ("targets: expected shape \\[2, U\\]", {"targets": torch.tensor([1, 2])}),
        ("targets: expected a tensor of integers", {"targets": torch.ones(2, 2)}),
        ("input_lengths: expected lengths in [01]..4", {"input_lengths": torch.tensor([5, 4])}),
        ("input_lengths: expected shape", {"input_lengths": torch.tensor([4])}),
        ("input_lengths: expected a tensor of integers", {"input_lengths": [4, 4]}),
        ("target_lengths: expected lengths in 0..2", {"target_lengths": torch.tensor([2, 3])}),
        ("target_lengths: expected lengths", {"target_lengths": torch.tensor([2, -1])}),
    ],
)
def test_bad_input_names_the_argument(message: str, change: dict[str, Any]) -> None:
    good: dict[str, Any] = {"log_probs": torch.zeros(4, 2, 3), "targets": torch.tensor([[1, 2], [1, 1]])}
    assert bool(ctc.loss(**good).isfinite().all())
    for call in (ctc.loss, ctc.loss_and_occupancy, ctc.lattice):
        with pytest.raises(ValueError, match=message):
            call(**(good | change))


def test_bad_paths_and_beams_raise() -> None:
    x = torch.zeros(4, 3)
    for call in (ctc.best_path, ctc.prefix_beam_search):
        with pytest.raises(ValueError, match="log_probs: expected shape"):
            call(x[None])
        with pytest.raises(ValueError, match="no NaN"):
            call(x * torch.nan)
        with pytest.raises(ValueError, match="blank"):
            call(x, 3)
    with pytest.raises(ValueError, match="width: expected an integer >= 1, got 0"):
        ctc.prefix_beam_search(x, width=0)
    with pytest.raises(ValueError, match="path: expected a tensor of integers"):
        ctc.collapse(x[0])
    with pytest.raises(ValueError, match="path: expected shape"):
        ctc.collapse(x.long())
