"""W_1 over a finite metric with its potential, beside POT's exact transport, which asks for no metric."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

from ..problems_transport import Metric, metric
from ..suite import ratio, speed
from ..workload import CPU, Call, Ours, Peer, Workload


def ours(rubinstein: ModuleType, p: Metric, device: str) -> Call:
    import torch

    mu, nu, D = (torch.from_numpy(x).to(device) for x in (p.mu, p.nu, p.D))
    return lambda: rubinstein.solve(mu, nu, D).value


def pot(p: Metric, device: str) -> Call:
    import ot

    return lambda: ot.emd2(p.mu, p.nu, p.D, numItermax=10_000_000)


@lru_cache(maxsize=2)
def truth(p: Metric) -> float:
    """By HiGHS, over plans."""
    import numpy as np
    from scipy.optimize import linprog
    from scipy.sparse import eye_array, kron, vstack

    n = len(p.mu)
    one, eye = np.ones((1, n)), eye_array(n)
    marginals = vstack([kron(eye, one), kron(one, eye)]).tocsr()
    found = linprog(p.D.ravel(), A_eq=marginals, b_eq=np.concatenate([p.mu, p.nu]), method="highs-ipm")
    return float(found.fun)


def error(p: Metric, found: Any) -> float:
    return abs(float(found) - truth(p)) / truth(p)


WORKLOAD = Workload(
    "transport.rubinstein",
    "transport.rubinstein",
    cases={"n = 40": lambda: metric(40), "n = 200": lambda: metric(200)},
    ours={"ours": Ours(ours, CPU)},
    peers={"POT": Peer(pot, "ot")},
    error=error,
    measures="relative error",
    gate="n = 40",
    count="n = 40",
)
Speed, Ratio = speed(WORKLOAD), ratio(WORKLOAD)
