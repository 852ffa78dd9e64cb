"""Our alignments: the readable recursions, their kernels, and both through log_softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..latent.ctc import ctc
from ..latent.ctc_beam import beam
from ..latent.ctc_best_path import best_path
from ..latent.ctc_collapse import collapse
from ..latent.transducer import transducer
from .own import called, reference


def _occupied(own: Any, log_probs: Any, *rest: Any) -> Any:
    loss, occupancy = own.loss_and_occupancy(log_probs, *rest)
    return loss, -occupancy


def _differentiated(call: Callable[..., Any]) -> Callable[..., Any]:
    """Loss and gradient with respect to the scores, by autograd."""

    def run(own: Any, scores: Any, *rest: Any) -> Any:
        import torch

        x = scores.clone().requires_grad_()
        loss = call(own, x, *rest)
        return loss.detach(), torch.autograd.grad(loss.sum(), x)[0]

    return run


def _through_softmax(own: Any, x: Any, *rest: Any) -> Any:
    return own.loss(x.log_softmax(-1), *rest, zero_infinity=True)


def _first(own: Any, log_probs: Any, blank: int, width: int) -> Any:
    import torch

    best = own.prefix_beam_search(log_probs, blank, width)[0]
    return torch.tensor(best.labels, dtype=torch.int64), torch.tensor(best.log_prob, dtype=log_probs.dtype)


BOTH = ("loss", "grad")
FREE = {"grad": "free", "infeasible": "inf", "scores": "free"}
LOGITS = {"grad": "logits", "infeasible": "zero", "scores": "logits"}
EDGES = {"grad": "free", "scores": "free"}
NODES = {"grad": "logits", "scores": "logits"}

SUBJECTS = (
    *reference(ctc, "latent.ctc", _occupied, BOTH, FREE, kernel=True),
    *reference(ctc, "latent.ctc", _differentiated(_through_softmax), BOTH, LOGITS, called("log_softmax")),
    *reference(collapse, "latent.ctc", lambda own, path, blank: own.collapse(path, blank)),
    *reference(best_path, "latent.ctc", lambda own, x, blank: own.best_path(x, blank)),
    *reference(beam, "latent.ctc", _first, ("labels", "log_prob")),
    *reference(transducer, "latent.transducer", _differentiated(lambda own, *call: own.loss(*call)), BOTH, EDGES),
    *reference(
        transducer,
        "latent.transducer",
        _differentiated(lambda own, *call: own.loss_from_logits(*call)),
        BOTH,
        NODES,
        called("logits"),
    ),
)
