"""Four readers of mail, each made to decode every header field and every body, with its own ordinary calls."""

from __future__ import annotations

import email
import email.errors
import email.header
import email.message
import email.policy
from collections.abc import Callable
from typing import TypeAlias

import fast_mail_parser

from scop.mime import parse

__all__ = ["COMPAT32", "FAST_MAIL_PARSER", "OURS", "POLICY_DEFAULT", "READERS", "Reader"]

Reader: TypeAlias = Callable[[bytes], object]


def ours(octets: bytes) -> None:
    """Read by `parse(o).walk()`, `header.items()`, `text` or `content`."""
    for entity in parse(octets).walk():
        entity.header.items()
        if not entity.parts:
            _ = entity.text if entity.content_type.maintype == "text" else entity.content


def compat32(octets: bytes) -> None:
    """Read by `message_from_bytes(o).walk()`; `decode_header` at "=?"; `get_payload(decode=True)` and its charset."""
    for part in email.message_from_bytes(octets).walk():
        for value in part.values():
            if "=?" in (text := str(value)):
                str(email.header.make_header(email.header.decode_header(text)))
        if not part.is_multipart():
            _decode_payload(part)


def _decode_payload(part: email.message.Message) -> None:
    payload = part.get_payload(decode=True)
    if part.get_content_maintype() == "text" and isinstance(payload, bytes):
        try:
            payload.decode(part.get_content_charset("ascii"), "replace")
        except LookupError:
            payload.decode("latin-1")


def policy_default(octets: bytes) -> None:
    """Read by `message_from_bytes(o, policy=default).walk()`, `str` of each value; `get_content()`."""
    for part in email.message_from_bytes(octets, policy=email.policy.default).walk():
        for value in part.values():
            str(value)
        if not part.is_multipart():
            try:
                part.get_content()
            except LookupError:  # a charset that Python does not know, or a type that it has no reader for
                part.get_payload(decode=True)


def rust(octets: bytes) -> None:
    """Read by `parse_email(o)`; `headers`, `subject`, `text_plain`, `text_html`, each attachment's `content`."""
    mail = fast_mail_parser.parse_email(octets)
    _ = mail.headers, mail.subject, mail.text_plain, mail.text_html
    for attachment in mail.attachments:
        _ = attachment.content


OURS, COMPAT32, POLICY_DEFAULT = "scop.mime", "email, compat32", "email, policy.default"
FAST_MAIL_PARSER = "fast-mail-parser"
READERS: dict[str, Reader] = {
    OURS: ours,
    COMPAT32: compat32,
    POLICY_DEFAULT: policy_default,
    FAST_MAIL_PARSER: rust,
}
