"""optax's CTC loss, on logits with padding masks; log 0 is written as −10⁵, so what has no path costs about that.

JAX compiles once a shape: the adapter pads to multiples of 16 frames, 8 labels and 4 items, and to 5 classes, those
beyond the contract's having a logit of −10⁹, which is none.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..latent.ctc import ctc

Array = NDArray[Any]
LOG_ZERO = 1e5
NO_LOGIT = -1e9


def _far_from_log_zero(log_probs: Array, targets: Array, T: Array, U: Array, blank: int) -> bool:
    """Costs well below what log_epsilon puts in the place of infinity."""
    inside = np.arange(len(log_probs))[:, None] < T
    size = np.abs(np.where(inside[:, :, None], log_probs, 0.0)).max(axis=-1).sum(axis=0)
    return bool(np.isnan(log_probs).any() or (size < LOG_ZERO / 4.0).all() or not np.isfinite(size).all())


SCOPE = "optax>=0.2,<=0.2.8"


def _one_frame(*p: float, labels: tuple[int, ...] = ()) -> Any:
    from ..cases.alignments import Batch

    with np.errstate(divide="ignore"):
        x = np.log(np.array([[p]]))
    return Batch(x, np.array([labels], dtype=np.int64), np.ones(1, int), np.array([len(labels)]), 0)


def _lines(logits: str, label: int, claim: str) -> str:
    return f"""import jax, jax.numpy as jnp, optax
x = jnp.array([[[{logits}]]])
cost = lambda x: optax.ctc_loss(x, jnp.zeros((1, 1)), jnp.array([[{label}]]), jnp.zeros((1, 1)))[0]
assert {claim}"""


KNOWN = (
    Known(
        "forbidden-classes",
        reason="a logit of -inf, of a class that the target does not need, makes the loss NaN: scores are picked by a "
        "product with one-hot rows, and 0·(-inf) is NaN",
        witness=lambda: _one_frame(0.5, 0.5, 0.0, labels=(1,)),
        scope=SCOPE,
        lines=_lines("0.0, 0.0, -jnp.inf", 1, "jnp.isnan(cost(x))  # not log 2"),
    ),
    Known(
        "posteriors-of-forbidden-classes",
        reason="a logit of -inf makes the gradient NaN, for the same reason",
        witness=lambda: _one_frame(0.5, 0.5, 0.0),
        scope=SCOPE,
        lines=_lines("0.0, 0.0, -jnp.inf", 1, "jnp.isnan(jax.grad(cost)(x)).any()"),
    ),
    Known(
        "refuses-unknown-label",
        reason="a label that is no class has a one-hot row of zeros, so it costs nothing: log-probability 0",
        witness=lambda: _one_frame(0.5, 0.25, 0.25),
        scope=SCOPE,
        lines=_lines("0.0, 0.0, 0.0", 3, "cost(x) == 0.0"),
    ),
    Known(
        "refuses-blank-as-label",
        reason="a target with the blank in it is answered with a number",
        witness=lambda: _one_frame(0.5, 0.25, 0.25),
        scope=SCOPE,
        lines=_lines("0.0, 0.0, 0.0", 0, "jnp.isfinite(cost(x))"),
    ),
)


@lru_cache(maxsize=64)
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
        known=KNOWN,
        accepts=_far_from_log_zero,
    )
    def run(log_probs: Array, targets: Array, input_lengths: Array, target_lengths: Array, blank: int) -> Any:
        import jax

        if (input_lengths > len(log_probs)).any() or (target_lengths > targets.shape[1]).any():
            raise ValueError("lengths beyond the arrays have no mask")
        if min(input_lengths.min(), target_lengths.min()) < 0:
            raise ValueError("negative lengths have no mask")
        T, B, C = log_probs.shape
        if not 0 <= blank < C:
            raise ValueError("optax raises here too, were it not for the classes that are added below")
        U = targets.shape[1]
        more = -T % 16, -B % 4, -U % 8 if U else 8
        x = np.pad(log_probs, ((0, more[0]), (0, more[1]), (0, 0)))
        x = np.pad(x, ((0, 0), (0, 0), (0, max(5 - C, 0))), constant_values=NO_LOGIT).transpose(1, 0, 2)
        y = np.where(targets < C, targets, targets + 5)  # what is no class stays none
        y = np.pad(y, ((0, more[1]), (0, more[2]))).astype(np.int32)
        n, m = np.pad(input_lengths, (0, more[1])), np.pad(target_lengths, (0, more[1]))
        behind = (np.arange(x.shape[1]) >= n[:, None]).astype(x.dtype)
        beyond = (np.arange(y.shape[1]) >= m[:, None]).astype(x.dtype)
        with jax.enable_x64(dtype == "float64"):
            (_, loss), grad = _compiled(int(blank))(x, behind, y, beyond)
            return np.asarray(loss)[:B], np.asarray(grad).transpose(1, 0, 2)[:T, :B, :C]

    return run


SUBJECTS = (_optax("optax.ctc_loss", "float64"), _optax("optax.ctc_loss[float32]", "float32"))
