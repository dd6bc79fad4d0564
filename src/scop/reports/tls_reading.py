"""Reads TLS reports.

Standards: RFC 8460 §4.2 to §4.4, §5 (how they arrive); RFC 3339 §5.6 (times).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping

from scop.base import RemoteProtocolError, printable
from scop.reports.contents import is_json, report_octets
from scop.reports.defects import Defects
from scop.reports.fields import read_address, read_number, read_word
from scop.reports.json_reader import Json, read_json
from scop.reports.limits import DEFAULT_LIMITS, Limits, check_limit
from scop.reports.tls_values import TlsFailure, TlsPolicy, TlsPolicyType, TlsReport, TlsResultType

__all__ = ["parse_tls", "tls_of"]

_Object = Mapping[str, Json]
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)


def parse_tls(octets: bytes, *, lenient: bool = False, limits: Limits = DEFAULT_LIMITS) -> TlsReport:
    """Read a TLS report: a mail with it, gzip, zip, or the JSON itself.

    `lenient` also reads words in other letters. Raises `RemoteProtocolError`, which is a `ValueError`, for what is
    no such report.
    """
    return tls_of(report_octets(octets, limits), lenient=lenient, limits=limits)


def tls_of(content: bytes, *, lenient: bool, limits: Limits) -> TlsReport:
    """Read the JSON of a TLS report."""
    if not is_json(content):
        raise RemoteProtocolError("a TLS report is a JSON object, this is not")
    value = read_json(content, limits)
    assert isinstance(value, dict)  # it begins with "{"
    return _Reading(Defects(lenient=lenient), limits).report(value)


class _Reading:
    """One reading of one report."""

    __slots__ = ("_defects", "_limits")

    def __init__(self, defects: Defects, limits: Limits) -> None:
        self._defects = defects
        self._limits = limits

    def report(self, value: _Object) -> TlsReport:
        """Return what the whole object says."""
        span = self._object(value, "date-range")
        policies = tuple(self._policy(each) for each in self._objects(value, "policies"))
        if not policies:
            self._defects.note("it has no policy")
        found = {name: self._text(value, name) for name in ("organization-name", "contact-info", "report-id")}
        for name, text in found.items():
            if not text:
                self._defects.note(f"it has no {name}")
        begin, end = self._time(span, "start-datetime"), self._time(span, "end-datetime")
        return TlsReport(
            organization_name=found["organization-name"],
            contact_info=found["contact-info"],
            report_id=found["report-id"],
            begin=begin,
            end=end,
            policies=policies,
            defects=self._defects.all(),
        )

    def _policy(self, value: _Object) -> TlsPolicy:
        policy, summary = self._object(value, "policy"), self._object(value, "summary")
        domain = self._text(policy, "policy-domain")
        if not domain:
            raise RemoteProtocolError("a policy has no policy-domain")
        kind = self._text(policy, "policy-type")
        return TlsPolicy(
            policy_type=read_word(TlsPolicyType, kind, "policy-type", self._defects),
            policy_domain=domain,
            successful_sessions=self._count(summary, "total-successful-session-count"),
            failed_sessions=self._count(summary, "total-failure-session-count"),
            policy_string=self._texts(policy, "policy-string"),
            mx_hosts=self._texts(policy, "mx-host"),
            failures=tuple(self._failure(each) for each in self._objects(value, "failure-details", needed=False)),
        )

    def _failure(self, value: _Object) -> TlsFailure:
        return TlsFailure(
            result_type=self._result_type(self._text(value, "result-type")),
            failed_sessions=self._count(value, "failed-session-count"),
            sending_mta_ip=self._address(value, "sending-mta-ip"),
            receiving_mx_hostname=self._text(value, "receiving-mx-hostname"),
            receiving_mx_helo=self._text(value, "receiving-mx-helo"),
            receiving_ip=self._address(value, "receiving-ip"),
            additional_information=self._text(value, "additional-information"),
            failure_reason_code=self._text(value, "failure-reason-code"),
        )

    def _result_type(self, text: str) -> TlsResultType:
        try:
            return TlsResultType(text.lower())
        except ValueError:
            # RFC 8460 §4.3: what has no word of its own is a validation-failure; the registry may grow.
            self._defects.note(f"result-type is {printable(text, limit=40)!r}, read as validation-failure")
            return TlsResultType.VALIDATION_FAILURE

    def _object(self, value: _Object, name: str) -> _Object:
        found = value.get(name)
        if not isinstance(found, dict):
            raise RemoteProtocolError(f"{name} is missing, or no object")
        return found

    def _objects(self, value: _Object, name: str, *, needed: bool = True) -> list[dict[str, Json]]:
        found = value.get(name)
        if found is None and not needed:
            return []
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise RemoteProtocolError(f"{name} is missing, or no list of objects")
        check_limit(len(found), self._limits.records, name)
        return [each for each in found if isinstance(each, dict)]

    def _text(self, value: _Object, name: str) -> str:
        found = value.get(name)
        if found is None:
            return ""
        if not isinstance(found, str):
            raise RemoteProtocolError(f"{name} is no string")
        return found.strip()

    def _texts(self, value: _Object, name: str) -> tuple[str, ...]:
        found = value.get(name)
        # Lenient: RFC 8460 §4.4 has a list of strings, but its own example has one string for mx-host.
        listed = [found] if isinstance(found, str) else [] if found is None else found
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise RemoteProtocolError(f"{name} is no list of strings")
        check_limit(len(listed), self._limits.records, name)
        return tuple(each.strip() for each in listed if isinstance(each, str))

    def _count(self, value: _Object, name: str) -> int:
        found = value.get(name)
        if isinstance(found, str):
            # Lenient: a number in quotes is that number.
            self._defects.note(f"{name} is a string")
            return read_number(found.strip(), name)
        if isinstance(found, bool) or not isinstance(found, int):
            raise RemoteProtocolError(f"{name} is missing, or no whole number")
        return read_number(str(found), name)

    def _address(self, value: _Object, name: str) -> str:
        text = self._text(value, name)
        if not text:
            return ""
        try:
            return read_address(text, name)
        except RemoteProtocolError:
            # Lenient: some put a host's name here; the counts stand without it.
            self._defects.note(f"{name} is no address")
            return ""

    def _time(self, value: _Object, name: str) -> datetime.datetime:
        text = self._text(value, name)
        found = _TIME.fullmatch(text)
        if found is None:
            raise RemoteProtocolError(f"{name} is {printable(text, limit=40)!r}, no time of RFC 3339")
        zone = (found[3] or "").upper()
        if not zone:
            # Lenient: RFC 8460 §4.1 has days in UTC.
            self._defects.note(f"{name} has no zone")
        try:
            return datetime.datetime.fromisoformat(f"{found[1]}T{found[2]}{'+00:00' if zone in ('', 'Z') else zone}")
        except ValueError:
            raise RemoteProtocolError(f"{name} is {printable(text, limit=40)!r}, no time that there is") from None
