"""What DNSSEC is proved from: the Internet's root keys, or those that lines of DS and DNSKEY records say.

Standards: RFC 1035 §5.1 (master format), RFC 4034 §2.2 and §5.3, RFC 7958 (the root's anchors).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from scop.dns.dnssec.algorithms import Algorithm
from scop.dns.message import Record
from scop.dns.names import normal_name
from scop.dns.rdata import DNSKEY, DS
from scop.dns.rrset import RRset, gather

__all__ = ["INTERNET_ANCHORS", "parse_trust_anchors"]

# The root's key signing keys of 2017 and 2024 (https://data.iana.org/root-anchors/root-anchors.xml).
INTERNET_ANCHORS = (
    RRset(
        "",
        "DS",
        0,
        (
            DS(20326, 8, 2, bytes.fromhex("E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D")),
            DS(38696, 8, 2, bytes.fromhex("683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16")),
        ),
    ),
)
_WORDS = re.compile(r";.*|[()]|[^\s;()]+")


def parse_trust_anchors(text: str) -> tuple[RRset, ...]:
    """Return the anchors that lines of DS and DNSKEY records say; raises `ValueError` that names the line."""
    records = list[Record]()
    for number, words in _entries(text):
        try:
            records.append(_record(words))
        except ValueError as fault:
            raise ValueError(f"line {number}: {fault}") from None
    if not records:
        raise ValueError("there is no DS or DNSKEY record")
    return gather(records)


def _entries(text: str) -> Iterator[tuple[int, list[str]]]:
    """Return the words of each record, which may go on over lines inside of parentheses, and where it begins."""
    words, begun, is_open = list[str](), 0, False
    for number, line in enumerate(text.splitlines(), 1):
        begun = begun if words else number
        for word in _WORDS.findall(line):
            if word in "()":
                is_open = word == "("
            elif not word.startswith(";"):
                words.append(word)
        if words and not is_open:
            yield begun, words
            words = []
    if words:
        raise ValueError(f"line {begun}: a parenthesis is not closed")


def _record(words: list[str]) -> Record:
    owner, *rest = words
    while rest and (rest[0].isdecimal() or rest[0].upper() == "IN"):
        rest.pop(0)
    if len(rest) < 5 or rest[0].upper() not in (DS.type, DNSKEY.type):
        raise ValueError("wants `zone [ttl] [IN] DS tag algorithm digest-type digest`, or DNSKEY and its four fields")
    octets = "".join(rest[4:])
    rdata = (
        DS(_number(rest[1]), _algorithm(rest[2]), _number(rest[3]), _digest(octets))
        if rest[0].upper() == DS.type
        else DNSKEY(_number(rest[1]), _number(rest[2]), _algorithm(rest[3]), _key(octets))
    )
    return Record(normal_name(owner), 0, rdata)


def _number(word: str) -> int:
    if not word.isdecimal():
        raise ValueError(f"{word!r} is no number")
    return int(word)


def _algorithm(word: str) -> int:
    # RFC 4034 §2.2 and §5.3: a number or a mnemonic; those of algorithms that nobody should use any more are not known.
    known = Algorithm.__members__.get(word.upper().replace("-", "_"))
    return _number(word) if known is None else known.value


def _digest(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ValueError("the digest is not hexadecimal") from None


def _key(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("the key is not base64") from None
