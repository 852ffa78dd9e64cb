"""Laws of a distribution, whichever family it is of: one contract a family, made from the same few sentences.

Symbols: θ the parameters in the order of the contract, x[N] points of the support, q[M] levels; p, F, F⁻¹ density (or mass),
distribution function and quantile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, Law, all_of, at_most, gap, holds_if, law
from prufrock.call import SubjectRaised
from prufrock.tolerance import summation

from ..cases.parameters import ENDS, FAR, LIGHT, USUAL
from ..hygiene import cross_cutting, refusals
from ..oracles.families import INF, Family, registry

if TYPE_CHECKING:
    from ..cases.densities import Density

Array = NDArray[np.float64]
FLAT = ("uniform", "bernoulli")  # a density that is nearly the same everywhere shows no order of its arguments
STEPS = 8  # roundings of a textbook formula, beyond those that its size already counts


def contract(name: str, family: Family, source: str) -> Contract:
    return Contract(
        id=f"variational.density.{name}",
        says=f"the {name} distribution: log-density, distribution function, quantiles, moments, entropy",
        arguments={parameter: "K" if parameter == "probs" else "" for parameter in family.parameters}
        | {"x": "N", "q": "M"},
        outputs={"log_p": "N", "cdf": "N", "quantile": "M", "mean": "", "variance": "", "entropy": ""},
        domain=f"parameters {', '.join(family.parameters)}; x in the support, q strictly between 0 and 1",
        cases=f"..cases.densities:usual({name})",
        conventions={"ends": ("limit", "open", "clamped")},
        source=source,
        home=__package__ or "",
    )


def arguments(case: Density, x: Any = None) -> tuple[Any, ...]:
    names = registry()[case.family].parameters
    return (*(getattr(case, name) for name in names), case.x if x is None else x, case.q)


def rounding(family: Family, case: Density, x: Array, u: float) -> Array:
    """T1 at each point."""
    return np.asarray(summation(STEPS, family.size(case.params, x), u))


def laws(name: str, source: str) -> tuple[Contract, tuple[Law, ...]]:
    """The contract of a family, and all laws that speak of it."""
    family = registry()[name]
    made = contract(name, family, source)
    return made, (
        *_density(made, name, family, source),
        *_function(made, family, source),
        *_expectations(made, family, source),
        *cross_cutting(
            made,
            allow=lambda case, u: 2 * float(rounding(family, case, case.x, u).max()),
            layouts=("counts-calls" if name in FLAT else "ignores-strides", "forgets-second-call"),
        ),
        *refusals(made, {"nan-point": lambda case: arguments(case, np.full_like(case.x, np.nan))}),
    )


def _density(made: Contract, name: str, family: Family, source: str) -> tuple[Law, ...]:
    def told(subject: Judged, case: Density) -> Gap:
        want = family.log_p(case.params, case.x)
        size = float(family.size(case.params, case.x).max())
        return gap(subject(*arguments(case)), want, allow=rounding(family, case, case.x, subject.u), effect=size)

    def closed_form(subject: Judged, case: Density) -> Gap:
        """log p(x) = the textbook's formula, in float64."""
        return told(subject, case)

    def far_tails(subject: Judged, case: Density) -> Gap:
        """log p(x) = the textbook's formula, where p(x) itself may be no number any more: 2⁷ to 2¹⁴ lengths out, and to 2⁶⁰
        in tails that fall like powers."""
        return told(subject, case)

    def total_mass(subject: Judged, case: Density) -> Gap:
        """∫ p = 1 (Σ p = 1), by the double exponential rule at nodes rounded to the subject's dtype."""
        rule = family.rule(case.params)
        x = rule.x.astype(subject.dtype).astype(np.float64)
        low, high = family.support(*case.params)
        kept = (x > low) & (x < high) | (family.kind in ("counts", "circle"))
        x, w = x[kept], rule.w[kept]
        # Far out and near 0 a float of 32 bits is no number any more; hardly any mass is there, and what is counts as allowed.
        kept = (np.abs(x) < 1e30) & ((np.abs(x) > 1e-30) | (family.kind in ("counts", "circle")))
        x, w = x[kept], w[kept]
        with np.errstate(all="ignore"):
            mass = w * np.exp(family.log_p(case.params, x))
            got = float(np.nansum(w * np.exp(subject(*arguments(case, x)))))
        allow = float((mass * rounding(family, case, x, subject.u)).sum()) + 2.0 * abs(float(mass.sum()) - 1.0) + 1e-14
        return gap(got, 1.0, allow=allow)

    def at_the_ends(subject: Judged, case: Density) -> Gap:
        """log p at an end of the support, or for parameters at an end of theirs, is the limit: ±∞ or finite."""
        return told(subject, case)

    def outside(subject: Judged, case: Density) -> Gap:
        """p(x) = 0 outside the support: log p = −∞, NaN or an error, never a number."""
        low, high = family.support(*case.params)
        beyond = [x for x in (low - 2.0, high + 2.0) if abs(x) < INF] + [low + 0.5] * (family.kind == "counts")
        try:
            got = subject.quietly(lambda: subject.raw(*_typed(subject, arguments(case, np.array(beyond)))))
        except SubjectRaised:
            return holds_if(True, "outside the support")
        log_p = np.asarray(got[0] if isinstance(got, tuple) else got, np.float64)
        with np.errstate(invalid="ignore"):
            return holds_if(not bool((log_p > -INF).any()), "outside the support", got=log_p, want=-INF)

    finite_end = family.kind != "circle" and any(abs(end) < INF for end in family.support(*USUAL[name][0]))
    found = [
        _law(made, closed_form, "the log-density is the textbook's", source, "oracle", WRONG, complete=True),
        _law(
            made,
            total_mass,
            "the density integrates to one",
            "derived",
            "identity",
            ("a-tenth-too-much", "density-itself"),
        ),
    ]
    if name in FAR:
        says = "the log-density is a number where the density is none"
        kills = ("floors-far-out", "nothing-far-out", *(("logarithm-of-the-density",) if FAR[name] == LIGHT else ()))
        found.append(_law(made, far_tails, says, source, "oracle", kills, cases="far"))
    when = {"ends": ("limit",)}
    if family.kind == "counts" and name in ENDS:
        says = "where one outcome is certain the others have probability zero"
        kills = ("floors-probabilities", "nan-for-zero")
        found.append(_law(made, at_the_ends, says, source, "limit", kills, cases="ends", when=when))
    elif finite_end and family.kind != "counts":
        says = "at an end of the support the density is its limit"
        kills = ("nan-at-the-ends", "a-tenth-too-much")
        found.append(_law(made, at_the_ends, says, source, "limit", kills, cases="ends", when=when))
    if finite_end or family.kind == "counts":
        says = "outside the support there is no density"
        kills = ("answers-outside", "answers-anything")
        found.append(_law(made, outside, says, source, "hygiene", kills, level="hygiene", rule="T0"))
    return tuple(found)


def _function(made: Contract, family: Family, source: str) -> tuple[Law, ...]:
    def distribution_function(subject: Judged, case: Density) -> Gap:
        """F(x) = ∫_{y ≤ x} p(y) dy, to a few roundings of one and of x where p is steep."""
        got = subject.full(*arguments(case)).cdf
        want = family.cdf(case.x, *case.params)
        return gap(got, want, allow=_levels(family, case, case.x, subject.u), effect=1.0)

    def inverse(subject: Judged, case: Density) -> Gap:
        """F(F⁻¹(q)) = q, 1/4, 1/2 and 3/4 among the levels."""
        x = np.asarray(subject.full(*arguments(case)).quantile, np.float64)
        if not np.isfinite(x).all():
            return holds_if(False, "a quantile", got=x, want="finite numbers")
        got = family.cdf(x, *case.params)
        return gap(got, case.q, allow=_levels(family, case, x, subject.u), effect=1.0)

    def generalized_inverse(subject: Judged, case: Density) -> Gap:
        """F⁻¹(q) = the least whole x with F(x) ≥ q."""
        x = np.asarray(subject.full(*arguments(case)).quantile, np.float64)
        low, _ = family.support(*case.params)
        if not (np.isfinite(x).all() and (x == np.round(x)).all() and (x >= low).all()):
            return holds_if(False, "a quantile", got=x, want="whole numbers of the support")
        allow = summation(STEPS, 8.0, subject.u)
        return all_of(
            at_most(case.q, family.cdf(x, *case.params), allow=allow, effect=1.0),
            at_most(family.cdf(x - 1.0, *case.params), case.q, allow=allow, effect=1.0),
        )

    if family.kind == "circle" or family.parameters == ("probs",):
        return ()
    says = "the distribution function is the integral of the density"
    quantile = generalized_inverse if family.kind == "counts" else inverse
    back = (
        "the least count that reaches the level"
        if family.kind == "counts"
        else "quantiles invert the distribution function"
    )
    return (
        _law(
            made, distribution_function, says, source, "oracle", ("survival-for-cdf", "density-for-cdf"), needs=("cdf",)
        ),
        _law(made, quantile, back, "derived", "identity", ("quartile-slip", "upper-quantile"), needs=("quantile",)),
    )


def _expectations(made: Contract, family: Family, source: str) -> tuple[Law, ...]:
    def mean_and_variance(subject: Judged, case: Density) -> Gap:
        """E X and E (X − E X)², by quadrature; ∞ where the integral is."""
        out = subject.full(*arguments(case))
        mean, variance = family.moments(case.params)
        center, length = family.place(*case.params)
        size, u = abs(center) + length + (abs(mean) if np.isfinite(mean) else 0.0), subject.u
        # The rule's own error is below 1e-12; moments by way of gamma functions lose a few more digits.
        allow = summation(32, size, u) + 1e-11 * size
        gaps = [] if np.isnan(mean) else [gap(out.mean, mean, allow=allow, effect=size)]
        if not np.isnan(variance):
            scale = size**2 if np.isfinite(variance) else 1.0
            slack = summation(32, scale, u) + 1e-11 * scale
            gaps.append(gap(out.variance, variance, allow=slack, effect=variance if np.isfinite(variance) else 1.0))
        return (
            all_of(*gaps) if gaps else holds_if(not np.isfinite(out.mean), "the mean", got=out.mean, want="undefined")
        )

    def entropy(subject: Judged, case: Density) -> Gap:
        """H = −E log p(X), by quadrature."""
        want = family.entropy(case.params)
        center, _ = family.place(*case.params)
        size = 1.0 + abs(want) + float(family.size(case.params, np.asarray([center])).max())
        got = subject.full(*arguments(case)).entropy
        return gap(got, want, allow=summation(16, size, subject.u) + 1e-11 * size, effect=size)

    if family.parameters == ("probs",) or family.kind == "circle":
        return (
            _law(
                made, entropy, ENTROPY, "derived", "oracle", ("negative-entropy", "entropy-of-one"), needs=("entropy",)
            ),
        )
    moments = "mean and variance are those of the density"
    heavy = family.order(*USUAL[made.id.rpartition(".")[2]][0]) <= 1.0
    kills = ("mean-of-zero", "mean-of-the-middle") if heavy else ("deviation-for-variance", "mean-off-by-a-tenth")
    return (
        _law(made, mean_and_variance, moments, "derived", "oracle", kills, needs=("mean", "variance")),
        _law(made, entropy, ENTROPY, "derived", "oracle", ("negative-entropy", "entropy-of-one"), needs=("entropy",)),
    )


ENTROPY = "the entropy is the mean of minus the log-density"
WRONG = ("density-itself", "a-tenth-too-much", "parameters-squared")


def _levels(family: Family, case: Density, x: Array, u: float) -> Array:
    """A few roundings of one, and of x and the parameters where the density is steep."""
    center, length = family.place(*case.params)
    with np.errstate(all="ignore"):
        steep = np.exp(family.log_p(case.params, x)) * (np.abs(x) + abs(center) + length)
    steep = np.where(np.isfinite(steep), np.minimum(steep, 1e6), 1e6)
    return np.asarray(summation(STEPS, 4.0 + (0.0 if family.kind == "counts" else steep), u))


def _typed(subject: Judged, values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(np.asarray(value, subject.dtype) for value in values)


def _law(
    made: Contract,
    run: Callable[[Judged, Any], Gap],
    says: str,
    source: str,
    kind: Any,
    kills: tuple[str, ...],
    *,
    needs: tuple[str, ...] = (),
    level: Any = "mathematical",
    rule: str = "T1",
    cases: str = "usual",
    when: Any = None,
    complete: bool = False,
) -> Law:
    family = made.id.rpartition(".")[2]
    return law(
        made,
        says=says,
        source=source,
        kind=kind,
        rule=rule,
        kills=kills,
        needs=needs,
        level="convention" if when else level,
        when=when,
        cases=None if cases == "usual" else f"..cases.densities:{cases}({family})",
        complete=complete,
        effort=0.5,
        name=run.__name__.replace("_", "-"),
    )(run)
