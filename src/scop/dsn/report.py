"""What another host's report says: the values of its fields, whoever wrote them and however.

`parse_report` never raises: what is missing is empty, what is misspelt is read as it was meant where there is no
doubt. What a report claims is proved by nothing; only the host that wrote it says so.

Standards: RFC 3464 §2, RFC 6522 §3, RFC 6533 §3.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from scop.dsn.notice import Action
from scop.mime import Entity, Header, Message, parse
from scop.mime.fields.dates import parse_date

__all__ = ["Report", "ReportedRecipient", "parse_report"]

MAX_REPORT_OCTETS = 16_777_216  # a mail with the mail it is about; more is no report
MAX_RECIPIENTS = 1_000  # that are read of one report

_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED_TYPES = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"})
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])", re.ASCII)
_ACTION = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class ReportedRecipient:
    """What a report says of one recipient; addresses and hosts without their type, '' or None for what is missing."""

    final_recipient: str
    action: Action | None
    status: str = ""
    original_recipient: str = ""
    remote_host: str = ""
    diagnostic: str = ""
    last_attempt: datetime.datetime | None = None
    will_retry_until: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says; `message_id` is that of the mail it is about, where it was sent back."""

    reporting_host: str
    recipients: tuple[ReportedRecipient, ...]
    envelope_id: str = ""
    arrived: datetime.datetime | None = None
    message_id: str = ""


def parse_report(octets: bytes) -> Report | None:
    """Read a mail that is a delivery report; return None where it is none."""
    if len(octets) > MAX_REPORT_OCTETS:
        return None
    message = parse(octets)
    status = _status_part(message)
    if status is None:
        return None
    blocks = [block for block in status.field_blocks if len(block.fields)]
    # Lenient: RFC 3464 §2.1 has the message's fields in a block of their own; some hosts write all in one.
    recipients = tuple(_recipient(block) for block in blocks if _is_of_a_recipient(block))[:MAX_RECIPIENTS]
    if not recipients:
        return None
    return Report(
        reporting_host=_value(blocks[0], "Reporting-MTA"),
        recipients=recipients,
        envelope_id=_text(blocks[0], "Original-Envelope-Id"),
        arrived=_date(blocks[0], "Arrival-Date"),
        message_id=_message_id(message),
    )


def _status_part(message: Message) -> Entity | None:
    # Lenient: RFC 6522 §3 has it as the second part of multipart/report; it is known wherever it stands outermost.
    if message.content_type.media_type in _STATUS_TYPES:
        return message
    if message.content_type.maintype != "multipart":
        return None
    return next((each for each in message.parts if each.content_type.media_type in _STATUS_TYPES), None)


def _is_of_a_recipient(block: Header) -> bool:
    return any(_text(block, name) for name in ("Final-Recipient", "Original-Recipient", "Action"))


def _recipient(block: Header) -> ReportedRecipient:
    found = _STATUS.search(_text(block, "Status"))
    status = found[1] if found else ""
    return ReportedRecipient(
        final_recipient=_value(block, "Final-Recipient"),
        action=_action(_text(block, "Action"), status),
        status=status,
        original_recipient=_value(block, "Original-Recipient"),
        remote_host=_value(block, "Remote-MTA"),
        diagnostic=_value(block, "Diagnostic-Code"),
        last_attempt=_date(block, "Last-Attempt-Date"),
        will_retry_until=_date(block, "Will-Retry-Until"),
    )


def _action(text: str, status: str) -> Action | None:
    """Return the action, by its first word; where that is none, what the status leaves no doubt about."""
    word = _ACTION.match(text)
    if word is not None and word[0].lower() in set(Action):
        return Action(word[0].lower())
    return Action.FAILED if status.startswith("5") else None


def _value(block: Header, name: str) -> str:
    """Return the value of a field that may have a type before it ('rfc822; bob@harbor.test')."""
    text = _text(block, name)
    kind, semicolon, value = text.partition(";")
    # Lenient: some write the address alone, or in angle brackets.
    return (value if semicolon and "@" not in kind else text).strip().removeprefix("<").removesuffix(">")


def _text(block: Header, name: str) -> str:
    return (block.get(name) or "").strip()


def _date(block: Header, name: str) -> datetime.datetime | None:
    return parse_date(_text(block, name))


def _message_id(message: Message) -> str:
    for each in message.parts:
        if each.content_type.media_type in _RETURNED_TYPES:
            headers = [inner.header for inner in each.parts] or list(each.field_blocks[:1])
            return next((text for header in headers if (text := _text(header, "Message-ID"))), "")
    return ""
