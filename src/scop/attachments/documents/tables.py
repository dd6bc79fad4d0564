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

__all__ = ["read_list", "read_table"]

_LISTS = frozenset({"csv", "tsv", "tab", "slk", "dif", "prn", "xls"})

# `=cmd|'/c calc'!A0`, also behind + - @, in quotes, in a SYLK record (`C;X1;Y1;Ecmd|…`): what stands around the bar.
_SERVICE = re.compile(rb"(?:;E|^|[\"\t,;=+@\n-])[=+@ -]*'?([A-Za-z][\w.\\/:]{1,80})'? ?\Z")
_TOPIC = re.compile(rb" ?['\"]?([^'\"!\r\n]{1,400})['\"]? ?!")
_AROUND = 410
_MAX_BARS = 100_000
_BAR_EFFORT = 3_000  # as `Inspection.spend` counts
_FUNCTION = re.compile(
    rb";E(?:[^;\r\n]{0,400}?[^A-Z;\r\n])?(EXEC|CALL|REGISTER|RUN|FOPEN|FWRITE|FORMULA)\(", re.IGNORECASE
)
_AUTOMATIC = re.compile(rb"^NN;NAuto_(?:open|close|activate)", re.IGNORECASE | re.MULTILINE)
_MACRO_SHEET = re.compile(rb"^(?:O;E|NN;NAuto_)", re.IGNORECASE | re.MULTILINE)
_MAX_COMMANDS = 20


def read_table(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Look into a table in text."""
    octets = thing.octets
    if octets[:2] in (b"\xff\xfe", b"\xfe\xff"):
        octets = octets.decode("utf-16", "replace").encode("utf-8", "replace")
    for service, topic in islice(_commands(octets, inspection), _MAX_COMMANDS):
        yield dde_finding(thing, service, topic)
    if octets.startswith(b"ID;P") and _MACRO_SHEET.search(octets):
        functions = dict.fromkeys(match[1].decode("ascii").upper() for match in islice(_FUNCTION.finditer(octets), 100))
        yield sheet_macro_finding(thing, is_automatic=_AUTOMATIC.search(octets) is not None, functions=tuple(functions))


def read_list(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Look into a text that its name makes a table: a table program opens it."""
    if thing.ending in _LISTS:
        yield from read_table(thing, inspection)


def _commands(octets: bytes, inspection: Inspection) -> Iterator[tuple[str, str]]:
    """Yield the program and what it is told, wherever a cell has both with a bar between."""
    for count, bar in enumerate(re.finditer(rb"\|", octets)):
        if count >= _MAX_BARS:
            raise ValueError("more cells than are looked into")
        inspection.spend(_BAR_EFFORT)
        topic = _TOPIC.match(octets[bar.end() : bar.end() + _AROUND])
        service = topic and _SERVICE.search(octets[max(bar.start() - 100, 0) : bar.start()])
        if topic and service:
            yield service[1].decode("latin-1"), topic[1].decode("latin-1")
