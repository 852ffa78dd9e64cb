"""`prufrock explain LAW`."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import click

from prufrock import catalogue
from prufrock.records import FOLDER, last_counterexample
from prufrock.statute import Law
from prufrock.tolerance import RULES


@click.command("explain")
@click.argument("law")
@click.option("--record", type=click.Path(path_type=Path), default=FOLDER, show_default=True, help="Folder of records.")
def command(law: str, record: Path) -> None:
    """Say what LAW states, on which domain, how much rounding is allowed and why, and what it has caught."""
    try:
        found = catalogue.law(law)
    except catalogue.Unknown as error:
        raise click.UsageError(str(error)) from None
    click.echo(_text(found, last_counterexample(record, found.id)))


def _text(law: Law, example: dict[str, Any] | None) -> str:
    contract = law.contract
    speaks = [f"needs {', '.join(law.needs)}"] if law.needs else []
    speaks += [f"{name} = {' or '.join(answers)}" for name, answers in law.when.items()]
    rows = {
        "law": f"{law.id}   {law.code}",
        "states": law.says,
        "in mathematics": law.mathematics,
        "contract": f"{contract.says}: {contract.signature}",
        "domain": contract.domain,
        "speaks when": "; ".join(speaks) or "always",
        "kind, level": f"{law.kind}, {law.level}{', one of a complete set' if law.complete else ''}",
        "tolerance": f"{law.rule}: {RULES[law.rule]}",
        **(_chance(law) if law.kind == "statistical" else {}),
        "source": law.source,
        "kills": ", ".join(law.kills),
        "derivation": law.derivation,
        "last seen broken": _last(example),
    }
    lines = []
    for name, value in rows.items():
        first, *rest = str(value).splitlines() or [""]
        lines.append(f"{name:>16s}  {first}")
        lines += [textwrap.indent(line, " " * 18) for line in rest]
    return "\n".join(lines)


def _chance(law: Law) -> dict[str, str]:
    """What a statistical law promises, and what it risks."""
    from prufrock.chance import RUN_BUDGET
    from prufrock.search import alarm_of
    from prufrock.show import GUARANTEE

    return {
        "finds": f"{law.detects}, with probability 0.99",
        "false alarm": f"{alarm_of(1):.1g} for each correct subject, {RUN_BUDGET:g} for a whole run",
        "guarantee": GUARANTEE[law.guarantee],
    }


def _last(example: dict[str, Any] | None) -> str:
    if example is None:
        return "never, by the records here"
    from prufrock.encode import decode
    from prufrock.show import case_lines

    shown = "\n".join(case_lines(decode(example["counterexample"]["case"])))
    name = example["counterexample_id"]
    return f"by {example['subject']} ({example['status']}), prufrock replay {name}\n{shown}"
