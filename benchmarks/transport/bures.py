"""W_2 of two Gaussians, beside POT."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from ..problems_transport import Gaussians, gaussians
from ..suite import ratio, speed
from ..workload import Call, Ours, Peer, Workload


def ours(wasserstein: ModuleType, p: Gaussians, device: str) -> Call:
    import torch

    m1, S1, m2, S2 = (torch.from_numpy(x).to(device) for x in (p.m1, p.S1, p.m2, p.S2))
    return lambda: wasserstein.gaussian(m1, S1, m2, S2)


def pot(p: Gaussians, device: str) -> Call:
    from ot.gaussian import bures_wasserstein_distance

    return lambda: bures_wasserstein_distance(p.m1, p.m2, p.S1, p.S2)


@lru_cache(maxsize=2)
def truth(p: Gaussians) -> float:
    """tr (Σ_1 Σ_2)^½ is the sum of the roots of the (non-negative) eigenvalues of LᵀΣ_2 L, Σ_1 = L Lᵀ."""
    L = np.linalg.cholesky(p.S1)
    cross = np.sqrt(np.linalg.eigvalsh(L.T @ p.S2 @ L)).sum()
    return float(np.sqrt(((p.m1 - p.m2) ** 2).sum() + np.trace(p.S1) + np.trace(p.S2) - 2 * cross))


def error(p: Gaussians, found: Any) -> float:
    return abs(float(found) - truth(p)) / truth(p)


WORKLOAD = Workload(
    "transport.bures",
    "transport.wasserstein",
    cases={"d = 12": lambda: gaussians(12), "d = 100": lambda: gaussians(100)},
    ours={"ours": Ours(ours)},
    peers={"POT": Peer(pot, "ot")},
    error=error,
    measures="relative error",
    gate="d = 12",
    count="d = 12",
)
Speed, Ratio = speed(WORKLOAD), ratio(WORKLOAD)
