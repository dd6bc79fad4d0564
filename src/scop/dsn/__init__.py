"""Delivery status notifications: the mail that tells a sender what became of a mail, and why.

`compose_report` writes one from values, `parse_report` reads what hosts of any make wrote. When to send one, and
that none answers `<>`, is the business of who carries the mail.

Standards: RFC 3461 §6, RFC 3464, RFC 6522, RFC 6533 (UTF-8).
"""

from scop.dsn.compose import compose_report
from scop.dsn.notice import Action, Notice, RecipientReport, Returned
from scop.dsn.report import Report, ReportedRecipient, parse_report

__all__ = [
    "Action",
    "Notice",
    "RecipientReport",
    "Report",
    "ReportedRecipient",
    "Returned",
    "compose_report",
    "parse_report",
]
