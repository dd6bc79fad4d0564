"""What a listener does with a connection before the first word, and to all that comes in later.

Standards: RFC 5321 §4.5.3.2 (timeouts); RFC 8314 §3 (implicit TLS).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from scop.net.connections import Connections
    from scop.net.peer import Peer

__all__ = ["BACKLOG", "MAX_REFUSALS", "Entrance", "ServerTimeouts"]

# Connections that the kernel holds while we are busy, as many as Linux allows (somaxconn): who finds no room there
# tries again after a second, and a flood of callers must not cost an honest one that second.
BACKLOG = 4096

MAX_REFUSALS = 20  # commands that the machine itself rejects; who goes on speaks no SMTP


def _nobody(_address: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class ServerTimeouts:
    """How patient a server is with one client.

    A message has to come at `min_octets_per_second` once `block_seconds` are over: every octet buys
    its part of a second, and a client that sends one a minute is let go. A client that brings no
    message in `fruitless_seconds` is let go too, whatever else it says.
    """

    idle_seconds: float = 300.0  # RFC 5321 §4.5.3.2.7: to the next command, which must be whole by then
    block_seconds: float = 180.0  # RFC 5321 §4.5.3.2.5: to the next octets of a message, and to take our replies
    handshake_seconds: float = 30.0  # of TLS, and a PROXY header before it
    fruitless_seconds: float = 3600.0
    min_octets_per_second: float = 100.0  # a tenth of the slowest modem that mail ever came by


@dataclass(frozen=True, slots=True)
class Entrance:
    """How connections come in at one listener.

    `is_proxy` says of an address whether it must begin with a PROXY header, which is read from
    nobody else. `pause_seconds` counts octets of a peer that came, and says how long no more are to be read.
    """

    implicit_tls: bool = False
    is_proxy: Callable[[str], bool] = _nobody
    pause_seconds: Callable[[Peer, int], float] | None = None
    connections: Connections | None = None
    max_refusals: int = MAX_REFUSALS
