"""Clocks, and the one comparison all pages use: calls interleaved in one process, on its CPU time.

Interleaved, both sides see the same machine: whatever else it is doing divides out of the ratio of the medians. CPU
time leaves out the time that other processes took. A sample is as many calls as last SAMPLE seconds, in turns first and
second; garbage is collected between rounds only.
On a GPU the time is that of the device, between events; asking the clock waits for the device.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

Call = Callable[[], Any]
SAMPLE = 0.01
SECONDS = 1.0
LEAST, PATIENCE = 3, 20.0

_device = "cpu"
_events: list[Any] = []
_elapsed = 0.0


def use(device: str) -> None:
    """Whose time `clock` tells from now on."""
    global _device
    _device = device
    _events.clear()


def clock() -> float:
    """Seconds of this process, or of the GPU once all that was asked of it is done."""
    if _device == "cpu":
        return time.process_time()
    return _events_time()


def _events_time() -> float:
    """Elapsed times of events are float32, so they are summed from one asking to the next."""
    global _elapsed
    import torch

    event: Any = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    event.record()
    event.synchronize()
    if _events:
        _elapsed += _events.pop().elapsed_time(event) / 1e3
    _events.append(event)
    return _elapsed


def timed(call: Call, calls: int) -> float:
    """Seconds a call, over so many."""
    start = clock()
    for _ in range(calls):
        call()
    return (clock() - start) / calls


def interleaved(first: Call, second: Call) -> tuple[list[float], list[float]]:
    """Samples of both until the time is up, LEAST of them if that can be waited for."""
    both: Sequence[Call] = (first, second)
    counts = [max(1, math.ceil(SAMPLE / max(timed(call, 1), 1e-9))) for call in both]
    samples: tuple[list[float], list[float]] = ([], [])
    collecting = gc.isenabled()
    start = time.perf_counter()
    try:
        while _wanting(len(samples[0]), time.perf_counter() - start):
            gc.collect(0)
            gc.disable()
            for side in (0, 1) if len(samples[0]) % 2 else (1, 0):
                samples[side].append(timed(both[side], counts[side]))
            if collecting:
                gc.enable()
    finally:
        if collecting:
            gc.enable()
    return samples


def paired(first: Call, second: Call, seconds: float, calls: int) -> float:
    """First over second: the median over blocks of so many calls of each, in turns one by one.

    Finer turns than `interleaved` takes, for ratios close to 1; sums within a block keep what happens every few calls.
    """
    both = (first, second)
    found: list[float] = []
    start = time.process_time()
    gc.disable()
    while time.process_time() - start < seconds or len(found) < LEAST:
        gc.collect(0)
        spent = [0.0, 0.0]
        for k in range(calls):
            for side in (k % 2, 1 - k % 2):
                spent[side] += timed(both[side], 1)
        found.append(spent[0] / spent[1])
    gc.enable()
    return median(found)


def _wanting(taken: int, spent: float) -> bool:
    """At least LEAST samples, but of calls that take PATIENCE one must do."""
    return spent < SECONDS or taken < (LEAST if spent < PATIENCE else 1)


def ratio(first: Call, second: Call) -> float:
    """Median of the first's samples over the median of the second's."""
    ours, theirs = interleaved(first, second)
    return median(ours) / median(theirs)
