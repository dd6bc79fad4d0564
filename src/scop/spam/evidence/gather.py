"""From a mail to its evidence."""

from __future__ import annotations

import re
from itertools import islice

from scop.mime import Address, Message, parse
from scop.spam.connection import Connection
from scop.spam.evidence.values import Evidence, Scope
from scop.spam.tokens import MAX_PART_OCTETS, tokens_of

__all__ = ["evidence_of"]

MAX_WORDS = 2_000
MAX_RECIPIENTS = 20
_WORD = re.compile(r"[^\W_][\w'$€£%!-]{1,60}")


def evidence_of(octets: bytes, connection: Connection | None = None, *, scope: Scope = Scope.FULL) -> Evidence:
    """Return the evidence of a mail, which stands below our own stamps; any octets are a mail."""
    message = parse(octets)
    text = next((part.text for part in message.walk() if part.content_type.maintype == "text"), "")[:MAX_PART_OCTETS]
    return Evidence(
        tokens=tuple(sorted(tokens_of(octets))),
        words=tuple(_WORD.findall(text.lower())[:MAX_WORDS]),
        octets=octets[:MAX_PART_OCTETS],
        text=text,
        subject=message.header.get("subject") or "",
        author=_first_address(message, "from"),
        reply_to=_first_address(message, "reply-to"),
        recipients=_recipients(message),
    )


def _first_address(message: Message, name: str) -> Address | None:
    return next((one for one in message.addresses(name) if isinstance(one, Address)), None)


def _recipients(message: Message) -> tuple[Address, ...]:
    found = (one for name in ("to", "cc") for one in message.addresses(name) if isinstance(one, Address))
    return tuple(islice(found, MAX_RECIPIENTS))
