"""What must answer at once loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "cvxpy", "ot", "geomloss", "sklearn", "scipy", "hypothesis", "matplotlib"}


@pytest.mark.parametrize("command", [["--help"], ["laws"], ["laws", "transport"], ["subjects"], ["explain", "RSH-01"]])
def test_nothing_heavy_is_imported(command: list[str], tmp_path: Path) -> None:
    code = (
        "import sys\nfrom prufrock.cli import main\n"
        f"sys.argv = ['prufrock', *{command!r}]\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code, stop.code\n"
        f"print('HEAVY', sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=True, timeout=60
    )
    assert done.stdout.rstrip().endswith("HEAVY []")
