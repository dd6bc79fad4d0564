"""Reads aggregate reports: those of RFC 9990, the old form of RFC 7489, and the drafts before it.

Both forms are read by one table of elements, as their senders mix them. What changes no meaning is read and noted in
`defects`; what leaves a doubt about who sent how much and how it was judged is a `RemoteProtocolError`. The order of
elements is not looked at: the two forms differ in it, and no sender keeps it.

Standards: RFC 9990 §3.1.1, §5 (extensions are passed over), RFC 7489 appendix C.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from scop.base import RemoteProtocolError, printable
from scop.dmarc import Disposition
from scop.reports.aggregate_values import AggregateReport, PolicyPublished, Record, ReportMetadata
from scop.reports.aggregate_words import AlignmentMode, DiscoveryMethod
from scop.reports.contents import is_xml, report_octets
from scop.reports.defects import Defects
from scop.reports.elements import Reading, Singles
from scop.reports.fields import read_number, read_word
from scop.reports.limits import DEFAULT_LIMITS, Limits, check_limit
from scop.reports.record_reading import read_record
from scop.reports.xml_reader import Element, children_of
from scop.reports.xml_text import decode_xml

__all__ = ["aggregate_of", "parse_aggregate"]

_Value = TypeVar("_Value")
_METADATA = frozenset({"org_name", "email", "extra_contact_info", "report_id", "date_range", "error", "generator"})
_SPAN = frozenset({"begin", "end"})
_POLICY = frozenset({"domain", "p", "sp", "np", "adkim", "aspf", "discovery_method", "fo", "testing", "pct"})


class _Testing(StrEnum):
    """TestingType."""

    NO = "n"
    YES = "y"


def parse_aggregate(octets: bytes, *, lenient: bool = False, limits: Limits = DEFAULT_LIMITS) -> AggregateReport:
    """Read an aggregate report: a mail with it, gzip, zip, or the XML itself.

    `lenient` also reads words in other letters ("Pass") and octets that are not of the stated encoding. Raises
    `RemoteProtocolError`, which is a `ValueError`, for what is no such report; its sentence names the place.
    """
    return aggregate_of(report_octets(octets, limits), lenient=lenient, limits=limits)


def aggregate_of(content: bytes, *, lenient: bool, limits: Limits) -> AggregateReport:
    """Read the XML of an aggregate report."""
    if not is_xml(content):
        raise RemoteProtocolError("an aggregate report is XML, this is not")
    reading = Reading(Defects(lenient=lenient), limits)
    text, start = decode_xml(content, reading.defects)
    children = children_of(text, "feedback", reading.defects, start=start, limits=limits)
    return _report(children, reading)


def _report(children: Iterable[Element], reading: Reading) -> AggregateReport:
    metadata: ReportMetadata | None = None
    policy: PolicyPublished | None = None
    records: list[Record] = []
    others = 0
    for child in children:
        if child.name == "record":
            check_limit(len(records) + 1, reading.limits.records, "records")
            records.append(read_record(child, reading))
            continue
        others += 1
        check_limit(others, reading.limits.others, "elements beside the records")
        if child.name == "report_metadata":
            metadata = _only(metadata, _metadata(child, reading), child)
        elif child.name == "policy_published":
            policy = _only(policy, _policy(child, reading), child)
        elif child.name == "version":
            _note_version(child, reading)
        elif child.name != "extension":
            reading.note_unknown(child, "feedback")
    if metadata is None or policy is None:
        raise RemoteProtocolError(f"feedback has no {'report_metadata' if metadata is None else 'policy_published'}")
    if not records:
        reading.defects.note("it has no record")
    return AggregateReport(metadata, policy, tuple(records), reading.defects.all())


def _note_version(element: Element, reading: Reading) -> None:
    version = reading.text_of(element)
    if version != "1.0":  # RFC 9990 §3.1.1.2
        reading.defects.note(f"version is {printable(version, limit=20)!r}, not '1.0'")


def _only(before: object, found: _Value, element: Element) -> _Value:
    if before is not None:
        raise RemoteProtocolError(f"{element.name} stands twice")
    return found


def _metadata(element: Element, reading: Reading) -> ReportMetadata:
    found = Singles(element, _METADATA, reading, many=("error",))
    span = Singles(found.element("date_range"), _SPAN, reading)
    begin, end = (read_number(span.required(name), name) for name in ("begin", "end"))
    if begin > end:
        reading.defects.note("its span of time ends before it begins")
    return ReportMetadata(
        org_name=found.noted("org_name"),
        email=found.noted("email"),
        report_id=found.noted("report_id"),
        begin_unix=begin,
        end_unix=end,
        extra_contact_info=found.text("extra_contact_info") or "",
        # RFC 7489 appendix C has any number of them.
        error="; ".join(text for each in found.all("error") if (text := reading.text_of(each))),
        generator=found.text("generator") or "",
    )


def _policy(element: Element, reading: Reading) -> PolicyPublished:
    found = Singles(element, _POLICY, reading)
    pct = found.text("pct")
    testing = found.word(_Testing, "testing")
    return PolicyPublished(
        domain=found.required("domain"),
        p=read_word(Disposition, found.required("p"), "policy_published/p", reading.defects),
        sp=found.word(Disposition, "sp"),
        np=found.word(Disposition, "np"),
        adkim=found.word(AlignmentMode, "adkim"),
        aspf=found.word(AlignmentMode, "aspf"),
        discovery_method=found.word(DiscoveryMethod, "discovery_method"),
        fo=found.text("fo") or "",
        testing=None if testing is None else testing is _Testing.YES,
        pct=read_number(pct, "pct") if pct else None,
    )
