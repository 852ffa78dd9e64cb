"""dz/dα of gamma variables, beside torch (what Gamma.rsample differentiates by) and JAX."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from ..problems_variational import Array, Draws, gammas
from ..suite import memory, ratio, speed
from ..workload import BOTH, Call, Ours, Peer, Workload

ASKED = 60


def ours(implicit: ModuleType, p: Draws, device: str) -> Call:
    import torch

    z, alpha = (torch.from_numpy(x).to(device) for x in (p.z, p.alpha))
    return lambda: implicit.gamma(z, alpha)


def torch_grad(p: Draws, device: str) -> Call:
    import torch

    z, alpha = (torch.from_numpy(x).to(device) for x in (p.z, p.alpha))
    return lambda: torch._standard_gamma_grad(alpha, z)


def jax_grad(p: Draws, device: str) -> Call:
    import jax

    jax.config.update("jax_enable_x64", True)
    z, alpha = (jax.numpy.asarray(x) for x in (p.z, p.alpha))
    moved = jax.jit(jax.lax.random_gamma_grad)
    return lambda: moved(alpha, z).block_until_ready()


@lru_cache(maxsize=2)
def truth(p: Draws) -> Array:
    """-∂_α P(α, z) / q(z; α) by mpmath, of the first ASKED."""
    import mpmath

    with mpmath.workdps(40):

        def moved(z: float, alpha: float) -> float:
            slope = mpmath.diff(lambda a: mpmath.gammainc(a, 0, z, regularized=True), alpha)
            density = mpmath.exp((alpha - 1) * mpmath.log(z) - z - mpmath.loggamma(alpha))
            return float(-slope / density)

        return np.array([moved(float(z), float(a)) for z, a in zip(p.z[:ASKED], p.alpha[:ASKED], strict=True)])


def error(p: Draws, found: Any) -> float:
    found = found.cpu().numpy() if hasattr(found, "cpu") else np.asarray(found)
    return float(np.abs(found[:ASKED] / truth(p) - 1).max())


WORKLOAD = Workload(
    "variational.gamma",
    "variational.implicit",
    cases={"n = 100": lambda: gammas(100), "n = 5000": lambda: gammas(5000), "n = 1000000": lambda: gammas(1_000_000)},
    ours={"ours": Ours(ours)},
    peers={"torch": Peer(torch_grad, "torch", BOTH), "JAX": Peer(jax_grad, "jax")},
    error=error,
    measures=f"largest relative error of {ASKED}",
    gate="n = 5000",
    count="n = 100",
    goals={("ours", "n = 1000000", "torch"): 2.5},
    heavy=(("JAX", "n = 1000000"),),
    memory=("n = 1000000",),
)
Speed, Ratio, Memory = speed(WORKLOAD), ratio(WORKLOAD), memory(WORKLOAD)
