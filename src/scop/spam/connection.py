"""What is known of the connection that brought a mail: facts of our own server, not what the mail says."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Connection"]


@dataclass(frozen=True, slots=True)
class Connection:
    """Who handed the mail over; '' and None where it is not known."""

    address: str = ""  # IPv4 or IPv6, as text
    name: str = ""  # the verified reverse name
    helo: str = ""
    tls: str = ""  # the version, "" without TLS
