"""optax's CTC loss, on logits with padding masks; log 0 is written as −10⁵, so what has no path costs about that.

JAX compiles once a shape: the adapter pads to multiples of 8 frames, 4 labels and 4 items.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..latent.ctc import ctc

Array = NDArray[Any]
LOG_ZERO = 1e5


def _far_from_log_zero(log_probs: Array, targets: Array, T: Array, U: Array, blank: int) -> bool:
    """Costs well below what log_epsilon puts in the place of infinity."""
    inside = np.arange(len(log_probs))[:, None] < T
    size = np.abs(np.where(inside[:, :, None], log_probs, 0.0)).max(axis=-1).sum(axis=0)
    return bool(np.isnan(log_probs).any() or (size < LOG_ZERO / 4.0).all() or not np.isfinite(size).all())


@lru_cache(maxsize=8)
def _compiled(blank: int) -> Any:
    import jax
    import optax

    def cost(logits: Any, *rest: Any) -> Any:
        loss = optax.ctc_loss(logits, *rest, blank_id=blank)
        return loss.sum(), loss

    return jax.jit(jax.value_and_grad(cost, has_aux=True))


def _optax(name: str, dtype: str) -> Subject:
    @subject(
        name,
        contract=ctc,
        outputs=("loss", "grad"),
        conventions={"grad": "logits", "infeasible": "large", "scores": "logits"},
        dtype=dtype,
        requires="optax>=0.2",
        accepts=_far_from_log_zero,
    )
    def run(log_probs: Array, targets: Array, input_lengths: Array, target_lengths: Array, blank: int) -> Any:
        import jax

        if (input_lengths > len(log_probs)).any() or (target_lengths > targets.shape[1]).any():
            raise ValueError("lengths beyond the arrays have no mask")
        if min(input_lengths.min(), target_lengths.min()) < 0:
            raise ValueError("negative lengths have no mask")
        T, B, C = log_probs.shape
        U = targets.shape[1]
        more = -T % 8, -B % 4, -U % 4 if U else 4
        x = np.pad(log_probs, ((0, more[0]), (0, more[1]), (0, 0))).transpose(1, 0, 2)
        y = np.pad(targets, ((0, more[1]), (0, more[2]))).astype(np.int32)
        n, m = np.pad(input_lengths, (0, more[1])), np.pad(target_lengths, (0, more[1]))
        behind = (np.arange(x.shape[1]) >= n[:, None]).astype(x.dtype)
        beyond = (np.arange(y.shape[1]) >= m[:, None]).astype(x.dtype)
        with jax.enable_x64(dtype == "float64"):
            (_, loss), grad = _compiled(int(blank))(x, behind, y, beyond)
            return np.asarray(loss)[:B], np.asarray(grad).transpose(1, 0, 2)[:T, :B]

    return run


SUBJECTS = (_optax("optax.ctc_loss", "float64"), _optax("optax.ctc_loss[float32]", "float32"))
