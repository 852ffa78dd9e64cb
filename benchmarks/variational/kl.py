"""KL(N(μ, diag σ²) ‖ N(0, I)) and its gradient, beside torch.distributions."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from .. import truth
from ..problems_variational import Diagonals, diagonals
from ..suite import ratio, speed
from ..workload import BOTH, Call, Ours, Peer, Workload


def ours(elbo: ModuleType, p: Diagonals, device: str) -> Call:
    import torch

    mu, logvar = (torch.from_numpy(x).to(device).requires_grad_() for x in (p.mu, p.logvar))

    def call() -> Any:
        found = elbo.gaussian_kl(mu, logvar)
        return found.detach(), *torch.autograd.grad(found.sum(), (mu, logvar))

    return call


def distributions(p: Diagonals, device: str) -> Call:
    import torch
    from torch.distributions import Independent, Normal, kl_divergence

    mu, logvar = (torch.from_numpy(x).to(device).requires_grad_() for x in (p.mu, p.logvar))
    prior = Independent(Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1)

    def call() -> Any:
        found = kl_divergence(Independent(Normal(mu, (logvar / 2).exp()), 1), prior)
        return found.detach(), *torch.autograd.grad(found.sum(), (mu, logvar))

    return call


def error(p: Diagonals, found: Any) -> float:
    mu, logvar = p.mu.astype(np.longdouble), p.logvar.astype(np.longdouble)
    right = (mu**2 + np.expm1(logvar) - logvar).sum(-1) / 2, mu, np.expm1(logvar) / 2
    return max(truth.distance(mine, theirs) for mine, theirs in zip(found, right, strict=True))


WORKLOAD = Workload(
    "variational.kl",
    "variational.elbo",
    cases={"50 x 8": lambda: diagonals(50, 8), "4096 x 64": lambda: diagonals(4096, 64)},
    ours={"ours": Ours(ours)},
    peers={"torch.distributions": Peer(distributions, "torch", BOTH)},
    error=error,
    measures="relative error of value and gradient",
    gate="4096 x 64",
    count="50 x 8",
)
Speed, Ratio = speed(WORKLOAD), ratio(WORKLOAD)
