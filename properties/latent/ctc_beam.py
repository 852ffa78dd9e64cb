"""The most probable labelling among the prefixes that a beam of some width kept.

    log_prob = log Σ over the paths kept of Π exp x_t(path_t) ≤ log p(labels)

A beam that never overflows is exact: it finds max_y p(y) and reports it. Otherwise what it reports has lost paths and is
too small, never too large. If every frame is surer than 1 − 1/2T, every prefix of the best path holds more than half of
the mass of its time, so that even a beam of one finds it. What is spelt can be spelt: labels, no blank, U + R ≤ T.

Symbols: log_probs x[T, C]; blank; width of the beam; labels[U], R repeats in them; log_prob in nats.
Source: Graves et al. 2006, §3.2; Hannun et al. 2014.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prufrock import Contract, Gap, Judged, at_most, holds_if, law, same

from ..hygiene import cross_cutting, refusals
from ..oracles import alignments
from ..oracles.alignments import most_probable
from ._alignments import NAT, losses
from ._labels import allowance, as_number, integers, log_prob_of, nan_frame, spelt, unknown_blank

if TYPE_CHECKING:
    from ..cases.decoding import Frames

beam = Contract(
    id="latent.ctc-beam",
    says="the most probable labelling on a beam of prefixes",
    arguments={"log_probs": "T C", "blank": "", "width": ""},
    outputs={"labels": "...", "log_prob": ""},
    domain="T ≥ 1 frames, log-probabilities of C ≥ 2 classes, any blank, width ≥ 1",
    cases="..cases.decoding:frames",
    source="Graves et al. 2006, §3.2; Hannun et al. 2014",
    home=__package__,
)

WIDE = 4096  # as many prefixes as there are paths: nothing is ever dropped


@law(
    beam,
    says="a beam that drops nothing finds the most probable labelling",
    source="Graves et al. 2006, §3.2",
    kind="oracle",
    rule="T2",
    code="CTC-19",
    complete=True,
    kills=("best-path-on-a-beam", "repeats-without-blank", "forgets-to-merge", "label-mass-only"),
)
def exhaustive_beam(solve: Judged, case: Frames) -> Gap:
    """width ≥ C^T  ⇒  p(labels) = max_y p(y)."""
    found = solve.full(case.log_probs, case.blank, WIDE)
    labels = tuple(integers(found.labels).tolist())
    allow = 2.0 * allowance(case, labels, solve.u)
    return losses(log_prob_of(case, labels), most_probable(case.log_probs, case.blank), allow)


@law(
    beam,
    says="a beam that drops nothing reports the probability of what it found",
    source="Hannun et al. 2014",
    kind="oracle",
    rule="T2",
    code="CTC-01",
    needs=("log_prob",),
    kills=("best-path-on-a-beam", "forgets-to-merge", "label-mass-only"),
)
def reported_probability(solve: Judged, case: Frames) -> Gap:
    """width ≥ C^T  ⇒  log_prob = log p(labels)."""
    found = solve.full(case.log_probs, case.blank, WIDE)
    labels = tuple(integers(found.labels).tolist())
    return losses(found.log_prob, log_prob_of(case, labels), allowance(case, labels, solve.u))


@law(
    beam,
    says="a beam may lose probability, never invent it",
    source="derived: it adds up some of the paths",
    kind="inequality",
    rule="T2",
    code="CTC-15",
    needs=("log_prob",),
    kills=("counts-paths-twice", "normalises-the-beam"),
)
def nothing_invented(solve: Judged, case: Frames) -> Gap:
    """log_prob ≤ log p(labels), at any width."""
    found = solve.full(case.log_probs, case.blank, case.width)
    labels = tuple(integers(found.labels).tolist())
    return at_most(found.log_prob, log_prob_of(case, labels), allow=allowance(case, labels, solve.u), effect=NAT)


@law(
    beam,
    says="what a beam spells can be spelt: labels, no blank, no more than fit",
    source="derived",
    kind="limit",
    rule="T0",
    code="CTC-18",
    kills=("keeps-blanks", "stutters"),
)
def spellable(solve: Judged, case: Frames) -> Gap:
    """p(labels) > 0: classes other than the blank, U + R ≤ T."""
    labels = tuple(integers(solve(case.log_probs, case.blank, case.width)).tolist())
    fits = len(labels) + alignments.repeats(labels) <= len(case.log_probs)
    known = all(0 <= k < case.log_probs.shape[1] and k != case.blank for k in labels)
    return holds_if(fits and known, f"labels {labels}, blank {case.blank}, {len(case.log_probs)} frames", got=labels)


@law(
    beam,
    says="the narrowest beam finds a labelling whose path is surer than everything else together",
    source="derived: each prefix of it holds more than half of the mass of its time",
    kind="limit",
    rule="T0",
    code="CTC-19",
    cases="..cases.decoding:certain_frames",
    kills=("drops-then-merges", "stutters"),
)
def sure_path_on_a_beam(solve: Judged, case: Frames) -> Gap:
    """max_k exp x_t(k) > 1 − 1/2T at every t  ⇒  labels = collapse(argmax), at any width."""
    got = integers(solve(case.log_probs, case.blank, case.width))
    return same(got, spelt(case.log_probs.argmax(axis=1), case.blank))


CONTRACTS = (beam,)
LAWS = (
    exhaustive_beam,
    reported_probability,
    nothing_invented,
    spellable,
    sure_path_on_a_beam,
    *cross_cutting(beam, reading=as_number),
    *refusals(
        beam,
        {
            "unknown-blank": lambda case: (*unknown_blank(case), case.width),
            "nan-frame": lambda case: (nan_frame(case), case.blank, case.width),
            "no-width": lambda case: (case.log_probs, case.blank, 0),
        },
    ),
)
