"""The process in which foreign subjects are judged: `python -m prufrock.child FD WATCHFILE CRASHFILE GIGABYTES`.

It reads jobs from the connection on FD and answers each with ("verdict", Verdict) or ("house", text). Before each call
of the subject it writes the case into WATCHFILE, so that a crash or a hang can be named by whoever waits outside.
What the subject prints goes nowhere; memory beyond the limit is a MemoryError in the subject.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import pickle
import struct
import sys
import time
import traceback
from multiprocessing.connection import Connection
from typing import Any

HEADER = struct.Struct("dq")


class FileWatch:
    """Writes (start of the running call or 0, size of the case, the case) where the parent can read it."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_RDWR)
        self._size = 0

    def case(self, case: Any) -> None:
        raw = pickle.dumps(case)
        self._size = len(raw)
        os.pwrite(self._fd, raw, HEADER.size)
        self._mark(0.0)

    def enter(self) -> None:
        self._mark(time.monotonic())

    def leave(self) -> None:
        self._mark(0.0)

    def _mark(self, since: float) -> None:
        os.pwrite(self._fd, HEADER.pack(since, self._size), 0)


def main(arguments: list[str]) -> None:
    fd, watch_path, crash_path, gigabytes = int(arguments[0]), arguments[1], arguments[2], float(arguments[3])
    _die_with_parent()
    connection = Connection(fd)
    from prufrock import checking

    with open(crash_path, "w") as crash, open(os.devnull, "w") as nowhere:
        faulthandler.enable(crash)
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        _limit_memory(gigabytes)
        watch = FileWatch(watch_path)
        while True:
            try:
                job = connection.recv()
            except EOFError:
                return
            connection.send(_answer(checking, watch, *job))


def _answer(checking: Any, watch: FileWatch, task: str, cell: Any, profile: Any, given: Any) -> tuple[str, Any]:
    from dataclasses import replace

    from prufrock import catalogue

    try:
        subject = cell.subject.load()
        if task == "load":
            return "loaded", subject.name
        law = catalogue.law(cell.law)
        if task == "case":
            case, seed = given
            verdict = checking.recheck(law, subject, case, profile=profile, seed=seed, watch=watch)
        else:
            verdict = checking.check(law, subject, profile=profile, seed=given, watch=watch)
        return "verdict", replace(verdict, subject=cell.subject.name)
    except Exception as error:
        return "house", f"{type(error).__name__}: {error}\n{traceback.format_exc()}"


def _limit_memory(gigabytes: float) -> None:
    try:
        import resource
    except ImportError:
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = int(gigabytes * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL: no orphan keeps a core busy


if __name__ == "__main__":
    main(sys.argv[1:])
