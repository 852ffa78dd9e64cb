"""CTC decoders: fast-ctc-decode (Rust), pyctcdecode, and what NumPy, itertools and torch users write for themselves.

fast-ctc-decode takes probabilities in float32, the blank first; pyctcdecode names the blank "" and clips probabilities
below 10⁻¹⁵, which narrows its domain.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, subject

from ..latent.ctc_beam import beam
from ..latent.ctc_best_path import best_path
from ..latent.ctc_collapse import collapse

Array = NDArray[Any]
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
FAST = "fast-ctc-decode>=0.3"
CLIP = 1e-15


@subject("itertools.groupby", contract=collapse, requires="numpy")
def itertools_groupby(path: Array, blank: int) -> Array:
    return np.array([k for k, _ in groupby(path.tolist()) if k != blank], dtype=np.int64)


@subject("torch.unique_consecutive", contract=collapse, requires="torch")
def unique_consecutive(path: Array, blank: int) -> Array:
    import torch

    merged = torch.unique_consecutive(torch.from_numpy(np.ascontiguousarray(path)))
    return np.asarray(merged[merged != blank])


def _blank_first(log_probs: Array, blank: int) -> tuple[Array, Array]:
    """Probabilities with the blank's column first, and which class each column was."""
    if not 0 <= blank < log_probs.shape[1]:
        raise ValueError(f"blank {blank} of {log_probs.shape[1]} classes")
    classes = np.r_[blank, np.delete(np.arange(log_probs.shape[1]), blank)]
    return np.ascontiguousarray(np.exp(log_probs[:, classes]), np.float32), classes


def _classes_of(text: str, classes: Array) -> Array:
    return np.asarray(classes[[1 + LETTERS.index(letter) for letter in text]], np.int64)


def _two_classes() -> Any:
    from ..cases.decoding import Frames

    return Frames(np.log(np.full((1, 2), 0.5)), 0, 1)


def _nan_read(call: str, got: str) -> Known:
    return Known(
        "refuses-nan-frame",
        reason="a frame of NaN is read as if it were probabilities",
        witness=_two_classes,
        scope="fast-ctc-decode<=0.3.7",
        lines=f"""import numpy as np, fast_ctc_decode
labels, _ = fast_ctc_decode.{call}(np.full((1, 2), np.nan, np.float32), "-a")
assert labels == {got!r}""",
    )


@subject(
    "fast_ctc_decode.viterbi_search",
    contract=best_path,
    dtype="float32",
    requires=FAST,
    known=(_nan_read("viterbi_search", ""),),
)
def viterbi_search(log_probs: Array, blank: int) -> Array:
    import fast_ctc_decode

    p, classes = _blank_first(log_probs, blank)
    return _classes_of(fast_ctc_decode.viterbi_search(p, "-" + LETTERS[: len(classes) - 1])[0], classes)


@subject(
    "fast_ctc_decode.beam_search",
    contract=beam,
    dtype="float32",
    requires=FAST,
    known=(_nan_read("beam_search", "a"),),
)
def fast_beam_search(log_probs: Array, blank: int, width: int) -> Array:
    import fast_ctc_decode

    p, classes = _blank_first(log_probs, blank)
    text, _ = fast_ctc_decode.beam_search(p, "-" + LETTERS[: len(classes) - 1], width, 0.0)
    return _classes_of(text, classes)


def _not_clipped(log_probs: Array, *_: Any) -> bool:
    return bool(np.isnan(log_probs).any() or log_probs.min() > np.log(CLIP))


@lru_cache(maxsize=64)
def _decoder(C: int, blank: int) -> Any:
    import logging

    from pyctcdecode import build_ctcdecoder

    logging.getLogger("pyctcdecode").setLevel(logging.ERROR)
    names = list(LETTERS[:C])
    names[blank] = ""
    return build_ctcdecoder(names)


@subject(
    "pyctcdecode.decode_beams",
    contract=beam,
    outputs=("labels", "log_prob"),
    requires="pyctcdecode>=0.5",
    accepts=_not_clipped,
)
def decode_beams(log_probs: Array, blank: int, width: int) -> Any:
    if not 0 <= blank < log_probs.shape[1]:
        raise ValueError(f"blank {blank} of {log_probs.shape[1]} classes")
    found = _decoder(log_probs.shape[1], blank).decode_beams(
        log_probs, beam_width=width, beam_prune_logp=-1e9, token_min_logp=-1e9
    )
    text, _, _, log_prob, _ = found[0]
    return np.array([LETTERS.index(letter) for letter in text], dtype=np.int64), np.asarray(log_prob, np.float64)


SUBJECTS = (itertools_groupby, unique_consecutive, viterbi_search, fast_beam_search, decode_beams)
