"""Enhanced status codes: why a command went as it did, in three numbers whose meanings are registered.

Words for people who read a bounce are `scop.dsn`'s business; these are the registry's own.

Standards: RFC 3463 (the codes); RFC 5248 (the registry, as IANA has it in 2026).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["EnhancedStatus", "meaning"]

MAX_DETAIL = 999  # RFC 3463 §2: three digits

_CODE = re.compile(r"([245])\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})")
_CLASSES = {2: "Success", 4: "Persistent Transient Failure", 5: "Permanent Failure"}
# The name of each subject, and the names of its details from 0 on.
_SUBJECTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Other or Undefined Status", ("Other undefined Status",)),
    (
        "Addressing Status",
        (
            "Other address status",
            "Bad destination mailbox address",
            "Bad destination system address",
            "Bad destination mailbox address syntax",
            "Destination mailbox address ambiguous",
            "Destination address valid",
            "Destination mailbox has moved, No forwarding address",
            "Bad sender's mailbox address syntax",
            "Bad sender's system address",
            "Message relayed to non-compliant mailer",
            "Recipient address has null MX",  # RFC 7505
        ),
    ),
    (
        "Mailbox Status",
        (
            "Other or undefined mailbox status",
            "Mailbox disabled, not accepting messages",
            "Mailbox full",
            "Message length exceeds administrative limit",
            "Mailing list expansion problem",
        ),
    ),
    (
        "Mail System Status",
        (
            "Other or undefined mail system status",
            "Mail system full",
            "System not accepting network messages",
            "System not capable of selected features",
            "Message too big for system",
            "System incorrectly configured",
            "Requested priority was changed",  # RFC 6710
        ),
    ),
    (
        "Network and Routing Status",
        (
            "Other or undefined network or routing status",
            "No answer from host",
            "Bad connection",
            "Directory server failure",
            "Unable to route",
            "Mail system congestion",
            "Routing loop detected",
            "Delivery time expired",
        ),
    ),
    (
        "Mail Delivery Protocol Status",
        (
            "Other or undefined protocol status",
            "Invalid command",
            "Syntax error",
            "Too many recipients",
            "Invalid command arguments",
            "Wrong protocol version",
            "Authentication Exchange line is too long",  # RFC 4954
        ),
    ),
    (
        "Message Content or Media Status",
        (
            "Other or undefined media error",
            "Media not supported",
            "Conversion required and prohibited",
            "Conversion required but not supported",
            "Conversion with loss performed",
            "Conversion Failed",
            "Message content not available",  # RFC 4468
            "Non-ASCII addresses not permitted for that sender/recipient",  # RFC 6531
            "UTF-8 string reply is required, but not permitted by the SMTP client",
            "UTF-8 header message cannot be transferred to one or more recipients, so the message must be rejected",
        ),
    ),
    (
        "Security or Policy Status",
        (
            "Other or undefined security status",
            "Delivery not authorized, message refused",
            "Mailing list expansion prohibited",
            "Security conversion required but not possible",
            "Security features not supported",
            "Cryptographic failure",
            "Cryptographic algorithm not supported",
            "Message integrity failure",
            "Authentication credentials invalid",  # RFC 4954
            "Authentication mechanism is too weak",
            "Encryption Needed",  # RFC 5248
            "Encryption required for requested authentication mechanism",  # RFC 4954
            "A password transition is needed",
            "User Account Disabled",  # RFC 5248
            "Trust relationship required",
            "Priority Level is too low",  # RFC 6710
            "Message is too big for the specified priority",
            "Mailbox owner has changed",  # RFC 7293
            "Domain owner has changed",
            "RRVS test cannot be completed",
            "No passing DKIM signature found",  # RFC 7372
            "No acceptable DKIM signature found",
            "No valid author-matched DKIM signature found",
            "SPF validation failed",
            "SPF validation error",
            "Reverse DNS validation failed",
            "Multiple authentication checks failed",
            "Sender address has null MX",  # RFC 7505
            "Mail flood detected",
            "ARC validation failure",  # RFC 8617
            "REQUIRETLS support required",  # RFC 8689
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class EnhancedStatus:
    """One code: its class (2, 4 or 5), subject and detail."""

    class_: int
    subject: int
    detail: int

    def __post_init__(self) -> None:
        if self.class_ not in _CLASSES or not (0 <= self.subject <= MAX_DETAIL and 0 <= self.detail <= MAX_DETAIL):
            raise ValueError(f"{self} is no enhanced status code")

    @classmethod
    def parse(cls, text: str) -> EnhancedStatus:
        """Read `5.1.1`; raises `ValueError`."""
        found = _CODE.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no enhanced status code")
        return cls(int(found[1]), int(found[2]), int(found[3]))

    def __str__(self) -> str:
        return f"{self.class_}.{self.subject}.{self.detail}"

    @property
    def is_registered(self) -> bool:
        """Whether its detail has a meaning that all agree on."""
        return self.subject < len(_SUBJECTS) and self.detail < len(_SUBJECTS[self.subject][1])

    @property
    def meaning(self) -> str:
        """The name of its detail in the registry, of what is not known there that of its subject or class."""
        if self.is_registered and (self.subject, self.detail) != (0, 0):
            return _SUBJECTS[self.subject][1][self.detail]
        # RFC 3463 §3.1 to §3.8: X.n.0 stands for what nobody named.
        return _SUBJECTS[self.subject][0] if 0 < self.subject < len(_SUBJECTS) else _CLASSES[self.class_]


def meaning(text: str) -> str:
    """Return what a code such as `5.1.1` says; raises `ValueError`."""
    return EnhancedStatus.parse(text).meaning
