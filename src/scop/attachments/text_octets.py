"""Whether octets are text for people, and how it reads where each character takes two of them.

Standards: RFC 2781 (UTF-16), RFC 3629 §6 (the mark of UTF-8).
"""

from __future__ import annotations

__all__ = ["decoded_octets", "decoded_text", "is_text", "readable_head"]

_TEXT_HEAD = 4_096


def readable_head(octets: bytes) -> bytes | None:
    """Return the beginning of a text, as octets of an ASCII-like charset; None where it is no text."""
    head = octets[:_TEXT_HEAD]
    decoded = decoded_octets(head)
    return decoded if decoded is not head or is_text(octets) else None


def decoded_text(octets: bytes) -> str:
    """Return a text for people, UTF-16 undone; any octets give one."""
    return decoded_octets(octets).decode("utf-8", "replace")


def decoded_octets(octets: bytes) -> bytes:
    """Return octets with UTF-16 made UTF-8, and the same octets where they are none."""
    for mark, charset in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if octets.startswith(mark):
            return octets[2:].decode(charset, "replace").encode("utf-8", "replace")
    for first, charset in ((1, "utf-16-le"), (0, "utf-16-be")):  # without a mark: each second octet of ASCII is zero
        if (
            octets[first:6:2] == b"\0\0\0"
            and octets[1 - first : 6 : 2].isascii()
            and 0 not in octets[1 - first : 6 : 2]
        ):
            return octets.decode(charset, "replace").encode("utf-8", "replace")
    return octets[3:] if octets.startswith(b"\xef\xbb\xbf") else octets


_TEXT_CONTROLS = b"\t\n\x0b\x0c\r\x1a\x1b\x08"
_CONTROLS = bytes(octet for octet in range(32) if octet not in _TEXT_CONTROLS) + b"\x7f"


def is_text(octets: bytes) -> bool:
    """Tell whether the beginning of the octets is text in any charset that has ASCII in it: few control characters."""
    head = octets[:_TEXT_HEAD]
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls * 100 <= len(head) and head.count(0) <= len(head) // 200
