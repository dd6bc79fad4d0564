"""What looks like phishing in a mail: closed kinds, and a sentence for the person who reads it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scop.base import printable

__all__ = ["Suspicion", "Trick", "shown"]

MAX_SHOWN = 80  # characters of something from the mail in a sentence


class Trick(StrEnum):
    """How a mail tries to be taken for what it is not."""

    LINK_TARGET = "link-target"  # a link reads as one place and leads to another
    LOOK_ALIKE = "look-alike"  # a name made to be taken for one that we know
    OUR_PERSON = "our-person"  # one of our people's names on a mail from outside
    CREDENTIAL_FORM = "credential-form"  # a form in the mail asks for a password
    REPLY_ELSEWHERE = "reply-elsewhere"  # the answer goes to another house than the mail says it comes from
    BANK_DETAILS = "bank-details"  # a stranger says that bank details have changed


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One finding; `place` is where in the mail it is, `reason` a sentence."""

    trick: Trick
    place: str  # as `link`, `From`
    reason: str

    @property
    def token(self) -> str:
        """What the classifier weighs: how often this trick comes with ham and with spam it learns like a word."""
        return f"phish:{self.trick}"

    @property
    def is_mild(self) -> bool:
        """Whether honest mail has it now and then, so that it is told and nothing is done about it."""
        return self.trick is Trick.REPLY_ELSEWHERE


def shown(text: str) -> str:
    """Return a piece of the mail as it may stand in a sentence."""
    return printable(" ".join(text.split()), limit=MAX_SHOWN)
