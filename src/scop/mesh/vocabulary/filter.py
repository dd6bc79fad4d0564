"""What the filter answers: to the operator how it was trained, to the mailbox what a person would call a mail."""

from __future__ import annotations

import msgspec

from scop.mesh.calls import Call

__all__ = [
    "MAX_LESSON_OCTETS",
    "ClassifyFor",
    "ExplainMail",
    "Explained",
    "ExplainedClue",
    "ExplainedSuspicion",
    "ForgetPerson",
    "Forgotten",
    "InstallModel",
    "LearnMail",
    "Learned",
    "ModelStatus",
    "OwnView",
    "ReadModelStatus",
    "StatedThresholds",
]

MAX_LESSON_OCTETS = 1_048_576  # of a mail below our stamps: more than is read of most, far below a frame of a call


class StatedThresholds(msgspec.Struct, frozen=True):
    """The scores where spam begins and ham ends, and what share of ham is expected to be called spam."""

    spam_from: float
    ham_up_to: float
    expected_ham_loss: float


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
    thresholds: StatedThresholds | None = None  # null while too little was learned to be sure of anything


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

    `octets` is the mail as it is stored, or the beginning of a large one: of what stands below our stamps the first
    `MAX_LESSON_OCTETS` count. A lesson on the same mail replaces the one before, so telling it twice changes nothing.
    The operator trains by lessons of no account.
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


class ExplainedClue(msgspec.Struct, frozen=True):
    """One thing about the mail, and how likely a mail with it is spam."""

    token: str
    probability: float


class ExplainedSuspicion(msgspec.Struct, frozen=True):
    """What looks like phishing: how it tries, where in the mail, and a sentence."""

    trick: str
    place: str
    reason: str


class Explained(msgspec.Struct, frozen=True):
    """What a mail is called, and why; the thresholds are null while too little was learned to be sure of anything."""

    label: str
    score: float
    thresholds: StatedThresholds | None
    learned_ham: int
    learned_spam: int
    clues: tuple[ExplainedClue, ...]
    suspicions: tuple[ExplainedSuspicion, ...]
    connection: dict[str, str]  # what our own server noted of who brought it; empty where it noted nothing


class ExplainMail(Call[Explained], frozen=True):
    """What is this mail called, and why: by all, or by `account` where it has taught something?

    `octets` is the mail as it is stored or came, or the beginning of a large one.
    """

    octets: bytes
    account: str = ""
