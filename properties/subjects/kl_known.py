"""Violations on record of the divergences of torch and NumPyro, by family of p."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from prufrock import Known

from .lax_variational import SCOPE

D = "import torch; from torch import distributions as D; one = torch.tensor(1.0)\n"


class Record(NamedTuple):
    law: str
    reason: str
    params: tuple[float, ...]
    other: str
    other_params: tuple[float, ...]
    lines: str
    dtypes: tuple[str, ...] = ("float64", "float32")


N = "import jax; jax.config.update('jax_enable_x64', True); import numpyro.distributions as D\n"
RECORDS: dict[tuple[str, str], tuple[Record, ...]] = {
    ("torch", "uniform"): (
        Record(
            "expected-log-ratio",
            "infinite from the uniform on [0, 1] to a continuous Bernoulli, whose support that is",
            (0.0, 1.0),
            "continuous-bernoulli",
            (0.25,),
            D
            + "assert D.kl_divergence(D.Uniform(0 * one, one), D.ContinuousBernoulli(one / 4)).isinf()  # want 0.0498",
        ),
    ),
    ("torch", "continuous-bernoulli"): (
        Record(
            "expected-log-ratio",
            "infinite from a continuous Bernoulli to a uniform whose support ends where its own does",
            (0.25,),
            "uniform",
            (0.0, 1.0),
            D + "assert D.kl_divergence(D.ContinuousBernoulli(one / 2), D.Uniform(0 * one, one)).isinf()  # want 0",
        ),
    ),
    ("torch", "bernoulli"): (
        Record(
            "at-the-ends",
            "NaN from a Bernoulli to a Poisson that are both certain to be 0",
            (0.0,),
            "poisson",
            (0.0,),
            D + "assert D.kl_divergence(D.Bernoulli(0 * one), D.Poisson(0 * one)).isnan()  # want 0",
        ),
    ),
    ("torch", "binomial"): (
        Record(
            "at-the-ends",
            "minus infinity from a binomial that is certain to succeed: log(1 - p) enters without its zero",
            (3.0, 1.0),
            "binomial",
            (3.0, 0.25),
            D + "assert D.kl_divergence(D.Binomial(3, one), D.Binomial(3, one / 4)) < 0  # want 3 log 4",
        ),
    ),
    ("torch", "poisson"): (
        Record(
            "at-the-ends",
            "NaN from a Poisson of rate 0, and infinite from it to a Bernoulli or binomial",
            (0.0,),
            "poisson",
            (2.5,),
            D + "assert D.kl_divergence(D.Poisson(0 * one), D.Poisson(one)).isnan()  # want 1",
        ),
    ),
    ("torch", "geometric"): (
        Record(
            "at-the-ends",
            "infinite from a geometric that is certain to be 0 to itself",
            (1.0,),
            "geometric",
            (1.0,),
            D + "assert D.kl_divergence(D.Geometric(one), D.Geometric(one)).isinf()  # want 0",
        ),
    ),
    ("numpyro", "beta"): (
        Record(
            "expected-log-ratio",
            "off by 4e-7 in double precision: JAX's betaln is, from arguments of 8 on",
            (2.0, 3.0),
            "beta",
            (12.0, 2.5),
            N + "found = D.kl_divergence(D.Beta(2.0, 3.0), D.Beta(12.0, 2.5))\n"
            "assert abs(found - 6.950798191112) > 1e-7  # quadrature, and torch",
            ("float64",),
        ),
    ),
    ("numpyro", "kumaraswamy"): (
        Record(
            "expected-log-ratio",
            "ten terms of a series that converges slowly (KL_KUMARASWAMY_BETA_TAYLOR_ORDER): a third of it is missing",
            (2.0, 3.0),
            "beta",
            (2.0, 3.0),
            N + "found = D.kl_divergence(D.Kumaraswamy(2.0, 3.0), D.Beta(2.0, 3.0))\n"
            "assert found < 0.03  # want 0.0402, as with ten thousand terms",
        ),
        Record(
            "gibbs",
            "negative between two that are one: ten terms of a series (KL_KUMARASWAMY_BETA_TAYLOR_ORDER)",
            (1.0, 3.0),
            "beta",
            (1.0, 3.0),
            N + "assert D.kl_divergence(D.Kumaraswamy(1.0, 3.0), D.Beta(1.0, 3.0)) < -1e-3  # want 0",
        ),
    ),
}


def known(library: str, family: str, dtype: str) -> tuple[Known, ...]:
    """The records of one family in one dtype."""
    return tuple(
        Known(record.law, record.reason, witness=_witness(family, record), scope=SCOPE[library], lines=record.lines)
        for record in RECORDS.get((library, family), ())
        if dtype in record.dtypes
    )


def _witness(family: str, record: Record) -> Callable[[], Any]:
    def case() -> Any:
        from ..cases.divergences import Pair

        return Pair(family, np.array(record.params), record.other, np.array(record.other_params))

    return case
