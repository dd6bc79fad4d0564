r"""Master files in the form that we write ourselves, read and written without dnspython: fast, and only that form.

One record a line, full names, TTL, class and type always there, as the history keeps zones: of a hundred thousand
records dnspython makes a minute. A text of which any line is otherwise is for `master_file`, which takes all that the
standard allows and says what is wrong and where; a line of a seldom type is read and written by dnspython alone.

Standards: RFC 1035 §5.1, RFC 2181 §5.2 and §10.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from scop.base import RemoteProtocolError
from scop.dns.message import Record
from scop.dns.names import is_at_or_below
from scop.dns.rdata import AAAA, CNAME, MX, NS, PTR, SOA, SRV, TLSA, TXT, A, Rdata

__all__ = ["check_beside", "owner_text", "rdata_text", "read_own_records", "write_records"]

_NAME = r"[a-z0-9_*.-]*\."  # nothing that wants an escape, so no more than one meaning
_NUMBER = r"(0|[1-9][0-9]{0,9})"
_LINE = re.compile(rf"({_NAME}) {_NUMBER} IN ([A-Z][A-Z0-9]*) ([^\n]+)\n")
_HEX = re.compile(r"(?:[0-9a-f]{2})+")
_STRINGS = re.compile(r'"(?:[ !#-\[\]-~]|\\["\\]|\\[0-9]{3})*"(?: "(?:[ !#-\[\]-~]|\\["\\]|\\[0-9]{3})*")*')
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(rb"\\([0-9]{3}|.)")
_UNPRINTABLE = re.compile(r'[^ -~]|["\\]')
_MEANT = re.compile(r'["$();@]')  # RFC 1035 §5.1: what a reader would take for more than a letter
_LONGEST_HEX_OCTETS = 64  # dnspython writes more in groups
_MAX_TTL = 0x7FFF_FFFF  # RFC 2181 §8
_MAX_NAME_CHARACTERS = 254
_MAX_LABEL_CHARACTERS = 63
_SINGLE = frozenset({"CNAME", "SOA", "DNAME"})
_BESIDE_CNAME = frozenset({"CNAME", "NSEC", "RRSIG", "KEY"})  # RFC 4034 §3 and §4, RFC 2535 §2.3.5


def read_own_records(text: str, origin: str) -> tuple[Record, ...] | None:
    """Return the records of a text that is wholly in our own form and without fault; None of any other."""
    found: list[Record] = []
    types: dict[str, dict[str, Record]] = {}
    position, end = 0, len(text)
    last = written = ""
    try:
        while position < end:
            line = _LINE.match(text, position)
            if line is None:
                return None
            owner, ttl, type_, rdata = line.groups()
            name = last if owner == written else _name(owner)
            last, written = name, owner
            record = Record(name, int(ttl), _read(type_, rdata))
            if record.ttl_seconds > _MAX_TTL or not is_at_or_below(record.name, origin):
                return None
            check_beside(types, record)
            found.append(record)
            position = line.end()
    except (ValueError, RemoteProtocolError):
        return None
    return tuple(found)


def check_beside(types: dict[str, dict[str, Record]], record: Record) -> None:
    """Note a record among those of its name, by type; raises `ValueError` where it cannot stand beside them."""
    beside = types.setdefault(record.name, {})
    is_alias = "CNAME" in beside or record.type == "CNAME"
    if is_alias and (beside.keys() | {record.type}) - _BESIDE_CNAME:
        raise ValueError(f"{record.name}. has other records beside a CNAME")  # RFC 2181 §10.1
    first = beside.setdefault(record.type, record)
    if first.ttl_seconds != record.ttl_seconds and record.type != "RRSIG":  # RFC 2181 §5.2
        raise ValueError(
            f"{record.name}. {record.type} has TTL {record.ttl_seconds} here and {first.ttl_seconds} before"
        )
    if record.type in _SINGLE and first.rdata != record.rdata:
        raise ValueError(f"{record.name}. has a second {record.type}")


def write_records(records: Iterable[Record]) -> str:
    """Return a master file of full names, one record a line."""
    return "".join(f"{owner_text(name)} {ttl} IN {rdata.type} {rdata_text(rdata)}\n" for name, ttl, rdata in records)


def owner_text(name: str) -> str:
    """Return a name as a master file has it at the beginning of a line, in full."""
    return f"{_MEANT.sub(_escaped, name)}."


def rdata_text(rdata: Rdata) -> str:
    """Return a record's data as a master file has it, names in full."""
    match rdata:
        case A():
            return rdata.address
        case AAAA() if not rdata.address.startswith("::"):  # some of these are written as IPv4 addresses
            return rdata.address
        case NS() | CNAME() | PTR():
            return owner_text(rdata.target)
        case MX():
            return f"{rdata.preference} {owner_text(rdata.exchange)}"
        case SRV():
            return f"{rdata.priority} {rdata.weight} {rdata.port} {owner_text(rdata.target)}"
        case TXT():
            return " ".join(map(_string_text, rdata.strings))
        case TLSA() if 0 < len(rdata.association) <= _LONGEST_HEX_OCTETS:
            return f"{rdata.usage} {rdata.selector} {rdata.matching_type} {rdata.association.hex()}"
        case SOA():
            numbers = (rdata.serial, rdata.refresh_seconds, rdata.retry_seconds, rdata.expire_seconds)
            names = f"{owner_text(rdata.primary)} {owner_text(rdata.mailbox)}"
            return f"{names} {' '.join(map(str, numbers))} {rdata.minimum_seconds}"
        case _:
            from scop.dns.zone.master_file import rare_rdata_text  # dnspython is loaded for it, and only for it

            return rare_rdata_text(rdata)


def _read(type_: str, text: str) -> Rdata:
    kind = _KINDS.get(type_)
    found = None if kind is None else kind[0].fullmatch(text)
    if kind is not None and found is not None:
        return kind[1](found)
    if _MEANT.search(text):
        raise ValueError("it may mean more than this line")
    from scop.dns.zone.master_file import rdata_from_text  # dnspython is loaded for it, and only for it

    return rdata_from_text(type_, text)


def _name(text: str) -> str:
    """Return a name in full, which the pattern let pass, in normal form."""
    if text == ".":
        return ""
    sizes = [len(label) for label in text[:-1].split(".")]
    if len(text) > _MAX_NAME_CHARACTERS or max(sizes) > _MAX_LABEL_CHARACTERS or not min(sizes):
        raise ValueError(f"{text} has a label too long or empty")
    return text[:-1]


def _tlsa(found: re.Match[str]) -> TLSA:
    association = bytes.fromhex(found[4])
    if int(found[3]) in _DIGEST_OCTETS and len(association) != _DIGEST_OCTETS[int(found[3])]:
        raise ValueError("the association has another length than its digest")
    return TLSA(int(found[1]), int(found[2]), int(found[3]), association)


def _soa(found: re.Match[str]) -> SOA:
    serial, refresh, retry, expire, minimum = map(int, found.groups()[2:])
    return SOA(_name(found[1]), _name(found[2]), serial, refresh, retry, expire, minimum)


def _txt(found: re.Match[str]) -> TXT:
    return TXT(tuple(_string(string[1]) for string in _STRING.finditer(found[0])))


def _string(text: str) -> bytes:
    octets = text.encode("ascii")
    return _ESCAPE.sub(_octet, octets) if "\\" in text else octets


def _octet(found: re.Match[bytes]) -> bytes:
    return bytes((int(found[1]),)) if len(found[1]) > 1 else found[1]  # ValueError beyond 255


def _string_text(string: bytes) -> str:
    return f'"{_UNPRINTABLE.sub(_octet_text, string.decode("latin-1"))}"'


def _octet_text(found: re.Match[str]) -> str:
    return f"\\{found[0]}" if found[0] in '"\\' else f"\\{ord(found[0]):03d}"


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


_DIGEST_OCTETS = {1: 32, 2: 64}  # RFC 6698 §2.1.3
_TARGET: Final = re.compile(f"({_NAME})")
_KINDS: Final[dict[str, tuple[re.Pattern[str], Callable[[re.Match[str]], Rdata]]]] = {
    "A": (re.compile(r"[0-9.]+"), lambda found: A(found[0])),
    "AAAA": (re.compile(r"[0-9a-f:]+"), lambda found: AAAA(found[0])),
    "NS": (_TARGET, lambda found: NS(_name(found[1]))),
    "CNAME": (_TARGET, lambda found: CNAME(_name(found[1]))),
    "PTR": (_TARGET, lambda found: PTR(_name(found[1]))),
    "MX": (re.compile(f"{_NUMBER} ({_NAME})"), lambda found: MX(int(found[1]), _name(found[2]))),
    "SRV": (
        re.compile(f"{_NUMBER} {_NUMBER} {_NUMBER} ({_NAME})"),
        lambda found: SRV(int(found[1]), int(found[2]), int(found[3]), _name(found[4])),
    ),
    "TXT": (_STRINGS, _txt),
    "TLSA": (re.compile(f"{_NUMBER} {_NUMBER} {_NUMBER} ({_HEX.pattern})"), _tlsa),
    "SOA": (re.compile(f"({_NAME}) ({_NAME})" + f" {_NUMBER}" * 5), _soa),
}
