"""What a process does with its time: compute, or sleep of its own will. Waiting for a core that others use is neither,
so that a busy machine turns no slow call into a hang."""

from __future__ import annotations

import os
import time
from pathlib import Path


class Usage:
    """Of one process, where the system tells (/proc), and of the clock elsewhere."""

    def __init__(self, pid: int) -> None:
        self._stat = Path(f"/proc/{pid}/stat")
        self._start = self._before = self._seen = self._asleep = 0.0

    def since(self, start: float) -> float:
        """Seconds since a moment of time.monotonic(), asked for again and again: computed or slept, whichever is more."""
        now = time.monotonic()
        try:
            state, computed = self._read()
        except OSError:
            return now - start
        if start != self._start:
            self._start, self._before, self._seen, self._asleep = start, computed, start, 0.0
        if state in "SD":
            self._asleep += now - self._seen
        self._seen = now
        return max(computed - self._before, self._asleep)

    def _read(self) -> tuple[str, float]:
        """Its state and the seconds that all its threads have computed."""
        fields = self._stat.read_text().rpartition(")")[2].split()
        return fields[0], (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
