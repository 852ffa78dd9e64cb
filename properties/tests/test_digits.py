"""Real input: every pair of fifty digit images, under W₁ and W₂; drawn and real cases go through the same laws."""

from __future__ import annotations

import numpy as np
import pytest

from prufrock import catalogue
from prufrock.gaps import Gap
from prufrock.profile import QUICK
from prufrock.search import Search

from ..cases import digits

LAWS = ("transport.kantorovich.strong-duality",)


def test_the_images_are_those_that_scikit_learn_ships() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    counts = datasets.load_digits().data[:50]
    np.testing.assert_allclose(digits.histograms(), counts / counts.sum(1, keepdims=True), rtol=1e-15)


def test_there_are_all_pairs_twice() -> None:
    assert len(digits.pairs()) == 50 * 49
