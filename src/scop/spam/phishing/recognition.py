"""From the evidence of a mail to what is suspicious about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from scop.base import a_labels
from scop.mime import Address
from scop.spam.evidence.hosts import registered_domain
from scop.spam.evidence.values import Evidence
from scop.spam.phishing.acquaintances import Acquaintances, domain_of, name_of
from scop.spam.phishing.houses import house_named
from scop.spam.phishing.links import hosts_of, misleading_links, target_host
from scop.spam.phishing.money import changes_bank_details
from scop.spam.phishing.suspicion import Suspicion, Trick, shown

__all__ = ["suspicions_of"]

MAX_SUSPICIONS = 8  # of one mail, of each kind at most MAX_OF_A_KIND
MAX_OF_A_KIND = 3

_DOMAIN_IN_NAME = re.compile(r"(?<![\w-])((?:[\w-]{1,63}\.){1,8}[a-z][\w-]{1,62})", re.IGNORECASE)


def suspicions_of(evidence: Evidence, acquaintances: Acquaintances) -> tuple[Suspicion, ...]:
    """Return what looks like phishing in a mail, the gravest first."""
    found: list[Suspicion] = []
    for look in (_look_alikes, _people, _links, _forms, _bank_details, _replies):
        found += islice(look(evidence, acquaintances), MAX_OF_A_KIND)
    return tuple(found[:MAX_SUSPICIONS])


def _look_alikes(evidence: Evidence, acquaintances: Acquaintances) -> Iterator[Suspicion]:
    told: set[str] = set()
    for place, host in _hosts(evidence):
        domain = registered_domain(host)
        known = "" if domain in told else acquaintances.imitated_by(host)
        if known:
            told.add(domain)
            ours = "our own " if known in acquaintances.own_domains else ""
            yield Suspicion(Trick.LOOK_ALIKE, place, f"“{shown(host)}” looks like {ours}{shown(known)} and is not.")


def _hosts(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield where a host stands, and the host."""
    for place, address in (("From", evidence.author), ("Reply-To", evidence.reply_to)):
        if address is not None and address.domain:
            yield place, a_labels(address.domain.rstrip("."))
    for host, place in hosts_of(evidence).items():
        yield place, host


def _people(evidence: Evidence, acquaintances: Acquaintances) -> Iterator[Suspicion]:
    """Look at the name that the sender goes by, which is all that many readers are shown."""
    author = evidence.author
    if author is None or acquaintances.is_ours(author) or not author.display_name:
        return
    from_outside = f"but the mail comes from {_spec(author)}."
    named = _DOMAIN_IN_NAME.search(author.display_name) if "." in author.display_name else None
    domain = registered_domain(a_labels(named[1])) if named else ""
    if domain and domain != domain_of(author) and acquaintances.is_guarded(domain):
        trick = Trick.OUR_PERSON if domain in acquaintances.own_domains else Trick.LOOK_ALIKE
        yield Suspicion(trick, "From", f"The sender's name shows {shown(domain)}, {from_outside}")
    elif acquaintances.knows_address(author):
        return
    elif acquaintances.is_name_of_ours(name_of(author.display_name)):
        yield Suspicion(Trick.OUR_PERSON, "From", f"{shown(author.display_name)} is one of our people, {from_outside}")
    elif house := house_named(author.display_name, domain_of(author), acquaintances.own_domains):
        ours = " ours" if house in acquaintances.own_domains else f" {shown(house)}"
        yield Suspicion(
            Trick.OUR_PERSON if house in acquaintances.own_domains else Trick.LOOK_ALIKE,
            "From",
            f"The sender goes by the name “{shown(author.display_name)}” as if it were{ours}, {from_outside}",
        )


def _links(evidence: Evidence, acquaintances: Acquaintances) -> Iterator[Suspicion]:
    comes_from = domain_of(evidence.author) if evidence.author else ""
    for link in misleading_links(evidence.links):
        # A sender that shows its own address and counts who follows it deceives nobody; one that is worth imitating
        # may not be the sender at all.
        is_its_own = link.reads == comes_from and not acquaintances.is_guarded(link.reads)
        if not is_its_own and not acquaintances.knows_redirection(link.reads, link.leads):
            reason = f"A link that reads as {shown(link.reads)} leads to {shown(link.host)}."
            yield Suspicion(Trick.LINK_TARGET, "link", reason)


def _forms(evidence: Evidence, _acquaintances: Acquaintances) -> Iterator[Suspicion]:
    for form in evidence.forms:
        if form.asks_password:
            where = target_host(form.action)
            to = f" and sends it to {shown(where)}" if where else ""
            yield Suspicion(Trick.CREDENTIAL_FORM, "form", f"A form in this mail asks for a password{to}.")


def _bank_details(evidence: Evidence, acquaintances: Acquaintances) -> Iterator[Suspicion]:
    author = evidence.author
    if author is None or acquaintances.knows_address(author) or acquaintances.is_ours(author):
        return
    if changes_bank_details(f"{evidence.subject}\n{evidence.text}"):
        stranger = "" if acquaintances.is_empty else ", and its sender never wrote to us before"
        yield Suspicion(
            Trick.BANK_DETAILS,
            "text",
            f"This mail speaks of changed bank details{stranger}. Ask by telephone before you pay.",
        )


def _replies(evidence: Evidence, acquaintances: Acquaintances) -> Iterator[Suspicion]:
    author, reply_to = evidence.author, evidence.reply_to
    if author is None or reply_to is None:
        return
    comes_from, goes_to = domain_of(author), domain_of(reply_to)
    # A list has its own address in Reply-To, and was written to.
    expected = {comes_from, *map(domain_of, evidence.recipients)}
    if not comes_from or not goes_to or goes_to in expected or acquaintances.knows_domain(goes_to):
        return
    reason = f"It says that it comes from {shown(comes_from)}, but an answer would go to {_spec(reply_to)}."
    yield Suspicion(Trick.REPLY_ELSEWHERE, "Reply-To", reason)


def _spec(address: Address) -> str:
    return shown(address.addr_spec)
