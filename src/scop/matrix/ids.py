"""Identifiers: users, rooms, aliases, events and servers as values that are known to be well formed.

An identifier is a sigil, a part its server made up and, mostly, the server's name. `parse` is as strict as those who
make identifiers must be; what older servers made is taken where the caller says so (`historical=True`). `str` of an
identifier is what was parsed.

Standards: Matrix v1.19, Appendices §Identifier Grammar; room versions 1, 3, 4 and 12 for events and rooms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address

from scop.base import RemoteProtocolError, printable
from scop.matrix.room_versions import EventIdFormat, RoomVersion

__all__ = [
    "MAX_ID_OCTETS",
    "EventId",
    "RoomAlias",
    "RoomId",
    "ServerName",
    "UserId",
    "is_namespaced_id",
    "is_opaque_id",
    "localpart_of_name",
    "server_name_of",
]

MAX_ID_OCTETS = 255  # Matrix v1.19 appendices: of users, rooms, aliases and events alike
_MAX_PORT = 65535

_DNS_NAME = re.compile(r"[0-9A-Za-z.-]{1,255}\Z")
_PORT = re.compile(r"[0-9]{1,5}\Z")
_FOUR_NUMBERS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}\Z")
_IPV6_CHARS = re.compile(r"[0-9A-Fa-f:.]{2,45}\Z")
_LOCALPART = re.compile(r"[a-z0-9._=/+-]+\Z")
_ANY_TEXT = re.compile(r"[^:\0\ud800-\udfff]*\Z")  # Matrix v1.19 appendices §Historical User IDs
_HASH = re.compile(r"[A-Za-z0-9+/]{43}\Z")
_URL_SAFE_HASH = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_OPAQUE = re.compile(r"[0-9A-Za-z._~-]{1,255}\Z")
_NAMESPACED = re.compile(r"[a-z][a-z0-9._-]{0,254}\Z")
_IN_LOCALPARTS = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789._-/+")  # and "=", which escapes


def is_opaque_id(text: str) -> bool:
    """Return whether text is in the grammar of opaque identifiers (devices, transactions …)."""
    return _OPAQUE.match(text) is not None


def is_namespaced_id(text: str) -> bool:
    """Return whether text is in the common namespaced grammar (`m.room`, `com.example.thing`)."""
    return _NAMESPACED.match(text) is not None


def server_name_of(identifier: str) -> str:
    """Return what stands after the first colon of an identifier known to be well formed, or nothing."""
    return identifier.partition(":")[2]


def localpart_of_name(name: str, *, escapes_case: bool = False) -> str:
    """Return the localpart that the specification suggests for a name in any script."""
    # Matrix v1.19 appendices §Mapping from other character sets, steps 1 to 3.
    if escapes_case:
        name = re.sub("[A-Z_]", lambda found: "_" + found[0], name)
    octets = name.encode("utf-8", "replace").lower()
    return "".join(chr(octet) if octet in _IN_LOCALPARTS else f"={octet:02x}" for octet in octets)


@dataclass(frozen=True, slots=True)
class ServerName:
    """A homeserver: a DNS name or an address, and perhaps a port. Upper and lower case differ."""

    host: str  # an IPv6 address stands in brackets, as it is written
    port: int | None = None
    _text: str = ""  # as it was written

    def __post_init__(self) -> None:
        if not self._text:
            object.__setattr__(self, "_text", self.host if self.port is None else f"{self.host}:{self.port}")

    @classmethod
    def parse(cls, text: str) -> ServerName:
        """Return the name that text writes; raises `RemoteProtocolError`."""
        host, port = text, None
        bracket = text.rfind("]")
        colon = text.find(":", bracket + 1)
        if colon >= 0:
            host, digits = text[:colon], text[colon + 1 :]
            if not _PORT.match(digits) or int(digits) > _MAX_PORT:
                raise RemoteProtocolError(f"a server name's port is not one: {printable(text)}")
            port = int(digits)
        if not (_is_ipv6(host) if host.startswith("[") else _is_host(host)):
            raise RemoteProtocolError(f"not a server name: {printable(text)}")
        return cls(host, port, text)

    @property
    def is_address(self) -> bool:
        """Whether the host is an IPv4 or IPv6 address and no DNS name."""
        return self.host.startswith("[") or _FOUR_NUMBERS.match(self.host) is not None

    def __str__(self) -> str:
        return self._text


def _is_host(host: str) -> bool:
    if _FOUR_NUMBERS.match(host):
        return all(int(number) <= 255 for number in host.split("."))
    return _DNS_NAME.match(host) is not None


def _is_ipv6(host: str) -> bool:
    address = host[1:-1]
    if not host.endswith("]") or not _IPV6_CHARS.match(address):
        return False
    try:
        IPv6Address(address)
    except AddressValueError:
        return False
    return True


def _body(text: str, sigil: str) -> str:
    """Return an identifier without its sigil, its length checked."""
    if not text.startswith(sigil):
        raise RemoteProtocolError(f"not an identifier with {sigil}: {printable(text)}")
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise RemoteProtocolError("an identifier has no lone surrogates") from error
    if size > MAX_ID_OCTETS:
        raise RemoteProtocolError(f"an identifier has at most {MAX_ID_OCTETS} octets: {printable(text)}")
    return text[1:]


def _parts(text: str, sigil: str) -> tuple[str, ServerName]:
    """Return the localpart and the server of an identifier; any text may be a localpart."""
    localpart, colon, server = _body(text, sigil).partition(":")
    if not colon or not _ANY_TEXT.match(localpart):
        raise RemoteProtocolError(f"not an identifier of a server: {printable(text)}")
    return localpart, ServerName.parse(server)


@dataclass(frozen=True, slots=True)
class UserId:
    """Who: `@localpart:server`."""

    localpart: str
    server_name: ServerName

    @classmethod
    def parse(cls, text: str, *, historical: bool = False) -> UserId:
        """Return the user that text names; raises `RemoteProtocolError`.

        # Lenient, where asked: users of older servers have any localpart, even an empty one, and "clients and servers
        # MUST accept" them in events.
        """
        localpart, server = _parts(text, "@")
        if not historical and not _LOCALPART.match(localpart):
            raise RemoteProtocolError(f"not a user id of today: {printable(text)}")
        return cls(localpart, server)

    @property
    def is_compliant(self) -> bool:
        """Whether clients may see it outside of events: a localpart of printable ASCII."""
        # Matrix v1.19 appendices §Historical User IDs: others have "characters outside the range U+0021 to U+007E".
        return bool(self.localpart) and all("!" <= character <= "~" for character in self.localpart)

    def __str__(self) -> str:
        return f"@{self.localpart}:{self.server_name}"


@dataclass(frozen=True, slots=True)
class RoomAlias:
    """What people call a room: `#localpart:server`."""

    localpart: str
    server_name: ServerName

    @classmethod
    def parse(cls, text: str) -> RoomAlias:
        """Return the alias that text writes; raises `RemoteProtocolError`."""
        return cls(*_parts(text, "#"))

    def __str__(self) -> str:
        return f"#{self.localpart}:{self.server_name}"


@dataclass(frozen=True, slots=True)
class RoomId:
    """A room: `!opaque:server`, or from version 12 on the hash of its create event, without a server."""

    opaque: str
    server_name: ServerName | None = None

    @classmethod
    def parse(cls, text: str) -> RoomId:
        """Return the room that text names in any version; raises `RemoteProtocolError`."""
        # Matrix v1.19 appendices §Room IDs: "simply the event ID of the m.room.create event using ! as the sigil".
        if ":" not in text and _URL_SAFE_HASH.match(_body(text, "!")):
            return cls(text[1:])
        return cls(*_parts(text, "!"))

    @classmethod
    def parse_in(cls, rules: RoomVersion, text: str) -> RoomId:
        """Return the room that text names in rooms of one version; raises `RemoteProtocolError`."""
        found = cls.parse(text)
        if (found.server_name is None) != rules.is_room_id_of_create:
            raise RemoteProtocolError(f"not the id of a room of version {rules.id}: {printable(text)}")
        return found

    def __str__(self) -> str:
        return f"!{self.opaque}" if self.server_name is None else f"!{self.opaque}:{self.server_name}"


@dataclass(frozen=True, slots=True)
class EventId:
    """An event: `$opaque:server` in rooms of versions 1 and 2, afterwards its hash."""

    opaque: str
    server_name: ServerName | None = None

    @classmethod
    def parse(cls, text: str) -> EventId:
        """Return the event that text names in any version; raises `RemoteProtocolError`. Its hash is not looked at."""
        body = _body(text, "$")
        if ":" in body:
            return cls(*_parts(text, "$"))
        if not body or not _ANY_TEXT.match(body):
            raise RemoteProtocolError(f"not the id of an event: {printable(text)}")
        return cls(body)

    @classmethod
    def parse_in(cls, rules: RoomVersion, text: str) -> EventId:
        """Return the event that text names in rooms of one version; raises `RemoteProtocolError`."""
        found = cls.parse(text)
        if rules.event_id_format is EventIdFormat.SERVER:
            is_right = found.server_name is not None
        else:
            grammar = _HASH if rules.event_id_format is EventIdFormat.HASH else _URL_SAFE_HASH
            is_right = found.server_name is None and grammar.match(found.opaque) is not None
        if not is_right:
            raise RemoteProtocolError(f"not the id of an event in rooms of version {rules.id}: {printable(text)}")
        return found

    def __str__(self) -> str:
        return f"${self.opaque}" if self.server_name is None else f"${self.opaque}:{self.server_name}"
