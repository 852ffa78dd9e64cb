"""The violations on record, gathered by what is wrong: where, in which releases, and the lines that show it."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from prufrock.statute import Law
from prufrock.subjects import Known, Subject, requirement_name


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong in a library: the entry points that show it, and the ids of the laws they break by it."""

    library: str
    reason: str
    scope: str
    link: str
    lines: str
    subjects: tuple[str, ...]
    laws: tuple[str, ...]


def findings(subjects: Iterable[Subject], laws: Iterable[Law]) -> tuple[Finding, ...]:
    """What the records say of mathematics, not of hygiene, in the order of libraries and reasons."""
    found: dict[tuple[str, str, str, str, str], tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for subject, known, law in _broken(subjects, laws):
        if law.level != "hygiene":
            names, ids = found[_library(subject), known.reason, known.scope, known.link, known.lines]
            names.add(subject.name)
            ids.add(law.id)
    ordered = sorted(found.items(), key=lambda item: (item[0][0].lower(), item[0]))
    return tuple(
        Finding(library, reason, scope, link, lines, tuple(sorted(names)), tuple(sorted(ids)))
        for (library, reason, scope, link, lines), (names, ids) in ordered
    )


def lapses(subjects: Iterable[Subject], laws: Iterable[Law]) -> Counter[tuple[str, str]]:
    """Of (library, law of hygiene), by its last part: how many entry points have it on record."""
    broken = _broken(subjects, laws)
    return Counter((_library(s), law.id.rpartition(".")[2]) for s, _, law in broken if law.level == "hygiene")


def _broken(subjects: Iterable[Subject], laws: Iterable[Law]) -> Iterable[tuple[Subject, Known, Law]]:
    by_contract: dict[str, list[Law]] = defaultdict(list)
    for law in laws:
        by_contract[law.contract.id].append(law)
    for subject in subjects:
        for known in subject.known:
            for law in by_contract[subject.contract.id]:
                if known.names(law.id, subject.contract.id):
                    yield subject, known, law


def _library(subject: Subject) -> str:
    return requirement_name(subject.requires) or subject.name.partition(".")[0]


def page(found: tuple[Finding, ...], careless: Counter[tuple[str, str]]) -> str:
    """Markdown."""
    libraries = sorted({f.library for f in found}, key=str.lower)
    parts = [
        "# Violations on record",
        f"{len(found)} findings in {len(libraries)} libraries, each with the lines that show it without prufrock. In a run\n"
        "such a law is *known*; on the day its witness passes it is *fixed*, and fails the run, so that this page is kept\n"
        "true. Written by `prufrock known --page`.",
    ]
    for library in libraries:
        parts.append(f"## {library}")
        parts += [_entry(f) for f in found if f.library == library]
    rows = [f"| {library} | {law} | {n} |" for (library, law), n in sorted(careless.items(), key=_order)]
    parts.append("## Hygiene")
    parts.append(
        "Bad input that is accepted, arguments that are changed, answers that depend on how arrays lie in memory."
    )
    parts.append("\n".join(["| library | law | entry points |", "|---|---|--:|", *rows]))
    return "\n\n".join(parts) + "\n"


def _order(item: tuple[tuple[str, str], int]) -> tuple[str, int, str]:
    (library, law), n = item
    return library.lower(), -n, law


def _entry(f: Finding) -> str:
    names = [name.removeprefix(f"{f.library}.") for name in f.subjects]
    entry = f"**{f.reason}.**\n"
    entry += f"{_some(names, 'more entry points')}: {_some(f.laws, 'more laws')}."
    entry += f" Seen in {f.scope}." if f.scope else ""
    entry += f" {f.link}" if f.link else ""
    return entry + (f"\n\n```python\n{apart(f.lines)}\n```" if f.lines else "")


def _some(names: Iterable[str], rest: str, most: int = 6) -> str:
    shown = [f"`{name}`" for name in names]
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} {rest}" if len(shown) > most else "")


def apart(lines: str) -> str:
    """Statements on one line, separated by semicolons, on lines of their own, where that leaves the program as it is."""
    rows, cuts = lines.splitlines(), defaultdict(list)
    for token in tokenize.generate_tokens(io.StringIO(lines).readline):
        if token.type == tokenize.OP and token.string == ";":
            cuts[token.start[0] - 1].append(token.start[1])
    for row, columns in cuts.items():
        for column in reversed(columns):
            rows[row] = rows[row][:column].rstrip() + "\n" + rows[row][column + 1 :].lstrip()
    text = "\n".join(rows)
    try:
        same = ast.dump(ast.parse(text)) == ast.dump(ast.parse(lines))
    except SyntaxError:
        return lines
    return text if same else lines
