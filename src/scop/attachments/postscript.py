"""PostScript that runs commands: files of the name `%pipe%…` are the input and output of a program.

Standards: PostScript Language Reference, 3rd edition, §3.2.2 (strings); the `%pipe%` device as Ghostscript has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scop.attachments.finding import Kind, Severity
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing

__all__ = ["read_postscript"]

# In a string, each letter as it is or as its number, or all of them in hexadecimal digits.
_PIPE = re.compile(
    rb"\(\s{0,20}+"
    + rb"".join([rb"(?:%c|\\0?%b)" % (letter, f"{letter:o}".encode()) for letter in b"%pipe%"])
    + rb"|<\s{0,20}+"
    + rb"\s{0,20}+".join([b"%02x" % letter for letter in b"%pipe%"]),
    re.IGNORECASE,
)


def read_postscript(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield that a document runs a command where it is shown."""
    if _PIPE.search(thing.octets):
        reason = f"{thing.where} is a PostScript document that has a command run when it is shown."
        yield thing.finding(Kind.ACTIVE, Severity.SUSPICIOUS, reason)
