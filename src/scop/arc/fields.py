"""The three fields of an ARC set as values.

Standards: RFC 8617 §4.1 (fields), §4.2.1 (instance tags), RFC 6376 §3.5 (tags they share with DKIM).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from scop.arc.result import ArcWord
from scop.authres.scanner import Scanner
from scop.base import LimitExceeded, RemoteProtocolError, printable
from scop.dkim import Algorithm, Signature
from scop.dkim.signature import (
    MAX_FIELD_OCTETS,
    parse_base64,
    parse_host_name,
    read_algorithm,
    read_signature,
    record_name_of,
    require_tags,
)
from scop.dkim.tags import parse_tags

__all__ = ["MAX_INSTANCE", "ArcField", "ArcSeal", "parse_message_signature", "parse_seal", "split_results"]

MAX_INSTANCE = 50  # RFC 8617 §4.2.1

_INSTANCE = re.compile(r"[0-9]{1,2}")


class ArcField(StrEnum):
    """The fields of a set, in the order in which a seal covers them (RFC 8617 §5.1.1)."""

    RESULTS = "ARC-Authentication-Results"
    MESSAGE_SIGNATURE = "ARC-Message-Signature"
    SEAL = "ARC-Seal"

    @property
    def key(self) -> bytes:
        """Its name as fields are looked up."""
        return self.value.lower().encode("ascii")


@dataclass(frozen=True, slots=True)
class ArcSeal:
    """What an ARC-Seal field claims."""

    instance: int
    algorithm: Algorithm
    chain: ArcWord
    domain: str
    selector: str
    octets: bytes

    @property
    def record_name(self) -> str:
        """Where the public key lies in the DNS."""
        return record_name_of(self.selector, self.domain)


def parse_seal(field: bytes) -> ArcSeal:
    """Return what a whole ARC-Seal field holds; raise `RemoteProtocolError` with the reason otherwise."""
    tags = _tags(field)
    require_tags(tags, ("a", "b", "cv", "d", "i", "s"))
    if "h" in tags:  # RFC 8617 §4.1.3: a seal has no choice of what it covers
        raise RemoteProtocolError("a seal with h=")
    try:
        chain = ArcWord(tags["cv"].lower())
    except ValueError:
        raise RemoteProtocolError(f"cv={printable(tags['cv'], limit=20)} is no status of a chain") from None
    return ArcSeal(
        instance=_instance(tags["i"]),
        algorithm=read_algorithm(tags["a"]),
        chain=chain,
        domain=parse_host_name("d", tags["d"]),
        selector=parse_host_name("s", tags["s"]),
        octets=parse_base64("b", tags["b"]),
    )


def parse_message_signature(field: bytes) -> tuple[int, Signature]:
    """Return the instance of a whole ARC-Message-Signature field and its signature; raise `RemoteProtocolError`."""
    tags = _tags(field)
    # RFC 8617 §4.1.2: i= is the instance, and a v= is to be ignored
    require_tags(tags, ("i",))
    instance = _instance(tags.pop("i"))
    signature = read_signature(tags)
    if ArcField.SEAL.key in signature.signed_fields:  # RFC 8617 §4.1.2
        raise RemoteProtocolError("a message signature that covers seals")
    return instance, signature


def split_results(field: bytes) -> tuple[int, str]:
    """Return the instance of a whole ARC-Authentication-Results field and what follows it, unfolded."""
    scanner = Scanner(_body_of(field))
    scanner.skip_space()
    scanner.expect("i")  # RFC 8617 §4.1.1: %s"i", in lower case
    scanner.skip_space()
    scanner.expect("=")
    scanner.skip_space()
    instance = _instance(scanner.match(_INSTANCE) or "")
    scanner.skip_space()
    scanner.expect(";")
    return instance, scanner.text[scanner.position :].strip(" \t")


def _body_of(field: bytes) -> str:
    """Return the body of a whole field, unfolded; raise `RemoteProtocolError` where it is no text or too long."""
    if len(field) > MAX_FIELD_OCTETS:
        raise LimitExceeded(f"a field of more than {MAX_FIELD_OCTETS} octets")
    try:
        return field.partition(b":")[2].replace(b"\r\n", b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise RemoteProtocolError("a field that is no UTF-8") from error


def _tags(field: bytes) -> dict[str, str]:
    if len(field) > MAX_FIELD_OCTETS:
        raise LimitExceeded(f"a field of more than {MAX_FIELD_OCTETS} octets")
    return parse_tags(field.partition(b":")[2])


def _instance(value: str) -> int:
    if not _INSTANCE.fullmatch(value) or not 1 <= int(value) <= MAX_INSTANCE:
        raise RemoteProtocolError(f"i={printable(value, limit=20)} is no instance")
    return int(value)
