"""What "delivered" means: the submitted octets stand unchanged below our stamps, but for the listed fix-ups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scop.mime import raw_fields, split_header
from scop.smtp.stamps import split_stamps

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["below_all_stamps", "differs", "without_fields"]

# Fields that submission may put above what was submitted: docs/submission-fixups.md lists them with the reasons.
ADDED = frozenset({b"date", b"from", b"message-id", b"sender", b"to"})
REMOVED = frozenset({b"bcc"})


def without_fields(octets: bytes, names: Iterable[bytes]) -> bytes:
    """Return a mail without the fields of some names."""
    header, body = split_header(octets)
    gone = frozenset(names)
    kept = b"".join(field.octets for field in raw_fields(header) if field.name.lower() not in gone)
    return kept + octets[len(octets) - len(body) - (len(octets) - len(header) - len(body)) :]


def below_all_stamps(stored: bytes, hostnames: Iterable[str]) -> bytes:
    """Return what stands below the stamps of each organisation on the way, the last one first."""
    for hostname in hostnames:
        stamps, stored = split_stamps(stored, hostname)
        if not stamps:
            raise ValueError(f"{hostname} left no stamp")
    return stored


def _with_ended_header(octets: bytes) -> bytes:
    """Return a mail with an empty line where its header goes over into the body without one."""
    header, body = split_header(octets)
    ends = not header or not body or len(header) + len(body) < len(octets)
    return octets if ends else header + b"\r\n" + body


def differs(submitted: bytes, stored: bytes) -> str:
    """Return why a stored mail is not what was submitted; empty when it is.

    `submitted` has CRLF line ends; `stored` is what stands below all stamps.
    """
    expected = _with_ended_header(without_fields(submitted, REMOVED))
    if not stored.endswith(expected):
        return "the submitted octets do not stand in what was stored"
    added = stored[: len(stored) - len(expected)].removesuffix(b"\r\n\r\n")
    names = {line.partition(b":")[0].lower() for line in added.split(b"\r\n") if line and line[:1] not in b" \t"}
    unexpected = names - ADDED
    return f"fields were added that no fix-up names: {unexpected}" if unexpected else ""
