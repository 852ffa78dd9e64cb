"""Exact transport, beside POT's network simplex and, for uniform masses, SciPy's assignment."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from ..problems_transport import Transport, clouds
from ..suite import memory, ratio, speed
from ..workload import CPU, Call, Ours, Peer, Workload


def ours(kantorovich: ModuleType, p: Transport, device: str) -> Call:
    import torch

    a, b, cost = (torch.from_numpy(x).to(device) for x in (p.a, p.b, p.cost))
    return lambda: kantorovich.solve(a, b, cost).plan


def pot(p: Transport, device: str) -> Call:
    import ot

    return lambda: ot.emd(p.a, p.b, p.cost, numItermax=10_000_000)


def assignment(p: Transport, device: str) -> Call:
    from scipy.optimize import linear_sum_assignment

    def call() -> Any:
        plan = np.zeros_like(p.cost)
        plan[linear_sum_assignment(p.cost)] = p.a
        return plan

    return call


@lru_cache(maxsize=2)
def bound(p: Transport) -> float:
    """What any plan costs at least: the dual value of prices that their c-transform makes feasible, whoever set them."""
    import ot

    _, log = ot.emd(p.a, p.b, p.cost, numItermax=10_000_000, log=True)
    f = log["u"]
    g = (p.cost - f[:, None]).min(0)
    return float(f @ p.a + g @ p.b)


def error(p: Transport, plan: Any) -> float:
    plan = np.asarray(plan)
    off = np.abs(plan.sum(1) - p.a).sum() + np.abs(plan.sum(0) - p.b).sum()
    least = bound(p)
    return float(max(off, ((plan * p.cost).sum() - least) / least))


WORKLOAD = Workload(
    "transport.kantorovich",
    "transport.kantorovich",
    cases={
        "60 x 50": lambda: clouds(60, 50),
        "200 x 180": lambda: clouds(200, 180),
        "500 x 500": lambda: clouds(500, 500),
        "1000 x 1000": lambda: clouds(1000, 1000),
        "2000 x 2000": lambda: clouds(2000, 2000),
        "1000 x 1000, uniform": lambda: clouds(1000, 1000, uniform=True),
    },
    ours={"ours": Ours(ours, CPU)},
    peers={"POT": Peer(pot, "ot"), "SciPy": Peer(assignment, "scipy", cases=("1000 x 1000, uniform",))},
    error=error,
    measures="relative duality gap or L1 error of the marginals",
    gate="200 x 180",
    count="60 x 50",
    goals={
        ("ours", "500 x 500", "POT"): 0.8,
        ("ours", "1000 x 1000", "POT"): 0.8,
        ("ours", "2000 x 2000", "POT"): 0.8,
        ("ours", "1000 x 1000, uniform", "POT"): 0.65,
    },
    heavy=(("ours", "2000 x 2000"), ("POT", "2000 x 2000")),
    memory=("1000 x 1000",),
)
Speed, Ratio, Memory = speed(WORKLOAD), ratio(WORKLOAD), memory(WORKLOAD)
