"""The bounce itself: a text for people, a report for programs, and the header of the mail it is about.

Only the header goes back: enough to recognise the mail, and a forged sender is not sent the body of
a stranger's mail.

Standards: RFC 6522 (multipart/report), RFC 3464 (delivery-status), RFC 6533 (the same in UTF-8),
RFC 3834 §5 (Auto-Submitted).
"""

from __future__ import annotations

import datetime

from scop.base import printable
from scop.dsn.notice import Failure, Notice
from scop.mime import Address, NextHop, compose_chunks
from scop.mime.parts import part, text_part
from scop.mime.structures import report
from scop.smtp.stamps import date_time

__all__ = ["compose_bounce"]

MAX_HEADER_OCTETS = 65_536  # of the original that are sent back
_NEXT_HOP = NextHop.SMTPUTF8  # a bounce is as international as the mail that it is about; the relay sees what it needs
MAX_REPLY_CHARACTERS = 400  # of a server's words; a line of mail has 998 octets (RFC 5322 §2.1.1)


def compose_bounce(notice: Notice, original: bytes) -> bytes:
    """Return the whole mail; it is to be sent from the null reverse path, else two hosts could bounce for ever."""
    header = _returned_header(original)
    status, returned = _kinds(notice, header)
    content = report(
        "delivery-status",
        text_part(_text(notice), next_hop=_NEXT_HOP),
        part(status, _report(notice).encode("utf-8"), next_hop=_NEXT_HOP),
        part(returned, header, next_hop=_NEXT_HOP, description="Undelivered message header"),
        seed=notice.ident,
    )
    return b"".join(
        compose_chunks(
            author=Address("Mail Delivery System", str(notice.author)),
            to=Address("", str(notice.recipient)),
            subject="Your mail could not be delivered",
            date=datetime.datetime.fromtimestamp(int(notice.now_unix), datetime.UTC),
            message_id=f"{notice.ident}.bounce@{notice.reporting_host}",
            fields=[("Auto-Submitted", "auto-replied")],  # RFC 3834 §5
            content=content,
            next_hop=_NEXT_HOP,
        )
    )


def _kinds(notice: Notice, header: bytes) -> tuple[str, str]:
    # RFC 6533 §3 and §4: with UTF-8 in addresses or header the parts are the global ones
    status = "message/global-delivery-status" if notice.is_international else "message/delivery-status"
    return status, "text/rfc822-headers" if header.isascii() else "message/global-headers"


def _text(notice: Notice) -> str:
    lines = [
        f"This is the mail system at {notice.reporting_host}.",
        "",
        "Your mail could not be delivered to the recipients below.",
        "It will not be tried again.",
    ]
    for failure in notice.failures:
        lines += ["", f"{failure.forward_path}", f"    {printable(failure.explanation)}"]
        if failure.reply is not None:
            host = printable(failure.remote_host) or "the next server"
            lines += [f"    {host} said:", f"    {_words(failure)}"]
    return "\r\n".join(lines) + "\r\n"


def _report(notice: Notice) -> str:
    # RFC 3464 §2.2: fields about the message, then a group of fields for each recipient (§2.3)
    message = [f"Reporting-MTA: dns; {notice.reporting_host}", f"Arrival-Date: {date_time(notice.arrived_unix)}"]
    groups = [_group(failure, notice) for failure in notice.failures]
    return "\r\n\r\n".join("\r\n".join(lines) for lines in (message, *groups)) + "\r\n"


def _group(failure: Failure, notice: Notice) -> list[str]:
    address = str(failure.forward_path)[1:-1]
    kind = "rfc822" if address.isascii() else "utf-8"  # RFC 6533 §3
    lines = [f"Final-Recipient: {kind}; {address}", "Action: failed", f"Status: {failure.status}"]
    if failure.remote_host:
        lines.append(f"Remote-MTA: dns; {printable(failure.remote_host)}")
    if failure.reply is not None:
        lines.append(f"Diagnostic-Code: smtp; {_words(failure)}")
    return [*lines, f"Last-Attempt-Date: {date_time(notice.now_unix)}"]


def _words(failure: Failure) -> str:
    # RFC 3464 §2.3.6 wants ASCII here, whatever the server said.
    shown = printable(str(failure.reply), limit=MAX_REPLY_CHARACTERS)
    return shown.encode("ascii", "replace").decode("ascii")


def _returned_header(original: bytes) -> bytes:
    header = original[:MAX_HEADER_OCTETS].partition(b"\r\n\r\n")[0]
    if len(header) == MAX_HEADER_OCTETS:
        header = header.rpartition(b"\r\n")[0]
    return header.removesuffix(b"\r\n") + b"\r\n"
