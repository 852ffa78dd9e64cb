"""`prufrock power CONTRACT`."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import click

from prufrock import catalogue
from prufrock.power import POWER, Matrix, matrix
from prufrock.subjects import Subject


@click.command("power")
@click.argument("contract")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--cases", type=click.IntRange(min=1), default=POWER.cases, show_default=True, help="Cases a cell.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object: law -> mutants it rejects.")
@click.option(
    "--repetitions", type=click.IntRange(min=1), default=200, show_default=True, help="Of chance: checks a row."
)
@click.option(
    "--roots", type=click.IntRange(min=1), default=20, show_default=True, help="Of chance: runs of 300 checks."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports"),
    show_default=True,
    help="Of chance: where chance-power.md and chance-power.json are written.",
)
def command(contract: str, seed: int, cases: int, as_json: bool, repetitions: int, roots: int, out: Path) -> None:
    """Print which laws of CONTRACT reject which of its mutants. Exit 1 if a law is idle or a mutant survives.

    `prufrock power chance` measures instead how often the statistical checks find a mean that is off by 0, 1, 5, 20 %
    or has its sign flipped, on six laws; how often their stages alarm on correct draws; and how often a run of 300
    checks of correct code has any failure. It writes the page and its numbers.
    """
    if contract == "chance":
        _chance(repetitions, roots, seed, out, as_json)
        return
    try:
        found = catalogue.contract(contract)
    except catalogue.Unknown as error:
        raise click.UsageError(str(error)) from None
    laws = [law for law in catalogue.laws() if law.contract.id == found.id]
    mutants = catalogue.mutants_of(found.id)
    killed = matrix(laws, mutants, replace(POWER, cases=cases), seed)
    idle = [law.id for law in laws if not any(killed[law.id, m.name] for m in mutants)]
    alive = [m.name for m in mutants if not any(killed[law.id, m.name] for law in laws)]
    if as_json:
        rows = {law.id: [m.name for m in mutants if killed[law.id, m.name]] for law in laws}
        click.echo(json.dumps({"kills": rows, "idle": idle, "alive": alive}, indent=1))
    else:
        click.echo(_table([law.id.rpartition(".")[2] for law in laws], [law.id for law in laws], mutants, killed))
        click.echo(
            f"\n{len(laws)} laws, {len(mutants)} mutants; idle laws: {idle or 'none'}; survivors: {alive or 'none'}"
        )
    raise SystemExit(1 if idle or alive else 0)


def _chance(repetitions: int, roots: int, seed: int, out: Path, as_json: bool) -> None:
    from prufrock.chance import alarms, power, rates

    table, stages = [], []
    for row in power.table(repetitions, seed):
        table.append(row)
        click.echo(f"{row.law} {row.spread} {row.bias}: {row.failed}/{row.repetitions}", err=True)
    for rate in rates.all_rates(10 * repetitions, seed):
        stages.append(rate)
        click.echo(f"{rate.law} {rate.spread}: {rate.screen}, {rate.up}, {rate.down} of {rate.runs}", err=True)
    found = alarms.run(range(seed, seed + roots))
    page = power.markdown(table, seed, roots) + rates.markdown(stages) + alarms.markdown(found)
    record = {
        "schema": "prufrock.chance-power/1",
        "seed": seed,
        "alpha": power.ALPHA,
        "power": [asdict(row) for row in table],
        "stages": [asdict(rate) for rate in stages],
        "alarms": asdict(found),
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "chance-power.md").write_text(page, encoding="utf-8")
    (out / "chance-power.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    click.echo(json.dumps(record, indent=1) if as_json else page)


def _table(names: list[str], ids: list[str], mutants: tuple[Subject, ...], killed: Matrix) -> str:
    width = max(len(m.name) for m in mutants)
    letter = {True: "1", False: "0", None: "."}
    lines = [f"{' ' * width}  {i + 1:>2d} {name}" for i, name in enumerate(names)]
    lines.append(" " * (width + 2) + " ".join(f"{i + 1:>2d}" for i in range(len(ids))))
    rows = [f"{m.name:{width}s}  " + " ".join(f" {letter[killed[one, m.name]]}" for one in ids) for m in mutants]
    return "\n".join(lines + rows)
