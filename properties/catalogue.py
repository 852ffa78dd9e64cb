"""The one list of what the pack holds: modules of laws, of subjects and of mutants, loaded when they are asked for."""

from __future__ import annotations

LAWS = (
    "transport.kantorovich",
    "transport.kantorovich_values",
    "transport.c_transform",
    "transport.rubinstein",
    "transport.wasserstein",
    "transport.wasserstein_line",
    "transport.gaussian",
    "transport.sinkhorn",
    "transport.sinkhorn_changes",
    "transport.sinkhorn_sweep",
    "transport.divergence",
    "speech.frames",
)

SUBJECTS = (
    "subjects.reference_frames",
    "subjects.reference_transport",
    "subjects.frames",
    "subjects.pot_exact",
    "subjects.pot_line",
    "subjects.pot_entropic",
    "subjects.scipy_exact",
    "subjects.scipy_line",
    "subjects.geomloss",
)

MUTANTS = (
    "mutants.kantorovich",
    "mutants.c_transform",
    "mutants.rubinstein",
    "mutants.wasserstein",
    "mutants.sinkhorn",
    "mutants.divergence",
    "mutants.frames",
)
