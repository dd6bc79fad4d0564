"""What submission mends in a message before it goes out, as one table.

Whatever is added is put above, so the submitted octets stand unchanged below, but for a removed Bcc
and an empty line where the header did not end. docs/submission-fixups.md tells users the same.

Standards: RFC 6409 §8 (what a submission server may add); RFC 5322 §3.6 (fields that must be there);
RFC 5322 §3.6.2 (Sender), §3.6.3 (Bcc), §3.6.6 (Resent-Bcc).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from scop.mime import raw_fields, split_header
from scop.smtp.stamps import begins_with_header, date_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FIXUPS", "Facts", "Fixup", "fix_up"]


class Fixup(StrEnum):
    """One kind of repair, in the words of the log and of docs/submission-fixups.md."""

    EMPTY_HEADER = "empty-header"
    HEADER_END = "header-end"
    BCC = "bcc-removed"
    SENDER_REMOVED = "sender-removed"
    TO = "to-added"
    SENDER = "sender-added"
    MESSAGE_ID = "message-id-added"
    DATE = "date-added"
    FROM = "from-added"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is written into a field that is missing."""

    author: str  # the login's address
    unix: float
    trace: str
    hostname: str
    needs_sender: bool = False  # From names several, so one of them has to be named as who sends
    foreign_sender: bool = False  # Sender names whom the login may not write as


def _empty_header(octets: bytes, _facts: Facts) -> bytes:
    """Begin with an empty line where the octets begin with no field: then all of them are body."""
    return octets if begins_with_header(octets) else b"\r\n" + octets


def _header_end(octets: bytes, _facts: Facts) -> bytes:
    """Put an empty line before the first line that is no field where no empty line ends the header."""
    header, body = split_header(octets)
    if not body or len(header) + len(body) < len(octets):
        return octets
    return header + b"\r\n" + body


def _without(octets: bytes, *names: bytes) -> bytes:
    header, _ = split_header(octets)
    fields = raw_fields(header)
    kept = [field.octets for field in fields if field.name.lower() not in names]
    return octets if len(kept) == len(fields) else b"".join(kept) + octets[len(header) :]


def _without_bcc(octets: bytes, _facts: Facts) -> bytes:
    return _without(octets, b"bcc", b"resent-bcc")


def _without_foreign_sender(octets: bytes, facts: Facts) -> bytes:
    return _without(octets, b"sender") if facts.foreign_sender else octets


def _adding(
    name: bytes, body: Callable[[Facts], str], *unless: bytes, needed: Callable[[Facts], bool] = lambda _: True
) -> Callable[[bytes, Facts], bytes]:
    """Return what adds a field where it is needed and neither it nor one that does as well is there."""
    names = {name.lower(), *unless}

    def add(octets: bytes, facts: Facts) -> bytes:
        header, _ = split_header(octets)
        if not needed(facts) or any(field.name.lower() in names for field in raw_fields(header)):
            return octets
        return name + b": " + body(facts).encode() + b"\r\n" + octets

    return add


# In this order: the header is made whole before it is looked at, and From comes to stand topmost.
FIXUPS: Mapping[Fixup, Callable[[bytes, Facts], bytes]] = {
    Fixup.EMPTY_HEADER: _empty_header,
    Fixup.HEADER_END: _header_end,
    Fixup.BCC: _without_bcc,
    Fixup.SENDER_REMOVED: _without_foreign_sender,
    Fixup.TO: _adding(b"To", lambda _: "undisclosed-recipients:;", b"cc"),
    Fixup.SENDER: _adding(b"Sender", lambda facts: facts.author, needed=lambda facts: facts.needs_sender),
    Fixup.MESSAGE_ID: _adding(b"Message-ID", lambda facts: f"<{facts.trace}@{facts.hostname}>"),
    Fixup.DATE: _adding(b"Date", lambda facts: date_time(facts.unix)),
    Fixup.FROM: _adding(b"From", lambda facts: facts.author),
}


def fix_up(octets: bytes, facts: Facts) -> tuple[bytes, tuple[Fixup, ...]]:
    """Return the mended message, and what was mended."""
    done: list[Fixup] = []
    for name, mend in FIXUPS.items():
        mended = mend(octets, facts)
        if mended is not octets:
            done.append(name)
            octets = mended
    return octets, tuple(done)
