"""Links to users, rooms and events: `matrix:` URIs and `https://matrix.to/#/…`, both read and both written.

    link = MatrixUri.parse("matrix:roomid/somewhere:example.org/e/event?via=elsewhere.ca")
    link.to_matrix_to()   # "https://matrix.to/#/!somewhere:example.org/$event?via=elsewhere.ca"

Standards: Matrix v1.19, Appendices §URIs; RFC 3986.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote, unquote

from scop.base import RemoteProtocolError, printable
from scop.matrix.ids import EventId, RoomAlias, RoomId, ServerName, UserId

__all__ = ["MatrixUri"]

Entity: TypeAlias = UserId | RoomAlias | RoomId

_MATRIX_TO = "https://matrix.to/#/"
_SCHEME = "matrix:"
_IN_SEGMENTS = ":@!$&'()*+,;="  # RFC 3986 §3.3 `pchar`: what a segment of a path bears as it is
# Lenient: `user`, `room` and `event` stood for these while the scheme was made; they are not written.
_SIGILS = {"u": "@", "user": "@", "r": "#", "room": "#", "roomid": "!"}
_EVENTS = frozenset(["e", "event"])
_TYPES = {"@": "u", "#": "r", "!": "roomid"}
_SIGIL_OF_EVENT = "$"


@dataclass(frozen=True, slots=True)
class MatrixUri:
    """What a link leads to, by way of which servers, and what one may want there (`join`, `chat`)."""

    entity: Entity
    event_id: EventId | None = None
    via: tuple[str, ...] = ()
    action: str | None = None

    @classmethod
    def parse(cls, text: str) -> MatrixUri:
        """Return the link that text writes in either form; raises `RemoteProtocolError`."""
        if text[: len(_SCHEME)].lower() == _SCHEME:
            return _parse_scheme(text[len(_SCHEME) :])
        if text.startswith(_MATRIX_TO):
            return _parse_matrix_to(text[len(_MATRIX_TO) :])
        raise RemoteProtocolError(f"not a link into Matrix: {printable(text)}")

    def to_uri(self) -> str:
        """Return it as a `matrix:` URI."""
        text = str(self.entity)
        path = f"{_TYPES[text[0]]}/{_quoted(text[1:])}"
        if self.event_id is not None:
            path += f"/e/{_quoted(str(self.event_id)[1:])}"
        action = () if self.action is None else (("action", self.action),)
        return _SCHEME + path + _query((*(("via", server) for server in self.via), *action))

    def to_matrix_to(self) -> str:
        """Return it as a link that is seen everywhere, without the action."""
        path = _quoted(str(self.entity))
        if self.event_id is not None:
            path += "/" + _quoted(str(self.event_id))
        return _MATRIX_TO + path + _query(tuple(("via", server) for server in self.via))


def _quoted(text: str) -> str:
    return quote(text, safe=_IN_SEGMENTS)


def _query(items: tuple[tuple[str, str], ...]) -> str:
    return "?" + "&".join(f"{name}={quote(value, safe=':[]')}" for name, value in items) if items else ""


def _parse_scheme(rest: str) -> MatrixUri:
    rest = rest.partition("#")[0]  # Matrix v1.19 appendices: `authority` and `fragment` mean nothing yet
    path, _, query = rest.partition("?")
    if path.startswith("//"):
        path = path[2:].partition("/")[2]
    segments = path.split("/")
    if len(segments) not in (2, 4) or segments[0] not in _SIGILS:
        raise RemoteProtocolError(f"not a matrix: URI of an entity: {printable(rest)}")
    entity = _SIGILS[segments[0]] + _unquoted(segments[1])
    event = None
    if len(segments) == 4:
        if segments[2] not in _EVENTS:
            raise RemoteProtocolError(f"not a matrix: URI of an event: {printable(rest)}")
        event = _SIGIL_OF_EVENT + _unquoted(segments[3])
    return _link(entity, event, query)


def _parse_matrix_to(rest: str) -> MatrixUri:
    path, _, query = rest.partition("?")
    # Lenient: "Historically, clients have not produced URIs which are fully encoded", so an event of room version 3 may
    # bear slashes of its own: the first slash ends the entity.
    entity, _, event = path.partition("/")
    return _link(_unquoted(entity), _unquoted(event) or None, query)


def _unquoted(segment: str) -> str:
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError as error:
        raise RemoteProtocolError("a link that is not UTF-8") from error


def _link(entity_text: str, event_text: str | None, query: str) -> MatrixUri:
    entity = _entity(entity_text)
    event_id = None
    if event_text is not None:
        # Lenient: after an alias too, which is deprecated.
        if isinstance(entity, UserId):
            raise RemoteProtocolError("a link to an event of a user")
        event_id = EventId.parse(event_text)
    items = [item.partition("=") for item in query.split("&")]
    via = tuple(str(ServerName.parse(_unquoted(value))) for name, _, value in items if name == "via")
    actions = [_unquoted(value) for name, _, value in items if name == "action"]
    return MatrixUri(entity, event_id, via, _action_on(entity, actions))


def _entity(text: str) -> Entity:
    # Lenient: users of any age may be linked to.
    if text.startswith("@"):
        return UserId.parse(text, historical=True)
    return RoomId.parse(text) if text.startswith("!") else RoomAlias.parse(text)


def _action_on(entity: Entity, actions: list[str]) -> str | None:
    # Matrix v1.19 appendices: an action that does not fit "has no meaning and is ignored".
    meant = "chat" if isinstance(entity, UserId) else "join"
    return meant if meant in actions else None
