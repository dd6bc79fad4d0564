"""What a domain has to publish so that its own mail passes: for the owner of a policy, not for who receives.

The policy that is there is kept, and the addresses are named at its beginning, where the first match decides.

Standards: RFC 7208 §3.2 (one record), §4.6.2 (the first match), §5.6 (ip4 and ip6).
"""

from __future__ import annotations

from collections.abc import Sequence

from scop.base import Check, RemoteProtocolError, a_labels
from scop.dns import TXT, Answer, Question
from scop.spf.address import Address
from scop.spf.record import is_spf, parse_record

__all__ = ["policy_for"]

_REST = "-all"  # of a policy made anew: nobody else sends for the domain


def policy_for(domain: str, addresses: Sequence[str]) -> Check[Question, Answer, str]:
    """Return the text of the one TXT record with which mail of `domain` from `addresses` passes.

    Raises a `ValueError` where an address or the domain is none.
    """
    terms = [_mechanism(Address.parse(address).unmapped()) for address in addresses]
    answer = yield Question(a_labels(domain), "TXT")
    texts = [record.joined for record in answer.records if isinstance(record, TXT)]
    kept = _kept([text for text in texts if is_spf(text)])
    return " ".join(("v=spf1", *terms, *(term for term in kept if term not in terms)))


def _mechanism(address: Address) -> str:
    return f"ip{address.version}:{address}"


def _kept(policies: list[bytes]) -> list[str]:
    """Return the terms that go on to hold of what is published: of two policies, or of a broken one, nothing counts."""
    if len(policies) != 1:
        return [_REST]
    try:
        parse_record(policies[0])
    except RemoteProtocolError:
        return [_REST]
    return policies[0].decode("ascii").split()[1:] or [_REST]
