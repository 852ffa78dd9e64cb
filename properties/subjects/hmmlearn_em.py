"""hmmlearn's steps of Baum-Welch: symbols, counts, points of every form of covariance, mixtures of one, and the M-step alone.

One iteration of fit from parameters that are given, with the priors that are not off by default turned off.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..latent.hmm_em import em_counts, em_points, em_symbols
from ..latent.hmm_mstep import hmm_mstep
from .hmmlearn import IMPLEMENTATIONS, RELEASE, SCOPE

Array = NDArray[Any]


def _one_step(model: Any, pi: Array, A: Array, X: Array, lengths: Array, **emissions: Array) -> Any:
    """One iteration of fit, from parameters that are given."""
    model.startprob_, model.transmat_ = pi, A
    for name, value in emissions.items():
        setattr(model, name, value)
    # It logs that so few data do not determine the parameters.
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)
    with np.errstate(all="ignore"):
        return model.fit(X, lengths)


ONCE = {"n_iter": 1, "init_params": ""}


def _symbols(implementation: str) -> Callable[..., Any]:
    def run(pi: Array, A: Array, E: Array, x: Array, lengths: Array) -> Any:
        from hmmlearn.hmm import CategoricalHMM

        model = CategoricalHMM(len(pi), n_features=E.shape[1], implementation=implementation, **ONCE)
        model = _one_step(model, pi, A, x[:, None], lengths, emissionprob_=E)
        return model.transmat_, model.startprob_, model.emissionprob_

    return run


def _counts(implementation: str) -> Callable[..., Any]:
    def run(pi: Array, A: Array, rate: Array, x: Array, lengths: Array) -> Any:
        from hmmlearn.hmm import PoissonHMM

        model = PoissonHMM(len(pi), implementation=implementation, **ONCE)
        model = _one_step(model, pi, A, x[:, None], lengths, lambdas_=rate[:, None])
        return model.transmat_, model.startprob_, model.lambdas_[:, 0]

    return run


FORMS = {"full": "full", "diagonal": "diag", "spherical": "spherical", "tied": "tied"}


def _of_form(Sigma: Array, form: str) -> Array:
    """Covariances as hmmlearn takes them; the forms other than full are given spherical ones alike."""
    diagonal = np.einsum("kii->ki", Sigma)
    return np.asarray({"full": Sigma, "diagonal": diagonal, "spherical": diagonal[:, 0], "tied": Sigma[0]}[form])


def _points(form: str, implementation: str) -> Callable[..., Any]:
    def run(pi: Array, A: Array, mu: Array, Sigma: Array, x: Array, lengths: Array) -> Any:
        from hmmlearn.hmm import GaussianHMM

        # The prior for covariances is not off by default: 0.01 is added to their numerators.
        model = GaussianHMM(len(pi), FORMS[form], implementation=implementation, covars_prior=0.0, **ONCE)
        model.n_features = x.shape[1]
        model = _one_step(model, pi, A, x, lengths, means_=mu, covars_=_of_form(Sigma, form))
        # After a fit `covars_` of the spherical form is n_components * n_features matrices, each state's repeated.
        covs = model.covars_[:: x.shape[1]] if form == "spherical" else model.covars_
        return model.transmat_, model.startprob_, model.means_, covs

    return run


def _mixtures(form: str) -> Callable[..., Any]:
    """GMMHMM with mixtures of one; `fit` without the k-means that it runs first, be anything initialised or not."""

    def run(pi: Array, A: Array, mu: Array, Sigma: Array, x: Array, lengths: Array) -> Any:
        from hmmlearn.hmm import GMMHMM

        K, D = mu.shape
        model = GMMHMM(K, 1, covariance_type=FORMS[form], **ONCE)
        model.n_features, model.startprob_, model.transmat_ = D, pi, A
        model.weights_, model.means_ = np.ones((K, 1)), mu[:, None]
        model.covars_ = _of_form(Sigma, form)[:, None]
        model._init_covar_priors()
        model._fix_priors_shape()
        model._check()
        with np.errstate(all="ignore"):
            counts, _ = model._do_estep(x, lengths)
            model._do_mstep(counts)
        covs = model.covars_[:, 0]
        covs = covs if form == "full" else covs[:, None, None] * np.eye(D)
        return model.transmat_, model.startprob_, model.means_[:, 0], covs

    return run


def _mstep(gamma: Array, xi: Array, x: Array, lengths: Array, M: int) -> Any:
    """CategoricalHMM's M-step, given the counts that its E-step would have made."""
    from hmmlearn.hmm import CategoricalHMM

    K = gamma.shape[1]
    if lengths.sum() != len(gamma) or len(x) != len(gamma):
        raise ValueError(f"lengths {lengths} of {len(gamma)} frames and {len(x)} symbols")
    model = CategoricalHMM(K, n_features=M)
    model.startprob_, model.transmat_ = np.full(K, 1.0 / K), np.full((K, K), 1.0 / K)
    counts = np.zeros((M, K))
    np.add.at(counts, x, gamma)
    firsts = gamma[np.cumsum(lengths) - lengths].sum(axis=0)
    model._do_mstep({"start": firsts, "trans": xi.sum(axis=0), "obs": counts.T.copy()})
    return model.transmat_, model.startprob_, model.emissionprob_


ZERO = {"unvisited": "zero"}


def _steps(implementation: str) -> tuple[Subject, ...]:
    return (
        subject(
            f"hmmlearn.CategoricalHMM.{implementation}",
            contract=em_symbols,
            outputs=("A", "pi", "E"),
            conventions=ZERO,
            requires=RELEASE,
        )(_symbols(implementation)),
        subject(
            f"hmmlearn.PoissonHMM.{implementation}",
            contract=em_counts,
            outputs=("A", "pi", "rate"),
            conventions=ZERO,
            requires=RELEASE,
        )(_counts(implementation)),
    )


def _six_points(D: int = 1) -> Any:
    """Two states alike, and points about 0 and 4."""
    from ..cases.sequences import Points

    x = np.tile(np.array([0.0, 4.0, 0.0, 4.0, 2.0, 4.0])[:, None], D) + np.eye(6)[:, :D]
    alike = np.tile(np.eye(D) * 4.0, (2, 1, 1))
    return Points(np.full(2, 0.5), np.full((2, 2), 0.5), np.zeros((2, D)), alike, x, np.array([6]))


MODEL = (
    "import numpy as np; from hmmlearn.hmm import GaussianHMM, GMMHMM\n"
    "X = np.array([[-1.0], [1.0], [-1.0], [1.0], [0.0], [2.0]])\n"
)
FAINT = (
    Known(
        "emissions-of-faint-states",
        reason="the denominator of a variance is at least 1e-5: of states less visited the variance is too small",
        witness=_six_points,
        scope=SCOPE,
        lines=MODEL + "m = GaussianHMM(2, 'diag', n_iter=1, init_params='', covars_prior=0.0)\n"
        "m.startprob_ = np.array([1 - 1e-9, 1e-9]); m.transmat_ = np.tile(m.startprob_, (2, 1))\n"
        "m.means_, m.covars_ = np.zeros((2, 1)), np.ones((2, 1))\n"
        "variances = m.fit(X).covars_.ravel()  # both states see the same points\n"
        "assert variances[1] < 1e-3 * variances[0]",
    ),
)
POISONED = (
    Known(
        "unreachable-state",
        reason="the mean of a state that was not visited is NaN, and with it the covariance that all states share",
        witness=_six_points,
        scope=SCOPE,
        lines=MODEL + "m = GaussianHMM(2, 'tied', n_iter=1, init_params='')\n"
        "m.startprob_, m.transmat_ = np.array([1.0, 0.0]), np.array([[1.0, 0.0], [0.5, 0.5]])\n"
        "m.means_, m.covars_ = np.zeros((2, 1)), np.eye(1)\n"
        "with np.errstate(all='ignore'): m.fit(X)\n"
        "assert np.isnan(m.covars_).all()",
    ),
)
OLD_MEANS = tuple(
    Known(
        law,
        reason="covariances are taken about the old means, not the new ones: a step of ECM, not of EM",
        witness=_six_points,
        scope=SCOPE,
        link="https://github.com/hmmlearn/hmmlearn/pull/448",
        lines=MODEL + "m = GMMHMM(1, 1, covariance_type='full', n_iter=1, init_params='')\n"
        "m.startprob_, m.transmat_, m.weights_ = np.ones(1), np.ones((1, 1)), np.ones((1, 1))\n"
        "m.means_, m.covars_ = np.full((1, 1, 1), -10.0), np.ones((1, 1, 1, 1))\n"
        "m.fit(X)\n"
        "assert m.covars_.item() > 50 * X.var()",
    )
    for law in (
        "emissions-of-visited-states",
        "emissions-of-faint-states",
        "what-was-seen",
        "one-state",
        "sequences-of-one-frame",
        "one-frame-among-others",
    )
)
MIXES_FOR_FEATURES = (
    Known(
        "sequences-twice",
        reason="the default prior of spherical covariances is -(n_mix + 2)/2 where -(n_features + 2)/2 would be none",
        witness=lambda: _six_points(3),
        scope=SCOPE,
        lines="import numpy as np; from hmmlearn.hmm import GMMHMM\n"
        "X = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0], [0.0, -2.0]])\n"
        "m = GMMHMM(1, 1, covariance_type='spherical', n_iter=1, init_params='')\n"
        "m.startprob_, m.transmat_, m.weights_ = np.ones(1), np.ones((1, 1)), np.ones((1, 1))\n"
        "m.means_, m.covars_ = np.zeros((1, 1, 2)), np.ones((1, 1))  # the mean is right already\n"
        "assert abs(m.fit(X).covars_.item() - 10 / 9) < 1e-9  # 10/8 is the mean of the squares",
    ),
)
KNOWN = {
    "GaussianHMM.diagonal": FAINT,
    "GaussianHMM.spherical": FAINT,
    "GaussianHMM.tied": POISONED,
    "GMMHMM.full": (*OLD_MEANS, replace(OLD_MEANS[0], law="full-moments")),
    "GMMHMM.spherical": (*OLD_MEANS, *MIXES_FOR_FEATURES),
}


def _point_step(name: str, form: str, run: Callable[..., Any]) -> Subject:
    return subject(
        f"hmmlearn.{name}",
        contract=em_points,
        outputs=("A", "pi", "mu", "Sigma"),
        conventions={**ZERO, "covariance": form},
        requires=RELEASE,
        known=KNOWN.get(name, ()),
    )(run)


SUBJECTS = (
    *(made for implementation in IMPLEMENTATIONS for made in _steps(implementation)),
    *(_point_step(f"GaussianHMM.{form}", form, _points(form, "log")) for form in FORMS),
    _point_step("GaussianHMM.full.scaling", "full", _points("full", "scaling")),
    *(_point_step(f"GMMHMM.{form}", form, _mixtures(form)) for form in ("full", "spherical")),
    subject(
        "hmmlearn.CategoricalHMM", contract=hmm_mstep, outputs=("A", "pi", "E"), conventions=ZERO, requires=RELEASE
    )(_mstep),
)
