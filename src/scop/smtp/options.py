"""What a server offers, and what of the conversation its commands may look at.

Standards: RFC 5321 §4.5.3.1 (limits); RFC 9422 (what is told of them).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from scop.smtp.delivery import MAX_BY_SECONDS, MAX_HOLD_SECONDS

if TYPE_CHECKING:
    from scop.smtp.extensions.extension import Extension
    from scop.smtp.origin import Origin

__all__ = ["MECHANISMS", "Channel", "ServerOptions", "Terms"]

MECHANISMS = ("PLAIN", "LOGIN", "EXTERNAL", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS")
MIN_MESSAGE_OCTETS = 65536  # RFC 5321 §4.5.3.1.7: at least 64K octets
MAX_LIMIT = 999_999  # RFC 9422 §4: six digits


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How one server speaks.

    `trusted` is for pipes whose other end is proven by certificate: only there XFORWARD and MAIL's
    AUTH= are believed.
    """

    hostname: str
    lmtp: bool = False
    trusted: bool = False
    tls_available: bool = False
    tls_active: bool = False
    auth_mechanisms: tuple[str, ...] = ()  # of `MECHANISMS`, offered under TLS only, in this order
    auth_required: bool = False
    external_identity: str = ""  # whom the client's own certificate proved; lets EXTERNAL be offered
    xclient: bool = False  # the peer is a trusted proxy that may speak for others
    min_by_seconds: int | None = None  # DELIVERBY is offered where it is set (RFC 2852 §4); 0 is no bound
    max_hold_seconds: int = 0  # FUTURERELEASE is offered above 0
    priorities: bool = False  # MT-PRIORITY is offered
    binary: bool = False  # BINARYMIME is offered: whoever takes the message keeps any octets as they are
    max_transactions: int | None = None  # of one connection; told by LIMITS
    max_message_octets: int = 52_428_800
    max_recipients: int = 100  # RFC 5321 §4.5.3.1.8: at least 100
    # Lenient: RFC 5321 §4.5.3.1.6 allows 998 octets and the line end, real mail has longer lines.
    max_text_line_octets: int | None = None
    # Lenient: RFC 5321 §2.3.8 forbids bare CR and bare LF; whoever takes such a message must mend it, or keep it.
    stray_octets: bool = False
    # Lenient: RFC 5321 §3.1 has the client wait for the greeting. Only spam engines and broken probes do not.
    early_talk: bool = False
    extensions: tuple[Extension, ...] | None = None  # that may be offered; None for all built-in ones

    def __hash__(self) -> int:
        # Every connection looks up its offers by its options, most of which are of one listener: a few fields will do.
        return hash((self.hostname, self.lmtp, self.trusted, self.tls_available, self.external_identity))

    def __post_init__(self) -> None:
        if self.max_message_octets < MIN_MESSAGE_OCTETS:
            raise ValueError(f"a server takes messages of at least {MIN_MESSAGE_OCTETS} octets")
        if not 1 <= self.max_recipients <= MAX_LIMIT:
            raise ValueError(f"a server takes at least one recipient and at most {MAX_LIMIT}")
        if self.max_transactions is not None and not 1 <= self.max_transactions <= MAX_LIMIT:
            raise ValueError(f"a server takes at least one transaction and tells of at most {MAX_LIMIT}")
        if not 0 <= (self.min_by_seconds or 0) <= MAX_BY_SECONDS:
            raise ValueError("a minimum of delivery is of nine digits")
        if not 0 <= self.max_hold_seconds <= MAX_HOLD_SECONDS:
            raise ValueError("a maximum of holding is of nine digits")
        if unknown := set(self.auth_mechanisms) - set(MECHANISMS):
            raise ValueError(f"no such mechanism: {', '.join(sorted(unknown))}")
        _check_extensions(self.extensions or ())


class Terms(NamedTuple):
    """All that an extension's offer may depend on beside the options."""

    tls_active: bool
    extended: bool
    authenticated: bool
    external_identity: str
    notes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Channel:
    """What was agreed on so far; after STARTTLS and XCLIENT it begins anew."""

    options: ServerOptions
    tls_active: bool
    extended: bool = False  # EHLO or LHLO was said
    authenticated: bool = False
    external_identity: str = ""  # whom the client's own certificate proved
    transactions: int = 0  # that were begun
    origin: Origin | None = None  # of the next message, told by a trusted client
    notes: tuple[tuple[str, str], ...] = ()  # what extensions of others remember, by name

    @property
    def terms(self) -> Terms:
        """What offers depend on."""
        return Terms(self.tls_active, self.extended, self.authenticated, self.external_identity, self.notes)

    def note(self, name: str) -> str:
        """Return what an extension noted under `name`, '' for nothing."""
        return dict(self.notes).get(name, "")

    def with_note(self, name: str, text: str) -> Channel:
        """Return the same with one note more, in place of an earlier one of this name."""
        return replace(self, notes=(*(each for each in self.notes if each[0] != name), (name, text)))


def _check_extensions(extensions: tuple[Extension, ...]) -> None:
    keywords = [each.keyword for each in extensions]
    verbs = [verb for each in extensions for verb in each.verbs]
    for names in (keywords, verbs):
        if len(set(names)) < len(names):
            raise ValueError(f"two extensions of one name: {', '.join(names)}")
