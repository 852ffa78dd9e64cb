"""EM for mixtures of full covariances: STEPS steps from a given start, beside scikit-learn.

Ours runs one E-step more than it makes M-steps, to say what the last mixture is worth; scikit-learn one more of each.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from .. import truth
from ..problems_latent import Mixture, mixture
from ..suite import memory, ratio, speed
from ..workload import Call, Ours, Peer, Workload

STEPS = 2


def ours(gmm: ModuleType, p: Mixture, device: str) -> Call:
    import torch

    X, pi, mu, Sigma = (torch.from_numpy(x).to(device) for x in (p.X, p.pi, p.mu, p.Sigma))
    return lambda: gmm.fit(X, gmm.Mixture(pi, mu, Sigma), tol=0.0, max_iter=STEPS).mixture


def sklearn(p: Mixture, device: str) -> Call:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    K = len(p.pi)
    start = {"weights_init": p.pi, "means_init": p.mu, "precisions_init": np.linalg.inv(p.Sigma)}

    def call() -> Any:
        model = GaussianMixture(
            K, tol=0.0, reg_covar=0.0, max_iter=STEPS, init_params="random_from_data", random_state=0, **start
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(p.X)
        return model.weights_, model.means_, model.covariances_

    return call


@lru_cache(maxsize=1)
def right(p: Mixture) -> tuple[Any, ...]:
    return truth.em(p.X, p.pi, p.mu, p.Sigma, STEPS)


def error(p: Mixture, found: Any) -> float:
    return max(truth.distance(mine, theirs) for mine, theirs in zip(found, right(p), strict=True))


SINGLE = "100000 x 16, K=32, float32"
WORKLOAD = Workload(
    "latent.gmm",
    "latent.gmm",
    cases={
        "300 x 3, K=4": lambda: mixture(300, 3, 4),
        "5000 x 8, K=8": lambda: mixture(5000, 8, 8),
        "100000 x 16, K=32": lambda: mixture(100_000, 16, 32),
        SINGLE: lambda: mixture(100_000, 16, 32, "float32"),
    },
    ours={"ours": Ours(ours)},
    peers={"scikit-learn": Peer(sklearn, "sklearn")},
    error=error,
    measures="relative error of the parameters",
    gate="5000 x 8, K=8",
    count="300 x 3, K=4",
    goals={("ours", "100000 x 16, K=32", "scikit-learn"): 0.15, ("ours", SINGLE, "scikit-learn"): 0.13},
    memory=("100000 x 16, K=32",),
)
Speed, Ratio, Memory = speed(WORKLOAD), ratio(WORKLOAD), memory(WORKLOAD)
