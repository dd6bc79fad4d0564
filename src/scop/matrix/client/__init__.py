"""A client of any homeserver, without I/O: each thing it does is steps (`scop.matrix.steps`)."""

from scop.matrix.client.client import Client

__all__ = ["Client"]
