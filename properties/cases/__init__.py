"""Cases: inputs drawn from a contract's domain, so that they shrink, or taken from real data."""
