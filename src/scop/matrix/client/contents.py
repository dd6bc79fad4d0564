"""What messages say, as contents of events: words, edits, answers, threads, reactions, files.

Standards: Matrix v1.19 CS §Instant Messaging, §Rich replies, §Threading, §Event replacements, §Event annotations,
§User and room mentions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from scop.matrix.json_values import JsonObject, JsonView

__all__ = [
    "Attachment",
    "Kind",
    "Mentions",
    "Message",
    "Words",
    "as_edit",
    "as_reply",
    "file_content",
    "in_thread",
    "message_content",
    "reaction_content",
]

_HTML = "org.matrix.custom.html"


class Kind(StrEnum):
    """How words are meant."""

    TEXT = "m.text"
    NOTICE = "m.notice"  # by a program: no other program answers it
    EMOTE = "m.emote"  # what the sender does


@dataclass(frozen=True, slots=True)
class Mentions:
    """Whom a message wants to be noticed by."""

    user_ids: tuple[str, ...] = ()
    is_of_room: bool = False

    def to_json(self) -> JsonObject:
        """Return it as `m.mentions`."""
        json: JsonObject = {}
        if self.user_ids:
            json["user_ids"] = list(dict.fromkeys(self.user_ids))
        if self.is_of_room:
            json["room"] = True
        return json


NOBODY = Mentions()


@dataclass(frozen=True, slots=True)
class Message:
    """Words: as plain text, and as HTML for those who show it."""

    body: str
    html: str | None = None
    kind: Kind = Kind.TEXT
    mentions: Mentions = NOBODY


Words: TypeAlias = str | Message  # plain text alone, or more


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that was uploaded: its mxc: URI, or, in encrypted rooms, how it is decrypted (`encrypted_file`)."""

    filename: str
    content_type: str
    octets: int
    url: str | None = None
    encrypted_file: JsonObject | None = None
    caption: Message | None = None
    info: JsonObject = field(default_factory=dict)  # w, h, duration, thumbnail_url, thumbnail_file …


def message_content(words: Words) -> JsonObject:
    """Return the content of an m.room.message."""
    message = Message(words) if isinstance(words, str) else words
    content: JsonObject = {"msgtype": message.kind.value, "body": message.body}
    if message.html is not None:
        content |= {"format": _HTML, "formatted_body": message.html}
    # §User and room mentions: always there, so that nobody looks for names in the text.
    content["m.mentions"] = message.mentions.to_json()
    return content


def as_edit(content: JsonObject, event_id: str, newly_mentioned: Mentions = NOBODY) -> JsonObject:
    """Return the content of an event that gives another this content."""
    # §Event replacements: what stands outside is for those who do not know edits; §Edits of events with mentions:
    # mentions outside are those of this revision alone, so that nobody is told again.
    new = {key: value for key, value in content.items() if key != "m.relates_to"}
    fallback: JsonObject = {**new, "m.mentions": newly_mentioned.to_json()}
    for key in ("body", "formatted_body"):
        if isinstance(text := new.get(key), str):
            fallback[key] = f"* {text}"
    return {**fallback, "m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": event_id}}


def as_reply(content: JsonObject, event_id: str, thread_id: str | None = None) -> JsonObject:
    """Return content that answers an event, within its thread if it is in one."""
    related: JsonObject = {"m.in_reply_to": {"event_id": event_id}}
    if thread_id is not None:
        # §Replies within threads.
        related |= {"rel_type": "m.thread", "event_id": thread_id, "is_falling_back": False}
    return {**content, "m.relates_to": related}


def in_thread(content: JsonObject, thread_id: str, latest_id: str | None = None) -> JsonObject:
    """Return content that goes on in a thread; `latest_id` is its latest event, for those who do not know threads."""
    # §Fallback for unthreaded clients.
    related: JsonObject = {
        "rel_type": "m.thread",
        "event_id": thread_id,
        "m.in_reply_to": {"event_id": latest_id or thread_id},
        "is_falling_back": True,
    }
    return {**content, "m.relates_to": related}


def reaction_content(event_id: str, key: str) -> JsonObject:
    """Return the content of an m.reaction."""
    return {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": key}}


def file_content(attachment: Attachment) -> JsonObject:
    """Return the content of an m.room.message that shows a file."""
    caption = attachment.caption
    info: JsonView = {"mimetype": attachment.content_type, "size": attachment.octets, **attachment.info}
    content: JsonObject = {} if caption is None else message_content(caption)
    content |= {
        "msgtype": _file_kind(attachment.content_type),
        "body": attachment.filename if caption is None else caption.body,  # §Media captions
        "filename": attachment.filename,
        "info": dict(info),
        "m.mentions": {} if caption is None else caption.mentions.to_json(),
    }
    # §Sending encrypted attachments: `file` in place of `url`.
    if attachment.encrypted_file is not None:
        content["file"] = attachment.encrypted_file
    else:
        content["url"] = attachment.url or ""
    return content


def _file_kind(content_type: str) -> str:
    first = content_type.partition("/")[0]
    return f"m.{first}" if first in ("image", "audio", "video") else "m.file"
