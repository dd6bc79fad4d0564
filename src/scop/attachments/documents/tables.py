"""Looks into tables that are text: SYLK, and lists with commas or tabs, whose cells can run programs.

Standards: none; SYLK as Microsoft describes it for Multiplan, RFC 4180 for lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from scop.attachments.documents.fields import dde_finding
from scop.attachments.documents.macros import sheet_macro_finding
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing

__all__ = ["read_table"]

# `=cmd|'/c calc'!A0`, also behind + - @, in quotes, in a SYLK record (`C;X1;Y1;Ecmd|...`)
_COMMAND = re.compile(
    rb"(?:^|[\"\t,;=+@-])\s*[=+@-]*\s*'?([A-Za-z][\w.\\/:]{1,80})'?\s*\|\s*['\"]?([^'\"!\r\n]{1,400})['\"]?\s*!",
    re.MULTILINE,
)
_FUNCTION = re.compile(
    rb";E(?:[^;\r\n]{0,400}?[^A-Z;\r\n])?(EXEC|CALL|REGISTER|RUN|FOPEN|FWRITE|FORMULA)\(", re.IGNORECASE
)
_AUTOMATIC = re.compile(rb"^NN;NAuto_(?:open|close|activate)", re.IGNORECASE | re.MULTILINE)
_MACRO_SHEET = re.compile(rb"^(?:O;E|NN;NAuto_)", re.IGNORECASE | re.MULTILINE)
_MAX_COMMANDS = 20


def read_table(thing: Thing, _: Inspection) -> Iterator[Found]:
    """Look into a table in text."""
    octets = thing.octets
    if octets[:2] in (b"\xff\xfe", b"\xfe\xff"):
        octets = octets.decode("utf-16", "replace").encode("utf-8", "replace")
    for match in islice(_COMMAND.finditer(octets), _MAX_COMMANDS):
        yield dde_finding(thing, match[1].decode("latin-1"), match[2].decode("latin-1"))
    if octets.startswith(b"ID;P") and _MACRO_SHEET.search(octets):
        functions = dict.fromkeys(match[1].decode("ascii").upper() for match in islice(_FUNCTION.finditer(octets), 100))
        yield sheet_macro_finding(thing, is_automatic=_AUTOMATIC.search(octets) is not None, functions=tuple(functions))
