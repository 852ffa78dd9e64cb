"""Subjects: thin adapters that declare a library's conventions. Libraries are imported inside the functions."""
