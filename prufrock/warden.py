"""Keeps a child process for foreign subjects: a segfault or a hang is a verdict for one cell, never the end."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from prufrock.cells import Cell
from prufrock.child import HEADER
from prufrock.draws import HouseError
from prufrock.encode import digest
from prufrock.profile import Profile
from prufrock.usage import Usage
from prufrock.verdict import Counterexample, Status, Verdict

FIRST_CALL = 90.0  # seconds: a catalogue's adapter imports its library on its first call
TICK = 0.1


class Warden:
    """One child at a time, started when needed, killed when it hangs, replaced when it dies."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="prufrock-")
        self._met: set[str] = set()
        self._used = False  # whether the child has had a job

    def judge(self, cell: Cell, profile: Profile, seed: int) -> Verdict:
        """The cell's verdict, whatever the subject does to its process."""
        verdict = self._verdict("judge", cell, profile, seed)
        if verdict.cases:
            self._met.add(cell.subject.name)
        return verdict

    def recheck(self, cell: Cell, case: Any, profile: Profile, seed: int) -> Verdict:
        """The verdict on one given case, with the random numbers that the root seed gives it."""
        return self._verdict("case", cell, profile, (case, seed))

    def _verdict(self, task: str, cell: Cell, profile: Profile, given: Any) -> Verdict:
        start = time.monotonic()
        job, used = (task, cell, profile, given), self._used
        outcome, answer = self._ask(job, self._patience(cell, profile), profile)
        told = ""
        if used and _may_be_of_age(outcome, answer):
            told = str(answer.reason if outcome == "verdict" else answer)
            self._kill()
            outcome, answer = self._ask(job, self._patience(cell, profile), profile)
        if outcome == "verdict":
            assert isinstance(answer, Verdict)
            if told and answer.status is Status.HOLDS:
                answer = replace(answer, reason=f"in a process of other laws before: {told}")
            return answer
        if outcome == "house":
            raise HouseError(str(answer))
        died = self._obituary(cell, outcome, str(answer), profile, time.monotonic() - start)
        return replace(died, seed=given) if task == "judge" else died

    def _patience(self, cell: Cell, profile: Profile) -> float:
        """Seconds for a call, more for the first that a child makes of a catalogue's subject."""
        first = not cell.subject.path and cell.subject.name not in self._met
        return max(profile.hang, FIRST_CALL) if first else profile.hang

    def load(self, cell: Cell, profile: Profile) -> str:
        """Try to import a subject in the child; the reason why it cannot be, or ""."""
        outcome, text = self._ask(("load", cell, profile, 0), FIRST_CALL, profile)
        return "" if outcome == "loaded" else str(text).partition("\n")[0].removeprefix("ValueError: ")

    def close(self) -> None:
        self._kill()
        self._folder.cleanup()

    def _ask(self, job: tuple[Any, ...], patience: float, profile: Profile) -> tuple[str, Any]:
        self._start(profile)
        self._used = True
        assert self._connection is not None
        assert self._process is not None
        usage = Usage(self._process.pid)
        limit = time.monotonic() + 3 * (profile.seconds + profile.shrink) + FIRST_CALL
        try:
            self._connection.send(job)
            while not self._connection.poll(TICK):
                since = self._watched()[0]
                if since and usage.since(since) > patience:
                    self._kill()
                    return "timed out", f"one call took longer than {patience:g} s"
                if time.monotonic() > limit:
                    self._kill()
                    return "house", "the law itself did not come to an end"
            reply = self._connection.recv()
            assert isinstance(reply, tuple)
            return reply
        except (EOFError, BrokenPipeError, ConnectionResetError, pickle.UnpicklingError):
            return "crashed", self._cause_of_death()

    def _obituary(self, cell: Cell, outcome: str, text: str, profile: Profile, seconds: float) -> Verdict:
        from prufrock import catalogue

        case = self._watched()[1]
        example = Counterexample(case, float("inf"), 0.0, says=text) if case is not None else None
        return Verdict(
            law=cell.law,
            subject=cell.subject.name,
            status=Status.TIMED_OUT if outcome == "timed out" else Status.CRASHED,
            level=catalogue.law(cell.law).level,
            reason=text,
            profile=profile.name,
            seconds=seconds,
            versions=_versions(cell),
            counterexample=example,
            counterexample_id=digest(cell.law, cell.subject.name, case) if case is not None else "",
            traceback=_subject_frames(self._path("crash").read_text()) if outcome == "crashed" else "",
        )

    def _start(self, profile: Profile) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._kill()
        self._path("watch").write_bytes(HEADER.pack(0.0, 0))
        self._path("crash").write_text("")
        ours, theirs = multiprocessing.Pipe()
        command = [sys.executable, "-m", "prufrock.child", str(theirs.fileno())]
        command += [str(self._path("watch")), str(self._path("crash")), str(profile.memory)]
        # A session of its own: Ctrl-C reaches us alone, and we end the child.
        self._process = subprocess.Popen(
            command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, start_new_session=True, env=_environment()
        )
        theirs.close()
        self._connection = ours

    def _watched(self) -> tuple[float, Any]:
        """When the running call began (0: none is running), and the case it began with."""
        raw = self._path("watch").read_bytes()
        since, size = HEADER.unpack_from(raw)
        with contextlib.suppress(Exception):
            return since, pickle.loads(raw[HEADER.size : HEADER.size + size]) if size else None
        return since, None

    def _cause_of_death(self) -> str:
        assert self._process is not None
        code = self._process.wait(timeout=30)
        self._kill()
        if code < 0:
            return f"its process was killed by {signal.Signals(-code).name}"
        return f"it ended its process with exit code {code}"

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None
        self._used = False
        self._met.clear()

    def _path(self, name: str) -> Path:
        return Path(self._folder.name) / name


@contextlib.contextmanager
def warden() -> Iterator[Warden]:
    """A warden that leaves no process behind."""
    made = Warden()
    try:
        yield made
    finally:
        made.close()


def _may_be_of_age(outcome: str, answer: Any) -> bool:
    """Whether what came of a job may come of those before it: a library that keeps all it compiles runs out of memory
    in the end, and a process so old aborts. Then a new one has to do the same before it is the subject's fault."""
    if outcome == "verdict":
        return answer.status is Status.CRASHED and "memory" in str(answer.reason).casefold()
    return outcome == "crashed"


def _versions(cell: Cell) -> dict[str, str]:
    """What was judged; a function of somebody's module has no release that we know of."""
    from prufrock.checking import versions

    return versions(None if cell.subject.path else cell.subject.load())


def _subject_frames(dump: str) -> str:
    """Of a fault's dump (innermost frame first) the frames of the subject: those above our own call of it."""
    lines = dump.splitlines()
    ours = next((i for i, line in enumerate(lines) if "prufrock/call.py" in line), len(lines))
    return "\n".join(lines[:ours])


def _environment() -> dict[str, str]:
    """The child finds what we find, in the same order; one thread each, so that workers do not fight for cores."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    threads = {name: os.environ.get(name, "1") for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    return {**os.environ, **threads, "PYTHONPATH": path}
