"""What a server offers, and what of the conversation its commands may look at.

Standards: RFC 5321 §4.5.3.1 (limits).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scop.smtp.origin import Origin

__all__ = ["Channel", "ServerOptions"]


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How one server speaks.

    `trusted` is for pipes whose other end is proven by certificate: only there XFORWARD and MAIL's
    AUTH= are believed. `extensions` names the keywords that may be offered; empty for all.
    """

    hostname: str
    lmtp: bool = False
    trusted: bool = False
    tls_available: bool = False
    tls_active: bool = False
    auth_available: bool = False  # offered under TLS only
    auth_required: bool = False
    max_message_octets: int = 52_428_800
    max_recipients: int = 100  # RFC 5321 §4.5.3.1.8: at least 100
    # Lenient: RFC 5321 §4.5.3.1.6 allows 998 octets and the line end, real mail has longer lines.
    max_text_line_octets: int | None = None
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.max_message_octets < 65536:  # RFC 5321 §4.5.3.1.7: at least 64K octets
            raise ValueError("a server takes messages of at least 65536 octets")
        if self.max_recipients < 1:
            raise ValueError("a server takes at least one recipient")


@dataclass(frozen=True, slots=True)
class Channel:
    """What was agreed on so far; after STARTTLS it begins anew."""

    options: ServerOptions
    tls_active: bool
    extended: bool = False  # EHLO or LHLO was said
    authenticated: bool = False
    origin: Origin | None = None  # of the next message, told by a trusted client
