"""`prufrock laws`."""

from __future__ import annotations

import json

import click

from prufrock import catalogue


@click.command("laws")
@click.argument("pattern", default="")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def command(pattern: str, as_json: bool) -> None:
    """List the laws, of one family or contract if PATTERN names it."""
    try:
        chosen = catalogue.laws_of(pattern) if pattern else catalogue.laws()
    except catalogue.Unknown as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        keys = ("id", "code", "says", "source", "kind", "rule", "level", "complete")
        click.echo(json.dumps([{key: getattr(law, key) for key in keys} for law in chosen], indent=1))
        return
    shown = ""
    for law in chosen:
        if law.contract.id != shown:
            shown = law.contract.id
            click.echo(f"{chr(10) if law is not chosen[0] else ''}{shown}   {law.contract.says}")
        marks = " (complete set)" if law.complete else "" if law.level == "mathematical" else f" ({law.level})"
        click.echo(f"  {law.id.rpartition('.')[2]:32s} {law.code:8s} {law.says}{marks}")
    click.echo(f"\n{len(chosen)} laws. prufrock explain LAW says more.", err=True)
