"""The r-frame reshape: a decoder step emits r frames at once, and they must come out in the order of time.

    y ∈ [T, B, r·d]   ↦   out ∈ [T·r, B, d],    out[t·r + i, b, :] = y[t, b, i·d : (i+1)·d]

With the batch inside the time axis this is no plain reshape: y.view(T·r, B, d) shuffles frames between the sequences of
the batch. It agrees with the right map exactly on 1 + gcd(B−1, r−1) of the T = 1 frames, the first and the last among
them, and everywhere iff B = 1 or r = 1. A look at the first and the last frame, or a batch of one, cannot see it; so the
cases have B, r ≥ 2 and distinct values throughout. With the batch outside, [B, T, r·d] ↦ [B, T·r, d] is a reshape.

Symbols: T steps, B sequences, r frames a step, d features.
Source: derived; post 9; Wang et al. 2017 §3.3 for the reduction factor r.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Contract, Gap, Judged, gap, holds_if, law, same

from ..hygiene import cross_cutting, refusals

if TYPE_CHECKING:
    from ..cases.frames import Steps

frames = Contract(
    id="speech.frames",
    says="unstack the r frames of every decoder step into time order, batch inside",
    arguments={"y": "T B r*d", "r": ""},
    outputs={"out": "T*r B d"},
    domain="T ≥ 0 steps, B ≥ 1 sequences, r ≥ 1 frames a step dividing the last axis; any floats, NaN included",
    cases="..cases.frames:steps",
    source="post 9; Tacotron §3.3",
    home=__package__,
)

batch_major = Contract(
    id="speech.frames-batch-major",
    says="unstack the r frames of every decoder step into time order, batch outside",
    arguments={"y": "B T r*d", "r": ""},
    outputs={"out": "B T*r d"},
    domain=frames.domain,
    cases="..cases.frames:batch_major_steps",
    source=frames.source,
    home=__package__,
)

WRONG = ("plain-view", "split-features-first", "right-for-one-sequence", "swap-after-split")


@law(
    frames,
    says="frame t·r + i of sequence b is the i-th slice of step t",
    source="derived (the definition)",
    kind="bitwise",
    rule="T0",
    code="RSH-01",
    complete=True,
    kills=WRONG,
)
def index_by_index(unstack: Judged, steps: Steps) -> Gap:
    """out[t·r + i, b, :] = y[t, b, i·d : (i+1)·d]."""
    y, r = steps.y, steps.r
    T, B, width = y.shape
    want = np.empty((T * r, B, width // r))
    for t in range(T):
        for i in range(r):
            want[t * r + i] = y[t, :, i * (width // r) : (i + 1) * (width // r)]
    return same(unstack(y, r), want)


@law(
    frames,
    says="a frame stays with its sequence",
    source="derived",
    kind="metamorphic",
    rule="T0",
    code="RSH-04",
    kills=("plain-view", "right-for-one-sequence"),
)
def batch_tags(unstack: Judged, steps: Steps) -> Gap:
    """y[t, b, :] = b for all t  ⇒  out[:, b, :] = b."""
    tags = np.broadcast_to(np.arange(1.0, steps.y.shape[1] + 1)[None, :, None], steps.y.shape).copy()
    out = unstack(tags, steps.r)
    return gap(out, np.broadcast_to(tags[:1, :, :1], out.shape), allow=0.0, effect=1.0)


@law(
    frames,
    says="time never runs backwards",
    source="derived",
    kind="metamorphic",
    rule="T0",
    code="RSH-04",
    kills=("time-reversed-group", "plain-view"),
)
def time_tags(unstack: Judged, steps: Steps) -> Gap:
    """y[t, b, i·d : (i+1)·d] = t·r + i  ⇒  out[s, :, :] = s."""
    y, r = steps.y, steps.r
    T, B, width = y.shape
    stamps = (np.arange(T)[:, None] * r + np.repeat(np.arange(r), width // r)[None, :]).astype(np.float64)
    out = unstack(np.repeat(stamps[:, None, :], B, axis=1), r)
    return gap(out, np.broadcast_to(np.arange(T * r)[:, None, None], out.shape), allow=0.0, effect=1.0)


@law(
    frames,
    says="nothing is lost and nothing invented: the output is a rearrangement of the input",
    source="derived",
    kind="bitwise",
    rule="T0",
    code="RSH-03",
    kills=("repeats-first-frame", "averages-frames"),
)
def rearrangement(unstack: Judged, steps: Steps) -> Gap:
    """The bit patterns of out are those of y, rearranged: NaN and −0 included."""
    out = np.ascontiguousarray(unstack(steps.y, steps.r))
    return same(np.sort(out.reshape(-1).view(np.uint64)), np.sort(steps.y.reshape(-1).view(np.uint64)))


@law(
    frames,
    says="with one frame a step nothing moves",
    source="derived",
    kind="limit",
    rule="T0",
    code="RSH-02",
    kills=("repeats-first-frame", "time-reversed"),
)
def one_frame_a_step(unstack: Judged, steps: Steps) -> Gap:
    """unstack(y, 1) = y."""
    return same(unstack(steps.y, 1), steps.y)


@law(
    frames,
    says="unstacking in two stages is unstacking at once",
    source="derived",
    kind="metamorphic",
    rule="T0",
    code="RSH-02",
    cases="..cases.frames:nested_steps",
    kills=("split-features-first", "swap-after-split", "time-reversed"),
)
def two_stages(unstack: Judged, steps: Steps) -> Gap:
    """unstack(unstack(y, r), s) = unstack(y, r·s)."""
    y, r, s = steps.y, steps.r, steps.inner
    return same(unstack(unstack(y, r), s), unstack(y, r * s))


@law(
    frames,
    says="T steps of r frames are r·T frames",
    source="derived; post 9 counts 2T steps where it means frames",
    kind="identity",
    rule="T0",
    code="RSH-09",
    kills=("drops-last-frame", "repeats-first-frame-longer"),
)
def frame_count(unstack: Judged, steps: Steps) -> Gap:
    """|out| = T·r along time, T·r = 0 allowed."""
    y, r = steps.y, steps.r
    out = np.asarray(unstack.raw(y.astype(unstack.dtype), r))
    want = (y.shape[0] * r, y.shape[1], y.shape[2] // r)
    return holds_if(out.shape == want, f"shape {list(out.shape)}, not {list(want)}", got=out.shape, want=want)


@law(
    batch_major,
    says="with the batch outside, unstacking is a plain reshape",
    source="derived",
    kind="bitwise",
    rule="T0",
    code="RSH-06",
    complete=True,
    kills=("time-major-on-batch-major", "split-features-first", "time-reversed-group"),
)
def plain_reshape(unstack: Judged, steps: Steps) -> Gap:
    """out[b, t·r + i, :] = y[b, t, i·d : (i+1)·d], the row-major order of memory."""
    y, r = steps.y, steps.r
    B, T, width = y.shape
    return same(unstack(y, r), y.reshape(B, T * r, width // r))


BAD = {
    "uneven-split": lambda steps: (np.resize(steps.y, (2, 2, steps.y.shape[-1])), steps.y.shape[-1] + 1),
    "zero-frames": lambda steps: (steps.y, 0),
}

CONTRACTS = (frames, batch_major)
LAWS = (
    index_by_index,
    batch_tags,
    time_tags,
    rearrangement,
    one_frame_a_step,
    two_stages,
    frame_count,
    plain_reshape,
    *cross_cutting(frames),
    *cross_cutting(batch_major),
    *refusals(frames, BAD),
    *refusals(batch_major, BAD),
)
