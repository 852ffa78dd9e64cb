"""Our reshape."""

from __future__ import annotations

from ..speech.frames import batch_major, frames
from .own import reference

SUBJECTS = (
    *reference(frames, "speech.frames", lambda impl, y, r: impl.unstack_frames(y, r)),
    *reference(batch_major, "speech.frames", lambda impl, y, r: impl.unstack_frames(y, r, "batch-major")),
)
