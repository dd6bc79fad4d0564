"""Where a message first came from, as one trusted hop tells the next by XFORWARD or XCLIENT.

Standards: Postfix XFORWARD_README and XCLIENT_README (attributes ADDR PORT NAME HELO PROTO IDENT); RFC 3461 §4 (xtext).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scop.base import RemoteProtocolError
from scop.smtp.xtext import from_xtext, to_xtext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Origin", "read_attributes"]

MAX_VALUE_CHARACTERS = 255  # XFORWARD_README: attribute values are no longer
UNKNOWN = "[UNAVAILABLE]"
UNKNOWN_YET = "[TEMPUNAVAIL]"

_BAD = "501 5.5.4 Syntax error in parameters"
_VISIBLE = re.compile(r"[^\0-\x20\x7f]*")


@dataclass(frozen=True, slots=True)
class Origin:
    """The client that a message came from; '' (port 0) for what is not known.

    `ident` is our own id of the message, minted where it came in.
    """

    address: str = ""
    port: int = 0
    name: str = ""
    helo: str = ""
    protocol: str = ""
    ident: str = ""

    def __post_init__(self) -> None:
        values = (self.address, self.name, self.helo, self.protocol, self.ident)
        if max(map(len, values)) > MAX_VALUE_CHARACTERS or not _VISIBLE.fullmatch("".join(values)):
            raise ValueError("an attribute is too long or not visible text")
        if not 0 <= self.port <= 65535:
            raise ValueError("not a port")

    def on_top_of(self, earlier: Origin) -> Origin:
        """Return what both tell; where they differ this one counts."""
        return Origin(
            address=self.address or earlier.address,
            port=self.port or earlier.port,
            name=self.name or earlier.name,
            helo=self.helo or earlier.helo,
            protocol=self.protocol or earlier.protocol,
            ident=self.ident or earlier.ident,
        )

    def to_xforward(self) -> str:
        """Write the arguments of an XFORWARD command."""
        address = f"IPV6:{self.address}" if ":" in self.address else self.address
        attributes = {
            "NAME": self.name,
            "ADDR": address,
            "PORT": str(self.port or ""),
            "PROTO": self.protocol,
            "HELO": self.helo,
            "IDENT": self.ident,
        }
        return " ".join(f"{key}={to_xtext(value) or UNKNOWN}" for key, value in attributes.items())

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, str]) -> Origin:
        """Build it from attributes by upper-case name; raises `RemoteProtocolError`."""
        address = attributes.get("ADDR", "")
        if address[:5].upper() == "IPV6:":
            address = address[5:]
        port = attributes.get("PORT", "")
        try:
            return cls(
                address=address,
                port=int(port) if port.isascii() and port.isdecimal() and len(port) <= 5 else 0,
                name=attributes.get("NAME", ""),
                helo=attributes.get("HELO", ""),
                protocol=attributes.get("PROTO", ""),
                ident=attributes.get("IDENT", ""),
            )
        except ValueError as fault:
            raise RemoteProtocolError(str(fault), reply_hint="501 5.5.4 Bad attribute") from fault


def read_attributes(argument: str, names: Sequence[str]) -> dict[str, str]:
    """Read the arguments of XFORWARD or XCLIENT, '' for what is not known; raises `RemoteProtocolError`."""
    attributes = dict(_attribute(word, names) for word in argument.split())
    if not attributes:
        raise RemoteProtocolError("no attributes", reply_hint=_BAD)
    return attributes


def _attribute(word: str, names: Sequence[str]) -> tuple[str, str]:
    name, _, value = word.partition("=")
    if name.upper() not in names or not value:
        raise RemoteProtocolError("unknown attribute", reply_hint=_BAD)
    return name.upper(), "" if value.upper() in (UNKNOWN, UNKNOWN_YET) else from_xtext(value)
