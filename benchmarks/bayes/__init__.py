"""Conjugate Bayes, beside SciPy."""
