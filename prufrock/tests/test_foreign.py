"""Badly behaved functions, judged from the command line: each gets its verdict, and the run goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "prufrock" / "schema.json").read_text())


def prufrock(*arguments: str, cwd: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    import os

    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "prufrock", *arguments]
    return subprocess.run(command, cwd=cwd, env=env, text=True, capture_output=True, timeout=timeout, check=False)


def judged(name: str, folder: Path, *more: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Exit code and verdicts by law, of one nasty function under two laws."""
    laws = ("--laws", "speech.frames.index-by-index", "--laws", "speech.frames.inputs-unchanged")
    done = prufrock("check", f"nasty:{name}", "--as", "speech.frames", *laws, "--json", *more, cwd=folder)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    for record in records:
        jsonschema.validate(record, SCHEMA)
    return done.returncode, {record["law"].rpartition(".")[2]: record for record in records}


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("segfault", "crashed", "SIGSEGV"),
        ("picky", "crashed", "SIGSEGV"),
        ("exits", "crashed", "SystemExit: 3"),
        ("hard_exit", "crashed", "exit code 3"),
        ("memory", "crashed", "MemoryError"),
        ("nan", "violated", ""),
        ("shape", "violated", "shape"),
        ("view", "violated", ""),
        ("prints", "holds", ""),
        ("mutates", "holds", ""),
    ],
)
def test_each_gets_its_verdict(nasty: Path, name: str, status: str, reason: str) -> None:
    code, verdicts = judged(name, nasty)
    assert len(verdicts) == 2
    found = verdicts["index-by-index"]
    assert (found["status"], code) == (status, 0 if status == "holds" else 1)
    assert reason in found.get("reason", "")
    if status != "holds":
        assert found["counterexample"]["case"]["fields"]["r"] >= 2


def test_a_hang_is_timed_out_with_its_case(nasty: Path) -> None:
    code, verdicts = judged("sleeps", nasty)
    assert code == 1
    assert {v["status"] for v in verdicts.values()} == {"timed out"}
    assert all("counterexample" in v for v in verdicts.values())


@pytest.mark.parametrize("name", ["ages", "forgets_nothing"])
def test_what_earlier_laws_left_in_its_process_is_not_its_fault(nasty: Path, name: str) -> None:
    code, verdicts = judged(name, nasty, "-n", "1")
    assert ({v["status"] for v in verdicts.values()}, code) == ({"holds"}, 0)
    assert "other laws before" in verdicts["inputs-unchanged"]["reason"]


def test_hygiene_fails_nothing_unless_asked(nasty: Path) -> None:
    code, verdicts = judged("mutates", nasty)
    assert (verdicts["inputs-unchanged"]["status"], code) == ("violated", 0)
    assert judged("mutates", nasty, "--strict")[0] == 1


def test_a_counterexample_is_replayed_and_emitted_as_a_script_of_its_own(nasty: Path) -> None:
    _, verdicts = judged("view", nasty)
    name = verdicts["index-by-index"]["counterexample_id"]
    again = prufrock("replay", name, cwd=nasty)
    assert again.returncode == 1
    assert "a frame" in again.stdout or "frame t" in again.stdout
    script = prufrock("replay", name, "--emit", cwd=nasty)
    (nasty / "again.py").write_text(script.stdout)
    done = subprocess.run([sys.executable, "again.py"], cwd=nasty, text=True, capture_output=True, check=True)
    assert "expected" in done.stdout
    assert "prufrock" not in script.stdout.partition('"""\n\nimport')[2]


def test_explain_shows_the_last_counterexample(nasty: Path) -> None:
    judged("view", nasty)
    done = prufrock("explain", "index-by-index", cwd=nasty)
    assert "nasty:view" in done.stdout
    assert "plain-view" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check", "nasty:right"), "--as CONTRACT is missing"),
        (("check", "nasty:right", "--as", "speech.frame"), "did you mean speech.frames"),
        (("check", "nasty:wrong_name", "--as", "speech.frames"), "has no 'wrong_name'"),
        (("check", "nowhere:right", "--as", "speech.frames"), "no module named 'nowhere'"),
        (("check", "nobody"), "unknown subject 'nobody'"),
        (("check", "nasty:right", "--as", "speech.frames", "--outputs", "in"), "speech.frames knows out"),
        (("check", "nasty:right", "--as", "speech.frames", "--declare", "a=b"), "convention a='b'"),
        (("check", "--laws", "speech.nothing"), "unknown law or contract"),
        (("check", "-n", "zero"), "positive number or auto"),
        (("check", "--resume"), "no run to resume"),
        (("replay", "12345678"), "no counterexample '12345678'"),
        (("explain", "no-such-law"), "unknown law"),
        (("power", "no.contract"), "unknown contract"),
    ],
)
def test_wrong_usage_is_named(nasty: Path, arguments: tuple[str, ...], message: str) -> None:
    done = prufrock(*arguments, cwd=nasty)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())


def test_nothing_tested_is_no_success(nasty: Path) -> None:
    done = prufrock("check", "nasty:right", "--as", "speech.frames", "--max-time", "1e-9", cwd=nasty)
    assert done.returncode == 2
    assert "not begun within 1e-09 s" in done.stdout


def test_a_bug_of_ours_is_called_so(nasty: Path) -> None:
    (nasty / "sitecustomize.py").write_text("")
    (nasty / "broken_oracle.py").write_text(
        "import prufrock.catalogue as c, dataclasses\n"
        "from nasty import right\n"
        "bad = dataclasses.replace(c.law('speech.frames.index-by-index'), run=lambda f, case: 1/0)\n"
        "c.law = lambda name: bad\n"
    )
    done = prufrock(
        "check", "broken_oracle:right", "--as", "speech.frames", "--laws", "speech.frames.index-by-index", cwd=nasty
    )
    assert done.returncode == 2
    assert "A bug of prufrock's own" in done.stdout
