"""A lesson: what is kept of a mail that somebody taught, as keyed hashes and never as words.

A lesson is complete in itself: taking it adds to the model, taking it back subtracts the same. Whoever keeps
lessons can therefore replay them after a crash, in any order, and unlearn a person by taking back what is theirs.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from scop.spam.phishing.acquaintances import Introduction
from scop.spam.verdict import Label

__all__ = ["DIGEST_OCTETS", "Lesson", "taught_label"]

DIGEST_OCTETS = 16
MAX_ACCOUNT_OCTETS = 320  # RFC 5321 §4.5.3.1: local part, "@" and domain
MAX_KEYS_OCTETS = 4 * 65_536  # of each kind; evidence is bounded far below

_Keys = Annotated[bytes, msgspec.Meta(max_length=MAX_KEYS_OCTETS)]


class Lesson(msgspec.Struct, frozen=True, array_like=True):
    """One mail as it was taught: the hashes of its features, and by how much learned weights moved."""

    label: Label
    account: Annotated[str, msgspec.Meta(max_length=MAX_ACCOUNT_OCTETS)]  # who taught it; "" for the trainer
    digest: Annotated[bytes, msgspec.Meta(min_length=DIGEST_OCTETS, max_length=DIGEST_OCTETS)]  # names the mail
    tokens: _Keys  # keyed hashes, 32 bits each, little-endian
    introduction: Introduction | None = None  # of ham: whom we know by it

    def to_octets(self) -> bytes:
        """Return the lesson as octets that `parse` reads."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def parse(cls, octets: bytes) -> Lesson:
        """Return the lesson that `to_octets` wrote; raises `ValueError` for anything else."""
        try:
            lesson = msgspec.msgpack.decode(octets, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"these octets are no lesson: {error}") from None
        taught_label(lesson.label)
        if len(lesson.tokens) % 4:
            raise ValueError("these octets are no lesson: a hash is cut short")
        return lesson


def taught_label(label: Label | str) -> Label:
    """Return the label as one that can be taught; raises `ValueError` for any other."""
    known = Label(label)
    if known is Label.UNSURE:
        raise ValueError("a mail is taught as ham or as spam, not as unsure")
    return known
