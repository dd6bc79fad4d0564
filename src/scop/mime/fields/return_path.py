"""Return-Path: where reports of failure go, as the last host wrote it.

Standards: RFC 5322 §3.6.7, RFC 5321 §4.4.
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.mime.defects import DefectKind
from scop.mime.fields.addresses import Address, parse_addresses
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import without_comments

__all__ = ["NAMES", "ReturnPath", "parse_return_path", "write_return_path"]

NAMES = frozenset({"return-path"})


@dataclass(frozen=True, slots=True)
class ReturnPath:
    """An addr-spec; "" is the null path `<>`, to which nothing is reported."""

    addr_spec: str = ""


def parse_return_path(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> ReturnPath | None:
    """Return the path, None where the field holds none."""
    if "".join(without_comments(text).split()) == "<>":
        return ReturnPath()
    found = parse_addresses(text, limits=limits, defects=defects)
    if len(found) == 1 and isinstance(found[0], Address) and found[0].domain and not found[0].display_name:
        return ReturnPath(found[0].addr_spec)
    if defects is not None:
        defects.append(DefectKind.INVALID_RETURN_PATH)
    return None


def write_return_path(value: ReturnPath) -> list[str]:
    """Return the words of a field body; `ValueError` for a path that would not read the same."""
    words = [f"<{value.addr_spec}>"]
    if parse_return_path(words[0]) != value:
        raise ValueError(f"not a path: {value.addr_spec!r}")
    return words
