"""Policy discovery: which record applies to an author domain, and what it asks to be done.

Standards: RFC 9989 §4.10.1 (policy discovery), §4.7 (p, sp, np), §3.2.13 (names that do not exist).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scop.base import Check, a_labels
from scop.dmarc.record import Policy
from scop.dmarc.result import Disposition
from scop.dmarc.tree_walk import Asking, Found, NoAnswer, TreeWalk, organizational_domain
from scop.dns import Answer, Question, Rcode

__all__ = ["Discovery", "discover", "find_policy", "requested_by", "seek_policies"]


@dataclass(frozen=True, slots=True)
class Discovery:
    """What the DNS says about mail in the name of one domain.

    `records` are those that the walk found, from the longest name to the shortest; `requested` is what the one that
    applies asks for mail that fails, and `applied` is that after test mode. `fault` says why nothing can be said.
    """

    author_domain: str
    records: Found = ()
    organization: str = ""
    policy_domain: str = ""
    published: Policy | None = None
    requested: Disposition = Disposition.NONE
    applied: Disposition = Disposition.NONE
    fault: str = ""


def discover(author_domain: str) -> Check[Question, Answer, Discovery]:
    """Return which policy applies to mail from `author_domain`, and how it was found."""
    domain = a_labels(author_domain.removesuffix("."))
    walk = TreeWalk()
    try:
        records = yield from walk.records_above(domain)
        organization = organizational_domain(domain, records)
        published = yield from find_policy(walk, domain)
        if published is None or not published[1].usable:
            return Discovery(domain, records, organization)
        policy_domain, policy = published
        requested = yield from requested_by(policy, policy_domain, domain)
    except NoAnswer as fault:
        return Discovery(domain, fault=str(fault))
    return Discovery(domain, records, organization, policy_domain, policy, requested, policy.applied(requested))


def find_policy(walk: TreeWalk, domain: str) -> Asking[tuple[str, Policy] | None]:
    """Find the record that applies, and where it was published."""
    # RFC 9989 §4.10.1: the author domain, its organizational domain, its public suffix domain
    own = yield from walk.record_at(domain)
    if own is not None:
        return domain, own
    found = yield from walk.records_above(domain)
    published = dict(found)
    organization = organizational_domain(domain, found)
    if organization in published:
        return organization, published[organization]
    return found[-1] if found and found[-1][1].public_suffix == "y" else None


def seek_policies(domains: Iterable[str]) -> Asking[None]:
    """Ask what an evaluation of author domains will ask, for whoever remembers the answers until then."""
    for domain in domains:
        try:
            yield from TreeWalk().records_above(domain)
        except NoAnswer:
            continue


def requested_by(policy: Policy, policy_domain: str, domain: str) -> Asking[Disposition]:
    """Return what the record at `policy_domain` asks for mail from `domain`."""
    # RFC 9989 §4.10.1
    if policy_domain == domain:
        return policy.own
    if policy.nonexistent is None:
        return policy.for_subdomain(exists=True)
    # RFC 9989 §3.2.13: NXDOMAIN, whatever the type, means that the name does not exist
    answer = yield Question(domain, "A")
    if answer.is_temporary:
        raise NoAnswer(f"no answer for {domain} A")
    return policy.for_subdomain(exists=answer.rcode is not Rcode.NXDOMAIN)
