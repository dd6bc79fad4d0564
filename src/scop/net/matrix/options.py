"""What may be chosen about how a client speaks with its homeserver."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

__all__ = ["NetworkOptions"]


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """How long we wait, how much we read, whom we trust."""

    request_seconds: float = 60.0  # for one answer; media have as long as they keep moving
    connect_seconds: float = 15.0
    silence_seconds: float = 15.0  # beyond what the server was allowed to wait (a long poll): then the network is dead
    stall_seconds: float = 60.0  # media that stand still for so long are given up
    patience_seconds: float = 120.0  # for one thing asked for, its repeats and pauses together
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 60.0
    max_answer_octets: int = 536_870_912  # the first sync of a large account is a large one
    max_redirects: int = 5
    tls: ssl.SSLContext | None = None  # whom to trust; this machine's authorities
    plain_http_anywhere: bool = False  # http: shows tokens to whoever listens; without this, to loopback alone

    def __post_init__(self) -> None:
        """Refuse a context that would believe anybody."""
        if self.tls is not None and (self.tls.verify_mode is not ssl.CERT_REQUIRED or not self.tls.check_hostname):
            raise ValueError("the TLS context checks no certificates")
