"""Transport: exact and entropic, beside POT, SciPy and geomloss."""
