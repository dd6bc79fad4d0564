"""What a notice tells: what became of which recipients, why, and of which mail.

Standards: RFC 3464 §2.2 and §2.3, RFC 3463 (status codes), RFC 3461 §4.3 (RET).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from scop.smtp import ForwardPath, Mailbox, Reply

__all__ = ["Action", "Notice", "RecipientReport", "Returned"]

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}", re.ASCII)  # RFC 3463 §2


class Action(StrEnum):
    """What became of a recipient (RFC 3464 §2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"

    @property
    def classes(self) -> str:
        """The classes of status that agree with it."""
        return _CLASSES[self]


# RFC 3463 §2. A failure of class 4 is one whose time ran out while every reason was temporary.
_CLASSES = {
    Action.FAILED: "45",
    Action.DELAYED: "4",
    Action.DELIVERED: "2",
    Action.RELAYED: "2",
    Action.EXPANDED: "2",
}


class Returned(StrEnum):
    """How much of the mail goes back (RFC 3461 §4.3)."""

    FULL = "FULL"
    HDRS = "HDRS"


@dataclass(frozen=True, slots=True)
class RecipientReport:
    """What became of one recipient.

    `reason` is our own account where no server spoke, or where its words do not say all; `reply` are the last server's
    own words; `original_recipient` is ORCPT as text ('rfc822;bob@harbor.test').
    """

    forward_path: ForwardPath
    action: Action
    status: str
    reason: str = ""
    reply: Reply | None = None
    remote_host: str = ""
    original_recipient: str = ""
    will_retry_until_unix: float | None = None

    def __post_init__(self) -> None:
        if not _STATUS.fullmatch(self.status):
            raise ValueError(f"{self.status!r} is no status code")
        if self.status[0] not in self.action.classes:
            raise ValueError(f"{self.status} does not say that a mail was {self.action}")
        if self.will_retry_until_unix is not None and self.action is not Action.DELAYED:
            raise ValueError("only what is delayed will be tried again")  # RFC 3464 §2.3.9


@dataclass(frozen=True, slots=True)
class Notice:
    """Everything a notice says but the mail it is about; `ident` makes its ids, times are Unix seconds."""

    reporting_host: str
    author: Mailbox
    recipient: Mailbox  # the reverse path of the mail that it is about
    reports: tuple[RecipientReport, ...]
    arrived_unix: float
    now_unix: float
    ident: str
    envelope_id: str = ""  # ENVID: the sender's own id of that mail
    returned: Returned = Returned.HDRS

    def __post_init__(self) -> None:
        if not self.reports:
            raise ValueError("a notice tells of at least one recipient")

    @property
    def action(self) -> Action:
        """The gravest of what became of its recipients."""
        return min((report.action for report in self.reports), key=tuple(Action).index)

    @property
    def is_international(self) -> bool:
        """Whether it must travel by SMTPUTF8: it is for an address that needs UTF-8 itself."""
        return not self.recipient.is_ascii
