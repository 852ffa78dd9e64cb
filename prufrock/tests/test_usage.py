"""Time computed, time slept, and time in which a process was not let."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from prufrock.usage import Usage

TOLD = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc")
SPIN, SLEEP = "print(flush=True)\nwhile True: pass", "import time; print(flush=True); time.sleep(1000)"


@pytest.fixture
def started(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", request.param], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def _watched(pid: int, enough: float) -> float:
    """What counts, once it is enough; a test that waits for ever fails by its runner's limit."""
    usage, start = Usage(pid), time.monotonic()
    while (found := usage.since(start)) < enough:
        time.sleep(0.02)
    return found


@TOLD
@pytest.mark.parametrize("started", [SPIN, SLEEP], indirect=True, ids=["computes", "sleeps"])
def test_what_computes_or_sleeps_uses_its_time(started: subprocess.Popen[bytes]) -> None:
    assert _watched(started.pid, 0.2) >= 0.2


@TOLD
@pytest.mark.parametrize("started", [SPIN], indirect=True, ids=["stopped"])
def test_what_may_not_run_uses_none(started: subprocess.Popen[bytes]) -> None:
    os.kill(started.pid, signal.SIGSTOP)
    while Path(f"/proc/{started.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.01)
    usage, start = Usage(started.pid), time.monotonic()
    usage.since(start)
    time.sleep(0.3)
    assert usage.since(start) == 0.0


def test_without_a_process_to_ask_the_clock_counts() -> None:
    start = time.monotonic() - 5.0
    assert Usage(2**22 + 1).since(start) >= 5.0
