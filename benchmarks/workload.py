"""A workload: one algorithm on frozen problems, ours, and the peers a user would pick instead.

Whoever takes part is first prepared (inputs converted, models built, what compiles compiled), then called; only calls
are timed. What a call returns is judged by the workload's own measure of error, the same for all, so that no speed
stands without its accuracy.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import ModuleType
from typing import Any

Problem = Any
Call = Callable[[], Any]
CPU = ("cpu",)
BOTH = ("cpu", "cuda")


class Absent(NotImplementedError):
    """Not here: asv skips what says so."""


@dataclass(frozen=True)
class Ours:
    """prepare(module of impl, problem, device) -> call; only for these cases, if any are named."""

    prepare: Callable[[ModuleType, Problem, str], Call]
    devices: tuple[str, ...] = BOTH
    cases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Peer:
    """prepare(problem, device) -> call; `needs` is the module it comes from."""

    prepare: Callable[[Problem, str], Call]
    needs: str
    devices: tuple[str, ...] = CPU
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Workload:
    """name, module: `family.algorithm` and the module of impl; error(problem, result) is what `measures` says.

    gate, count  the case the gate times, and the one whose instructions it counts
    goals        ratios ours / peer by (ours, case, peer)
    heavy        (who, case) that on a CPU are left to the table
    memory       cases whose peak of memory says something
    version      a new one starts a new series in asv
    """

    name: str
    module: str
    cases: Mapping[str, Callable[[], Problem]]
    ours: Mapping[str, Ours]
    peers: Mapping[str, Peer]
    error: Callable[[Problem, Any], float]
    measures: str
    gate: str
    count: str
    goals: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    heavy: tuple[tuple[str, str], ...] = ()
    memory: tuple[str, ...] = ()
    version: str = "1"

    def who(self, case: str) -> tuple[list[str], list[str]]:
        """Names of ours, and of the peers, that are asked about the case."""
        asked = ([n for n, t in side.items() if not t.cases or case in t.cases] for side in (self.ours, self.peers))
        ours, peers = asked
        return ours, peers


@lru_cache(maxsize=4)
def problem(workload: Workload, case: str) -> Problem:
    """The problem of a case, made once."""
    return workload.cases[case]()


def prepared(workload: Workload, who: str, case: str, device: str = "cpu", tree: str = "") -> Call:
    """The call, warm; Absent where the device, the peer or (on old commits) the module of ours is."""
    taker: Ours | Peer = workload.ours[who] if who in workload.ours else workload.peers[who]
    if taker.cases and case not in taker.cases:
        raise Absent(f"{who} is not asked about {case}")
    if device not in taker.devices or not has_device(device):
        raise Absent(f"{who} on {device}")
    given = problem(workload, case)
    if isinstance(taker, Ours):
        call = taker.prepare(implementation(workload.module, tree), given, device)
    else:
        if importlib.util.find_spec(taker.needs) is None:
            raise Absent(f"{taker.needs} is not installed")
        call = taker.prepare(given, device)
    call()
    return call


def implementation(name: str, tree: str = "") -> ModuleType:
    """The module of impl: of that tree, or of the installed wheel, or of the checkout."""
    for package in (tree,) if tree else ("prufrock.impl", "impl"):
        try:
            return importlib.import_module(f"{package}.{name}")
        except ModuleNotFoundError as error:
            if error.name is None or not f"{package}.{name}".startswith(error.name):
                raise
    raise Absent(f"{tree or 'impl'}.{name} is not here")


@lru_cache(maxsize=1)
def has_device(device: str) -> bool:
    """Whether tensors can be put there."""
    if device == "cpu":
        return True
    import torch

    return torch.cuda.is_available()
