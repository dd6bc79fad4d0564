"""Which addresses an account's mail may be forwarded to.

Standards: RFC 5321 §3.9.1 (aliases and forwarding).
"""

from __future__ import annotations

from scop.base import printable
from scop.cells.keeper.account import Account
from scop.cells.keeper.directory import Directory
from scop.smtp import Mailbox

__all__ = ["checked_forward"]


def checked_forward(address: str, account: Account, directory: Directory) -> str:
    """Return the address in its normal form; raises `ValueError` where mail would not get there."""
    try:
        mailbox = Mailbox.parse(address)
    except ValueError as fault:
        raise ValueError(f"{printable(address)}: {fault}") from None
    if "." not in mailbox.domain and not mailbox.domain.startswith("["):  # RFC 5321 §2.3.5: fully qualified
        raise ValueError(f"{mailbox}: write the whole domain, such as example.org")
    if directory.owner(address) == account:
        raise ValueError(f"{mailbox} is an address of {account.name} itself")
    return str(mailbox)
