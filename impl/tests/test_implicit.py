"""Implicit derivatives against 40 digits, at their ends, and behind a sample."""

from collections.abc import Callable
from math import sin
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import Beta, Dirichlet, Gamma, StudentT

from ..variational import implicit

mp = pytest.importorskip("mpmath")
DIGITS = 40


def column(*x: float) -> Tensor:
    return torch.tensor(x, dtype=torch.float64)


def lower_series(z: Any, rest: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """−F_a/q and −F_b/q of a beta law, from I_z = T Σ_n (a+b)_n zⁿ/(a+1)_n, T = z^a rest^b / a B(a, b), term by term."""
    term = total = mp.mpf(1)
    by_a = by_b = rise = fall = mp.mpf(0)
    n = 0
    while n < 10 or term * (1 + rise) > mp.mpf(10) ** -DIGITS * total or (a + b + n) * z > a + 1 + n:
        rise += 1 / (a + b + n)
        fall += 1 / (a + 1 + n)
        term *= (a + b + n) / (a + 1 + n) * z
        n += 1
        total, by_a, by_b = total + term, by_a + term * (rise - fall), by_b + term * rise
    psi = mp.digamma(a + b)
    near = total * (mp.log(z) - mp.digamma(a + 1) + psi) + by_a
    return -z * rest / a * near, -z * rest / a * (total * (mp.log(rest) + psi - mp.digamma(b)) + by_b)


def beta_reference(z: Any, rest: Any, a: Any, b: Any) -> tuple[Any, Any]:
    if z < (a + 0.5) / (a + b + 1):
        return lower_series(z, rest, a, b)
    far, near = lower_series(rest, z, b, a)
    return -near, -far


def gamma_reference(z: float, alpha: float) -> float:
    """−F_α/q from P = z^α e^{−z} Σ_n zⁿ/Γ(α+1+n), term by term."""
    with mp.workdps(DIGITS + int(0.9 * max(0.0, z - alpha))):
        z, a = mp.mpf(z), mp.mpf(alpha)
        term = total = mp.mpf(1)
        by_a = fall = mp.mpf(0)
        n = 0
        while n < 10 or term * fall > mp.eps * by_a or z > a + n:
            n += 1
            term *= z / (a + n)
            fall += 1 / (a + n)
            total, by_a = total + term, by_a + term * fall
        return float(z / a * (total * (mp.digamma(a + 1) - mp.log(z)) + by_a))


def student_reference(z: float, nu: float) -> float:
    """With w = z²/(ν + z²) ~ Beta(½, ν/2): 2 dz/z = dν/ν + dw/w(1−w)."""
    with mp.workdps(DIGITS + 10):
        y, nu = mp.mpf(z) ** 2 / nu, mp.mpf(nu)
        w, rest = y / (1 + y), 1 / (1 + y)
        return float(z / 2 * (1 / nu + beta_reference(w, rest, mp.mpf(1) / 2, nu / 2)[1] / (2 * w * rest)))


def von_mises_reference(z: float, kappa: float) -> float:
    """By quadrature of the score over [0, z] or [z, π]."""
    with mp.workdps(30):
        z, kappa = mp.mpf(z), mp.mpf(kappa)
        mean = mp.besseli(1, kappa) / mp.besseli(0, kappa)
        inside = mp.cos(z) > mean
        width = 1 / (kappa * mp.sin(z) + mp.sqrt(kappa) + 1)
        steps = [z + width * 2**j for j in range(8) if z + width * 2**j < mp.pi]
        ends = mp.linspace(z, 0, 4) if inside else [z, *steps, *([mp.pi] if len(steps) < 8 else [])]
        return float(mp.quad(lambda t: (mp.cos(t) - mean) * mp.exp(kappa * (mp.cos(t) - mp.cos(z))), ends))


def worst(got: Tensor, want: list[float]) -> float:
    return float((got / column(*want) - 1).abs().max())


def test_gamma_to_ten_digits_in_both_tails() -> None:
    rng = torch.Generator().manual_seed(0)
    pick = torch.rand(5, 300, generator=rng, dtype=torch.float64)
    alpha = 10 ** (6 * pick[0] ** 1.5 - 2)
    middle = alpha + (18 * pick[1] - 9) * alpha.sqrt()
    left, right = alpha * 10 ** (-300 * pick[2] ** 4), alpha + pick[3] * (60 + 10 * alpha.sqrt())
    z = torch.where(pick[4] < 0.3, left, torch.where(pick[4] < 0.6, right, middle))
    z = torch.where(z > 1e-290, z, alpha / 2)
    want = [gamma_reference(float(x), float(a)) for x, a in zip(z, alpha, strict=True)]
    assert worst(implicit.gamma(z, alpha), want) < 5e-11
    ends = column(1e-300, 1e-2, 700.0, 1e4, 1.02e4, 9e3), column(1e-2, 1e-2, 1e-2, 1e4, 1e4, 1e4)
    want = [gamma_reference(float(x), float(a)) for x, a in zip(*ends, strict=True)]
    assert worst(implicit.gamma(*ends), want) < 1e-10


def test_torch_itself_is_right_to_four_digits() -> None:
    """The reason to have another one."""
    alpha = torch.logspace(-1, 3, 400, dtype=torch.float64)
    z = alpha * torch.linspace(0.3, 2, 400, dtype=torch.float64)
    away = (torch._standard_gamma_grad(alpha, z) / implicit.gamma(z, alpha) - 1).abs().max()
    assert 1e-5 < away < 1e-3


def test_beta_to_nine_digits_and_more() -> None:
    rng = torch.Generator().manual_seed(1)
    pick = torch.rand(4, 120, generator=rng, dtype=torch.float64)
    a, b = 10 ** (5 * pick[:2] ** 1.5 - 2)
    spread = (a * b / (a + b + 1)).sqrt() / (a + b)
    z = torch.where(pick[3] < 0.5, a / (a + b) + (12 * pick[2] - 6) * spread, 10 ** (-40 * pick[2] ** 3))
    z = torch.where((z > 1e-40) & (z < 1), z, a / (a + b))
    with mp.workdps(DIGITS):
        want = [
            beta_reference(mp.mpf(x), 1 - mp.mpf(x), mp.mpf(p), mp.mpf(q))
            for x, p, q in zip(*map(list, (z.tolist(), a.tolist(), b.tolist())), strict=True)
        ]
    got = implicit.beta(z, a, b)
    assert worst(got.alpha, [float(x) for x, _ in want]) < 2e-10
    assert worst(got.beta, [float(x) for _, x in want]) < 2e-10


@pytest.mark.parametrize(
    ("derivative", "reference", "low", "high"),
    [(implicit.student, student_reference, -2.0, 3.0), (implicit.von_mises, von_mises_reference, -3.0, 4.0)],
)
def test_student_and_von_mises(
    derivative: Callable[..., Tensor], reference: Callable[..., float], low: float, high: float
) -> None:
    rng = torch.Generator().manual_seed(2)
    pick = torch.rand(2, 60, generator=rng, dtype=torch.float64)
    theta = 10 ** (low + (high - low) * pick[0])
    z = 3 * pick[1] ** 2 / theta.clamp_min(1).sqrt() + 1e-3
    want = [reference(float(x), float(t)) for x, t in zip(z, theta, strict=True)]
    assert worst(derivative(z, theta), want) < 1e-9
    torch.testing.assert_close(derivative(-z, theta), -derivative(z, theta), rtol=0, atol=0)


def test_single_precision_is_exact_to_its_own_rounding() -> None:
    alpha = torch.logspace(-2, 4, 500)
    z = alpha * torch.linspace(0.5, 1.5, 500)
    exact = implicit.gamma(z.double(), alpha.double())
    assert float((implicit.gamma(z, alpha).double() / exact - 1).abs().max()) < 3e-7
    assert implicit.gamma(z, alpha).dtype == torch.float32


def test_closed_forms() -> None:
    z = torch.linspace(0.02, 0.98, 25, dtype=torch.float64)
    one, shape = torch.ones_like(z), torch.linspace(0.1, 30, 25, dtype=torch.float64)
    torch.testing.assert_close(implicit.beta(z, shape, one).alpha, -z * z.log() / shape, rtol=1e-11, atol=0)
    torch.testing.assert_close(implicit.beta(z, one, shape).beta, (1 - z) * (-z).log1p() / shape, rtol=1e-11, atol=0)
    assert float(implicit.von_mises(column(1.0), column(0.0))) == pytest.approx(-sin(1.0), rel=1e-14)
    assert float(implicit.student(column(1.2), column(1e8))) == pytest.approx(-(1.2**3 + 1.2) / 4e16, rel=1e-6)
    assert float(implicit.student(column(0.0), column(3.0))) == 0


def test_dirichlet_of_two_is_beta_and_moves_on_the_simplex() -> None:
    z, alpha = column(0.3, 0.7), column(0.4, 2.5)
    dz = implicit.dirichlet(z, alpha)
    pair = implicit.beta(z[0], alpha[0], alpha[1])
    torch.testing.assert_close(dz, torch.stack([torch.stack([*pair]), -torch.stack([*pair])]))
    many = Dirichlet(torch.rand(4, 5, dtype=torch.float64) + 0.1).sample((7,))
    moved = implicit.dirichlet(many, torch.full((5,), 0.7, dtype=torch.float64))
    assert moved.shape == (7, 4, 5, 5)
    assert float(moved.sum(-2).abs().max()) < 1e-14
    theirs = torch._dirichlet_grad(z, alpha, alpha.sum().expand(2))
    torch.testing.assert_close(dz.diagonal() / (1 - z), theirs, rtol=2e-3, atol=0)


def test_mixture_of_normals_follows_its_distribution_function() -> None:
    rng = torch.Generator().manual_seed(3)
    z = 4 * torch.randn(50, generator=rng, dtype=torch.float64)
    logits, mu, sigma = column(0.3, -1.0, 0.5), column(-2.0, 0.1, 1.5), column(0.5, 1.5, 0.25)

    def F(x: Tensor, *theta: Tensor) -> Tensor:
        w = torch.stack(theta[:3], -1).softmax(-1)
        m, s = torch.stack(theta[3:6], -1), torch.stack(theta[6:], -1)
        below: Tensor = w * torch.special.ndtr((x[:, None] - m) / s)
        return below.sum(-1)

    theta = [*logits, *mu, *sigma]
    by_autograd = torch.stack(implicit.from_cdf(F, z, *theta), -1)
    dz = implicit.normal_mixture(z, logits, mu, sigma)
    near = z.abs() < 4
    torch.testing.assert_close(torch.cat([*dz], -1)[near], by_autograd[near], rtol=1e-9, atol=1e-12)
    far = implicit.normal_mixture(column(-60.0, 60.0), logits, mu, sigma)
    assert all(bool(x.isfinite().all()) for x in far)


def test_a_sample_carries_its_derivative() -> None:
    alpha = column(0.3, 2.0, 30.0).requires_grad_()
    z = Gamma(alpha, 1.0).sample((4,))
    attached = implicit.attach(implicit.gamma, z, alpha)
    assert bool((attached == z).all())
    (slope,) = torch.autograd.grad(attached.square().sum(), alpha)
    torch.testing.assert_close(slope, (2 * z * implicit.gamma(z, alpha.detach())).sum(0))
    a, b = column(0.5).requires_grad_(), column(2.0).requires_grad_()
    x = Beta(a, b).sample((3,))
    da, db = torch.autograd.grad(implicit.attach(implicit.beta, x, a, b).sum(), [a, b])
    assert float(da) > 0 > float(db)
    t = StudentT(column(5.0)).sample()
    assert implicit.student(t, column(5.0)).shape == (1,)


def test_many_samples_go_in_chunks() -> None:
    z = torch.linspace(0.1, 50, 40001, dtype=torch.float64)
    alpha = column(7.0)
    every = implicit.gamma(z, alpha)
    torch.testing.assert_close(every[::5000], implicit.gamma(z[::5000].clone(), alpha), rtol=1e-14, atol=0)
    assert implicit.gamma(torch.empty(0, 3), torch.ones(3)).shape == (0, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: implicit.gamma(column(0.0), column(1.0)), "z: expected numbers > 0"),
        (lambda: implicit.gamma(column(1.0), column(-1.0)), "alpha: expected numbers > 0"),
        (lambda: implicit.gamma(column(1.0), torch.ones(1)), "one dtype"),
        (lambda: implicit.gamma(column(1.0, 2.0), column(1.0, 2.0, 3.0)), "z, alpha: expected shapes that broadcast"),
        (lambda: implicit.beta(column(1.0), column(1.0), column(1.0)), "z: expected numbers between 0 and 1"),
        (lambda: implicit.beta(column(0.5), column(1.0), column(0.0)), "beta: expected numbers > 0"),
        (lambda: implicit.dirichlet(column(0.5, 0.6), column(1.0, 1.0)), "z: expected components of sum 1"),
        (lambda: implicit.dirichlet(column(1.0), column(1.0)), "alpha: expected as many components"),
        (lambda: implicit.student(column(1.0), column(0.0)), "nu: expected numbers > 0"),
        (lambda: implicit.von_mises(column(4.0), column(1.0)), "z: expected angles"),
        (lambda: implicit.von_mises(column(1.0), column(-1.0)), "kappa: expected numbers >= 0"),
        (lambda: implicit.normal_mixture(column(1.0), column(0.0), column(0.0), column(0.0)), "sigma: expected"),
        (lambda: implicit.gamma(column(float("nan")), column(1.0)), "z: expected finite"),
    ],
)
def test_bad_input_is_named(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
