"""Implicit reparameterization of two symmetric laws: Student t with its degrees of freedom, von Mises with its concentration.

    dz/dν = −(∂F/∂ν)/q,    dz/dκ = −(∂F/∂κ)/q        odd in z, and towards 0: both laws draw in as θ grows

Student t.  ν² dz/dν → −(z³ + z)/4 as ν → ∞ (the first term of the expansion about the normal law). With E z² = ν/(ν − 2),
E 2z dz/dν = −2/(ν − 2)². A draw x/√(c/ν), c chi-square with ν degrees, moves otherwise when x and c/… are held: its
velocity is this one in the mean over all pairs that give z, not pair by pair.

Von Mises's own laws are in `implicit_von_mises`; here are those that it shares with Student's.

Symbols: z[S] draws, nu[S], kappa[S]; dz[S].
Source: Figurnov, Mohamed and Mnih 2018, §3-4; the limits derived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Contract, Gap, Judged, Law, gap, holds_if, law
from prufrock.tolerance import summation

from .._scipy import special
from ..hygiene import cross_cutting, refusals
from ..oracles import symmetric as oracle
from ..oracles.differences import central

if TYPE_CHECKING:
    from ..cases.shapes_of_draws import StudentDraws

Array = NDArray[np.float64]
SOURCE = "Figurnov, Mohamed and Mnih 2018, §3"

implicit_student = Contract(
    id="variational.implicit-student",
    says="the velocity of a Student t draw with respect to its degrees of freedom, its quantile held",
    arguments={"z": "S", "nu": "S"},
    outputs={"dz": "S"},
    domain="ν > 0",
    cases="..cases.shapes_of_draws:students",
    source=SOURCE,
    home=__package__,
)

implicit_von_mises = Contract(
    id="variational.implicit-von-mises",
    says="the velocity of a von Mises angle about 0 with respect to its concentration, its quantile held",
    arguments={"z": "S", "kappa": "S"},
    outputs={"dz": "S"},
    domain="|z| ≤ π, κ ≥ 0",
    cases="..cases.shapes_of_draws:angles",
    source=SOURCE,
    home=__package__,
)


def student_allowance(move: Judged, z: Array, nu: Array) -> Array:
    """T1, relative: the score's terms are 1/ν each and cancel to 1/ν², the log-density's are as large as ν."""
    return np.asarray(summation(16, 2.0 + nu + np.log1p(np.abs(z)), move.u) + move.accuracy)


def angle_allowance(move: Judged, z: Array, kappa: Array) -> Array:
    """T1, relative: cos z − A cancels to 1/κ, the log-density is as large as κ; by π the velocity itself vanishes."""
    near = np.pi / (np.pi - np.abs(z))
    return np.asarray(summation(16, 2.0 + kappa + near, move.u) + move.accuracy)


@law(
    implicit_student,
    says="a draw moves so that its quantile stays",
    source=SOURCE,
    kind="oracle",
    rule="T1",
    code="IMP-01",
    complete=True,
    kills=("other-sign", "density-forgotten", "by-its-deviation", "normal-limit"),
)
def student_velocity(move: Judged, case: StudentDraws) -> Gap:
    """dz/dν = −(∂F/∂ν)/q, relative to its size."""
    want = oracle.student(case.z, case.nu)
    return gap(move(case.z, case.nu) / want, 1.0, allow=student_allowance(move, case.z, case.nu))


@law(
    implicit_student,
    says="the velocity is that of the quantile function",
    source=SOURCE,
    kind="gradient",
    rule="T4",
    code="IMP-01",
    kills=("other-sign", "density-forgotten", "by-its-deviation", "normal-limit"),
)
def student_quantile(move: Judged, case: StudentDraws) -> Gap:
    """dz/dν = ∂F⁻¹(u; ν)/∂ν at u = F(z; ν), by differences of an inverse that knows nothing of velocities."""
    z, nu = np.clip(case.z, -6.0, 6.0), np.clip(case.nu, 1.0, 23.0)
    h = 2.0**-6 * nu
    u = special.stdtr(nu, -np.abs(z))
    slope, apart = central(lambda x: special.stdtrit(x, u), nu, h)
    want = -np.sign(z) * slope
    slack = apart + 1e-11 * (1.0 + np.abs(z)) / h
    return gap(move(z, nu), want, allow=student_allowance(move, z, nu) * np.abs(want) + slack)


@law(
    implicit_student,
    says="with many degrees of freedom a draw moves towards a normal one",
    source="derived: Cornish and Fisher's expansion",
    kind="limit",
    rule="T1",
    code="IMP-06",
    kills=("other-sign", "by-its-deviation", "density-forgotten", "nan-for-many"),
)
def student_towards_normal(move: Judged, case: StudentDraws) -> Gap:
    """|ν² dz/dν + (z³ + z)/4| ≤ (1 + |z|)⁵/ν, at ν = 2¹⁰ and 2¹³."""
    z = np.clip(case.z, -4.0, 4.0)
    nu = np.where(np.arange(len(z)) % 2, 2.0**10, 2.0**13)
    want = -(z**3 + z) / 4.0
    allow = (1.0 + np.abs(z)) ** 5 / nu + np.abs(want) * student_allowance(move, z, nu)
    return gap(nu**2 * move(z, nu), want, allow=allow, effect=float(np.abs(want).max()))


@law(
    implicit_student,
    says="velocities give the gradient of the variance",
    source=SOURCE,
    kind="identity",
    rule="T1",
    code="IMP-03",
    effort=0.5,
    kills=("other-sign", "density-forgotten", "normal-limit"),
)
def student_gradient(move: Judged, case: StudentDraws) -> Gap:
    """2 Σ w 2z dz/dν over z > 0 = −2/(ν − 2)² for ν ≥ 4, by the midpoint rule in asinh z."""
    nu = float(np.clip(case.nu[0], 4.0, 130.0))
    step = min(0.25, 0.4 / np.sqrt(nu))
    rho = np.arange(0.5, (40.0 / (nu - 2.0) + 8.0 / np.sqrt(nu)) / step) * step
    z = np.sqrt(nu) * np.sinh(rho)
    log_q = special.gammaln((nu + 1.0) / 2.0) - special.gammaln(nu / 2.0) - np.log(np.pi) / 2.0
    w = 2.0 * step * np.exp(log_q - nu * np.log(np.cosh(rho)))
    live = w * (1.0 + z**2) > move.u / 16.0
    z, w, many = z[live], w[live], np.full(int(live.sum()), nu)
    size = np.abs(2.0 * z * oracle.student(z, many))
    allow = w @ (size * student_allowance(move, z, many)) + 64.0 * move.u * nu
    return gap(w @ (2.0 * z * move(z, many)), -2.0 / (nu - 2.0) ** 2, allow=allow)


def shared(contract: Contract, allowance: Any, exact: Any) -> tuple[Law, ...]:
    """Laws of any symmetric law that draws in as its parameter θ grows."""
    name = list(contract.arguments)[1]

    def of(case: Any) -> tuple[Array, Array]:
        return case.z, getattr(case, name)

    @law(
        contract,
        says="the velocity is odd",
        source="derived: the density is even",
        kind="metamorphic",
        rule="T10",
        code="IMP-01",
        kills=("even", "from-below"),
    )
    def odd(move: Judged, case: Any) -> Gap:
        """dz/dθ(−z) = −dz/dθ(z), and 0 at 0."""
        z, theta = of(case)
        one, other = move(z, theta), move(-z, theta)
        middle = move(np.zeros_like(z), theta)
        allow = 2.0 * (allowance(move, z, theta)) * np.abs(one)
        both, want = np.concatenate([one + other, middle]), np.zeros(2 * len(z))
        allowed = np.concatenate([allow, np.full(len(z), 16.0 * move.u)])
        return gap(both, want, allow=allowed, effect=float(np.abs(one).max()))

    @law(
        contract,
        says="the larger the parameter, the nearer is every draw to the middle",
        source="derived: the laws are ordered by peakedness",
        kind="inequality",
        rule="T1",
        code="IMP-04",
        kills=("other-sign", "even"),
    )
    def inwards(move: Judged, case: Any) -> Gap:
        """z dz/dθ < 0 for z ≠ 0."""
        z, theta = of(case)
        dz = move(z, theta)
        return holds_if(bool((z * dz < 0).all()), "z dz/dθ < 0", got=dz, want=-np.sign(z))

    @law(
        contract,
        says="approximations are good to eight digits",
        source="derived",
        kind="oracle",
        rule="T1",
        level="hygiene",
        code="IMP-05",
        kills=("four-digits", "normal-limit"),
    )
    def eight_digits(move: Judged, case: Any) -> Gap:
        """|v − v*| ≤ 10⁻⁸ v*, or rounding: whatever accuracy was declared."""
        z, theta = of(case)
        return gap(move(z, theta) / exact(z, theta), 1.0, allow=allowance(move, z, theta) - move.accuracy + 1e-8)

    @law(
        contract,
        says="each draw moves by itself",
        source="derived",
        kind="metamorphic",
        rule="T10",
        code="X-07",
        complete=True,
        kills=("first-parameter-for-all", "sorts-draws"),
    )
    def draw_by_draw(move: Judged, case: Any) -> Gap:
        """v(z_1, …, z_S)_s = v(z_s)."""
        z, theta = of(case)
        want = np.concatenate([move(z[i : i + 1], theta[i : i + 1]) for i in range(len(z))])
        allow = 2.0 * (allowance(move, z, theta) - move.accuracy)
        return gap(move(z, theta) / want, 1.0, allow=allow)

    def layout(case: Any, u: float) -> float:
        z, theta = of(case)
        return float(summation(16, ((4.0 + theta) * np.abs(exact(z, theta))).max(), u))

    bad = {
        "nan-draw": lambda case: (np.full_like(case.z, np.nan), of(case)[1]),
        "negative-parameter": lambda case: (case.z, -of(case)[1]),
        "nan-parameter": lambda case: (case.z, np.full_like(case.z, np.nan)),
    }
    crossing = cross_cutting(contract, allow=layout, layouts=("ignores-strides", "forgets-second-call"))
    return (odd, inwards, eight_digits, draw_by_draw, *crossing, *refusals(contract, bad))


CONTRACTS = (implicit_student, implicit_von_mises)
LAWS = (
    student_velocity,
    student_quantile,
    student_towards_normal,
    student_gradient,
    *shared(implicit_student, student_allowance, oracle.student),
    *shared(implicit_von_mises, angle_allowance, oracle.von_mises),
)
