"""Models with hidden states: laws of mixtures, Markov chains and alignments."""
