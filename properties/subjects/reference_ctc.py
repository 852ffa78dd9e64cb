"""Our alignments."""

from __future__ import annotations

from typing import Any

from ..latent.ctc import ctc
from ..latent.ctc_decode import beam, best_path, collapse
from ..latent.transducer import transducer
from .own import reference


def _ctc(own: Any, log_probs: Any, *rest: Any) -> Any:
    loss, occupancy = own.loss_and_occupancy(log_probs, *rest)
    return loss, -occupancy


def _through_softmax(own: Any, log_probs: Any, *rest: Any) -> Any:
    import torch

    x = log_probs.clone().requires_grad_()
    loss = own.loss(torch.log_softmax(x, -1), *rest, zero_infinity=True)
    return loss.detach(), torch.autograd.grad(loss.sum(), x)[0]


def _transducer(own: Any, log_probs: Any, *rest: Any) -> Any:
    import torch

    x = log_probs.clone().requires_grad_()
    loss = own.loss(x, *rest)
    return loss.detach(), torch.autograd.grad(loss.sum(), x)[0]


def _renamed(subjects: Any, how: str) -> Any:
    from dataclasses import replace

    return tuple(replace(s, name=s.name.replace("reference", f"reference.{how}")) for s in subjects)


FREE = {"grad": "free", "infeasible": "inf", "scores": "free"}
LOGITS = {"grad": "logits", "infeasible": "zero", "scores": "logits"}

SUBJECTS = (
    *reference(ctc, "latent.ctc", _ctc, ("loss", "grad"), FREE),
    *_renamed(reference(ctc, "latent.ctc", _through_softmax, ("loss", "grad"), LOGITS), "log_softmax"),
    *reference(collapse, "latent.ctc", lambda own, path, blank: own.collapse(path, blank)),
    *reference(best_path, "latent.ctc", lambda own, x, blank: own.best_path(x, blank)),
    *reference(transducer, "latent.transducer", _transducer, ("loss", "grad"), {"grad": "free", "scores": "free"}),
)
