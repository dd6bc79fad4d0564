"""Finds the report in what arrived: a mail with it, gzip, zip, or the report itself.

Standards: RFC 9990 §3.5.2 (mail), RFC 8460 §5.3, RFC 6713 (application/gzip).
"""

from __future__ import annotations

from collections.abc import Iterator

from scop.base import RemoteProtocolError
from scop.mime import Entity, Message, parse
from scop.reports.limits import Limits, check_limit
from scop.reports.packing import is_packed, unpack

__all__ = ["attached_report", "is_json", "is_xml", "open_report", "report_octets"]

_FORM_TYPES = frozenset({"application/xml", "text/xml", "application/json", "application/tlsrpt+json"})
_FORM_NAMES = (".xml", ".json")
_WHITE = b" \t\r\n"
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_MARKUP = (b"<", b"\0<")


def is_xml(octets: bytes) -> bool:
    """Tell whether `octets` begin as XML does, in any encoding that is read."""
    return octets.startswith(_MARKS[1:]) or _bare(octets).startswith(_MARKUP)


def is_json(octets: bytes) -> bool:
    """Tell whether `octets` begin as a JSON object does."""
    return _bare(octets).startswith(b"{")


def open_report(octets: bytes, limits: Limits) -> bytes | Message:
    """Return the report as its form has it, XML or JSON, where it comes alone or packed; else the mail that came."""
    check_limit(len(octets), limits.octets, "octets of a report")
    if is_packed(octets):
        octets = unpack(octets, limits)
    if is_xml(octets) or is_json(octets):
        return octets
    if not octets.strip(_WHITE):
        raise RemoteProtocolError("it is empty")
    return parse(octets)


def attached_report(message: Message, limits: Limits) -> bytes | None:
    """Return the XML or JSON of the report in a mail, None where it has none.

    Stricter than RFC 9990 §3.5.2, which leaves it open: of several reports in one mail the first is read.
    """
    found = next(_reports_in(message), None)
    return unpack(found, limits) if found is not None and is_packed(found) else found


def report_octets(octets: bytes, limits: Limits) -> bytes:
    """Return the XML or JSON of a report out of whatever it is in.

    Raises `RemoteProtocolError` where there is none, or where it cannot be unpacked.
    """
    opened = open_report(octets, limits)
    found = opened if isinstance(opened, bytes) else attached_report(opened, limits)
    if found is None:
        raise RemoteProtocolError("it is neither XML, JSON, gzip nor zip, nor a mail with one of them")
    return found


def _reports_in(message: Message) -> Iterator[bytes]:
    """Yield the contents that may be reports: by their first octets, and where those can be text's, by their type."""
    for entity in message.walk():
        if entity.parts:
            continue
        content = entity.content
        if is_packed(content) or (_says_report(entity) and (is_xml(content) or is_json(content))):
            yield content


def _says_report(entity: Entity) -> bool:
    """Tell whether a part is called what a report in the open is; HTML begins like XML."""
    named = (entity.filename or "").lower().endswith(_FORM_NAMES)
    return named or entity.content_type.media_type in _FORM_TYPES


def _bare(octets: bytes) -> bytes:
    """Return the first octets without what may stand before any form: a mark and white space."""
    return octets[:512].removeprefix(_MARKS[0]).lstrip(_WHITE)
