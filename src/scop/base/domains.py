"""Internationalised domain names in the one form in which they are compared and asked for.

The standard library knows IDNA2003 only, which reads ß as ss and ς as σ. Today these are letters of
their own, so the name that a reader is shown would be judged as another one, of another owner.

Standards: RFC 5890 §2.3.2 (A-labels), RFC 5894 §7.2 (the letters that changed), RFC 3490 §3.1 (dots).
"""

from __future__ import annotations

import re

__all__ = ["a_labels"]

MAX_DOMAIN_CHARACTERS = 255  # RFC 1035 §2.3.4: nothing longer is a domain name

_DOTS = re.compile("[.\u3002\uff0e\uff61]")
# Stricter than RFC 5892 A.1 and A.2: the joiners, which IDNA2008 lets in between some letters, are still dropped,
# as IDNA2003 does: what looks like a name is judged as that name.
_LETTERS_SINCE_IDNA2008 = frozenset("ßς")


def a_labels(domain: str) -> str:
    """Return `domain` in lower case with A-labels; where it has none, in lower case only."""
    # Letter by letter: str.lower() makes a final sigma of the last one, which is another name.
    lowered = domain.lower() if domain.isascii() else "".join(map(str.lower, domain))
    if lowered.isascii() or len(lowered) > MAX_DOMAIN_CHARACTERS:
        return lowered
    try:
        return ".".join(map(_a_label, _DOTS.split(lowered)))
    except UnicodeError:  # no A-label exists for it: comparable only with itself
        return lowered


def _a_label(label: str) -> str:
    if label.isascii():
        return label
    if _LETTERS_SINCE_IDNA2008.isdisjoint(label):
        return label.encode("idna").decode("ascii").lower()
    from unicodedata import normalize  # rarely needed, and the codec of IDNA has loaded it anyway

    return f"xn--{normalize('NFC', label).encode('punycode').decode('ascii').lower()}"
