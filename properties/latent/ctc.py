"""Connectionist temporal classification: what a labelling costs when it does not say when its labels sound.

    p(y) = Σ_{path: collapse(path) = y} Π_t exp x_t(path_t),      loss = −log p(y)

collapse merges runs, then drops blanks, so a label that repeats its predecessor needs a blank between: there is a path
iff T ≥ U + R. Three laws that ask no oracle fix the loss: over all labellings p sums to the product of the frames'
totals; with equal scores p counts, C(T + U − R, 2U) paths; and p(y) is at least each of its paths. Enumeration of C^T
paths fixes it for small T. The gradient is in `ctc_gradient`, what changes and what must not in `ctc_changes` and
`ctc_batch`.

Symbols: x = log_probs[T, B, C], free scores or log-probabilities; targets y [B, U] and R repeats y_u = y_{u−1};
input_lengths T_b, target_lengths U_b; blank, one of the C classes; loss [B] in nats; grad [T, B, C].
Source: Graves et al. 2006, §3.1 and §4.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prufrock import Contract, Gap, Judged, at_most, holds_if, law

from ..hygiene import cross_cutting, refusals
from ..oracles.alignments import by_enumeration, count
from ._alignments import NAT, arguments, changed, counted, feasible, items, losses, rounding

if TYPE_CHECKING:
    from typing import Any

    from ..cases.alignments import Batch, Spelled

ctc = Contract(
    id="latent.ctc",
    says="the cost −log p(y) of each labelling of a batch, summed over all alignments",
    arguments={"log_probs": "T B C", "targets": "B U", "input_lengths": "B", "target_lengths": "B", "blank": ""},
    outputs={"loss": "B", "grad": "T B C"},
    domain="T_b ≥ 1 frames, U_b ≥ 0 labels other than the blank, any blank, scores < ∞, padding of any kind",
    cases="..cases.alignments:batches",
    real="..cases.utterance:batches",
    conventions={
        "grad": ("logits", "free"),
        "infeasible": ("inf", "zero", "large"),
        "scores": ("free", "normalised", "logits"),
    },
    source="Graves et al. 2006, (3) and (5)",
    home=__package__,
)

LARGE = 1e4  # what "large" promises at least


@law(
    ctc,
    says="a labelling is as probable as all the paths that collapse to it",
    source="Graves et al. 2006, (3)",
    kind="oracle",
    rule="T2",
    code="CTC-01",
    complete=True,
    cases="..cases.alignments:tight_batches",
    kills=("always-skips", "never-skips", "starts-in-blank", "ends-anywhere", "third-repeat-skips"),
)
def path_enumeration(solve: Judged, batch: Batch) -> Gap:
    """exp(−loss) = Σ over the C^T paths with collapse(path) = y of Π_t exp x_t(path_t)."""
    want = [-by_enumeration(x, y, batch.blank).log_prob for x, y in items(batch)]
    return losses(counted(solve, batch, solve(*arguments(batch))), want, rounding(solve.u, batch))


@law(
    ctc,
    says="longer inputs too: the same by enumeration with slack between the labels",
    source="Graves et al. 2006, (3)",
    kind="oracle",
    rule="T2",
    code="CTC-01",
    cases="..cases.alignments:small_batches",
    kills=("forgets-first-frame", "best-path-only", "blank-is-zero", "empty-target-is-free"),
)
def path_enumeration_with_slack(solve: Judged, batch: Batch) -> Gap:
    """exp(−loss) = Σ over the C^T paths with collapse(path) = y of Π_t exp x_t(path_t), T > U + R mostly."""
    want = [-by_enumeration(x, y, batch.blank).log_prob for x, y in items(batch)]
    return losses(solve(*arguments(batch)), want, rounding(solve.u, batch))


@law(
    ctc,
    says="some labelling is always read: the probabilities of all labellings sum to one",
    source="derived: every path collapses to exactly one labelling",
    kind="identity",
    rule="T2",
    code="CTC-02",
    complete=True,
    cases="..cases.alignments:all_labellings",
    kills=("always-skips", "starts-anywhere", "ends-in-label", "skip-compares-neighbour", "loss-per-frame"),
)
def total_probability(solve: Judged, batch: Batch) -> Gap:
    """Σ_y exp(−loss(y)) = Π_t Σ_k exp x_t(k), over all y of at most T labels."""
    loss = counted(solve, batch, solve(*arguments(batch)))
    frames = np.logaddexp.reduce(batch.log_probs[:, 0], axis=-1).sum()
    with np.errstate(all="ignore"):
        total = np.logaddexp.reduce(-loss - frames)
    return losses(total, 0.0, rounding(solve.u, batch).max(), "log of the total")


@law(
    ctc,
    says="with equal scores the loss counts alignments",
    source="derived, see oracles.alignments; exact integers",
    kind="identity",
    rule="T2",
    code="CTC-03",
    complete=True,
    cases="..cases.alignments:uniform_batches",
    kills=("always-skips", "never-skips", "forgets-late-frames", "merges-repeats"),
)
def alignment_count(solve: Judged, batch: Batch) -> Gap:
    """x = −log C  ⇒  exp(−loss) = C(T + U − R, 2U)/C^T."""
    want = [
        -np.log(float(count(len(x), y)) or 0.0) - x[:, 0].sum() if count(len(x), y) else np.inf for x, y in items(batch)
    ]
    return losses(counted(solve, batch, solve(*arguments(batch))), want, rounding(solve.u, batch))


@law(
    ctc,
    says="a labelling has a finite cost exactly where it and the blanks its repeats need fit into the frames",
    source="Graves et al. 2006, §3.1",
    kind="limit",
    rule="T0",
    code="CTC-04",
    level="convention",
    when={"infeasible": ("inf", "zero", "large")},
    cases="..cases.alignments:tight_batches",
    kills=("always-skips", "infinite-not-zero", "zero-not-infinite", "large-only-without-repeats"),
)
def feasibility(solve: Judged, batch: Batch) -> Gap:
    """T ≥ U + R ⇔ loss < ∞ for finite scores; else it is ∞, 0, or larger than 10⁴, as declared."""
    loss, fits = np.asarray(solve(*arguments(batch))), feasible(batch)
    declared = solve.conventions["infeasible"]
    lost = {"inf": loss == np.inf, "zero": loss == 0.0, "large": loss > LARGE}[declared]
    right = np.where(fits, np.isfinite(loss), lost)
    return holds_if(bool(right.all()), f"feasible {fits.tolist()}, declared {declared}", got=loss)


@law(
    ctc,
    says="an infinite cost written as zero has no gradient either",
    source="derived: the loss is constant there",
    kind="limit",
    rule="T0",
    code="CTC-04",
    level="convention",
    needs=("grad",),
    when={"infeasible": ("zero",)},
    cases="..cases.alignments:tight_batches",
    kills=("gradient-without-path", "nan-gradient-without-path"),
)
def no_gradient_without_path(solve: Judged, batch: Batch) -> Gap:
    """T < U + R and loss := 0  ⇒  grad[:, b] = 0."""
    grad = solve.full(*arguments(batch)).grad[:, ~feasible(batch)]
    return holds_if(bool((grad == 0).all()), "gradient of a target without a path", got=grad)


@law(
    ctc,
    says="saying nothing costs the blanks",
    source="derived: U = 0 has one path",
    kind="limit",
    rule="T2",
    code="CTC-14",
    kills=("empty-target-is-free", "blank-is-zero", "loss-per-frame"),
)
def empty_target(solve: Judged, batch: Batch) -> Gap:
    """U = 0  ⇒  loss = −Σ_t x_t(blank)."""
    silent = changed(batch, target_lengths=np.zeros_like(batch.target_lengths))
    want = [-x[:, batch.blank].sum() for x, _ in items(silent)]
    return losses(solve(*arguments(silent)), want, rounding(solve.u, silent))


@law(
    ctc,
    says="no frames spell the empty target for certain, and nothing else",
    source="derived: the empty path collapses to the empty labelling; its probability is the empty product",
    kind="limit",
    rule="T0",
    code="CTC-14",
    level="convention",
    when={"infeasible": ("inf",)},
    kills=("no-frames-spell-anything", "no-frames-spell-nothing"),
)
def no_frames(solve: Judged, batch: Batch) -> Gap:
    """T_b = 0  ⇒  loss = 0 if U_b = 0, else ∞."""
    still = changed(batch, input_lengths=np.zeros_like(batch.input_lengths))
    still.target_lengths = np.where(np.arange(len(batch.targets)) % 2, 0, batch.target_lengths)
    want = np.where(still.target_lengths == 0, 0.0, np.inf)
    return losses(solve(*arguments(still)), want, 0.0)


@law(
    ctc,
    says="with no frame to spare there is one path",
    source="derived: T = U + R leaves no choice",
    kind="limit",
    rule="T2",
    code="CTC-14",
    cases="..cases.alignments:tightest_spelled",
    kills=("never-skips", "single-frame-is-blank", "loss-per-frame", "merges-repeats"),
)
def only_path(solve: Judged, batch: Spelled) -> Gap:
    """T = U + R  ⇒  loss = −Σ_t x_t(path_t), blanks between equal labels only."""
    want = [-np.take_along_axis(x, batch.path[: len(x), b, None], 1).sum() for b, (x, _) in enumerate(items(batch))]
    return losses(solve(*arguments(batch)), want, rounding(solve.u, batch))


@law(
    ctc,
    says="a labelling is at least as probable as each of its paths",
    source="derived: the sum exceeds its parts",
    kind="inequality",
    rule="T2",
    code="CTC-15",
    cases="..cases.alignments:spelled",
    kills=("never-skips", "starts-in-blank", "ends-in-blank", "last-item-to-the-end"),
)
def any_path(solve: Judged, batch: Spelled) -> Gap:
    """loss ≤ −Σ_t x_t(path_t) for every path that collapses to y."""
    cost = [-np.take_along_axis(x, batch.path[: len(x), b, None], 1).sum() for b, (x, _) in enumerate(items(batch))]
    return at_most(solve(*arguments(batch)), cost, allow=rounding(solve.u, batch), effect=NAT)


@law(
    ctc,
    says="forbidden classes and astronomically small probabilities are summed over like any others",
    source="Graves et al. 2006, (3)",
    kind="oracle",
    rule="T2",
    code="CTC-16",
    cases="..cases.alignments:gated_batches",
    kills=("clips-scores", "best-path-only", "linear-domain"),
)
def forbidden_classes(solve: Judged, batch: Batch) -> Gap:
    """x ∈ [−10⁴, 0] ∪ {−∞}: exp(−loss) = Σ over paths, and loss = ∞ iff every path is forbidden."""
    want = np.array([-by_enumeration(x, y, batch.blank).log_prob for x, y in items(batch)])
    got = np.asarray(solve(*arguments(batch)))
    if solve.conventions.get("infeasible") != "inf":
        return losses(got[np.isfinite(want)], want[np.isfinite(want)], rounding(solve.u, batch)[np.isfinite(want)])
    return losses(got, want, rounding(solve.u, batch))


def _refused(**fields: Any) -> Any:
    """Corrupt a batch: each field from the batch's own."""
    return lambda batch: arguments(changed(batch, **{name: change(batch) for name, change in fields.items()}))


def _nan_frame(batch: Batch) -> Any:
    x = batch.log_probs.copy()
    x[0] = np.nan
    return x


def _padded_targets(value: Any) -> Any:
    """Targets of one label each, `value(batch)`."""
    return lambda batch: np.full((len(batch.targets), 1), value(batch), np.int64)


BAD = {
    "nan-frame": _refused(log_probs=_nan_frame),
    "too-many-frames": _refused(input_lengths=lambda batch: batch.input_lengths + len(batch.log_probs)),
    "too-many-labels": _refused(target_lengths=lambda batch: batch.target_lengths + batch.targets.shape[1] + 1),
    "negative-length": _refused(target_lengths=lambda batch: -1 - batch.target_lengths),
    "blank-as-label": _refused(
        targets=_padded_targets(lambda batch: batch.blank),
        target_lengths=lambda batch: np.ones_like(batch.target_lengths),
    ),
    "unknown-label": _refused(
        targets=_padded_targets(lambda batch: batch.log_probs.shape[-1]),
        target_lengths=lambda batch: np.ones_like(batch.target_lengths),
    ),
    "unknown-blank": _refused(blank=lambda batch: batch.log_probs.shape[-1]),
}

CONTRACTS = (ctc,)
LAWS = (
    path_enumeration,
    path_enumeration_with_slack,
    total_probability,
    alignment_count,
    feasibility,
    no_gradient_without_path,
    empty_target,
    no_frames,
    only_path,
    any_path,
    forbidden_classes,
    *cross_cutting(ctc, allow=lambda batch, u: 2.0 * float(rounding(u, batch).max())),
    *refusals(ctc, BAD),
)
