"""The table of reports/speed.md: every workload beside its peers, measured, never typed.

One process a workload; in it, for every case and every peer, ours and the peer in turns (`measure.interleaved`).

    python -m benchmarks.table MODULE [DEVICE]     the rows of one workload, as a line of JSON
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from statistics import median

from . import measure
from .catalogue import modules, workload
from .workload import Absent, Workload, prepared, problem

LIMIT = 1200.0
VERSIONS = (
    "torch", "numpy", "numba", "POT", "scipy", "geomloss", "scikit-learn", "hmmlearn", "dynamax", "jax",
    "warprnnt_numba", "fast-ctc-decode", "einops",
)  # fmt: skip
HEAD = """# Speed

Written by `prufrock bench --table` on {machine}; {versions}.

Ours and the peer in turns in one process, one thread, process CPU time, medians. A ratio below 1: ours is faster. It
counts only beside the errors of both, by the measure named under each heading; goals are what a prototype has reached.
Times are this machine's and its load's; ratios travel better. {goals}
"""


@dataclass(frozen=True)
class Row:
    """One case of a workload beside one peer: seconds, errors, and the goal for ours / peer if there is one."""

    ours: str
    case: str
    peer: str
    seconds: float
    error: float
    peer_seconds: float
    peer_error: float
    goal: float | None

    @property
    def ratio(self) -> float:
        """Ours over the peer, by their own pair of medians."""
        return self.seconds / self.peer_seconds


def rows(found: Workload, device: str = "cpu") -> Iterable[Row]:
    """Measured one after the other; what is not here is left out."""
    measure.use(device)
    for case in found.cases:
        everybody, peers = found.who(case)
        for ours in everybody:
            try:
                mine = prepared(found, ours, case, device)
            except Absent:
                continue
            error = found.error(problem(found, case), mine())
            alone = True
            for peer in peers:
                try:
                    theirs = prepared(found, peer, case, device)
                except Absent:
                    continue
                alone = False
                x, y = (median(samples) for samples in measure.interleaved(mine, theirs))
                peer_error = found.error(problem(found, case), theirs())
                yield Row(ours, case, peer, x, error, y, peer_error, found.goals.get((ours, case, peer)))
            if alone:
                x = median(measure.interleaved(mine, lambda: None)[0])
                yield Row(ours, case, "", x, error, 0.0, 0.0, None)


def page(pattern: str = "", device: str = "cpu") -> str:
    """The Markdown page of all workloads whose module contains the pattern."""
    parts, met, missed = [], 0, 0
    for module in modules(pattern):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.table", module, device],
            text=True, stdout=subprocess.PIPE, timeout=LIMIT, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{module}: exit code {done.returncode}")
        table = [Row(**row) for row in json.loads(done.stdout.splitlines()[-1])]
        met += sum(row.goal is not None and row.ratio <= row.goal for row in table)
        missed += sum(row.goal is not None and row.ratio > row.goal for row in table)
        parts.append(section(workload(module), table))
    goals = f"{met} of {met + missed} goals are met."
    versions = ", ".join(f"{name} {version}" for name, version in _versions())
    return "\n".join([HEAD.format(machine=_machine(device), versions=versions, goals=goals), *parts])


def section(found: Workload, table: list[Row]) -> str:
    """The Markdown of one workload."""
    lines = [f"## {found.name}", "", f"Error: {found.measures}.", ""]
    lines += ["| case | ours | time | error | peer | time | error | ratio | goal |"]
    lines += ["|---|---|--:|--:|---|--:|--:|--:|--:|"]
    for row in table:
        cells = [row.case, row.ours, _time(row.seconds), f"{row.error:.0e}"]
        if row.peer:
            ratio = f"{row.ratio:.2g}" if row.ratio < 10 else f"{row.ratio:.0f}"
            goal = "" if row.goal is None else f"{row.goal:g} {'met' if row.ratio <= row.goal else 'missed'}"
            cells += [row.peer, _time(row.peer_seconds), f"{row.peer_error:.0e}", ratio, goal]
        else:
            cells += ["", "", "", "", ""]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def _time(seconds: float) -> str:
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds * 1e9:.0f} ns"


def _machine(device: str) -> str:
    names = [line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")]
    cpu = f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"
    if device == "cpu":
        return cpu
    import torch

    return f"{torch.cuda.get_device_name()} ({cpu})"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def _versions() -> Iterable[tuple[str, str]]:
    yield "Python", platform.python_version()
    for name in VERSIONS:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue


if __name__ == "__main__":
    print(json.dumps([asdict(row) for row in rows(workload(sys.argv[1]), *sys.argv[2:])]))
