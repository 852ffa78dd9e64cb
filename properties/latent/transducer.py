"""The transducer: a labelling as a path through a lattice of frames and labels.

    p(y) = Σ over paths from (0, 0) to (T − 1, U) and out of it by a blank,     loss = −log p(y)
    blank: (t, u) → (t + 1, u) with exp x(t, u, blank)        label: (t, u) → (t, u + 1) with exp x(t, u, y_{u+1})

A path takes T blanks and U labels in any order that ends in a blank: C(T + U − 1, U) of them, each crossing every
anti-diagonal t + u = k once. Probability is not lost: if only the blank may follow after U labels, p sums to one over
all targets of at most U; and if scores forget what was read, the labels can be summed out. The gradient is in
`transducer_gradient`, what changes and what must not in `transducer_changes` and `transducer_batch`.

Symbols: x = log_probs[B, T, U+1, C]; targets y[B, U]; T_len, U_len; blank; loss[B] in nats; grad[B, T, U+1, C].
Source: Graves 2012, §2.3 to §2.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prufrock import Contract, Gap, Judged, law
from prufrock.tolerance import both

from ..hygiene import cross_cutting, refusals
from ..oracles.lattices import by_enumeration, count, edges, filled, log_prob
from ._alignments import losses
from ._lattices import arguments, changed, edges_of, items, rounding

if TYPE_CHECKING:
    from ..cases.lattices import Lattices

transducer = Contract(
    id="latent.transducer",
    says="the cost −log p(y) of each labelling of a batch, summed over the paths of its lattice",
    arguments={"log_probs": "B T U1 C", "targets": "B U", "T_len": "B", "U_len": "B", "blank": ""},
    outputs={"loss": "B", "grad": "B T U1 C"},
    domain="U1 = U + 1; T_b ≥ 1 frames, U_b ≥ 0 labels other than the blank, any blank, scores < ∞, any padding",
    cases="..cases.lattices:batches",
    conventions={"grad": ("logits", "free"), "scores": ("free", "normalised", "logits")},
    source="Graves 2012, (12) and (16) to (20)",
    home=__package__,
)


@law(
    transducer,
    says="a labelling is as probable as all paths through its lattice",
    source="Graves 2012, §2.3",
    kind="oracle",
    rule="T2",
    code="RNT-01",
    complete=True,
    kills=("no-final-blank", "labels-shifted", "no-blank-after-last-label", "no-label-in-last-frame", "best-path-only"),
)
def path_enumeration(solve: Judged, batch: Lattices) -> Gap:
    """exp(−loss) = Σ over C(T + U − 1, U) paths of the product of their edges."""
    want = [-by_enumeration(*edge).log_prob for edge in edges_of(batch)]
    return losses(solve(*arguments(batch)), want, rounding(solve.u, batch))


@law(
    transducer,
    says="with equal scores the loss counts paths",
    source="derived; exact integers",
    kind="identity",
    rule="T2",
    code="RNT-02",
    cases="..cases.lattices:uniform_lattices",
    kills=("no-final-blank", "one-label-a-frame", "labels-take-time", "forgets-late-frames", "best-path-only"),
)
def path_count(solve: Judged, batch: Lattices) -> Gap:
    """x = −log C  ⇒  exp(−loss) = C(T + U − 1, U)/C^(T+U)."""
    want = [-np.log(float(count(len(x), len(y)))) - (len(x) + len(y)) * x[0, 0, 0] for x, y in items(batch)]
    return losses(solve(*arguments(batch)), want, rounding(solve.u, batch))


@law(
    transducer,
    says="some target is always read: where the blank alone may follow after U labels, probabilities sum to one",
    source="derived; false at finite U without that",
    kind="identity",
    rule="T2",
    code="RNT-07",
    complete=True,
    cases="..cases.lattices:all_targets",
    kills=("no-final-blank", "one-label-a-frame", "no-label-in-last-frame", "blank-is-zero"),
)
def total_probability(solve: Judged, batch: Lattices) -> Gap:
    """Σ_{|y| ≤ U} exp(−loss(y)) = 1 if p(blank | t, U) = 1."""
    with np.errstate(all="ignore"):
        total = np.logaddexp.reduce(-solve(*arguments(batch)))
    return losses(total, 0.0, rounding(solve.u, batch).max(), "log of the total")


@law(
    transducer,
    says="where scores forget what was read, the labels can be summed out",
    source="derived",
    kind="identity",
    rule="T2",
    code="RNT-06",
    cases="..cases.lattices:forgetful",
    kills=("no-final-blank", "labels-shifted", "one-label-a-frame"),
)
def labels_summed_out(solve: Judged, batch: Lattices) -> Gap:
    """x(t, u, k) = x(t, k)  ⇒  Σ_{y ∈ V^U} exp(−loss(y)) = p of U labels of score log Σ_{k ≠ blank} exp x(t, k)."""
    x = np.delete(batch.log_probs[0], batch.blank, axis=-1)
    merged = np.logaddexp.reduce(x, axis=-1)[:, :-1]
    with np.errstate(all="ignore"):
        total = np.logaddexp.reduce(-solve(*arguments(batch)))
    want = log_prob(batch.log_probs[0, ..., batch.blank], merged)
    return losses(total, want, rounding(solve.u, batch).max())


@law(
    transducer,
    says="a single frame spells its labels one after the other",
    source="derived: T = 1 has one path",
    kind="limit",
    rule="T2",
    code="RNT-08",
    kills=("no-final-blank", "single-frame-ends-without-blank", "no-label-in-last-frame"),
)
def single_frame(solve: Judged, batch: Lattices) -> Gap:
    """T = 1  ⇒  loss = −Σ_u x(0, u, y_{u+1}) − x(0, U, blank)."""
    brief = changed(batch, log_probs=batch.log_probs[:, :1].copy(), T_len=np.ones_like(batch.T_len))
    want = [-edge[1].sum() - edge[0][0, -1] for edge in edges_of(brief)]
    return losses(solve(*arguments(brief)), want, rounding(solve.u, brief))


@law(
    transducer,
    says="saying nothing costs the blanks",
    source="derived: U = 0 has one path",
    kind="limit",
    rule="T2",
    code="RNT-08",
    kills=("no-final-blank", "empty-target-is-free", "no-blank-after-last-label"),
)
def empty_target(solve: Judged, batch: Lattices) -> Gap:
    """U = 0  ⇒  loss = −Σ_t x(t, 0, blank)."""
    silent = changed(batch, U_len=np.zeros_like(batch.U_len))
    silent.log_probs, silent.targets = batch.log_probs[:, :, :1].copy(), batch.targets[:, :0].copy()
    want = [-x[:, 0, batch.blank].sum() for x, _ in items(silent)]
    return losses(solve(*arguments(silent)), want, rounding(solve.u, silent))


@law(
    transducer,
    says="forbidden classes are summed over like any others",
    source="Graves 2012, §2.3",
    kind="oracle",
    rule="T2",
    code="RNT-01",
    cases="..cases.lattices:gated",
    kills=("clips-scores", "no-blank-after-last-label", "best-path-only"),
)
def forbidden_classes(solve: Judged, batch: Lattices) -> Gap:
    """x ∈ [−∞, 0]: exp(−loss) = Σ over paths, some of them forbidden."""
    want = [-by_enumeration(*edge).log_prob for edge in edges_of(batch)]
    return losses(solve(*arguments(batch)), want, rounding(solve.u, batch))


@law(
    transducer,
    says="the lattice walked backwards is a lattice, the last blank staying last",
    source="derived",
    kind="metamorphic",
    rule="T10",
    code="RNT-09",
    cases="..cases.lattices:open_lattices",
    kills=("no-label-in-last-frame", "no-blank-after-last-label", "labels-shifted"),
)
def lattice_reversal(solve: Judged, batch: Lattices) -> Gap:
    """label (t, u) ↦ (T−1−t, U−1−u), blank (t, u) ↦ (T−2−t, U−u) for t < T−1, final blank fixed: the loss stays."""
    back = changed(batch, log_probs=batch.log_probs.copy(), targets=batch.targets.copy())
    for b, (x, y) in enumerate(items(batch)):
        through, spoken = (np.exp(edge) for edge in edges(x, y, batch.blank))
        turned = through.copy()
        turned[:-1] = through[:-1][::-1, ::-1]
        labels = np.array(y[::-1], dtype=np.int64)
        back.targets[b, : len(y)] = labels
        C = x.shape[-1]
        dense = filled(turned[None], spoken[::-1, ::-1][None], labels[None], C, batch.blank)[0]
        back.log_probs[b, : len(x), : len(y) + 1] = dense
    # exp and log on the way, and a cast to the subject's dtype: u(|x| + 2) for each of the T + U edges of a path.
    worn = solve.u * (np.abs(batch.log_probs).max() + 2.0) * (batch.T_len + batch.U_len)
    allow = both(rounding(solve.u, batch), rounding(solve.u, back)) + worn
    return losses(solve(*arguments(back)), solve(*arguments(batch)), allow)


def _refused(**fields: Any) -> Any:
    return lambda batch: arguments(changed(batch, **{name: change(batch) for name, change in fields.items()}))


def _first_nan(batch: Lattices) -> Any:
    x = batch.log_probs.copy()
    x[:, 0] = np.nan
    return x


def _one_label(value: Any) -> Any:
    """Each target one label, value(batch), on a lattice that has room for it."""

    def corrupt(batch: Lattices) -> tuple[Any, ...]:
        one = np.ones_like(batch.U_len)
        x = np.repeat(batch.log_probs[:, :, :1], 2, axis=2)
        return x, np.full((len(one), 1), value(batch), np.int64), batch.T_len, one, batch.blank

    return corrupt


BAD = {
    "nan-frame": _refused(log_probs=_first_nan),
    "too-many-frames": _refused(T_len=lambda batch: batch.T_len + batch.log_probs.shape[1]),
    "too-many-labels": _refused(U_len=lambda batch: batch.U_len + batch.log_probs.shape[2]),
    "no-frames": _refused(T_len=lambda batch: np.zeros_like(batch.T_len)),
    "negative-length": _refused(U_len=lambda batch: -1 - batch.U_len),
    "blank-as-label": _one_label(lambda batch: batch.blank),
    "unknown-label": _one_label(lambda batch: batch.log_probs.shape[-1]),
    "unknown-blank": _refused(blank=lambda batch: batch.log_probs.shape[-1]),
}

CONTRACTS = (transducer,)
LAWS = (
    path_enumeration,
    path_count,
    total_probability,
    labels_summed_out,
    single_frame,
    empty_target,
    forbidden_classes,
    lattice_reversal,
    *cross_cutting(transducer, allow=lambda batch, u: 2.0 * float(rounding(u, batch).max())),
    *refusals(transducer, BAD),
)
