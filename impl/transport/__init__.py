"""Optimal transport: exact (kantorovich, rubinstein, wasserstein), entropic (sinkhorn) and debiased (divergence)."""
