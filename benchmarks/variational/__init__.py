"""Variational inference: gradients through samplers and bounds, beside torch and JAX."""
