"""Which folder a mail belongs in, by what our own cells stamped on it.

Standards: RFC 8621 §2 and RFC 6154 §2 (the roles Inbox and Junk).
"""

from __future__ import annotations

from enum import StrEnum

from scop.mime import raw_fields
from scop.smtp.stamps import split_stamps

__all__ = ["Folder", "folder_of"]

ATTACHMENTS = b"x-scop-attachments"
DISPOSITION = b"x-scop-disposition"
SPAM = b"x-scop-spam"


class Folder(StrEnum):
    """The folders every account has."""

    INBOX = "INBOX"
    JUNK = "Junk"
    QUARANTINE = "Quarantine"  # what is dangerous to open


def folder_of(octets: bytes, hostname: str, *, own_view: str = "") -> Folder:
    """Return where a mail from the verifier goes: only the fields above our own `Received` are looked at.

    `own_view` is what its owner would call it (ham, spam, unsure), and then counts in place of the filter's word.
    """
    stamps, _ = split_stamps(octets, hostname)
    words: dict[bytes, bytes] = {}
    for field in raw_fields(stamps):
        words.setdefault(field.name.lower(), _first_word(field.body))  # the topmost of a name is the last word
    if words.get(ATTACHMENTS) == b"quarantine":
        return Folder.QUARANTINE
    if words.get(DISPOSITION) == b"quarantine" or (own_view.encode() or words.get(SPAM)) == b"spam":
        return Folder.JUNK
    return Folder.INBOX


def _first_word(body: bytes) -> bytes:
    return body.partition(b";")[0].strip().lower()
