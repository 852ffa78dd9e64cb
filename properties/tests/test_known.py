"""The few lines of every known violation show it: they end in an assertion of the wrong result, or in the library's error.

An AssertionError therefore says that the library does better by now; a misspelt line is no evidence either.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from prufrock import Known, Subject, catalogue
from prufrock.known import findings, lapses, page
from prufrock.subjects import missing

ON_RECORD = [(s, known) for s in catalogue.subjects() for known in s.known if known.lines]


@pytest.mark.parametrize(("subject", "known"), ON_RECORD, ids=lambda x: getattr(x, "law", None) or x.name)
def test_the_lines_of_a_known_violation_show_it(subject: Subject, known: Known) -> None:
    absent = missing(subject.requires) or (missing(known.scope) if known.scope else "")
    if absent:
        pytest.skip(absent)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        error = _raised(known.lines, f"<{subject.name}: {known.law}>")
    trace = error.__traceback__ if error else None
    depth = 0
    while trace is not None:
        trace, depth = trace.tb_next, depth + 1
    assert error is None or depth > 2, "raised by the lines themselves, not by the library"
    assert error is not None or "assert" in known.lines, "lines that assert nothing show nothing"


def test_the_page_says_what_is_on_record() -> None:
    subjects, laws = catalogue.subjects(), catalogue.laws()
    written = Path(__file__).parents[2] / "reports" / "known.md"
    wanted = page(findings(subjects, laws), lapses(subjects, laws))
    assert written.read_text(encoding="utf-8") == wanted, "prufrock known --page > reports/known.md"


def _raised(lines: str, name: str) -> Exception | None:
    """What the library raised when the lines ran, if anything; what speaks against the lines themselves passes through."""
    try:
        exec(compile(lines, name, "exec"), {})
    except (AssertionError, NameError, SyntaxError, ImportError):
        raise
    except Exception as error:
        return error
    return None
