"""Measure this folder and save the result for a commit, on a machine with neither the repository nor asv's environments.

    python -m benchmarks.away HASH SECONDS MACHINE [asv run's options]

Carry asv.conf.json, benchmarks, impl and prufrock there (`git archive HASH`), with HASH and SECONDS from `git show -s
--format='%H %ct'`; bring reports/asv/results/MACHINE back. MACHINE is a role, such as h100. On a GPU every cell gets a
process of its own, since CUDA does not survive a fork.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys


def measure(commit: str, seconds: int, machine: str, *options: str) -> None:
    """What `asv run` does, with the answers that a repository would give."""
    from asv import environment, main
    from asv.commands import run
    from asv.machine import Machine, MachineCollection
    from asv.repo import NoRepository

    class OneCommit(NoRepository):  # type: ignore[misc]
        get_hash_from_name = staticmethod(lambda name: commit)
        get_date = staticmethod(lambda name: 1000 * seconds)

    run.get_repo = lambda conf: OneCommit()
    existing = environment.ExistingEnvironment  # which would write down where Python lies
    existing.name, existing.python = "existing", platform.python_version().rpartition(".")[0]
    MachineCollection.save(machine, Machine.get_defaults() | {"machine": machine, "os": "", **_device()})
    os.environ["ASV_PYTHONPATH"] = os.getcwd()
    sys.argv = ["asv", "run", "--python=same", f"--set-commit-hash={commit}", f"--machine={machine}", *options]
    main.main()


def _device() -> dict[str, str]:
    """More of what tells results apart; asked of another process, since CUDA must not be touched before a fork."""
    code = (
        "import torch as t; print(t.__version__, t.cuda.get_device_name() if t.cuda.is_available() else '', sep='\\n')"
    )
    torch, gpu = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.split("\n")[:2]
    return {"torch": torch, "gpu": gpu}


if __name__ == "__main__":
    measure(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
