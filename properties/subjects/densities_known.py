"""Violations on record of torch's, pyro's and NumPyro's distributions, family by family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from prufrock import Known

from .lax_variational import SCOPE

D = "import torch; from torch import distributions as D\n"
N = "import jax; jax.config.update('jax_enable_x64', True)\nimport numpyro.distributions as D; from jax import numpy as np\n"
HYGIENE = ("inputs-unchanged", "same-call-twice", "memory-layout", "dtype-kept")


class Record(NamedTuple):
    """What is wrong with a family in one library: the laws that it breaks, a case that shows it, and lines that do."""

    laws: tuple[str, ...]
    reason: str
    params: tuple[float, ...]
    x: tuple[float, ...]
    q: tuple[float, ...] = (0.25,)
    lines: str = ""
    dtypes: tuple[str, ...] = ("float64", "float32")


def _betaln(params: tuple[float, ...], x: tuple[float, ...], made: str, at: float, want: float, *more: str) -> Record:
    return Record(
        ("closed-form", "total-mass", *more),
        "log_prob is off by 1e-7 in double precision: JAX's betaln is, from arguments of 8 on",
        params,
        x,
        lines=N + f"assert abs(D.{made}.log_prob({at}) - ({want})) > 1e-8  # SciPy, and lgamma",
        dtypes=("float64",),
    )


RECORDS: dict[tuple[str, str], tuple[Record, ...]] = {
    ("torch", "gumbel.cdf"): (
        Record(
            ("closed-form", "total-mass", "far-tails", "distribution-function", "inverse", *HYGIENE),
            "cdf raises where it rounds to 0 or 1: the support of the uniform beneath is checked, and is open",
            (0.25, 2.0),
            (-13.25,),
            lines=D + "D.Gumbel(torch.tensor(0.25), torch.tensor(2.0)).cdf(torch.tensor(-13.25))  # ValueError, want 0",
        ),
    ),
    ("torch", "student-t"): (
        Record(
            ("many-degrees-of-freedom",),
            "log_prob subtracts two log-gammas and loses all digits for many degrees of freedom",
            (3.0, 0.25, 2.0),
            (0.25,),
            lines=D
            + "one = torch.tensor([2.0**50, 0.0, 1.0], dtype=torch.float64)\n"
            + "assert abs(D.StudentT(*one).log_prob(one[1]) + 0.919) > 0.1  # log N(0; 0, 1) = -0.919",
        ),
    ),
    ("torch", "kumaraswamy"): (
        Record(
            ("at-the-ends",),
            "log_prob is NaN at 0 and at 1, which are in its support",
            (1.0, 1.0),
            (0.5, 0.0, 1.0),
            lines=D + "one = torch.tensor(1.0)\nassert D.Kumaraswamy(one, one).log_prob(torch.tensor(0.0)).isnan()  # uniform: 0",
        ),
    ),
    ("torch", "continuous-bernoulli"): (
        Record(
            ("distribution-function", "inverse"),
            "cdf takes parameters within 1e-3 of 1/2 for 1/2, at an error of 5e-4, where log_prob does not",
            (0.4990234375,),
            (0.5,),
            (0.59375,),
            lines=D
            + "p = D.ContinuousBernoulli(torch.tensor(0.499023, dtype=torch.float64))\n"
            + "assert p.cdf(torch.tensor(0.5, dtype=torch.float64)) == 0.5  # want 0.500488",
        ),
        Record(
            ("mean-and-variance",),
            "the variance loses half its digits near p = 1/2 in single precision",
            (0.5078125,),
            (0.5,),
            lines=D + "assert D.ContinuousBernoulli(torch.tensor(0.5078125)).variance < 0.0825  # want 0.083329",
            dtypes=("float32",),
        ),
    ),
    ("torch", "von-mises"): (
        Record(
            ("closed-form", "total-mass"),
            "the Bessel function under log_prob is a polynomial of single precision in double precision, too",
            (0.25, 2.0),
            (0.0,),
            lines=D
            + "from scipy.special import i0\nm, k = torch.tensor([0.25, 2.0], dtype=torch.float64)\n"
            + "want = 2 * torch.cos(m) - torch.log(2 * torch.pi * torch.tensor(i0(2.0)))\n"
            + "assert abs(D.VonMises(m, k).log_prob(0 * m) - want) > 1e-9",
            dtypes=("float64",),
        ),
    ),
    ("torch", "inverse-gamma"): (
        Record(
            ("total-mass",),
            "log_prob is infinite below 1e-23 in single precision, where the derivative of 1/x overflows",
            (2.5, 3.0),
            (1.0,),
            lines=D
            + "one = D.InverseGamma(torch.tensor(2.5), torch.tensor(3.0))\n"
            + "assert one.log_prob(torch.tensor(1e-25)) > 0  # inf, want -3e25",
            dtypes=("float32",),
        ),
    ),
    ("torch", "fisher-snedecor"): (
        Record(
            ("mean-and-variance",),
            "the mean is NaN for df2 <= 2, and the variance for df2 <= 4, where they are infinite",
            (8.0, 2.0),
            (1.0,),
            lines=D + "assert D.FisherSnedecor(torch.tensor(8.0), torch.tensor(2.0)).mean.isnan()  # want inf",
        ),
    ),
    ("torch", "generalized-pareto"): (
        Record(
            (
                "closed-form", "total-mass", "far-tails", "at-the-ends", "distribution-function", "inverse",
                "mean-and-variance", "entropy", *HYGIENE,
            ),
            "raises for parameters in double precision unless that is torch's default dtype",
            (0.5, 2.0, 0.25),
            (1.0,),
            lines=D
            + "one = torch.tensor([0.5, 2.0, 0.25], dtype=torch.float64)\n"
            + "D.GeneralizedPareto(*one).log_prob(2 * one[0])  # RuntimeError",
            dtypes=("float64",),
        ),
        Record(
            ("mean-and-variance",),
            "the mean is NaN for a shape of 1 or more, and the variance from 1/2 on, where they are infinite",
            (-1.0, 4.0, 0.75),
            (1.0,),
            lines=D + "one = torch.tensor([0.0, 1.0, 1.0])\nassert D.GeneralizedPareto(*one).mean.isnan()  # want inf",
            dtypes=("float32",),
        ),
    ),
    ("numpyro", "student-t"): (
        Record(
            ("inverse",),
            "icdf is wrong at 1/4 and 3/4 alone: the inverse incomplete beta function is, at 1/2",
            (3.0, 0.25, 2.0),
            (0.25,),
            lines=N
            + "q = np.array([0.25, 0.2500001])\nt = D.StudentT(3.0, 0.0, 1.0).icdf(q)\n"
            + "assert abs(t[0] - t[1]) > 0.1  # want -0.7649, as next to it",
        ),
        Record(
            ("many-degrees-of-freedom",),
            "log_prob subtracts two log-gammas and loses all digits for many degrees of freedom",
            (3.0, 0.25, 2.0),
            (0.25,),
            lines=N + "assert abs(D.StudentT(2.0**50, 0.0, 1.0).log_prob(0.0) + 0.919) > 0.5  # log N(0; 0, 1) = -0.919",
        ),
        Record(
            ("entropy",),
            "the entropy is off by 5e-8 in double precision: JAX's betaln is, from arguments of 8 on",
            (30.0, 0.0, 4.0),
            (1.0,),
            lines=N + "assert abs(D.StudentT(30.0, 0.0, 1.0).entropy() - 1.4525433298) > 1e-8  # SciPy, and quadrature",
            dtypes=("float64",),
        ),
    ),
    ("numpyro", "beta"): (
        Record(
            ("inverse",),
            "icdf is wrong at 1/2 alone: the inverse incomplete beta function is",
            (2.0, 3.0),
            (0.5,),
            (0.5,),
            lines=N
            + "beta = D.Beta(2.0, 3.0)\nassert abs(beta.cdf(beta.icdf(np.array(0.5))) - 0.5) > 5e-3\n"
            + "assert abs(beta.cdf(beta.icdf(np.array(0.5000001))) - 0.5) < 1e-5",
        ),
        Record(
            ("entropy",),
            "the entropy is off by 4e-7 in double precision: JAX's betaln is, from arguments of 8 on",
            (12.0, 2.5),
            (0.5,),
            lines=N + "assert abs(D.Beta(12.0, 2.5).entropy() + 1.00891699918) > 1e-7  # SciPy, and quadrature",
            dtypes=("float64",),
        ),
    ),
    ("numpyro", "negative-binomial"): (
        _betaln((8.0, 0.5), (26.0, 29.0), "NegativeBinomialProbs(8.0, 0.5)", 26.0, -8.2994002435, "far-tails"),
    ),
    ("numpyro", "beta-binomial"): (_betaln((9.0, 0.25, 4.0), (9.0,), "BetaBinomial(0.25, 4.0, 9)", 9, -8.65136092),),
    ("numpyro", "gamma-poisson"): (
        _betaln((2.5, 0.5), (10.0,), "GammaPoisson(2.5, 0.5)", 10.0, -3.4559297343639, "far-tails"),
    ),
}  # fmt: skip


def known(library: str, family: str, dtype: str, part: str = "") -> tuple[Known, ...]:
    """The records of one family in one dtype; `part` is "cdf" for a subject that has the distribution function alone."""
    found = RECORDS.get((library, f"{family}.{part}" if part else family), ())
    return tuple(
        Known(
            law,
            record.reason,
            witness=witness(family, record.params, record.x, record.q),
            scope=SCOPE[library],
            lines=record.lines,
        )
        for record in found
        if dtype in record.dtypes
        for law in record.laws
    )


def witness(
    family: str, params: tuple[float, ...], x: tuple[float, ...], q: tuple[float, ...] = (0.25,)
) -> Callable[[], Any]:
    def case() -> Any:
        from ..cases.densities import Density

        return Density(family, np.array(params), np.array(x), np.array(q))

    return case
