"""Shortcuts: small files that open something else, read so that the finding can say what.

Standards: [MS-SHLLINK] (Windows shortcuts); the Desktop Entry Specification 1.5; Internet shortcuts and web queries
as Windows and Excel read them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from scop.attachments.finding import Finding, Kind, Severity
from scop.attachments.inspection import BROKEN, Inspection
from scop.attachments.text_octets import decoded_text
from scop.attachments.thing import Found, Thing, shown

__all__ = [
    "read_desktop_entry",
    "read_link",
    "read_playlist",
    "read_setting_content",
    "read_url_file",
    "read_web_query",
    "share_findings",
]

_HEADER_OCTETS = 76
_HAS_ITEMS, _HAS_INFO, _NAME, _RELATIVE, _FOLDER, _ARGUMENTS, _ICON, _UNICODE = (1 << bit for bit in range(8))
_STRINGS = (_NAME, _RELATIVE, _FOLDER, _ARGUMENTS, _ICON)
_LOCAL_PATH = 1  # in the flags of LinkInfo
_URL = re.compile(r"^[ \t]*+URL[ \t]*+=[ \t]*+([^\s][^\r\n]*+)", re.IGNORECASE | re.MULTILINE)
# Fetched as soon as somebody looks at the folder with the shortcut in it.
_SHARE = re.compile(
    r"^[ \t]*+(?:IconFile|IconResource|WorkingDirectory|BASEURL)[ \t]*+=[ \t]*+"
    r"((?:file:/{0,9}+)?(?:\\\\|(?<=//)[\w.])[^\r\n]{1,300}+)",
    re.IGNORECASE | re.MULTILINE,
)
_SHARE_NAME = re.compile(rb"\\\\[\w.-]{1,255}[@\\]")
# The same in a list of songs or the settings of a folder, on a line of its own or as a value of any name. A path with
# three slashes is one of the reader's own disk.
_PLAYED_SHARE = re.compile(
    r"(?:^|[='\">])[ \t]{0,20}+"
    r"((?:\\\\\?\\UNC\\|\\\\|file:\\\\|file:(?://|/{4,9}+)|//)(?!localhost\b|127\.)\w[\w.-]{0,253}+(?:@\w{1,10}+)?[\\/][^\r\n'\"<>]{0,300}+)",
    re.IGNORECASE | re.MULTILINE,
)
_EXEC = re.compile(r"^[ \t]*+(?:Try)?Exec[ \t]*+=[ \t]*+([^\s][^\r\n]*+)", re.IGNORECASE | re.MULTILINE)
_DEEP_LINK = re.compile(r"<DeepLink>\s*+([^<]*+)", re.IGNORECASE)
_WEB = re.compile(r"(?:https?|ftp|mailto|news|nntp|gopher):", re.IGNORECASE)
_MAX_SHOWN_ITEMS = 40


def read_link(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield what a Windows shortcut runs ([MS-SHLLINK] §2)."""
    try:
        opens = _link_target(thing.octets)
    except BROKEN:  # what it opens cannot be told; that it is one is enough
        opens = ""
    what = f": {shown(opens)}" if opens else ""
    reason = f"{thing.where} is a Windows shortcut, which runs what its sender chose{what}."
    yield thing.finding(Kind.SHORTCUT, Severity.DANGEROUS, reason)


def _link_target(octets: bytes) -> str:
    """Return the program and its arguments as far as they can be read."""
    (flags,) = struct.unpack_from("<I", octets, 20)
    position, path = _HEADER_OCTETS, ""
    if flags & _HAS_ITEMS:  # §2.2
        length = int.from_bytes(octets[position : position + 2], "little")
        path = _last_item(octets[position + 2 : position + 2 + length])
        position += 2 + length
    if flags & _HAS_INFO:  # §2.3
        size, _, info_flags, _, base = struct.unpack_from("<IIIII", octets, position)
        if info_flags & _LOCAL_PATH:
            path = octets[position + base : position + size].split(b"\0", 1)[0].decode("cp1252", "replace")
        position += size
    strings: dict[int, str] = {}
    for kind in _STRINGS:  # §2.4
        if flags & kind:
            count = int.from_bytes(octets[position : position + 2], "little")
            length = count * (2 if flags & _UNICODE else 1)
            raw = octets[position + 2 : position + 2 + length]
            strings[kind] = raw.decode("utf-16-le" if flags & _UNICODE else "cp1252", "replace")
            position += 2 + length
    return " ".join(piece for piece in (path or strings.get(_RELATIVE, ""), strings.get(_ARGUMENTS, "")) if piece)


def _last_item(items: bytes) -> str:
    """Return the names in a list of shell items, the way to the target: each is kept in ASCII."""
    names: list[str] = []
    position = 0
    while position + 2 <= len(items) and len(names) < _MAX_SHOWN_ITEMS:
        size = int.from_bytes(items[position : position + 2], "little")
        if size < 3:
            break
        item = items[position + 2 : position + size]
        if item[0] & 0x70 == 0x30 and len(item) > 12:  # a file or folder
            names.append(item[12:].split(b"\0", 1)[0].decode("cp1252", "replace"))
        elif item[0] & 0x70 == 0x20:  # a drive
            names.append(item[1:].split(b"\0", 1)[0].decode("cp1252", "replace").rstrip("\\"))
        position += size
    return "\\".join(names)


def read_url_file(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield where an Internet shortcut leads: to the web as a link in the text would, or to a program or a file."""
    text = decoded_text(thing.octets)
    targets = _URL.findall(text)
    for target in targets[:_MAX_SHOWN_ITEMS]:
        if _WEB.match(target):
            yield thing.finding(Kind.SHORTCUT, Severity.NOTE, f"{thing.where} opens {shown(target)}.")
        else:
            reason = f"{thing.where} opens no web page but {shown(target)}, which can run a program."
            yield thing.finding(Kind.SHORTCUT, Severity.DANGEROUS, reason)
    if share := _SHARE.search(text):
        reason = f"{thing.where} has Windows log in to a computer of somebody else: {shown(share[1])}."
        yield thing.finding(Kind.SHORTCUT, Severity.SUSPICIOUS, reason)
    if not targets:
        yield thing.finding(Kind.SHORTCUT, Severity.SUSPICIOUS, f"{thing.where} is a shortcut that names no address.")


def read_playlist(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield whether a list of songs, or the settings of a folder, is on somebody else's computer in part."""
    if share := _PLAYED_SHARE.search(decoded_text(thing.octets)):
        reason = f"{thing.where} has Windows log in to a computer of somebody else: {shown(share[1])}."
        yield thing.finding(Kind.SHORTCUT, Severity.SUSPICIOUS, reason)


def share_findings(thing: Thing, value: bytes) -> Iterator[Finding]:
    """Yield that a value, in one or two octets a character, is a place to which Windows logs in by itself."""
    if _SHARE_NAME.match(plain := value.replace(b"\0", b"")):
        place = shown(plain.decode("cp1252", "replace"))
        reason = f"{thing.where} has Windows log in to a computer of somebody else: {place}."
        yield thing.finding(Kind.SHORTCUT, Severity.SUSPICIOUS, reason)


def read_desktop_entry(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield what a shortcut for Linux runs."""
    runs = _EXEC.search(decoded_text(thing.octets))
    what = f": {shown(runs[1])}" if runs else ""
    reason = f"{thing.where} is a shortcut for Linux, which runs what its sender chose{what}."
    yield thing.finding(Kind.SHORTCUT, Severity.DANGEROUS if runs else Severity.SUSPICIOUS, reason)


def read_setting_content(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield what a settings shortcut runs."""
    runs = _DEEP_LINK.search(decoded_text(thing.octets))
    what = f": {shown(runs[1])}" if runs else ""
    reason = f"{thing.where} is a settings shortcut, which runs what its sender chose{what}."
    yield thing.finding(Kind.SHORTCUT, Severity.DANGEROUS, reason)


def read_web_query(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield from where a web query fetches what Excel then calculates."""
    lines = decoded_text(thing.octets).split()
    what = f" from {shown(lines[2])}" if len(lines) > 2 else ""
    reason = f"{thing.where} has Excel fetch and calculate what its sender chose{what}."
    yield thing.finding(Kind.SHORTCUT, Severity.DANGEROUS, reason)
