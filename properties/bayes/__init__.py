"""Laws of Bayesian shrinkage."""
