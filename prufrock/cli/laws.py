"""`prufrock laws`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from prufrock import catalogue

if TYPE_CHECKING:
    from prufrock.statute import Law


@click.command("laws")
@click.argument("pattern", default="")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def command(pattern: str, as_json: bool) -> None:
    """List the laws, or those of PATTERN: a family, a contract, an id or a glob."""
    try:
        chosen = catalogue.laws_of(pattern) if pattern else catalogue.laws()
    except catalogue.Unknown as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        keys = ("id", "code", "says", "source", "kind", "rule", "level", "complete")
        click.echo(json.dumps([{key: getattr(law, key) for key in keys} for law in chosen], indent=1))
        return
    for i, contract in enumerate(dict.fromkeys(law.contract for law in chosen)):
        click.echo(f"{chr(10) if i else ''}{contract.id}   {contract.says}")
        for law in chosen:
            if law.contract is contract:
                click.echo(f"  {law.id.rpartition('.')[2]:32s} {law.code:8s} {law.says}{_marks(law)}")
    click.echo(f"\n{len(chosen)} laws. prufrock explain LAW says more.", err=True)


def _marks(law: Law) -> str:
    return " (complete set)" if law.complete else "" if law.level == "mathematical" else f" ({law.level})"
