"""Oracles: independent, slow truths. None of them imports the code it judges."""
