"""`prufrock check [SUBJECT...]`: the main job."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from prufrock import catalogue
from prufrock.cells import Cell, Ref, cells_of
from prufrock.profile import PROFILES, REAL
from prufrock.records import FOLDER, Recorder, Unreadable, latest_run
from prufrock.tensors import DEVICES

ANEW = {"profile", "seed", "max_time", "as_json", "record", "resume"}  # what the next command does not take over
EPILOG = """\b
prufrock check                                          all subjects that are installed
prufrock check POT --laws transport.sinkhorn            one library, one contract
prufrock check mypkg.mod:fn --as transport.kantorovich  a function of your own
"""


@click.command("check", epilog=EPILOG)
@click.argument("subjects", nargs=-1, metavar="[SUBJECT]...")
@click.option("--as", "contract", help="Contract of a module:function.")
@click.option("--laws", "patterns", multiple=True, help="Only laws of this family, contract, id or glob (repeatable).")
@click.option("--profile", type=click.Choice(["quick", "ci", "deep"]), default="quick", show_default=True)
@click.option("--real", is_flag=True, help="Cases from real data (digit images) instead of made-up ones.")
@click.option("--seed", type=int, default=0, show_default=True, help="Root seed; the same seed judges the same cases.")
@click.option("-n", "workers", default="auto", show_default=True, help="Worker processes, or auto.")
@click.option("--max-time", type=click.FloatRange(min=0, min_open=True), help="Begin no cell after this many seconds.")
@click.option("--outputs", help="What module:function returns, comma separated (default: the main output).")
@click.option("--declare", multiple=True, metavar="NAME=ANSWER", help="A convention of module:function (repeatable).")
@click.option("--dtype", default="float64", show_default=True, help="Floating dtype that module:function computes in.")
@click.option("--torch", "tensors", type=click.Choice(DEVICES), help="Give module:function torch tensors on a device.")
@click.option("--accuracy", type=float, default=0.0, help="Relative error that module:function declares.")
@click.option("--strict", is_flag=True, help="A broken law of hygiene fails the run too.")
@click.option("--json", "as_json", is_flag=True, help="Print verdicts as JSON lines on stdout instead of the table.")
@click.option("--record", type=click.Path(path_type=Path, file_okay=False), default=FOLDER, show_default=True)
@click.option("--resume", is_flag=True, help="Finish the last run of this folder, with its own seed and profile.")
def command(subjects: tuple[str, ...], strict: bool, as_json: bool, record: Path, resume: bool, **options: Any) -> None:
    """Judge SUBJECTs by the laws of their contracts; with no argument, every subject that is installed.

    A SUBJECT is a name (reference), a library (POT), one entry point (POT.emd), or module:function with --as.
    """
    from prufrock.cli.session import Session

    try:
        if resume:
            run = latest_run(record)
            before, cells = list(run.verdicts), run.left
            profile, seed = str(run.header["profile"]), int(run.header["seed"])
            recorder = Recorder.resume(record, run)
        else:
            before, seed = [], options["seed"]
            profile = options["profile"] + (REAL if options["real"] else "")
            cells = _chosen(subjects, options)
            recorder = Recorder.begin(record, cells, seed=seed, profile=profile)
    except (catalogue.Unknown, Unreadable, ValueError) as error:
        raise click.UsageError(str(error)) from None
    workers = _workers(options["workers"], len(cells))
    what, where = _typed({str(p.name) for p in command.params} - ANEW), _typed({"record"})
    session = Session(recorder, cells, before, profile, seed, workers, strict, as_json, what, where)
    limit = options["max_time"] or (PROFILES[profile].run if not subjects and not resume else None)
    raise SystemExit(session.go(limit))


def _typed(names: Set[str]) -> str:
    """These parameters of the command as they were typed, to be typed again."""
    context, words = click.get_current_context(), [""]
    for parameter in context.command.params:
        name = str(parameter.name)
        if name not in names or context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        given = context.params[name]
        for value in given if isinstance(given, tuple) else (given,):
            option = [] if isinstance(parameter, click.Argument) else [max(parameter.opts, key=len)]
            words += option if value is True else [*option, shlex.quote(str(value))]
    return " ".join(words)


def _chosen(names: tuple[str, ...], options: dict[str, Any]) -> list[Cell]:
    patterns = options["patterns"]
    laws = [law for pattern in patterns for law in catalogue.laws_of(pattern)] if patterns else catalogue.laws()
    cells = [] if names else _in_order(cells_of(laws, catalogue.subjects()))
    for name in names:
        if ":" in name:
            ref = _foreign(name, options)
            cells += [Cell(law.id, ref) for law in laws if law.contract.id == ref.contract]
        else:
            cells += cells_of(laws, catalogue.subjects_of(name))
    return list(dict.fromkeys(cells))


def _in_order(cells: list[Cell]) -> list[Cell]:
    """What tells most comes first: laws of a complete set, then the others, then hygiene; main entry points, ours
    among them, before the variants of a library's entry points."""
    laws = {law.id: law for law in catalogue.laws()}
    variants = {(s.contract.id, s.name): s.variant for s in catalogue.subjects()}

    def rank(cell: Cell) -> tuple[bool, bool, bool]:
        law, name = laws[cell.law], cell.subject.name
        return variants[law.contract.id, name], not law.gates, not law.complete

    return sorted(cells, key=rank)


def _foreign(path: str, options: dict[str, Any]) -> Ref:
    """A module:function with its declarations, checked before anything runs."""
    from prufrock.warden import warden

    if not options["contract"]:
        known = ", ".join(c.id for c in catalogue.contracts())
        raise ValueError(f"{path}: --as CONTRACT is missing; contracts are {known}")
    contract = catalogue.contract(options["contract"])
    outputs = tuple(name.strip() for name in options["outputs"].split(",")) if options["outputs"] else ()
    declared = [item.partition("=") for item in options["declare"]]
    conventions = tuple((name, answer) for name, _, answer in declared)
    numbers = options["dtype"], options["accuracy"], options["tensors"] or ""
    ref = Ref(contract.id, path, path, outputs, conventions, *numbers)
    ref = replace(ref, outputs=ref.declared().outputs)
    with warden() as watch:
        reason = watch.load(Cell("", ref), PROFILES["quick"])
    if reason:
        raise ValueError(reason)
    return ref


def _workers(asked: str, cells: int) -> int:
    if asked == "auto":
        cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
        return max(1, min(cores, cells // 40))
    if not asked.isdigit() or int(asked) < 1:
        raise click.UsageError(f"-n {asked!r}: expected a positive number or auto")
    return int(asked)
