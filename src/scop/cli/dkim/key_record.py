"""A key's record as a person copies it into a zone; whatever stands in one is ASCII and needs no quoting."""

from __future__ import annotations

from scop.dns.rdata.txt import MAX_STRING_OCTETS

__all__ = ["in_strings"]


def in_strings(record: str) -> str:
    """Return the text of a key record as the strings of a TXT record in a master file."""
    strings = (record[at : at + MAX_STRING_OCTETS] for at in range(0, len(record), MAX_STRING_OCTETS))
    return " ".join(f'"{string}"' for string in strings)
