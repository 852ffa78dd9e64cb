"""Our hidden Markov models: alone, and as the second of three sequences of a padded batch."""

from __future__ import annotations

from typing import Any

from ..latent.hmm import hmm, likelihood
from ..latent.hmm_em import em_counts, em_points, em_symbols
from ..latent.hmm_mstep import hmm_mstep
from ..latent.viterbi import viterbi
from .own import VARIANTS, reference

CONVENTIONS = {"scores": "free", "impossible": "zero"}
OUT = ("gamma", "log_z", "xi", "xi_sum")
SUMS = ("gamma", "log_z", "xi_sum")
BATCHED = tuple(
    (name.replace("reference", "reference.batch"), dtype, device) for name, dtype, device in VARIANTS if device == "cpu"
)
ALONE = {way: ((f"reference.{way}", "float64", "cpu"),) for way in ("gradient", "summed")}


def _posteriors(own: Any, *x: Any) -> Any:
    log_z, gamma, xi = own.posteriors(*x)
    return gamma, log_z, xi, xi.sum(0)


def _gradient(own: Any, log_pi: Any, log_A: Any, log_B: Any) -> Any:
    """The posteriors as autograd sees them."""
    import torch

    leaves = [x.detach().clone().requires_grad_() for x in (log_pi, log_A, log_B)]
    log_z = own.log_partition(*leaves)
    _, steps, gamma = torch.autograd.grad(log_z, leaves)
    return gamma, log_z.detach(), steps


def padded(log_B: Any) -> tuple[Any, Any]:
    """Three sequences, the given one second: the first has its first frame alone, the third is two frames longer.

    What lies beyond a sequence's end is of no use to anybody.
    """
    import torch

    N = len(log_B)
    batch = torch.full((3, N + 2, log_B.shape[1]), 1e4).to(log_B)
    batch[0, :1], batch[1, :N], batch[2] = log_B[:1], log_B, torch.cat([log_B, log_B[:1], log_B[:1]])
    return batch, torch.tensor([1, N, N + 2])


def _in_batch(own: Any, log_pi: Any, log_A: Any, log_B: Any) -> Any:
    log_z, gamma, xi = own.posteriors(log_pi, log_A, *padded(log_B))
    N = len(log_B)
    return gamma[1, :N], log_z[1], xi[1, : N - 1], xi[1].sum(0)


def _summed(own: Any, log_pi: Any, log_A: Any, log_B: Any) -> Any:
    log_z, gamma, xi_sum = own.posteriors(log_pi, log_A, *padded(log_B), each=False)
    return gamma[1, : len(log_B)], log_z[1], xi_sum[1]


def _partition_in_batch(own: Any, log_pi: Any, log_A: Any, log_B: Any) -> Any:
    return own.log_partition(log_pi, log_A, *padded(log_B))[1]


def _best(own: Any, *x: Any) -> Any:
    score, path = own.viterbi(*x)
    return path, score


def _best_in_batch(own: Any, log_pi: Any, log_A: Any, log_B: Any) -> Any:
    score, path = own.viterbi(log_pi, log_A, *padded(log_B))
    return path[1, : len(log_B)], score[1]


def _cut(x: Any, lengths: Any) -> list[Any]:
    return list(x.split(lengths.tolist()))


def _mstep(own: Any, gamma: Any, xi: Any, x: Any, lengths: Any, M: int) -> Any:
    pi, A, E = own.mstep_discrete(_cut(gamma, lengths), _cut(xi, lengths - 1), _cut(x, lengths), M)
    return A, pi, E


def _once(own: Any, pi: Any, A: Any, emission: Any, x: Any, lengths: Any) -> Any:
    return own.fit(_cut(x, lengths), own.Model(pi, A, emission), tol=0.0, max_iter=1).model


def _symbols(own: Any, pi: Any, A: Any, E: Any, x: Any, lengths: Any) -> Any:
    new = _once(own, pi, A, own.Discrete(E), x, lengths)
    return new.A, new.pi, new.emission.E


def _counts(own: Any, pi: Any, A: Any, rate: Any, x: Any, lengths: Any) -> Any:
    new = _once(own, pi, A, own.Poisson(rate), x, lengths)
    return new.A, new.pi, new.emission.rate


def _points(name: str) -> Any:
    def run(own: Any, pi: Any, A: Any, mu: Any, Sigma: Any, x: Any, lengths: Any) -> Any:
        new = _once(own, pi, A, own.Gaussian(mu, Sigma, name), x, lengths)
        return new.A, new.pi, new.emission.mu, new.emission.Sigma

    return run


def _variants(form: str) -> Any:
    """All variants of the full form; of the others those on the CPU, named after the form."""
    if form == "full":
        return VARIANTS
    return tuple((name.replace("reference", f"reference.{form}"), *rest) for name, *rest in VARIANTS if "cpu" in rest)


FORMS = {"full": "full", "diagonal": "diag", "spherical": "spherical", "tied": "tied"}
STEP = {"unvisited": "stochastic"}
PATHS = {"scores": "free", "impossible": "any path"}

SUBJECTS = (
    *reference(hmm, "latent.hmm", _posteriors, OUT, CONVENTIONS, kernel=True),
    *reference(hmm, "latent.hmm", _in_batch, OUT, CONVENTIONS, BATCHED, kernel=True),
    *reference(hmm, "latent.hmm", _summed, SUMS, CONVENTIONS, ALONE["summed"], kernel=True),
    *reference(hmm, "latent.hmm", _gradient, SUMS, CONVENTIONS, ALONE["gradient"], kernel=True),
    *reference(likelihood, "latent.hmm", lambda own, *x: own.log_partition(*x), (), CONVENTIONS, kernel=True),
    *reference(likelihood, "latent.hmm", _partition_in_batch, (), CONVENTIONS, BATCHED, kernel=True),
    *reference(viterbi, "latent.hmm", _best, ("path", "score"), PATHS, kernel=True),
    *reference(viterbi, "latent.hmm", _best_in_batch, ("path", "score"), PATHS, BATCHED, kernel=True),
    *reference(hmm_mstep, "latent.baum_welch", _mstep, ("A", "pi", "E"), STEP),
    *reference(em_symbols, "latent.baum_welch", _symbols, ("A", "pi", "E"), STEP, kernel=True),
    *reference(em_counts, "latent.baum_welch", _counts, ("A", "pi", "rate"), STEP, kernel=True),
    *(
        made
        for form, name in FORMS.items()
        for made in reference(
            em_points,
            "latent.baum_welch",
            _points(name),
            ("A", "pi", "mu", "Sigma"),
            {**STEP, "covariance": form},
            _variants(form),
            kernel=form == "full",
        )
    ),
)
