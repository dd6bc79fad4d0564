"""What the filter warns of above a mail, in the sentence that its owner reads.

Standards: RFC 2231 §4 (parameters that are no ASCII).
"""

from __future__ import annotations

from scop.base import printable
from scop.mime import raw_fields
from scop.mime.fields.parameters import parse_parameters
from scop.mime.header import unfold
from scop.smtp.stamps import split_stamps

__all__ = ["warning_above"]

_FINDING = b"x-scop-finding"


def warning_above(octets: bytes, hostname: str) -> str:
    """Return the reason of the worst finding, '' where there is none but notes; only our own stamps are looked at."""
    stamps, _ = split_stamps(octets, hostname)
    for field in raw_fields(stamps):
        if field.name.lower() == _FINDING:  # the topmost is the worst
            told = parse_parameters(unfold(field.body).partition(";")[2])
            return "" if told.get("severity") == "note" else printable(told.get("reason", ""))
    return ""
