"""Reads failure reports: feedback reports of RFC 6591, and the letters that some hosts send in their place.

Fields are read as they were meant where there is no doubt; one that says nothing that can be used is noted in
`defects` and left out. Only what tells whose mail it is, the reported domain, must be there.

Standards: RFC 6591 §3, RFC 5965 §3, RFC 7489 §7.3.1; RFC 6522 §3 (multipart/report), RFC 6590 (what is redacted
stays as it stands).
"""

from __future__ import annotations

import datetime
import re
from enum import StrEnum
from typing import TypeVar

from scop.base import RemoteProtocolError, printable
from scop.mime import Entity, Header, Message
from scop.mime.fields.dates import parse_date
from scop.reports.contents import open_report
from scop.reports.defects import Defects
from scop.reports.failure_values import AuthFailure, DeliveryResult, FailedSignature, FailureReport
from scop.reports.fields import read_address, read_number
from scop.reports.letter_reading import read_letter
from scop.reports.limits import DEFAULT_LIMITS, Limits

__all__ = ["failure_of", "feedback_part", "parse_failure"]

MAX_VALUES = 100  # of one field that may stand many times
MAX_VALUE_CHARACTERS = 4_000  # of one field; what is longer is cut

_Word = TypeVar("_Word", bound=StrEnum)
_RETURNED_TYPES = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"})
_MECHANISMS = frozenset({"dkim", "spf"})
_FROM_DOMAIN = re.compile(r"\bheader\.from=\"?([A-Za-z0-9._-]{1,255})")


def parse_failure(octets: bytes, *, lenient: bool = False, limits: Limits = DEFAULT_LIMITS) -> FailureReport:
    """Read a failure report: a mail with it, also in gzip or zip, or the fields alone.

    `lenient` also takes the domain of a report that names none from the From of the mail that came back. Raises
    `RemoteProtocolError`, which is a `ValueError`, for what is no such report.
    """
    opened = open_report(octets, limits)
    if isinstance(opened, bytes):
        raise RemoteProtocolError("a failure report is a mail, this is XML or JSON")
    return failure_of(opened, lenient=lenient)


def failure_of(message: Message, *, lenient: bool) -> FailureReport:
    """Read a failure report that was parsed as a mail."""
    defects = Defects(lenient=lenient)
    feedback = feedback_part(message)
    if feedback is None and "Feedback-Type" in message.header:  # the part for programs, without a mail around it
        return _report(_checked(message.header), None, defects)
    if feedback is None:
        found = read_letter(message)
        if found is None:
            raise RemoteProtocolError(
                "it has no report in it: neither XML nor JSON, packed or not, nor a message/feedback-report"
            )
        return found
    block = _checked(next(iter(feedback.field_blocks), Header(b"")))
    return _report(block, _returned(message, feedback), defects)


def _checked(block: Header) -> Header:
    kind = _text(block, "Feedback-Type")
    if kind.lower() != "auth-failure":  # RFC 6591 §3.1
        raise RemoteProtocolError(f"the feedback report is {printable(kind, limit=40)!r}, not auth-failure")
    return block


def feedback_part(message: Entity) -> Entity | None:
    """Return the part for programs; it is known wherever it stands, not only as the second of a multipart/report."""
    return next((each for each in message.walk() if each.content_type.media_type == "message/feedback-report"), None)


def _report(block: Header, returned: Entity | None, defects: Defects) -> FailureReport:
    results = _texts(block, "Authentication-Results")
    original = next(iter(returned.parts), None) if returned is not None else None
    sent_back = b"" if returned is None else original.to_octets() if original is not None else returned.content
    header = original.header if original is not None else Header(sent_back)
    return FailureReport(
        reported_domain=_domain(block, results, header, defects),
        auth_failure=_word(AuthFailure, block, "Auth-Failure", defects),
        source_ip=_address(block, defects),
        original_mail_from=_path(block.get("Original-Mail-From")),
        original_rcpt_to=tuple(_path(text) or "" for text in _texts(block, "Original-Rcpt-To")),
        arrived=_arrived(block),
        delivery_result=_delivery_result(block, defects),
        authentication_results=results,
        identity_alignment=_alignment(block, defects),
        signature=_signature(block),
        spf_dns=_texts(block, "SPF-DNS"),
        envelope_id=_text(block, "Original-Envelope-Id"),
        message_id=_text(block, "Message-ID") or (header.get("Message-ID") or "").strip(),
        user_agent=_text(block, "User-Agent"),
        reporting_mta=_text(block, "Reporting-MTA").partition(";")[2].strip(),  # after its type: "dns; mx.example"
        incidents=_incidents(block, defects),
        returned=sent_back,
        defects=defects.all(),
    )


def _returned(message: Message, feedback: Entity) -> Entity | None:
    """Return the part that holds the mail or its header; what stands in that mail is none of it."""
    for each in message.walk():
        if each is not feedback and each.content_type.media_type in _RETURNED_TYPES:
            return each
    return None


def _domain(block: Header, results: tuple[str, ...], header: Header, defects: Defects) -> str:
    domains = _texts(block, "Reported-Domain")
    if domains and domains[0]:
        return domains[0].lower()
    # Lenient: RFC 6591 §3.1 demands the field; the author domain that DMARC judged is the same.
    named = next((found[1] for text in results if (found := _FROM_DOMAIN.search(text))), "")
    if not named and defects.lenient:
        named = (header.get("From") or "").rpartition("@")[2].strip(" >")
    if not named:
        raise RemoteProtocolError("the feedback report has no Reported-Domain")
    defects.note("it has no Reported-Domain")
    return named.lower()


def _word(kind: type[_Word], block: Header, name: str, defects: Defects) -> _Word | None:
    text = _text(block, name)
    if text.lower() in set(kind):
        return kind(text.lower())  # RFC 6591 §3.1: without regard to letters
    defects.note(f"{name} is {printable(text, limit=40)!r}" if text else f"it has no {name}")
    return None


def _delivery_result(block: Header, defects: Defects) -> DeliveryResult | None:
    text = _text(block, "Delivery-Result")
    if not text:
        return None  # RFC 6591 §3.2.2: optional
    # RFC 6591 §3.2.2: "other" is what has no word of its own; some have words of their own.
    return _word(DeliveryResult, block, "Delivery-Result", defects) or DeliveryResult.OTHER


def _alignment(block: Header, defects: Defects) -> tuple[str, ...] | None:
    text = _text(block, "Identity-Alignment").lower()
    if not text:
        return None
    named = tuple(each.strip() for each in text.split(","))
    if named == ("none",):
        return ()
    if not _MECHANISMS.issuperset(named) or len(set(named)) != len(named):
        defects.note(f"Identity-Alignment is {printable(text, limit=40)!r}")
        return None
    return named


def _signature(block: Header) -> FailedSignature | None:
    domain = _text(block, "DKIM-Domain").lower()
    if not domain:
        return None
    return FailedSignature(domain, _text(block, "DKIM-Selector"), _text(block, "DKIM-Identity"))


def _incidents(block: Header, defects: Defects) -> int:
    text = _text(block, "Incidents")
    if not text:
        return 1  # RFC 5965 §3.2
    try:
        return read_number(text, "Incidents")
    except RemoteProtocolError as error:
        defects.note(str(error))
        return 1


def _address(block: Header, defects: Defects) -> str:
    text = _text(block, "Source-IP").strip("[]").removeprefix("IPv6:")
    if not text:
        return ""
    try:
        return read_address(text, "Source-IP")
    except RemoteProtocolError as error:
        defects.note(str(error))
        return ""


def _arrived(block: Header) -> datetime.datetime | None:
    # RFC 5965 §3.2: Received-Date is an older name.
    return parse_date(_text(block, "Arrival-Date")) or parse_date(_text(block, "Received-Date"))


def _path(text: str | None) -> str | None:
    return None if text is None else text[:MAX_VALUE_CHARACTERS].strip().removeprefix("<").removesuffix(">")


def _text(block: Header, name: str) -> str:
    return (block.get(name) or "").strip()[:MAX_VALUE_CHARACTERS]


def _texts(block: Header, name: str) -> tuple[str, ...]:
    return tuple(" ".join(field.body[:MAX_VALUE_CHARACTERS].split()) for field in block.all(name)[:MAX_VALUES])
