"""hmmlearn, given the log-densities of the frames."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..problems_latent import Array, Chains


def framed(p: Chains, implementation: str) -> tuple[Any, Array, list[int]]:
    """A model whose observations are the numbers of the frames of log B, those numbers, and the lengths."""
    from hmmlearn.base import BaseHMM

    S, T, K = p.log_B.shape
    rows = p.log_B.reshape(-1, K)

    class Framed(BaseHMM):  # type: ignore[misc]
        def _compute_log_likelihood(self, X: Array) -> Array:
            return rows[X[:, 0]]

    model = Framed(n_components=K, implementation=implementation)
    model.startprob_, model.transmat_ = p.pi, p.A
    return model, np.arange(S * T)[:, None], [T] * S
