"""Field values beyond ASCII as values that an ASCII header can state, where there are such.

Text needs nothing here: it is written as encoded words, parameters as RFC 2231 says. Domains have A-labels.
Local parts and message identifiers have no other form.

Standards: RFC 6531 §3.2, RFC 5890 (A-labels), RFC 5321 §4.4 (what a Received field may leave out).
"""

from __future__ import annotations

from dataclasses import replace

from scop.mime.fields import FieldValue
from scop.mime.fields.addresses import Address, Group
from scop.mime.fields.domains import to_ascii
from scop.mime.fields.message_ids import MessageId
from scop.mime.fields.received import Clause, Received
from scop.mime.fields.return_path import ReturnPath

__all__ = ["mailbox_in_ascii", "value_in_ascii"]


def value_in_ascii(value: FieldValue) -> FieldValue:
    """Return what an ASCII header says for `value`; `ValueError` where it cannot be said."""
    if isinstance(value, tuple):
        return tuple([_member(one) for one in value])  # type: ignore[return-value]  # members stay of their kind
    if isinstance(value, ReturnPath):
        return ReturnPath(_spec(value.addr_spec))
    if isinstance(value, Received):
        clauses = [clause for one in value.clauses if (clause := _clause(one)) is not None]
        return replace(value, clauses=tuple(clauses))
    return value


def address_in_ascii(address: Address) -> Address:
    """Return `address` with its domain in A-labels; `ValueError` where its local part is not ASCII."""
    if address.addr_spec.isascii():
        return address
    if not address.local_part.isascii():
        raise ValueError(f"{address.addr_spec!r} has no form in ASCII")
    return Address(address.display_name, local_part=address.local_part, domain=to_ascii(address.domain))


def mailbox_in_ascii(one: Address | Group) -> Address | Group:
    """Return an address or a group of them, likewise."""
    if isinstance(one, Address):
        return address_in_ascii(one)
    return Group(one.display_name, tuple([address_in_ascii(member) for member in one.members]))


def _member(one: Address | Group | MessageId) -> Address | Group | MessageId:
    if not isinstance(one, MessageId):
        return mailbox_in_ascii(one)
    if not one.left.isascii():
        raise ValueError(f"{str(one)!r} has no form in ASCII")
    return one if one.right.isascii() else MessageId(one.left, to_ascii(one.right))


def _spec(addr_spec: str) -> str:
    return address_in_ascii(Address("", addr_spec)).addr_spec if addr_spec else ""


def _clause(clause: Clause) -> Clause | None:
    """Return a clause of Received in ASCII; None for one that has no such form, which a trace can do without."""
    if clause.value.isascii():
        return clause
    try:
        value = to_ascii(clause.value)
    except ValueError:
        return None
    return replace(clause, value=value) if value.isascii() else None
