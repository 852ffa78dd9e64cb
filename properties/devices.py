"""Entry points of libraries that forget the device of their arguments, found on a machine without another (prufrock.elsewhere).

The lines of each run on the CPU, and fail on a device that is not the CPU: where a graphics card would refuse them, or
because an answer has been left behind. `python -m properties.devices` writes reports/elsewhere.md.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

HERE = 'import torch\n{imports}\n\ndevice = torch.device("cpu")\n'
AWAY = "import torch\nfrom prufrock import elsewhere\n{imports}\n\ndevice = elsewhere.begin()\n"


@dataclass(frozen=True)
class Forgetful:
    """`says` is part of the error that the lines end with elsewhere; `link`: where it was reported before us."""

    library: str
    entry: str
    reason: str
    imports: str
    lines: str
    says: str = "same device"
    link: str = ""

    def script(self, head: str) -> str:
        return head.format(imports=self.imports) + self.lines

    def run(self, away: bool) -> str:
        """The end of the error, or "" where there is none."""
        script = self.script(AWAY if away else HERE)
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        return done.stderr.strip().rpartition("\n")[2] if done.returncode else ""


POINTS = "x = torch.rand(4, 2, device=device)\n"
FORGETFUL = (
    Forgetful(
        "POT>=0.9,<=0.9.7.post1",
        "ot.partial.partial_wasserstein",
        "the zeros that border the cost are made on the CPU",
        "import ot",
        POINTS
        + "a = torch.full((4,), 0.25, device=device)\not.partial.partial_wasserstein(a, a, ot.dist(x, x), m=0.5)",
    ),
    Forgetful(
        "POT>=0.9.7,<=0.9.7.post1",
        "ot.sliced.expected_sliced_plan",
        "the distances along a line are made on the CPU",
        "import ot",
        POINTS + "ot.sliced.expected_sliced_plan(x, x, n_projections=2)",
        link="https://github.com/PythonOT/POT/issues/845",
    ),
    Forgetful(
        "pyro-ppl>=1.9,<=1.9.2",
        "pyro.distributions.Stable.log_prob",
        "the nodes of its quadrature lie on the CPU",
        "import pyro.distributions as D",
        "alpha, beta = torch.tensor([1.5], device=device), torch.zeros(1, device=device)\n"
        "D.Stable(alpha, beta).log_prob(beta)",
    ),
    Forgetful(
        "pyro-ppl>=1.9,<=1.9.2",
        "pyro.distributions.LKJ.mean",
        "the mean is made on the CPU",
        "import pyro.distributions as D",
        "found = D.LKJ(2, torch.tensor(1.0, device=device)).mean\nassert found.device == device, found.device",
        says="cpu",
    ),
    Forgetful(
        "nflows<=0.14",
        "nflows.transforms.Sigmoid, Logit",
        "a fixed temperature is no buffer, so that .to(device) leaves it behind",
        "from nflows.transforms import Sigmoid",
        POINTS + "Sigmoid().to(device)(x)",
        link="https://github.com/bayesiains/nflows/pull/48",
    ),
    Forgetful(
        "nflows<=0.14",
        "nflows.transforms.LeakyReLU",
        "log |det J| is computed from a constant of the CPU",
        "from nflows.transforms import LeakyReLU",
        POINTS + "log_det = LeakyReLU()(x)[1]\nassert log_det.device == device, log_det.device",
        says="cpu",
    ),
    Forgetful(
        "pomegranate>=1,<=1.1.2",
        "pomegranate.distributions.Bernoulli",
        "values are checked by numpy.unique",
        "from pomegranate.distributions import Bernoulli",
        POINTS + "Bernoulli().to(device).fit((x > 0.5).float())",
        says="NumPy",
    ),
    Forgetful(
        "pomegranate>=1,<=1.1.2",
        "pomegranate.distributions.Categorical",
        "counts are added up on the CPU",
        "from pomegranate.distributions import Categorical",
        POINTS + "Categorical().to(device).fit((x > 0.5).long())",
    ),
    Forgetful(
        "pomegranate>=1,<=1.1.2",
        "pomegranate.distributions.Normal(means, covs)",
        "the identity that covariances are solved against is made on the CPU",
        "from pomegranate.distributions import Normal",
        "Normal(torch.zeros(2, device=device), torch.eye(2, device=device))",
    ),
)


def page() -> str:
    """reports/elsewhere.md."""
    parts = [HEAD]
    for one in FORGETFUL:
        link = f" Reported: <{one.link}>." if one.link else ""
        parts.append(f"## {one.entry}\n\n{one.library}: {one.reason}.{link}\n\n```python\n{one.script(AWAY)}\n```\n")
    return "\n".join(parts)


HEAD = f"""# Elsewhere

Written by `python -m properties.devices`. What forgets the device of its arguments: {len(FORGETFUL)} entry points. The lines run on the
CPU; on a device that is not the CPU they fail, on any machine, with no graphics card in it.
"""

if __name__ == "__main__":
    print(page(), end="")
