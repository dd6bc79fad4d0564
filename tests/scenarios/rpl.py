"""Reads `.rpl` files, the replay format of Unbound's testbound and of Knot Resolver's deckard, into values.

Standards: RFC 1035 §5.1 (records as text), RFC 3597 §5 (records as hexadecimal).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from scop.dns.message import Flag
from scop.dns.names import name_to_wire, normal_name
from scop.dns.rdata import type_number
from scop.dns.words import Rcode

__all__ = ["Entry", "Range", "ReplayRecord", "Scenario", "Step", "read_scenario", "record_of"]

DEFAULT_TTL_SECONDS = 3600
CLASS_NUMBERS = {"IN": 1, "CH": 3, "HS": 4, "NONE": 254, "ANY": 255}
FLAGS = {
    "QR": Flag.RESPONSE,
    "AA": Flag.AUTHORITATIVE,
    "TC": Flag.TRUNCATED,
    "RD": Flag.RECURSION_DESIRED,
    "RA": Flag.RECURSION_AVAILABLE,
    "AD": Flag.AUTHENTIC_DATA,
    "CD": Flag.CHECKING_DISABLED,
}
_PAIR = re.compile(r'([a-z-]+):\s*(?:"([^"]*)"|(\S+))')
_RCODE_ALIASES = {"NOTIMPL": "NOTIMP"}
SECTIONS = ("ANSWER", "AUTHORITY", "ADDITIONAL")


@dataclass(frozen=True)
class ReplayRecord:
    """One record as it goes on the wire."""

    name: str
    type: str
    class_: str
    ttl_seconds: int
    octets: bytes

    def to_wire(self) -> bytes:
        """Return it uncompressed."""
        head = struct.pack(
            "!HHLH", type_number(self.type), CLASS_NUMBERS[self.class_], self.ttl_seconds, len(self.octets)
        )
        return name_to_wire(self.name) + head + self.octets


@dataclass
class Entry:
    """A message of the scenario: what it is compared by, how it is changed before it is sent, and itself."""

    match: tuple[str, ...] = ()
    adjust: tuple[str, ...] = ()
    flags: set[str] = field(default_factory=set)
    rcode: Rcode = Rcode.NOERROR
    question: tuple[str, str, str] | None = None  # name, type, class
    sections: dict[str, list[ReplayRecord]] = field(default_factory=lambda: {name: [] for name in SECTIONS})
    edns_options: bytes | None = None
    raw: bytes | None = None

    @property
    def has_edns(self) -> bool:
        """Whether the message carries OPT."""
        return "DO" in self.flags or self.edns_options is not None

    def to_octets(self, id_: int = 0, question: tuple[str, str, str] | None = None) -> bytes:
        """Return the message; `question` takes the place of its own (copy_query)."""
        if self.raw is not None:
            return id_.to_bytes(2, "big") + self.raw[2:]
        asked = question or self.question
        bits = sum(FLAGS[flag] for flag in self.flags if flag in FLAGS) | self.rcode & 0xF
        counts = [len(self.sections[name]) for name in SECTIONS]
        counts[2] += self.has_edns
        head = struct.pack("!6H", id_, bits, 0 if asked is None else 1, *counts)
        body = b"" if asked is None else _question_octets(*asked)
        records = b"".join(record.to_wire() for name in SECTIONS for record in self.sections[name])
        return head + body + records + (self._opt() if self.has_edns else b"")

    def _opt(self) -> bytes:
        options = self.edns_options or b""
        ttl = (self.rcode >> 4) << 24 | (0x8000 if "DO" in self.flags else 0)
        return b"\0" + struct.pack("!HHLH", 41, 4096, ttl, len(options)) + options


@dataclass
class Range:
    """What a server says during some of the steps."""

    first: int
    last: int
    addresses: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


@dataclass
class Step:
    """One line of the play."""

    number: int
    kind: str
    words: tuple[str, ...] = ()
    entry: Entry | None = None


@dataclass
class Scenario:
    """A whole file; `options` are pairs in their order, the section's own name before its options."""

    name: str
    options: list[tuple[str, str]]
    blocks: set[str]
    title: str
    ranges: list[Range]
    steps: list[Step]

    @property
    def entries(self) -> list[Entry]:
        """All messages of the file."""
        said = [entry for range_ in self.ranges for entry in range_.entries]
        return said + [step.entry for step in self.steps if step.entry is not None]


def read_scenario(path: Path) -> Scenario:
    """Read one file; raises `ValueError` that names the line's words where it cannot be read."""
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    config, _, play = text.partition("CONFIG_END")
    options, blocks = _options(config)
    reader = _Reader(play)
    reader.read()
    return Scenario(path.stem, options, blocks, reader.title, reader.ranges, reader.steps)


def _options(config: str) -> tuple[list[tuple[str, str]], set[str]]:
    options, blocks, skipping = list[tuple[str, str]](), set[str](), False
    for line in config.splitlines():
        bare = line.split("#")[0].strip()
        if bare.startswith(";") or not bare:
            continue
        if bare.startswith(("AUTOTRUST_FILE", "TEMPFILE_CONTENTS")):
            blocks.add(bare.split()[0])
            skipping = True
        elif bare in {"AUTOTRUST_END", "TEMPFILE_END"}:
            skipping = False
        elif not skipping:
            key, _, value = line.strip().partition(":")
            options += _pairs(key.strip(), value)
    return options, blocks


def _pairs(key: str, value: str) -> list[tuple[str, str]]:
    """Return one option, or a section and the options that stand on its line."""
    if not key.endswith("-zone") or not _unquoted(value):
        return [(key, _unquoted(value))]
    return [(key, ""), *((name, quoted or bare) for name, quoted, bare in _PAIR.findall(value))]


def _unquoted(value: str) -> str:
    value = value.strip()
    if value[:1] in {"'", '"'}:
        return value[1:].split(value[0])[0]
    return value.split("#")[0].strip()


class _Reader:
    def __init__(self, play: str) -> None:
        self._lines = _logical_lines(play)
        self.title = ""
        self.ranges = list[Range]()
        self.steps = list[Step]()

    def read(self) -> None:
        range_: Range | None = None
        for line in self._lines:
            words = line.split()
            match words[0]:
                case "SCENARIO_BEGIN":
                    self.title = line.removeprefix("SCENARIO_BEGIN").strip()
                case "RANGE_BEGIN":
                    range_ = Range(int(words[1]), int(words[2]), words[3:])
                    self.ranges.append(range_)
                case "RANGE_END":
                    range_ = None
                case "ADDRESS":
                    if range_ is not None:
                        range_.addresses.append(words[1])
                case "ENTRY_BEGIN":
                    entry = self._entry()
                    if range_ is not None:
                        range_.entries.append(entry)
                    else:
                        self.steps[-1].entry = entry
                case "STEP":
                    self.steps.append(Step(int(words[1]), words[2], tuple(words[3:])))

    def _entry(self) -> Entry:
        entry, section = Entry(), ""
        for line in self._lines:
            words = line.split()
            if words[0] == "ENTRY_END":
                return entry
            if words[0] == "SECTION":
                section = words[1]
            elif not self._take_head(entry, words):
                _take_record(entry, section, line)
        raise ValueError("an entry without its end")

    def _take_head(self, entry: Entry, words: list[str]) -> bool:
        match words[0]:
            case "MATCH":
                entry.match += tuple(words[1:])
            case "ADJUST":
                entry.adjust += tuple(words[1:])
            case "REPLY":
                _take_reply(entry, words[1:])
            case "HEX_EDNSDATA_BEGIN":
                entry.edns_options = self._hex("HEX_EDNSDATA_END")
            case "HEX_ANSWER_BEGIN":
                entry.raw = self._hex("HEX_ANSWER_END")
            case _:
                return False
        return True

    def _hex(self, end: str) -> bytes:
        digits = ""
        for line in self._lines:
            if line == end:
                return bytes.fromhex(digits)
            digits += line
        raise ValueError(f"hexadecimal without {end}")


def _logical_lines(play: str) -> Iterator[str]:
    """Yield lines without comments; those that parentheses hold together are joined."""
    joined = ""
    for line in play.splitlines():
        joined += " " + _without_comment(line)
        if joined.count("(") > joined.count(")"):
            continue
        bare = joined.replace("(", " ").replace(")", " ").strip() if "(" in joined else joined.strip()
        joined = ""
        if bare:
            yield bare


def _without_comment(line: str) -> str:
    quoted = False
    for place, letter in enumerate(line):
        if letter == '"' and line[place - 1 : place] != "\\":
            quoted = not quoted
        if letter == ";" and not quoted:
            return line[:place]
    return line


def _take_record(entry: Entry, section: str, line: str) -> None:
    if section == "QUESTION":
        entry.question = _question(line.split())
    elif section in SECTIONS:
        entry.sections[section].append(record_of(line))
    else:
        raise ValueError(f"cannot read {line!r}")


def _take_reply(entry: Entry, words: list[str]) -> None:
    for word in words:
        name = _RCODE_ALIASES.get(word, word)
        if name in Rcode.__members__:
            entry.rcode = Rcode[name]
        elif word in FLAGS or word == "DO":
            entry.flags.add(word)
        elif word not in {"QUERY"}:
            raise ValueError(f"REPLY {word}")


def _question(words: list[str]) -> tuple[str, str, str]:
    name, *rest = words
    class_ = next((word for word in rest if word in CLASS_NUMBERS), "IN")
    type_ = next((word for word in rest if word not in CLASS_NUMBERS), "ANY")
    return name.removesuffix("."), type_, class_


def _question_octets(name: str, type_: str, class_: str) -> bytes:
    return _cased_wire(name) + struct.pack("!HH", type_number(type_), CLASS_NUMBERS[class_])


def _cased_wire(name: str) -> bytes:
    return name_to_wire(normal_name(name))


def record_of(line: str) -> ReplayRecord:
    """Read one line of a master file."""
    owner, *words = line.split()
    ttl, class_ = DEFAULT_TTL_SECONDS, "IN"
    while words and (words[0].isdigit() or words[0].upper() in CLASS_NUMBERS):
        if words[0].isdigit():
            ttl = int(words[0])
        else:
            class_ = words[0].upper()
        words = words[1:]
    type_, text = words[0].upper(), line
    for _ in range(len(line.split()) - len(words) + 1):  # the rest as it stands: strings keep their spaces
        text = text.split(None, 1)[1] if len(text.split(None, 1)) > 1 else ""
    return ReplayRecord(normal_name(owner), type_, class_, ttl, _rdata_octets(type_, text))


def _rdata_octets(type_: str, text: str) -> bytes:
    if text.startswith("\\#"):
        return bytes.fromhex("".join(text.split()[2:]))  # whatever it means: malformed records are meant
    rdata = dns.rdata.from_text(
        dns.rdataclass.IN, dns.rdatatype.from_text(type_), text, origin=dns.name.root, relativize=False
    )
    wire = rdata.to_wire()
    assert wire is not None
    return wire
