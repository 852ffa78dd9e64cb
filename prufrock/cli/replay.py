"""`prufrock replay ID`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from prufrock import catalogue
from prufrock.cells import Cell, Ref, cell_from_json
from prufrock.records import FOLDER, Unreadable, read_counterexample
from prufrock.statute import Law
from prufrock.subjects import Subject


@click.command("replay")
@click.argument("name", metavar="ID")
@click.option("--emit", is_flag=True, help="Print a plain NumPy script instead of judging.")
@click.option("--record", type=click.Path(path_type=Path), default=FOLDER, show_default=True, help="Folder of records.")
def command(name: str, emit: bool, record: Path) -> None:
    """Judge the stored counterexample ID again: exit 1 if it still breaks its law, 0 if not."""
    try:
        stored = read_counterexample(record, name)
        law = catalogue.law(stored["law"])
        cell = Cell(law.id, _ref(stored, law))
        if emit:
            from prufrock.emit import script

            click.echo(script(stored, law, _subject(cell.subject)))
            return
    except (Unreadable, LookupError, ValueError) as error:
        raise click.UsageError(str(error)) from None
    raise SystemExit(_judge(stored, cell))


def _ref(stored: dict[str, Any], law: Law) -> Ref:
    if "declared" in stored:
        return cell_from_json({"law": law.id, "subject": stored["declared"]}).subject
    return Ref(law.contract.id, stored["subject"])


def _subject(ref: Ref) -> Subject:
    """The subject; of a function of somebody's module what is declared: a script does not need it."""
    return ref.declared() if ref.path else ref.load()


def _judge(stored: dict[str, Any], cell: Cell) -> int:
    from prufrock.draws import HouseError
    from prufrock.encode import decode
    from prufrock.profile import PROFILES, QUICK
    from prufrock.show import verdict_text
    from prufrock.warden import warden

    case = decode(stored["counterexample"]["case"])
    with warden() as watch:
        try:
            verdict = watch.recheck(cell, case, PROFILES.get(stored["profile"], QUICK), stored["seed"])
        except HouseError as error:
            raise click.UsageError(str(error).partition("\n")[0]) from None
    click.echo(verdict_text(verdict))
    return 1 if verdict.broken else 0
