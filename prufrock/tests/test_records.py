from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from prufrock.cells import Cell, Ref
from prufrock.records import Recorder, Unreadable, latest_run, read_counterexample, read_run
from prufrock.verdict import Status, Verdict

ROOT = Path(__file__).parents[2]
CELLS = [Cell(f"speech.frames.{name}", Ref("speech.frames", "x")) for name in ("a", "b", "c")]


def verdict(cell: Cell) -> Verdict:
    return Verdict(cell.law, cell.subject.name, Status.HOLDS, cases=3, margin=float("inf"))


def test_a_run_reads_back(tmp_path: Path) -> None:
    recorder = Recorder.begin(tmp_path, CELLS, seed=7, profile="quick")
    recorder.add(verdict(CELLS[1]))
    recorder.close()
    run = latest_run(tmp_path)
    assert run.header["seed"] == 7
    assert [v.margin for v in run.verdicts] == [float("inf")]
    assert run.left == [CELLS[0], CELLS[2]]


def test_a_line_cut_off_by_an_interruption_costs_only_itself(tmp_path: Path) -> None:
    recorder = Recorder.begin(tmp_path, CELLS, seed=0, profile="quick")
    recorder.add(verdict(CELLS[0]))
    recorder.add(verdict(CELLS[1]))
    recorder.close()
    raw = recorder.path.read_bytes()
    recorder.path.write_bytes(raw[:-20])
    run = read_run(recorder.path)
    assert len(run.verdicts) == 1
    again = Recorder.resume(tmp_path, run)
    for cell in run.left:
        again.add(verdict(cell))
    again.close()
    assert not read_run(recorder.path).left


def test_damage_and_strange_versions_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"schema": "prufrock.run/99"}\n')
    with pytest.raises(Unreadable, match=r"prufrock\.run/99"):
        read_run(path)
    path.write_text('not json\n{"a": 1}\n')
    with pytest.raises(Unreadable, match="line 1: not JSON"):
        read_run(path)
    with pytest.raises(Unreadable, match="no run to resume"):
        latest_run(tmp_path)
    (tmp_path / "counterexamples").mkdir()
    (tmp_path / "counterexamples" / "abcd0123.json").write_text("{")
    with pytest.raises(Unreadable, match="not JSON"):
        read_counterexample(tmp_path, "abcd")
    with pytest.raises(Unreadable, match="no counterexample"):
        read_counterexample(tmp_path, "../../etc")


def test_an_interrupted_run_keeps_what_it_has_and_is_resumed(nasty: Path) -> None:
    slow = "import time\nfrom nasty import right\ndef slow(y, r):\n    time.sleep(0.03)\n    return right(y, r)\n"
    (nasty / "slow.py").write_text(slow)
    command = [sys.executable, "-m", "prufrock", "check", "slow:slow", "--as", "speech.frames", "-n", "2"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(command, cwd=nasty, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    runs = nasty / ".prufrock" / "runs"
    patience = time.monotonic() + 60
    while time.monotonic() < patience:
        lines = [line for path in runs.glob("*.jsonl") for line in path.read_text().splitlines()]
        if len(lines) >= 4:
            break
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "--resume" in out
    done = len(latest_run(nasty / ".prufrock").verdicts)
    assert 0 < done < 13
    resumed = subprocess.run(
        [sys.executable, "-m", "prufrock", "check", "--resume"],
        cwd=nasty,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "13 holds" in resumed.stdout
    (path,) = runs.glob("*.jsonl")
    assert len({json.loads(line).get("law") for line in path.read_text().splitlines()[1:]}) == 13
