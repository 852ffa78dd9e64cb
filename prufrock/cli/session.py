"""One run on the terminal: progress on stderr, the table (or JSON lines) on stdout, the record on disk."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from prufrock import catalogue
from prufrock.cells import Cell
from prufrock.draws import shelves
from prufrock.encode import size_of
from prufrock.profile import PROFILES, REAL
from prufrock.records import Recorder
from prufrock.run import HouseFault, executor_for, run, stop
from prufrock.search import alarm_of
from prufrock.show import MARK, STYLE, not_run, summary, verdict_line, verdict_text
from prufrock.verdict import TESTED, Status, Verdict, to_json

INTERRUPTED = 130
WIDTH = 132
IN_FULL = 3


@dataclass
class Session:
    recorder: Recorder
    cells: Sequence[Cell]
    before: Sequence[Verdict]
    profile: str
    seed: int
    workers: int
    strict: bool
    as_json: bool
    what: str  # as it was typed: what to judge, and
    where: str  # the folder of records
    limit: float = 0.0
    broken: int = 0
    verdicts: list[Verdict] = field(default_factory=list)
    faults: list[HouseFault] = field(default_factory=list)

    def go(self, max_time: float | None) -> int:
        """Judge every cell, say what came of it, and return the exit code."""
        start = time.monotonic()
        self.limit = max_time or 0.0
        self.verdicts, self.broken = list(self.before), sum(v.broken for v in self.before)
        interrupted = False
        with shelves():
            executor = executor_for(self.workers)
            try:
                self._judge(executor, max_time)
            except KeyboardInterrupt:
                interrupted = True
            finally:
                if interrupted:
                    stop(executor)
                else:
                    executor.shutdown()
                self.recorder.close()
        self._report(time.monotonic() - start, interrupted)
        return INTERRUPTED if interrupted else self._exit_code()

    def _judge(self, executor: Executor, max_time: float | None) -> None:
        err = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bar:
            task = bar.add_task("judging", total=len(self.cells))
            found = run(
                self.cells,
                profile=PROFILES[self.profile],
                seed=self.seed,
                executor=executor,
                window=1 if self.workers <= 1 else 2 * self.workers,
                max_time=max_time,
            )
            for verdict in found:
                bar.advance(task)
                if isinstance(verdict, HouseFault):
                    self.faults.append(verdict)
                    continue
                self._take(verdict)
                bar.update(task, description=self._count())

    def _take(self, verdict: Verdict) -> None:
        self.verdicts.append(verdict)
        self.broken += verdict.broken
        self.recorder.add(verdict)
        if self.as_json:
            print(json.dumps(to_json(verdict)), flush=True)

    def _count(self) -> str:
        return f"judging ({self.broken} broken)" if self.broken else "judging"

    def _exit_code(self) -> int:
        if self.faults or not any(v.status in TESTED for v in self.verdicts):
            return 2
        return 1 if any(v.broken and (v.gates or self.strict) for v in self.verdicts) else 0

    def _report(self, seconds: float, interrupted: bool) -> None:
        terminal = sys.stdout.isatty() and not self.as_json
        out = Console(
            file=sys.stderr if self.as_json else sys.stdout, highlight=False, width=None if terminal else WIDTH
        )
        if not self.as_json:
            out.print(_table(self.verdicts))
            self._broken(out, terminal)
        self._known(out)
        self._left_out(out, interrupted)
        self._last_line(out, seconds, interrupted)

    def _broken(self, out: Console, terminal: bool) -> None:
        """A few counterexamples of each subject in full, laws that gate and small cases first; the rest a line each."""
        told: Counter[str] = Counter()
        for verdict in sorted(filter(_is_broken, self.verdicts), key=lambda v: (not v.gates, v.subject, *_ease(v))):
            style = STYLE[verdict.status].split()[-1] if terminal else ""
            full = told[verdict.subject] < IN_FULL
            text = "\n" + verdict_text(verdict) if full else verdict_line(verdict)
            out.print(Text(text, style=style), soft_wrap=True)
            told[verdict.subject] += 1

    def _known(self, out: Console) -> None:
        known = [v for v in self.verdicts if v.status is Status.KNOWN]
        if known:
            out.print(f"\nOn record ({len(known)}), shown again by their witnesses:")
        for v in known:
            out.print(Text(f"  {MARK[v.status]} {v.law}   {v.subject}: {v.reason}", style="yellow"))

    def _left_out(self, out: Console, interrupted: bool) -> None:
        for reason, times in not_run(self.verdicts):
            out.print(Text(f"  not run {times:4d}   {reason}", style="dim"))
        if missing := self._missing():
            why = "interrupted" if interrupted else f"not begun within {self.limit:g} s"
            out.print(Text(f"  not run {missing:4d}   {why}; prufrock check --resume{self.where} goes on", style="dim"))
        for fault in self.faults:
            out.print(
                Text(f"\nA bug of prufrock's own in {fault.cell.law} x {fault.cell.subject.name}:", style="bold red")
            )
            out.print(Text("  " + fault.message.strip().replace("\n", "\n  ")))

    def _last_line(self, out: Console, seconds: float, interrupted: bool) -> None:
        counts = Counter(v.status for v in self.verdicts)
        told = ", ".join(f"{n} {status}" for status, n in counts.items() if n)
        soft = sum(v.broken and not v.gates for v in self.verdicts)
        note = (
            f" ({soft} of them hygiene{'' if self.strict else ', which fails nothing without --strict'})"
            if soft
            else ""
        )
        cases = sum(v.cases for v in self.verdicts)
        out.print(
            f"\n{len(self.verdicts)} cells: {told or 'nothing'}{note}; {cases} cases, seed {self.seed}, "
            f"profile {self.profile}, {seconds:.1f} s"
        )
        self._chance(out)
        if versions := _versions(self.verdicts):
            out.print(f"with {versions}")
        for line in (f"record {self.recorder.path}", f"next: {self._next(interrupted)}"):
            out.print(Text(line), soft_wrap=True)

    def _chance(self, out: Console) -> None:
        """How rarely correct code fails a run in which random numbers were judged."""
        chancy = {law.id for law in catalogue.laws() if law.kind == "statistical"}
        judged = [v for v in self.verdicts if v.law in chancy and v.cases]
        if judged:
            told = ", ".join(f"{n} {guarantee}" for guarantee, n in Counter(v.guarantee for v in judged).items())
            out.print(
                f"chance: a false alarm in any of {len(judged)} cells ({told}): at most {alarm_of(len(judged)):.1g}"
            )

    def _missing(self) -> int:
        return len(self.cells) + len(self.before) - len(self.verdicts) - len(self.faults)

    def _next(self, interrupted: bool) -> str:
        if interrupted:
            return f"prufrock check --resume{self.where}"
        named = [v for v in self.verdicts if v.broken and v.counterexample_id]
        broken = sorted(named, key=lambda v: (not v.gates, *_ease(v)))
        worst = broken[0] if broken else None
        if worst is not None:
            return f"prufrock replay {worst.counterexample_id} --emit{self.where}"
        if self._missing():
            return f"prufrock check --resume{self.where}"
        if not any(v.status in TESTED for v in self.verdicts):
            return "nothing was tested; prufrock subjects says what is installed"
        profile = "ci" if self.profile.removesuffix(REAL) == "quick" else "deep"
        return f"prufrock check{self.what} --profile {profile} --seed {self.seed + 1}{self.where}"


def _is_broken(verdict: Verdict) -> bool:
    return verdict.broken


def _ease(verdict: Verdict) -> tuple[tuple[int, int], bool, str]:
    """How easily a counterexample is taken in: the smallest first, of equal ones that with a certificate."""
    example = verdict.counterexample
    if example is None:
        return (0, 0), True, verdict.law
    return size_of(example.case), example.certificate is None, verdict.law


def _versions(verdicts: Sequence[Verdict]) -> str:
    found = {pair for verdict in verdicts for pair in verdict.versions.items()}
    return ", ".join(f"{name} {version}" for name, version in sorted(found, key=lambda pair: pair[0].casefold()))


def _table(verdicts: Sequence[Verdict]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("contract")
    table.add_column("subject")
    table.add_column("laws", justify="right")
    shown = [s for s in Status if any(v.status is s for v in verdicts)]
    for status in shown:
        table.add_column(status.value, justify="right")
    last = ""
    for contract, subject, counts in summary(verdicts):
        cells = [Text(str(counts[s]) if counts[s] else "", style=STYLE[s]) for s in shown]
        table.add_row(contract if contract != last else "", Text(subject), str(sum(counts.values())), *cells)
        last = contract
    return table
