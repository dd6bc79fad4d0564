"""Whether an answer is the one that a scenario wants (testbound's CHECK_ANSWER with its MATCH words).

Two things are not compared. The additional section: nothing in it is required of an answer, and ours is empty but for
EDNS. And NS records in the authority section, which only `minimal-responses: no` puts there (RFC 1034 §4.3.2 is about
authorities). Everything else is, record by record in any order: flags, rcode, question, answers, SOA, denials,
signatures, EDNS options where the scenario names them, TTLs where it says `ttl`.
"""

from __future__ import annotations

from collections.abc import Callable

from scenarios.rpl import FLAGS, Entry, ReplayRecord
from scop.base import RemoteProtocolError
from scop.dns.message import Message, Record
from scop.dns.names import normal_name
from scop.dns.rdata import read_rdata

__all__ = ["Mismatch", "compare"]

# What "all" means: everything that we compare.
_ALL = ("flags", "rcode", "question", "answer", "authority")


class Mismatch(Exception):
    """It went differently than the scenario says."""


def compare(wanted: Entry, got: Message) -> None:
    """Compare by the wanted entry's MATCH words; raises `Mismatch` that says what differs."""
    words = [word for word in wanted.match if "=" not in word]
    for aspect in _ALL if "all" in words else words:
        if aspect in _ASPECTS:
            of_wanted, of_got = _ASPECTS[aspect]
            _same(aspect, of_wanted(wanted), of_got(got))
    if "ttl" in words:
        _same("TTLs", _ttls(wanted), _ttls_of(got))
    reasons = [word.removeprefix("ede=") for word in wanted.match if word.startswith("ede=")]
    if "all" in words and wanted.edns_options is not None and not reasons:
        _same("ednsdata", wanted.edns_options.hex(), _options_of(got))
    for number in reasons:
        told = [] if got.edns is None else [str(error.info_code) for error in got.edns.errors]
        _same("EDE", [number], told[:1] if number != "any" else ["any"] * len(told[:1]))


def _same(what: str, wanted: object, got: object) -> None:
    if wanted != got:
        raise Mismatch(f"{what}: wanted {_shown(wanted)}, got {_shown(got)}")


def _shown(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return (text or "nothing")[:300]


def _flags(wanted: Entry) -> str:
    return " ".join(sorted(wanted.flags & FLAGS.keys()))


def _flags_of(got: Message) -> str:
    return " ".join(sorted(name for name, flag in FLAGS.items() if got.flags & flag))


def _question(wanted: Entry) -> str:
    if wanted.question is None:
        return ""
    name, type_, class_ = wanted.question
    return f"{normal_name(name)} {class_} {type_}"


def _question_of(got: Message) -> str:
    return "" if got.question is None else f"{got.question.name} {got.question.qclass} {got.question.type}"


def _records(wanted: Entry, section: str) -> list[str]:
    records = [record for record in wanted.sections[section] if not _is_left_out(section, record)]
    return sorted(_shown_record(record.name, record.type, _normal(record)) for record in records)


def _records_of(records: tuple[Record, ...]) -> list[str]:
    return sorted(_shown_record(record.name, record.type, record.rdata.to_wire()) for record in records)


def _ttls(wanted: Entry) -> list[str]:
    return sorted(f"{record.name} {record.type} {record.ttl_seconds}" for record in wanted.sections["ANSWER"])


def _ttls_of(got: Message) -> list[str]:
    return sorted(f"{record.name} {record.type} {record.ttl_seconds}" for record in got.answers)


def _is_left_out(section: str, record: ReplayRecord) -> bool:
    covered = int.from_bytes(record.octets[:2]) if record.type == "RRSIG" else 0
    return section == "AUTHORITY" and (record.type == "NS" or covered == 2)


def _normal(record: ReplayRecord) -> bytes:
    try:
        return read_rdata(record.type, record.octets).to_wire()
    except RemoteProtocolError:
        return record.octets


def _shown_record(name: str, type_: str, octets: bytes) -> str:
    return f"{name or '.'} {type_} {octets.hex()}"


def _options_of(got: Message) -> str:
    options = () if got.edns is None else got.edns.options
    return b"".join(code.to_bytes(2) + len(octets).to_bytes(2) + octets for code, octets in options).hex()


_ASPECTS: dict[str, tuple[Callable[[Entry], object], Callable[[Message], object]]] = {
    "flags": (_flags, _flags_of),
    "rcode": (lambda wanted: wanted.rcode.name, lambda got: got.rcode.name),
    "question": (_question, _question_of),
    "qname": (_question, _question_of),
    "qtype": (_question, _question_of),
    "answer": (lambda wanted: _records(wanted, "ANSWER"), lambda got: _records_of(got.answers)),
    "authority": (lambda wanted: _records(wanted, "AUTHORITY"), lambda got: _records_of(got.authority)),
    "ednsdata": (lambda wanted: (wanted.edns_options or b"").hex(), _options_of),
}
