"""Prices of transport: feasible, and worth what the cheapest plan costs.

    f_i + g_j ≤ C_ij,      <f, a> + <g, b> = <P, C>,      P_ij > 0 only where f_i + g_j = C_ij

For a plan P and feasible prices the duality gap is Σ P_ij (C_ij − f_i − g_j), a sum of terms ≥ 0: it vanishes (strong
duality) where every term does (complementary slackness), and then both are optimal. The value is a maximum of functions
linear in (a, b), and the prices are the one that attains it, a subgradient. An empty atom has a price that nobody pays:
only who declares it is held to feasible prices there.

Symbols: a[m], b[n] masses of equal total M; cost C[m, n]; plan P[m, n]; prices f[m], g[n], up to f + t, g − t.
Source: Peyré and Cuturi 2019, (2.20) to (2.22) and Prop. 2.4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Gap, Judged, at_most, gap, law
from prufrock.tolerance import both

from ..oracles.lp import transport
from .kantorovich import kantorovich, price, settled, slack, stake

if TYPE_CHECKING:
    from ..cases.transport import Problem, Reweighed

Array = NDArray[np.float64]


def _prices(out: Any, problem: Problem) -> tuple[Array, Array, float]:
    """The prices, 0 on empty atoms, and the size of what was added up in them.

    A solver that starts from artificial ways prices them above all others, at 1 + max|C| or more (a big M), and the
    prices of the true ways are differences of sums over such ways: they round as numbers of that size. Where that
    drowns small costs is for `prices_of_small_costs` to say.
    """
    f, g = np.where(problem.a > 0, out.f, 0.0), np.where(problem.b > 0, out.g, 0.0)
    return f, g, float(max(np.abs(f).max(), np.abs(g).max(), 1.0 + np.abs(problem.cost).max()))


@law(
    kantorovich,
    says="prices never exceed the cost, between atoms that hold mass",
    source="Peyré and Cuturi 2019, (2.21)",
    kind="inequality",
    rule="T5",
    code="EMD-02",
    needs=("f", "g"),
    complete=True,
    kills=("negated-prices", "doubled-prices", "raised-prices"),
)
def dual_feasibility(solve: Judged, problem: Problem) -> Gap:
    """f_i + g_j ≤ C_ij where a_i, b_j > 0."""
    f, g, size = _prices(solve.full(problem.a, problem.b, problem.cost), problem)
    busy = np.ix_(problem.a > 0, problem.b > 0)
    allow = slack(solve, problem, size) / float(problem.a.sum())
    return at_most((f[:, None] + g)[busy], problem.cost[busy], allow=allow, effect=np.abs(problem.cost).max())


@law(
    kantorovich,
    says="prices never exceed the cost, empty atoms included",
    source="Peyré and Cuturi 2019, (2.21)",
    kind="inequality",
    rule="T5",
    level="convention",
    code="EMD-02",
    needs=("f", "g"),
    when={"duals_on_zero_atoms": ("yes",)},
    kills=("no-price-on-empty-atoms", "raised-prices"),
)
def dual_feasibility_on_empty_atoms(solve: Judged, problem: Problem) -> Gap:
    """f_i + g_j ≤ C_ij for all i and j."""
    out = solve.full(problem.a, problem.b, problem.cost)
    size = float(max(np.abs(out.f).max(), np.abs(out.g).max(), 1.0 + np.abs(problem.cost).max()))
    allow = slack(solve, problem, size) / float(problem.a.sum())
    return at_most(out.f[:, None] + out.g, problem.cost, allow=allow, effect=np.abs(problem.cost).max())


@law(
    kantorovich,
    says="what the plan costs is what the prices pay: each proves the other optimal",
    source="Peyré and Cuturi 2019, Prop. 2.4",
    kind="identity",
    rule="T5",
    code="EMD-03",
    needs=("f", "g"),
    complete=True,
    kills=("northwest", "negated-prices", "prices-over-largest-cost", "transposed-if-square"),
)
def strong_duality(solve: Judged, problem: Problem) -> Gap:
    """<P, C> = <f, a> + <g, b>."""
    out = solve.full(problem.a, problem.b, problem.cost)
    f, g, size = _prices(out, problem)
    spent, paid = float(np.vdot(out.plan, problem.cost)), float(f @ problem.a + g @ problem.b)
    found = gap(spent, paid, allow=slack(solve, problem, size), effect=stake(problem, spent))
    return settled(found, solve, problem)


@law(
    kantorovich,
    says="mass moves only where the price is the cost",
    source="Peyré and Cuturi 2019, (2.22)",
    kind="identity",
    rule="T5",
    code="EMD-04",
    needs=("f", "g"),
    kills=("northwest", "doubled-prices", "independent"),
)
def complementary_slackness(solve: Judged, problem: Problem) -> Gap:
    """P_ij (C_ij − f_i − g_j) = 0 where a_i, b_j > 0."""
    out = solve.full(problem.a, problem.b, problem.cost)
    f, g, size = _prices(out, problem)
    idle = (out.plan * (problem.cost - f[:, None] - g))[np.ix_(problem.a > 0, problem.b > 0)]
    effect = stake(problem, float(np.vdot(out.plan, problem.cost)))
    return gap(idle, 0.0, allow=slack(solve, problem, size), effect=effect)


@law(
    kantorovich,
    says="the prices pay what HiGHS finds the masses to be worth",
    source="Peyré and Cuturi 2019, (2.20)",
    kind="oracle",
    rule="T5",
    code="EMD-05",
    needs=("f", "g"),
    kills=("doubled-prices", "prices-over-largest-cost"),
)
def dual_value(solve: Judged, problem: Problem) -> Gap:
    """<f, a> + <g, b> = max over feasible prices."""
    f, g, size = _prices(solve.full(problem.a, problem.b, problem.cost), problem)
    best = transport(problem.a, problem.b, problem.cost)
    allow = slack(solve, problem, size) + best.width
    return gap(f @ problem.a + g @ problem.b, best.value, allow=allow, effect=stake(problem, best.value))


@law(
    kantorovich,
    says="for other masses, yesterday's prices pay no more than the new plan costs",
    source="derived ((f, g) is a subgradient of the value in (a, b))",
    kind="inequality",
    rule="T10",
    code="EMD-07",
    needs=("f", "g"),
    cases="..cases.transport:reweighed",
    kills=("raised-prices", "each-row-to-its-cheapest"),
)
def subgradient_in_masses(solve: Judged, problem: Reweighed) -> Gap:
    """<f, a'> + <g, b'> ≤ V(a', b'), (f, g) being the prices for positive a, b."""
    f, g, size = _prices(solve.full(problem.a, problem.b, problem.cost), problem)
    new = price(solve, problem.other_a, problem.other_b, problem.cost)
    allow = both(slack(solve, problem), slack(solve, problem, size))
    paid = float(f @ problem.other_a + g @ problem.other_b)
    return at_most(paid, new, allow=allow, effect=max(abs(new), float(np.abs(problem.cost).mean())))


@law(
    kantorovich,
    says="prices know no unit either",
    source="derived (the dual is homogeneous in C, and a power of two rounds nothing)",
    kind="metamorphic",
    rule="T10",
    code="EMD-08",
    needs=("f", "g"),
    kills=("priced-to-the-cent", "prices-over-largest-cost"),
)
def prices_of_small_costs(solve: Judged, problem: Problem) -> Gap:
    """Costs t C, t = 2⁻⁶⁰, have prices that pay t V(a, b, C)."""
    t, a, b = 2.0**-60, problem.a, problem.b
    tiny = replace(problem, cost=t * problem.cost)
    out = solve.full(a, b, tiny.cost)
    f, g = np.where(a > 0, out.f, 0.0) / t, np.where(b > 0, out.g, 0.0) / t
    want = price(solve, a, b, problem.cost)
    size = max(float(np.abs(f).max()), float(np.abs(g).max()))
    allow = both(slack(solve, problem), slack(solve, problem, size))
    return gap(float(f @ a + g @ b), want, allow=allow, effect=stake(problem, want))


CONTRACTS = ()
LAWS = (
    dual_feasibility,
    dual_feasibility_on_empty_atoms,
    strong_duality,
    complementary_slackness,
    dual_value,
    subgradient_in_masses,
    prices_of_small_costs,
)
