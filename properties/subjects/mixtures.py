"""Mixtures of Gaussians from parts that others ship: SciPy's and torch's densities, NumPy's weighted moments."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..latent.gmm_estep import gmm_estep
from ..latent.gmm_mstep import gmm_mstep

Array = NDArray[Any]


@subject(
    "SciPy.multivariate_normal", contract=gmm_estep, outputs=("R", "log_likelihood", "log_density"), requires="scipy"
)
def scipy_estep(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> tuple[Array, float, Array]:
    from scipy.special import logsumexp, softmax
    from scipy.stats import multivariate_normal

    if abs(pi.sum() - 1.0) > 1e-6:
        raise ValueError(f"pi sums to {pi.sum()}")
    K = len(mu)
    with np.errstate(divide="ignore"):
        joint = np.log(pi) + np.stack(
            [multivariate_normal.logpdf(X, mu[k], Sigma[k]).reshape(len(X)) for k in range(K)], axis=1
        )
    log_density = logsumexp(joint, axis=1)
    return softmax(joint, axis=1), float(w @ log_density), log_density


def _torch_estep(dtype: str) -> Subject:
    name = "torch.MixtureSameFamily" + ("" if dtype == "float64" else f"[{dtype}]")

    @subject(name, contract=gmm_estep, outputs=("R", "log_likelihood", "log_density"), dtype=dtype, requires="torch")
    def run(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> tuple[Array, Array, Array]:
        """log p from the mixture itself, R = π_k N(x | k)/p(x)."""
        import torch
        from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

        x, p, m, S, v = (torch.from_numpy(np.ascontiguousarray(a)) for a in (X, pi, mu, Sigma, w))
        if abs(float(p.sum()) - 1.0) > 1e-6:
            raise ValueError(f"pi sums to {float(p.sum())}")
        # Categorical lifts π = 0 to the smallest number unless it is given logits.
        parts = MultivariateNormal(m, S)
        mixture = MixtureSameFamily(Categorical(logits=p.log(), validate_args=False), parts, validate_args=False)
        log_density = mixture.log_prob(x)  # type: ignore[no-untyped-call]
        joint = p.log() + parts.log_prob(x[:, None])  # type: ignore[no-untyped-call]
        return (joint - log_density[:, None]).exp().numpy(), (v @ log_density).numpy(), log_density.numpy()

    return run


@subject(
    "NumPy.cov", contract=gmm_mstep, outputs=("pi", "mu", "Sigma"), conventions={"covariance": "full"}, requires="numpy"
)
def numpy_mstep(X: Array, R: Array, w: Array) -> tuple[Array, Array, Array]:
    r = R * w[:, None]
    K, D = R.shape[1], X.shape[1]
    mu = np.stack([np.average(X, axis=0, weights=r[:, k]) for k in range(K)])
    Sigma = np.stack([np.cov(X.T, aweights=r[:, k], ddof=0).reshape(D, D) for k in range(K)])
    return r.sum(0) / r.sum(), mu, Sigma


SUBJECTS = (scipy_estep, _torch_estep("float64"), _torch_estep("float32"), numpy_mstep)
