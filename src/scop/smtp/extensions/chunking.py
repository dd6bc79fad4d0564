"""CHUNKING: the message comes in pieces whose sizes are told (BDAT); nobody looks for its end.

Standards: RFC 3030 §2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scop.base import RemoteProtocolError
from scop.smtp.events import ChunkBegin
from scop.smtp.extensions.extension import BAD_PARAMETER, Extension, Verb

if TYPE_CHECKING:
    from scop.smtp.options import Channel

__all__ = ["CHUNKING", "announced_octets", "is_chunk"]

MAX_DIGITS = 20  # as RFC 1870 §3 has it for SIZE; a larger number is none that anybody can send

_ARGUMENT = re.compile(rf"([0-9]{{1,{MAX_DIGITS}}})(?: (LAST))?", re.IGNORECASE)


def is_chunk(line: bytes) -> bool:
    """Return whether a command line is meant for a BDAT."""
    return line[:5].upper() in (b"BDAT ", b"BDAT")


def announced_octets(line: bytes) -> int | None:
    """Return how many octets stand behind a BDAT, None where that can't be told."""
    found = _ARGUMENT.fullmatch(line[5:].decode("latin-1").strip(" \t"))
    return int(found[1]) if found else None


def _read(argument: str, _channel: Channel) -> ChunkBegin:
    found = _ARGUMENT.fullmatch(argument)
    if found is None:
        raise RemoteProtocolError("BDAT without a size", reply_hint=BAD_PARAMETER)
    return ChunkBegin(int(found[1]), is_last=found[2] is not None)


CHUNKING = Extension(keyword="CHUNKING", offer=lambda _channel: "CHUNKING", verbs={"BDAT": Verb(_read)})
