"""Reads the letters that Exim writes in the place of feedback reports: lines for people, and the mail's header.

Standards: none; RFC 6591 §3 is what they stand for.
"""

from __future__ import annotations

import re

from scop.base import RemoteProtocolError
from scop.mime import Entity, Header, Message
from scop.mime.fields.dates import parse_date
from scop.reports.failure_values import AuthFailure, FailureReport
from scop.reports.fields import read_address

__all__ = ["read_letter"]

MAX_LETTER_OCTETS = 262_144  # a few lines and a header
_LINE = re.compile(rb"^[ \t]{0,8}(Sender Domain|Sender IP Address|Received date):[ \t]*([^\r\n]{1,300})", re.I | re.M)
_COPY = re.compile(rb"^-{2,20} This is a copy of the headers[^\r\n]{0,200}\r?\n(?:\r?\n)?", re.M)


def read_letter(message: Message) -> FailureReport | None:
    """Return what a letter says; None where the mail is none."""
    for entity in message.walk():
        if entity.content_type.media_type == "text/plain" and (found := _letter(entity)) is not None:
            return found
    return None


def _letter(entity: Entity) -> FailureReport | None:
    content = entity.content[:MAX_LETTER_OCTETS]
    copy = _COPY.search(content)
    head = content if copy is None else content[: copy.start()]
    stated = {match[1].lower(): match[2].decode("utf-8", "replace").strip() for match in _LINE.finditer(head)}
    domain, address = stated.get(b"sender domain"), stated.get(b"sender ip address")
    if domain is None or address is None:
        return None
    returned = b"" if copy is None else content[copy.end() :]
    defects = ["it is a letter for people, no feedback report"]
    try:
        source = read_address(address, "Sender IP Address")
    except RemoteProtocolError as error:
        source = ""
        defects.append(str(error))
    return FailureReport(
        reported_domain=domain.lower(),
        auth_failure=AuthFailure.DMARC,  # it says: "has failed the published DMARC policy"
        source_ip=source,
        arrived=parse_date(stated.get(b"received date", "")),
        message_id=(Header(returned).get("Message-ID") or "").strip(),
        returned=returned,
        is_standard=False,
        defects=tuple(defects),
    )
