"""Tells a domain at once of single mails in its name that failed, where that is switched on: few, and redacted.

A failure report shows a stranger a mail that our people got. So it has the header only, of that no field which our
people or their mail's content stand in, and no address's local part; and a domain is told of a few an hour, whatever
is forged in its name. Nothing is kept of them but that they were sent.

Standards: RFC 6591 §3, §5 (rates), RFC 6590 (redaction), RFC 9989 §4.7 (ruf). RFC 9991 was not at hand.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import os
import re
import sqlite3
from collections import deque
from collections.abc import Iterator

from scop.cells.reporter.aims import aim_of_dmarc
from scop.cells.reporter.desk import Desk
from scop.cells.reporter.letters import MadeReport, ReportForm, add_report
from scop.cells.reporter.writing import Author, letters_of
from scop.dmarc.destinations import ReportKind
from scop.mesh.vocabulary.reporter import JudgedMail
from scop.mime import raw_fields
from scop.net.trace import new_trace_id
from scop.reports import FailureReport, compose_failure
from scop.reports.failure_values import AuthFailure, DeliveryResult

__all__ = ["Desk", "Failures", "failure_report", "redacted"]

MAX_HOURLY = 100  # of all domains ...
MAX_HOURLY_OF_DOMAIN = 10  # ... and of one
MAX_WAITING = 100  # as many as an hour lets out
HOUR_SECONDS = 3_600

# What leads to the cause: where it came from, who signed, who is named as its author. No recipients, no subject.
_SHOWN = frozenset(
    {
        b"date",
        b"dkim-signature",
        b"from",
        b"list-id",
        b"message-id",
        b"received",
        b"reply-to",
        b"return-path",
        b"sender",
    }
)
# A run of characters is taken whether "@" follows or not, and what is quoted has a bound: nothing is read again and
# again, however long the header is.
_LOCAL_PART = re.compile(rb"([^\s<>()@,;:=\"\[\]]++|\"(?:[^\"\\\r\n]|\\.){0,200}+\"(?=@))(@?)")
_REPORT = re.compile(rb"\ncontent-type[ \t]*:[ \t\r\n]*multipart/report", re.IGNORECASE)


class Failures:
    """Runs for the reporter's life; without a desk nothing is told."""

    def __init__(self, desk: Desk | None) -> None:
        self._desk = desk
        self._waiting: deque[JudgedMail] = deque()
        self._awake = asyncio.Event()
        self._told: deque[tuple[float, str]] = deque()  # of the last hour: when, and about whom
        self._key = os.urandom(32)

    def note(self, mail: JudgedMail) -> None:
        """Have a mail told of, where its domain wants that and there was not enough of it."""
        if self._desk is None or not _is_reportable(mail) or len(self._waiting) >= MAX_WAITING:
            return
        self._waiting.append(mail)
        self._awake.set()

    async def run(self) -> None:
        """Tell of what comes, for ever."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            while self._waiting and self._desk is not None:
                await self._report(self._waiting.popleft(), self._desk)

    async def _report(self, mail: JudgedMail, desk: Desk) -> None:
        domain = mail.policy.domain
        if not self._has_room(domain, desk.clock.unix()):
            return
        aim = await aim_of_dmarc(domain, mail.policy.ruf, desk.names, ReportKind.FAILURE)
        if not aim.addresses:
            reason = "; ".join(aim.reasons) or "nobody wants it"
            desk.log.info("report.unsent", kind=ReportForm.FAILURE, about=domain, reason=reason)
            return
        now = desk.clock.unix()
        ident = new_trace_id() + new_trace_id()
        try:
            report = failure_report(mail, desk.author, self._key)
            letters = letters_of(desk.author, aim, now, lambda posting: compose_failure(report, posting, ident))
        except ValueError as fault:
            desk.log.info(
                "report.unsent", kind=ReportForm.FAILURE, about=domain, reason=f"it cannot be written: {fault}"
            )
            return
        made = MadeReport(ReportForm.FAILURE, domain, ident, int(mail.unix), int(mail.unix), 1, b"", letters)
        try:
            await desk.database.write(lambda sql: add_report(sql, made, now))
        except sqlite3.Error as fault:  # it is worth less than what else stands behind a full disk
            desk.log.error("report.unsent", kind=ReportForm.FAILURE, about=domain, reason=str(fault))
            return
        self._told.append((now, domain))
        desk.wake_posting()

    def _has_room(self, domain: str, now_unix: float) -> bool:
        while self._told and self._told[0][0] <= now_unix - HOUR_SECONDS:
            self._told.popleft()
        of_domain = sum(about == domain for _, about in self._told)
        return len(self._told) < MAX_HOURLY and of_domain < MAX_HOURLY_OF_DOMAIN


def failure_report(mail: JudgedMail, author: Author, key: bytes) -> FailureReport:
    """Return what is told of a mail."""
    return FailureReport(
        reported_domain=mail.author_domain,
        auth_failure=AuthFailure.DMARC,
        source_ip=mail.source_address,
        original_mail_from=f"{_hidden(b'', key)}@{mail.envelope_from}" if mail.envelope_from else "",
        arrived=datetime.datetime.fromtimestamp(int(mail.unix), datetime.UTC),
        delivery_result=DeliveryResult.REJECT if mail.disposition == "reject" else DeliveryResult.OTHER,
        authentication_results=(_results(mail, author.hostname),),
        identity_alignment=tuple(
            word for word, is_aligned in (("dkim", mail.dkim_aligned), ("spf", mail.spf_aligned)) if not is_aligned
        ),
        reporting_mta=author.hostname,
        returned=redacted(mail.header, key),
    )


def redacted(header: bytes, key: bytes) -> bytes:
    """Return of a header what may be shown: local parts of addresses are replaced, each by the same word (RFC 6590)."""
    return b"".join(_shown_fields(header, key))


def _shown_fields(header: bytes, key: bytes) -> Iterator[bytes]:
    for field in raw_fields(header):
        if field.name.lower() in _SHOWN:
            body = _LOCAL_PART.sub(lambda found: _redacted(found, key), field.body)
            yield field.name + b":" + body.rstrip(b"\r\n") + b"\r\n"


def _redacted(found: re.Match[bytes], key: bytes) -> bytes:
    return _hidden(found[1], key).encode() + b"@" if found[2] else found[0]


def _hidden(local_part: bytes, key: bytes) -> str:
    return hashlib.blake2b(local_part.lower(), key=key, digest_size=10).hexdigest()


def _results(mail: JudgedMail, hostname: str) -> str:
    signatures = (f"dkim={one.result} header.d={one.domain}" for one in mail.dkim[:10])
    spf = f"spf={mail.spf_result} smtp.mailfrom={mail.spf_domain}" if mail.spf_domain else f"spf={mail.spf_result}"
    word = "pass" if mail.dkim_aligned or mail.spf_aligned else "fail"
    return "; ".join((hostname, spf, *signatures, f"dmarc={word} header.from={mail.author_domain}"))


def _is_reportable(mail: JudgedMail) -> bool:
    """Say whether a mail may be told of: no report and nothing with the null path, or two would never end."""
    is_report = _REPORT.search(b"\n" + mail.header) is not None
    return bool(mail.header and mail.policy.ruf and mail.envelope_from) and not is_report
