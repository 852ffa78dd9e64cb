"""Our own implementations keep all laws on a device that is not the CPU (one that holds its tensors there all the same)."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch.utils.backend_registration

FAMILIES = ("bayes", "latent", "speech", "transport", "variational")
SPARE = hasattr(torch.utils.backend_registration, "_setup_privateuseone_for_python_backend")
REFUSALS = """
import torch
from properties.tests import elsewhere
elsewhere.begin()
x, index = torch.arange(3.0).to("elsewhere"), torch.tensor([2, 0], device="elsewhere")
refused = {
    "operands of two devices": lambda: x + torch.ones(3),
    "a scalar of the device with others of the CPU": lambda: x.sum() * torch.ones(3),
    "indices of the device into others of the CPU": lambda: torch.ones(3)[index],
    "a result on the CPU": lambda: torch.add(x, x, out=torch.empty(3)),
    "its memory": lambda: x.numpy(),
}
for name, refused_call in refused.items():
    try:
        refused_call()
    except (RuntimeError, TypeError):
        continue
    raise SystemExit(f"not refused: {name}")
w = x.clone().requires_grad_()
(w[index] * torch.tensor(2.0)).sum().backward()
assert w.grad.device.type == "elsewhere" and w.grad.tolist() == [2.0, 0.0, 2.0], w.grad
x[torch.tensor([1])] += 5.0
assert x.cpu().tolist() == [0.0, 6.0, 2.0], x
"""

pytestmark = pytest.mark.skipif(not SPARE, reason="this torch has no spare backend for Python")


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True)


def test_the_device_refuses_what_a_graphics_card_refuses() -> None:
    done = python("-c", REFUSALS)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("family", FAMILIES)
def test_our_own_on_another_device(family: str) -> None:
    done = python("-m", "properties.tests.elsewhere", family)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
