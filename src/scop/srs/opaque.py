"""Rewritten addresses that hold only a reference: for senders too long to be written inside one.

Senders of newsletters put the recipient and a number into their reverse path, so that with a domain, a hash and a
day it passes 64 octets. Whoever forwards keeps the real one beside the reference, for as long as it is valid.

    bounce+4711-…@news.test → SRS0=hash=day=reference@harbor.test

Other forwarders treat all behind `SRS0` as opaque, so this is as good to them as the other form.

Standards: The Sender Rewriting Scheme §5 (databases), RFC 2104, RFC 4648 §6.
"""

from __future__ import annotations

import re

from scop.smtp import Mailbox
from scop.srs.rewriting import MAX_DAYS, local_mailbox
from scop.srs.seal import age_days, day_text, keyed_hash, same_hash

__all__ = ["refer", "referred"]

REFERENCE_CHARACTERS = 26  # 130 bits: two senders never share one

_REFERENCE = re.compile(r"SRS0[-+=]([^=]*)=([^=]*)=([A-Z2-7]{26})", re.IGNORECASE | re.ASCII)


def refer(reverse_path: Mailbox, *, domain: str, secret: bytes, day: int) -> tuple[Mailbox, str]:
    """Return an address for a long `reverse_path`, and the reference to keep it by; the same sender has the same."""
    reference = keyed_hash(secret, "reference", str(reverse_path), characters=REFERENCE_CHARACTERS)
    stamp = day_text(day)
    tag = keyed_hash(secret, "SRS0 reference", stamp, reference)
    return local_mailbox(f"SRS0={tag}={stamp}={reference}", domain), reference


def referred(mailbox: Mailbox, *, secret: bytes, day: int) -> str | None:
    """Return the reference to look up; None where the address holds none, is not ours or too old."""
    found = _REFERENCE.fullmatch(mailbox.local_part)
    if found is None:
        return None
    tag, stamp, reference = found.groups()
    age = age_days(stamp, day)
    is_ours = same_hash(tag, keyed_hash(secret, "SRS0 reference", stamp, reference))
    return reference.upper() if is_ours and age is not None and age <= MAX_DAYS else None
