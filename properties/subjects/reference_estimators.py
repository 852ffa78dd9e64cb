"""Our gradient estimators."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

from prufrock import Contract, Subject

from ..variational.baseline import baseline
from ..variational.control_estimated import control_estimated
from ..variational.control_variates import control_variate
from ..variational.pathwise_cholesky import pathwise_cholesky
from ..variational.rao_blackwell import rao_blackwell
from ..variational.rao_blackwell_normal import rao_blackwell_normal
from ..variational.reparameterization import pathwise_normal
from ..variational.score_bernoulli import score_bernoulli
from ..variational.score_categorical import score_categorical
from ..variational.score_function import score_normal
from ..variational.score_line import score_line
from .own import reference

SCALES = ("sigma", "log-sigma", "variance")


def _spelt(
    contract: Contract, module: str, call: Any, convention: str, answers: tuple[str, ...], **declared: Any
) -> tuple[Subject, ...]:
    """The subject once an answer to a convention that is an argument of ours: plain first, then reference[answer]."""
    made: list[Subject] = []
    also = declared.pop("conventions", {})
    for answer in answers:

        def run(own: Any, *arguments: Any, answer: str = answer) -> Any:
            return call(own, answer, *arguments)

        plain = reference(contract, module, run, conventions={**also, convention: answer}, **declared)
        if answer != answers[0]:
            plain = tuple(replace(s, name=f"reference[{answer}]") for s in plain[:1])
        made += plain
    return tuple(made)


def _score_normal(own: Any, scale: str, f: Any, mu: Any, sigma: Any, z: Any, partial: Any = None) -> Any:
    return own.normal(f, mu, sigma, z, scale, partial)


def _score_bernoulli(own: Any, wrt: str, f: Any, logits: Any, z: Any) -> Any:
    return own.bernoulli(f, logits, z, wrt)


def _score_categorical(own: Any, wrt: str, f: Any, logits: Any, z: Any) -> Any:
    return own.categorical(f, logits, z, wrt)


def _pathwise_normal(own: Any, scale: str, df: Any, mu: Any, sigma: Any, eps: Any) -> Any:
    return tuple(own.normal(df, mu, sigma, eps, scale))


def _control_estimated(own: Any, source: str, W: Any, U: Any, EU: float) -> Any:
    return own.control_variate(W, U, EU, source=source).phi


def _baseline(own: Any, source: str, W: Any, score: Any) -> Any:
    return own.baseline(W, score, source)


def _pairs(factors: Any) -> list[Any]:
    return [(c.scope, c.f) for c in factors]


def _rao_blackwell(method: str, entropy: bool) -> Any:
    return lambda own, factors, logits, z: own.discrete(_pairs(factors), logits, z, method, entropy)


def _rao_blackwell_normal(own: Any, scale: str, factors: Any, mu: Any, sigma: Any, z: Any) -> Any:
    return own.normal(_pairs(factors), mu, sigma, z, scale)


FOUR = tuple(product(("blanket", "summed"), (False, True)))
GRAPHS = "variational.rao_blackwell"
CONTROLS = "variational.control_variates"
SOURCES = ("leave-one-out", "same-sample")
PATHS = "variational.reparameterization"
SCORES = "variational.score_function"

SUBJECTS = (
    *_spelt(
        score_normal,
        SCORES,
        _score_normal,
        "scale",
        SCALES,
        conventions={"moving_integrand": "yes"},
    ),
    *_spelt(score_bernoulli, SCORES, _score_bernoulli, "wrt", ("logits", "probs")),
    *_spelt(score_categorical, SCORES, _score_categorical, "wrt", ("logits", "probs", "weights")),
    *reference(score_line, SCORES, lambda own, *x: own.line(*x)),
    *_spelt(
        pathwise_normal,
        PATHS,
        _pathwise_normal,
        "scale",
        SCALES,
        conventions={"path": "mu + sigma eps"},
        outputs=("G", "z"),
    ),
    *reference(
        pathwise_cholesky,
        PATHS,
        lambda own, *x: tuple(own.cholesky(*x)),
        ("G", "G_mu", "z"),
        {"triangle": "lower", "path": "mu + L eps"},
    ),
    *reference(control_variate, CONTROLS, lambda own, *x: own.control_variate(*x).phi),
    *_spelt(control_estimated, CONTROLS, _control_estimated, "source", SOURCES),
    *_spelt(baseline, CONTROLS, _baseline, "source", SOURCES),
    *(
        replace(one, name=one.name if at == 0 else f"reference[{method}{', entropy' if entropy else ''}]")
        for at, (method, entropy) in enumerate(FOUR)
        for one in reference(
            rao_blackwell,
            GRAPHS,
            _rao_blackwell(method, entropy),
            conventions={"method": method, "entropy": "yes" if entropy else "no"},
        )[: 3 if at == 0 else 1]
    ),
    *_spelt(rao_blackwell_normal, GRAPHS, _rao_blackwell_normal, "scale", SCALES),
)
