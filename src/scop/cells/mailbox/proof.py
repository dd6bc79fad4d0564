"""Whether the reverse path of a mail is its sender's, by what the verifier found: only then is it told of success.

A forged one belongs to a stranger, who would get a notice of a mail that he never sent.

Standards: RFC 8601 §2.7.2 (smtp.mailfrom), RFC 9989 §9.1 (header.from), RFC 3461 §9.1 (forged addresses).
"""

from __future__ import annotations

from scop.authres import MethodResult, parse
from scop.smtp import Mailbox
from scop.smtp.stamps import told_results

__all__ = ["is_proved"]

# By which property a method names the domain that it proves
_PROVERS = {"spf": "smtp.mailfrom", "dmarc": "header.from"}


def is_proved(sender: Mailbox, octets: bytes, hostname: str) -> bool:
    """Say whether SPF or DMARC passed for the very domain of `sender`, by our stamps on a mail from the verifier."""
    try:
        found = parse(told_results(octets, hostname))
    except ValueError:  # there is no such stamp
        return False
    return any(_proves(one, sender.domain_key) for one in found.results)


def _proves(one: MethodResult, domain: str) -> bool:
    return one.result == "pass" and one.properties.get(_PROVERS.get(one.method, ""), "") == domain
