"""What tells of a mail's way and its conversation, drawn: dates, identifiers, hops.

Standards: RFC 5322 §3.3, §3.6.4, §3.6.7; RFC 5321 §4.4; RFC 3848 (protocols).
"""

from __future__ import annotations

import datetime

from scop.hamlet.draw import Draw, spread
from scop.hamlet.lexicon import SCRIPTS
from scop.hamlet.values.addresses import draw_addr_spec, draw_domain
from scop.hamlet.values.surroundings import Surroundings
from scop.hamlet.values.texts import draw_word
from scop.mime.fields import FieldValue
from scop.mime.fields.message_ids import MessageId
from scop.mime.fields.received import Clause, Received
from scop.mime.fields.return_path import ReturnPath

__all__ = ["draw_answered", "draw_date", "draw_message_id", "draw_message_ids", "draw_received", "draw_return_path"]

_FIRST = datetime.datetime(1900, 1, 1)
_MINUTES_OF_CENTURIES = 300 * 365 * 24 * 60  # RFC 5322 §3.3: from 1900 on
_FIRST_OF_TODAY = datetime.datetime(1970, 1, 1)
_MINUTES_OF_TODAY = 75 * 365 * 24 * 60
_OFFSETS = spread(  # minutes east of UTC
    *[(6, offset) for offset in (0, 0, 60, 120, -240, -300, -360, -420, -480, 330)],
    *[(1, offset) for offset in (540, 765, 840, -720, 345, -210)],
)
_LAST_OFFSET = 24 * 60 - 1
_ZONES = {minutes: datetime.timezone(datetime.timedelta(minutes=minutes)) for minutes in _OFFSETS}
# RFC 5322 §3.3: UTC of somebody who does not say where he is; a reader keeps that.
_NOBODYS = datetime.timezone(datetime.timedelta(0), "-0000")
_ODD_LEFTS = (
    '"quoted"',
    '"two words"',
    '"(no comment)"',
    '"two.words@home"',
    '"back\\\\slash"',
    '"q\\"uote"',
    "a=b",
    "x$y%z",
    "{brace}",
)
_PROTOCOLS = ("SMTP", "ESMTP", "ESMTPS", "ESMTPSA", "LMTP", "UTF8SMTPS", "HTTP", "Microsoft SMTP Server")
_LINKS = ("TCP", "UUCP", "pipe to carrier")
_REMARKS = ("envelope-from", "using TLSv1.3 with cipher (256/256 bits)", "authenticated", "no", "Postfix", "")


def draw_date(draw: Draw) -> datetime.datetime:
    """Return a moment with its zone, in whole seconds."""
    if draw.below(4):
        moment = _FIRST_OF_TODAY + datetime.timedelta(minutes=draw.below(_MINUTES_OF_TODAY))
    else:
        moment = _FIRST + datetime.timedelta(minutes=draw.below(_MINUTES_OF_CENTURIES))
    match draw.below(16):
        case 0:
            zone = _draw_odd_zone(draw)
        case 1 | 2:
            zone = _NOBODYS
        case _:
            zone = _ZONES[draw.choice(_OFFSETS)]
    return moment.replace(second=draw.below(60) if draw.below(4) else 0, tzinfo=zone)


def _draw_odd_zone(draw: Draw) -> datetime.timezone:
    return datetime.timezone(datetime.timedelta(minutes=draw.below(2 * _LAST_OFFSET + 1) - _LAST_OFFSET))


def draw_message_id(draw: Draw, around: Surroundings) -> MessageId:
    """Return one identifier."""
    kind = draw.below(16)
    if kind == 0:
        left = draw.choice(_ODD_LEFTS)
    elif kind == 1 and around.is_utf8:
        left = draw.choice(draw.choice(SCRIPTS[1:]).words)
    else:
        left = f"{draw.below(1 << 32):08x}.{draw_word(draw)}"
    right = draw_domain(draw, around)
    # RFC 5322 §3.6.4: no-fold-literal, so nothing of which white space could be lost
    return MessageId(left, right if " " not in right else "[lagoon]")


def draw_message_ids(draw: Draw, around: Surroundings) -> tuple[MessageId, ...]:
    """Return the identifiers of a conversation."""
    count = 1 + draw.below(4) if draw.below(8) else 8 + draw.below(20)
    return tuple([draw_message_id(draw, around) for _ in range(count)])


def draw_answered(draw: Draw, around: Surroundings) -> FieldValue:
    """Return what a reply says that it answers: identifiers, or as in the old days a phrase (RFC 5322 §4.5.4)."""
    if draw.below(12) == 0:
        return f"Your {draw_word(draw)} of {draw_word(draw)}"
    return draw_message_ids(draw, around)


def draw_return_path(draw: Draw, around: Surroundings) -> ReturnPath:
    """Return where reports go: nowhere, or to a mailbox."""
    return ReturnPath("" if draw.below(4) == 0 else draw_addr_spec(draw, around))


def draw_received(draw: Draw, around: Surroundings) -> Received:
    """Return one hop."""
    has = draw.below(1 << 16)  # a bit for each clause, and more for each comment
    clauses: list[Clause] = []
    if has & 7:
        clauses.append(Clause("from", _draw_host(draw), _draw_tcp_info(draw) if has & 8 else ""))
    clauses.append(Clause("by", _draw_host(draw), draw.choice(_REMARKS) if has & 48 == 0 else ""))
    if has & 960 == 0:
        clauses.append(Clause("via", draw.choice(_LINKS)))
    if has & 1024:
        clauses.append(Clause("with", draw.choice(_PROTOCOLS), draw.choice(_REMARKS) if has & 6144 == 0 else ""))
    if has & 8192:
        clauses.append(Clause("id", _draw_queue_id(draw, around)))
    if has & 960 == 64:
        clauses.append(Clause("tls", "TLS_AES_128_GCM_SHA256"))  # RFC 8314 §7.4
    if has & 16384:
        clauses.append(Clause("for", f"<{draw_addr_spec(draw, around)}>"))
    if clauses[-1].comment and has & 960 < 256:  # what finds no room behind its clause
        clauses.append(Clause("", "", f"{draw_word(draw)} {draw_word(draw)}"))
    date = draw_date(draw) if draw.below(12) else None
    return Received(tuple(clauses), date)


def _draw_queue_id(draw: Draw, around: Surroundings) -> str:
    if draw.below(4) == 0:
        return str(draw_message_id(draw, around))
    return f"{draw.below(1 << 32):X}"


def _draw_host(draw: Draw) -> str:
    if draw.below(8) == 0:
        return f"[192.0.2.{draw.below(256)}]"
    return f"mx.{draw_word(draw)}.test"


def _draw_tcp_info(draw: Draw) -> str:
    """RFC 5321 §4.4: TCP-info, the address that the host saw, and the name it found for it."""
    address = f"[192.0.2.{draw.below(256)}]" if draw.below(2) else f"[IPv6:2001:db8::{draw.below(1 << 16):x}]"
    match draw.below(4):
        case 0:
            return address
        case 1:
            return f"HELO {draw_word(draw)} ({draw_word(draw)}.test {address})"
        case _:
            return f"{draw_word(draw)}.test {address}"
