"""Return-Path: where reports of failure go, as the last host wrote it.

Standards: RFC 5322 §3.6.7, RFC 5321 §4.4, RFC 6531 §3.3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scop.mime.defects import DefectKind
from scop.mime.fields.addresses import Address, parse_addresses
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import reject_line_ends, without_comments

__all__ = ["NAMES", "ReturnPath", "parse_return_path", "write_return_path"]

NAMES = frozenset({"return-path"})

_NULL_PATH = re.compile(r"[ \t\r\n]*+<[ \t\r\n]*+>[ \t\r\n]*+")


@dataclass(frozen=True, slots=True)
class ReturnPath:
    """An addr-spec; "" is the null path `<>`, to which nothing is reported."""

    addr_spec: str = ""


def parse_return_path(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> ReturnPath | None:
    """Return the path that an unfolded field body states, None where it states none; never raises.

    Routes are left out (RFC 5321 §4.1.1.3). Lenient: a path with a domain needs no brackets; of several the first
    counts.
    """
    if _NULL_PATH.fullmatch(without_comments(text, limits=limits)):
        return ReturnPath()
    found: list[DefectKind] = []
    paths = parse_addresses(text, limits=limits, defects=found)
    path = paths[0] if paths and isinstance(paths[0], Address) and ("<" in text or paths[0].domain) else None
    is_sound = path is not None and "<" in text and len(paths) == 1 and not found and not path.display_name
    if not is_sound and defects is not None:
        defects.append(DefectKind.INVALID_RETURN_PATH)
    return None if path is None else ReturnPath(path.addr_spec)


def write_return_path(value: ReturnPath) -> list[str]:
    """Return the path in its brackets; what is no addr-spec in its shortest form raises `ValueError`."""
    words = [f"<{reject_line_ends(value.addr_spec)}>"]
    words[0].encode()
    if parse_return_path(words[0]) != value:
        raise ValueError(f"not an address: {value.addr_spec[:80]!r}")
    return words
