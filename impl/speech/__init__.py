"""Sequence-to-sequence speech: the decoder's r-frame bookkeeping."""
