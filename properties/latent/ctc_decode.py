"""From frames to labels: collapse, the best path, and a beam of prefixes.

    collapse: merge runs, then drop blanks: (a, a, −, a) ↦ (a, a), in this order
    best path: collapse of the most probable class of each frame
    beam: the most probable labelling among the prefixes that a beam of some width kept

The best path need not spell the most probable labelling: with p(−) = 0.6 twice it is silence at 0.36, while one label
has 0.64. It does where it holds more than half of the probability, as it must if every frame is surer than 1 − 1/2T
(Bernoulli), and then every prefix of it is the heaviest of its time, so that even a beam of one finds it. A beam that
never overflows is exact; otherwise what it reports has lost paths and is too small, never too large.

Symbols: path[T]; log_probs[T, C]; blank; width of the beam; labels[≤ T]; log_prob in nats.
Source: Graves et al. 2006, §3.1 and §3.2; Hannun et al. 2014 for the beam.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, holds_if, inconclusive, law, same
from prufrock.tolerance import log_domain

from ..hygiene import cross_cutting, refusals
from ..oracles import alignments
from ..oracles.alignments import by_enumeration, by_recursion, most_probable
from ._alignments import NAT, losses

if TYPE_CHECKING:
    from ..cases.decoding import Frames, Path, TwoPaths

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

best_path = Contract(
    id="latent.ctc-best-path",
    says="the labelling that the most probable path spells",
    arguments={"log_probs": "T C", "blank": ""},
    outputs={"labels": "..."},
    domain="T ≥ 1 frames, log-probabilities of C ≥ 2 classes, any blank",
    cases="..cases.decoding:frames",
    real="..cases.utterance:frames",
    source="Graves et al. 2006, §3.2",
    home=__package__,
)

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


def _integers(labels: Any) -> Any:
    return np.asarray(labels).astype(np.int64).reshape(-1)


def _spelt(path: Any, blank: int) -> Any:
    return np.array(alignments.collapse(tuple(path.tolist()), blank), dtype=np.int64)


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
    return same(_integers(solve(case.path, case.blank)), _spelt(case.path, case.blank))


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
    return same(_integers(solve(apart, case.blank)), y)


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
    once = _spelt(case.path, case.blank)
    twice = once[np.r_[True, once[1:] != once[:-1]][: len(once)]]
    got = _integers(solve(_integers(solve(case.path, case.blank)), case.blank))
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
    return same(_integers(solve(np.repeat(case.path, 3), case.blank)), _integers(solve(case.path, case.blank)))


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
    apart = [_integers(solve(path, case.blank)) for path in (case.path, case.other)]
    return same(_integers(solve(both, case.blank)), np.concatenate(apart))


def _certain(case: Frames, u: float) -> bool:
    """Whether each frame has one best class, beyond rounding."""
    top = np.sort(case.log_probs, axis=1)[:, -2:]
    return bool((top[:, 1] - top[:, 0] > 16.0 * u * (1.0 + np.abs(top).max())).all())


@law(
    best_path,
    says="the best path takes the best class of each frame",
    source="Graves et al. 2006, §3.2",
    kind="bitwise",
    rule="T0",
    code="CTC-19",
    complete=True,
    kills=("drops-then-merges", "least-probable", "ignores-blank"),
)
def best_class_of_each_frame(solve: Judged, case: Frames) -> Gap:
    """labels = collapse(argmax_k x_t(k)), where no frame is undecided."""
    if not _certain(case, solve.u):
        return inconclusive("two classes are equally good")
    return same(_integers(solve(case.log_probs, case.blank)), _spelt(case.log_probs.argmax(axis=1), case.blank))


@law(
    best_path,
    says="a path that holds more than half of the probability spells the most probable labelling",
    source="derived (Bernoulli); false without that",
    kind="oracle",
    rule="T2",
    code="CTC-19",
    cases="..cases.decoding:certain_frames",
    kills=("drops-then-merges", "least-probable", "loses-last-frame"),
)
def sure_path(solve: Judged, case: Frames) -> Gap:
    """max_k exp x_t(k) > 1 − 1/2T at every t  ⇒  p(labels) = max_y p(y)."""
    labels = tuple(_integers(solve(case.log_probs, case.blank)).tolist())
    return losses(_log_prob(case, labels), most_probable(case.log_probs, case.blank), _allow(case, labels, solve.u))


@law(
    best_path,
    says="frames said twice spell the same",
    source="derived",
    kind="metamorphic",
    rule="T0",
    code="CTC-13",
    kills=("never-merges", "every-second-frame-of-four"),
)
def frames_twice(solve: Judged, case: Frames) -> Gap:
    """labels(x_1, x_1, x_2, x_2, ...) = labels(x_1, x_2, ...)."""
    twice = np.repeat(case.log_probs, 2, axis=0)
    return same(_integers(solve(twice, case.blank)), _integers(solve(case.log_probs, case.blank)))


def _log_prob(case: Frames, labels: tuple[int, ...]) -> float:
    return by_enumeration(case.log_probs, labels, case.blank).log_prob


def _allow(case: Frames, labels: tuple[int, ...], u: float) -> float:
    """T2 for the labelling, in a subject that may have normalised the frames again."""
    known = tuple(k for k in labels if 0 <= k < case.log_probs.shape[1])
    return log_domain(by_recursion(case.log_probs, known, case.blank).extent, u)


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
    labels = tuple(_integers(found.labels).tolist())
    allow = 2.0 * _allow(case, labels, solve.u)
    return losses(_log_prob(case, labels), most_probable(case.log_probs, case.blank), allow)


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
    labels = tuple(_integers(found.labels).tolist())
    return losses(found.log_prob, _log_prob(case, labels), _allow(case, labels, solve.u))


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
    labels = tuple(_integers(found.labels).tolist())
    return at_most(found.log_prob, _log_prob(case, labels), allow=_allow(case, labels, solve.u), effect=NAT)


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
    labels = tuple(_integers(solve(case.log_probs, case.blank, case.width)).tolist())
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
    got = _integers(solve(case.log_probs, case.blank, case.width))
    return same(got, _spelt(case.log_probs.argmax(axis=1), case.blank))


def _tag(_: Any, labels: Any) -> Any:
    """Labels as one number, so that two readings of different lengths compare."""
    tag = 1.0
    for k in _integers(labels)[:20]:
        tag = tag * 7.0 + float(k)
    return np.asarray(tag)


def _unknown_blank(case: Frames) -> tuple[Any, ...]:
    return case.log_probs, case.log_probs.shape[1]


def _nan_frame(case: Frames) -> Any:
    x = case.log_probs.copy()
    x[0] = np.nan
    return x


CONTRACTS = (collapse, best_path, beam)
LAWS = (
    letter_by_letter,
    blanks_between,
    second_collapse,
    slow_motion,
    blank_between_utterances,
    best_class_of_each_frame,
    sure_path,
    frames_twice,
    exhaustive_beam,
    reported_probability,
    nothing_invented,
    spellable,
    sure_path_on_a_beam,
    *cross_cutting(collapse, reading=_tag, layouts=("ignores-strides", "forgets-second-call")),
    *cross_cutting(best_path, reading=_tag),
    *cross_cutting(beam, reading=_tag),
    *refusals(best_path, {"unknown-blank": _unknown_blank, "nan-frame": lambda case: (_nan_frame(case), case.blank)}),
    *refusals(
        beam,
        {
            "unknown-blank": lambda case: (*_unknown_blank(case), case.width),
            "nan-frame": lambda case: (_nan_frame(case), case.blank, case.width),
            "no-width": lambda case: (case.log_probs, case.blank, 0),
        },
    ),
)
