"""What the mails have in common in which reports travel: from whom, to whom, for which domain, when.

Standards: RFC 9990 §3.5.1 (Report-ID), §3.5.2 (subject, names of files), RFC 8460 §5.1, §5.3; RFC 3834 §5.
"""

from __future__ import annotations

import datetime
import re
import textwrap
from dataclasses import dataclass

from scop.base import a_labels
from scop.mime import Address

__all__ = [
    "AUTO_SUBMITTED",
    "Posting",
    "check_domain",
    "file_name",
    "message_id_of",
    "subject_of",
    "wrapped",
]

_DOT_ATOM = r"[!#$%&'*+/=?^`{|}~\w-]+(?:\.[!#$%&'*+/=?^`{|}~\w-]+)*"  # RFC 5322 §3.2.3
_REPORT_ID = re.compile(rf"{_DOT_ATOM}(?:@{_DOT_ATOM})?", re.ASCII)
_UNIQUE_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_DOMAIN = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
MAX_PLAIN_NAME = 66  # characters; a longer one stands in sections (RFC 2231), which some programs cannot read
AUTO_SUBMITTED = ("Auto-Submitted", "auto-generated")  # RFC 3834 §5: nobody is to answer it by itself


@dataclass(frozen=True, slots=True)
class Posting:
    """From whom a report goes to whom; `submitter` is the domain that reports: ours."""

    author: Address
    recipients: tuple[str, ...]
    submitter: str
    now_unix: float

    def __post_init__(self) -> None:
        check_domain(self.submitter)
        if not self.recipients:
            raise ValueError("a report goes to somebody")

    @property
    def date(self) -> datetime.datetime:
        """When it is written, in UTC."""
        return datetime.datetime.fromtimestamp(int(self.now_unix), datetime.UTC)


def check_domain(domain: str) -> str:
    """Return `domain` with A-labels, else `ValueError`: it goes into a subject and into the name of a file."""
    name = a_labels(domain)
    if not _DOMAIN.fullmatch(name):
        raise ValueError(f"{domain!r} is no domain")
    return name


def _check_report_id(report_id: str) -> str:
    """Return `report_id`, else `ValueError`: it is a dot-atom, or two with @ between them (RFC 9990 §3.5.1)."""
    if not _REPORT_ID.fullmatch(report_id):
        raise ValueError(f"{report_id!r} is no Report-ID")
    return report_id


def subject_of(domain: str, posting: Posting, report_id: str) -> str:
    """Return the subject that both kinds of aggregate reports have (RFC 9990 §3.5.2, RFC 8460 §5.3)."""
    about, submitter = check_domain(domain), check_domain(posting.submitter)
    return f"Report Domain: {about} Submitter: {submitter} Report-ID: <{_check_report_id(report_id)}>"


def message_id_of(report_id: str, posting: Posting) -> str:
    """Return a Message-ID that is the same when the report is sent again (RFC 9990 §3.5.2)."""
    left, _, right = _check_report_id(report_id).partition("@")
    return f"{left}@{right or check_domain(posting.submitter)}"


def file_name(domain: str, posting: Posting, span: tuple[int, int], extension: str, report_id: str) -> str:
    """Return `receiver!policy-domain!begin!end!id.extension`; the id is left out where it has no room.

    RFC 9990 §3.1.4: the id in the name is the Report-ID, so it stands there only if it has no other characters than
    the name may have.
    """
    begin, end = span
    name = f"{check_domain(posting.submitter)}!{check_domain(domain)}!{begin}!{end}"
    with_id = f"{name}!{report_id}.{extension}"
    if _UNIQUE_ID.fullmatch(report_id) and len(with_id) <= MAX_PLAIN_NAME:
        return with_id
    return f"{name}.{extension}"


def wrapped(*paragraphs: str) -> str:
    """Return text for people in lines that need no encoding."""
    return "\n\n".join(textwrap.fill(paragraph, 72) for paragraph in paragraphs) + "\n"
