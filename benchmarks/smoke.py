"""Every benchmark once, in this process: as asv finds it, for each who takes part the first case it can be asked about.

No number comes of it. What fails, fails here and not in the history.
"""

from __future__ import annotations

import itertools
import time
import traceback
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from . import measure


def run(pattern: str = "") -> int:
    """Call them; 1 if one failed, 2 if none was found."""
    measure.SECONDS, measure.LEAST = 0.0, 1
    start, called, failed = time.perf_counter(), 0, 0
    for benchmark in _discovered():
        if pattern not in benchmark.name:
            continue
        for values in _asked(benchmark):
            called += 1
            try:
                benchmark.func(*values)
            except Exception:
                failed += 1
                print(f"{benchmark.name}{values}")
                traceback.print_exc()
    print(f"{called} benchmarks called in {time.perf_counter() - start:.0f} s, {failed} failed")
    return 1 if failed else 0 if called else 2


def _discovered() -> Iterator[Any]:
    from asv_runner.discovery import disc_benchmarks

    yield from disc_benchmarks(str(Path(__file__).parent))


def _asked(benchmark: Any) -> Iterator[tuple[Any, ...]]:
    """Parameters, set up: for every value of all but `case` and `device` the first of these that is not skipped."""
    names = benchmark.param_names
    free = [k for k, name in enumerate(names) if name in ("case", "device")]
    seen = set()
    for index, texts in enumerate(itertools.product(*benchmark.params)):
        key = tuple(text for k, text in enumerate(texts) if k not in free)
        if key in seen:
            continue
        if benchmark.params:
            benchmark.set_param_idx(index)
        with redirect_stdout(StringIO()):  # which says what is skipped, and why
            skipped = benchmark.do_setup()
        if not skipped:
            seen.add(key)
            yield tuple(benchmark._current_params)
