"""One LMTP conversation with the mailbox: mail that came to the address for reports is written down, nothing else.

Standards: RFC 2033 §4.2 (a reply for each recipient; ours are all alike); RFC 8601 §5 (which results are believed).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from scop.authres import parse as parse_results
from scop.base import Clock, RemoteProtocolError, printable
from scop.cells.reporter.arrivals import Arrival, add_arrival
from scop.mime import Address, parse
from scop.net.faults import TemporaryFailure
from scop.net.log import Log
from scop.net.pipe_session import PipeSession
from scop.net.trace import new_trace_id
from scop.smtp import Mail, Recipient, Reply, ReversePath, reply
from scop.smtp.stamps import delivery_id, header_of, split_stamps, told_results
from scop.store import Database

__all__ = ["MAX_MAIL_OCTETS", "Counter", "Taking", "arrival_of"]

MAX_MAIL_OCTETS = 16_777_216  # more than anybody's reports have, and what they are read up to
MAX_HEADER_OCTETS = 65_536  # of a mail, for its subject

_OK = reply(250, "2.1.0", "Ok")
_RECIPIENT_OK = reply(250, "2.1.5", "Ok")
_LATER = reply(451, "4.3.0", "Try again later")
_TOO_LARGE = reply(552, "5.3.4", f"A report has at most {MAX_MAIL_OCTETS} octets")
_UNKNOWN = reply(550, "5.1.1", "No reports are read here")


@dataclass(frozen=True, slots=True)
class Counter:
    """What every conversation works with; `added` is told of each mail that is new."""

    hostname: str
    domain: str
    local_parts: frozenset[str]
    database: Database
    added: Callable[[], None]
    clock: Clock
    log: Log


class Taking(PipeSession):
    """What the mailbox's LMTP means; a `scop.net.mail_server.MailSession`."""

    def __init__(self, counter: Counter) -> None:
        super().__init__(f"{counter.hostname} LMTP")
        self._counter = counter
        self._mail = Mail(ReversePath(None))
        self._trace = ""

    async def mail(self, mail: Mail) -> Reply:
        """Begin."""
        self._mail = mail
        self._trace = (mail.origin.ident if mail.origin else "") or new_trace_id()
        return _TOO_LARGE if (mail.size_octets or 0) > MAX_MAIL_OCTETS else _OK

    async def recipient(self, recipient: Recipient) -> Reply:
        """Take what is addressed to one of the addresses for reports."""
        mailbox, counter = recipient.forward_path.mailbox, self._counter
        if mailbox is None or mailbox.domain_key != counter.domain:
            return _UNKNOWN
        local_part = mailbox.local_part.lower().partition("+")[0]
        return _RECIPIENT_OK if local_part in counter.local_parts else _UNKNOWN

    async def message(self, octets: bytes) -> Reply:
        """Write the mail down; positive only once it is durable."""
        counter = self._counter
        if len(octets) > MAX_MAIL_OCTETS:
            return self._refuse(_TOO_LARGE, f"{len(octets)} octets")
        arrival = arrival_of(octets, self._mail, counter.hostname, trace=self._trace, unix=counter.clock.unix())
        try:
            added = await counter.database.write(lambda sql: add_arrival(sql, arrival))
        except (TemporaryFailure, sqlite3.Error) as trouble:
            return self._refuse(_LATER, str(trouble))
        counter.log.info(
            "report.arrived",
            trace=self._trace,
            author=printable(arrival.author_domain),
            is_proven=arrival.is_proven,
            again=added is None,
            size_octets=len(octets),
        )
        counter.added()
        return reply(250, "2.0.0", f"Ok: taken as {self._trace}")

    async def reset(self) -> None:
        """Nothing was done yet."""

    async def closed(self) -> None:
        """Nothing is held."""

    def _refuse(self, answer: Reply, reason: str) -> Reply:
        self._counter.log.warning("mail.refused", trace=self._trace, reply=str(answer), reason=printable(reason))
        return answer


def arrival_of(octets: bytes, mail: Mail, hostname: str, *, trace: str, unix: float) -> Arrival:
    """Return a mail as it is written down."""
    _, below = split_stamps(octets, hostname)
    message = parse(header_of(below)[:MAX_HEADER_OCTETS] + b"\r\n")
    author_domain = _proven_author(octets, hostname)
    authors = message.addresses("From")
    claimed = next((one.domain for one in authors if isinstance(one, Address)), "")
    return Arrival(
        delivery_id=delivery_id(mail.reverse_path, below),
        unix=unix,
        trace=trace,
        author_domain=printable((author_domain or claimed).lower()),
        is_proven=bool(author_domain),
        subject=printable(message.header.get("Subject") or ""),
        octets=below,
    )


def _proven_author(octets: bytes, hostname: str) -> str:
    """Return the author's domain where our verifier found that DMARC passes for it, else ''."""
    try:
        found = parse_results(told_results(octets, hostname))
    except RemoteProtocolError:  # nobody has looked
        return ""
    proven = (one for one in found.results if one.method == "dmarc" and one.result == "pass")
    return next((one.properties.get("header.from", "").lower() for one in proven), "")
