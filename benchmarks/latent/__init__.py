"""Latent variables: mixtures, Markov chains and alignments, beside scikit-learn, hmmlearn, dynamax and torch."""
