"""scikit-learn's GaussianMixture in each of its covariance types: E-step, M-step, and one step of `fit`.

E-step: parameters are set as the fitted attributes (`fit` with max_iter=0 and all *_init given, which should do it, ends
in an AttributeError), then predict_proba and score_samples. One step: max_iter=1, reg_covar=0, tol=0. There is no public
M-step; what `fit` calls for it is taken from inside.
It knows no weights: the E-step's log-likelihood is weighted here, the other two are asked only about weights that are equal.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..latent.gmm_em import gmm_em_step
from ..latent.gmm_estep import gmm_estep
from ..latent.gmm_mstep import gmm_mstep

Array = NDArray[Any]

TYPES = {"full": "full", "tied": "tied", "diagonal": "diag", "spherical": "spherical"}
REQUIRES = "scikit-learn>=1.8"
OUT = ("pi", "mu", "Sigma")


def _precisions(Sigma: Array, form: str) -> Array:
    if form in ("full", "tied"):
        P = np.linalg.inv(Sigma.astype(np.float64))
        P = ((P + P.swapaxes(1, 2)) / 2).astype(Sigma.dtype)
        return P if form == "full" else P[0]
    variances = np.diagonal(Sigma, 0, 1, 2)
    return np.asarray(1.0 / (variances if form == "diagonal" else variances[:, 0]))


def _covariances(found: Array, form: str, K: int, D: int) -> Array:
    if form == "full":
        return found
    if form == "tied":
        return np.broadcast_to(found, (K, D, D)).copy()
    return np.asarray(found.reshape(K, -1, 1) * np.eye(D, dtype=found.dtype))


def _form_is(form: str, Sigma: Array) -> bool:
    """Whether covariances are of the form: nothing else can be handed over."""
    eye = np.eye(Sigma.shape[-1], dtype=Sigma.dtype)
    if form == "tied":
        return bool((Sigma == Sigma[:1]).all())
    if form == "diagonal":
        return bool((Sigma == Sigma * eye).all())
    if form == "spherical":
        return bool((Sigma == Sigma[:, :1, :1] * eye).all())
    return True


def _model(form: str, K: int, **settings: Any) -> Any:
    from sklearn.mixture import GaussianMixture

    return GaussianMixture(K, covariance_type=TYPES[form], reg_covar=0.0, tol=0.0, init_params="random", **settings)


def _estep(form: str) -> Any:
    def run(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> tuple[Array, Any, Array]:
        if abs(float(pi.sum()) - 1.0) > 1e-6:
            raise ValueError("weights_init of any sum but 1 is refused by fit")
        if not np.isfinite(mu).all():
            raise ValueError("means_init with NaN is refused by fit")
        model = _model(form, len(pi))
        # Upper triangular U with U Uᵀ = Σ⁻¹, the square root that the model keeps.
        U = np.linalg.inv(np.linalg.cholesky(Sigma.astype(np.float64))).swapaxes(1, 2).astype(Sigma.dtype)
        roots = {"full": U, "tied": U[0], "diagonal": np.diagonal(U, 0, 1, 2), "spherical": U[:, 0, 0]}
        model.weights_, model.means_, model.precisions_cholesky_ = pi, mu, np.ascontiguousarray(roots[form])
        log_density = model.score_samples(X)
        return model.predict_proba(X), w @ log_density, log_density

    return run


def _mstep(form: str) -> Any:
    def run(X: Array, R: Array, w: Array) -> tuple[Array, Array, Array]:
        from sklearn.mixture import _gaussian_mixture as inner

        # What `_m_step` calls, without the factorisation that `fit` wants afterwards and that singular covariances refuse.
        with np.errstate(divide="ignore", invalid="ignore"):
            mass, mu, found = inner._estimate_gaussian_parameters(X, R, 0.0, TYPES[form])
        return mass / mass.sum(), mu, _covariances(found, form, R.shape[1], X.shape[1])

    return run


def _em(form: str) -> Any:
    def run(X: Array, pi: Array, mu: Array, Sigma: Array, w: Array) -> tuple[Array, Array, Array]:
        K, D = mu.shape
        model = _model(
            form,
            K,
            max_iter=1,
            weights_init=pi,
            means_init=mu,
            precisions_init=_precisions(Sigma, form),
            random_state=0,
        )
        model.fit(X)
        return model.weights_, model.means_, _covariances(model.covariances_, form, K, D)

    return run


def _equal(w: Array) -> bool:
    return bool((w == w[0]).all())


def _two_on_a_line() -> Any:
    from ..cases.mixtures import Mixture

    one = np.ones((2, 1, 1))
    return Mixture(np.array([[0.0], [0.25]]), np.array([0.5, 0.5]), np.array([[0.0], [1.0]]), one, np.ones(2))


def _three_on_a_line() -> Any:
    from ..cases.mixtures import Assigned

    return Assigned(np.array([[0.0], [1.0], [3.0]]), np.ones((3, 1)), np.ones(3))


SCOPE = "scikit-learn<=1.9.1"

EXPANDED = Known(
    law="far-from-the-origin",
    reason="densities of diag and spherical components expand (x − μ)²: far from the origin responsibilities lose all digits",
    witness=_two_on_a_line,
    scope=SCOPE,
    link="https://github.com/scikit-learn/scikit-learn/issues/29989",
    lines="""import numpy as np
from sklearn.mixture import GaussianMixture
answers = []
for t in (0.0, 2.0**26):
    m = GaussianMixture(2, covariance_type="diag")
    m.weights_, m.means_, m.precisions_cholesky_ = np.ones(2) / 2, np.array([[t], [t + 1]]), np.ones((2, 1))
    answers.append(m.predict_proba([[t + 0.25]])[0, 0])  # the same question twice
assert abs(answers[0] - answers[1]) > 0.01""",
)

ONE_PASS = Known(
    law="far-from-the-origin",
    reason="tied, diag and spherical covariances are E[xx] − E[x]E[x]: far from the origin they are noise, even negative",
    witness=_three_on_a_line,
    scope=SCOPE,
    link="https://github.com/scikit-learn/scikit-learn/issues/30382",
    lines="""import numpy as np
from sklearn.mixture import GaussianMixture
X = 2.0**25 + np.array([[0.0], [1.0], [3.0]])
full, *others = (
    GaussianMixture(1, covariance_type=kind, reg_covar=1e-6).fit(X).covariances_.ravel()[0]
    for kind in ("full", "tied", "diag", "spherical")
)
assert abs(full - X.var()) < 1e-5
assert all(abs(other - X.var()) > 0.1 for other in others)""",
)


def _each(form: str, dtype: str) -> tuple[Subject, ...]:
    name = f"sklearn.{TYPES[form]}" + ("" if dtype == "float64" else f"[{dtype}]")
    says = {"covariance": form}
    shared: dict[str, Any] = {"dtype": dtype, "requires": REQUIRES}
    return (
        subject(
            name,
            contract=gmm_estep,
            outputs=("R", "log_likelihood", "log_density"),
            conventions=says,
            accepts=lambda X, pi, mu, Sigma, w: _form_is(form, Sigma),
            known=(EXPANDED,) if form in ("diagonal", "spherical") else (),
            **shared,
        )(_estep(form)),
        subject(
            name,
            contract=gmm_mstep,
            outputs=OUT,
            conventions=says,
            accepts=lambda X, R, w: _equal(w) and bool(w[0] > 0),
            known=() if form == "full" else (ONE_PASS,),
            **shared,
        )(_mstep(form)),
        subject(
            name,
            contract=gmm_em_step,
            outputs=OUT,
            conventions=says if form == "tied" else {**says, "empty": "raises"},
            accepts=lambda X, pi, mu, Sigma, w: _equal(w) and _form_is(form, Sigma) and len(X) >= max(2, len(pi)),
            **shared,
        )(_em(form)),
    )


SUBJECTS = tuple(made for form in TYPES for dtype in ("float64", "float32") for made in _each(form, dtype))
