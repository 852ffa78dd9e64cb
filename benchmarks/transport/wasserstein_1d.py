"""W_1 on the line, beside POT and SciPy."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from ..problems_transport import Line, line
from ..suite import ratio, speed
from ..workload import Call, Ours, Peer, Workload


def ours(wasserstein: ModuleType, p: Line, device: str) -> Call:
    import torch

    a, x, b, y = (torch.from_numpy(z).to(device) for z in (p.a, p.x, p.b, p.y))
    return lambda: wasserstein.wasserstein_1d(a, x, b, y)


def pot(p: Line, device: str) -> Call:
    import ot

    return lambda: ot.wasserstein_1d(p.x, p.y, p.a, p.b, p=1)


def scipy(p: Line, device: str) -> Call:
    from scipy.stats import wasserstein_distance

    return lambda: wasserstein_distance(p.x, p.y, p.a, p.b)


@lru_cache(maxsize=2)
def truth(p: Line) -> float:
    """∫ |F - G| dx, in long double."""
    z = np.concatenate([p.x, p.y]).astype(np.longdouble)
    mass = np.concatenate([p.a.astype(np.longdouble) / p.a.sum(), -p.b.astype(np.longdouble) / p.b.sum()])
    order = z.argsort()
    return float((np.abs(mass[order].cumsum()[:-1]) * np.diff(z[order])).sum())


def error(p: Line, found: Any) -> float:
    return abs(float(found) - truth(p)) / truth(p)


WORKLOAD = Workload(
    "transport.wasserstein-1d",
    "transport.wasserstein",
    cases={"1000 + 900": lambda: line(1000, 900), "100000 + 90000": lambda: line(100_000, 90_000)},
    ours={"ours": Ours(ours)},
    peers={"POT": Peer(pot, "ot"), "SciPy": Peer(scipy, "scipy")},
    error=error,
    measures="relative error",
    gate="1000 + 900",
    count="1000 + 900",
)
Speed, Ratio = speed(WORKLOAD), ratio(WORKLOAD)
