"""What the reporter is told: how each mail was judged, how TLS went; and what it answers to the operator."""

from __future__ import annotations

import msgspec

from scop.mesh.calls import Call
from scop.mesh.vocabulary.relay import TlsSessions

__all__ = [
    "ArrivedReport",
    "CountedDomain",
    "DkimJudged",
    "JudgedMail",
    "NoteJudgements",
    "NoteTlsSessions",
    "Override",
    "PublishedPolicy",
    "ReadReport",
    "ReadReports",
    "ReadSenders",
    "ReportPage",
    "Reports",
    "ReportsMade",
    "SendReports",
    "SenderDay",
    "Senders",
    "SendingSource",
    "SentLetter",
    "SentReport",
    "Taken",
    "Unsent",
]


class DkimJudged(msgspec.Struct, frozen=True):
    """One signature; `result` is a word of RFC 8601 §2.7.1."""

    domain: str
    selector: str
    result: str
    reason: str = ""


class Override(msgspec.Struct, frozen=True):
    """Why another policy was applied than was published; `type` is a word of RFC 9990's PolicyOverrideType."""

    type: str
    comment: str = ""


class PublishedPolicy(msgspec.Struct, frozen=True):
    """The record that applied, as RFC 9990 §3.1.1.5 reports it; '' for a tag that is absent."""

    domain: str  # where it was found
    p: str = ""
    sp: str = ""
    np: str = ""
    adkim: str = ""
    aspf: str = ""
    testing: str = ""
    discovery_method: str = "treewalk"
    rua: tuple[str, ...] = ()
    ruf: tuple[str, ...] = ()
    fo: str = ""


class JudgedMail(msgspec.Struct, frozen=True):
    """How one mail was judged under one author domain's policy."""

    unix: float
    trace: str
    source_address: str
    author_domain: str  # header_from
    envelope_from: str  # domain of MAIL FROM, '' for the null path
    envelope_to: str  # domain of the recipients
    policy: PublishedPolicy
    disposition: str  # none, pass, quarantine, reject: what was done
    dkim_aligned: bool
    spf_aligned: bool
    spf_domain: str
    spf_scope: str  # mfrom or helo
    spf_result: str
    dkim: tuple[DkimJudged, ...] = ()
    overrides: tuple[Override, ...] = ()
    header: bytes = b""  # for a failure report; empty unless those are asked for and switched on


class Taken(msgspec.Struct, frozen=True):
    """How many were taken; they are durable."""

    count: int


class NoteJudgements(Call[Taken], frozen=True):
    """Count these for the next aggregate reports."""

    judgements: tuple[JudgedMail, ...]


class NoteTlsSessions(Call[Taken], frozen=True):
    """The relay's counts of a UTC day so far; they replace those that it told of that day before."""

    day: str  # YYYY-MM-DD
    sessions: tuple[TlsSessions, ...]


class SenderDay(msgspec.Struct, frozen=True):
    """Mails in our name on one UTC day, as others counted them."""

    day: str
    passed: int  # DKIM or SPF was aligned
    failed: int


class SendingSource(msgspec.Struct, frozen=True):
    """One address that sent in our name."""

    address: str
    name: str  # its confirmed name in the DNS; '' for none
    mails: int
    dkim_aligned: int
    spf_aligned: int
    unaligned: int  # neither was
    quarantined: int
    rejected: int
    domains: tuple[str, ...]  # which it wrote in From
    authenticated: tuple[str, ...]  # as whom SPF or DKIM knew it, aligned or not
    reporters: tuple[str, ...]
    first_day: str
    last_day: str


class Senders(msgspec.Struct, frozen=True):
    """Who sends as us: the sources with the most mails first."""

    days: tuple[SenderDay, ...]
    sources: tuple[SendingSource, ...]
    source_count: int
    reports: int  # that this was read from
    unproven: int  # reports left out, since nothing shows that they come from whom they name


class ReadSenders(Call[Senders], frozen=True):
    """Who sent as us in the last days, as the domain `domain` (and below it) or any of ours?"""

    days: int = 30
    domain: str = ""
    limit: int = 50
    unproven: bool = False  # read those reports as well


class ArrivedReport(msgspec.Struct, frozen=True):
    """One mail that came to the address for reports."""

    id: int
    unix: float
    trace: str
    author_domain: str
    is_proven: bool  # DMARC passed for the author's domain
    subject: str
    state: str  # unread, read, again, foreign, broken, answer
    kind: str  # aggregate, failure, tls; '' where it is none
    reporter: str
    report_id: str
    about: str  # the policy domain
    begin_unix: int
    end_unix: int
    mails: int
    reason: str  # why it is broken; what is odd in it


class SentLetter(msgspec.Struct, frozen=True):
    """One report's way to one destination."""

    destination: str
    state: str  # waiting, passed, refused, returned, unsupported
    attempts: int
    next_unix: float | None
    trace: str
    words: str  # what was answered last


class SentReport(msgspec.Struct, frozen=True):
    """One report of ours."""

    id: int
    kind: str
    about: str
    report_id: str
    begin_unix: int
    end_unix: int
    mails: int  # or sessions
    made_unix: float
    letters: tuple[SentLetter, ...]


class CountedDomain(msgspec.Struct, frozen=True):
    """What waits for its report."""

    kind: str
    day: str
    domain: str
    mails: int


class Reports(msgspec.Struct, frozen=True):
    """What came, what was sent and what waits, the latest first."""

    arrived: tuple[ArrivedReport, ...]
    sent: tuple[SentReport, ...]
    counted: tuple[CountedDomain, ...]


class ReadReports(Call[Reports], frozen=True):
    """Which reports came and went in the last days?"""

    days: int = 30
    limit: int = 50


class ReportPage(msgspec.Struct, frozen=True):
    """One report, and a piece of its octets: the mail that came, the document that was sent."""

    arrived: ArrivedReport | None = None
    sent: SentReport | None = None
    octets: bytes = b""
    size_octets: int = 0


class ReadReport(Call[ReportPage], frozen=True):
    """What stands in this report that came, or that was sent, from an octet on?"""

    id: int
    is_sent: bool
    offset: int = 0


class Unsent(msgspec.Struct, frozen=True):
    """A domain that is told nothing, and why."""

    kind: str
    domain: str
    reason: str


class ReportsMade(msgspec.Struct, frozen=True):
    """What `SendReports` made; the letters are on their way."""

    reports: tuple[SentReport, ...]
    unsent: tuple[Unsent, ...]


class SendReports(Call[ReportsMade], frozen=True):
    """Make and send reports of all that is counted up to now, and try again what waits."""
