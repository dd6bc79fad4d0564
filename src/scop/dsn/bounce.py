"""The bounce itself: a text for people, a report for programs, and the header of the mail it is about.

Only the header goes back: enough to recognise the mail, and a forged sender is not sent the body of
a stranger's mail.

Standards: RFC 6522 (multipart/report), RFC 3464 (delivery-status), RFC 6533 (the same in UTF-8),
RFC 3834 §5 (Auto-Submitted).
"""

from __future__ import annotations

from scop.base import printable
from scop.dsn.notice import Failure, Notice
from scop.smtp.stamps import date_time

__all__ = ["compose_bounce"]

MAX_HEADER_OCTETS = 65_536  # of the original that are sent back
MAX_REPLY_CHARACTERS = 400  # of a server's words; a line of mail has 998 octets (RFC 5322 §2.1.1)


def compose_bounce(notice: Notice, original: bytes) -> bytes:
    """Return the whole mail; it is to be sent from the null reverse path, else two hosts could bounce for ever."""
    boundary = f"bounce-{notice.ident}"
    header = _returned_header(original)
    kinds = _kinds(notice, header)
    parts = (
        _part("text/plain; charset=utf-8", "", _text(notice).encode("utf-8")),
        _part(kinds[0], "", _report(notice).encode("utf-8")),
        _part(kinds[1], "Undelivered message header", header),
    )
    delimiter = f"--{boundary}\r\n".encode("ascii")
    body = b"".join(delimiter + part for part in parts) + f"--{boundary}--\r\n".encode("ascii")
    return _header(notice, boundary).encode("utf-8") + body


def _header(notice: Notice, boundary: str) -> str:
    return (
        f"From: Mail Delivery System <{notice.author}>\r\n"
        f"To: <{notice.recipient}>\r\n"
        "Subject: Your mail could not be delivered\r\n"
        f"Date: {date_time(notice.now_unix)}\r\n"
        f"Message-ID: <{notice.ident}.bounce@{notice.reporting_host}>\r\n"
        "Auto-Submitted: auto-replied\r\n"  # RFC 3834 §5
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status;\r\n"
        f'\tboundary="{boundary}"\r\n'
        "\r\n"
    )


def _kinds(notice: Notice, header: bytes) -> tuple[str, str]:
    # RFC 6533 §3 and §4: with UTF-8 in addresses or header the parts are the global ones
    status = "message/global-delivery-status" if notice.is_international else "message/delivery-status"
    return status, "text/rfc822-headers" if header.isascii() else "message/global-headers"


def _part(content_type: str, description: str, octets: bytes) -> bytes:
    lines = [f"Content-Type: {content_type}"]
    if description:
        lines.append(f"Content-Description: {description}")
    lines.append(f"Content-Transfer-Encoding: {'7bit' if octets.isascii() else '8bit'}")
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + octets + b"\r\n"


def _text(notice: Notice) -> str:
    lines = [
        f"This is the mail system at {notice.reporting_host}.",
        "",
        "Your mail could not be delivered to the recipients below. It will not be tried again.",
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
