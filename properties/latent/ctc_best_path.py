"""The labelling that the most probable path spells: the best class of each frame, collapsed.

    labels = collapse(argmax_k x_t(k))

The best path need not spell the most probable labelling: with p(−) = 0.6 twice it is silence at 0.36, while one label
has 0.64. It does where it holds more than half of the probability, as it must if every frame is surer than 1 − 1/2T
(Bernoulli: (1 − 1/2T)^T ≥ ½). Where two classes of a frame are equally good nothing is asked. Frames said twice spell the
same, because a run of two is a run.

Symbols: log_probs x[T, C]; blank; labels[≤ T].
Source: Graves et al. 2006, §3.2; derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Contract, Gap, Judged, inconclusive, law, same

from ..hygiene import cross_cutting, refusals
from ..oracles.alignments import most_probable
from ._alignments import losses
from ._labels import allowance, as_number, integers, log_prob_of, nan_frame, spelt, unknown_blank

if TYPE_CHECKING:
    from ..cases.decoding import Frames

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
    return same(integers(solve(case.log_probs, case.blank)), spelt(case.log_probs.argmax(axis=1), case.blank))


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
    labels = tuple(integers(solve(case.log_probs, case.blank)).tolist())
    return losses(
        log_prob_of(case, labels), most_probable(case.log_probs, case.blank), allowance(case, labels, solve.u)
    )


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
    return same(integers(solve(twice, case.blank)), integers(solve(case.log_probs, case.blank)))


CONTRACTS = (best_path,)
LAWS = (
    best_class_of_each_frame,
    sure_path,
    frames_twice,
    *cross_cutting(best_path, reading=as_number),
    *refusals(best_path, {"unknown-blank": unknown_blank, "nan-frame": lambda case: (nan_frame(case), case.blank)}),
)
