"""What happens as a person reads it: a line for each thing, whatever others wrote."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.markup import escape

from scop.base import printable
from scop.cli.matrix.heard import Heard
from scop.cli.matrix.unreadable import why_unreadable
from scop.matrix.client.event import Event, text_of
from scop.matrix.client.happenings import (
    AccountDataChanged,
    InvitedTo,
    JoinedRoom,
    KnockedOn,
    LeftRoom,
    MembershipChanged,
    NotSent,
    PresenceChanged,
    Receipt,
    ReceiptsMoved,
    Redacted,
    RoomEvent,
    StateChanged,
    TimelineGap,
    TypingChanged,
    Undecryptable,
    UnreadChanged,
)
from scop.matrix.client.rooms import Rooms
from scop.matrix.verification import IdentityChanged, VerificationAsked, VerificationCancelled, VerificationDone
from scop.net.matrix.whole_sync import News

__all__ = ["Reader", "is_said", "time_of"]

MAX_LINE_CHARACTERS = 4000
MAX_NAMES = 10  # of one line
MAX_LINES = 40  # of one message
_BAR = " " * 9 + "│ "  # under the time
_SHOWN_STATE = {
    "m.room.name": ("name", "called it"),
    "m.room.topic": ("topic", "says it is about"),
    "m.room.tombstone": ("body", "closed it:"),
    "m.room.join_rules": ("join_rule", "says who may come in:"),
}
_SAID = {"m.room.message", "m.sticker", "m.reaction", "m.room.encrypted"}
_CAME = {"join": "came", "leave": "left", "invite": "is asked in", "ban": "is kept out", "knock": "knocks"}
_LOCK, _OPEN = "🔒", " "


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the rooms that they know, what they heard, and whether they want ids of events."""

    rooms: Rooms
    heard: Heard = field(default_factory=Heard)
    wants_ids: bool = False
    warns: Callable[[RoomEvent], str] = lambda _news: ""

    def line(self, news: News) -> str | None:
        """Return a line (of a message: lines) of rich's markup, or None for what nobody wants to read."""
        line = _line(self, news)
        event_id = news.event.event_id if isinstance(news, RoomEvent | Undecryptable) else ""
        if isinstance(news, RoomEvent):
            self.heard.note(news.event)
        return f"{line} [dim]{_text(event_id)}[/]" if line is not None and self.wants_ids and event_id else line


def time_of(news: News) -> str:
    """Return when something was said, with its day where that is not today."""
    event = _event_of(news)
    milliseconds = 0 if event is None else event.origin_server_ts
    now = datetime.datetime.now()
    try:
        then = datetime.datetime.fromtimestamp(milliseconds / 1000) if milliseconds else now
    except (ValueError, OverflowError, OSError):  # others set it
        then = now
    return then.strftime("%H:%M:%S" if then.date() == now.date() else "%Y-%m-%d %H:%M:%S")


def _event_of(news: News) -> Event | None:
    """Return by which event something came about."""
    if isinstance(news, Redacted):
        return news.redaction
    return news.event if isinstance(news, RoomEvent | Undecryptable | StateChanged | MembershipChanged) else None


def is_said(event: Event) -> bool:
    """Return whether an event is something that somebody said; m.room.encrypted is left where it was taken away."""
    return event.state_key is None and event.type in _SAID


def _line(reader: Reader, news: News) -> str | None:
    rooms = reader.rooms
    if isinstance(news, RoomEvent):
        return _message(reader, news)
    if isinstance(news, Undecryptable):
        who = _who(rooms, news.room_id, news.event.sender)
        why = f"[yellow]wrote what cannot be read: {_text(why_unreadable(news))}[/]"
        return f"{_where(rooms, news.room_id)} {_LOCK} {who} {why}"
    if isinstance(news, MembershipChanged):
        return _membership(rooms, news)
    if isinstance(news, StateChanged):
        return _state(rooms, news)
    if isinstance(news, Redacted):
        return _redacted(reader, news)
    return _of_ourselves(rooms, news) or _of_identities(news) or _aside(reader, news)


def _message(reader: Reader, news: RoomEvent) -> str | None:
    event = news.event
    if not is_said(event):
        return None
    where, who = _where(reader.rooms, news.room_id), _who(reader.rooms, news.room_id, event.sender)
    mark = _LOCK if news.was_encrypted else _OPEN
    if event.is_redacted or not event.content:
        return f"{where} {mark} {who} [dim]said what was taken away[/]"
    if event.type == "m.reaction":
        return f"{where} {mark} {who} reacts {_text(str(event.relates_to.get('key', '')))}{_annotated(reader, news)}"
    if event.content.get("msgtype") == "m.key.verification.request":
        return f"{where} {mark} {who} [dim]asks {_text(text_of(event.content, 'to') or '')} to compare keys[/]"
    if event.replaces and reader.heard.sender(event.replaces) not in (None, event.sender):
        # Matrix v1.19 CS §Validity of replacement events: by the same sender.
        return f"{where} {mark} {who} [dim]would edit what another said: it stays as it is[/]"
    style = "bold red" if news.is_highlight else "default"
    late = " [dim](late)[/]" if news.is_late else ""
    warning = f" [bold yellow]({_text(words)})[/]" if (words := reader.warns(news)) else ""
    return f"{where} {mark} {who}{_how(reader, news)} [{style}]{_lines(_said(event))}[/]{late}{warning}"


def _lines(said: str) -> str:
    """Return text with its lines, each under a bar, so that none looks like a message of its own."""
    lines = [_text(line) for line in said[:MAX_LINE_CHARACTERS].split("\n", MAX_LINES)]
    if len(lines) > MAX_LINES:
        lines[MAX_LINES] = "…"
    return f"\n{_BAR}".join(lines)


def _said(event: Event) -> str:
    new = event.content.get("m.new_content")
    content = new if event.replaces and isinstance(new, dict) else event.content
    body = event.body if content is event.content else text_of(content, "body") or ""
    kind = content.get("msgtype")
    if kind not in ("m.file", "m.image", "m.audio", "m.video"):
        return body
    name = text_of(content, "filename") or body
    return f"[{_file_facts(str(kind)[2:], name, content.get('info'))}]{'' if name == body else f' {body}'}"


def _file_facts(kind: str, name: str, info: object) -> str:
    facts = info if isinstance(info, dict) else {}
    octets, width, height = (facts.get(key) for key in ("size", "w", "h"))
    size = [f"{octets} octets"] if isinstance(octets, int) else []
    extent = [f"{width}×{height}"] if isinstance(width, int) and isinstance(height, int) else []
    return ", ".join([f"{kind} {name}", *size, *extent])


def _how(reader: Reader, news: RoomEvent) -> str:
    """Return how a message relates to what was said before, and what stands before its words."""
    event = news.event
    about = event.replies_to or event.thread_id
    if event.replaces:
        return " (edited):"
    if about:
        relation = "to" if event.replies_to else "thread of"
        quoted = _quoted(reader, news.room_id, about)
        return f" [dim]({f'{relation} {quoted}' if quoted else 'answers' if event.replies_to else 'in a thread'})[/]:"
    return "" if event.content.get("msgtype") == "m.emote" else ":"


def _annotated(reader: Reader, news: RoomEvent) -> str:
    about = text_of(news.event.relates_to, "event_id") or ""
    quoted = _quoted(reader, news.room_id, about)
    return f" to {quoted}" if quoted else ""


def _quoted(reader: Reader, room_id: str, event_id: str) -> str:
    """Return who said what; empty where it was not heard."""
    sender = reader.heard.sender(event_id)
    return "" if sender is None else f"{_name(reader.rooms, room_id, sender)}, “{_text(reader.heard.quoted(event_id))}”"


def _redacted(reader: Reader, news: Redacted) -> str:
    quoted = _quoted(reader, news.room_id, news.event_id)
    who = _who(reader.rooms, news.room_id, news.redaction.sender)
    what = quoted or _text(news.event_id)
    return f"{_where(reader.rooms, news.room_id)}   [dim]{who} took away: {what}[/]"


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
    if isinstance(news, NotSent):
        why = f"{_text(news.errcode)}: {_text(news.reason)}"
        return f"{_where(rooms, news.room_id)}   [bold red]what waited to be sent there is refused: {why}[/]"
    if isinstance(news, TimelineGap):
        return f"{_where(rooms, news.room_id)}   [dim]… more was said before: scop matrix history reads it[/]"
    return None


def _aside(reader: Reader, news: News) -> str | None:
    """Return a line of what is shown to those who want all."""
    rooms = reader.rooms
    if isinstance(news, TypingChanged) and news.user_ids:
        who = ", ".join(_name(rooms, news.room_id, user_id) for user_id in news.user_ids[:MAX_NAMES])
        return f"{_where(rooms, news.room_id)}   [dim]{who} {'types' if len(news.user_ids) == 1 else 'type'}[/]"
    if isinstance(news, ReceiptsMoved):
        read = (_read(reader, news.room_id, receipt) for receipt in news.receipts[:MAX_NAMES])
        return f"{_where(rooms, news.room_id)}   [dim]{'; '.join(read)}[/]"
    if isinstance(news, UnreadChanged):
        ours = f", {news.highlight_count} for us" if news.highlight_count else ""  # encrypted ones no server counts
        return f"{_where(rooms, news.room_id)}   [dim]{news.notification_count} unread{ours}[/]"
    if isinstance(news, PresenceChanged):
        said = f": {_text(news.status_message)}" if news.status_message else ""
        return f"[dim]{_text(news.user_id)} is {_text(news.presence)}{said}[/]"
    if isinstance(news, AccountDataChanged):
        where = "" if news.room_id is None else f"{_where(rooms, news.room_id)}   "
        return f"{where}[dim]account data: {_text(news.type)}[/]"
    return None


def _read(reader: Reader, room_id: str, receipt: Receipt) -> str:
    quoted = _quoted(reader, room_id, receipt.event_id)
    return f"{_name(reader.rooms, room_id, receipt.user_id)} has read {quoted or _text(receipt.event_id)}"


def _of_identities(news: News) -> str | None:
    if isinstance(news, VerificationAsked):
        who = _text(news.user_id)  # what they asked came to us alone, and ends with us
        return f"[green]{who} wants to verify: run scop matrix verify --wait '{who}', and have them ask again[/]"
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
    return f"[bold]{_name(rooms, room_id, user_id)}[/]"


def _name(rooms: Rooms, room_id: str, user_id: str) -> str:
    room = rooms.get(room_id)
    return _text(room.members.shown_name(user_id) if room is not None else user_id)


def _text(text: str) -> str:
    return escape(printable(text, limit=MAX_LINE_CHARACTERS))
