"""Variational inference: the evidence lower bound, its gradient estimators, and the variational autoencoder."""
