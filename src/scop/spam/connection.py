"""What is known of the connection that brought a mail: facts of our own server, not what the mail says.

They are read from the `Received` field that our receiver wrote, so that a mail from the store teaches the same
facts that it was weighed by.

Standards: RFC 5321 §4.4, RFC 8314 §4.3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Connection", "connection_of"]

# As our own receiver writes it and nobody else: `from HELO (NAME [ADDRESS])`, `by HOST with PROTOCOL`, `tls …`.
_OURS = re.compile(
    rb"(?im)^received:[ \t]*from[ \t]+(\S{1,300})[ \t]+\((\S{1,300}) \[(?:IPv6:)?([0-9a-f.:]{2,45})\]\)\s+"
    rb"by[ \t]+(\S{1,300})[ \t]([^;]{0,2000});\s*([^\r\n]{1,60})"
)
_TLS = re.compile(rb"\((TLSv[0-9.]{1,5})[ )]")


@dataclass(frozen=True, slots=True)
class Connection:
    """Who handed the mail over; "" where it is not known."""

    address: str = ""  # IPv4 or IPv6, as text
    name: str = ""  # the verified reverse name
    helo: str = ""
    tls: str = ""  # the version, "" without TLS
    date: str = ""  # when our server took the mail, as its `Received` field says it


def connection_of(stamps: bytes, hostname: str) -> Connection | None:
    """Return what the `Received` field of `hostname` among our own stamps tells; None where there is none."""
    for found in _OURS.finditer(stamps):
        if found[4].decode("ascii", "replace").lower() == hostname.lower():
            helo, name, address, date = [found[group].decode("ascii", "replace") for group in (1, 2, 3, 6)]
            tls = _TLS.search(found[5])
            known = "" if name.lower() == "unknown" else name.lower()
            return Connection(address, known, helo, tls[1].decode("ascii") if tls else "", date)
    return None
