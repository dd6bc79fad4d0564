"""Reads one record of an aggregate report.

Standards: RFC 9990 §3.1.1.7 to §3.1.1.14, RFC 7489 appendix C.
"""

from __future__ import annotations

from enum import StrEnum

from scop.dmarc import Action
from scop.reports.aggregate_values import Override, Record, ReportedSignature, ReportedSpfCheck
from scop.reports.aggregate_words import OverrideType, ReportedDkim, ReportedSpf, SpfScope
from scop.reports.elements import Reading, Singles
from scop.reports.fields import read_address, read_number, read_word
from scop.reports.xml_reader import Element

__all__ = ["read_record"]

_RECORD = frozenset({"row", "identifiers", "auth_results"})
_ROW = frozenset({"source_ip", "count", "policy_evaluated"})
_EVALUATED = frozenset({"disposition", "dkim", "spf", "reason"})
_REASON = frozenset({"type", "comment"})
_IDENTIFIERS = frozenset({"header_from", "envelope_from", "envelope_to"})
_RESULTS = frozenset({"dkim", "spf"})
_DKIM = frozenset({"domain", "selector", "result", "human_result"})
_SPF = frozenset({"domain", "scope", "result", "human_result"})


class _Alignment(StrEnum):
    """DMARCResultType."""

    PASS = "pass"  # noqa: S105 - a result, not a secret
    FAIL = "fail"


def read_record(element: Element, reading: Reading) -> Record:
    """Return what a `record` element says."""
    found = Singles(element, _RECORD, reading)
    row = Singles(found.element("row"), _ROW, reading)
    evaluated = Singles(row.element("policy_evaluated"), _EVALUATED, reading, many=("reason",))
    identifiers = Singles(found.element("identifiers"), _IDENTIFIERS, reading)
    signatures, checks = _auth_results(found, reading)
    return Record(
        source_ip=read_address(row.required("source_ip"), "row/source_ip"),
        count=read_number(row.required("count"), "row/count"),
        disposition=read_word(
            Action, evaluated.required("disposition"), "policy_evaluated/disposition", reading.defects
        ),
        dkim_aligned=_is_aligned(evaluated, "dkim", reading),
        spf_aligned=_is_aligned(evaluated, "spf", reading),
        header_from=identifiers.noted("header_from"),
        envelope_from=identifiers.text("envelope_from"),
        envelope_to=identifiers.text("envelope_to"),
        overrides=tuple(_overrides(evaluated, reading)),
        dkim=signatures,
        spf=checks,
    )


def _is_aligned(evaluated: Singles, name: str, reading: Reading) -> bool:
    text = evaluated.required(name)
    return read_word(_Alignment, text, f"policy_evaluated/{name}", reading.defects) is _Alignment.PASS


def _overrides(evaluated: Singles, reading: Reading) -> list[Override]:
    found = []
    for element in evaluated.all("reason"):
        reason = Singles(element, _REASON, reading)
        kind = reason.word(OverrideType, "type")
        comment = reason.text("comment") or ""
        if kind is not None:
            found.append(Override(kind, comment))
        elif comment:
            # Lenient: a reason without a type is still one.
            found.append(Override(OverrideType.OTHER, comment))
    return found


def _auth_results(
    record: Singles, reading: Reading
) -> tuple[tuple[ReportedSignature, ...], tuple[ReportedSpfCheck, ...]]:
    element = record.optional("auth_results")
    if element is None:
        # Lenient: how the mails were judged stands in the row; this only explains it.
        reading.defects.note("a record has no auth_results")
        return (), ()
    found = Singles(element, _RESULTS, reading, many=("dkim", "spf"))  # RFC 7489 has spf once for each scope
    signatures = tuple(_signature(each, reading) for each in found.all("dkim"))
    return signatures, tuple(_spf_check(each, reading) for each in found.all("spf"))


def _signature(element: Element, reading: Reading) -> ReportedSignature:
    found = Singles(element, _DKIM, reading)
    return ReportedSignature(
        domain=found.text("domain") or "",
        selector=found.text("selector") or "",  # RFC 7489 leaves it open
        result=read_word(ReportedDkim, found.required("result"), "auth_results/dkim/result", reading.defects),
        human_result=found.text("human_result") or "",
    )


def _spf_check(element: Element, reading: Reading) -> ReportedSpfCheck:
    found = Singles(element, _SPF, reading)
    return ReportedSpfCheck(
        domain=found.text("domain") or "",  # empty where there was no reverse path
        result=read_word(ReportedSpf, found.required("result"), "auth_results/spf/result", reading.defects),
        scope=found.word(SpfScope, "scope"),
        human_result=found.text("human_result") or "",
    )
