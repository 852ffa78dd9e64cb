"""Bayes by conjugacy: normal-normal shrinkage, its evidence and predictions; the James-Stein estimator."""
