"""Wrong readings: blanks dropped before runs are merged, beams that forget, double or misplace the mass of a prefix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Subject
from prufrock.subjects import checked

from ..latent.ctc_beam import beam
from ..latent.ctc_best_path import best_path
from ..latent.ctc_collapse import collapse
from .careless import careless

Array = NDArray[Any]
Reading = Callable[[Array, int], Array]


def _runs(path: Array) -> Array:
    return np.asarray(np.r_[True, path[1:] != path[:-1]][: len(path)])


def _collapse(path: Array, blank: int) -> Array:
    return np.asarray(path[_runs(path) & (path != blank)])


def _drops_then_merges(path: Array, blank: int) -> Array:
    path = path[path != blank]
    return np.asarray(path[_runs(path)])


def _never_merges(path: Array, blank: int) -> Array:
    return np.asarray(path[path != blank])


def _keeps_blanks(path: Array, blank: int) -> Array:
    return np.asarray(path[_runs(path)])


def _drops_zero(path: Array, blank: int) -> Array:
    return np.asarray(path[_runs(path) & (path != 0)])


def _loses_last_label(path: Array, blank: int) -> Array:
    """The last frame ends no run, so its label is never written."""
    return _collapse(path, blank)[: None if len(path) and path[-1] == blank else -1]


def _keeps_every_second(path: Array, blank: int) -> Array:
    """Runs are pairs: of three equal frames the third starts anew."""
    keep, before, fresh = [], -1, True
    for k in path.tolist():
        fresh = k != before or not fresh
        keep.append(fresh and k != blank)
        before = k
    return np.asarray(path[np.array(keep, dtype=bool)])


READINGS: dict[str, Reading] = {
    "drops-then-merges": _drops_then_merges,
    "never-merges": _never_merges,
    "keeps-blanks": _keeps_blanks,
    "drops-zero": _drops_zero,
    "loses-last-label": _loses_last_label,
    "keeps-every-second": _keeps_every_second,
}


def _numbers(labels: Any) -> Array:
    """Labels in a floating dtype, so that carelessness about it shows."""
    return np.asarray(labels, dtype=np.float64)


def _subject(name: str, contract: Contract, run: Callable[..., Any], outputs: tuple[str, ...] = ()) -> Subject:
    return checked(Subject(name, contract, run, outputs, own=True))


def _asked(x: Array, blank: int, width: int = 1) -> None:
    if not 0 <= blank < x.shape[1] or width < 1 or np.isnan(x).any():
        raise ValueError("blank, width or scores out of range")


def _best(x: Array, blank: int, read: Reading = _collapse) -> Array:
    _asked(x, blank)
    return _numbers(read(x.argmax(axis=1), blank))


def _second_best_blank(x: Array, blank: int) -> Array:
    """Blanks only where nothing else comes near."""
    x = x.copy()
    x[:, blank] -= 2.0
    return _best(x, blank)


Mass = dict[tuple[int, ...], list[float]]


def _searched(
    x: Array,
    blank: int,
    width: int,
    *,
    repeat: str = "blank",
    merge: str = "add",
    score: str = "both",
    normalise: bool = False,
) -> tuple[Array, float]:
    """A beam of prefixes, each with the mass of paths ending in a blank and in its last label; `good` by default."""
    _asked(x, blank, width)
    kept: Mass = {(): [0.0, -np.inf]}
    for frame in x.astype(np.float64):
        grown: Mass = {}
        for y, (b, n) in kept.items():
            _add(grown, y, 0, np.logaddexp(b, n) + frame[blank], merge)
            for k in range(len(frame)):
                if k == blank:
                    continue
                again = bool(y) and k == y[-1]
                if again:
                    _add(grown, y, 1, n + frame[k], merge)
                if not again or repeat == "blank":
                    _add(grown, (*y, k), 1, (b if again else np.logaddexp(b, n)) + frame[k], merge)
                elif repeat == "always":
                    _add(grown, (*y, k), 1, np.logaddexp(b, n) + frame[k], merge)
        order = sorted(grown, key=lambda y: -float(np.logaddexp.reduce(grown[y])))[:width]
        level = float(np.logaddexp.reduce([v for y in order for v in grown[y]])) if normalise else 0.0
        kept = {y: [v - level for v in grown[y]] for y in order}
    found = max(kept, key=lambda y: _weight(kept[y], score))
    return _numbers(found), _weight(kept[found], score)


def _weight(mass: list[float], score: str) -> float:
    b, n = mass
    return n if score == "label" and n > -np.inf else float(np.logaddexp(b, n))


def _add(grown: Mass, y: tuple[int, ...], which: int, mass: float, merge: str) -> None:
    mine = grown.setdefault(y, [-np.inf, -np.inf])
    if merge == "add":
        mine[which] = float(np.logaddexp(mine[which], mass))
    elif merge == "twice":
        mine[which] = float(np.logaddexp(mine[which], mass)) + (0.25 if mine[which] > -np.inf else 0.0)
    else:
        mine[which] = float(max(mine[which], mass)) if merge == "max" else mass


def _beam(name: str, **how: Any) -> Subject:
    return _subject(name, beam, lambda x, blank, width: _searched(x, blank, width, **how), ("labels", "log_prob"))


def _after(name: str, change: Callable[[Array, int, Array], Array]) -> Subject:
    """The good beam's labels, changed."""

    def run(x: Array, blank: int, width: int) -> Any:
        labels, log_prob = _searched(x, blank, width)
        return change(labels, blank, x), log_prob

    return _subject(name, beam, run, ("labels", "log_prob"))


def _best_path_on_beam(x: Array, blank: int, width: int) -> Any:
    """The best alignment, sold as the best labelling, with its own probability."""
    _asked(x, blank, width)
    return _best(x, blank), float(x.max(axis=1).sum())


def _drops_merges_on_beam(labels: Array, blank: int, x: Array) -> Array:
    return labels[_runs(labels)]


good_collapse = _subject("good", collapse, lambda path, blank: _numbers(_collapse(path, blank)))
good_best_path = _subject("good", best_path, _best)
good_beam = _beam("good")

MUTANTS = (
    *(
        _subject(name, collapse, lambda path, blank, read=read: _numbers(read(path, blank)))
        for name, read in READINGS.items()
    ),
    *(
        _subject(name, best_path, lambda x, blank, read=read: _best(x, blank, read))
        for name, read in READINGS.items()
        if name in ("drops-then-merges", "never-merges", "drops-zero", "loses-last-label")
    ),
    _subject("least-probable", best_path, lambda x, blank: _best(-x, blank)),
    _subject("ignores-blank", best_path, lambda x, blank: _best(x, blank, _keeps_blanks)),
    _subject("second-best-blank", best_path, _second_best_blank),
    _subject("loses-last-frame", best_path, lambda x, blank: _best(x[:-1], blank)),
    _subject("every-second-frame-of-four", best_path, lambda x, blank: _best(x[::2] if len(x) >= 4 else x, blank)),
    _subject("best-path-on-a-beam", beam, _best_path_on_beam, ("labels", "log_prob")),
    _beam("repeats-without-blank", repeat="always"),
    _beam("never-repeats", repeat="never"),
    _beam("forgets-to-merge", merge="last"),
    _beam("best-alignment-on-a-beam", merge="max"),
    _beam("counts-paths-twice", merge="twice"),
    _beam("label-mass-only", score="label"),
    _beam("normalises-the-beam", normalise=True),
    _after("drops-then-merges", _drops_merges_on_beam),
    _after("keeps-blanks", lambda labels, blank, x: np.append(labels, float(blank))),
    _after("stutters", lambda labels, blank, x: np.repeat(labels, 2)),
    *careless(good_collapse, harmless=("ignores-order", "answers-anything", "mends-input")),
    *careless(good_best_path),
    *careless(good_beam),
)
