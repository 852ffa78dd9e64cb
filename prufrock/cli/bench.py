"""`prufrock bench`: speed, from a checkout; the wheel carries no benchmarks."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click

EPILOG = """\b
prufrock bench --table                    measure everything beside its peers, write reports/speed.md
prufrock bench --table -k latent.ctc      print one workload's part of it
prufrock bench --gate --base origin/main  exit 1 if this tree is slower than that commit
prufrock bench --smoke                    call every benchmark once
"""


@click.command("bench", epilog=EPILOG)
@click.option("--table", "what", flag_value="table", help="Ours beside the peers, as Markdown.")
@click.option("--gate", "what", flag_value="gate", help="This tree against --base: CPU time and instructions.")
@click.option("--smoke", "what", flag_value="smoke", help="Every benchmark once, on its smallest case.")
@click.option("-k", "pattern", default="", help="Only workloads whose names contain this, such as latent.ctc.")
@click.option("--base", default="HEAD", show_default=True, help="The commit to compare with.")
@click.option("--trials", type=click.IntRange(min=1), help="Try the gate on so many equal and slower pairs instead.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
def command(what: str | None, pattern: str, base: str, trials: int | None, device: str, out: Path | None) -> None:
    """Measure speed. Run it in the repository's folder."""
    if what is None:
        raise click.UsageError("expected one of --table, --gate, --smoke")
    module = _module(what)
    if what == "smoke":
        raise SystemExit(module.run(pattern))
    if what == "gate":
        if trials is None:
            raise SystemExit(module.run(base, pattern))
        text, out = _module("trial").page(trials), out or Path("reports/gate.md")
    else:
        text = module.page(pattern, device)
        out = out or (Path("reports/speed.md") if not pattern and device == "cpu" else None)
    if out is None:
        click.echo(text)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    click.echo(f"wrote {out}", err=True)


def _module(name: str) -> Any:
    """benchmarks.NAME of the current folder."""
    here = Path.cwd()
    if not (here / "benchmarks" / "workload.py").exists():
        raise click.UsageError(f"{here}: no benchmarks/ here; they are in the repository, not in the wheel")
    sys.path.insert(0, str(here))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(here), os.environ.get("PYTHONPATH")]))
    return importlib.import_module(f"benchmarks.{name}")
