"""Kullback-Leibler divergences, from every family to every other that libraries know. One contract a family of p.

    KL(p ‖ q) = E_p [log p(X) − log q(X)] ≥ 0,  = 0 only for p = q;   = ∞ where p goes and q cannot

The truth is a quadrature of densities that are written out (`oracles.divergences`); no closed form of a divergence is used. It is
infinite outside q's support, on counts to which q gives no mass, and for tails of p too heavy for −log q: E_p X² under a normal
q, E_p |X| under an exponential tail. 0 log 0 = 0: what p leaves out costs nothing.

Symbols: params θ of p and other_params of q, in the order of their densities' contracts; other the name of q's family.
Source: Cover & Thomas 2006, §2.3, §8.5, Thm 2.6.3 (Gibbs).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from prufrock import Contract, Gap, Judged, Law, at_most, gap, inconclusive, law
from prufrock.tolerance import summation

from ..cases.parameters import COUNTS, OTHERS
from ..hygiene import cross_cutting
from ..oracles.divergences import divergence
from ..oracles.families import INF

if TYPE_CHECKING:
    from ..cases.divergences import Pair

SOURCE = "Cover & Thomas 2006, §2.3, §8.5"
OVERFLOW = 1e30
STEPS = 32  # a closed form through log-gammas, digammas and powers of each parameter


def contract(name: str) -> Contract:
    return Contract(
        id=f"variational.kl.{name}",
        says=f"the Kullback-Leibler divergence of a {name} distribution from another",
        arguments={"params": "K", "other": "", "other_params": "L"},
        outputs={"kl": ""},
        domain=f"q one of {', '.join(OTHERS[name])}; all parameters in their own domains",
        cases=f"..cases.divergences:usual({name})",
        conventions={"ends": ("limit",)},
        source=SOURCE,
        home=__package__ or "",
    )


def given(case: Pair) -> tuple[Any, ...]:
    return case.params, case.other, case.other_params


def truth(case: Pair) -> tuple[float, float]:
    return divergence(case.family, case.params, case.other, case.other_params)


def rounding(case: Pair, u: float) -> float:
    """T1 for the closed form, and the rule's own error."""
    _, size = truth(case)
    return float(summation(STEPS, size, u)) + 1e-10 * size


def compared(kl: Judged, case: Pair) -> Gap:
    """The divergence against its quadrature; infinite ones must be infinite."""
    want, size = truth(case)
    if size > OVERFLOW:
        return inconclusive("the divergence is beyond what single precision holds")
    return gap(kl(*given(case)), want, allow=rounding(case, kl.u) if want < INF else 0.0, effect=size)


def laws(name: str) -> tuple[Contract, tuple[Law, ...]]:
    made = contract(name)

    def expected_log_ratio(kl: Judged, case: Pair) -> Gap:
        """KL(p ‖ q) = E_p [log p − log q], or ∞."""
        return compared(kl, case)

    def at_the_ends(kl: Judged, case: Pair) -> Gap:
        """KL(p ‖ q) where an outcome is certain under p or q: 0 log 0 = 0, and ∞ for what q thinks impossible."""
        return compared(kl, case)

    def zero_from_itself(kl: Judged, case: Pair) -> Gap:
        """KL(p ‖ p) = 0."""
        same = type(case)(case.family, case.params, case.family, case.params)
        return gap(kl(*given(same)), 0.0, allow=rounding(same, kl.u), effect=truth(same)[1])

    def gibbs(kl: Judged, case: Pair) -> Gap:
        """KL(p ‖ q) ≥ 0."""
        size = truth(case)[1]
        return at_most(-kl(*given(case)), 0.0, allow=rounding(case, kl.u), effect=size)

    reversible = OTHERS[name][0] == name
    own = f"..cases.divergences:itself({name})" if reversible else None
    kills = ("reversed", "cross-entropy", "half") if len(OTHERS[name]) > 1 else ("cross-entropy", "half")
    made_laws = [
        _law(
            made,
            expected_log_ratio,
            "it is the mean log-ratio under p, infinite where that is",
            "oracle",
            kills,
            complete=True,
        ),
        _law(made, gibbs, "it is never negative", "inequality", ("negated", "less-one")),
    ]
    if reversible:
        says = "nothing diverges from itself"
        made_laws.append(_law(made, zero_from_itself, says, "limit", ("cross-entropy", "less-one"), cases=own))
    if name in COUNTS or name == "categorical":
        says = "certain outcomes cost nothing, impossible ones everything"
        kills = ("nan-for-zero", "floors-probabilities")
        when = {"ends": ("limit",)}
        made_laws.append(
            _law(made, at_the_ends, says, "limit", kills, cases=f"..cases.divergences:ends({name})", when=when)
        )
    everywhere = cross_cutting(made, allow=lambda case, u: 2 * rounding(case, u), layouts=LAYOUTS)
    # One parameter is in order already: what changes its argument is shown by a sign.
    return made, (*made_laws, replace(everywhere[0], kills=("writes-into-input", "negates-in-place")), *everywhere[1:])


LAYOUTS = ("counts-calls", "forgets-second-call")


def _law(
    made: Contract,
    run: Any,
    says: str,
    kind: Any,
    kills: tuple[str, ...],
    *,
    cases: Any = None,
    when: Any = None,
    complete: bool = False,
) -> Law:
    return law(
        made,
        says=says,
        source=SOURCE,
        kind=kind,
        rule="T1",
        level="convention" if when else "mathematical",
        when=when,
        kills=kills,
        cases=cases,
        complete=complete,
        effort=2.0 if complete else 0.5,
        name=run.__name__.replace("_", "-"),
    )(run)


MADE = {name: laws(name) for name in OTHERS}
CONTRACTS = tuple(made for made, _ in MADE.values())
LAWS = tuple(one for _, found in MADE.values() for one in found)
