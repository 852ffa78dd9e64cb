"""Head against base: is this tree slower than that commit?

Both trees' impl are imported in one process, as impl_head and impl_base, and called in turns on the same problems:

    time           CPU time of head over base: call by call in turns, sums of CALLS calls, the median of their ratios.
                   The tree that is imported first may have it better (numba takes named tuples of two modules for
                   one type, and dispatches the second's slowly), so that two processes import in either order, and
                   the geometric mean counts. Above SUSPECT it is measured again, for longer; slower is what is above
                   SLOWER then
    instructions   callgrind's counts (`count`), a process a tree, the same on every run up to hashes and addresses;
                   above MORE is slower

A cell is one workload and one of ours. The time is asked of a middling case, the instructions of a small one: callgrind
takes fifty times as long. What the thresholds are worth is measured: `trial`. asv compares means of two commits taken
minutes apart; on a machine that does other things that decides nothing.

    python -m benchmarks.gate FOLDER SECONDS SIDE SIDE [MODULE...]      ratios of time, as a line of JSON
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import measure
from .catalogue import modules, workload
from .workload import Absent, Call, prepared

CALLS = 20
SUSPECT, SLOWER, MORE = 1.04, 1.05, 1.03
SECONDS, AGAIN = 0.8, 3.0
HEAD, BASE = "impl_head", "impl_base"
Ratios = Mapping[str, float]


@dataclass(frozen=True)
class Cell:
    """Head over base: CPU time (of the second look, if there was one) and instructions, None where not counted."""

    name: str
    time: float
    instructions: float | None

    @property
    def slower(self) -> bool:
        """Whether the gate closes."""
        return self.time > SLOWER or (self.instructions or 0.0) > MORE


def run(base: str, pattern: str = "") -> int:
    """Print a line a cell; 1 if one of them is slower."""
    with tempfile.TemporaryDirectory() as folder:
        put(Path("impl"), Path(folder) / HEAD)
        put(base, Path(folder) / BASE)
        found = cells(Path(folder), modules(pattern))
    for cell in found:
        counted = "" if cell.instructions is None else f"   instructions {cell.instructions:6.3f}"
        print(f"{cell.name:36s} time {cell.time:6.3f}{counted}{'   slower' if cell.slower else ''}")
    slow = [cell.name for cell in found if cell.slower]
    print(f"{len(found)} cells against {base}; slower: {', '.join(slow) or 'none'}")
    return 1 if slow or not found else 0


def put(source: Path | str, target: Path) -> None:
    """The impl of a folder, or of a commit, as the package `target`."""
    if isinstance(source, Path):
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "tests"))
        return
    with tempfile.TemporaryDirectory() as scratch:
        tar = subprocess.run(["git", "archive", source, "impl"], stdout=subprocess.PIPE, check=True)
        subprocess.run(["tar", "-x", "-C", scratch], input=tar.stdout, check=True)
        put(Path(scratch) / "impl", target)


def cells(folder: Path, names: Sequence[str], counting: bool = True) -> list[Cell]:
    """Every cell of these workloads, for the two trees in the folder."""
    from . import count

    times = dict(_times(folder, SECONDS, names))
    suspects = [name for name, ratio in times.items() if ratio > SUSPECT]
    if suspects:
        times |= _times(folder, AGAIN, sorted({name.partition("[")[0] for name in suspects}))
    counts = count.ratios(folder, names) if counting and count.possible() else {}
    return [Cell(name, ratio, counts.get(name)) for name, ratio in times.items()]


def _times(folder: Path, seconds: float, names: Sequence[str]) -> Ratios:
    one, other = (ask("gate", folder, str(seconds), *order, *names) for order in ((HEAD, BASE), (BASE, HEAD)))
    return {name: (one[name] / other[name]) ** 0.5 for name in one}


def ask(module: str, folder: Path, *arguments: str, under: Sequence[str] = ()) -> Ratios:
    """The line of JSON that a child process prints last. Hashes are fixed; kernels are compiled for a CPU that valgrind
    can be, which finds them in the cache."""
    path = os.pathsep.join([str(folder), str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    fixed = {"PYTHONHASHSEED": "0", "NUMBA_CPU_NAME": "x86-64-v3", "NUMBA_CPU_FEATURES": "", "PYTHONPATH": path}
    command = [*under, sys.executable, "-W", "ignore", "-m", f"benchmarks.{module}", str(folder), *arguments]
    done = subprocess.run(command, env=os.environ | fixed, text=True, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def calls(names: Sequence[str], small: bool, trees: Sequence[str]) -> Iterator[tuple[str, list[Call]]]:
    """Name and calls, prepared in the order of the trees, of every cell that all of them have."""
    for module in names:
        found = workload(module)
        case = found.count if small else found.gate
        for who in found.ours:
            try:
                each = [prepared(found, who, case, tree=tree) for tree in trees]
            except Absent:
                continue
            yield (module if len(found.ours) == 1 else f"{module}[{who}]"), each


if __name__ == "__main__":
    _seconds, _one, _other, *_names = sys.argv[2:]
    _cells = calls(_names, small=False, trees=(_one, _other))
    print(json.dumps({name: measure.paired(each[0], each[1], float(_seconds), CALLS) for name, each in _cells}))
