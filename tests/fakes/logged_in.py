"""A client that is logged in and encrypts nothing."""

from __future__ import annotations

from fakes.homeserver import Desk, FakeHomeserver
from scop.matrix.client import ClientOptions

__all__ = ["PLAIN", "alice_at_desk"]

PLAIN = ClientOptions(encrypts=False)


def alice_at_desk(server: FakeHomeserver | None = None) -> Desk:
    """Return the desk of a client that is logged in."""
    server = server or FakeHomeserver()
    server.register("alice")
    desk = Desk(server)
    client = desk.client(PLAIN)
    desk.run(client.login_with_password(server.url, "alice", "secret"))
    return desk
