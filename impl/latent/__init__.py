"""Models with hidden states: mixtures (gmm), Markov chains (hmm), alignments (ctc, transducer), and the one
recursion under the last three (_lattice), over any semiring (_semiring).
"""
