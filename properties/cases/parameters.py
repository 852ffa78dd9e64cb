"""Which parameters a family of distributions is looked at with, and which others it is compared with: plain lists, to be
read without drawing anything."""

from __future__ import annotations

USUAL: dict[str, tuple[tuple[float, ...], ...]] = {
    "normal": ((0.25, 2.0), (-3.0, 0.125), (0.0, 16.0)),
    "laplace": ((0.25, 2.0), (-3.0, 0.125), (0.0, 16.0)),
    "cauchy": ((0.25, 2.0), (-3.0, 0.125)),
    "gumbel": ((0.25, 2.0), (-3.0, 0.25)),
    "logistic": ((0.25, 2.0), (-3.0, 0.125)),
    "student-t": (
        (3.0, 0.25, 2.0),
        (0.5, -1.0, 0.5),
        (30.0, 0.0, 4.0),
        (1.0, 0.0, 2.0),
        (1.5, 2.0, 0.25),
        (2.0, 0.5, 1.0),
    ),
    "uniform": ((0.0, 1.0), (-1.5, 3.0), (2.0, 2.25)),
    "beta": ((2.0, 3.0), (0.5, 0.25), (1.0, 3.0), (12.0, 2.5), (1.0, 1.0), (0.75, 4.0)),
    "kumaraswamy": ((2.0, 3.0), (0.5, 0.75), (1.0, 3.0), (3.0, 1.0), (1.0, 1.0)),
    "continuous-bernoulli": ((0.25,), (0.5,), (0.875,), (0.4990234375,), (0.5078125,), (0.0625,)),
    "von-mises": ((0.25, 2.0), (-1.0, 0.125), (0.0, 8.0), (0.5, 3.75), (2.0, 50.0)),
    "log-normal": ((0.25, 0.5), (-1.0, 2.0)),
    "half-normal": ((2.0,), (0.125,)),
    "half-cauchy": ((2.0,), (0.125,)),
    "exponential": ((2.0,), (0.125,), (1.0,)),
    "gamma": ((2.0, 3.0), (0.5, 0.25), (1.0, 2.0), (20.0, 4.0), (0.25, 2.0)),
    "inverse-gamma": ((2.5, 3.0), (0.75, 2.0), (8.0, 0.5), (1.5, 1.0)),
    "chi2": ((3.0,), (1.0,), (2.0,), (10.0,)),
    "weibull": ((2.0, 3.0), (0.5, 0.75), (4.0, 1.0)),
    "pareto": ((2.0, 3.5), (0.5, 1.5), (4.0, 0.75), (1.0, 2.5)),
    "fisher-snedecor": ((3.0, 5.0), (1.0, 9.0), (8.0, 2.0), (2.0, 3.0), (2.0, 12.0)),
    "generalized-pareto": ((0.5, 2.0, 0.25), (0.0, 0.5, 0.0), (-1.0, 4.0, 0.75), (1.0, 1.0, 1.5)),
    "bernoulli": ((0.25,), (0.875,), (0.5,)),
    "geometric": ((0.25,), (0.875,), (0.5,)),
    "binomial": ((5.0, 0.25), (3.0, 0.875), (1.0, 0.5), (20.0, 0.125)),
    "negative-binomial": ((3.0, 0.25), (0.5, 0.75), (8.0, 0.5)),
    "poisson": ((2.5,), (0.125,), (20.0,)),
    "categorical": ((0.25, 0.5, 0.25), (0.125, 0.875), (0.5, 0.125, 0.25, 0.125)),
    "beta-binomial": ((5.0, 2.0, 0.5), (3.0, 1.0, 1.0), (9.0, 0.25, 4.0)),
    "gamma-poisson": ((2.5, 0.5), (0.5, 4.0), (8.0, 1.0)),
}

# Parameters at an end of their range, where one outcome is certain or the density has a finite limit at an end.
ENDS: dict[str, tuple[tuple[float, ...], ...]] = {
    "beta": ((1.0, 1.0), (1.0, 3.0), (2.0, 1.0), (0.5, 0.5)),
    "kumaraswamy": ((1.0, 1.0), (1.0, 3.0), (2.0, 1.0)),
    "gamma": ((1.0, 2.0), (0.5, 1.0), (3.0, 1.0)),
    "chi2": ((2.0,), (1.0,), (4.0,)),
    "weibull": ((2.0, 1.0), (0.5, 2.0), (1.0, 0.5)),
    "fisher-snedecor": ((2.0, 5.0), (1.0, 3.0), (4.0, 3.0)),
    "bernoulli": ((0.0,), (1.0,)),
    "geometric": ((1.0,),),
    "binomial": ((3.0, 0.0), (3.0, 1.0), (0.0, 0.25), (1.0, 1.0)),
    "negative-binomial": ((3.0, 0.0), (0.0, 0.5)),
    "poisson": ((0.0,),),
    "categorical": ((0.5, 0.0, 0.5), (1.0, 0.0), (0.0, 0.25, 0.75)),
}

# Of supports without an end: the powers of two between which "far out" lies, in lengths. There the density itself is no
# number any more, or, where it falls like a power, 1e-18 and less.
LIGHT, HEAVY = (7, 14), (36, 60)
FAR: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("normal", "laplace", "gumbel", "logistic", "half-normal", "exponential", "gamma"), LIGHT),
    **dict.fromkeys(("chi2", "weibull", "geometric", "negative-binomial", "poisson", "gamma-poisson"), LIGHT),
    **dict.fromkeys(("cauchy", "student-t", "log-normal", "half-cauchy", "inverse-gamma"), HEAVY),
    **dict.fromkeys(("pareto", "fisher-snedecor", "generalized-pareto"), HEAVY),
}

CONTINUOUS = (
    "normal", "laplace", "gumbel", "exponential", "gamma", "pareto", "uniform", "beta", "continuous-bernoulli",
)  # fmt: skip
COUNTS = ("bernoulli", "binomial", "poisson", "geometric")
# The families that a p is compared with; its own comes first.
OTHERS = {
    **{name: (name, *(other for other in CONTINUOUS if other != name)) for name in CONTINUOUS},
    **{name: (name, *(other for other in COUNTS if other != name)) for name in COUNTS},
    "half-normal": ("half-normal",),
    "cauchy": ("cauchy",),
    "categorical": ("categorical",),
    "weibull": ("gamma",),
    "kumaraswamy": ("beta",),
}
