"""The best path, given the densities of the frames, beside hmmlearn (C++)."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from .. import truth
from ..problems_latent import Chains, chains
from ..suite import ratio, speed
from ..workload import Call, Ours, Peer, Workload
from ._hmmlearn import framed


def ours(hmm: ModuleType, p: Chains, device: str) -> Call:
    import torch

    log_B = torch.from_numpy(p.log_B).to(device)
    log_pi, log_A = (torch.from_numpy(x).log().to(device) for x in (p.pi, p.A))
    return lambda: hmm.viterbi(log_pi, log_A, log_B)[1]


def hmmlearn(p: Chains, device: str) -> Call:
    model, X, lengths = framed(p, "log")
    return lambda: model.decode(X, lengths)[1].reshape(p.log_B.shape[:2])


def error(p: Chains, path: Any) -> float:
    """How much better the best path is, in all; rounding where it is this one."""
    path = path.cpu().numpy() if hasattr(path, "cpu") else path
    best = truth.viterbi(p.pi, p.A, p.log_B)
    return float(np.abs(best - truth.path_score(p.pi, p.A, p.log_B, path)).max() / np.abs(best).max())


LONG, MANY = "1 x 100000, K=8", "256 x 500, K=32"
WORKLOAD = Workload(
    "latent.viterbi",
    "latent.hmm",
    cases={
        "4 x 20, K=3": lambda: chains(4, 20, 3, 2),
        "64 x 200, K=8": lambda: chains(64, 200, 8, 2),
        LONG: lambda: chains(1, 100_000, 8, 2),
        MANY: lambda: chains(256, 500, 32, 4),
    },
    ours={"ours": Ours(ours)},
    peers={"hmmlearn": Peer(hmmlearn, "hmmlearn")},
    error=error,
    measures="relative loss of score",
    gate="64 x 200, K=8",
    count="4 x 20, K=3",
    goals={("ours", LONG, "hmmlearn"): 1.3, ("ours", MANY, "hmmlearn"): 0.5},
)
Speed, Ratio = speed(WORKLOAD), ratio(WORKLOAD)
