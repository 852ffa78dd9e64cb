"""One item per law x subject.

PRUFROCK_PROFILE chooses how hard to look: quick (default), ci, deep. Variants of a library's entry points, named with
brackets, are judged too where PRUFROCK_VARIANTS is set.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from prufrock import catalogue
from prufrock.cells import Cell, cells_of
from prufrock.checking import ROOT_SEED
from prufrock.profile import PROFILES
from prufrock.run import HouseFault, judge
from prufrock.show import verdict_text
from prufrock.verdict import Status

# A machine that is busy makes a test slow, never red.
PROFILE = replace(PROFILES[os.environ.get("PRUFROCK_PROFILE", "quick")], seconds=300.0, hang=120.0)
SEED = int(os.environ.get("PRUFROCK_SEED", ROOT_SEED))


VARIANTS = bool(os.environ.get("PRUFROCK_VARIANTS"))
SUBJECTS = [s for s in catalogue.subjects() if VARIANTS or not s.variant]


@pytest.mark.parametrize("cell", cells_of(catalogue.laws(), SUBJECTS), ids=lambda c: f"{c.law}-{c.subject.name}")
def test_law(cell: Cell) -> None:
    """Every law holds for every subject, or its violation is on record."""
    verdict = judge(cell, PROFILE, SEED)
    assert not isinstance(verdict, HouseFault), verdict.message
    if verdict.status in (Status.SKIPPED, Status.UNDECIDED):
        pytest.skip(verdict.reason)
    if verdict.status is Status.NOT_EXERCISED and not cell.subject.name.startswith("reference"):
        pytest.skip(f"not exercised: {verdict.reason}")
    assert verdict.status in (Status.HOLDS, Status.KNOWN), "\n" + verdict_text(verdict)
