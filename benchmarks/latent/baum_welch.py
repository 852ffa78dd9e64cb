"""Baum-Welch with Gaussian emissions: STEPS steps from a given start, beside hmmlearn and dynamax.

Ours runs one E-step more, to say what the last model is worth. dynamax's own steps, compiled once, in a loop;
they are MAP: the weakest prior it takes still divides the scatter by 2 D + 2 more than the count.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from .. import truth
from ..problems_latent import Chains, chains
from ..suite import memory, ratio, speed
from ..workload import Call, Ours, Peer, Workload

STEPS = 3


def ours(baum_welch: ModuleType, p: Chains, device: str) -> Call:
    import torch

    pi, A, mu, Sigma = (torch.from_numpy(x).to(device) for x in (p.pi, p.A, p.mu, p.Sigma))
    x = list(torch.from_numpy(p.x).to(device))

    def call() -> Any:
        start = baum_welch.Model(pi, A, baum_welch.Gaussian(mu, Sigma))
        found = baum_welch.fit(x, start, tol=0.0, max_iter=STEPS).model
        return found.pi, found.A, found.emission.mu, found.emission.Sigma

    return call


def hmmlearn(implementation: str) -> Callable[[Chains, str], Call]:
    def prepare(p: Chains, device: str) -> Call:
        from hmmlearn.hmm import GaussianHMM

        logging.getLogger("hmmlearn").setLevel(logging.ERROR)
        S, T, D = p.x.shape
        x, lengths = p.x.reshape(-1, D), [T] * S

        def call() -> Any:
            model = GaussianHMM(
                len(p.pi), "full", n_iter=STEPS, tol=-np.inf, init_params="", implementation=implementation
            )
            model.n_features, model.covars_prior = D, 0.0
            model.startprob_, model.transmat_, model.means_, model.covars_ = p.pi, p.A, p.mu, p.Sigma
            model.fit(x, lengths)
            return model.startprob_, model.transmat_, model.means_, model.covars_

        return call

    return prepare


def dynamax(p: Chains, device: str) -> Call:
    import jax
    from dynamax.hidden_markov_model import GaussianHMM

    jax.config.update("jax_enable_x64", True)
    D = p.x.shape[-1]
    weak = {"emission_prior_concentration": 1e-300, "emission_prior_scale": 1e-300, "emission_prior_extra_df": 1e-9}
    hmm = GaussianHMM(len(p.pi), D, initial_probs_concentration=1.0, transition_matrix_concentration=1.0, **weak)
    params, props = hmm.initialize(
        initial_probs=p.pi, transition_matrix=p.A, emission_means=p.mu, emission_covariances=p.Sigma
    )
    x = jax.numpy.asarray(p.x)

    def step(params: Any) -> Any:
        stats, _ = jax.vmap(lambda y: hmm.e_step(params, y))(x)
        found, _ = hmm.m_step(params, props, stats, hmm.initialize_m_step_state(params, props))
        return found

    compiled = jax.jit(step)

    def call() -> Any:
        found = params
        for _ in range(STEPS):
            found = compiled(found)
        rows = found.initial.probs, found.transitions.transition_matrix, found.emissions.means, found.emissions.covs
        return jax.block_until_ready(rows)

    return call


@lru_cache(maxsize=1)
def right(p: Chains) -> tuple[Any, ...]:
    dtype = np.longdouble if 0 in p.A else np.float64
    return truth.baum_welch(p.x, p.pi, p.A, p.mu, p.Sigma, STEPS, dtype)


def error(p: Chains, found: Any) -> float:
    return max(truth.distance(mine, theirs) for mine, theirs in zip(found, right(p), strict=True))


LONG, MANY = "1 x 100000, K=8", "256 x 500, K=32"
WORKLOAD = Workload(
    "latent.baum-welch",
    "latent.baum_welch",
    cases={
        "2 x 4, K=3": lambda: chains(2, 4, 3, 2),
        "64 x 100, K=8": lambda: chains(64, 100, 8, 2),
        LONG: lambda: chains(1, 100_000, 8, 2),
        "1 x 20000, K=8, left-right": lambda: chains(1, 20_000, 8, 2, left_right=True),
        MANY: lambda: chains(256, 500, 32, 4),
    },
    ours={"ours": Ours(ours)},
    peers={
        "hmmlearn log": Peer(hmmlearn("log"), "hmmlearn"),
        "hmmlearn scaling": Peer(hmmlearn("scaling"), "hmmlearn"),
        "dynamax": Peer(dynamax, "dynamax"),
    },
    error=error,
    measures="relative error of the parameters",
    gate="64 x 100, K=8",
    count="2 x 4, K=3",
    goals={
        ("ours", LONG, "hmmlearn log"): 0.1,
        ("ours", LONG, "hmmlearn scaling"): 0.45,
        ("ours", MANY, "hmmlearn log"): 0.02,
        ("ours", MANY, "hmmlearn scaling"): 0.12,
        ("ours", MANY, "dynamax"): 0.35,
    },
    heavy=(("hmmlearn log", MANY),),
    memory=(LONG, MANY),
)
Speed, Ratio, Memory = speed(WORKLOAD), ratio(WORKLOAD), memory(WORKLOAD)
