"""Mutants: subjects that are wrong on purpose; every law must reject at least two."""
