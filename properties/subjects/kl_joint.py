"""kl_divergence of torch, pyro and NumPyro between joint normals, however their covariances are given, and Dirichlets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Subject, subject

from ..variational.divergences_joint import dirichlet_kl, normal_kl

Array = NDArray[Any]


def _tensors(*arrays: Array) -> list[Any]:
    import torch

    return [torch.from_numpy(np.asarray(x, order="C")) for x in arrays]


def _dense(D: Any, m: Any, S: Any) -> Any:
    return D.MultivariateNormal(m, covariance_matrix=S)


def _by_precision(D: Any, m: Any, S: Any) -> Any:
    return D.MultivariateNormal(m, precision_matrix=S.inverse())


def _by_factor(D: Any, m: Any, S: Any) -> Any:
    import torch

    return D.MultivariateNormal(m, scale_tril=torch.linalg.cholesky(S))


def _low_rank(D: Any, m: Any, S: Any) -> Any:
    """S = WWᵀ + diagonal, with half of the least eigenvalue on the diagonal."""
    import torch

    values, Q = torch.linalg.eigh(S)
    least = values[0] / 2
    return D.LowRankMultivariateNormal(m, Q * (values - least).sqrt(), least.expand(len(m)))


GIVEN = {"covariance": _dense, "precision": _by_precision, "factor": _by_factor, "low rank": _low_rank}


def _torch(first: str, second: str) -> Callable[..., Any]:
    def run(m1: Array, S1: Array, m2: Array, S2: Array) -> Any:
        from torch import distributions as D

        a, A, b, B = _tensors(m1, S1, m2, S2)
        return D.kl_divergence(GIVEN[first](D, a, A), GIVEN[second](D, b, B)).numpy()

    return run


def _pyro_independent(m1: Array, S1: Array, m2: Array, S2: Array) -> Any:
    """Pyro's own, from independent normals."""
    import pyro.distributions as D
    from torch.distributions import kl_divergence

    a, A, b, B = _tensors(m1, S1, m2, S2)
    return kl_divergence(D.Normal(a, A.diagonal().sqrt()).to_event(1), D.MultivariateNormal(b, B)).numpy()


def _numpyro(m1: Array, S1: Array, m2: Array, S2: Array) -> Any:
    import jax
    import numpyro.distributions as D

    jax.config.update("jax_enable_x64", True)
    return np.asarray(D.kl_divergence(D.MultivariateNormal(m1, S1), D.MultivariateNormal(m2, S2)))


def _torch_dirichlet(alpha: Array, beta: Array) -> Any:
    from torch import distributions as D

    a, b = _tensors(alpha, beta)
    return D.kl_divergence(D.Dirichlet(a), D.Dirichlet(b)).numpy()


def _numpyro_dirichlet(alpha: Array, beta: Array) -> Any:
    import jax
    import numpyro.distributions as D

    jax.config.update("jax_enable_x64", True)
    return np.asarray(D.kl_divergence(D.Dirichlet(jax.numpy.asarray(alpha)), D.Dirichlet(jax.numpy.asarray(beta))))


def _diagonal(m1: Array, S1: Array, m2: Array, S2: Array) -> bool:
    return bool((np.diag(np.diag(S1)) == S1).all())


def _each(
    name: str,
    contract: Contract,
    run: Callable[..., Any],
    requires: str,
    accepts: Any = None,
    dtypes: tuple[str, ...] = ("float64",),
) -> tuple[Subject, ...]:
    return tuple(
        subject(
            name if dtype == "float64" else f"{name}[{dtype}]",
            contract=contract,
            dtype=dtype,
            requires=requires,
            accepts=accepts,
        )(run)
        for dtype in dtypes
    )


BOTH = ("float64", "float32")
PAIRS = (
    ("covariance", "covariance"), ("precision", "factor"), ("factor", "precision"), ("low rank", "covariance"),
    ("covariance", "low rank"), ("low rank", "low rank"),
)  # fmt: skip

SUBJECTS = (
    *(
        one
        for first, second in PAIRS
        for one in _each(
            f"torch.kl_divergence.{first} to {second}", normal_kl, _torch(first, second), "torch>=2.4", None, BOTH
        )
    ),
    *_each("pyro.kl_divergence.Independent", normal_kl, _pyro_independent, "pyro-ppl>=1.8", _diagonal, BOTH),
    *_each("numpyro.kl_divergence.MultivariateNormal", normal_kl, _numpyro, "numpyro>=0.13"),
    *_each("torch.kl_divergence.Dirichlet", dirichlet_kl, _torch_dirichlet, "torch>=2.4", None, BOTH),
    *_each("numpyro.kl_divergence.Dirichlet", dirichlet_kl, _numpyro_dirichlet, "numpyro>=0.13"),
)
