"""What we write above a message on its way, and how it is told from what came in.

Every addition stands above the octets that were handed to us. So our stamps end with the topmost
`Received` that names our host, and all that is below it belongs to others.

Standards: RFC 5321 §4.4 (trace information); RFC 3848 and RFC 6531 §4.3 (protocol words);
RFC 8314 §4.3 (TLS facts); RFC 5322 §3.3 (date).
"""

from __future__ import annotations

import datetime
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scop.smtp.paths import ForwardPath, ReversePath

__all__ = [
    "MAX_HOPS",
    "Handover",
    "begins_with_header",
    "date_time",
    "delivery_id",
    "header_of",
    "hop_count",
    "prepend",
    "protocol_word",
    "received_field",
    "return_path_field",
    "split_stamps",
    "told_results",
]

DELIVERY_ID_OCTETS = 16
MAX_HOPS = 100  # RFC 5321 §6.3: who counts Received fields lets at least so many pass

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STAMPS = (
    *(b"authentication-results", b"received-spf", b"return-path", b"dkim-signature", b"delivered-to"),
    *(b"arc-seal", b"arc-message-signature", b"arc-authentication-results"),
)
_OWN_PREFIX = b"x-scop-"
_RESULTS = re.compile(rb"(?im)^authentication-results[ \t]*:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*")
_FIELD_NAME = re.compile(rb"([!-9;-~]+)[ \t]*:")
_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_RECEIVED = re.compile(rb"\n(?i:received)[ \t]*:")  # a third of what ^ costs: some mails are a header of 25 MB
_COMMENT = re.compile(rb"\([^()]*\)")
_BY = re.compile(rb"[ \t\r\n]by[ \t\r\n]+([^ \t\r\n;]+)", re.IGNORECASE)
_OPENSSL_SUITE = re.compile(r"(ECDHE|DHE)-(RSA|ECDSA)-(?:AES(128|256)-GCM-(SHA\d{3})|CHACHA20-POLY1305)")
_REGISTERED_SUITE = re.compile(r"TLS_[A-Z0-9_]{1,80}")
_UNSAFE = re.compile(r"[^A-Za-z0-9.:_\[\]-]")


@dataclass(frozen=True, slots=True)
class Handover:
    """The facts of one hop: from whom, to whom, how and when."""

    helo: str  # what the client calls itself
    name: str  # what its address is called by DNS, '' for unknown
    address: str
    hostname: str  # ours
    protocol: str
    trace: str
    unix: float
    tls: str = ""
    recipient: ForwardPath | None = None  # only where there is exactly one (RFC 5321 §7.2)


def protocol_word(*, extended: bool, tls: bool, authenticated: bool, smtputf8: bool) -> str:
    """Return the registered word for how a message was transmitted (RFC 3848, RFC 6531 §4.3)."""
    if not extended:
        return "SMTP"
    base = "UTF8SMTP" if smtputf8 else "ESMTP"
    return base + ("S" if tls else "") + ("A" if authenticated else "")


def received_field(handover: Handover) -> bytes:
    """Write our `Received` field, with its CRLF."""
    lines = [_from_clause(handover.helo, handover.name, handover.address)]
    lines.append(f"\tby {handover.hostname} with {handover.protocol}")
    lines.append(f"\tid {handover.trace}")
    if handover.recipient is not None:
        lines.append(f"\tfor {handover.recipient}")
    if handover.tls:
        lines.append(f"\t{_tls_clause(handover.tls)}")
    return ("\r\n".join(lines) + f";\r\n\t{date_time(handover.unix)}\r\n").encode()


@lru_cache(maxsize=256)  # of all mails of one connection
def _from_clause(helo: str, name: str, address: str) -> str:
    literal = f"IPv6:{address}" if ":" in address else address
    return f"Received: from {_safe(helo)} ({_safe(name)} [{_safe(literal)}])"


@lru_cache(maxsize=64)  # as above
def _tls_clause(facts: str) -> str:
    """Return the clause that names the cipher suite, its version as a comment; a comment alone for an unknown one."""
    version, _, suite = facts.partition(" ")
    known = _OPENSSL_SUITE.fullmatch(suite)
    if known is not None:  # OpenSSL has names of its own for the suites before TLS 1.3
        exchange, signature, octets, digest = known.groups()
        cipher = f"AES_{octets}_GCM_{digest}" if octets else "CHACHA20_POLY1305_SHA256"
        suite = f"TLS_{exchange}_{signature}_WITH_{cipher}"
    if not _REGISTERED_SUITE.fullmatch(suite):
        return f"({_safe(version)} {_safe(suite)})"
    return f"tls {suite} ({_safe(version)})"  # RFC 8314 §4.3


def return_path_field(reverse_path: ReversePath) -> bytes:
    """Write the `Return-Path` field of a delivery, with its CRLF (RFC 5321 §4.4)."""
    return f"Return-Path: {reverse_path}\r\n".encode()


def date_time(unix: float) -> str:
    """Write a date as header fields bear it, in UTC (RFC 5322 §3.3)."""
    return _date_time(int(unix))


@lru_cache(maxsize=4)  # thousands of mails come in one second
def _date_time(unix: int) -> str:
    now = datetime.datetime.fromtimestamp(unix, datetime.UTC)
    day = f"{_DAYS[now.weekday()]}, {now.day} {_MONTHS[now.month - 1]} {now.year}"
    return f"{day} {now:%H:%M:%S} +0000"


def begins_with_header(octets: bytes) -> bool:
    """Return whether fields can stand above `octets`: a field comes first, or the empty line after the last one.

    Where neither does, an empty line has to end what is put above; otherwise the first line would
    be read as a part of our last field.
    """
    return octets.startswith(b"\r\n") or _FIELD_NAME.match(octets) is not None


def header_of(octets: bytes) -> bytes:
    """Return the header of a message without the empty line behind it; all of a message that has no such line."""
    if octets.startswith(b"\r\n"):
        return b""
    end = octets.find(b"\r\n\r\n")
    return octets if end < 0 else octets[: end + 2]


def hop_count(header: bytes) -> int:
    """Count the hosts that a message has passed, by its `Received` fields."""
    return len(_RECEIVED.findall(b"\n" + header))


def prepend(octets: bytes, *fields: bytes) -> bytes:
    """Return a message with `fields` above it, the first one topmost."""
    return b"".join((*fields, octets))


def split_stamps(octets: bytes, hostname: str) -> tuple[bytes, bytes]:
    """Return our stamps and what stands below them; no stamps where no `Received` of ours ends them."""
    position = 0
    while (name := _FIELD_NAME.match(octets, position)) is not None:
        end = _FIELD_END.search(octets, name.end())
        after = end.end() if end else len(octets)
        word = name[1].lower()
        if word == b"received":
            ours = _by(octets[name.end() : after]) == hostname.encode().lower()
            return (octets[:after], octets[after:]) if ours else (b"", octets)
        if word not in _STAMPS and not word.startswith(_OWN_PREFIX):
            break
        position = after
    return b"", octets


def told_results(octets: bytes, hostname: str) -> bytes:
    """Return the Authentication-Results field in which our verifier says what it found; empty where it says nothing."""
    stamps, _ = split_stamps(octets, hostname)
    found = _RESULTS.search(stamps)  # the only one: it has removed those that others wrote in our name
    return found[0] if found else b""


def delivery_id(reverse_path: ReversePath, below: bytes) -> str:
    """Return what a delivery is known by: the same for every retry of the same message."""
    digest = hashlib.blake2b(str(reverse_path).encode() + b"\0", digest_size=DELIVERY_ID_OCTETS)
    digest.update(below)
    return digest.hexdigest()


def _by(body: bytes) -> bytes:
    # Comments hold what the client said and could imitate the word.
    found = _BY.search(_COMMENT.sub(b"", body))
    return found[1].lower() if found else b""


def _safe(text: str) -> str:
    """Return text from outside so that it cannot leave its place in the field."""
    return _UNSAFE.sub("?", text) or "unknown"
