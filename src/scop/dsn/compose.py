"""The notice itself: a text for people, a report for programs, and the mail it is about, or its header.

The whole mail goes back only to a sender who asked for it and whose mail failed: a forged sender is not sent the
body of a stranger's mail.

Standards: RFC 6522 (multipart/report), RFC 3464 (delivery-status), RFC 6533 (the same in UTF-8),
RFC 3461 §4.3 and §6.3, RFC 3834 §5 (Auto-Submitted).
"""

from __future__ import annotations

import datetime

from scop.base import printable
from scop.dsn.notice import Action, Notice, RecipientReport, Returned
from scop.dsn.wording import replied_words, subject_of, text_of
from scop.mime import Address, NextHop, compose_chunks, parse
from scop.mime.encode import Draft
from scop.mime.next_hop import content_domain
from scop.mime.parts import part, text_part
from scop.mime.structures import report
from scop.smtp import ForwardPath
from scop.smtp.stamps import date_time

__all__ = ["compose_report"]

MAX_HEADER_OCTETS = 65_536  # of the original that are sent back
MAX_RETURNED_OCTETS = 1_048_576  # of the original that are sent back where the sender wants all of it
MAX_FIELD_CHARACTERS = 600  # of a name or an id from outside; a line of mail has 998 octets (RFC 5322 §2.1.1)


def compose_report(notice: Notice, original: bytes) -> bytes:
    """Return the whole mail; it is to be sent from the null reverse path, else two hosts could notify for ever."""
    header = _header_of(original)
    subject = parse(header).header.get("Subject") or ""
    next_hop = NextHop.SMTPUTF8 if notice.is_international else NextHop.ASCII
    returned, kind = _returned(notice, original, header, next_hop)
    content = report(
        "delivery-status",
        text_part(text_of(notice, subject, kind), next_hop=next_hop),
        _status(notice, next_hop),
        returned,
        seed=notice.ident,
    )
    eight_bit = any(value == "8bit" for _, value in content.fields) and next_hop is NextHop.ASCII
    return b"".join(
        compose_chunks(
            author=Address("Mail Delivery System", str(notice.author)),
            # An empty local part is lawful in an envelope (RFC 5321 §4.1.2), but many readers take it for none.
            to=Address("", str(notice.recipient)) if notice.recipient.local_part else (),
            subject=subject_of(notice, subject),
            date=datetime.datetime.fromtimestamp(int(notice.now_unix), datetime.UTC),
            message_id=f"{notice.ident}.report@{notice.reporting_host}",
            fields=[("Auto-Submitted", "auto-replied")],  # RFC 3834 §5
            content=content,
            next_hop=NextHop.EIGHT_BIT if eight_bit else next_hop,
        )
    )


def _returned(notice: Notice, original: bytes, header: bytes, next_hop: NextHop) -> tuple[Draft, Returned]:
    """Return the third part, and which it is."""
    # RFC 3461 §4.3: RET=FULL is for what failed; a large mail is not sent twice.
    wanted = notice.returned is Returned.FULL and notice.action is Action.FAILED
    if wanted and len(original) <= MAX_RETURNED_OCTETS:
        if not header.isascii():  # RFC 6533 §4: a mail with UTF-8 in its header, encoded where the way needs that
            return part("message/global", original, next_hop=next_hop, description="Your mail"), Returned.FULL
        if content_domain(original) != "binary":  # else it could not stand here unchanged (RFC 2045 §6.4)
            carrier = NextHop.EIGHT_BIT if next_hop is NextHop.ASCII else next_hop
            return part("message/rfc822", original, next_hop=carrier, description="Your mail"), Returned.FULL
    media = "text/rfc822-headers" if header.isascii() else "message/global-headers"
    return part(media, header, next_hop=next_hop, description="Header of your mail"), Returned.HDRS


def _status(notice: Notice, next_hop: NextHop) -> Draft:
    # RFC 3464 §2.2: fields about the message, then a group of fields for each recipient (§2.3)
    message = [f"Reporting-MTA: dns; {notice.reporting_host}"]
    if notice.envelope_id:
        message.insert(0, f"Original-Envelope-Id: {_ascii(notice.envelope_id)}")  # RFC 3464 §2.2.1: ENVID, decoded
    message.append(f"Arrival-Date: {date_time(notice.arrived_unix)}")
    groups = [_group(each, notice) for each in notice.reports]
    octets = ("\r\n\r\n".join("\r\n".join(lines) for lines in (message, *groups)) + "\r\n").encode("utf-8")
    media = "message/delivery-status" if octets.isascii() else "message/global-delivery-status"  # RFC 6533 §3
    return part(media, octets, next_hop=next_hop, description="Report for programs")


def _group(each: RecipientReport, notice: Notice) -> list[str]:
    lines = [f"Original-Recipient: {_typed(each.original_recipient)}"] if each.original_recipient else []
    lines += [
        f"Final-Recipient: {_final(each.forward_path)}",
        f"Action: {each.action}",
        f"Status: {each.status}",
    ]
    if each.remote_host:
        lines.append(f"Remote-MTA: dns; {_ascii(each.remote_host)}")
    if each.reply is not None:
        lines.append(f"Diagnostic-Code: smtp; {replied_words(each)}")
    lines.append(f"Last-Attempt-Date: {date_time(notice.now_unix)}")
    if each.will_retry_until_unix is not None:
        lines.append(f"Will-Retry-Until: {date_time(each.will_retry_until_unix)}")
    return lines


def _final(path: ForwardPath) -> str:
    address = str(path)[1:-1]
    return f"{'rfc822' if address.isascii() else 'utf-8'}; {address}"  # RFC 6533 §3


def _typed(original_recipient: str) -> str:
    """Return ORCPT as the field has it: a type, and the address on one line (RFC 3464 §2.3.1)."""
    kind, _, address = original_recipient.partition(";")
    shown = printable(address.strip(), limit=MAX_FIELD_CHARACTERS)
    if not shown.isascii():
        kind = "utf-8"
    return f"{_ascii(kind.strip())}; {shown}"


def _ascii(text: str) -> str:
    return printable(text, limit=MAX_FIELD_CHARACTERS).encode("ascii", "backslashreplace").decode("ascii")


def _header_of(original: bytes) -> bytes:
    header = original[:MAX_HEADER_OCTETS].partition(b"\r\n\r\n")[0]
    if len(header) == MAX_HEADER_OCTETS:
        header = header.rpartition(b"\r\n")[0]
    return header.removesuffix(b"\r\n") + b"\r\n"
