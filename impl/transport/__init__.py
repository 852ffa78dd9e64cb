"""Optimal transport: exact (kantorovich, rubinstein, wasserstein), entropic (sinkhorn, divergence)."""
