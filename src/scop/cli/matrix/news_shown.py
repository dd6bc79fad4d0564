"""What happens as a person reads it: one line, whatever others wrote."""

from __future__ import annotations

from rich.markup import escape

from scop.base import printable
from scop.matrix.client.event import Event
from scop.matrix.client.happenings import (
    InvitedTo,
    JoinedRoom,
    KnockedOn,
    LeftRoom,
    LoggedOut,
    MembershipChanged,
    Redacted,
    RoomEvent,
    StateChanged,
    TimelineGap,
    Undecryptable,
)
from scop.matrix.client.rooms import Rooms
from scop.matrix.verification import IdentityChanged, VerificationAsked, VerificationCancelled, VerificationDone
from scop.net.matrix.whole_sync import News

__all__ = ["line_of"]

MAX_LINE_CHARACTERS = 4000
_SHOWN_STATE = {
    "m.room.name": ("name", "called it"),
    "m.room.topic": ("topic", "says it is about"),
    "m.room.tombstone": ("body", "closed it:"),
    "m.room.join_rules": ("join_rule", "lets in by"),
}
_CAME = {"join": "came", "leave": "left", "invite": "is asked in", "ban": "is kept out", "knock": "knocks"}
_LOCK, _OPEN = "🔒", " "


def line_of(rooms: Rooms, news: News) -> str | None:
    """Return a line of rich's markup, or None for what nobody wants to read."""
    if isinstance(news, RoomEvent):
        return _message(rooms, news)
    if isinstance(news, Undecryptable):
        who = _who(rooms, news.room_id, news.event.sender)
        why = f"[yellow]wrote what cannot be read yet: {_text(news.reason)}[/]"
        return f"{_where(rooms, news.room_id)} {_LOCK} {who} {why}"
    if isinstance(news, MembershipChanged):
        return _membership(rooms, news)
    if isinstance(news, StateChanged):
        return _state(rooms, news)
    return _of_ourselves(rooms, news) or _of_identities(news)


def _message(rooms: Rooms, news: RoomEvent) -> str | None:
    event = news.event
    if event.state_key is not None or event.type not in ("m.room.message", "m.sticker", "m.reaction"):
        return None
    mark = _LOCK if news.was_encrypted else _OPEN
    style = "bold red" if news.is_highlight else "default"
    late = " [dim](late)[/]" if news.is_late else ""
    said = f"[{style}]{_text(_said(event))}[/]"
    return f"{_where(rooms, news.room_id)} {mark} {_who(rooms, news.room_id, event.sender)}{_how(event)} {said}{late}"


def _said(event: Event) -> str:
    if event.type == "m.reaction":
        return str(event.relates_to.get("key", ""))
    new = event.content.get("m.new_content")
    content = new if isinstance(new, dict) else event.content
    body, kind = content.get("body"), content.get("msgtype")
    is_file = kind in ("m.file", "m.image", "m.audio", "m.video")
    return f"[{kind}] {body}" if is_file else str(body)


def _how(event: Event) -> str:
    if event.type == "m.reaction":
        return " reacts"
    if event.replaces is not None:
        return " (edited)"
    return "" if event.content.get("msgtype") == "m.emote" else ":"


def _membership(rooms: Rooms, news: MembershipChanged) -> str | None:
    if news.membership == news.before:
        return None
    who = _who(rooms, news.room_id, news.user_id)
    return f"{_where(rooms, news.room_id)}   [dim]{who} {_CAME.get(news.membership, _text(news.membership))}[/]"


def _state(rooms: Rooms, news: StateChanged) -> str | None:
    key, words = _SHOWN_STATE.get(news.event.type, ("", ""))
    if not key:
        return None
    value = _text(str(news.event.content.get(key, "")))
    who = _who(rooms, news.room_id, news.event.sender)
    return f"{_where(rooms, news.room_id)}   [dim]{who} {words} {value}[/]"


def _of_ourselves(rooms: Rooms, news: News) -> str | None:
    if isinstance(news, InvitedTo):
        by = _text(news.inviter or "somebody")
        return f"{_where(rooms, news.room_id)}   [green]{by} asks you in: scop matrix join '{_text(news.room_id)}'[/]"
    if isinstance(news, LeftRoom):
        return f"{_where(rooms, news.room_id)}   [dim]you are no longer there[/]"
    if isinstance(news, JoinedRoom | KnockedOn):
        return f"{_where(rooms, news.room_id)}   [dim]you {'are there' if isinstance(news, JoinedRoom) else 'knock'}[/]"
    if isinstance(news, Redacted):
        return (
            f"{_where(rooms, news.room_id)}   [dim]{_text(news.redaction.sender)} took {_text(news.event_id)} away[/]"
        )
    if isinstance(news, TimelineGap):
        return f"{_where(rooms, news.room_id)}   [dim]… more was said before[/]"
    if isinstance(news, LoggedOut):
        return "[bold red]the homeserver ended this session[/]"
    return None


def _of_identities(news: News) -> str | None:
    if isinstance(news, VerificationAsked):
        return f"[green]{_text(news.user_id)} wants to verify: scop matrix verify --wait[/]"
    if isinstance(news, VerificationDone):
        return f"[green]{_text(news.user_id)} is verified[/]"
    if isinstance(news, VerificationCancelled):
        return f"[yellow]the verification of {_text(news.user_id)} ended: {_text(news.reason)}[/]"
    if isinstance(news, IdentityChanged):
        return f"[bold red]{_text(news.user_id)} has other keys than before: somebody else may be speaking[/]"
    return None


def _where(rooms: Rooms, room_id: str) -> str:
    room = rooms.get(room_id)
    return f"[cyan]{_text(room.name if room is not None else room_id)}[/]"


def _who(rooms: Rooms, room_id: str, user_id: str) -> str:
    room = rooms.get(room_id)
    return f"[bold]{_text(room.members.shown_name(user_id) if room is not None else user_id)}[/]"


def _text(text: str) -> str:
    return escape(printable(text, limit=MAX_LINE_CHARACTERS))
