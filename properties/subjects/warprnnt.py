"""warprnnt_numba's transducer on the CPU: logits in, gradients of logits out.

It wants arrays no larger than its longest item, so the adapter crops them and puts zeros back round the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..latent.transducer import transducer

Array = NDArray[Any]


SCOPE = "warprnnt_numba<=0.4.1"


def _one_node() -> Any:
    """One frame, no label, three classes."""
    from ..cases.lattices import Lattices

    x = np.log(np.array([[[[0.5, 0.25, 0.25]]]]))
    return Lattices(x, np.zeros((1, 0), np.int64), np.ones(1, int), np.zeros(1, int), 0)


def _two_items() -> Any:
    """Two items of one frame, the second without the label of the first: behind every node there is another."""
    from ..cases.lattices import Lattices

    x = np.log(np.tile([0.5, 0.25, 0.25], (2, 1, 2, 1)))
    return Lattices(x, np.ones((2, 1), np.int64), np.ones(2, int), np.array([1, 0]), 0)


def _accepted(
    law: str, reason: str, label: int, blank: int, wrong: str, witness: Callable[[], Any] = _one_node
) -> Known:
    lines = f"""import torch
from warprnnt_numba import RNNTLossNumba
x = torch.tensor([[[[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]]]]).log().requires_grad_()
one = torch.tensor([1], dtype=torch.int32)
loss = RNNTLossNumba(blank={blank}, reduction="none")(x, torch.tensor([[{label}]], dtype=torch.int32), one, one)
loss.backward()
assert {wrong}"""
    return Known(law, reason=reason, witness=witness, scope=SCOPE, lines=lines)


UNCHECKED = (
    _accepted(
        "refuses-blank-as-label",
        "a target with the blank in it is answered; where both edges leave a node one overwrites the other's gradient",
        label=0,
        blank=0,
        wrong="loss.isfinite()",
    ),
    _accepted(
        "refuses-unknown-label",
        "a label that is no class is read off the next node of the flattened array",
        label=3,
        blank=0,
        wrong="abs(loss.exp() - 64) < 1e-3  # (1/8)(1/8), not any score of the first node",
    ),
    _accepted(
        "refuses-unknown-blank",
        "a blank that is no class is read off a neighbouring node of the flattened array",
        label=1,
        blank=-1,
        wrong="loss.isfinite()",
        witness=_two_items,
    ),
)


def _warprnnt(name: str, dtype: str = "float64", backward: bool = True, function: bool = False) -> Subject:
    @subject(
        name,
        contract=transducer,
        outputs=("loss", "grad") if backward else ("loss",),
        conventions={"grad": "logits", "scores": "logits"},
        dtype=dtype,
        requires="warprnnt_numba",
        known=UNCHECKED,
    )
    def run(log_probs: Array, targets: Array, T_len: Array, U_len: Array, blank: int) -> Any:
        import torch
        from warprnnt_numba.rnnt_loss.rnnt_pytorch import RNNTLossNumba, rnnt_loss

        T, U = int(T_len.max()), int(U_len.max())
        x = torch.from_numpy(np.ascontiguousarray(log_probs[:, :T, : U + 1])).requires_grad_(backward)
        y, n, m = (torch.from_numpy(np.array(i, dtype=np.int32, order="C")) for i in (targets[:, :U], T_len, U_len))
        call = rnnt_loss if function else RNNTLossNumba(blank=blank, reduction="none")
        loss = rnnt_loss(x, y, n, m, blank=blank, reduction="none") if function else call(x, y, n, m)
        if not backward:
            return loss.numpy()
        grad = np.zeros_like(log_probs)
        grad[:, :T, : U + 1] = torch.autograd.grad(loss.sum(), x)[0].numpy()
        return loss.detach().numpy(), grad

    return run


SUBJECTS = (
    _warprnnt("warprnnt_numba.RNNTLossNumba"),
    _warprnnt("warprnnt_numba.rnnt_loss[forward,float32]", dtype="float32", function=True, backward=False),
)
