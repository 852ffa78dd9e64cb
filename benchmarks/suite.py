"""asv's classes of a workload.

    Speed.time_call       (who, case, device)   seconds, by `measure.clock`
    Speed.track_error     (ours, case, device)  the workload's measure of error, from 1e-12 up: below is rounding
    Ratio.track_ratio     (ours, peer, case, device)   ours / peer, interleaved; lower is better
    Memory.peakmem_call   (who, case)           bytes of the whole process; torch alone is about a quarter of 1e9

`version` is the workload's: asv's own fingerprint of the source would see these shared functions alone. asv calls setup
before every timed call, so that what it prepares is kept.
"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

from . import measure
from .workload import Absent, Call, Workload, prepared, problem

FLOOR = 1e-12
DEVICES = ["cpu", "cuda"]
TIMEOUT = 300.0


@lru_cache(maxsize=8)
def _kept(workload: Workload, who: str, case: str, device: str) -> Call:
    if device == "cpu" and (who, case) in workload.heavy:
        raise Absent(f"{who} takes too long for {case}")
    return prepared(workload, who, case, device)


def speed(workload: Workload) -> type:
    """Seconds a call, and the error of what it returns."""

    class Speed:
        params: ClassVar = [list(workload.ours) + list(workload.peers), list(workload.cases), DEVICES]
        param_names: ClassVar = ["who", "case", "device"]
        timer = staticmethod(measure.clock)
        repeat = (3, 10, 0.6)
        rounds, warmup_time, min_run_count, timeout = 1, 0, 2, TIMEOUT
        version = workload.version
        unit = workload.measures

        def setup(self, who: str, case: str, device: str) -> None:
            measure.use(device)
            self.call = _kept(workload, who, case, device)
            self.problem = problem(workload, case)

        def time_call(self, who: str, case: str, device: str) -> None:
            self.call()

        def track_error(self, who: str, case: str, device: str) -> float:
            return max(FLOOR, workload.error(self.problem, self.call()))

    Speed.track_error.params = [list(workload.ours), list(workload.cases), DEVICES]  # type: ignore[attr-defined]
    return Speed


def ratio(workload: Workload) -> type:
    """Ours over each peer."""

    class Ratio:
        params: ClassVar = [list(workload.ours), list(workload.peers), list(workload.cases), DEVICES]
        param_names: ClassVar = ["ours", "peer", "case", "device"]
        unit = "ours / peer"
        timeout = TIMEOUT
        version = workload.version

        def setup(self, ours: str, peer: str, case: str, device: str) -> None:
            measure.use(device)
            self.ours, self.peer = (_kept(workload, who, case, device) for who in (ours, peer))

        def track_ratio(self, ours: str, peer: str, case: str, device: str) -> float:
            return measure.ratio(self.ours, self.peer)

    return Ratio


def memory(workload: Workload) -> type:
    """Peak memory of a process that makes the problem and calls once or twice."""

    class Memory:
        params: ClassVar = [list(workload.ours) + list(workload.peers), list(workload.memory)]
        param_names: ClassVar = ["who", "case"]
        timeout = TIMEOUT
        version = workload.version

        def setup(self, who: str, case: str) -> None:
            self.call = _kept(workload, who, case, "cpu")

        def peakmem_call(self, who: str, case: str) -> None:
            self.call()

    return Memory
