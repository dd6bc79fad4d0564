"""File names out of a mail, made harmless: what a stranger calls a file becomes a name in one folder and nothing else.

A name is cut to what stands behind its last path separator, of any system. What could name another place, hide the
file, pass for a device or an option, or turn the terminal's text around is taken out. Two files whose names another
system would not tell apart get different ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

__all__ = ["MAX_NAME_OCTETS", "names_to_try", "safe_name"]

MAX_NAME_OCTETS = 255  # POSIX NAME_MAX on Linux; NTFS and APFS have as many characters
_SEPARATORS = re.compile(r"[/\\]")
_UNWANTED = re.compile(r'[<>:"|?*\x7f]')  # no name of a file on Windows holds these; ":" opens a stream there
_AT_ENDS = " .\t"  # a leading dot hides a file; Windows takes dots and blanks off the end
# Windows opens these as devices, whatever suffix they have.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])", re.IGNORECASE)
_MAX_SUFFIX_OCTETS = 20


def safe_name(wanted: str | None, fallback: str) -> str:
    """Return a name of at most `MAX_NAME_OCTETS` octets for a file that a mail calls `wanted`."""
    name = unicodedata.normalize("NFC", wanted or "")
    name = "".join([character if character.isprintable() else "_" for character in name])
    name = _UNWANTED.sub("_", _SEPARATORS.split(name)[-1]).strip(_AT_ENDS)
    if name.startswith("-"):  # an option to whoever passes "*"
        name = f"_{name[1:]}"
    if not name.strip("_"):
        name = fallback
    if _DEVICE.fullmatch(name.partition(".")[0].rstrip()):
        name = f"_{name}"
    return _shortened(name, MAX_NAME_OCTETS)


def _shortened(name: str, room: int) -> str:
    """Return `name` in at most `room` octets of UTF-8, with its suffix where that is a short one."""
    if len(name.encode()) <= room:
        return name
    stem, dot, suffix = name.rpartition(".")
    ending = f"{dot}{suffix}" if stem and len(suffix.encode()) <= _MAX_SUFFIX_OCTETS else ""
    cut = name.encode()[: room - len(ending.encode())].decode(errors="ignore")
    return cut.rstrip(_AT_ENDS) + ending


def names_to_try(name: str, number: int = 1) -> Iterator[str]:
    """Yield `name`, then the same with 2, 3 and so on before its suffix; `number` says where to begin."""
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix.encode()) > _MAX_SUFFIX_OCTETS:
        stem, dot, suffix = name, "", ""
    while True:
        if number == 1:
            yield name
        else:
            ending = f" ({number}){dot}{suffix}"
            yield _shortened(stem, MAX_NAME_OCTETS - len(ending.encode())) + ending
        number += 1
