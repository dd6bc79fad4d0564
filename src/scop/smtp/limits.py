"""What a server tells of its limits, so that a client keeps to them and does not find out by refusals.

Standards: RFC 9422 §3 (limits), §4 (syntax).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Limits"]

_LIMIT = re.compile(r"([A-Z0-9][A-Z0-9-]*)(?:=([!-:<-~]+))?", re.IGNORECASE)
_NUMBER = re.compile(r"[1-9][0-9]{0,5}")  # RFC 9422 §4: at most six digits


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a server takes; None where it does not say."""

    mail_max: int | None = None  # transactions of one connection
    rcpt_max: int | None = None  # recipients of one transaction
    rcpt_domain_max: int | None = None  # different domains among them

    @classmethod
    def parse(cls, parameters: str) -> Limits:
        """Read what stands behind LIMITS; what is unknown or malformed is passed over."""
        found = {name[1].upper(): name[2] or "" for word in parameters.split() if (name := _LIMIT.fullmatch(word))}
        numbers = {name: int(value) for name, value in found.items() if _NUMBER.fullmatch(value)}
        return cls(numbers.get("MAILMAX"), numbers.get("RCPTMAX"), numbers.get("RCPTDOMAINMAX"))
