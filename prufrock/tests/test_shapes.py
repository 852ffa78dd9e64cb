"""Shapes as words: what they bind, and what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from prufrock.shapes import bind, expected


@pytest.mark.parametrize(
    ("word", "shape"),
    [("N-1 K K", (3, 2, 2)), ("N-5 K", (0, 2)), ("N*K", (8,)), ("3 K", (3, 2)), ("", ()), ("M", None), ("...", None)],
)
def test_words_become_shapes(word: str, shape: tuple[int, ...] | None) -> None:
    assert expected(word, {"N": 4, "K": 2}) == shape


def test_sizes_are_read_off_the_arguments() -> None:
    sizes = bind({"y": "T B r*d", "r": ""}, (np.zeros((5, 3, 6)), 2))
    assert (sizes["T"], sizes["B"], sizes["r"], sizes["d"]) == (5, 3, 2, 3)
