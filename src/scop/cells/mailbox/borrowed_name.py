"""Whether a stranger's mail bears our own name as its author's: forwarded, it would be proved to be ours.

What goes on leaves from our address, under a sender of ours (SRS), or a bounce on its way home from our mail host. SPF
passes there for our domain, and with our domain in From that is all that DMARC asks for. A policy of `reject` ends such
a mail at the verifier; under a weaker one it lies here as what it is, and must not become more by leaving.

Standards: RFC 8601 §2.7.3 (dmarc), RFC 9989 §9.1 (header.from), §4.4 (alignment with the domain that SPF proves).
"""

from __future__ import annotations

from scop.authres import parse
from scop.smtp.stamps import told_results

__all__ = ["borrows_our_name"]

_VOUCHED = ("trusted_forwarder:", "local_policy:")  # whom the owner's own rules believe (RFC 9990 has the words)


def borrows_our_name(octets: bytes, hostname: str, domain: str) -> bool:
    """Say whether the author of a mail from the verifier is one of ours, and not proved to be."""
    try:
        found = parse(told_results(octets, hostname))
    except ValueError:  # nobody has looked, as where this cell stands alone
        return False
    judged = next((one for one in found.results if one.method == "dmarc"), None)
    if judged is None or judged.result == "pass" or judged.reason.startswith(_VOUCHED):
        return False
    author = judged.properties.get("header.from", "")
    # Stricter than RFC 9989: of several authors, or none, nobody knows whom a reader is shown.
    return not author or _are_related(author, domain)


def _are_related(one: str, other: str) -> bool:
    """Say whether one is the other, or below it: as far as relaxed alignment goes without asking the DNS."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
