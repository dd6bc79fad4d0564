"""What the filter answers: to the operator how it was trained, to the mailbox what a person would call a mail."""

from __future__ import annotations

import msgspec

from scop.mesh.calls import Call

__all__ = [
    "ClassifyFor",
    "ForgetPerson",
    "Forgotten",
    "InstallModel",
    "LearnMail",
    "Learned",
    "ModelStatus",
    "OwnView",
    "ReadModelStatus",
]


class ModelStatus(msgspec.Struct, frozen=True):
    """What the model in use was taught, in all and by whom; all zero where it is untrained."""

    ham: int
    spam: int
    tokens: int
    people: int = 0  # how many have taught it by moving or forwarding mail
    people_ham: int = 0
    people_spam: int = 0
    own_ham: int = 0  # by verdicts that were sure
    own_spam: int = 0


class ReadModelStatus(Call[ModelStatus], frozen=True):
    """What do you judge by?"""


class InstallModel(Call[ModelStatus], frozen=True):
    """Take this piece of a new model; the last one (offset + piece = total) puts it in use, durably."""

    offset: int
    total_octets: int
    octets: bytes


class Learned(msgspec.Struct, frozen=True):
    """The lesson is on the disk; `again` where it was learned before."""

    again: bool = False


class LearnMail(Call[Learned], frozen=True):
    """Learn that `account` calls this mail `label` (ham, spam, or '' to take back what it said of it).

    `octets` is the mail as it is stored, or the beginning of a large one. A lesson on the same mail replaces the one
    before, so telling it twice changes nothing.
    """

    account: str
    label: str
    octets: bytes


class OwnView(msgspec.Struct, frozen=True):
    """What the mail is called for each account, in their order: ham, spam or unsure."""

    labels: tuple[str, ...]


class ClassifyFor(Call[OwnView], frozen=True):
    """What would these accounts call this mail, as it stands between verifier and mailbox?"""

    accounts: tuple[str, ...]
    octets: bytes


class Forgotten(msgspec.Struct, frozen=True):
    """How many lessons were taken back."""

    lessons: int


class ForgetPerson(Call[Forgotten], frozen=True):
    """Take back all that `account` has taught, durably."""

    account: str
