"""What is on record as forgetting its device does so still, and does nothing wrong on the CPU; the page is what is on record."""

from __future__ import annotations

from pathlib import Path

import pytest

from prufrock.subjects import missing

from ..devices import FORGETFUL, Forgetful, page


@pytest.mark.parametrize("one", FORGETFUL, ids=lambda one: one.entry)
def test_it_forgets_its_device(one: Forgetful) -> None:
    absent = missing(one.library)
    if absent:
        pytest.skip(absent)
    assert one.run(away=False) == ""
    assert one.says in one.run(away=True)


def test_the_page_is_what_is_on_record() -> None:
    kept = Path(__file__).parents[2] / "reports" / "elsewhere.md"
    assert kept.read_text() == page(), "write it again: python -m properties.devices > reports/elsewhere.md"
