"""pomegranate's hidden Markov models, dense and sparse: emissions are given, the end is certain from every state.

Its models may end: the rows of the edges and of `ends` have sum 1 together. A chain without an end has ends = 1 (log 0),
which leaves the score of every path as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import subject

from ..latent.hmm import hmm

Array = NDArray[Any]

RELEASE = "pomegranate>=1.1"


def dense(log_pi: Array, log_A: Array) -> Any:
    import torch
    from pomegranate.distributions import Categorical
    from pomegranate.hmm import DenseHMM

    silent = [Categorical([[1.0]]) for _ in log_pi]
    ends = np.ones_like(log_pi)
    tensors = (torch.from_numpy(x.copy()) for x in (np.exp(log_A), np.exp(log_pi), ends))
    return DenseHMM(silent, *tensors)


def _smoother(log_pi: Array, log_A: Array, log_B: Array) -> Any:
    import torch

    frames = torch.from_numpy(log_B.copy())[None]
    steps, log_gamma, _, _, log_z = dense(log_pi, log_A).forward_backward(emissions=frames)
    return log_gamma[0].exp().numpy(), log_z[0].item(), steps[0].numpy()


SUBJECTS = (
    subject(
        "pomegranate.DenseHMM",
        contract=hmm,
        outputs=("gamma", "log_z", "xi_sum"),
        conventions={"scores": "normalised", "impossible": "nan"},
        dtype="float32",
        requires=RELEASE,
    )(_smoother),
)
