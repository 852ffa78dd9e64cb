"""Records gathered by what is wrong, and their lines apart."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from prufrock import catalogue
from prufrock.cli import main
from prufrock.known import apart, findings, lapses
from prufrock.subjects import Known


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        ("a = 1; assert a  # 2; said the book", ["a = 1", "assert a  # 2; said the book"]),
        ("a = 'x; y'; b = a", ["a = 'x; y'", "b = a"]),
        ("for i in (1, 2): a = i; b = a", ["for i in (1, 2): a = i; b = a"]),
        ("import math\nassert math", ["import math", "assert math"]),
    ],
)
def test_statements_apart_are_the_same_program(lines: str, rows: list[str]) -> None:
    assert apart(lines).splitlines() == rows


def test_one_finding_for_all_that_show_it() -> None:
    law, other, polite = (
        next(law for law in catalogue.laws() if law.id.startswith("transport.kantorovich.") and law.id.endswith(end))
        for end in (".marginals", ".optimal-value", ".refuses-nan-cost")
    )
    emd = next(s for s in catalogue.subjects() if s.name == "POT.emd")
    records = tuple(Known(name, "a reason") for name in (law.id, "optimal-value", "refuses-nan-cost", "no-such-law"))
    subjects = [replace(emd, known=records), replace(emd, name="POT.other", known=records[:1])]
    (found,) = findings(subjects, (law, other, polite))
    assert (found.library, found.subjects, found.laws) == ("POT", ("POT.emd", "POT.other"), (law.id, other.id))
    assert lapses(subjects, (law, other, polite)) == {("POT", "refuses-nan-cost"): 1}


def test_the_command_lists_prints_and_refuses() -> None:
    run = CliRunner().invoke
    assert "POT.emd" in run(main, ["known", "POT"]).stdout
    assert "hmmlearn" not in run(main, ["known", "POT", "--page"]).stdout
    assert {f["library"] for f in json.loads(run(main, ["known", "hmmlearn", "--json"]).stdout)} == {"hmmlearn"}
    assert run(main, ["known", "no-such-library"]).exit_code == 2
