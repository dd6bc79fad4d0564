"""A client of any homeserver, without I/O: each thing it does is steps (`scop.matrix.steps`)."""

from scop.matrix.client.client import Client
from scop.matrix.client.event import Event
from scop.matrix.client.options import ClientOptions, Presence
from scop.matrix.client.session import Session

__all__ = ["Client", "ClientOptions", "Event", "Presence", "Session"]
