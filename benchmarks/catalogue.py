"""Every workload, by name; a module is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

from .workload import Workload

MODULES = (
    "transport.c_transform",
    "transport.kantorovich",
    "transport.rubinstein",
    "transport.wasserstein_1d",
    "transport.bures",
    "transport.sinkhorn",
    "transport.divergence",
    "latent.gmm",
    "latent.hmm",
    "latent.viterbi",
    "latent.baum_welch",
    "latent.ctc",
    "latent.transducer",
    "latent.decode",
    "variational.gamma",
    "variational.beta",
    "variational.kl",
    "bayes.shrinkage",
    "speech.frames",
)


def workload(module: str) -> Workload:
    """The workload of a module of benchmarks."""
    found: Workload = import_module(f"{__package__}.{module}").WORKLOAD
    return found


def modules(pattern: str = "") -> list[str]:
    """The modules whose names contain the pattern."""
    return [name for name in MODULES if pattern in name]
