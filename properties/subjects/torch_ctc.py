"""torch's CTC loss: two precisions, padded and concatenated targets, 64- and 32-bit integers, infinite costs as zero.

torch documents the gradient with respect to log_probs as softmax − occupancy: that of the logits, as if log_probs came
out of log_softmax (pytorch/pytorch#52241). So the plain subjects declare it as such and the others ask for it through
log_softmax; both are right on normalised frames only, and only there are they asked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..latent.ctc import ctc

Array = NDArray[Any]
FREE = {"grad": "logits", "infeasible": "inf", "scores": "free"}
LOGITS = {"grad": "logits", "infeasible": "inf", "scores": "logits"}


SCOPE = "torch>=2,<=2.13.0"


def _one_frame(*log_probs: float) -> Any:
    """One frame and no label."""
    from ..cases.alignments import Batch

    return Batch(np.log(np.array([[log_probs]])), np.zeros((1, 0), np.int64), np.ones(1, int), np.zeros(1, int), 0)


def _forbidden() -> Any:
    with np.errstate(divide="ignore"):
        return _one_frame(0.5, 0.5, 0.0)


BLANK_ACCEPTED = Known(
    "refuses-blank-as-label",
    reason="a target with the blank in it, which the documentation excludes, is answered with a number",
    witness=lambda: _one_frame(0.5, 0.25, 0.25),
    scope=SCOPE,
    link="https://docs.pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html",
    lines="""import torch
x = torch.zeros(3, 1, 2).log_softmax(-1)
loss = torch.nn.functional.ctc_loss(x, torch.tensor([[0]]), torch.tensor([3]), torch.tensor([1]), blank=0)
assert loss.isfinite()""",
)

NAN_GRADIENT = Known(
    "posteriors-of-forbidden-classes",
    reason="the gradient at a score of -inf is exp(-inf + inf), NaN, although the loss is finite",
    witness=_forbidden,
    scope=SCOPE,
    lines="""import torch
x = torch.tensor([[[0.5, 0.5, 0.0]]]).log().requires_grad_()
none = torch.zeros(1, 0, dtype=torch.long)
loss = torch.nn.functional.ctc_loss(x, none, torch.tensor([1]), torch.tensor([0]))
loss.backward()
assert loss.isfinite() and x.grad.isnan().any()""",
)

OUT_OF_BOUNDS = Known(
    "refuses-unknown-label",
    reason="a label that is no class is read beyond the scores (and written beyond the gradient, into the heap)",
    witness=lambda: _one_frame(0.5, 0.25, 0.25),
    scope=SCOPE,
    link="https://github.com/pytorch/pytorch/issues/193794",
    lines="""import torch
x = torch.arange(6.0).reshape(2, 1, 3)
loss = torch.nn.functional.ctc_loss(x[:1], torch.tensor([[3]]), torch.tensor([1]), torch.tensor([1]), reduction="sum")
assert loss == -3.0  # the first score of the next frame""",
)


def _labels_are_classes(log_probs: Array, targets: Array, T: Array, U: Array, blank: int) -> bool:
    """Beyond them the backward pass writes out of bounds: an aborted process is no verdict on anything else."""
    return not targets.size or bool(targets.min() >= 0 and targets.max() < log_probs.shape[-1])


def _torch_ctc(
    name: str,
    dtype: str = "float64",
    concatenated: bool = False,
    integers: str = "int64",
    through_softmax: bool = False,
    zero: bool = False,
    backward: bool = True,
) -> Subject:
    conventions = {**(LOGITS if through_softmax else FREE), "infeasible": "zero" if zero else "inf"}

    @subject(
        name,
        contract=ctc,
        outputs=("loss", "grad") if backward else ("loss",),
        conventions=conventions,
        dtype=dtype,
        requires="torch>=2",
        accepts=_labels_are_classes if backward else None,
        known=(BLANK_ACCEPTED, NAN_GRADIENT) if backward else (BLANK_ACCEPTED, OUT_OF_BOUNDS),
    )
    def run(log_probs: Array, targets: Array, input_lengths: Array, target_lengths: Array, blank: int) -> Any:
        import torch
        from torch.nn import functional

        rows = [row[:U] for row, U in zip(targets, target_lengths, strict=True)]
        labels = np.concatenate(rows) if concatenated else targets
        y, T, U = (torch.from_numpy(np.array(i, dtype=integers)) for i in (labels, input_lengths, target_lengths))
        x = torch.from_numpy(np.ascontiguousarray(log_probs)).requires_grad_(backward)
        scores = functional.log_softmax(x, -1) if through_softmax else x
        loss = functional.ctc_loss(scores, y, T, U, blank, reduction="none", zero_infinity=zero)
        if not backward:
            return loss.numpy()
        return loss.detach().numpy(), torch.autograd.grad(loss.sum(), x)[0].numpy()

    return run


SUBJECTS = (
    _torch_ctc("torch.ctc_loss"),
    _torch_ctc("torch.ctc_loss[float32]", dtype="float32"),
    _torch_ctc("torch.ctc_loss[log_softmax]", through_softmax=True),
    _torch_ctc("torch.ctc_loss[concatenated,int32]", concatenated=True, integers="int32"),
    _torch_ctc("torch.ctc_loss[zero_infinity]", zero=True),
    _torch_ctc("torch.ctc_loss[forward]", backward=False),
)
