"""What became of one mail at one server, recipient by recipient.

Standards: RFC 5321 §4.2.1; RFC 2033 §4.2 (LMTP answers for each recipient after the message).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scop.smtp import Reply

__all__ = ["Transaction", "worst"]


@dataclass(frozen=True, slots=True)
class Transaction:
    """What a server said of one mail."""

    mail: Reply
    recipients: tuple[Reply, ...]  # to each RCPT
    messages: tuple[Reply, ...] = ()  # to the message: one for all, or in LMTP one for each recipient accepted

    def __post_init__(self) -> None:
        """Refuse what would pass for a delivery: a recipient that was accepted has no mail by that."""
        if self.mail.is_positive and not self.messages and any(each.is_positive for each in self.recipients):
            raise ValueError("a recipient was accepted, and nothing is known of the message")

    @property
    def message(self) -> Reply | None:
        """What holds for all recipients that were accepted; None where no message was sent."""
        return worst(self.messages) if self.messages else None

    @property
    def outcomes(self) -> tuple[Reply, ...]:
        """For each recipient the last word: the refusal of the mail or of it, else what was said of the message."""
        if not self.mail.is_positive:
            return (self.mail,) * len(self.recipients)
        if not self.messages:
            return self.recipients
        said = iter(self.messages if len(self.messages) > 1 else self.messages * len(self.recipients))
        return tuple([next(said) if each.is_positive else each for each in self.recipients])


def worst(replies: Sequence[Reply]) -> Reply:
    """Return the reply that holds for all recipients: what must be tried again, else what failed."""
    return max(replies, key=lambda each: (each.is_temporary, each.is_permanent))
