r"""Domain names: as text in one normal form, and as labels on the wire.

The normal form is lower-case, without a trailing dot; the root is the empty string. A dot or
backslash inside a label is written `\.` and `\\`, every octet outside of printable ASCII
`\DDD` (RFC 1035 §5.1), so any name of the wire has exactly one text. What this does not do:
internationalised names; U-labels become A-labels elsewhere.

Standards: RFC 1035 §2.3.4, §3.1, §4.1.4; RFC 4343 (case).
"""

from __future__ import annotations

import re
from functools import lru_cache

from scop.base import LimitExceeded, RemoteProtocolError

__all__ = [
    "is_askable",
    "is_at_or_below",
    "labels_text",
    "name_from_labels",
    "name_labels",
    "name_to_wire",
    "normal_name",
    "parent_name",
    "read_name",
    "reverse_name",
]

MAX_NAME_OCTETS = 255  # RFC 1035 §2.3.4, with length octets and the root
MAX_LABEL_OCTETS = 63  # RFC 1035 §2.3.4
MAX_PLAIN_CHARACTERS = 253  # what 255 octets leave for text without escapes
MAX_POINTERS = 126  # of one name: each honest one ends at least a label, and more than 126 labels do not fit
NAMES_REMEMBERED = 4096  # the same few names come again and again; bounded, since peers choose them

_DOT = 0x2E
_PLAIN = re.compile(r"[!-\-/-\[\]-~]{1,63}(?:\.[!-\-/-\[\]-~]{1,63})*")
_PLAIN_LABEL = re.compile(rb"[!-\-/-\[\]-~]{1,63}")
_PLAIN_LABELS = re.compile(r"[!-\[\]-~]+")
_ASKABLE = re.compile(r"[^.\\]{1,63}(?:\.[^.\\]{1,63})*")
_LABEL_PIECE = re.compile(r"\\([0-9]{3})|\\([^0-9])|([^\\])", re.ASCII | re.DOTALL)
_SPLIT = re.compile(r"((?:\\.|[^.\\])+)(\.|\Z)", re.DOTALL)


@lru_cache(NAMES_REMEMBERED)
def normal_name(name: str) -> str:
    """Return `name` in its normal form; raises `ValueError` where it cannot be a domain name."""
    bare = name.removesuffix(".")
    if len(bare) <= MAX_PLAIN_CHARACTERS and (not bare or _PLAIN.fullmatch(bare)):
        return bare.lower()  # ASCII only: no other letter folds here (RFC 4343 §3)
    return name_from_labels(name_labels(name))


def is_askable(name: str) -> bool:
    """Return whether text made from foreign words can be asked for as it stands: plain ASCII labels, no escapes."""
    return len(name) <= MAX_PLAIN_CHARACTERS and name.isascii() and _ASKABLE.fullmatch(name) is not None


def name_from_labels(labels: tuple[bytes, ...]) -> str:
    """Return the normal text of labels as they stand on the wire, the root's empty label left out."""
    return ".".join(map(_label_text, labels))


def name_labels(name: str) -> tuple[bytes, ...]:
    """Return the labels of a name's text, case kept; raises `ValueError` where a limit is passed."""
    if name in {"", "."}:
        return ()
    labels = tuple(_split_escaped(name)) if "\\" in name else _split_plain(name)
    if not all(1 <= len(label) <= MAX_LABEL_OCTETS for label in labels):
        raise ValueError(f"a label of {name!r} is empty or longer than {MAX_LABEL_OCTETS} octets")
    if sum(map(len, labels)) + len(labels) + 1 > MAX_NAME_OCTETS:
        raise ValueError(f"the name is longer than {MAX_NAME_OCTETS} octets")
    return labels


@lru_cache(NAMES_REMEMBERED)
def name_to_wire(name: str) -> bytes:
    """Return the name's octets, uncompressed, in lower case."""
    return b"".join(bytes((len(label),)) + label.lower() for label in name_labels(name)) + b"\0"


def parent_name(name: str) -> str:
    """Return the name one label nearer to the root."""
    if "\\" in name:
        return name_from_labels(name_labels(name)[1:])
    return name.partition(".")[2]


def is_at_or_below(name: str, apex: str) -> bool:
    """Tell whether `name` is `apex` or stands under it; both in normal form."""
    if name == apex or not apex:
        return True
    # An escaped dot before the apex belongs to a label, so `a\.b` is not below `b`.
    if not name.endswith("." + apex):
        return False
    head = name[: -len(apex) - 1]
    return (len(head) - len(head.rstrip("\\"))) % 2 == 0


def reverse_name(address: str) -> str:
    """Return the name under which an address's PTR record stands (RFC 1035 §3.5, RFC 3596 §2.5)."""
    import ipaddress

    return ipaddress.ip_address(address).reverse_pointer


def read_name(octets: bytes, position: int, known: dict[int, str]) -> tuple[str, int]:
    """Return the name that begins at `position` and where the octets after it begin.

    `known` remembers names by where they began in this message, and what they pointed at, so one that many records
    point at is read once. Raises `IndexError` too, where the octets end early.
    """
    start, after = position, 0  # `after`: where to go on, once a pointer was followed
    hops: list[tuple[int, bytes]] = []  # each place that was pointed at, with the labels before the pointer
    octets_left, name = MAX_NAME_OCTETS - 1, ""
    while True:
        begin, limit = position, position + octets_left
        while 0 < (length := octets[position]) <= MAX_LABEL_OCTETS:
            position += length + 1
            if position > limit:
                raise LimitExceeded(f"a name is longer than {MAX_NAME_OCTETS} octets")
        labels = octets[begin:position]
        if not length:
            name = labels_text(labels)
            break
        target = _pointed_at(octets, position, begin)
        after = after or position + 2
        if len(hops) == MAX_POINTERS:
            raise LimitExceeded(f"a name of more than {MAX_POINTERS} compression pointers")
        hops.append((target, labels))
        if (found := known.get(target)) is not None:
            name = found
            break
        position, octets_left = target, octets_left - len(labels)
    for target, labels in reversed(hops):
        known[target] = name  # so that no way is gone twice, however names are strung together
        if labels:
            name = _joined(labels, name)
    known[start] = name
    return name, after or position + 1


def _pointed_at(octets: bytes, position: int, begin: int) -> int:
    # RFC 1035 §4.1.4: a pointer goes to a *prior* occurrence. Each must lead to before the labels
    # that it ends, which were themselves before all read earlier, so that no chain of them can loop.
    if octets[position] < 0xC0:
        raise RemoteProtocolError(f"a label of an unknown kind ({octets[position]:#04x})")
    target = (octets[position] & 0x3F) << 8 | octets[position + 1]
    if target >= begin:
        raise RemoteProtocolError("a compression pointer does not lead backwards")
    return target


def _joined(labels: bytes, tail: str) -> str:
    text = labels_text(labels)
    if not tail:
        return text
    if len(labels) + _wire_octets(tail) > MAX_NAME_OCTETS:
        raise LimitExceeded(f"a name is longer than {MAX_NAME_OCTETS} octets")
    return f"{text}.{tail}"


@lru_cache(NAMES_REMEMBERED)
def labels_text(labels: bytes) -> str:
    """Return the text of labels as they stand on the wire, without the root's."""
    dotted, position, count = bytearray(labels), 0, 0
    while position < len(labels):
        dotted[position] = _DOT
        position += 1 + labels[position]
        count += 1
    text = dotted[1:].decode("latin-1")
    if _PLAIN_LABELS.fullmatch(text) and text.count(".") == count - 1:  # no octet wants an escape, as nearly always
        return text.lower()
    return name_from_labels(_cut(labels))


def _cut(labels: bytes) -> tuple[bytes, ...]:
    found, position = [], 0
    while position < len(labels):
        after = position + 1 + labels[position]
        found.append(labels[position + 1 : after])
        position = after
    return tuple(found)


def _wire_octets(name: str) -> int:
    return len(name_to_wire(name)) if "\\" in name else len(name) + 2


def _label_text(label: bytes) -> str:
    if _PLAIN_LABEL.fullmatch(label):
        return label.decode("ascii").lower()
    return "".join(map(_octet_text, label.lower()))


def _octet_text(octet: int) -> str:
    if octet in b".\\":
        return "\\" + chr(octet)
    return chr(octet) if 0x21 <= octet <= 0x7E else f"\\{octet:03d}"


def _split_plain(name: str) -> tuple[bytes, ...]:
    return tuple(label.encode("utf-8", "surrogatepass") for label in name.removesuffix(".").split("."))


def _split_escaped(name: str) -> list[bytes]:
    labels, position = [], 0
    while position < len(name):
        found = _SPLIT.match(name, position)
        if found is None:
            raise ValueError(f"a label of {name!r} is empty or breaks off")
        labels.append(_unescape(found[1]))
        position = found.end()
    return labels


def _unescape(text: str) -> bytes:
    label, position = bytearray(), 0
    while position < len(text):
        piece = _LABEL_PIECE.match(text, position)
        if piece is None or (piece[1] and int(piece[1]) > 255):
            raise ValueError(f"a broken escape in {text!r}")
        label += bytes((int(piece[1]),)) if piece[1] else (piece[2] or piece[3]).encode("utf-8", "surrogatepass")
        position = piece.end()
    return bytes(label)
