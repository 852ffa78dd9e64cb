"""The c-transform, beside the line of NumPy that everybody writes. One pass over the cost: bound by memory."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from ..problems_transport import Priced, priced
from ..suite import ratio, speed
from ..workload import Call, Ours, Peer, Workload


def ours(c_transform: ModuleType, p: Priced, device: str) -> Call:
    import torch

    phi, cost = (torch.from_numpy(x).to(device) for x in (p.phi, p.cost))
    return lambda: c_transform.c_transform(phi, cost)


def numpy(p: Priced, device: str) -> Call:
    return lambda: (p.cost - p.phi[:, None]).min(0)


def error(p: Priced, found: Any) -> float:
    found = found.cpu().numpy() if hasattr(found, "cpu") else found
    right = np.array([(p.cost[:, j] - p.phi).min() for j in range(p.cost.shape[1])])
    return float(np.abs(found - right).max() / np.abs(right).max())


WORKLOAD = Workload(
    "transport.c_transform",
    "transport.c_transform",
    cases={"300 x 200": lambda: priced(300, 200), "2000 x 1900": lambda: priced(2000, 1900)},
    ours={"ours": Ours(ours)},
    peers={"NumPy": Peer(numpy, "numpy")},
    error=error,
    measures="relative error",
    gate="2000 x 1900",
    count="300 x 200",
)
Speed, Ratio = speed(WORKLOAD), ratio(WORKLOAD)
