"""What `scop smtp send` hands over: the octets of a mail as they go on the wire, and the envelope around them.

Where no sender or recipient is named they come from the mail's header. A mail that was sent on (Resent- fields) goes
where its newest block of them says. Bcc is read for the envelope and never sent.

Standards: RFC 5322 §3.6.2, §3.6.3 and §3.6.6 (originators, destinations, resent fields); RFC 6532 §3 (UTF-8 headers);
RFC 3461 §4 (DSN); RFC 3030 §3 (BINARYMIME).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from scop.cli.mail_files import MailFile, on_the_wire
from scop.mime import Address, Group, Message, parse, parse_addresses
from scop.mime.edit import remove_field
from scop.mime.header import split_header
from scop.smtp import Envelope, ForwardPath, Mail, Recipient, ReversePath
from scop.smtp.data import is_strict

__all__ = ["Letter", "Unsendable", "Wishes", "forward_path", "letter_of", "reverse_path"]


class Unsendable(ValueError):
    """A mail that lacks what an envelope needs; the message names the fix."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What holds for all mails of one run; `mail` bears the parameters, its reverse path counts if `sender` is set."""

    mail: Mail
    sender: ReversePath | None
    recipients: tuple[Recipient, ...]
    notify: frozenset[str]


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail with its envelope."""

    name: str
    envelope: Envelope
    octets: bytes


def letter_of(file: MailFile, wishes: Wishes) -> Letter:
    """Return the mail of a file as it is sent; raises `Unsendable`."""
    if not file.octets.strip():  # whatever was to write it into our pipe has failed
        raise Unsendable("is empty; nothing is sent")
    message = parse(file.octets)
    sender = wishes.sender or _sender(message)
    recipients = wishes.recipients or tuple(_recipients(message, wishes.notify))
    octets = on_the_wire(_without_bcc(file.octets))
    mail = replace(wishes.mail, reverse_path=sender, body=_body(octets), smtputf8=_has_utf8_header(octets))
    return Letter(file.name, Envelope(mail, recipients), octets)


def reverse_path(text: str) -> ReversePath:
    """Read an address, or nothing or `<>` for the null path; raises `ValueError`."""
    return ReversePath.parse(f"<{text.removeprefix('<').removesuffix('>')}>")


def forward_path(text: str) -> ForwardPath:
    """Read an address; raises `ValueError`."""
    return ForwardPath.parse(f"<{text.removeprefix('<').removesuffix('>')}>")


def _sender(message: Message) -> ReversePath:
    """Return whom the header names as the one who sends: RFC 5322 §3.6.2 and §3.6.6, Sender before From."""
    names = ("Resent-Sender", "Resent-From") if _is_resent(message) else ("Sender", "From")
    for name in names:
        found = _addresses(message, (name,))
        if found:
            try:
                return reverse_path(found[0])
            except ValueError as fault:
                raise Unsendable(f"{name} names {found[0]}: {fault}; name the sender with --from") from None
    raise Unsendable(f"its header has no {' or '.join(reversed(names))}; name the sender with --from")


def _recipients(message: Message, notify: frozenset[str]) -> Iterator[Recipient]:
    prefix = "Resent-" if _is_resent(message) else ""
    names = [f"{prefix}{name}" for name in ("To", "Cc", "Bcc")]
    found = dict.fromkeys(_addresses(message, names))
    if not found:
        raise Unsendable(f"its header names nobody in {', '.join(names)}; name the recipients with --to")
    for address in found:
        try:
            yield Recipient(forward_path(address), notify)
        except ValueError as fault:
            raise Unsendable(f"its header names {address}: {fault}; name the recipients with --to") from None


def _is_resent(message: Message) -> bool:
    return any(message.header.all(f"Resent-{name}") for name in ("To", "Cc", "Bcc"))


def _addresses(message: Message, names: Iterable[str]) -> list[str]:
    """Return the addresses in the fields of these names, as they stand."""
    found: list[str] = []
    for name in names:
        fields = message.header.all(name)
        if name.startswith("Resent-"):  # RFC 5322 §3.6.6: the newest block stands above the others
            fields = fields[:1]
        found += [each.addr_spec for field in fields for each in _flat(parse_addresses(field.unfolded))]
    return found


def _flat(listed: Sequence[Address | Group]) -> Iterator[Address]:
    for each in listed:
        if isinstance(each, Group):
            yield from each.members
        else:
            yield each


def _without_bcc(octets: bytes) -> bytes:
    for name in ("Bcc", "Resent-Bcc"):
        while True:
            try:
                octets = remove_field(octets, name)
            except LookupError:
                break
    return octets


def _body(octets: bytes) -> str:
    if not is_strict(octets):
        return "BINARYMIME"  # the only way in which such octets may go
    return "" if octets.isascii() else "8BITMIME"


def _has_utf8_header(octets: bytes) -> bool:
    header = split_header(octets)[0]
    if header.isascii():
        return False
    try:
        header.decode("utf-8")
    except UnicodeDecodeError:  # octets of an old charset, which no extension makes lawful
        return False
    return True
