"""The three lines that a third party writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import prufrock

ROOT = Path(__file__).parents[2]
SUITE = """
import prufrock
from nasty import right, view

@prufrock.laws("speech.frames")
def test_right(law):
    law.check(right).require()

@prufrock.laws("speech.frames", hygiene=True)
def test_view(law):
    law.check(view).require()
"""


def test_three_lines_judge_a_function(nasty: Path) -> None:
    (nasty / "test_mine.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
    import os

    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=nasty, env=env, text=True, capture_output=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "test_right" not in [line.split("::")[-1][:10] for line in done.stdout.splitlines() if "FAILED" in line]
    assert "3 failed, 18 passed" in done.stdout.splitlines()[-1], done.stdout
    assert "got 1, want 2" in done.stdout


def test_unknown_names_and_profiles_are_refused() -> None:
    with pytest.raises(LookupError, match="unknown law or contract"):
        prufrock.laws("transport.kantorovitch")
    with pytest.raises(ValueError, match="expected one of quick, ci, deep"):
        prufrock.laws("speech.frames", profile="fast")
