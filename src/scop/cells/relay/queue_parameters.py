"""What the extensions said with MAIL and RCPT, as the queue keeps it: JSON objects without what was not said.

Standards: RFC 3461 (DSN), RFC 8689 (REQUIRETLS), RFC 2852 (DELIVERBY), RFC 4865 (FUTURERELEASE), RFC 6710
(MT-PRIORITY), RFC 6531 (SMTPUTF8).
"""

from __future__ import annotations

import msgspec

from scop.smtp import ForwardPath, Mail, Mailbox, Recipient, ReversePath
from scop.smtp.delivery import DeliverBy, Hold

__all__ = ["mail_of", "mail_parameters", "recipient_of", "recipient_parameters"]


class _MailParameters(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of `Mail`: neither its size nor whether it is 8-bit text, which its octets tell."""

    smtputf8: bool = False
    ret: str = ""
    envid: str = ""
    require_tls: bool = False
    deliver_by: tuple[int, str, bool] | None = None
    hold_until_unix: float | None = None
    priority: int | None = None
    extra: tuple[tuple[str, str | None], ...] = ()
    auth: str = ""


class _RecipientParameters(msgspec.Struct, frozen=True, omit_defaults=True):
    notify: tuple[str, ...] = ()
    original_recipient: str = ""
    extra: tuple[tuple[str, str | None], ...] = ()


_NOTHING = "{}"
_PLAIN_RECIPIENT = _RecipientParameters()
_encode = msgspec.json.Encoder().encode
_decode_mail = msgspec.json.Decoder(_MailParameters).decode
_decode_recipient = msgspec.json.Decoder(_RecipientParameters).decode


def mail_parameters(mail: Mail) -> str:
    """Write what came with MAIL."""
    by, hold = mail.deliver_by, mail.hold
    return _encode(
        _MailParameters(
            smtputf8=mail.smtputf8,
            ret=mail.ret,
            envid=mail.envid,
            require_tls=mail.require_tls,
            deliver_by=None if by is None else (by.seconds, by.mode, by.trace),
            hold_until_unix=None if hold is None else hold.until_unix,
            priority=mail.priority,
            extra=mail.extra,
            auth=str(mail.auth or ""),
        )
    ).decode()


def mail_of(reverse_path: str, text: str) -> Mail:
    """Read it back."""
    kept = _decode_mail(text)
    return Mail(
        ReversePath.parse(reverse_path),
        smtputf8=kept.smtputf8,
        ret=kept.ret,
        envid=kept.envid,
        require_tls=kept.require_tls,
        deliver_by=None if kept.deliver_by is None else DeliverBy(*kept.deliver_by),
        hold=None if kept.hold_until_unix is None else Hold(until_unix=kept.hold_until_unix),
        priority=kept.priority,
        extra=kept.extra,
        auth=Mailbox.parse(kept.auth) if kept.auth else None,
    )


def recipient_parameters(recipient: Recipient) -> str:
    """Write what came with RCPT."""
    return _encode(
        _RecipientParameters(tuple(sorted(recipient.notify)), recipient.original_recipient, recipient.extra)
    ).decode()


def recipient_of(forward_path: str, text: str) -> Recipient:
    """Read it back."""
    kept = _PLAIN_RECIPIENT if text == _NOTHING else _decode_recipient(text)
    return Recipient(ForwardPath.parse(forward_path), frozenset(kept.notify), kept.original_recipient, kept.extra)
