"""One question to one server, as `scop dns query --server` asks it."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterable

from scop.dns.answer import Question
from scop.dns.asking import Server
from scop.dns.message import Edns, Flag, Message, Record, build_query, parse_message
from scop.dns.words import Ede, Security
from scop.mesh.vocabulary.resolver import ResolvedName, ResolvedRecord, ResolvingStep
from scop.net.dialer import tcp_dialer
from scop.net.dns_exchange import exchange_datagram, exchange_stream

__all__ = ["ask_server", "opportunistic"]

_EDE_NAMES = {ede.value: ede.name.replace("_", " ").lower() for ede in Ede}
_BOGUS = range(Ede.DNSSEC_BOGUS, Ede.NSEC_MISSING + 1)


async def ask_server(question: Question, place: tuple[str, int], *, tls: bool) -> ResolvedName:
    """Ask by datagram, by stream where the answer does not fit, or by TLS; raises `TemporaryFailure`."""
    server = Server(*place)
    flags = Flag.RECURSION_DESIRED | Flag.AUTHENTIC_DATA
    octets = build_query(question, int.from_bytes(os.urandom(2)), flags=flags, edns=Edns(dnssec_ok=True))
    if tls:
        way, message = "TLS", parse_message(await exchange_stream(tcp_dialer(*place, tls=opportunistic()), octets))
    else:
        way, message = "UDP", parse_message(await exchange_datagram(server, octets))
        if message.is_truncated:
            way, message = "TCP", parse_message(await exchange_stream(tcp_dialer(*place), octets))
    return _resolved(question, server, way, message)


def opportunistic() -> ssl.SSLContext:
    """Return a context that believes any certificate: privacy from who listens, no proof of who answers."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # RFC 7858 §4.1: the opportunistic profile
    return context


def _resolved(question: Question, server: Server, way: str, message: Message) -> ResolvedName:
    errors = message.edns.errors if message.edns is not None else ()
    said = [f"{_error_name(error.info_code)}{': ' if error.text else ''}{error.text}" for error in errors]
    flags = [flag.name.replace("_", " ").lower() for flag in Flag if message.flags & flag]
    step = ResolvingStep("asked", question.name, question.type, f"by {way}: {', '.join(flags)}", str(server))
    return ResolvedName(
        rcode=message.rcode.name,
        security=_security(message, [error.info_code for error in errors]).value,
        reason="; ".join(said) or _word_of(message),
        error_code=errors[0].info_code if errors else None,
        answers=_records(message.answers),
        authority=_records(message.authority),
        steps=(step,),
    )


def _security(message: Message, codes: Iterable[int]) -> Security:
    if any(code in _BOGUS for code in codes):
        return Security.BOGUS
    return Security.SECURE if message.flags & Flag.AUTHENTIC_DATA else Security.INSECURE


def _word_of(message: Message) -> str:
    return "the server says so (AD)" if message.flags & Flag.AUTHENTIC_DATA else "the server does not say AD"


def _error_name(code: int) -> str:
    return _EDE_NAMES.get(code, f"extended error {code}")


def _records(records: Iterable[Record]) -> tuple[ResolvedRecord, ...]:
    return tuple(ResolvedRecord(r.name, r.ttl_seconds, r.type, r.rdata.to_wire()) for r in records)
