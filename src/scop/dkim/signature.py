"""One DKIM-Signature field as a value: what exists has passed every check that needs no key and no clock.

Standards: RFC 6376 §3.5 and §6.1.1, RFC 8301 (no SHA-1), RFC 8463 (Ed25519), RFC 8616 (international names).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from scop.base import LimitExceeded, RemoteProtocolError, a_labels, printable
from scop.dkim.canonical import Canonicalization
from scop.dkim.tags import parse_tags, without_white_space

__all__ = [
    "Algorithm",
    "Signature",
    "parse_base64",
    "parse_host_name",
    "parse_signature",
    "read_algorithm",
    "read_signature",
    "record_name_of",
    "require_tags",
    "without_signature_octets",
]

_REMEMBERED_CHARACTERS = 1000  # a usual field: what is longer is read anew each time, and fills no memory
_REMEMBERED_NAME = 100
MAX_FIELD_OCTETS = 65_536  # h= and z= of a long header fit in; bounds what one field can cost
_SIGNATURE_TAGS = ("a", "b", "bh", "d", "h", "s")
_FIELD_TAGS = ("v", *_SIGNATURE_TAGS)
# b= as the first tag behind the field's name, or as any later one; a `b=` within another tag's value is none.
_FIRST_VALUE = re.compile(rb"([^:;]*:[ \t\r\n]*b[ \t\r\n]*=)[^;]*")
_LATER_VALUE = re.compile(rb"(;[ \t\r\n]*b[ \t\r\n]*=)[^;]*")
_NUMBER = re.compile(r"[0-9]{1,12}")  # RFC 6376 §3.5: t= and x= are at least 12 digits wide
_LENGTH = re.compile(r"[0-9]{1,76}")
# Lenient: an underscore or a hyphen may stand anywhere in a label, since selectors of large providers have them.
_LABELS = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
# RFC 5322 §3.6.8, without the semicolon that ends a tag; folding white space around each (RFC 6376 §3.5, h=)
_FIELD_NAME = rb"[ \t\r\n]*[!-9<-~]+[ \t\r\n]*"
_FIELD_NAMES = re.compile(_FIELD_NAME + rb"(?::" + _FIELD_NAME + rb")*")
_QUOTED_OCTET = re.compile(r"=([0-9A-Fa-f]{2})")


class Algorithm(StrEnum):
    """How a signature is made, in the registry's spelling; RFC 8301 §3.1 took rsa-sha1 away."""

    RSA_SHA256 = "rsa-sha256"
    ED25519_SHA256 = "ed25519-sha256"


# Members by their words: to call an enumeration costs four times as much as to look them up.
_ALGORITHMS = {word.value: word for word in Algorithm}
_FORMS = {word.value: word for word in Canonicalization}


@dataclass(frozen=True, slots=True)
class Signature:
    """What a DKIM-Signature field claims; names of hosts are A-labels in lower case, names of fields lower case."""

    algorithm: Algorithm
    header_canonicalization: Canonicalization
    body_canonicalization: Canonicalization
    domain: str
    selector: str
    identity: str
    signed_fields: tuple[bytes, ...]
    body_hash: bytes
    octets: bytes
    body_length: int | None
    signed_unix: int | None
    expires_unix: int | None

    @property
    def record_name(self) -> str:
        """Where the public key lies in the DNS."""
        return record_name_of(self.selector, self.domain)


def record_name_of(selector: str, domain: str) -> str:
    """Return where the record of a key stands in the DNS."""
    return f"{selector}._domainkey.{domain}"  # RFC 6376 §3.6.2.1


def parse_signature(field: bytes) -> Signature:
    """Return the signature that a whole field holds; raise `RemoteProtocolError` with the reason otherwise."""
    if len(field) > MAX_FIELD_OCTETS:
        raise LimitExceeded(f"a signature of more than {MAX_FIELD_OCTETS} octets")
    tags = parse_tags(field.partition(b":")[2])
    require_tags(tags, _FIELD_TAGS)
    if tags["v"] != "1":
        raise RemoteProtocolError(f"signature of version {printable(tags['v'], limit=10)}")
    return read_signature(tags)


def read_signature(tags: Mapping[str, str]) -> Signature:
    """Return the signature of a list of tags, whatever its v= is; raise `RemoteProtocolError` with the reason."""
    require_tags(tags, _SIGNATURE_TAGS)
    header_canonicalization, body_canonicalization = _canonicalizations(tags.get("c", "simple/simple"))
    domain = parse_host_name("d", tags["d"])
    signed, expires = _number(tags, "t", _NUMBER), _number(tags, "x", _NUMBER)
    if signed is not None and expires is not None and expires <= signed:  # RFC 6376 §3.5, x=
        raise RemoteProtocolError("x= is not after t=")
    if "q" in tags:
        _check_query_methods(tags["q"])
    return Signature(
        algorithm=read_algorithm(tags["a"]),
        header_canonicalization=header_canonicalization,
        body_canonicalization=body_canonicalization,
        domain=domain,
        selector=parse_host_name("s", tags["s"]),
        identity=_identity(tags.get("i", ""), domain),
        signed_fields=_signed_fields(tags["h"]),
        body_hash=parse_base64("bh", tags["bh"]),
        octets=parse_base64("b", tags["b"]),
        body_length=_number(tags, "l", _LENGTH),
        signed_unix=signed,
        expires_unix=expires,
    )


def require_tags(tags: Mapping[str, str], names: tuple[str, ...]) -> None:
    """Raise `RemoteProtocolError` that names what is not there, or empty."""
    if not all(map(tags.get, names)):
        missing = [tag for tag in names if not tags.get(tag)]
        raise RemoteProtocolError(f"signature lacks {'= '.join(missing)}=")


def without_signature_octets(field: bytes) -> bytes:
    """Return the whole field with the value of b= left out, as it is hashed (RFC 6376 §3.5, b=)."""
    found = _FIRST_VALUE.match(field) or _LATER_VALUE.search(field)
    return field if found is None else field[: found.end(1)] + field[found.end() :]


def parse_base64(tag: str, value: str) -> bytes:
    """Return what a base64 value holds; white space in it counts for nothing."""
    try:
        return binascii.a2b_base64(value.encode().translate(None, b" \t\r\n"), strict_mode=True)
    except ValueError as error:
        raise RemoteProtocolError(f"{tag}= is no base64") from error


def parse_host_name(tag: str, value: str) -> str:
    """Return d= or s= as A-labels in lower case; a domain has at least two labels."""
    # Most mail comes from few signers; a long name is read anew, so that little is remembered.
    return _remembered_host_name(tag, value) if len(value) <= _REMEMBERED_NAME else _read_host_name(tag, value)


def _read_host_name(tag: str, value: str) -> str:
    # RFC 8616 §4: U-labels may stand here, and A-labels are what the DNS is asked for
    name = a_labels(value)
    # RFC 6376 §3.5: domain-name = sub-domain 1*("." sub-domain)
    if not _LABELS.fullmatch(name) or (tag == "d" and "." not in name):
        raise RemoteProtocolError(f"{tag}={printable(value, limit=40)} is no name of a host")
    return name


_remembered_host_name = lru_cache(maxsize=1024)(_read_host_name)


def read_algorithm(value: str) -> Algorithm:
    """Return the algorithm that a= names; raise `RemoteProtocolError` for one that proves nothing."""
    algorithm = _ALGORITHMS.get(value.lower())
    if algorithm is None:  # RFC 8301 §3.1: rsa-sha1 counts as if there were no signature
        raise RemoteProtocolError(f"algorithm {printable(value, limit=20)} not accepted")
    return algorithm


def _canonicalizations(value: str) -> tuple[Canonicalization, Canonicalization]:
    header, _, body = value.lower().partition("/")
    of_header, of_body = _FORMS.get(header), _FORMS.get(body or "simple")
    if of_header is None or of_body is None:
        raise RemoteProtocolError(f"canonicalization {printable(value, limit=20)} unknown")
    return of_header, of_body


def _identity(value: str, domain: str) -> str:
    if not value:
        return f"@{domain}"
    # RFC 6376 §2.11: dkim-quoted-printable, so that a local part may have a semicolon
    text = _QUOTED_OCTET.sub(lambda found: chr(int(found[1], 16)), without_white_space(value))
    local_part, at, auid_domain = text.rpartition("@")
    auid_domain = a_labels(auid_domain)
    # RFC 6376 §3.5, i=: the same as d= or a subdomain of it
    if not at or not (auid_domain == domain or auid_domain.endswith(f".{domain}")):
        raise RemoteProtocolError("i= is not within d=")
    if not _LABELS.fullmatch(auid_domain) or not local_part.isprintable():
        raise RemoteProtocolError("i= is no address")
    return f"{local_part}@{auid_domain}"


def _signed_fields(value: str) -> tuple[bytes, ...]:
    # Most seals of one signer list the same; a long list is read anew, so that little is remembered.
    return _remembered_fields(value) if len(value) <= _REMEMBERED_CHARACTERS else _read_fields(value)


def _read_fields(value: str) -> tuple[bytes, ...]:
    octets = value.encode("utf-8").lower()
    if not _FIELD_NAMES.fullmatch(octets):
        raise RemoteProtocolError("h= has what is no name of a field")
    names = tuple(map(bytes.strip, octets.split(b":")))
    if b"from" not in names:  # RFC 6376 §5.4
        raise RemoteProtocolError("From is not signed")
    return names


_remembered_fields = lru_cache(maxsize=256)(_read_fields)


def _number(tags: Mapping[str, str], tag: str, form: re.Pattern[str]) -> int | None:
    value = tags.get(tag)
    if value is None:
        return None
    if not form.fullmatch(value):
        raise RemoteProtocolError(f"{tag}= is no number")
    return int(value)


def _check_query_methods(value: str) -> None:
    if "dns/txt" not in without_white_space(value).lower().split(":"):
        raise RemoteProtocolError("q= names no way to the key that we know")
