"""A real utterance for CTC: one sentence of CMU ARCTIC with its aligned phones, and a small acoustic model of it.

Features are log energies of 24 bands of the spectrum, one frame every 10 ms. A class scores a frame by its distance
from the mean of the frames that the labels assign to it, in standard deviations; silence plays the blank. Segments of a
few phones, at several frame rates, make batches whose targets, lengths and scores are those of speech.

Source: CMU ARCTIC, Kominek & Black 2003 (free licence, see data/arctic/NOTICE); the model is derived.
"""

from __future__ import annotations

import re
import wave
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ..oracles.alignments import repeats
from .alignments import Batch, normalised

Array = NDArray[np.float64]

DATA = Path(__file__).parents[1] / "data" / "arctic"
RATE, WINDOW, BANDS = 100, 400, 24  # frames a second, samples a window
SILENCE = "sil"


@cache
def phones() -> tuple[tuple[float, float, str], ...]:
    """Start and end in seconds, and the phone."""
    rows = (line.split() for line in (DATA / "arctic_a0009_phone.lab").read_text().splitlines())
    return tuple((int(a) * 1e-7, int(b) * 1e-7, re.findall(r"-(.+?)\+", name)[0]) for a, b, name in rows)


@cache
def inventory() -> tuple[str, ...]:
    """The phones that occur, silence among them, in alphabetical order: the classes."""
    return tuple(sorted({name for _, _, name in phones()}))


@cache
def features() -> Array:
    """Log band energies, [frames, BANDS]."""
    with wave.open(str(DATA / "arctic_a0009.wav")) as file:
        rate, samples = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2")
    hop = rate // RATE
    starts = np.arange(0, len(samples) - WINDOW, hop)
    frames = samples[starts[:, None] + np.arange(WINDOW)] / 2.0**15 * np.hanning(WINDOW)
    power = np.square(np.abs(np.fft.rfft(frames)))
    cuts = np.unique(np.round(np.geomspace(2, power.shape[1], BANDS + 1)).astype(int))
    return np.asarray(np.log(np.add.reduceat(power, cuts[:-1], axis=1) + 1e-6))


@cache
def aligned() -> NDArray[np.int64]:
    """The class of each frame, by the labels."""
    centres = np.arange(len(features())) / RATE + WINDOW / 32000
    ends = np.array([end for _, end, _ in phones()])
    names = [phones()[min(int(i), len(ends) - 1)][2] for i in np.searchsorted(ends, centres)]
    return np.array([inventory().index(name) for name in names])


@cache
def log_probs() -> Array:
    """Of each class at each frame, [frames, classes]; band energies are far from independent, so they count a third."""
    x, own = features(), aligned()
    means = np.stack([x[own == k].mean(axis=0) for k in range(len(inventory()))])
    spread = (x - means[own]).std(axis=0)
    return normalised(-np.square((x[:, None] - means) / spread).sum(axis=-1) / 6.0)


def segment(first: int, last: int, every: int) -> tuple[Array, tuple[int, ...]]:
    """Frames and labels of phones first..last, every so many-th frame; more frames where the labels need them."""
    names, silence = phones()[first : last + 1], inventory().index(SILENCE)
    y = tuple(k for _, _, name in names if (k := inventory().index(name)) != silence)
    a, b = round(names[0][0] * RATE), round(names[-1][1] * RATE)
    frames = log_probs()[a:b:every]
    return (frames if len(frames) >= len(y) + repeats(y) else log_probs()[a:b]), y


@st.composite
def batches(draw: Any) -> Batch:
    """One to three segments of up to ten phones."""
    starts = st.integers(0, len(phones()) - 10)
    drawn = draw(st.lists(st.tuples(starts, st.integers(0, 9), st.sampled_from((4, 2, 1))), min_size=1, max_size=3))
    items = [segment(first, first + more, every) for first, more, every in drawn]
    T, U, C = max(len(x) for x, _ in items), max(len(y) for _, y in items), len(inventory())
    frames, targets = np.full((T, len(items), C), -np.log(C)), np.zeros((len(items), U), np.int64)
    for b, (x, y) in enumerate(items):
        frames[: len(x), b], targets[b, : len(y)] = x, y
    lengths = np.array([len(x) for x, _ in items]), np.array([len(y) for _, y in items])
    return Batch(frames, targets, *lengths, inventory().index(SILENCE))


def frames() -> st.SearchStrategy[Any]:
    """Segments for decoding: frames [T, C] and the blank."""
    from .decoding import Frames

    return st.builds(
        lambda first, more: Frames(segment(first, first + more, 1)[0], inventory().index(SILENCE)),
        st.integers(0, len(phones()) - 10),
        st.integers(0, 9),
    )
