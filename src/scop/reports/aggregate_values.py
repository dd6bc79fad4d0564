"""An aggregate report as a value: what one receiver saw of one domain's mail in a span of time.

Reading a report and writing one meet here; what the schema closes is a word of `aggregate_words`.

Standards: RFC 9990 §3.1.1, RFC 7489 appendix C (`pct`, several SPF results, a few words).
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.dmarc import Action, Disposition
from scop.reports.aggregate_words import (
    AlignmentMode,
    DiscoveryMethod,
    OverrideType,
    ReportedDkim,
    ReportedSpf,
    SpfScope,
)
from scop.reports.numbers import canonical_address, check_number

__all__ = [
    "AggregateReport",
    "Override",
    "PolicyPublished",
    "Record",
    "ReportMetadata",
    "ReportedSignature",
    "ReportedSpfCheck",
]


@dataclass(frozen=True, slots=True)
class ReportMetadata:
    """Who reports, under which id, about which span of time (Unix seconds, both ends belong to it)."""

    org_name: str
    email: str
    report_id: str
    begin_unix: int
    end_unix: int
    extra_contact_info: str = ""
    error: str = ""  # what was wrong with the policy record
    generator: str = ""

    def __post_init__(self) -> None:
        check_number(self.begin_unix, "begin")
        check_number(self.end_unix, "end")


@dataclass(frozen=True, slots=True)
class PolicyPublished:
    """The policy record that applied; `domain` is where it was found, None is a tag that is not reported."""

    domain: str
    p: Disposition
    sp: Disposition | None = None
    np: Disposition | None = None
    adkim: AlignmentMode | None = None
    aspf: AlignmentMode | None = None
    discovery_method: DiscoveryMethod | None = None
    fo: str = ""
    testing: bool | None = None
    pct: int | None = None  # RFC 7489 only; it is never written

    def __post_init__(self) -> None:
        if self.pct is not None:
            check_number(self.pct, "pct")


@dataclass(frozen=True, slots=True)
class Override:
    """Why another policy was applied than was published."""

    type: OverrideType
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ReportedSignature:
    """One DKIM signature; `selector` is '' where an old report names none."""

    domain: str
    selector: str
    result: ReportedDkim
    human_result: str = ""


@dataclass(frozen=True, slots=True)
class ReportedSpfCheck:
    """One SPF check."""

    domain: str
    result: ReportedSpf
    scope: SpfScope | None = None
    human_result: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """So many mails from one address that were judged alike; None is an identifier that is not reported."""

    source_ip: str
    count: int
    disposition: Action
    dkim_aligned: bool
    spf_aligned: bool
    header_from: str
    envelope_from: str | None = None  # '' is the null reverse path
    envelope_to: str | None = None
    overrides: tuple[Override, ...] = ()
    dkim: tuple[ReportedSignature, ...] = ()
    spf: tuple[ReportedSpfCheck, ...] = ()  # RFC 9990 has at most one; the old form also has that of HELO

    def __post_init__(self) -> None:
        canonical_address(self.source_ip)
        check_number(self.count, "count")

    @property
    def is_aligned(self) -> bool:
        """Whether these mails passed DMARC."""
        return self.dkim_aligned or self.spf_aligned


@dataclass(frozen=True, slots=True)
class AggregateReport:
    """A whole report; `defects` are sentences that say where what was read departs from the schema."""

    metadata: ReportMetadata
    policy: PolicyPublished
    records: tuple[Record, ...]
    defects: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many mails it tells of."""
        return sum(record.count for record in self.records)
