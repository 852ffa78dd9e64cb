"""torch.distributions as gradient estimators: log_prob differentiated, and rsample on noise that is given.

Parameters are repeated once a sample, so that one backward pass gives every sample's own contribution. rsample draws its
noise by Tensor.normal_ on an empty tensor; a function mode (torch.overrides) puts the given noise there instead, and
the library's own path is judged.

torch normalises what Categorical is given as probs: its gradient is that with respect to weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Subject, subject

from ..variational.pathwise_cholesky import pathwise_cholesky
from ..variational.reparameterization import pathwise_normal
from ..variational.score_bernoulli import score_bernoulli
from ..variational.score_categorical import score_categorical
from ..variational.score_function import score_normal
from ..variational.score_line import score_line
from .estimators_moving import MOVING

Array = NDArray[Any]


def _leaves(S: int, *parameters: Array) -> list[Any]:
    """Each parameter once a sample, to be differentiated."""
    import torch

    return [torch.from_numpy(np.broadcast_to(x, (S, *x.shape)).copy()).requires_grad_() for x in parameters]


def _tensor(x: Array) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(x))


def _columns(surrogate: Any, leaves: list[Any]) -> Array:
    """∂ surrogate/∂ each leaf, side by side."""
    import torch

    return torch.cat(torch.autograd.grad(surrogate.sum(), leaves), 1).numpy()


def _score(f: Any, q: Any, z: Any, leaves: list[Any]) -> Array:
    """f(z) ∇ log q(z), f being held fixed."""
    log_q = q.log_prob(z)
    return _columns(f(z) * (log_q.sum(-1) if log_q.ndim > 1 else log_q), leaves)


def _on_noise(draw: Any, eps: Any) -> Any:
    """draw() with `eps` wherever it fills a tensor with standard normals."""
    import torch
    from torch.overrides import TorchFunctionMode

    class Given(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func is torch.Tensor.normal_:
                return args[0].copy_(eps)
            return func(*args, **(kwargs or {}))

    with Given():
        return draw()


def _backward(df: Any, z: Any, leaves: list[Any]) -> list[Any]:
    """Each leaf's share of ∇f(z), pulled back along the path."""
    import torch

    return list(torch.autograd.grad(z, leaves, df(z.detach())))


def _no_mirror(f: Any, mu: Array, sigma: Array, noise: Array) -> bool:
    """AffineTransform may turn its argument round; that is no deviation."""
    return not (sigma <= 0).any()


SIGMA, PATH = {"scale": "sigma"}, {"scale": "sigma", "path": "mu + sigma eps"}


@subject("torch.Normal", contract=score_normal, conventions=SIGMA, requires="torch>=2.4")
def normal(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    import torch

    leaves = _leaves(len(z), mu, sigma)
    return _score(f, torch.distributions.Normal(*leaves), _tensor(z), leaves)


@subject("torch.MultivariateNormal", contract=score_normal, requires="torch>=2.4", conventions=SIGMA)
def multivariate_normal(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    """A diagonal scale_tril."""
    import torch

    leaves = _leaves(len(z), mu, sigma)
    q = torch.distributions.MultivariateNormal(leaves[0], scale_tril=leaves[1].diag_embed())
    return _score(f, q, _tensor(z), leaves)


@subject(
    "torch.TransformedDistribution",
    contract=score_normal,
    requires="torch>=2.4",
    conventions=SIGMA,
    accepts=_no_mirror,
)
def transformed(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    """The standard normal under AffineTransform."""
    import torch
    from torch.distributions import AffineTransform, Normal, TransformedDistribution

    leaves = _leaves(len(z), mu, sigma)
    standard = Normal(torch.zeros_like(leaves[0]), torch.ones_like(leaves[0]))
    return _score(f, TransformedDistribution(standard, [AffineTransform(*leaves)]), _tensor(z), leaves)


@subject("torch.Normal[variance]", contract=score_normal, requires="torch>=2.4", conventions={"scale": "variance"})
def normal_by_variance(f: Any, mu: Array, sigma: Array, z: Array) -> Array:
    """MultivariateNormal of a diagonal covariance_matrix."""
    import torch

    leaves = _leaves(len(z), mu, sigma * np.abs(sigma))
    q = torch.distributions.MultivariateNormal(leaves[0], covariance_matrix=leaves[1].diag_embed())
    return _score(f, q, _tensor(z), leaves)


@subject("torch.Bernoulli", contract=score_bernoulli, conventions={"wrt": "logits"}, requires="torch>=2.4")
def bernoulli(f: Any, logits: Array, z: Array) -> Array:
    import torch

    leaves = _leaves(len(z), logits)
    return _score(f, torch.distributions.Bernoulli(logits=leaves[0]), _tensor(z), leaves)


@subject("torch.Bernoulli[probs]", contract=score_bernoulli, conventions={"wrt": "probs"}, requires="torch>=2.4")
def bernoulli_probs(f: Any, logits: Array, z: Array) -> Array:
    import torch

    leaves = _leaves(len(z), 1 / (1 + np.exp(-logits)))
    return _score(f, torch.distributions.Bernoulli(probs=leaves[0]), _tensor(z), leaves)


@subject("torch.Categorical", contract=score_categorical, conventions={"wrt": "logits"}, requires="torch>=2.4")
def categorical(f: Any, logits: Array, z: Array) -> Array:
    import torch

    leaves = _leaves(len(z), logits)
    return _score(f, torch.distributions.Categorical(logits=leaves[0]), _tensor(z), leaves)


@subject("torch.Categorical[probs]", contract=score_categorical, conventions={"wrt": "weights"}, requires="torch>=2.4")
def categorical_probs(f: Any, logits: Array, z: Array) -> Array:
    import torch

    leaves = _leaves(len(z), _tensor(logits).softmax(1).numpy())
    return _score(f, torch.distributions.Categorical(probs=leaves[0]), _tensor(z), leaves)


@subject("torch.distributions", contract=score_line, requires="torch>=2.4", known=MOVING["torch"])
def line(f: Any, family: str, params: Array, z: Array) -> Array:
    import torch
    import torch.distributions as D

    leaves = [x.squeeze(1) for x in _leaves(len(z), *np.split(params, len(params)))]
    families: dict[str, Any] = {
        "exponential": D.Exponential,
        "gamma": D.Gamma,
        "laplace": D.Laplace,
        "uniform": lambda end: D.Uniform(0 * end.detach(), end),
        "pareto": D.Pareto,
        "shifted-exponential": lambda start, rate: D.TransformedDistribution(
            D.Exponential(rate), [D.AffineTransform(start, 1.0)]
        ),
    }
    q = families[family](*leaves)
    at = _tensor(z)
    grads = torch.autograd.grad((f(at) * q.log_prob(at)).sum(), leaves, allow_unused=True)
    return torch.stack([torch.zeros_like(at) if g is None else g for g in grads], 1).numpy()


@subject("torch.Normal.rsample", contract=pathwise_normal, outputs=("G", "z"), conventions=PATH, requires="torch>=2.4")
def normal_path(df: Any, mu: Array, sigma: Array, eps: Array) -> Any:
    import torch

    leaves = _leaves(len(eps), mu, sigma)
    z = _on_noise(torch.distributions.Normal(*leaves).rsample, _tensor(eps))
    return torch.cat(_backward(df, z, leaves), 1).numpy(), z.detach().numpy()


@subject(
    "torch.TransformedDistribution.rsample",
    contract=pathwise_normal,
    outputs=("G", "z"),
    conventions=PATH,
    requires="torch>=2.4",
    accepts=_no_mirror,
)
def transformed_path(df: Any, mu: Array, sigma: Array, eps: Array) -> Any:
    import torch
    from torch.distributions import AffineTransform, Normal, TransformedDistribution

    leaves = _leaves(len(eps), mu, sigma)
    standard = Normal(torch.zeros_like(leaves[0]), torch.ones_like(leaves[0]))
    q = TransformedDistribution(standard, [AffineTransform(*leaves)])
    z = _on_noise(q.rsample, _tensor(eps))
    return torch.cat(_backward(df, z, leaves), 1).numpy(), z.detach().numpy()


@subject(
    "torch.MultivariateNormal.rsample",
    contract=pathwise_cholesky,
    outputs=("G", "G_mu", "z"),
    conventions={"triangle": "full", "path": "mu + L eps"},
    requires="torch>=2.4",
)
def multivariate_path(df: Any, mu: Array, L: Array, eps: Array) -> Any:
    import torch

    leaves = _leaves(len(eps), L, mu)
    q = torch.distributions.MultivariateNormal(leaves[1], scale_tril=leaves[0])
    z = _on_noise(q.rsample, _tensor(eps))
    return (*(g.numpy() for g in _backward(df, z, leaves)), z.detach().numpy())


SUBJECTS: tuple[Subject, ...] = (
    normal,
    multivariate_normal,
    transformed,
    normal_by_variance,
    bernoulli,
    bernoulli_probs,
    categorical,
    categorical_probs,
    line,
    normal_path,
    transformed_path,
    multivariate_path,
)
