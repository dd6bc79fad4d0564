"""Resolving without I/O: from the root hints to an answer, as a generator that yields whom to ask what."""
