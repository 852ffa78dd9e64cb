"""The command that a run names as the next one does what it says, where the run was."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from click.testing import CliRunner

from prufrock import catalogue
from prufrock.cli import main


def checked(*arguments: str) -> tuple[list[str], str]:
    """The words of the next command, after `prufrock`, and what the run said."""
    said = CliRunner().invoke(main, ["check", *arguments]).output
    return shlex.split(said.rpartition("next: prufrock ")[2].strip()), said


def test_the_next_command_keeps_what_was_judged_and_where(tmp_path: Path) -> None:
    kept = [
        "reference[float32]",
        "--laws",
        "speech.frames.batch-*",
        "-n",
        "1",
        "--record",
        str(tmp_path / " ".join(["of mine"] * 20)),
    ]
    words, said = checked(*kept)
    assert " holds" in said
    assert said.splitlines()[-1].startswith("next: ")  # whole, on a line of its own
    assert words == ["check", *kept[:-2], "--profile", "ci", "--seed", "1", *kept[-2:]]


def test_a_run_cut_short_is_resumed_next(tmp_path: Path) -> None:
    words, _ = checked("reference", "--laws", "speech", "--max-time", "1e-9", "-n", "1", "--record", str(tmp_path))
    assert words == ["check", "--resume", "--record", str(tmp_path)]
    _, said = checked(*words[1:])
    assert "not begun" not in said


def test_laws_are_named_by_globs_and_judged_once(tmp_path: Path) -> None:
    assert catalogue.laws_of("speech.frames.*") == catalogue.laws_of("speech.frames")
    laws = ("--laws", "*.batch-tags", "--laws", "speech.frames.batch-tags")
    _, said = checked(*laws, "--json", "-n", "1", "--record", str(tmp_path))
    names = [json.loads(line)["subject"] for line in said.splitlines() if line.startswith("{")]
    assert len(names) == len(set(names)) > 1


def test_each_contract_is_listed_once() -> None:
    said = CliRunner().invoke(main, ["laws"]).stdout
    titles = [line.split()[0] for line in said.splitlines() if line[:1].strip()]
    assert len(titles) == len(set(titles)) == len(catalogue.contracts())
