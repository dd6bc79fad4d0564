"""Why a mail stays here although its owner has it go on: what may not leave from our address."""

from __future__ import annotations

from typing import NamedTuple

from scop.cells.mailbox.borrowed_name import borrows_our_name
from scop.cells.mailbox.foldering import Folder, folder_of
from scop.smtp import Reply, reply

__all__ = ["IS_SPAM", "LOOPS", "Kept", "why_a_strangers_mail_is_kept"]


class Kept(NamedTuple):
    """Why a mail does not go on, and what its sender is told where no copy is kept."""

    reason: str
    answer: Reply


LOOPS = Kept("it was forwarded by us before", reply(554, "5.4.6", "Forwarded in circles: this mail was here before"))
_BORROWS = Kept(
    "it bears our name without proof, and to leave from here would prove it",
    reply(550, "5.7.1", "This mail bears our name without proof, and is not sent on under it"),
)
_DANGEROUS = Kept(
    "it brings what is dangerous to open",
    reply(550, "5.7.1", "This mail brings what is dangerous to open, and is not sent on"),
)
IS_SPAM = "it looks like spam"  # which is not sent on in our name while it is kept


def why_a_strangers_mail_is_kept(octets: bytes, hostname: str, domain: str) -> Kept | None:
    """Return why a mail from the verifier may leave to nobody, None where it may."""
    if folder_of(octets, hostname) is Folder.QUARANTINE:
        return _DANGEROUS
    return _BORROWS if borrows_our_name(octets, hostname, domain) else None
