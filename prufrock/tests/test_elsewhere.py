"""A device that is not there refuses what a graphics card refuses, and allows what it allows."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch")

REFUSED = """
import torch
from prufrock import elsewhere
device = elsewhere.begin(generators=True)
x, index = torch.arange(3.0).to(device), torch.tensor([2, 0], device=device)
refused = {
    "operands of two devices": lambda: x + torch.ones(3),
    "a scalar of the device with others of the CPU": lambda: x.sum() * torch.ones(3),
    "indices of the device into others of the CPU": lambda: torch.ones(3)[index],
    "a result on the CPU": lambda: torch.add(x, x, out=torch.empty(3)),
    "its memory": lambda: x.numpy(),
    "a generator of the CPU": lambda: x.normal_(generator=torch.Generator()),
    "the same, of what is new": lambda: torch.rand(3, device=device, generator=torch.Generator()),
    "the same, in its place among others": lambda: torch._standard_gamma(x + 1, torch.Generator()),
}
for name, call in refused.items():
    try:
        call()
    except (RuntimeError, TypeError):
        continue
    raise SystemExit(f"not refused: {name}")
"""
ALLOWED = """
import torch
from prufrock import elsewhere
device = elsewhere.begin()
assert elsewhere.begin() == device
torch.ones(3, device=device).normal_(generator=torch.Generator())
w = torch.arange(3.0, device=device).requires_grad_()
(w[torch.tensor([2, 0], device=device)] * torch.tensor(2.0)).sum().backward()
assert w.grad.device == device and w.grad.tolist() == [2.0, 0.0, 2.0], w.grad
x = torch.zeros(2, 3, device=device)
x[:, [0, 2]] += 5.0
x[torch.tensor([0])] = torch.ones(3, device=device)
x.T[1].add_(7)
assert (torch.ones(2, device=device) @ torch.ones(2, 3, device=device)).shape == (3,)
assert torch.ones(3, device=device).unsqueeze_(0).t_().shape == (3, 1)
assert x.cpu().numpy().tolist() == [[1.0, 8.0, 1.0], [5.0, 7.0, 5.0]], x
for made in (torch.eye(2, 3, device=device), torch.linspace(0, 1, 6, device=device).view(2, 3), torch.ones_like(x)):
    assert made.device == device and (made + x).shape == (2, 3)
draws = [torch.randn(3, generator=torch.Generator(device).manual_seed(1), device=device) for _ in range(2)]
assert draws[0].device == device and bool((draws[0] == draws[1]).all())
assert f"{x.sum():.1f} {x[0]}" == "27.0 tensor([1., 8., 1.])", f"{x.sum():.1f} {x[0]}"
assert repr(x[0]) == "tensor([1., 8., 1.], device='lazy:0')", repr(x[0])
"""


@pytest.mark.parametrize("script", [REFUSED, ALLOWED], ids=["refused", "allowed"])
def test_the_device(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
