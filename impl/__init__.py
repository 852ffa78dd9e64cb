"""Minimal implementations of what the posts derive; each module is its formula. Nothing here knows of laws."""
