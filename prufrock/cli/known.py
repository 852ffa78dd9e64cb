"""`prufrock known`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from prufrock import catalogue
from prufrock.known import findings, lapses, page


@click.command("known")
@click.argument("pattern", default="")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.option("--page", "as_page", is_flag=True, help="Print Markdown, with the lines that show each.")
def command(pattern: str, as_json: bool, as_page: bool) -> None:
    """List the violations on record, of one library or entry point if PATTERN names it."""
    try:
        chosen = catalogue.subjects_of(pattern) if pattern else catalogue.subjects()
    except catalogue.Unknown as error:
        raise click.UsageError(str(error)) from None
    found = findings(chosen, catalogue.laws())
    if as_json:
        click.echo(json.dumps([asdict(f) for f in found], indent=1))
    elif as_page:
        click.echo(page(found, lapses(chosen, catalogue.laws())), nl=False)
    else:
        for f in found:
            click.echo(f"{f.library:18s} {f.reason}")
            where = f.subjects[0] + (f" and {len(f.subjects) - 1} more" if len(f.subjects) > 1 else "")
            click.echo(f"{'':18s}   {where}: {', '.join(sorted({law.rpartition('.')[2] for law in f.laws}))}")
        click.echo(f"\n{len(found)} findings; prufrock known --page has the lines that show them.", err=True)
