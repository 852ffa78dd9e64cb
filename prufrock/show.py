"""Verdicts in words: a counterexample a reader takes in at a glance, a table of what was judged, and what was not."""

from __future__ import annotations

import dataclasses
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from prufrock import catalogue
from prufrock.verdict import Status, Verdict

MARK = {
    Status.HOLDS: "✓",
    Status.KNOWN: "≈",
    Status.VIOLATED: "✗",
    Status.CRASHED: "✗",
    Status.TIMED_OUT: "✗",
    Status.FIXED: "!",
    Status.UNDECIDED: "?",
    Status.NOT_EXERCISED: "·",
    Status.SKIPPED: "-",
}
STYLE = {
    Status.HOLDS: "green",
    Status.KNOWN: "yellow",
    Status.VIOLATED: "bold red",
    Status.CRASHED: "bold red",
    Status.TIMED_OUT: "bold red",
    Status.FIXED: "bold magenta",
    Status.UNDECIDED: "cyan",
    Status.NOT_EXERCISED: "dim",
    Status.SKIPPED: "dim",
}
MANY = 64
GUARANTEE = {
    "exact": "arithmetic",
    "finite-sample": "finite-sample, a false alarm that holds for any distribution and any number of draws",
    "calibrated": "calibrated, a false alarm that was measured on many laws and is not proved",
}


def verdict_text(verdict: Verdict) -> str:
    """One verdict with its counterexample, as plain lines."""
    lines = [f"{MARK[verdict.status]} {verdict.law}   {verdict.subject}   {verdict.status}"]
    says = _says(verdict.law)
    lines += [f"  law: {says}"] if says else []
    lines += [f"  guarantee: {GUARANTEE[verdict.guarantee]}"] if verdict.guarantee != "exact" else []
    if verdict.reason and not re.fullmatch(r"at \[.*\]", verdict.reason):
        lines.append(f"  {verdict.reason}")
    lines += [f"  {verdict.link}"] if verdict.link else []
    example = verdict.counterexample
    if example is not None:
        lines += ["  case: " + line if i == 0 else "        " + line for i, line in enumerate(case_lines(example.case))]
        lines += _comparison(example)
        if example.certificate is not None:
            lines.append(f"  certificate: {example.certificate.says}")
            lines += [f"    {line}" for name, x in example.certificate.arrays.items() for line in _named_value(name, x)]
    if verdict.traceback:
        lines += ["  " + line for line in verdict.traceback.rstrip().splitlines()[-12:]]
    if verdict.counterexample_id and verdict.broken:
        lines.append(f"  prufrock replay {verdict.counterexample_id}")
    return "\n".join(lines)


def verdict_line(verdict: Verdict) -> str:
    """One verdict in one line."""
    reason = verdict.reason.splitlines()[0][:60] if verdict.reason else ""
    name = f"   prufrock replay {verdict.counterexample_id}" if verdict.counterexample_id else ""
    return f"{MARK[verdict.status]} {verdict.law}   {verdict.subject}   {verdict.status} {reason}{name}"


def case_lines(case: Any) -> list[str]:
    """A case field by field; long arrays are cut."""
    if not dataclasses.is_dataclass(case):
        return [repr(case)]
    return [line for f in dataclasses.fields(case) for line in _named_value(f.name, getattr(case, f.name))]


def value_text(value: Any) -> str:
    """A number in its shortest exact form, an array in NumPy's own, cut where it is long."""
    if isinstance(value, np.ndarray):
        text = np.array2string(value, separator=", ", threshold=MANY, floatmode="unique", max_line_width=100)
        return text if value.ndim else text.strip()
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.17g}" if math.isfinite(value) and value != round(value, 6) else f"{float(value):g}"
    return str(value)


def summary(verdicts: Sequence[Verdict]) -> list[tuple[str, str, Counter[Status]]]:
    """(contract, subject, how many laws came out how), in the order judged."""
    table: dict[tuple[str, str], Counter[Status]] = defaultdict(Counter)
    for verdict in verdicts:
        table[verdict.law.rpartition(".")[0], verdict.subject][verdict.status] += 1
    return [(contract, subject, counts) for (contract, subject), counts in sorted(table.items())]


def not_run(verdicts: Iterable[Verdict]) -> list[tuple[str, int]]:
    """Reasons why laws said nothing, with how often, most frequent first."""
    quiet = (Status.SKIPPED, Status.NOT_EXERCISED, Status.UNDECIDED)
    reasons = Counter(f"{v.status}: {v.reason}" for v in verdicts if v.status in quiet)
    return reasons.most_common()


def _comparison(example: Any) -> list[str]:
    lines = []
    if example.got is not None or example.want is not None:
        lines.append(f"  got {_short(example.got)}, want {_short(example.want)}{_where(example.says)}")
    if math.isfinite(example.miss) and example.allow:
        what = "rounding" if example.evidence is None else "chance"
        lines.append(f"  off by {example.miss:.3g} where {what} allows {example.allow:.3g}")
    return lines


def _where(says: str) -> str:
    found = re.search(r"at \[.*\]$", says)
    return f" {found.group()}" if found else ""


def _short(value: Any) -> str:
    text = value_text(value)
    return text if "\n" not in text and len(text) < 160 else "\n    " + text.replace("\n", "\n    ")


def _named_value(name: str, value: Any) -> list[str]:
    first, *rest = value_text(value).splitlines() or [""]
    return [f"{name} = {first}"] + [" " * (len(name) + 3) + line for line in rest]


def _says(law_id: str) -> str:
    try:
        return catalogue.law(law_id).says
    except LookupError:
        return ""
