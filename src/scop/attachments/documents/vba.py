"""Reads the Visual Basic of an Office document: its source, whether it runs by itself, and what it is able to do.

The source is found where the project says it is, and wherever its compressed beginning stands: what hides from one
reading is seen by the other. A project whose source was taken out, so that only its compiled form runs, is told by the
names that the compiled form keeps. Nothing is run, and what is unpacked is bounded: five octets can become 4,096.

Standards: MS-OVBA 12.2.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

__all__ = ["Behaviour", "behaviour_of_names", "behaviour_of_source", "has_code", "module_sources", "unpacked"]

_MAX_SOURCE_OCTETS = 1 << 20  # of one module; the editor of Office ends at 64 K lines
_MAX_MODULES = 256
_DIR_OCTETS = 1 << 20

# A compressed container of a module: signature, chunk header (MS-OVBA §2.4.1.1.5), and its first words as literals.
_PACKED_SOURCE = re.compile(rb"\x01.(?:[\xb0-\xbf]\x00Attribut|[\x30-\x3f]Attribut)", re.DOTALL | re.IGNORECASE)
# MODULESTREAMNAME and MODULEOFFSET records of the dir stream (MS-OVBA §2.3.4.2.3.2)
_MODULE_RECORD = re.compile(rb"\x1a\x00(.)\x00\x00\x00|\x31\x00\x04\x00\x00\x00(.{4})", re.DOTALL)

_AUTOMATIC = (
    r"auto_?(?:exec|open|close|exit|new|activate)|auto_ope"
    r"|document_?(?:open|close|new|before_?close|change|contentcontrolonenter)|newdocument"
    r"|workbook_(?:open|activate|close|before_?close|before_?print|before_?save|deactivate|sheetactivate|sheetcalculate|windowactivate)"
    r"|worksheet_(?:activate|calculate|deactivate)"
    r"|app_\w{3,30}|onslideshowpagechange|onslideshowterminate|presentation_?open|presentationopen|auto_nextslide"
    r"|file(?:open|save|saveas|saveall|close|closeall|print|printdefault|exit|new)|toolsmacro|viewvbcode|editcopy|editpaste"
    r"|\w{1,60}_(?:painted|painting|gotfocus|lostfocus|mousehover|mousemove|mouseenter|mouseleave|layout|resize|onconnecting"
    r"|beforenavigate2|beforescriptexecute|documentcomplete|downloadbegin|downloadcomplete|filedownload|navigatecomplete2"
    r"|navigateerror|progresschange|propertychange|setsecurelockicon|statustextchange|titlechange)"
)
_AUTOMATIC_PROCEDURE = re.compile(
    rf"^[ \t]*(?:(?:public|private|friend|static)[ \t]+)*(?:sub|function)[ \t]+({_AUTOMATIC})\b",
    re.IGNORECASE | re.MULTILINE,
)
# In the compiled form identifiers stand one after the other, so only names that say enough by themselves.
_AUTOMATIC_NAME = re.compile(
    rb"(?i)(?<![a-z0-9_])(auto_?open|auto_?close|autoexec|autoexit|document_open|document_close|document_new|workbook_open|"
    rb"workbook_activate|workbook_beforeclose|worksheet_activate)(?![a-z0-9_])"
)

# What it can do, in words for people, by the names that do it.
_POWERS: tuple[tuple[str, str], ...] = (
    (
        "starts programs",
        (
            r"shell(?:execute\w*)?|wscript\.shell|shell\.application|createprocess[aw]?|winexec|powershell|cmd(?:\.exe)?\s*/c|mshta|rundll32"
            r"|regsvr32|win32_process|winmgmts|macscript|applescripttask|popen|executeexcel4macro|schedule\.service|\.invokeverb(?:ex)?"
        ),
    ),
    (
        "fetches files",
        r"urldownloadtofile[aw]?|\w*xmlhttp\w*|winhttprequest\w*|winhttp|internetopen\w*|net\.webclient|downloadfile|downloadstring|bitsadmin",
    ),
    (
        "calls into the system",
        (
            r"virtualalloc(?:ex)?|rtlmovememory|writeprocessmemory|createthread|createremotethread|virtualprotect(?:ex)?|callwindowproc[aw]?"
            r"|enum\w*callback|loadlibrary[aw]?|getprocaddress|declare\s+(?:ptrsafe\s+)?(?:sub|function)"
        ),
    ),
    (
        "writes files",
        r"adodb\.stream|savetofile|createtextfile|open\s[^\r\n]{1,200}\sfor\s+(?:binary|output|append)|filecopy|copyhere",
    ),
    ("changes other macros", r"vbproject|vbcomponents|codemodule|addfromstring|accessvbom|vbawarnings"),
    ("hides what it does", r"strreverse|callbyname|chrw?\$?\s*\(\s*\d+\s*\)\s*&\s*chrw?"),
)
_POWER_PATTERNS = tuple((phrase, re.compile(rf"(?i)(?<![\w])(?:{names})(?![\w])")) for phrase, names in _POWERS)

_LINE_GOES_ON = re.compile(r"[ \t]_[ \t]*\r?\n")
_NO_CODE_LINE = re.compile(
    r"(?i)\s*(?:attribute\s.*|option\s.*|'.*|rem(?:\s.*)?|version\s[\d.]+\s+class|begin|end|multiuse\s*=.*)?\s*"
)
_COMMENT_LINE = re.compile(r"(?im)^[ \t]*(?:'|rem\b)[^\n]*$")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a macro does: the procedures that run by themselves, and its powers in words for people."""

    automatic: tuple[str, ...]
    powers: tuple[str, ...]


def unpacked(container: bytes, start: int, max_octets: int) -> bytes:
    """Unpack a compressed container as far as it is sound, or up to `max_octets`.

    `container[start]` is its signature.
    """
    out = bytearray()
    position = start + 1
    while position + 2 <= len(container) and len(out) < max_octets:
        # MS-OVBA §2.4.1.1.5: size less 3, signature 0b011, flag
        header = int.from_bytes(container[position : position + 2], "little")
        if (header >> 12) & 7 != 3:
            break
        end = min(position + (header & 0x0FFF) + 3, len(container))
        if header & 0x8000:
            _unpack_chunk(container, position + 2, end, out)
        else:
            out += container[position + 2 : position + 2 + 4096]
        position = end
    return bytes(out[:max_octets])


def _unpack_chunk(container: bytes, position: int, end: int, out: bytearray) -> None:
    chunk_start = len(out)
    while position < end:
        flags = container[position]
        position += 1
        if flags == 0:  # eight literals: most of what is short
            out += container[position : min(position + 8, end)]
            position += 8
            continue
        for bit in range(8):
            if position >= end:
                return
            if not flags >> bit & 1:
                out.append(container[position])
                position += 1
                continue
            token = int.from_bytes(container[position : position + 2], "little")
            position += 2
            if not _copy(token, chunk_start, out):
                return


def _copy(token: int, chunk_start: int, out: bytearray) -> bool:
    # MS-OVBA §2.4.1.3.19.1: how many bits are the offset depends on how much of the chunk there is
    offset_bits = max((len(out) - chunk_start - 1).bit_length(), 4)
    length = (token & (0xFFFF >> offset_bits)) + 3
    offset = (token >> (16 - offset_bits)) + 1
    source = len(out) - offset
    if source < chunk_start or len(out) - chunk_start > 4096:
        return False
    piece = bytes(out[source : source + length])
    while len(piece) < length:
        piece += piece[: length - len(piece)]
    out += piece
    return True


def module_sources(streams: Mapping[str, bytes]) -> Iterator[str]:
    """Yield the source of each module in the streams of a project's VBA folder (or of any folder)."""
    places = {name.lower(): offset for name, offset in _stated_offsets(streams)}
    for name, octets in islice(streams.items(), _MAX_MODULES):
        starts = [match.start() for match in islice(_PACKED_SOURCE.finditer(octets), 4)]
        stated = places.get(name.lower())
        if stated is not None and stated not in starts and octets[stated : stated + 1] == b"\x01":
            starts.append(stated)
        for start in starts:
            source = unpacked(octets, start, _MAX_SOURCE_OCTETS)
            if source:
                yield source.decode("latin-1")  # the words that are looked for are ASCII


def _stated_offsets(streams: Mapping[str, bytes]) -> Iterator[tuple[str, int]]:
    packed = next((octets for name, octets in streams.items() if name.lower() == "dir"), b"")
    if not packed.startswith(b"\x01"):
        return
    listing = unpacked(packed, 0, _DIR_OCTETS)
    name = ""
    for match in islice(_MODULE_RECORD.finditer(listing), 4 * _MAX_MODULES):
        if match[2] is not None:
            yield name, struct.unpack("<I", match[2])[0]
        else:
            name = listing[match.end() : match.end() + match[1][0]].decode("latin-1")


def has_code(source: str) -> bool:
    """Tell whether a module has a line that does something: Office puts empty ones in many honest documents."""
    return any(not _NO_CODE_LINE.fullmatch(line[:2_000]) for line in source.splitlines())


def behaviour_of_source(source: str) -> Behaviour:
    """Return what the source of a macro does."""
    code = _COMMENT_LINE.sub("", _LINE_GOES_ON.sub(" ", source))
    automatic = dict.fromkeys(match[1] for match in islice(_AUTOMATIC_PROCEDURE.finditer(code), 8))
    powers = tuple(phrase for phrase, pattern in _POWER_PATTERNS if pattern.search(code))
    return Behaviour(tuple(automatic), powers)


def behaviour_of_names(compiled: bytes) -> Behaviour:
    """Return what the names that a compiled project keeps (its `_VBA_PROJECT` stream) tell of it."""
    # Identifiers are in the project's code page; an older Office writes them in UTF-16 in part.
    names = compiled + b"\0" + compiled.replace(b"\0", b"")
    automatic = dict.fromkeys(match[1].decode("ascii") for match in islice(_AUTOMATIC_NAME.finditer(names), 8))
    text = names.decode("latin-1")
    return Behaviour(tuple(automatic), tuple(phrase for phrase, pattern in _POWER_PATTERNS if pattern.search(text)))
