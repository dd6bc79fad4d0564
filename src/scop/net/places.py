"""Places that sockets are opened at: the family of an address, HOST:PORT as people write it, a listener there.

It opens what it is told to open; what a failure means is its caller's to say.
"""

from __future__ import annotations

import socket

__all__ = ["family_of", "place_of", "tcp_listener", "written_place"]

MAX_PORT = 65535


def family_of(address: str) -> socket.AddressFamily:
    """Return the family of an IP address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def place_of(text: str) -> tuple[str, int]:
    """Read HOST:PORT, an IPv6 address in brackets; raises `ValueError`."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not (port.isdecimal() and int(port) <= MAX_PORT):
        raise ValueError(f"{text!r} is not of the form HOST:PORT")
    return host, int(port)


def written_place(host: str, port: int) -> str:
    """Return a place as a person writes it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def tcp_listener(text: str, *, backlog: int) -> socket.socket:
    """Open a listener at HOST:PORT; raises `ValueError` for what is none, `OSError`."""
    host, port = place_of(text)
    return socket.create_server((host, port), family=family_of(host), backlog=backlog)
