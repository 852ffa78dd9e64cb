"""Posteriors of the states, given the densities of the frames, beside hmmlearn and dynamax.

dynamax sums those of the transitions, and so do ours here; hmmlearn has none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
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

    def call() -> Any:
        found = hmm.posteriors(log_pi, log_A, log_B, each=False)
        return found.log_partition.sum(), found.gamma

    return call


def hmmlearn(implementation: str) -> Callable[[Chains, str], Call]:
    def prepare(p: Chains, device: str) -> Call:
        model, X, lengths = framed(p, implementation)

        def call() -> Any:
            log_Z, gamma = model.score_samples(X, lengths)
            return log_Z, gamma.reshape(p.log_B.shape)

        return call

    return prepare


def dynamax(p: Chains, device: str) -> Call:
    import jax
    from dynamax.hidden_markov_model.inference import hmm_smoother

    jax.config.update("jax_enable_x64", True)
    pi, A, log_B = (jax.numpy.asarray(x) for x in (p.pi, p.A, p.log_B))
    smooth = jax.jit(jax.vmap(hmm_smoother, (None, None, 0)))

    def call() -> Any:
        found = smooth(pi, A, log_B)
        return found.marginal_loglik.sum(), found.smoothed_probs.block_until_ready()

    return call


@lru_cache(maxsize=1)
def right(p: Chains) -> tuple[Any, Any]:
    log_Z, gamma, _ = truth.forward_backward(p.pi, p.A, p.log_B)
    return log_Z.sum(), gamma


def error(p: Chains, found: Any) -> float:
    return max(truth.distance(mine, np.asarray(theirs)) for mine, theirs in zip(found, right(p), strict=True))


WORKLOAD = Workload(
    "latent.hmm",
    "latent.hmm",
    cases={
        "4 x 20, K=3": lambda: chains(4, 20, 3, 2),
        "64 x 200, K=8": lambda: chains(64, 200, 8, 2),
        "1 x 20000, K=8": lambda: chains(1, 20_000, 8, 2),
        "1 x 20000, K=8, left-right": lambda: chains(1, 20_000, 8, 2, left_right=True),
    },
    ours={"ours": Ours(ours)},
    peers={
        "hmmlearn log": Peer(hmmlearn("log"), "hmmlearn"),
        "hmmlearn scaling": Peer(hmmlearn("scaling"), "hmmlearn"),
        "dynamax": Peer(dynamax, "dynamax"),
    },
    error=error,
    measures="relative error of log Z and γ",
    gate="64 x 200, K=8",
    count="4 x 20, K=3",
)
Speed, Ratio = speed(WORKLOAD), ratio(WORKLOAD)
