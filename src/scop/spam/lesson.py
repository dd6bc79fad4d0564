"""A lesson: what is kept of a mail that somebody taught, as keyed hashes and never as words.

A lesson is complete in itself: taking it adds to the model, taking it back subtracts the same. Whoever keeps
lessons can therefore replay them after a crash, in any order, and unlearn a person by taking back what is theirs.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np

from scop.spam.model.arrays import Keys
from scop.spam.model.memory import UNIT
from scop.spam.model.packing import unpack_slots
from scop.spam.phishing.acquaintances import Introduction
from scop.spam.verdict import Label

__all__ = ["DIGEST_OCTETS", "Lesson", "taught_label"]

DIGEST_OCTETS = 16
MAX_ACCOUNT_OCTETS = 320  # RFC 5321 §4.5.3.1: local part, "@" and domain
MAX_KEYS_OCTETS = 4 * 65_536  # of each kind; evidence is bounded far below

_Keys = Annotated[bytes, msgspec.Meta(max_length=MAX_KEYS_OCTETS)]
_Step = Annotated[int, msgspec.Meta(ge=-(1 << 28), le=1 << 28)]


class Lesson(msgspec.Struct, frozen=True, array_like=True):
    """One mail as it was taught: the hashes of its features, and by how much learned weights moved."""

    label: Label
    account: Annotated[str, msgspec.Meta(max_length=MAX_ACCOUNT_OCTETS)]  # who taught it; "" for the trainer
    digest: Annotated[bytes, msgspec.Meta(min_length=DIGEST_OCTETS, max_length=DIGEST_OCTETS)]  # names the mail
    facts: _Keys  # keyed hashes of what names its kind but no host, 32 bits each, little-endian, in order
    words: _Keys  # likewise, of the words
    grams: _Keys  # slots of the 4-grams, packed; empty where their weights do not move
    steps: tuple[_Step, _Step, _Step, _Step]  # what each weight of a fact, word and 4-gram (header, text) moves by
    margin: Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)]  # log-odds that the mail had before it was learned
    is_sample: bool  # whether that tells what mail will get: not before the model had seen enough
    generation: Annotated[int, msgspec.Meta(ge=0, le=1 << 30)]  # of the model it was made for
    introduction: Introduction | None = None  # of ham: whom we know by it
    units: Annotated[int, msgspec.Meta(ge=0, le=UNIT)] = UNIT  # what it counts; `UNIT` is a mail
    hosts: _Keys = b""  # likewise, of what names a host on the way: counted only, so no step is theirs

    def to_octets(self) -> bytes:
        """Return the lesson as octets that `parse` reads."""
        return msgspec.msgpack.encode(self)

    def lighter(self, units: int) -> Lesson:
        """Return the lesson as one that counts `units`, and moves weights by as much less.

        It introduces nobody, and is no sample: whom all know is not for one person to say, and mails that somebody
        speaks of singly are the odd ones.
        """
        facts, words, header, text = (step * units // UNIT for step in self.steps)
        return msgspec.structs.replace(
            self, steps=(facts, words, header, text), units=units, is_sample=False, introduction=None
        )

    @classmethod
    def parse(cls, octets: bytes) -> Lesson:
        """Return the lesson that `to_octets` wrote; raises `ValueError` for anything else."""
        try:
            lesson = msgspec.msgpack.decode(octets, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"these octets are no lesson: {error}") from None
        taught_label(lesson.label)
        for keys in (lesson.facts, lesson.words, lesson.hosts):
            if len(keys) % 4 or not _is_rising(np.frombuffer(keys, "<u4")):
                raise ValueError("these octets are no lesson: its hashes are cut short or out of order")
        try:
            unpack_slots(lesson.grams)
        except ValueError as error:
            raise ValueError(f"these octets are no lesson: {error}") from None
        return lesson


def _is_rising(keys: Keys) -> bool:
    return bool((keys[1:] > keys[:-1]).all())


def taught_label(label: Label | str) -> Label:
    """Return the label as one that can be taught; raises `ValueError` for any other."""
    known = Label(label)
    if known is Label.UNSURE:
        raise ValueError("a mail is taught as ham or as spam, not as unsure")
    return known
