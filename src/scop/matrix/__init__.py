"""Matrix: what servers and clients have in common, and a client of any homeserver, both without I/O.

The core is what a homeserver stands on: `ids`, `canonical_json`, `signing`, `events`, `room_versions`, `auth_rules`,
`state_resolution`, and `api`, every endpoint as a typed request and response. On it stand `Client` and its end-to-end
encryption (`encryption`, `verification`), whose requests `scop.net.matrix.AsyncClient` carries, and `notifier`, what
becomes of builds.

Standards: Matrix v1.19.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scop.matrix.client import Client

__all__ = ["Client"]


def __getattr__(name: str) -> object:
    """Load the client when it is asked for: the rooms of a homeserver stand without its encryption."""
    if name == "Client":
        from scop.matrix.client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
