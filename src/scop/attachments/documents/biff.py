"""Reads the records of a binary Excel workbook (BIFF 5 and 8, and the BIFF 12 parts of xlsb) for what runs by itself.

Standards: MS-XLS §2.4.28 (BoundSheet8), §2.4.150 (Lbl), §2.4.271 (SupBook), §2.5.198 (formulas); MS-XLSB §2.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Workbook", "workbook_of", "xlsb_conversations"]

_MAX_RECORDS = 2_000_000
_MAX_FACTS = 200

_BOF, _NAME, _EXTERNSHEET, _BOUNDSHEET, _SUPBOOK = 0x0809, 0x18, 0x17, 0x85, 0x1AE
_FORMULAS = frozenset({0x06, 0x206, 0x406, 0x4BC})
_FUNCTIONS = {
    110: "EXEC",
    149: "REGISTER",
    150: "CALL",
    132: "FOPEN",
    137: "FWRITE",
    138: "FWRITELN",
    96: "FORMULA",
    17: "RUN",
}
_FUNCTION = re.compile(rb"[\x22\x42\x62][\x00-\x7f](.[\x00\x80])|[\x21\x41\x61](.\x00)", re.DOTALL)
_MACRO_SHEET = 1
_BUILT_IN_AUTOMATIC = frozenset({1, 2, 10, 11})  # Auto_Open, Auto_Close, Auto_Activate, Auto_Deactivate
_LINK = "\x03"  # between service and topic (MS-XLS §2.5.277, virt-path)


@dataclass(slots=True)
class Workbook:
    """What a workbook says that matters."""

    conversations: list[tuple[str, str]] = field(default_factory=list)
    macro_sheets: list[str] = field(default_factory=list)
    functions: dict[str, None] = field(default_factory=dict)
    has_automatic_name: bool = False


def _records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    for _ in range(_MAX_RECORDS):
        head = stream[position : position + 4]
        if len(head) < 4:
            return
        kind, size = head[0] | head[1] << 8, head[2] | head[3] << 8
        if kind in _WANTED:
            yield kind, stream[position + 4 : position + 4 + size]
        position += 4 + size


_WANTED = frozenset({_BOF, _NAME, _EXTERNSHEET, _BOUNDSHEET, _SUPBOOK}) | _FORMULAS


def workbook_of(stream: bytes) -> Workbook:
    """Read the `Workbook` stream (BIFF 8) or the `Book` stream (BIFF 5)."""
    book = Workbook()
    is_unicode = True
    in_macro_sheet = False
    for kind, body in _records(stream):
        if kind == _BOF:
            is_unicode = body[:2] != b"\0\5"
            in_macro_sheet = body[2:4] == b"\x40\0"
        elif kind == _BOUNDSHEET and body[5:6] == bytes((_MACRO_SHEET,)):
            book.macro_sheets.append(_short_text(body[6:], is_unicode=is_unicode))
        elif kind == _NAME:
            book.has_automatic_name |= _is_automatic(body, is_unicode=is_unicode)
        elif kind == _SUPBOOK and len(body) > 4:
            _add_link(book, _long_text(body[2:]))
        elif kind == _EXTERNSHEET and not is_unicode:
            _add_link(book, body[1:].decode("cp1252", "replace"))
        elif in_macro_sheet and kind in _FORMULAS:
            _add_functions(book, body)
        if len(book.macro_sheets) + len(book.conversations) > _MAX_FACTS:
            break
    return book


def _add_link(book: Workbook, path: str) -> None:
    service, link, topic = path.partition(_LINK)
    if link:
        book.conversations.append((service, topic))


def _add_functions(book: Workbook, body: bytes) -> None:
    for match in _FUNCTION.finditer(body, 20):
        name = _FUNCTIONS.get(int.from_bytes(match[1] or match[2], "little") & 0x7FFF)
        if name:
            book.functions[name] = None


def _is_automatic(body: bytes, *, is_unicode: bool) -> bool:
    flags = int.from_bytes(body[:2], "little")
    name = body[15:] if is_unicode else body[14:]  # BIFF 8 has an octet of flags before the text
    if flags & 0x20:  # fBuiltin
        return name[:1] != b"" and name[0] in _BUILT_IN_AUTOMATIC
    # A name that is written out works, too.
    return re.match(rb"(?i)auto_?(?:open|close|activate)", name.replace(b"\0", b"")) is not None


def _short_text(body: bytes, *, is_unicode: bool) -> str:
    count = body[0] if body else 0
    if not is_unicode:
        return body[1 : 1 + count].decode("cp1252", "replace")
    return (
        body[2 : 2 + 2 * count].decode("utf-16-le", "replace")
        if body[1:2] == b"\1"
        else body[2 : 2 + count].decode("latin-1")
    )


def _long_text(body: bytes) -> str:
    count = int.from_bytes(body[:2], "little")
    return (
        body[3 : 3 + 2 * count].decode("utf-16-le", "replace")
        if body[2:3] == b"\1"
        else body[3 : 3 + count].decode("latin-1")
    )


_BEGIN_SUP_BOOK = b"\xe8\x02"  # BrtBeginSupBook (360)


def xlsb_conversations(part: bytes) -> Iterator[tuple[str, str]]:
    """Yield the DDE conversations of a binary part of xlsb: its service and topic (MS-XLSB §2.4.231)."""
    if not part.startswith(_BEGIN_SUP_BOOK):
        return
    # The record's size is one octet with seven bits or more of them; then the kind of link, 1 for DDE, and two texts
    position = 2
    while part[position : position + 1] and part[position] & 0x80 and position < 6:
        position += 1
    position += 1
    if part[position : position + 2] != b"\1\0":
        return
    position += 2
    texts = []
    for _ in range(2):
        count = int.from_bytes(part[position : position + 4], "little")
        if count > 4_096:
            raise ValueError("a text of a link is too long")
        texts.append(part[position + 4 : position + 4 + 2 * count].decode("utf-16-le", "replace"))
        position += 4 + 2 * count
    yield texts[0], texts[1]
