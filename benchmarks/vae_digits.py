"""A variational autoencoder on scikit-learn's 1797 digits, in seconds: `python -m benchmarks.vae_digits` writes its report.

8 x 8 pixels, black where at least half covered, so that log p(x) is a log-probability in nats an image and bounds on held-out
images can be compared: with independent pixels (no latent variable), and with importance-weighted bounds of the same model.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

    from impl.variational.vae import VAE

REPORTS = Path(__file__).parents[1] / "reports"
HELD_OUT = 297
LATENT, HIDDEN = 8, (128, 64)
EPOCHS, BATCH, RATE = 60, 50, 2e-3
WEIGHTS = (1, 5, 50, 500)


class Run(NamedTuple):
    """Bounds of the epochs on the images trained on and on those held out, and what is known at the end."""

    train: list[float]
    test: list[float]
    weighted: dict[int, float]
    divergence: float
    independent: float
    seconds: float


def main() -> None:
    found = run()
    plot(found, REPORTS / "vae-digits.png")
    (REPORTS / "vae-digits.md").write_text(text(found))
    print(text(found))


def images(seed: int = 0) -> tuple[Tensor, Tensor]:
    """Binary images to train on, and those held out."""
    import torch
    from sklearn.datasets import load_digits

    counts = torch.from_numpy(load_digits().data)
    order = torch.randperm(len(counts), generator=torch.Generator().manual_seed(seed))
    black = (counts[order] >= 8).float()
    return black[HELD_OUT:], black[:HELD_OUT]


def run(seed: int = 0) -> Run:
    import torch

    from impl.variational.elbo import gaussian_kl
    from impl.variational.vae import VAE, bernoulli_log_likelihood, fit

    train, test = images()
    rng = torch.Generator().manual_seed(seed)
    vae = VAE(64, LATENT, HIDDEN, generator=rng)
    start, bounds, held_out = time.perf_counter(), [], []
    for bound in fit(vae, train, epochs=EPOCHS, batch=BATCH, lr=RATE, generator=rng):
        bounds.append(bound)
        held_out.append(weighted(vae, test, 1, rng, draws=4))
    seconds = time.perf_counter() - start
    with torch.no_grad():
        divergence = float(gaussian_kl(*vae.encode(test)).mean())
        share = (train.sum(0) + 0.5) / (len(train) + 1)
        independent = float(bernoulli_log_likelihood(test, share.logit().expand_as(test)).mean())
    final = {K: weighted(vae, test, K, rng, draws=max(500 // K, 1)) for K in WEIGHTS}
    return Run(bounds, held_out, final, divergence, independent, seconds)


def weighted(vae: VAE, x: Tensor, K: int, rng: object, draws: int) -> float:
    """The mean bound of K weights over the images, from so many draws of each."""
    import torch

    from impl.variational.elbo import iwae

    assert isinstance(rng, torch.Generator)
    with torch.no_grad():
        many = x.repeat_interleave(K * draws, 0)
        log_w = vae.log_weights(many, torch.randn(len(many), vae.latent, generator=rng))
        return float(iwae(log_w.reshape(-1, K)).mean())


def plot(found: Run, to: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
    epochs = range(1, len(found.train) + 1)
    axes.plot(epochs, found.train, label="trained on")
    axes.plot(epochs, found.test, label="held out")
    axes.axhline(found.weighted[max(WEIGHTS)], ls="--", lw=1, color="C2", label=f"held out, {max(WEIGHTS)} weights")
    axes.axhline(found.independent, ls=":", lw=1, color="0.4", label="independent pixels")
    axes.set(xlabel="epoch", ylabel="bound on log p(x), nats an image")
    axes.legend(frameon=False)
    figure.savefig(to, dpi=150)


def text(found: Run) -> str:
    rows = "\n".join(f"| {K} | {bound:.2f} |" for K, bound in found.weighted.items())
    one, most = found.weighted[1], found.weighted[max(WEIGHTS)]
    layers = " and ".join(map(str, HIDDEN))
    return f"""# A variational autoencoder on the digits

`python -m benchmarks.vae_digits` wrote this page in {found.seconds:.0f} s of training on a CPU: {1797 - HELD_OUT} binary
images of 8 x 8 pixels, {LATENT} latent dimensions, tanh layers of {layers}, {EPOCHS} epochs of Adam at {RATE:g} in
batches of {BATCH}, seed 0.

![Bounds by epoch](vae-digits.png)

On the {HELD_OUT} images held out, in nats an image:

| weights K | bound on log p(x) |
|---:|---:|
{rows}
| pixels independent | {found.independent:.2f} |

The bound of one weight, {one:.2f}, is the evidence lower bound; on the images trained on it ends at {found.train[-1]:.2f}.
Of it, {found.divergence:.2f} is the divergence of the encoder from the prior. More weights bound better, as they must
(`variational.iwae.tighter-with-more`), and what {max(WEIGHTS)} gain on one, {most - one:.2f}, the encoder loses at least.
"""


if __name__ == "__main__":
    main()
