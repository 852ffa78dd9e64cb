"""pomegranate's mixtures of normal distributions: E-step, M-step by summaries, and one step of both.

Parameters and data are tensors of one dtype; float32 is what the library is made for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..latent.gmm_em import gmm_em_step
from ..latent.gmm_estep import gmm_estep
from ..latent.gmm_mstep import gmm_mstep
from .sklearn_gmm import _form_is, _three_on_a_line

Array = NDArray[Any]

TYPES = {"full": "full", "diagonal": "diag", "spherical": "sphere"}
REQUIRES = "pomegranate>=1.1"


def _tensor(x: Array) -> Any:
    import torch

    return torch.from_numpy(np.array(x, order="C"))


def _normal(mu: Array, Sigma: Array, form: str) -> Any:
    from pomegranate.distributions import Normal

    # One variance for the whole of a sphere, as documented, is refused unless D = 1; D equal ones are taken.
    covs = Sigma if form == "full" else np.diag(Sigma)
    return Normal(_tensor(mu), _tensor(covs), covariance_type=TYPES[form])


def _mixture(pi: Array, mu: Array, Sigma: Array, form: str) -> Any:
    from pomegranate.gmm import GeneralMixtureModel

    parts = [_normal(m, S, form) for m, S in zip(mu, Sigma, strict=True)]
    return GeneralMixtureModel(parts, priors=_tensor(pi))


def _covariance(part: Any, form: str, D: int) -> Array:
    covs = part.covs.detach().numpy()
    return covs if form == "full" else np.asarray(covs * np.eye(D, dtype=covs.dtype))


def _estep(form: str) -> Any:
    def run(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> tuple[Array, Array, Array]:
        model, x = _mixture(pi, mu, Sigma, form), _tensor(X)
        log_density = model.log_probability(x)
        return model.predict_proba(x).numpy(), (_tensor(w) @ log_density).numpy(), log_density.numpy()

    return run


def _mstep(form: str) -> Any:
    def run(X: Array, R: Array, w: Array) -> tuple[Array, Array]:
        D = X.shape[1]
        means, covs = [], []
        for r in R.T:
            part = _normal(np.zeros(D, X.dtype), np.eye(D, dtype=X.dtype), form)
            part.summarize(_tensor(X), sample_weight=_tensor(r * w))
            part.from_summaries()
            means.append(part.means.detach().numpy())
            covs.append(_covariance(part, form, D))
        return np.stack(means), np.stack(covs)

    return run


def _em(form: str) -> Any:
    def run(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> tuple[Array, Array, Array]:
        model, D = _mixture(pi, mu, Sigma, form), X.shape[1]
        model.summarize(_tensor(X), sample_weight=_tensor(w))
        model.from_summaries()
        parts = model.distributions
        means = np.stack([p.means.detach().numpy() for p in parts])
        return model.priors.detach().numpy(), means, np.stack([_covariance(p, form, D) for p in parts])

    return run


ONE_PASS = Known(
    law="far-from-the-origin",
    reason="covariances are E[xx] − E[x]E[x] in float32: far from the origin they are noise, even negative",
    witness=_three_on_a_line,
    scope="pomegranate<=1.1.2",
    lines="""import torch
from pomegranate.distributions import Normal
X = 4096.0 + torch.tensor([[0.0], [1.0], [3.0]])
assert abs(Normal(covariance_type="diag").fit(X).covs - X.var(0, unbiased=False)) > 0.1""",
)


def _definite(X: Array, R: Array, w: Array) -> bool:
    """A normal distribution needs a definite covariance: too few points, or points in a plane, have none."""
    if not (np.isfinite(X).all() and (R * w[:, None] >= 0).all()):
        return True
    floor = 1e-2 * float(np.square(np.ptp(X, axis=0)).max())
    found = (np.atleast_2d(np.cov(X.T.astype(np.float64), aweights=r * w, ddof=0)) for r in R.T)
    return all(float(np.linalg.eigvalsh(S)[0]) > floor for S in found)


def _each(form: str, dtype: str) -> tuple[Subject, ...]:
    name = f"pomegranate.{TYPES[form]}" + ("" if dtype == "float32" else f"[{dtype}]")
    shared: dict[str, Any] = {"dtype": dtype, "requires": REQUIRES, "conventions": {"covariance": form}}
    return (
        subject(
            name,
            contract=gmm_estep,
            outputs=("R", "log_likelihood", "log_density"),
            accepts=lambda X, pi, mu, Sigma, w: _form_is(form, Sigma),
            **shared,
        )(_estep(form)),
        subject(
            name,
            contract=gmm_mstep,
            outputs=("mu", "Sigma"),
            accepts=_definite if form == "full" else None,
            known=(ONE_PASS,),
            **shared,
        )(_mstep(form)),
        subject(
            name,
            contract=gmm_em_step,
            outputs=("pi", "mu", "Sigma"),
            accepts=lambda X, pi, mu, Sigma, w: _form_is(form, Sigma),
            **shared,
        )(_em(form)),
    )


SUBJECTS = tuple(made for form in TYPES for made in _each(form, "float32"))
