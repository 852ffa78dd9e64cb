"""Our own implementations keep all laws on a device that is not the CPU."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("family", ["bayes", "latent", "speech", "transport", "variational"])
def test_our_own_elsewhere(family: str) -> None:
    done = subprocess.run([sys.executable, "-m", "properties.tests.away", family], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
