"""From scores to labellings: searches over prefixes that add up the paths which spell the same.

A beam holds labellings y with the mass of the paths that have spelt exactly y so far, and a step moves that mass on
and keeps the `width` heaviest. What is dropped is lost, so a reported log_prob is a lower bound on the labelling's;
with a beam that never overflows it is exact, and the first hypothesis is the most probable labelling.

    CTC         mass ending in a blank (b) and in a label (n), p = p_t(·):
                y    from y         b' = p(blank) (b + n),      n' = p(y_last) n
                y k  from y         n' += p(k) (b if k = y_last else b + n)
    transducer  at frame t, y spells on up to max_symbols times, y k from y by p(k | t, y), then a blank leads to t + 1

The transducer is two functions: g, state = predict(label, state) reads one more label, (None, None) at the start,
and joint(f_t, g) gives the log-probabilities [C] of what comes next, f_t a row of the encoded utterance.

Source: Graves et al. 2006, §3.2 (best path, prefix search); Hannun et al. 2014 (CTC beam); Graves 2012, §2.6, which
also adds the mass of a prefix to its extensions on the beam, as is done here by passing through every prefix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _inputs, _sequences
from ._sequences import Hypothesis

if TYPE_CHECKING:
    from typing import Annotated as Float

    from numpy.typing import NDArray
    from torch import Tensor

State = Any
Predict = Callable[[int | None, State], tuple["Tensor", State]]
Joint = Callable[["Tensor", "Tensor"], "Tensor"]


def prefix_beam_search(log_probs: Float[Tensor, "T C"], blank: int = 0, width: int = 16) -> list[Hypothesis]:
    """The CTC labellings on the last beam, heaviest first; exact if the beam never overflows."""
    _sequences.scores("log_probs", log_probs, "T C")
    _sequences.inside("log_probs", log_probs)
    _sequences.blank_index(blank, log_probs.shape[1])
    _inputs.count("width", width, 1)
    C = log_probs.shape[1]
    beam: list[tuple[int, ...]] = [()]
    b, n = np.zeros(1), np.full(1, -np.inf)
    for p in log_probs.detach().cpu().double().numpy():
        s = np.logaddexp(b, n)
        last = np.array([y[-1] if y else blank for y in beam], dtype=np.intp)
        longer = s[:, None] + p
        longer[np.arange(len(beam)), last] = b + p[last]
        longer[:, blank] = -np.inf
        b, n = s + p[blank], n + p[last]
        place = {y: i for i, y in enumerate(beam)}
        for i, y in enumerate(beam):  # an extension which is on the beam itself is one labelling, not two
            parent = place.get(y[:-1]) if y else None
            if parent is not None:
                n[i] = np.logaddexp(n[i], longer[parent, y[-1]])
                longer[parent, y[-1]] = -np.inf
        best = _heaviest(np.concatenate([np.logaddexp(b, n), longer.reshape(-1)]), width)
        kept, grown = best[best < len(beam)], best[best >= len(beam)] - len(beam)
        beam = [beam[i] for i in kept] + [(*beam[i // C], int(i % C)) for i in grown]
        b = np.concatenate([b[kept], np.full(len(grown), -np.inf)])
        n = np.concatenate([n[kept], longer.reshape(-1)[grown]])
    s = np.logaddexp(b, n)
    return [Hypothesis(beam[i], float(s[i])) for i in _heaviest(s, width)]


def greedy(
    encoded: Float[Tensor, "T H"], predict: Predict, joint: Joint, blank: int = 0, max_symbols: int = 10
) -> Hypothesis:
    """The likeliest symbol at every step of one path, at most max_symbols labels per frame; the path's log_prob."""
    _check(encoded, blank, max_symbols)
    labels: list[int] = []
    log_prob = 0.0
    g, state = predict(None, None)
    for f in encoded.unbind(0):
        for n in range(max_symbols + 1):
            p = _symbol(joint(f, g), blank)
            k = int(p.argmax()) if n < max_symbols else blank
            log_prob += float(p[k])
            if k == blank:
                break
            labels.append(k)
            g, state = predict(k, state)
    return Hypothesis(tuple(labels), log_prob)


def beam(
    encoded: Float[Tensor, "T H"],
    predict: Predict,
    joint: Joint,
    blank: int = 0,
    width: int = 8,
    max_symbols: int = 10,
) -> list[Hypothesis]:
    """The transducer's labellings on the last beam, heaviest first, over paths of at most max_symbols per frame."""
    _check(encoded, blank, max_symbols)
    _inputs.count("width", width, 1)
    read: dict[tuple[int, ...], tuple[Tensor, State]] = {(): predict(None, None)}
    ready: dict[tuple[int, ...], float] = {(): 0.0}
    for f in encoded.unbind(0):
        seen: dict[tuple[int, ...], NDArray[np.float64]] = {}
        done: dict[tuple[int, ...], float] = {}
        for n in range(max_symbols + 1):
            for y, mass in ready.items():
                if y not in seen:
                    if y not in read:
                        read[y] = predict(y[-1], read[y[:-1]][1])
                    seen[y] = _symbol(joint(f, read[y][0]), blank)
                done[y] = float(np.logaddexp(done.get(y, -np.inf), mass + seen[y][blank]))
            if n == max_symbols or not ready:
                break
            longer = np.stack([mass + seen[y] for y, mass in ready.items()])
            C = longer.shape[1]
            longer[:, blank] = -np.inf
            sources, grown = list(ready), longer.reshape(-1)
            worst = sorted(done.values())[-width] if len(done) >= width else -np.inf
            best = [i for i in _heaviest(grown, width) if grown[i] > worst]
            ready = {(*sources[i // C], int(i % C)): float(grown[i]) for i in best}
        masses = np.array(list(done.values()))
        labellings = list(done)
        ready = {labellings[i]: float(masses[i]) for i in _heaviest(masses, width)}
        on_beam = {y[:u] for y in ready for u in range(len(y) + 1)}
        read = {y: found for y, found in read.items() if y in on_beam}
    return [Hypothesis(y, mass) for y, mass in ready.items()]


def _heaviest(scores: NDArray[np.float64], width: int) -> NDArray[np.intp]:
    """The indices of the `width` largest scores above -∞, largest first."""
    best = np.argpartition(-scores, width - 1)[:width] if width < len(scores) else np.arange(len(scores))
    best = best[np.argsort(-scores[best], kind="stable")]
    return best[scores[best] > -np.inf]


def _symbol(log_probs: Tensor, blank: int) -> NDArray[np.float64]:
    _sequences.scores("joint", log_probs, "C")
    _sequences.inside("joint", log_probs)
    _sequences.blank_index(blank, len(log_probs))
    p: NDArray[np.float64] = log_probs.detach().cpu().double().numpy()
    return p


def _check(encoded: Tensor, blank: int, max_symbols: int) -> None:
    _sequences.scores("encoded", encoded, "T H")
    _inputs.count("blank", blank, 0)
    _inputs.count("max_symbols", max_symbols, 0)
