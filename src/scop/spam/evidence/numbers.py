"""What stands in a text without being a word: addresses, sums of money, telephone numbers, purses of coins."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scop.spam.evidence.hosts import registered_domain

__all__ = ["number_tokens"]

MAX_FOUND = 60  # in one mail

_ADDRESS = re.compile(r"[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
_TELEPHONE = re.compile(r"\+?\d[\d()./-]{5,18}\d")
_NO_DIGITS = re.compile(r"\D+")
_PURSE = re.compile(r"bc1[a-z0-9]{25,60}|[13][1-9a-z]{25,34}|0x[0-9a-f]{40}|t[1-9a-z]{33}")
_SIGNS = frozenset("$€£¥")
_ANY_SIGN = re.compile("[$€£¥]")
_SHORTEST_TELEPHONE = 7  # digits
_SHORTEST_PURSE = 26


def number_tokens(odd: Sequence[str]) -> list[str]:
    """Return the tokens of what `scop.spam.evidence.words.oddities` found to be no word."""
    found: list[str] = []
    has_signs = _ANY_SIGN.search("\n".join(odd)) is not None
    for chunk in odd:
        if "@" in chunk:
            address = _ADDRESS.search(chunk)
            if address is not None:
                found += [f"mail:{address[0]}", f"mail:@{registered_domain(address[1])}"]
        elif has_signs and not _SIGNS.isdisjoint(chunk[:4]):
            digits = _NO_DIGITS.sub("", chunk.partition(".")[0])
            if digits:
                found += [f"money:{chunk[:20]}", f"money:10^{len(digits) - 1}"]
        elif len(chunk) >= _SHORTEST_TELEPHONE and not chunk[0].isalpha() and _TELEPHONE.fullmatch(chunk):
            digits = _NO_DIGITS.sub("", chunk)
            if len(digits) >= _SHORTEST_TELEPHONE:
                found.append(f"telephone:{digits}")
        elif len(chunk) >= _SHORTEST_PURSE and _PURSE.fullmatch(chunk):
            found.append("money:purse")
        if len(found) > MAX_FOUND:
            break
    return found
