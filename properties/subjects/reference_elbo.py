"""Our evidence lower bound and the parts of our variational autoencoder."""

from __future__ import annotations

from typing import Any

from ..variational.elbo import elbo
from ..variational.elbo_finite import finite_elbo
from ..variational.elbo_gradient import elbo_gradient
from ..variational.gaussian_kl import gaussian_kl
from ..variational.iwae import iwae
from ..variational.vae import linear_vae, sample
from ..variational.vae_likelihood import bernoulli_log_likelihood, gaussian_log_likelihood
from ..variational.vae_minibatch import minibatch_elbo
from .own import reference


def _gradient(path: bool) -> Any:
    def run(own: Any, log_joint: Any, mu: Any, log_sigma: Any, eps: Any) -> Any:
        """One row a sample: parameters are repeated, so that each sample has its own."""
        import torch

        v = [x.expand(len(eps), -1).clone().requires_grad_() for x in (mu, log_sigma)]
        value = own.elbo(log_joint, *v, eps, path=path)
        return torch.cat(torch.autograd.grad(value.sum(), v), 1)

    return run


def _kl(own: Any, mu: Any, logvar: Any) -> Any:
    import torch

    mu, logvar = mu.requires_grad_(), logvar.requires_grad_()
    value = own.gaussian_kl(mu, logvar)
    return (value.detach(), *torch.autograd.grad(value.sum(), (mu, logvar)))


def _autoencoder(own: Any, x: Any, W: Any, offset: Any, noise: Any, V: Any, shift: Any, logvar: Any, eps: Any) -> Any:
    """A linear one that is not trained but told its weights."""
    import torch

    (D, d), cpu = W.shape, torch.Generator().manual_seed(0)
    made = own.VAE(D, d, (), "gaussian", generator=cpu, dtype=x.dtype).to(x.device)
    weights = {
        "encoder.0.weight": torch.cat([V, torch.zeros_like(V)]),
        "encoder.0.bias": torch.cat([shift, logvar]),
        "decoder.0.weight": W,
        "decoder.0.bias": offset,
        "logvar": noise.log(),
    }
    made.load_state_dict(weights)
    return made, x, eps


def _linear(own: Any, *problem: Any) -> Any:
    made, x, eps = _autoencoder(own, *problem)
    return made(x, eps).detach()


def _linear_weights(own: Any, *problem: Any) -> Any:
    made, x, eps = _autoencoder(own, *problem)
    return made.log_weights(x, eps).detach()


def _named(name: str) -> Any:
    return lambda own, *x: getattr(own, name)(*x)


def _variant(name: str) -> tuple[tuple[str, str, str], ...]:
    return ((f"reference[{name}]", "float64", "cpu"),)


ELBO, PARTS = "variational.elbo", "variational.vae"
SLOPES = ("kl", "grad_mu", "grad_logvar")

SUBJECTS = (
    *reference(elbo, ELBO, _named("elbo"), (), {"form": "sampled"}),
    *reference(elbo, ELBO, _named("elbo_with_entropy"), (), {"form": "entropy"}, variants=_variant("entropy")),
    *reference(elbo_gradient, ELBO, _gradient(path=False), (), {"estimator": "total"}),
    *reference(elbo_gradient, ELBO, _gradient(path=True), (), {"estimator": "path"}, variants=_variant("path")),
    *reference(finite_elbo, ELBO, _named("finite_elbo"), (), {"zeros": "yes"}),
    *reference(iwae, ELBO, _named("iwae")),
    *reference(gaussian_kl, ELBO, _kl, SLOPES, {"overflow": "inf"}),
    *reference(sample, PARTS, _named("reparameterize")),
    *reference(
        bernoulli_log_likelihood,
        PARTS,
        _named("bernoulli_log_likelihood"),
        (),
        {"shares": "yes", "saturates": "no"},
    ),
    *reference(gaussian_log_likelihood, PARTS, _named("gaussian_log_likelihood"), (), {"constant": "kept"}),
    *reference(linear_vae, PARTS, _linear, (), {"divergence": "closed form"}),
    *reference(linear_vae, PARTS, _linear_weights, (), {"divergence": "sampled"}, variants=_variant("log weights")),
    *reference(minibatch_elbo, PARTS, _named("minibatch_elbo")),
)
