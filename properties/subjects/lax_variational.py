"""Lax subjects of the families bayes and variational: bad input that a library accepts. Any case shows it."""

from __future__ import annotations

from dataclasses import replace

from prufrock import Known, Subject

SCOPE = {
    "torch": "torch>=2.4,<=2.13.0",
    "optax": "optax>=0.2,<=0.2.8",
    "pyro": "pyro-ppl>=1.8,<=1.9.2",
    "numpyro": "numpyro>=0.13,<=0.22.0",
    "conjugate-models": "conjugate-models>=0.10,<=0.14.0",
}

BEYOND_ONE = ("refuses-data-beyond-one", "refuses-negative-data")

LAX: dict[tuple[str, str], tuple[str, ...]] = {
    ("conjugate-models.normal_known_variance", "bayes.normal-posterior"): ("refuses-negative-noise",),
    ("conjugate-models.normal_known_precision", "bayes.normal-posterior"): ("refuses-negative-noise",),
    ("conjugate-models.normal_known_variance_predictive", "bayes.normal-predictive"): ("refuses-negative-noise",),
    ("torch.binary_cross_entropy_with_logits", "variational.bernoulli-log-likelihood"): BEYOND_ONE,
    ("optax.sigmoid_binary_cross_entropy", "variational.bernoulli-log-likelihood"): BEYOND_ONE,
    ("numpyro.BernoulliLogits", "variational.bernoulli-log-likelihood"): BEYOND_ONE,
    ("pyro.TraceEnum_ELBO", "variational.finite-elbo"): (
        "refuses-lengths-that-disagree",
        "refuses-q-that-does-not-sum-to-one",
    ),
    ("pyro.plate", "variational.minibatch-elbo"): ("refuses-more-items-than-there-are",),
    ("numpyro.plate", "variational.minibatch-elbo"): ("refuses-more-items-than-there-are",),
    ("numpyro.LowRankMultivariateNormal", "bayes.normal-evidence"): ("refuses-nan-observation",),
}


def lax(subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
    """The subjects, in every dtype, with what they are on record for."""
    return tuple(replace(s, known=(*s.known, *_records(s))) for s in subjects)


def _records(subject: Subject) -> tuple[Known, ...]:
    laws = LAX.get((subject.name.partition("[")[0], subject.contract.id), ())
    if subject.name.startswith("numpyro.") and subject.contract.id.startswith("variational.density."):
        # NaN is outside the support, and log p = -inf there.
        laws = (*laws, "refuses-nan-point")
    scope = SCOPE.get(subject.name.partition(".")[0], "")
    return tuple(
        Known(law, f"accepts it: {law.removeprefix('refuses-').replace('-', ' ')}", scope=scope) for law in laws
    )
