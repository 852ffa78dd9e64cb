"""Instructions by valgrind's callgrind: the same on every run, whatever else the machine does.

A shim in C, compiled here, starts and stops callgrind's instrumentation around CALLS calls after two warm ones, and dumps
what it has counted under a name; the rest of the process, imports above all, runs uninstrumented.

    valgrind --tool=callgrind ... python -m benchmarks.count FOLDER TREE [MODULE...]
"""

from __future__ import annotations

import ctypes
import gc
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .gate import BASE, HEAD, Ratios, ask, calls
from .workload import Call

SHIM = """
#include <valgrind/callgrind.h>
void start(void) { CALLGRIND_ZERO_STATS; CALLGRIND_START_INSTRUMENTATION; }
void stop(const char *name) { CALLGRIND_STOP_INSTRUMENTATION; CALLGRIND_DUMP_STATS_AT(name); }
"""
CALLS = 10
ASKED = "desc: Trigger: Client Request: "


def possible() -> bool:
    """Whether valgrind, its header and a C compiler are here."""
    if not (shutil.which("valgrind") and shutil.which("cc")):
        return False
    with tempfile.TemporaryDirectory() as scratch:
        return _compiled(Path(scratch)) is not None


def _compiled(folder: Path) -> Path | None:
    source, library = folder / "shim.c", folder / "shim.so"
    source.write_text(SHIM)
    done = subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source], capture_output=True, check=False)
    return library if done.returncode == 0 else None


def ratios(folder: Path, names: Sequence[str]) -> Ratios:
    """Head over base of every cell that both trees have, the two trees counted side by side."""
    if _compiled(folder) is None:
        raise RuntimeError("the shim for callgrind does not compile: is valgrind's header installed?")
    with ThreadPoolExecutor(2) as pool:
        head, base = pool.map(lambda tree: totals(folder, tree, names), (HEAD, BASE))
    return {cell: head[cell] / base[cell] for cell in head if cell in base}


def totals(folder: Path, tree: str, names: Sequence[str]) -> Mapping[str, int]:
    """Instructions of CALLS calls by cell. A first run outside valgrind compiles the kernels."""
    ask("count", folder, tree, *names)
    with tempfile.TemporaryDirectory() as out:
        valgrind = ["valgrind", "-q", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}/out"]
        ask("count", folder, tree, *names, under=valgrind)
        read = [_read(path) for path in Path(out).iterdir()]
    return {name: total for name, total in read if name}


def _read(path: Path) -> tuple[str, int]:
    """The name of one dump, empty for the one at the end, and its total."""
    total, name = 0, ""
    with path.open(errors="replace") as lines:
        for line in lines:
            if line.startswith(ASKED):
                name = line.removeprefix(ASKED).strip()
            elif line.startswith(("totals:", "summary:")):
                total = int(line.split()[1])
    return name, total


def counted(call: Call, name: str, library: ctypes.CDLL) -> None:
    """Once warm, CALLS times under callgrind's eyes."""
    call()
    gc.collect()
    library.start()
    for _ in range(CALLS):
        call()
    library.stop(name.encode())


if __name__ == "__main__":
    _, _folder, _tree, *_names = sys.argv
    _shim = ctypes.CDLL(f"{_folder}/shim.so")
    gc.disable()
    for _name, (_call,) in calls(_names, small=True, trees=[_tree]):
        counted(_call, _name, _shim)
    print("{}")
