"""The transducer loss and its gradient in the logits, beside warprnnt_numba."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from .. import truth
from ..problems_latent import Lattice, lattice
from ..suite import memory, ratio, speed
from ..workload import Call, Ours, Peer, Workload


def ours(transducer: ModuleType, p: Lattice, device: str) -> Call:
    import torch

    x, y = torch.from_numpy(p.logits).to(device).requires_grad_(), torch.from_numpy(p.y).to(device)

    def call() -> Any:
        loss = transducer.loss_from_logits(x, y)
        return loss.detach(), torch.autograd.grad(loss.sum(), x)[0]

    return call


def warprnnt(p: Lattice, device: str) -> Call:
    import torch
    from warprnnt_numba.rnnt_loss.rnnt_pytorch import RNNTLossNumba

    B, T, W, _ = p.logits.shape
    x, y = torch.from_numpy(p.logits).requires_grad_(), torch.from_numpy(p.y.astype(np.int32))
    T_len, U_len = torch.full((B,), T, dtype=torch.int32), torch.full((B,), W - 1, dtype=torch.int32)
    loss_of = RNNTLossNumba(blank=0, reduction="none")

    def call() -> Any:
        loss = loss_of(x, y, T_len, U_len)
        return loss.detach(), torch.autograd.grad(loss.sum(), x)[0]

    return call


@lru_cache(maxsize=1)
def right(p: Lattice) -> tuple[Any, Any]:
    x = p.logits.astype(np.longdouble)
    return truth.transducer(x - np.log(np.exp(x).sum(-1, keepdims=True)), p.y)


def error(p: Lattice, found: Any) -> float:
    return max(truth.distance(mine, theirs) for mine, theirs in zip(found, right(p), strict=True))


BIG = "B=8 T=200 U=40 V=128"
WORKLOAD = Workload(
    "latent.transducer",
    "latent.transducer",
    cases={
        "B=2 T=10 U=5 V=8": lambda: lattice(2, 10, 5, 8),
        "B=4 T=50 U=10 V=32": lambda: lattice(4, 50, 10, 32),
        BIG: lambda: lattice(8, 200, 40, 128),
    },
    ours={"ours": Ours(ours)},
    peers={"warprnnt_numba": Peer(warprnnt, "warprnnt_numba")},
    error=error,
    measures="relative error of loss and gradient",
    gate="B=4 T=50 U=10 V=32",
    count="B=2 T=10 U=5 V=8",
    goals={("ours", BIG, "warprnnt_numba"): 0.01},
    heavy=(("warprnnt_numba", BIG),),
    memory=(BIG,),
)
Speed, Ratio, Memory = speed(WORKLOAD), ratio(WORKLOAD), memory(WORKLOAD)
