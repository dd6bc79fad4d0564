"""What a forward is: the envelope and the octets that go on, and whether they went this way before.

The reverse path stays the sender's: the relay rewrites it (SRS) where it leaves our domain. The trace
fields stay too, with one `Delivered-To` above them, by which a mail that comes back is known.

Standards: RFC 3461 §5.2.7 (DSN parameters of what is forwarded); RFC 5321 §6.3 (loops); RFC 9228 (Delivered-To);
RFC 8617 §5.1 (what a seal of a forward says).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from scop.authres import remove_forged
from scop.smtp import Envelope, ForwardPath, Mail, Mailbox, Recipient
from scop.smtp.stamps import header_of, prepend, split_stamps

__all__ = [
    "Forward",
    "forwarded_envelope",
    "forwarded_octets",
    "passed_on_octets",
    "untold_of_success",
    "was_delivered_to",
]

_OWN_PREFIX = b"x-scop-"  # for our own cells only


@dataclass(frozen=True, slots=True)
class Forward:
    """One recipient's mail that goes on to other addresses; `accounts` have it here as well."""

    recipient: Recipient
    addresses: tuple[Mailbox, ...]
    accounts: tuple[str, ...] = ()

    @property
    def is_copy(self) -> bool:
        """Whether the mail is stored here as well."""
        return bool(self.accounts)

    @property
    def delivered_to(self) -> str:
        """The address by which the mail came to us, as `Delivered-To` bears it."""
        return str(self.recipient.forward_path.mailbox or "postmaster").lower()


def forwarded_envelope(mail: Mail, forward: Forward) -> Envelope:
    """Return the envelope under which a mail goes on."""
    recipients = tuple(_forwarded(forward, address) for address in forward.addresses)
    # It was held here long enough; and who handed it in to us has not handed in what somebody's address makes of it.
    return Envelope(replace(mail, hold=None, auth=None), recipients)


def _forwarded(forward: Forward, address: Mailbox) -> Recipient:
    came = forward.recipient
    return replace(
        came,
        forward_path=ForwardPath(address),
        notify=_without_success(came.notify) if forward.is_copy else came.notify,
        # RFC 3461 §5.2.7.1: the address that the sender knows is told along.
        original_recipient=came.original_recipient or _original(came.forward_path),
    )


def untold_of_success(forward: Forward) -> Forward:
    """Return a forward of which no host tells the sender that the mail was delivered or passed on."""
    recipient = forward.recipient
    return replace(forward, recipient=replace(recipient, notify=_without_success(recipient.notify)))


def _without_success(notify: frozenset[str]) -> frozenset[str]:
    """Return what is to be told but for success: of a copy that is told by us already."""
    return (notify - {"SUCCESS"} or frozenset({"NEVER"})) if notify else notify


def _original(path: ForwardPath) -> str:
    if path.mailbox is None:
        return ""
    return f"{'rfc822' if path.mailbox.is_ascii else 'utf-8'};{path.mailbox}"  # RFC 6533 §3


def passed_on_octets(octets: bytes, hostname: str) -> bytes:
    """Return a mail without what our cells told each other of it."""
    stamps, below = split_stamps(octets, hostname)
    return prepend(below, remove_forged(stamps, hostname, also=(_OWN_PREFIX,)))


def forwarded_octets(octets: bytes, hostname: str, forward: Forward, *, results: bytes = b"") -> bytes:
    """Return the mail that goes on; `results` go with it to the signer, who seals them by ARC."""
    delivered_to = f"Delivered-To: {forward.delivered_to}\r\n".encode()
    return prepend(passed_on_octets(octets, hostname), delivered_to, results)


def was_delivered_to(octets: bytes, forward: Forward) -> bool:
    """Say whether we forwarded this mail for this recipient already, so that it goes in circles."""
    # Searched, not parsed: a header of 25 MB may be six million fields.
    address = re.escape(forward.delivered_to.encode())
    field = rb"\n(?i:delivered-to)[ \t]*:(?:[ \t]*\r\n(?=[ \t]))?[ \t]*(?i:" + address + rb")[ \t]*(?:\r\n(?![ \t])|\Z)"
    return re.search(field, b"\n" + header_of(octets)) is not None
