"""Rare types whose data holds names: carried as octets, but with each name whole and in lower case.

A compressed name means nothing outside of its message, and a signature covers the name in lower case.

Standards: RFC 3597 §4 (which types may hold compressed names), RFC 4034 §6.2 (whose names are in lower case).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from scop.base import RemoteProtocolError
from scop.dns.names import name_to_wire, read_name
from scop.dns.rdata.numbers import TYPE_NUMBERS
from scop.dns.rdata.opaque import Opaque

__all__ = ["READERS"]

_Reader: TypeAlias = Callable[[bytes, int, int, dict[int, str]], Opaque]

# How the octets go: `n` a name, `s` a string after its length, `2` two octets.
_LAYOUTS: Final = {
    "MD": "n",  # RFC 1035 §3.3.4
    "MF": "n",  # RFC 1035 §3.3.5
    "MB": "n",  # RFC 1035 §3.3.3
    "MG": "n",  # RFC 1035 §3.3.6
    "MR": "n",  # RFC 1035 §3.3.8
    "MINFO": "nn",  # RFC 1035 §3.3.7
    "RP": "nn",  # RFC 1183 §2.2
    "AFSDB": "2n",  # RFC 1183 §1
    "RT": "2n",  # RFC 1183 §3.3
    "PX": "2nn",  # RFC 2163 §4
    "NAPTR": "22sssn",  # RFC 3403 §4.1
    "KX": "2n",  # RFC 2230 §3
}


def _reader(type_: str, layout: str) -> _Reader:
    def read(octets: bytes, start: int, end: int, known: dict[int, str]) -> Opaque:
        pieces, position = [], start
        for kind in layout:
            begin = position
            if kind == "n":
                name, position = read_name(octets, begin, known)
                pieces.append(name_to_wire(name))
            else:
                position += 2 if kind == "2" else 1 + octets[begin]
                pieces.append(octets[begin:position])
        if position != end:
            raise RemoteProtocolError(f"the fields do not fill their {type_} record")
        return Opaque(type_, b"".join(pieces))

    return read


READERS: Final = {TYPE_NUMBERS[type_]: _reader(type_, layout) for type_, layout in _LAYOUTS.items()}
