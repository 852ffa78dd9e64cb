"""Models with hidden states: mixtures (gmm), Markov chains (hmm, fitted by baum_welch), alignments (ctc, transducer),
and the one recursion under the last three (_lattice), over any semiring (_semiring).
"""
