"""On record: scores of distributions whose support moves with a parameter, answered by every library that has log_prob.

Each record's lines take the mean of z ∇ log q(z) over a thousand quantiles, and end in the wrong derivative of E z.
"""

from __future__ import annotations

from prufrock import Known

REASON = "the score is answered although the support moves with the parameter: E f ∇ log q is not the gradient of E f"

TORCH = """import torch
from torch import distributions as D
u = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
v = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
z = {quantiles}
(mean,) = torch.autograd.grad((z * {q}.log_prob(z)).mean(), v)
assert abs(mean - {wrong}) < 0.02  # E z = {mean}"""

JAX = """import jax, jax.numpy as jnp
{imports}
u = (jnp.arange(1000) + 0.5) / 1000
z = {quantiles}
mean = jax.grad(lambda v: (z * {q}.log_prob(z)).mean())(1.0)
assert abs(mean - {wrong}) < 0.02  # E z = {mean}"""

UNIFORM = {"quantiles": "u", "wrong": "-0.5", "mean": "v/2"}
PARETO = {"quantiles": "(1 - u) ** (-1 / 9)", "wrong": "81 / 8", "mean": "9v/8"}
SHIFTED = {"quantiles": "1 - {log}(1 - u) / 2", "wrong": "3", "mean": "v + 1/2"}


def _records(scope: str, lines: tuple[str, str, str]) -> tuple[Known, ...]:
    names = ("end-of-a-uniform", "start-of-a-pareto", "start-of-an-exponential")
    return tuple(
        Known(f"refuses-{name}", reason=REASON, scope=scope, lines=shown)
        for name, shown in zip(names, lines, strict=True)
    )


def _jax(imports: str, uniform: str, pareto: str, shifted: str) -> tuple[str, str, str]:
    later = {**SHIFTED, "quantiles": SHIFTED["quantiles"].format(log="jnp.log")}
    return (
        JAX.format(imports=imports, q=uniform, **UNIFORM),
        JAX.format(imports=imports, q=pareto, **PARETO),
        JAX.format(imports=imports, q=shifted, **later),
    )


MOVING = {
    "torch": _records(
        "torch>=2,<=2.13.0",
        (
            TORCH.format(q="D.Uniform(0 * v, v)", **UNIFORM),
            TORCH.format(q="D.Pareto(v, torch.tensor(9.0))", **PARETO),
            TORCH.format(
                q="D.TransformedDistribution(D.Exponential(torch.tensor(2.0)), [D.AffineTransform(v, 1.0)])",
                **{**SHIFTED, "quantiles": SHIFTED["quantiles"].format(log="torch.log")},
            ),
        ),
    ),
    "tfp": _records(
        "tfp-nightly<=0.26.0.dev20261027",
        _jax(
            "import tensorflow_probability.substrates.jax as tfp\nD = tfp.distributions",
            "D.Uniform(0.0, v)",
            "D.Pareto(9.0, v)",
            "D.TransformedDistribution(D.Exponential(2.0), tfp.bijectors.Shift(v))",
        ),
    ),
    "numpyro": _records(
        "numpyro<=0.22.0",
        _jax(
            "import numpyro.distributions as D",
            "D.Uniform(0.0, v)",
            "D.Pareto(v, 9.0)",
            "D.TransformedDistribution(D.Exponential(2.0), D.transforms.AffineTransform(v, 1.0))",
        ),
    ),
}
