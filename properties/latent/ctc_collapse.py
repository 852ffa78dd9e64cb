"""The labelling that a path of classes spells: runs are merged first, blanks dropped afterwards.

    collapse: (a, a, −, a) ↦ (a, a);   path_t is kept iff path_t ≠ path_{t−1} and path_t ≠ blank

So labels set apart by blanks are read as they stand, runs have no length, and two utterances with a blank between spell
one after the other (without it, equal labels at the seam would merge). Collapse is not idempotent: a labelling taken for
a path loses its repeats.

Symbols: path[T]; blank; labels[≤ T].
Source: Graves et al. 2006, §3.1; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Contract, Gap, Judged, law, same

from ..hygiene import cross_cutting
from ._labels import as_number, integers, spelt

if TYPE_CHECKING:
    from ..cases.decoding import Path, TwoPaths

collapse = Contract(
    id="latent.ctc-collapse",
    says="the labelling that a path spells",
    arguments={"path": "T", "blank": ""},
    outputs={"labels": "..."},
    domain="T ≥ 0 classes; any blank",
    cases="..cases.decoding:paths",
    source="Graves et al. 2006, §3.1",
    home=__package__,
)


@law(
    collapse,
    says="runs are merged first, blanks dropped afterwards",
    source="Graves et al. 2006, §3.1",
    kind="bitwise",
    rule="T0",
    code="CTC-18",
    complete=True,
    kills=("never-merges", "keeps-blanks", "drops-zero"),
)
def letter_by_letter(solve: Judged, case: Path) -> Gap:
    """path_t is kept iff path_t ≠ path_{t−1} and path_t ≠ blank."""
    return same(integers(solve(case.path, case.blank)), spelt(case.path, case.blank))


@law(
    collapse,
    says="labels set apart by blanks are read as they stand",
    source="derived",
    kind="identity",
    rule="T0",
    code="CTC-18",
    kills=("drops-then-merges", "keeps-blanks", "drops-zero"),
)
def blanks_between(solve: Judged, case: Path) -> Gap:
    """collapse(−, y_1, −, y_2, −, ..., y_U, −) = y."""
    y = case.path[case.path != case.blank]
    apart = np.full(2 * len(y) + 1, case.blank, np.int64)
    apart[1::2] = y
    return same(integers(solve(apart, case.blank)), y)


@law(
    collapse,
    says="a labelling taken for a path loses its repeats and nothing else",
    source="derived; idempotent only without repeats",
    kind="identity",
    rule="T0",
    code="CTC-18",
    kills=("keeps-blanks", "keeps-every-second", "never-merges"),
)
def second_collapse(solve: Judged, case: Path) -> Gap:
    """collapse(collapse(path)) = collapse(path) with runs merged."""
    once = spelt(case.path, case.blank)
    twice = once[np.r_[True, once[1:] != once[:-1]][: len(once)]]
    got = integers(solve(integers(solve(case.path, case.blank)), case.blank))
    return same(got, twice)


@law(
    collapse,
    says="slow speech spells the same",
    source="derived: runs have no length",
    kind="metamorphic",
    rule="T0",
    code="CTC-18",
    kills=("never-merges", "keeps-every-second"),
)
def slow_motion(solve: Judged, case: Path) -> Gap:
    """collapse(each frame three times) = collapse(path)."""
    return same(integers(solve(np.repeat(case.path, 3), case.blank)), integers(solve(case.path, case.blank)))


@law(
    collapse,
    says="two utterances with a blank between spell one after the other",
    source="derived",
    kind="metamorphic",
    rule="T0",
    code="CTC-18",
    cases="..cases.decoding:two_paths",
    kills=("drops-then-merges", "keeps-blanks", "loses-last-label"),
)
def blank_between_utterances(solve: Judged, case: TwoPaths) -> Gap:
    """collapse(p, −, q) = collapse(p), collapse(q)."""
    both = np.concatenate([case.path, [case.blank], case.other])
    apart = [integers(solve(path, case.blank)) for path in (case.path, case.other)]
    return same(integers(solve(both, case.blank)), np.concatenate(apart))


CONTRACTS = (collapse,)
LAWS = (
    letter_by_letter,
    blanks_between,
    second_collapse,
    slow_motion,
    blank_between_utterances,
    *cross_cutting(collapse, reading=as_number, layouts=("ignores-strides", "forgets-second-call")),
)
