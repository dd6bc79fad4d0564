"""What the mailbox answers to the operator: which mails an account has, their octets, and where they lie."""

from __future__ import annotations

import msgspec

from scop.mesh.calls import Call

__all__ = [
    "ForgetLessons",
    "ListMail",
    "MailList",
    "MailMoved",
    "MailPiece",
    "MailSummary",
    "MoveMail",
    "ReadMail",
]


class MailSummary(msgspec.Struct, frozen=True):
    """One stored mail."""

    id: int
    folder: str
    trace: str
    reverse_path: str
    author: str
    subject: str
    size_octets: int
    stored_unix: float
    warning: str = ""  # what was found in it, a sentence


class MailList(msgspec.Struct, frozen=True):
    """A page of an account's mails, oldest first."""

    mails: tuple[MailSummary, ...]
    total: int  # of the whole account


class ListMail(Call[MailList], frozen=True):
    """Which mails does this account have, after that id?"""

    account: str
    after: int = 0
    limit: int = 500


class MailPiece(msgspec.Struct, frozen=True):
    """A part of a mail's octets."""

    octets: bytes
    size_octets: int  # of the whole mail


class ReadMail(Call[MailPiece], frozen=True):
    """What stands in this mail from `offset` on?"""

    account: str
    id: int
    offset: int = 0


class MailMoved(msgspec.Struct, frozen=True):
    """How many mails were elsewhere before, how many of the moves teach the filter, and whether it has learned already.

    Where it has not, it is away or busy: the lessons wait, and nothing needs to be done.
    """

    moved: int
    lessons: int
    is_learned: bool = False


class MoveMail(Call[MailMoved], frozen=True):
    """Put these mails of an account into a folder, all or none, durably; what that teaches follows by itself."""

    account: str
    ids: tuple[int, ...]
    folder: str


class ForgetLessons(Call[int], frozen=True):
    """Drop what this account taught and the filter does not have yet; how many lessons were that?"""

    account: str
