"""EICAR's test file: harmless, and every scanner must find it.

Standards: EICAR, "Anti-Malware Testfile": it begins the file, and nothing but blanks follows, 128 octets at most.
"""

from __future__ import annotations

from collections.abc import Iterator

from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.thing import Thing

__all__ = ["eicar_findings"]

# In two pieces, so that no scanner takes this file for it.
_SIGNATURE = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + rb"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
_BLANKS = b" \t\n\r\x1a"
_MAX_OCTETS = 128


def eicar_findings(thing: Thing) -> Iterator[Finding]:
    """Yield that the thing is the test file."""
    octets = thing.octets
    if octets.startswith(_SIGNATURE) and len(octets) <= _MAX_OCTETS and not octets[len(_SIGNATURE) :].strip(_BLANKS):
        yield thing.finding(Kind.EICAR, Severity.DANGEROUS, f"{thing.where} is the test file that every scanner finds.")
