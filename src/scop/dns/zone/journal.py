"""What changed from version to version of a zone, so that a secondary fetches changes and not the whole.

A `Journal` is a value: steps from serial to serial, each a difference, kept as octets and bounded. `encode_records` and
`Frame` are the form on a disk: frames with a checksum, so that the piece which a crash cut off is seen.

Standards: RFC 1995 §5 (an old step may be dropped: who asks for it gets the whole zone).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from scop.base import RemoteProtocolError
from scop.dns.message import Record
from scop.dns.names import name_to_wire, read_name
from scop.dns.rdata import read_rdata, type_name, type_number
from scop.dns.zone.difference import Difference, difference
from scop.dns.zone.zone import Zone

__all__ = ["Frame", "FrameKind", "Journal", "JournalStep", "decode_records", "encode_records", "read_frames"]

MAX_STEPS = 10_000  # of one zone; beyond, no secondary that is alive can be so far behind
MIN_KEPT_OCTETS = 65_536  # steps that together are larger than the zone are of no use, but a small zone keeps a few
MAX_KEPT_OCTETS = 16 * 2**20

_RECORD = struct.Struct("!HLH")
_STEP = struct.Struct("!LLL")  # serials before and after, and how many octets are removals
_FRAME = struct.Struct("!BLL")  # kind, octets, their CRC-32


@dataclass(frozen=True, slots=True)
class JournalStep:
    """One change: what a zone of serial `before` has to lose and to get to be of serial `after`."""

    before: int
    after: int
    removed: bytes
    added: bytes

    @classmethod
    def between(cls, before: Zone, after: Zone) -> JournalStep:
        """Return the step from one version to another."""
        found = difference(before, after)
        return cls(before.serial, after.serial, encode_records(found.removed), encode_records(found.added))

    @classmethod
    def from_octets(cls, octets: bytes) -> JournalStep:
        """Read a step; raises `RemoteProtocolError`."""
        try:
            before, after, size = _STEP.unpack_from(octets)
        except struct.error:
            raise RemoteProtocolError("a step of a journal ends early") from None
        start = _STEP.size
        return cls(before, after, octets[start : start + size], octets[start + size :])

    def to_octets(self) -> bytes:
        """Return the octets that `from_octets` reads."""
        return _STEP.pack(self.before, self.after, len(self.removed)) + self.removed + self.added

    def difference(self) -> Difference:
        """Return what changes, the SOA first on both sides; raises `RemoteProtocolError`."""
        return Difference(tuple(decode_records(self.removed)), tuple(decode_records(self.added)))

    def __len__(self) -> int:
        return len(self.removed) + len(self.added)


@dataclass(frozen=True, slots=True)
class Journal:
    """The newest steps of a zone, each beginning where the one before it ends."""

    steps: tuple[JournalStep, ...] = ()
    octets: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "octets", sum(map(len, self.steps)))

    def with_step(self, step: JournalStep, *, kept_octets: int) -> Journal:
        """Return the journal with one more step; the oldest go where it would be longer than is of use."""
        steps = [*self.steps, step] if self.steps and self.steps[-1].after == step.before else [step]
        bound = min(max(kept_octets, MIN_KEPT_OCTETS), MAX_KEPT_OCTETS)
        octets, first = sum(map(len, steps)), 0
        while octets > bound or len(steps) - first > MAX_STEPS:
            octets -= len(steps[first])
            first += 1
        return Journal(tuple(steps[first:]))

    def since(self, serial: int, until: int) -> tuple[JournalStep, ...]:
        """Return the steps from one version to another, none where they are not all here."""
        if not self.steps or self.steps[-1].after != until:
            return ()
        # the newest begin: after four thousand million changes a serial may come again
        for number in range(len(self.steps) - 1, -1, -1):
            if self.steps[number].before == serial:
                return self.steps[number:]
        return ()


def encode_records(records: Iterable[Record]) -> bytes:
    """Return records as octets: each whole, without compression."""
    pieces = list[bytes]()
    for name, ttl, rdata in records:
        wire = rdata.to_wire()
        pieces += (name_to_wire(name), _RECORD.pack(type_number(rdata.type), ttl, len(wire)), wire)
    return b"".join(pieces)


def decode_records(octets: bytes) -> Iterator[Record]:
    """Yield the records that `encode_records` wrote; raises `RemoteProtocolError`."""
    position = 0
    try:
        while position < len(octets):
            name, position = read_name(octets, position, {})
            number, ttl, size = _RECORD.unpack_from(octets, position)
            start = position + _RECORD.size
            position = start + size
            if position > len(octets):
                raise RemoteProtocolError("a record of a journal runs past its end")
            yield Record(name, ttl, read_rdata(type_name(number), octets[start:position]))
    except (IndexError, struct.error):
        raise RemoteProtocolError("a record of a journal ends early") from None


class FrameKind(IntEnum):
    """What a frame of a journal's file holds."""

    ZONE = 1  # every record of the zone, as it was then
    STEP = 2


@dataclass(frozen=True, slots=True)
class Frame:
    """One piece of a journal's file."""

    kind: FrameKind
    octets: bytes

    def to_octets(self) -> bytes:
        """Return the frame with its checksum."""
        return _FRAME.pack(self.kind, len(self.octets), zlib.crc32(self.octets)) + self.octets


def read_frames(octets: bytes) -> Iterator[Frame]:
    """Yield the frames up to the first that is not whole."""
    position = 0
    while position + _FRAME.size <= len(octets):
        kind, size, checksum = _FRAME.unpack_from(octets, position)
        start = position + _FRAME.size
        position = start + size
        piece = octets[start:position]
        if len(piece) != size or zlib.crc32(piece) != checksum or kind not in FrameKind._value2member_map_:
            return
        yield Frame(FrameKind(kind), piece)
