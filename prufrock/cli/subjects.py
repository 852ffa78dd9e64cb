"""`prufrock subjects`."""

from __future__ import annotations

import json
from typing import Any

import click

from prufrock import catalogue
from prufrock.subjects import missing


@click.command("subjects")
@click.argument("pattern", default="")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def command(pattern: str, as_json: bool) -> None:
    """List the subjects, what each declares, and which of them can be judged here."""
    try:
        chosen = catalogue.subjects_of(pattern) if pattern else catalogue.subjects()
    except catalogue.Unknown as error:
        raise click.UsageError(str(error)) from None
    rows: list[dict[str, Any]] = [
        {
            "subject": s.name,
            "contract": s.contract.id,
            "outputs": list(s.outputs),
            "conventions": dict(s.conventions),
            "dtype": s.dtype,
            "device": "" if s.device == "cpu" else f"where there is a {s.device} device",
            "versions": s.versions(),
            "absent": missing(s.requires),
            "known": [known.law for known in s.known],
        }
        for s in chosen
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in sorted(rows, key=lambda row: (row["contract"], row["subject"])):
        state = row["device"] or row["absent"] or ", ".join(f"{k} {v}" for k, v in row["versions"].items()) or "ours"
        known = f", {len(row['known'])} known violations" if row["known"] else ""
        click.echo(f"{row['contract']:34s} {row['subject']:34s} {state}{known}")
    absent = sum(bool(row["absent"]) for row in rows)
    click.echo(f"\n{len(rows)} subjects, {absent} not installed.", err=True)
