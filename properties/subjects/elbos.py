"""Bounds, divergences and likelihoods of variational inference in torch, pyro, NumPyro and optax.

Pyro and NumPyro are asked for bounds that leave nothing to chance: a latent variable that is enumerated, a minibatch that is
given. Their losses are minus the bound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Subject, subject

from ..variational.elbo_finite import finite_elbo
from ..variational.gaussian_kl import gaussian_kl
from ..variational.iwae import iwae
from ..variational.vae_likelihood import bernoulli_log_likelihood, gaussian_log_likelihood
from ..variational.vae_minibatch import minibatch_elbo
from .lax_variational import lax

Array = NDArray[Any]


def _tensors(*arrays: Any) -> list[Any]:
    import torch

    return [torch.from_numpy(np.asarray(x, order="C")) for x in arrays]


def _jax(*arrays: Any) -> list[Any]:
    import jax

    jax.config.update("jax_enable_x64", True)
    return [jax.numpy.asarray(x) for x in arrays]


def _each(
    name: str, contract: Contract, run: Callable[..., Any], requires: str, conventions: dict[str, str] | None = None
) -> tuple[Subject, ...]:
    """In float64, and in float32."""
    return tuple(
        subject(
            name if dtype == "float64" else f"{name}[{dtype}]",
            contract=contract,
            conventions=conventions,
            dtype=dtype,
            requires=requires,
        )(run)
        for dtype in ("float64", "float32")
    )


def _torch_kl(mu: Array, logvar: Array) -> Array:
    import torch

    m, v = _tensors(mu, logvar)
    D = torch.distributions
    q = D.Independent(D.Normal(m, (v / 2).exp()), 1)
    p = D.Independent(D.Normal(torch.zeros_like(m), torch.ones_like(m)), 1)
    return np.asarray(D.kl_divergence(q, p).numpy())


def _torch_joint_kl(mu: Array, logvar: Array) -> Array:
    import torch

    m, v = _tensors(mu, logvar)
    D = torch.distributions
    q = D.MultivariateNormal(m, scale_tril=torch.diag_embed((v / 2).exp()))
    p = D.MultivariateNormal(torch.zeros_like(m), torch.eye(m.shape[1], dtype=m.dtype).expand(len(m), -1, -1))
    return np.asarray(D.kl_divergence(q, p).numpy())


def _numpyro_kl(mu: Array, logvar: Array) -> Array:
    import numpyro.distributions as D

    m, v = _jax(mu, logvar)
    q = D.Normal(m, np.exp(logvar / 2)).to_event(1)
    return np.asarray(D.kl_divergence(q, D.Normal(0 * m, 0 * v + 1).to_event(1)))


def _torch_cross_entropy(x: Array, logits: Array) -> Array:
    import torch

    data, z = _tensors(x, logits)
    return -np.asarray(torch.nn.functional.binary_cross_entropy_with_logits(z, data, reduction="none").sum(1).numpy())


def _torch_bernoulli(x: Array, logits: Array) -> Array:
    import torch

    data, z = _tensors(x, logits)
    found = torch.distributions.Bernoulli(logits=z).log_prob(data)  # type: ignore[no-untyped-call]
    return np.asarray(found.sum(1).numpy())


def _numpyro_bernoulli(x: Array, logits: Array) -> Array:
    import numpyro.distributions as D

    data, z = _jax(x, logits)
    return np.asarray(D.BernoulliLogits(z).to_event(1).log_prob(data))


def _optax_cross_entropy(x: Array, logits: Array) -> Array:
    import optax

    data, z = _jax(x, logits)
    return -np.asarray(optax.sigmoid_binary_cross_entropy(z, data).sum(1))


def _torch_gaussian(x: Array, mean: Array, logvar: Array) -> Array:
    import torch

    data, m, v = _tensors(x, mean, logvar)
    each = torch.nn.functional.gaussian_nll_loss(m, data, v.exp(), full=True, eps=1e-30, reduction="none")
    return -np.asarray(each.sum(1).numpy())


def _torch_gaussian_bare(x: Array, mean: Array, logvar: Array) -> Array:
    import torch

    data, m, v = _tensors(x, mean, logvar)
    return -np.asarray(
        torch.nn.functional.gaussian_nll_loss(m, data, v.exp(), eps=1e-30, reduction="none").sum(1).numpy()
    )


def _torch_normal(x: Array, mean: Array, logvar: Array) -> Array:
    import torch

    data, m, v = _tensors(x, mean, logvar)
    found = torch.distributions.Normal(m, (v / 2).exp()).log_prob(data)  # type: ignore[no-untyped-call]
    return np.asarray(found.sum(1).numpy())


def _torch_iwae(log_w: Array) -> Array:
    import torch

    (w,) = _tensors(log_w)
    return np.asarray((torch.logsumexp(w, 1) - np.log(w.shape[1])).numpy())


def _scipy_iwae(log_w: Array) -> Array:
    from scipy.special import logsumexp

    return np.asarray(logsumexp(log_w, axis=1, b=1 / log_w.shape[1]))


def _pyro_enumerated(log_joint: Array, log_q: Array) -> Any:
    import pyro
    import torch
    from pyro.infer import TraceEnum_ELBO

    joint, q = _tensors(log_joint, log_q)

    def model() -> None:
        z = pyro.sample("z", pyro.distributions.Categorical(logits=torch.zeros_like(joint)))
        pyro.factor("joint", joint[z] + np.log(len(joint)))

    def guide() -> None:
        pyro.sample("z", pyro.distributions.Categorical(logits=q), infer={"enumerate": "parallel"})

    pyro.clear_param_store()
    return np.asarray(-TraceEnum_ELBO(max_plate_nesting=0).loss(model, guide), log_joint.dtype)


def _pyro_plate(local: Array, N: int, shared: Any) -> Any:
    """The items of a minibatch as factors in a plate of N, of which these were drawn."""
    import pyro
    import torch

    each, common = _tensors(local, shared)

    def model() -> None:
        pyro.factor("shared", common)
        with pyro.plate("items", N, subsample=torch.arange(len(each))):
            pyro.factor("local", each)

    return pyro.poutine.trace(model).get_trace().log_prob_sum().numpy()


def _numpyro_plate(local: Array, N: int, shared: Any) -> Any:
    import numpyro
    from jax import random
    from numpyro.infer.util import log_density

    each, common = _jax(local, shared)

    def model() -> None:
        numpyro.factor("shared", common)
        with numpyro.plate("items", N, subsample_size=len(local)):
            numpyro.factor("local", each)

    seeded = numpyro.handlers.seed(model, random.PRNGKey(0))
    return np.asarray(log_density(seeded, (), {}, {})[0])


TORCH, NUMPYRO = "torch>=2.4", "numpyro>=0.13"
EXACT = {"shares": "yes", "saturates": "no"}

SUBJECTS = lax(
    (
        *_each("torch.kl_divergence.Independent", gaussian_kl, _torch_kl, TORCH),
        *_each("torch.kl_divergence.MultivariateNormal", gaussian_kl, _torch_joint_kl, TORCH),
        *_each("numpyro.kl_divergence.Independent", gaussian_kl, _numpyro_kl, NUMPYRO),
        *_each("torch.binary_cross_entropy_with_logits", bernoulli_log_likelihood, _torch_cross_entropy, TORCH, EXACT),
        *_each("torch.Bernoulli", bernoulli_log_likelihood, _torch_bernoulli, TORCH, {"saturates": "no"}),
        *_each("numpyro.BernoulliLogits", bernoulli_log_likelihood, _numpyro_bernoulli, NUMPYRO, {"saturates": "no"}),
        *_each(
            "optax.sigmoid_binary_cross_entropy", bernoulli_log_likelihood, _optax_cross_entropy, "optax>=0.2", EXACT
        ),
        *_each("torch.gaussian_nll_loss", gaussian_log_likelihood, _torch_gaussian, TORCH, {"constant": "kept"}),
        *_each(
            "torch.gaussian_nll_loss.bare",
            gaussian_log_likelihood,
            _torch_gaussian_bare,
            TORCH,
            {"constant": "dropped"},
        ),
        *_each("torch.Normal", gaussian_log_likelihood, _torch_normal, TORCH, {"constant": "kept"}),
        *_each("torch.logsumexp", iwae, _torch_iwae, TORCH),
        *_each("SciPy.logsumexp", iwae, _scipy_iwae, "scipy"),
        *_each("pyro.TraceEnum_ELBO", finite_elbo, _pyro_enumerated, "pyro-ppl>=1.8", {"zeros": "no"}),
        *_each("pyro.plate", minibatch_elbo, _pyro_plate, "pyro-ppl>=1.8"),
        *_each("numpyro.plate", minibatch_elbo, _numpyro_plate, NUMPYRO),
    )
)
