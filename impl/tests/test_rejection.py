"""Gradients through the rejection sampler: integrated exactly, and what becomes of them without the correction."""

from collections.abc import Callable
from math import log, pi, sqrt
from typing import Any

import pytest
import torch
from torch import Tensor

from ..variational import rejection
from ..variational.rejection import Rejection

STEP = 0.05


def square(z: Tensor) -> Tensor:
    return z.square()


def twice(z: Tensor) -> Tensor:
    return 2 * z


def over_noise(alpha: float) -> tuple[Rejection, Tensor, Tensor]:
    """Contributions for f = z² without augmentation, on a grid of log h; ε, and weights of the trapezoid rule."""
    d = alpha - 1 / 3
    t = torch.arange(-45 / alpha, 4 + log(alpha), STEP, dtype=torch.float64)
    root = (t.exp() / d) ** (1 / 3)
    eps = sqrt(9 * d) * (root - 1)
    found = rejection.gamma(square, twice, alpha, eps, torch.empty(len(eps), 0, dtype=torch.float64))
    return found, eps, sqrt(9 * d) / 3 * root * STEP


@pytest.mark.parametrize("alpha", [1.0, 1.7, 3.0, 10.0, 100.0])
def test_kept_noise_has_mass_one_and_gives_the_gradient(alpha: float) -> None:
    found, eps, step = over_noise(alpha)
    w = found.log_pi.exp() * step
    assert float(w.sum()) == pytest.approx(1, abs=1e-11)
    assert float(w @ (found.g_rep + found.g_corr)) == pytest.approx(2 * alpha + 1, rel=1e-11)
    rate = torch.exp(found.log_accept - eps.square() / 2) @ step / sqrt(2 * pi)
    assert 0.95 < float(rate) < 1
    assert float(found.log_accept.max()) < 1e-12
    constant = found.log_accept - eps.square() / 2 - found.log_pi
    assert float(constant.max() - constant.min()) < 1e-9


def test_without_its_correction_the_gradient_is_off_by_one_per_cent_where_sampling_sees_nothing() -> None:
    """At α = 1.7 a mean over 10⁵ samples passes at 5 %; the integral over the same noise fails by 10⁹ roundings."""
    alpha, want = 1.7, 2 * 1.7 + 1
    eps, u = rejection.sample(alpha, 100_000, 0, generator=torch.Generator().manual_seed(0))
    sampled = rejection.gamma(square, twice, alpha, eps, u)
    assert float(sampled.g_rep.mean()) == pytest.approx(want, rel=0.05)
    found, _, step = over_noise(alpha)
    w = found.log_pi.exp() * step
    assert float(w @ (found.g_rep + found.g_corr)) == pytest.approx(want, rel=1e-12)
    assert float(w @ found.g_rep) / want - 1 == pytest.approx(-0.0101, abs=1e-4)


def test_augmentation_reaches_small_shapes_and_shrinks_the_correction() -> None:
    generator = torch.Generator().manual_seed(1)
    eps, u = rejection.sample(0.4, 200_000, 2, generator=generator)
    found = rejection.gamma(square, twice, 0.4, eps, u)
    assert float(found.z.mean()) == pytest.approx(0.4, rel=0.02)
    assert float((found.g_rep + found.g_corr).mean()) == pytest.approx(1.8, rel=0.05)
    scores = [rejection.gamma(square, twice, 2.0, eps, u[:, :B]).g_corr.abs().mean() for B in (0, 1, 2)]
    assert scores == sorted(scores, reverse=True)


def test_the_sampler_is_its_seeds_alone() -> None:
    one, other = (rejection.sample(1.2, 50, 1, generator=torch.Generator().manual_seed(5)) for _ in range(2))
    assert bool((one[0] == other[0]).all())
    assert one[1].shape == (50, 1)
    eps, u = rejection.sample(1.2, 0, 3, generator=torch.Generator(), dtype=torch.float32)
    assert (eps.shape, u.shape, u.dtype) == ((0,), (0, 3), torch.float32)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda e, u: rejection.gamma(square, twice, -1.0, e, u), "alpha: expected a finite number > 0"),
        (lambda e, u: rejection.gamma(square, twice, 0.4, e, u[:, :0]), "B: expected an integer >= 0 with alpha"),
        (lambda e, u: rejection.gamma(square, twice, 2.0, e - 100, u), "eps: expected noise above"),
        (lambda e, u: rejection.gamma(square, twice, 2.0, e, u * 0), "u: expected numbers between 0 and 1"),
        (lambda e, u: rejection.gamma(square, twice, 2.0, e / 0, u), "eps: expected finite"),
        (lambda e, u: rejection.gamma(lambda z: z.sum(), twice, 2.0, e, u), "f: expected 2 values"),
        (lambda e, u: rejection.sample(2.0, -1, generator=torch.Generator()), "n: expected an integer >= 0"),
        (lambda e, u: rejection.sample(0.5, 3, 0, generator=torch.Generator()), "B: expected"),
    ],
)
def test_bad_input_is_named(call: Callable[..., Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(torch.tensor([0.1, 0.2]), torch.tensor([[0.5], [0.6]]))
