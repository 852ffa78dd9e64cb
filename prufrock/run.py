"""Judge many cells through one seam, a `concurrent.futures.Executor`: serial, processes here, or a cluster's."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import time
import traceback
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

from prufrock import catalogue
from prufrock.cells import Cell
from prufrock.checking import check
from prufrock.draws import HouseError
from prufrock.profile import Profile
from prufrock.verdict import Status, Verdict
from prufrock.warden import Warden

PATIENCE = 2  # a subject that hung this often is not called again in this run


@dataclass(frozen=True)
class HouseFault:
    """Our own bug met on the way: a law, a case or an oracle raised."""

    cell: Cell
    message: str


_WARDEN: Warden | None = None


def judge(cell: Cell, profile: Profile, seed: int) -> Verdict | HouseFault:
    """One cell, wherever this process is: our own subjects in it, foreign ones in its child."""
    try:
        if not cell.subject.path:
            law, subject = catalogue.law(cell.law), cell.subject.load()
            if subject.own or subject.absence():
                return check(law, subject, profile=profile, seed=seed)
        return _warden().judge(cell, profile, seed)
    except HouseError as error:
        return HouseFault(cell, str(error))
    except Exception:
        return HouseFault(cell, traceback.format_exc())


def run(
    cells: Iterable[Cell],
    *,
    profile: Profile,
    seed: int,
    executor: Executor,
    window: int,
    max_time: float | None = None,
) -> Iterator[Verdict | HouseFault]:
    """Verdicts in the order they come. At most `window` cells are under way, so that stopping loses little.

    Cells not begun within `max_time` seconds are left out; the caller knows which by what it did not receive.
    """
    waiting, under_way = deque(cells), dict[Future[Any], Cell]()
    hung: Counter[str] = Counter()
    end = time.monotonic() + max_time if max_time else float("inf")
    while waiting or under_way:
        while waiting and len(under_way) < window and time.monotonic() < end:
            cell = waiting.popleft()
            if hung[cell.subject.name] >= PATIENCE:
                yield _not_called(cell, seed, profile, hung[cell.subject.name])
                continue
            under_way[executor.submit(judge, cell, profile, seed)] = cell
        if time.monotonic() >= end and not under_way:
            return
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in done:
            cell = under_way.pop(future)
            verdict = future.result()
            if isinstance(verdict, Verdict) and verdict.status is Status.TIMED_OUT:
                hung[cell.subject.name] += 1
            yield verdict


class Serial(Executor):
    """An executor that does the work at once, in this process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def executor_for(workers: int) -> Executor:
    if workers <= 1:
        return Serial()
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_quiet_worker)


def stop(executor: Executor) -> None:
    """End now: what is under way is dropped, and no process is left behind."""
    executor.shutdown(wait=False, cancel_futures=True)
    for process in multiprocessing.active_children():
        process.kill()
    if _WARDEN is not None:
        _WARDEN.close()


def _warden() -> Warden:
    global _WARDEN
    if _WARDEN is None:
        _WARDEN = Warden()
        atexit.register(_WARDEN.close)
    return _WARDEN


def _quiet_worker() -> None:
    # The main process answers Ctrl-C for all; one thread each keeps two workers on two cores.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def _not_called(cell: Cell, seed: int, profile: Profile, times: int) -> Verdict:
    level = catalogue.law(cell.law).level
    reason = f"hung under {times} other laws, not called again in this run"
    made = Verdict(cell.law, cell.subject.name, Status.SKIPPED, level, reason=reason)
    return replace(made, seed=seed, profile=profile.name)
