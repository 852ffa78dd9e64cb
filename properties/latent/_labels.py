"""What laws of reading labels off frames share: labels as arrays, the labelling of a path, its probability.

    collapse: merge runs, then drop blanks: (a, a, −, a) ↦ (a, a), in this order

The probability of a labelling is summed over all C^T paths; it rounds as the log-domain recursion does (T2), in a subject
that may have normalised the frames again.

Symbols: path[T]; log_probs[T, C]; blank; labels[≤ T].
Source: Graves et al. 2006, §3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock.tolerance import log_domain

from ..oracles import alignments
from ..oracles.alignments import by_enumeration, by_recursion

if TYPE_CHECKING:
    from ..cases.decoding import Frames


def integers(labels: Any) -> Any:
    return np.asarray(labels).astype(np.int64).reshape(-1)


def spelt(path: Any, blank: int) -> Any:
    return np.array(alignments.collapse(tuple(path.tolist()), blank), dtype=np.int64)


def log_prob_of(case: Frames, labels: tuple[int, ...]) -> float:
    return by_enumeration(case.log_probs, labels, case.blank).log_prob


def allowance(case: Frames, labels: tuple[int, ...], u: float) -> float:
    """T2 for the labelling, in a subject that may have normalised the frames again."""
    known = tuple(k for k in labels if 0 <= k < case.log_probs.shape[1])
    return log_domain(by_recursion(case.log_probs, known, case.blank).extent, u)


def as_number(_: Any, labels: Any) -> Any:
    """Labels as one number, so that two readings of different lengths compare."""
    tag = 1.0
    for k in integers(labels)[:20]:
        tag = tag * 7.0 + float(k)
    return np.asarray(tag)


def unknown_blank(case: Frames) -> tuple[Any, ...]:
    return case.log_probs, case.log_probs.shape[1]


def nan_frame(case: Frames) -> Any:
    x = case.log_probs.copy()
    x[0] = np.nan
    return x
