"""The strict check: a mail must say what it was written from, and go on saying it when it is written anew.

For each mail: its octets are kept; every field value of every entity, every content, preamble and epilogue is as
expected, down to zones and the order of parameters; and the values alone, written by `encode` without sight of the
octets that they came from, are read as the same once more. The first difference is named by its path.

A corpus is named by one digest. Mails are taken in chunks of `CHUNK_MAILS` from the first on. A chunk's digest is
BLAKE2b-256 over the BLAKE2b-256 digests of its mails, the corpus' digest BLAKE2b-256 over those of its chunks, each
in the order of the index: so the work can be shared out and taken up again.

Standards: RFC 7693 (BLAKE2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from scop.hamlet.mail import generate_expected
from scop.mime import EntityValues, encode, parse

__all__ = [
    "CHUNK_MAILS",
    "ChunkOutcome",
    "Outcome",
    "Stage",
    "check",
    "check_chunk",
    "check_mail",
    "chunks_of",
    "corpus_digest",
    "first_difference",
]

CHUNK_MAILS = 500
MAX_SHOWN = 200  # characters of a value in a difference
_SHOWN_BEFORE = 40  # of these and of octets, before the first that differs

Observer: TypeAlias = Callable[[int, bytes, EntityValues], None]


class Stage(StrEnum):
    """How far a mail came."""

    AGREED = "agreed"
    RAISED = "raised"  # no mail may
    OCTETS = "octets"  # parse(x).to_octets() is not x
    VALUES = "values"  # what was read is not what was written
    WRITING = "writing"  # the values cannot be written again
    READ_AGAIN = "read_again"  # written again, they are read as others


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mail, and where it first differs."""

    index: int
    stage: Stage
    difference: str = ""

    @property
    def agreed(self) -> bool:
        """Whether all of the check passed."""
        return self.stage is Stage.AGREED


@dataclass(frozen=True, slots=True)
class ChunkOutcome:
    """What became of a run of mails."""

    first: int
    mails: int
    octets: int
    digest: bytes
    failures: tuple[Outcome, ...]


def check(seed: int, index: int) -> Outcome:
    """Check one mail of the corpus that `seed` names."""
    return check_mail(index, *generate_expected(seed, index))


def check_mail(index: int, octets: bytes, values: EntityValues) -> Outcome:
    """Check that `octets` say `values`, and that these, written anew, say the same."""
    try:
        stage, difference = _checked(octets, values)
    except Exception as error:  # whatever leaves the parser is what we look for
        return Outcome(index, Stage.RAISED, f"{type(error).__name__}: {error}"[:MAX_SHOWN])
    return Outcome(index, stage, difference)


def _checked(octets: bytes, values: EntityValues) -> tuple[Stage, str]:
    message = parse(octets)
    if message.to_octets() != octets:
        return Stage.OCTETS, _octets_difference("octets", octets, message.to_octets())
    read = message.values()
    difference = first_difference(values, read)
    if difference:
        return Stage.VALUES, difference
    try:
        rewritten = b"".join(encode(read))  # values only: what they were read from is out of its reach
    except ValueError as error:
        return Stage.WRITING, str(error)[:MAX_SHOWN]
    difference = first_difference(values, parse(rewritten).values())
    return (Stage.READ_AGAIN, difference) if difference else (Stage.AGREED, "")


def first_difference(wanted: EntityValues, found: EntityValues) -> str:
    """Return where two trees first differ, such as "parts[1].fields[3] Date: expected … got …"; "" where nowhere."""
    waiting = [("", wanted, found)]
    while waiting:
        path, one, other = waiting.pop()
        difference = next(_differences(path, one, other), "")
        if difference:
            return difference
        if isinstance(one.content, tuple) and isinstance(other.content, tuple):
            pairs = enumerate(zip(one.content, other.content, strict=True))
            waiting += reversed([(f"{path}parts[{number}].", *pair) for number, pair in pairs])
    return ""


def _differences(path: str, wanted: EntityValues, found: EntityValues) -> Iterator[str]:
    """Yield what differs in one entity, its parts apart."""
    names, other_names = [name for name, _ in wanted.fields], [name for name, _ in found.fields]
    if names != other_names:
        yield _said(f"{path}fields", names, other_names)
    for number, ((name, value), (_, other)) in enumerate(zip(wanted.fields, found.fields, strict=False)):
        # By what is written down of them: two moments of different zones, or two orders of parameters, are equal.
        if not (type(value) is type(other) is str and value == other) and repr(value) != repr(other):
            yield _said(f"{path}fields[{number}] {name}", value, other)
    for what in ("preamble", "content", "epilogue"):
        one, other = getattr(wanted, what), getattr(found, what)
        if isinstance(one, bytes) and isinstance(other, bytes):
            if one != other:
                yield _octets_difference(path + what, one, other)
        elif type(one) is not type(other) or len(one) != len(other):
            yield f"{path}{what}: expected {_size(one)}, got {_size(other)}"


def _size(content: bytes | tuple[EntityValues, ...]) -> str:
    return f"{len(content)} {'octets' if isinstance(content, bytes) else 'parts'}"


def _said(path: str, wanted: object, found: object) -> str:
    one, other = repr(wanted), repr(found)
    start = max(0, _first_unlike(one, other) - _SHOWN_BEFORE)
    return f"{path}: expected {_cut(one, start)}, got {_cut(other, start)}"


def _cut(text: str, start: int) -> str:
    end = start + MAX_SHOWN
    return f"{'…' if start else ''}{text[start:end]}{'…' if len(text) > end else ''}"


def _first_unlike(one: Sequence[object], other: Sequence[object]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _octets_difference(path: str, wanted: bytes, found: bytes) -> str:
    at = _first_unlike(wanted, found)
    shown = slice(max(0, at - _SHOWN_BEFORE), at + _SHOWN_BEFORE)
    sizes = f"{len(wanted)} and {len(found)} octets"
    return f"{path} at octet {at} ({sizes}): expected {wanted[shown]!r}, got {found[shown]!r}"


def check_chunk(seed: int, first: int, mails: int, observe: Observer | None = None) -> ChunkOutcome:
    """Check mails `first` and following; each is shown to `observe`, too."""
    digests = hashlib.blake2b(digest_size=32)
    failures: list[Outcome] = []
    size = 0
    for index in range(first, first + mails):
        octets, values = generate_expected(seed, index)
        size += len(octets)
        digests.update(_digest(octets))
        outcome = check_mail(index, octets, values)
        if not outcome.agreed:
            failures.append(outcome)
        if observe is not None:
            observe(index, octets, values)
    return ChunkOutcome(first, mails, size, digests.digest(), tuple(failures))


def chunks_of(first: int, count: int) -> Iterator[tuple[int, int]]:
    """Yield the first index and the number of mails of each chunk of a corpus."""
    for start in range(first, first + count, CHUNK_MAILS):
        yield start, min(CHUNK_MAILS, first + count - start)


def corpus_digest(chunk_digests: Iterable[bytes]) -> str:
    """Return the digest of a corpus, given those of its chunks in order."""
    return _digest(b"".join(chunk_digests)).hex()


def _digest(octets: bytes) -> bytes:
    return hashlib.blake2b(octets, digest_size=32).digest()
