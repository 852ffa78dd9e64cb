"""The r-frame reshape, beside einops. One copy of the array: bound by memory."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..suite import ratio, speed
from ..workload import BOTH, Call, Ours, Peer, Workload


@dataclass(frozen=True, eq=False)
class Steps:
    """y [T, B, r·d], time-major."""

    y: NDArray[np.float32]
    r: int


def steps(T: int, B: int, r: int, d: int, seed: int = 6) -> Steps:
    """Noise."""
    return Steps(np.random.default_rng(seed).standard_normal((T, B, r * d), np.float32), r)


def ours(frames: ModuleType, p: Steps, device: str) -> Call:
    import torch

    y = torch.from_numpy(p.y).to(device)
    return lambda: frames.unstack_frames(y, p.r)


def einops(p: Steps, device: str) -> Call:
    import torch
    from einops import rearrange

    y = torch.from_numpy(p.y).to(device)
    return lambda: rearrange(y, "T B (r d) -> (T r) B d", r=p.r)


def error(p: Steps, found: Any) -> float:
    T, _, width = p.y.shape
    d = width // p.r
    wrong = 0.0
    for t in range(T):
        for i in range(p.r):
            wrong += float(np.abs(found[t * p.r + i].cpu().numpy() - p.y[t, :, i * d : (i + 1) * d]).sum())
    return wrong


WORKLOAD = Workload(
    "speech.frames",
    "speech.frames",
    cases={"T=20 B=4 r=5 d=80": lambda: steps(20, 4, 5, 80), "T=200 B=32 r=5 d=80": lambda: steps(200, 32, 5, 80)},
    ours={"ours": Ours(ours)},
    peers={"einops": Peer(einops, "einops", BOTH)},
    error=error,
    measures="sum of what is not where it belongs",
    gate="T=200 B=32 r=5 d=80",
    count="T=20 B=4 r=5 d=80",
)
Speed, Ratio = speed(WORKLOAD), ratio(WORKLOAD)
