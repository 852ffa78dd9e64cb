"""Pyro's mixture of normals with a pathwise derivative, of which on the line there is only one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prufrock import Known, Subject, subject

from ..variational.implicit_mixture import NAMES, implicit_mixture

Array = NDArray[Any]
SCOPE = "pyro-ppl>=1.8,<=1.9.2"


def _two(mu: tuple[float, float], z: float) -> Callable[[], Any]:
    def made() -> Any:
        from ..cases.shapes_of_draws import MixtureDraws

        return MixtureDraws(np.array([z]), np.zeros(2), np.array(mu), np.array([0.5, 0.75]))

    return made


EQUAL_MEANS = """import torch
from pyro.distributions import MixtureOfDiagNormals
logits = torch.zeros(2, requires_grad=True)
z = MixtureOfDiagNormals(torch.zeros(2, 1), torch.tensor([[0.5], [0.75]]), logits).rsample()
z.sum().backward()
assert logits.grad.isnan().any()"""

NAN = "two components with one mean make the derivative of the logits NaN: the direction between their means is 0/0"

KNOWN = (
    *(
        Known(law, reason=NAN, witness=_two((0.0, 0.0), 0.125), scope=SCOPE, lines=EQUAL_MEANS)
        for law in ("velocity", "translation-and-scale", "split-component", "gradient")
    ),
    Known(
        "velocity-far-out",
        reason="responsibilities are quotients of densities, not of their logarithms: 0/0 far out",
        witness=_two((-1.0, 1.0), 0.125),
        scope=SCOPE,
        lines="""import torch
from types import SimpleNamespace
from pyro.distributions.diag_normal_mixture import _MixDiagNormalSample
z, one, loc = torch.tensor([40.0]), torch.ones(2, 1), torch.tensor([[-1.0], [1.0]])
saved = SimpleNamespace(saved_tensors=(z, one, loc, torch.zeros(2), torch.full((2,), 0.5)))
assert _MixDiagNormalSample.backward(saved, torch.ones(1))[0].isnan().all()""",
    ),
)


def _mixture(name: str, dtype: str) -> Subject:
    @subject(name, contract=implicit_mixture, outputs=NAMES, dtype=dtype, requires="pyro-ppl>=1.8", known=KNOWN)
    def run(z: Array, logits: Array, mu: Array, sigma: Array) -> Any:
        import torch
        from pyro.distributions.diag_normal_mixture import _MixDiagNormalSample

        x, loc, scale, weights = (torch.from_numpy(np.array(a)) for a in (z, mu, sigma, logits))
        # Backward sums over draws, so that each goes by itself.
        rows = []
        for one in x:
            saved = (one.reshape(1), scale[:, None], loc[:, None], weights, weights.softmax(-1))
            out = _MixDiagNormalSample.backward(SimpleNamespace(saved_tensors=saved), torch.ones(1, dtype=x.dtype))
            rows.append((out[0][:, 0], out[1][:, 0], out[2]))
        return tuple(torch.stack([row[i] for row in rows]).numpy() for i in range(3))

    return run


SUBJECTS = (_mixture("Pyro.MixtureOfDiagNormals", "float64"),)
