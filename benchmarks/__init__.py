"""Our implementations, and the peers a user would pick instead, on the same frozen problems.

`benchmarks/F/x.py` is `impl/F/x.py` seen by its clock. Every module states one workload; from it come asv's classes
(`suite`), the table (`table`) and the gate against slower code (`gate`). One thread, set here before anything numerical
is imported: what is compared is the algorithm, not the number of cores.
"""

import os
import sys
from contextlib import suppress
from importlib import import_module

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"
for _name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(_name, None)
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
for _name in ("JAX", "TENSORFLOW", "CUPY"):  # POT would import them all
    os.environ[f"POT_BACKEND_DISABLE_{_name}"] = "1"
if "asv_runner" in sys.modules:  # it has NumPy before us, with as many threads as cores; and it forks after us
    for _name in ("torch", "ot", "sklearn.mixture", "hmmlearn.hmm"):
        with suppress(ImportError):
            import_module(_name)
    with suppress(ImportError):
        import_module("threadpoolctl").threadpool_limits(1)
