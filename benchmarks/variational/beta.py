"""dz/dα of beta variables, beside torch (what Beta.rsample differentiates by)."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from ..problems_variational import Array, Draws, betas
from ..suite import ratio, speed
from ..workload import BOTH, Call, Ours, Peer, Workload

ASKED = 30


def ours(implicit: ModuleType, p: Draws, device: str) -> Call:
    import torch

    z, alpha, beta = (torch.from_numpy(x).to(device) for x in (p.z, p.alpha, p.beta))
    return lambda: implicit.beta(z, alpha, beta).alpha


def torch_grad(p: Draws, device: str) -> Call:
    """torch's second component of a Dirichlet moves by -dz/dα; ours gives dz/dβ too, so it is asked for both."""
    import torch

    z, alpha, beta = (torch.from_numpy(x).to(device) for x in (p.z, p.alpha, p.beta))
    both, shapes = torch.stack([z, 1 - z], -1), torch.stack([alpha, beta], -1)
    total = shapes.sum(-1, keepdim=True).expand_as(shapes)

    def call() -> Any:
        return (torch._dirichlet_grad(both, shapes, total) * torch.stack([1 - z, z], -1))[..., 0]

    return call


@lru_cache(maxsize=2)
def truth(p: Draws) -> Array:
    """-∂_α I_z(α, β) / q(z; α, β) by mpmath, of the first ASKED."""
    import mpmath

    with mpmath.workdps(40):

        def moved(z: float, a: float, b: float) -> float:
            slope = mpmath.diff(lambda x: mpmath.betainc(x, b, 0, z, regularized=True), a)
            log_q = (a - 1) * mpmath.log(z) + (b - 1) * mpmath.log1p(-z) - mpmath.log(mpmath.beta(a, b))
            return float(-slope / mpmath.exp(log_q))

        draws = zip(p.z[:ASKED], p.alpha[:ASKED], p.beta[:ASKED], strict=True)
        return np.array([moved(*map(float, draw)) for draw in draws])


def error(p: Draws, found: Any) -> float:
    found = found.cpu().numpy() if hasattr(found, "cpu") else np.asarray(found)
    return float(np.abs(found[:ASKED] / truth(p) - 1).max())


WORKLOAD = Workload(
    "variational.beta",
    "variational.implicit",
    cases={"n = 100": lambda: betas(100), "n = 5000": lambda: betas(5000), "n = 100000": lambda: betas(100_000)},
    ours={"ours": Ours(ours)},
    peers={"torch": Peer(torch_grad, "torch", BOTH)},
    error=error,
    measures=f"largest relative error of {ASKED}",
    gate="n = 5000",
    count="n = 100",
)
Speed, Ratio = speed(WORKLOAD), ratio(WORKLOAD)
