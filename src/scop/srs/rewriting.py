"""Rewrites a reverse path, and a bounce's recipient back: SRS0 by the first forwarder, SRS1 by all after it.

    alice@sea.test      → SRS0=hash=day=sea.test=alice@harbor.test
    SRS0=…@harbor.test  → SRS1=hash=harbor.test==hash=day=sea.test=alice@lagoon.test

An SRS1 address leads back to the first forwarder whatever the number of forwarders, so it does not grow.

Standards: The Sender Rewriting Scheme §3 (SRS0), §4 (SRS1); RFC 5321 §4.5.3.1.1 (64 octets).
"""

from __future__ import annotations

import re

from scop.smtp import Mailbox
from scop.srs.seal import age_days, day_text, keyed_hash, same_hash

__all__ = ["MAX_DAYS", "TooLong", "forward", "is_rewritten", "local_mailbox", "reverse"]

MAX_DAYS = 21  # a mail is tried for five days, its bounce for five more; forwarders in a row add theirs
MAX_LOCAL_PART_OCTETS = 64  # RFC 5321 §4.5.3.1.1: many receivers, and `Mailbox`, take no longer one

# The first separator may be one of three, as other implementations write it; those behind it are fixed.
_SRS0 = re.compile(r"SRS0([-+=].*)", re.IGNORECASE | re.DOTALL)
_SRS1 = re.compile(r"SRS1[-+=]([^=]*)=([^=]*)=([-+=].*)", re.IGNORECASE | re.DOTALL)
_SRS0_PARTS = re.compile(r"SRS0[-+=]([^=]*)=([^=]*)=([^=]*)=(.*)", re.IGNORECASE | re.DOTALL)


class TooLong(ValueError):
    """A rewritten address would not fit into the 64 octets of a local part."""


def is_rewritten(mailbox: Mailbox) -> bool:
    """Tell whether a local part has the look of SRS0 or SRS1; whose it is, and whether it holds, is not asked."""
    return re.match(r"SRS[01][-+=]", mailbox.local_part, re.IGNORECASE) is not None


def forward(reverse_path: Mailbox, *, domain: str, secret: bytes, day: int) -> Mailbox:
    """Return the address at `domain` under which to forward what came from `reverse_path`.

    `day` counts days since 1970. Raises `TooLong` where the result would not fit: then `refer` makes one that does.
    """
    if found := _SRS0.fullmatch(reverse_path.local_part):
        return _srs1(reverse_path.domain, found[1], domain, secret)
    if found := _SRS1.fullmatch(reverse_path.local_part):
        # The forwarder before us is left out: the way back goes straight to the first.
        return _srs1(found[2], found[3], domain, secret)
    stamp = day_text(day)
    tag = keyed_hash(secret, "SRS0", stamp, reverse_path.domain, reverse_path.local_part)
    return local_mailbox(f"SRS0={tag}={stamp}={reverse_path.domain}={reverse_path.local_part}", domain)


def reverse(mailbox: Mailbox, *, secret: bytes, day: int) -> Mailbox | None:
    """Return where a mail for a rewritten address goes; None where the address is not ours, or too old."""
    try:
        if found := _SRS1.fullmatch(mailbox.local_part):
            tag, forwarder, rest = found.groups()
            is_ours = same_hash(tag, keyed_hash(secret, "SRS1", forwarder, rest))
            return Mailbox(f"SRS0{rest}", forwarder) if is_ours else None
        if found := _SRS0_PARTS.fullmatch(mailbox.local_part):
            tag, stamp, host, local_part = found.groups()
            age = age_days(stamp, day)
            is_ours = same_hash(tag, keyed_hash(secret, "SRS0", stamp, host, local_part))
            return Mailbox(local_part, host) if is_ours and age is not None and age <= MAX_DAYS else None
    except ValueError:  # what we sealed is an address; nothing else comes here but by a guess of 30 bits
        return None
    return None


def local_mailbox(local_part: str, domain: str) -> Mailbox:
    """Return the address; raises `TooLong` where only its length is in the way."""
    try:
        return Mailbox(local_part, domain)
    except ValueError as error:
        written = len(local_part.encode())
        raise TooLong(f"rewritten, the local part has {written} octets or cannot be written: {error}") from None


def _srs1(forwarder: str, rest: str, domain: str, secret: bytes) -> Mailbox:
    # SRS §4: an SRS1 address bears no day of its own; the first forwarder checks the one inside.
    tag = keyed_hash(secret, "SRS1", forwarder, rest)
    return local_mailbox(f"SRS1={tag}={forwarder}={rest}", domain)
