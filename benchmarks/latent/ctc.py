"""The CTC loss and its gradient in the logits, beside torch. Ours twice: the numba kernel, and the plain recursion."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np

from .. import truth
from ..problems_latent import Logits, logits
from ..suite import memory, ratio, speed
from ..workload import BOTH, CPU, Absent, Call, Ours, Peer, Workload


def ours(kernel: bool) -> Callable[[ModuleType, Logits, str], Call]:
    def prepare(ctc: ModuleType, p: Logits, device: str) -> Call:
        import torch

        if kernel and find_spec("numba") is None:
            raise Absent("numba is not installed")
        x, y = torch.from_numpy(p.logits).to(device).requires_grad_(), torch.from_numpy(p.y).to(device)

        def call() -> Any:
            loss = ctc.loss(x.log_softmax(-1), y, kernel=kernel)
            return loss.detach(), torch.autograd.grad(loss.sum(), x)[0]

        return call

    return prepare


def ctc_loss(p: Logits, device: str) -> Call:
    import torch

    T, B, _ = p.logits.shape
    x, y = torch.from_numpy(p.logits).to(device).requires_grad_(), torch.from_numpy(p.y).to(device)
    T_len, U_len = torch.full((B,), T), torch.full((B,), p.y.shape[1])

    def call() -> Any:
        loss = torch.nn.functional.ctc_loss(x.log_softmax(-1), y, T_len, U_len, reduction="none")
        return loss.detach(), torch.autograd.grad(loss.sum(), x)[0]

    return call


@lru_cache(maxsize=1)
def right(p: Logits) -> tuple[Any, Any]:
    x = p.logits.astype(np.longdouble)
    log_p = x - np.log(np.exp(x).sum(-1, keepdims=True))
    loss, occupancy = truth.ctc(log_p, p.y)
    return loss, np.exp(log_p) - occupancy


def error(p: Logits, found: Any) -> float:
    return max(truth.distance(mine, theirs) for mine, theirs in zip(found, right(p), strict=True))


BIG, PEAKED = "B=32 T=500 V=64 S=80", "B=32 T=500 V=64 S=80, logits of s.d. 20"
SINGLE = "B=32 T=500 V=64 S=80, float32"
WORKLOAD = Workload(
    "latent.ctc",
    "latent.ctc",
    cases={
        "B=4 T=20 V=8 S=5": lambda: logits(20, 4, 8, 5),
        "B=8 T=100 V=32 S=20": lambda: logits(100, 8, 32, 20),
        BIG: lambda: logits(500, 32, 64, 80),
        PEAKED: lambda: logits(500, 32, 64, 80, scale=20.0),
        SINGLE: lambda: logits(500, 32, 64, 80, dtype="float32"),
    },
    ours={"kernel": Ours(ours(True), CPU), "plain": Ours(ours(False))},
    peers={"torch": Peer(ctc_loss, "torch", BOTH)},
    error=error,
    measures="relative error of loss and gradient",
    gate="B=8 T=100 V=32 S=20",
    count="B=4 T=20 V=8 S=5",
    goals={
        **{("kernel", case, "torch"): 0.35 for case in (BIG, PEAKED, SINGLE)},
        **{("plain", case, "torch"): 1.2 for case in (BIG, PEAKED, SINGLE)},
    },
    memory=(BIG,),
)
Speed, Ratio, Memory = speed(WORKLOAD), ratio(WORKLOAD), memory(WORKLOAD)
