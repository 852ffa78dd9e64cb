"""Our Gaussian mixtures, and the log-sum-exp and softmax under them."""

from __future__ import annotations

from typing import Any

from ..latent.gmm_em import gmm_em_step
from ..latent.gmm_estep import gmm_estep
from ..latent.gmm_mstep import gmm_mstep
from ..latent.logsumexp import logsumexp
from ..latent.softmax import softmax_rows
from .own import VARIANTS, reference

# Our names for the contracts' forms.
NAMES = {"full": "full", "tied": "tied", "diagonal": "diag", "spherical": "spherical"}


def _lse(own: Any, x: Any) -> Any:
    import torch

    leaf = x.detach().clone().requires_grad_()
    y = own.log_sum_exp(leaf, -1)
    (gradient,) = torch.autograd.grad(y.sum(), leaf)
    return y.detach(), gradient


def _estep(own: Any, X: Any, pi: Any, mu: Any, Sigma: Any, w: Any) -> Any:
    L, R = own.estep(X, pi, mu, Sigma, w)
    return R, L, own.log_prob(X, pi, mu, Sigma)


def _mstep(name: str) -> Any:
    return lambda own, X, R, w: tuple(own.mstep(X, R, w, name))


def _em(name: str) -> Any:
    return lambda own, X, pi, mu, Sigma, w: tuple(
        own.fit(X, own.Mixture(pi, mu, Sigma), w, name, tol=0.0, max_iter=1).mixture
    )


def _variants(form: str) -> Any:
    """All variants of the full form; of the others those on the CPU, named after the form."""
    if form == "full":
        return VARIANTS
    return tuple(
        (name.replace("reference", f"reference.{form}"), dtype, device)
        for name, dtype, device in VARIANTS
        if device == "cpu"
    )


OUT = ("pi", "mu", "Sigma")

SUBJECTS = (
    *reference(logsumexp, "latent._semiring", _lse, ("y", "gradient")),
    *reference(softmax_rows, "latent._semiring", lambda own, x: own.softmax(x, -1)),
    *reference(gmm_estep, "latent.gmm", _estep, ("R", "log_likelihood", "log_density"), {"covariance": "full"}),
    *(
        made
        for form, name in NAMES.items()
        for made in (
            *reference(
                gmm_mstep, "latent.gmm", _mstep(name), OUT, {"covariance": form, "empty": "raises"}, _variants(form)
            ),
            *reference(
                gmm_em_step,
                "latent.gmm",
                _em(name),
                OUT,
                {"covariance": form, "empty": "keep"},
                _variants(form),
                kernel=True,
                effort=0.5,
            ),
        )
    ),
)
