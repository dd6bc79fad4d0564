"""The firewall: who is let in, who waits, who is refused; from what is known and from what an operator says.

Theory of operation. Deeds are counted; a deed that carries a subject over the limit makes an entry that shuts the door
to it for a while. What is allowed, by configuration or by an operator, is never shut out or delayed, whatever is known;
our own networks are never even counted. When an entry has ended the subject is let in again, but what is known of it
has not gone: it waits for its greeting, and its next offence shuts the door at once.

Standards: RFC 5321 §7.8 (a server may refuse whom it likes).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from scop.base.sources import Networks, Sources
from scop.reputation.counts import Reputation, Row
from scop.reputation.deeds import Deed
from scop.reputation.entries import MAX_ORDERED, Action, Cause, Entries, Entry
from scop.reputation.rules import Rules, Standing
from scop.reputation.subjects import Party, SubjectKind, is_domain, kind_of, network_of

__all__ = ["Firewall", "FirewallOptions", "Verdict"]

LONGEST_SECONDS = 366 * 86_400.0  # a year: what shall stand for longer is for good, and said so
WIDEST = {4: 8, 6: 16}  # prefix of the largest network that may be shut out: a slip shuts out no continent

_CAUSES = {Deed.FORGERY: Cause.FORGERY, Deed.MALWARE: Cause.MALWARE, Deed.SPAM: Cause.SPAM}


@dataclass(frozen=True, slots=True)
class FirewallOptions:
    """What is configured."""

    ban_seconds: float = 3600.0
    allow: tuple[str, ...] = ()  # networks
    own_networks: tuple[str, ...] = ()
    rules: Rules = field(default_factory=Rules)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a client is met; `entry` is what refuses it, or what allows it."""

    standing: Standing
    entry: Entry | None = None
    is_allowed: bool = False  # whatever else is known


_WELCOME, _ALLOWED = Verdict(Standing.WELCOME), Verdict(Standing.WELCOME, is_allowed=True)
_DELAYED = Verdict(Standing.DELAY)


class Firewall:
    """Counts and decides; the time is told with each question, as seconds since 1970."""

    def __init__(self, options: FirewallOptions | None = None) -> None:
        self.options = options or FirewallOptions()
        self.reputation = Reputation(self.options.rules)
        self.entries = Entries()
        self.sources = Sources(self.options.own_networks)
        self._is_allowed = Networks(self.options.allow)
        self._allowed = tuple(map(network_of, (*self.options.allow, *self.options.own_networks)))

    def verdict(self, address: str, now_unix: float) -> Verdict:
        """Return how the client at an address is met."""
        source = self.sources.of(address)
        if source is None or self._is_allowed(address):
            return _ALLOWED
        allowing = self.entries.find(Action.ALLOW, address, source, now_unix)
        if allowing is not None:
            return Verdict(Standing.WELCOME, allowing, is_allowed=True)
        blocking = self.entries.find(Action.BLOCK, address, source, now_unix)
        if blocking is not None:
            return Verdict(Standing.REFUSE, blocking)
        if self.reputation.standing(Party(source.host, source.network), now_unix) is Standing.WELCOME:
            return _WELCOME
        return _DELAYED

    def note(self, deed: Deed, address: str, domain: str, now_unix: float) -> tuple[Entry, ...]:
        """Count a deed; return the entries that it made.

        An unknown address counts for the domain only. A domain that is no name of a host is written by the sender of a
        mail to be in the way of whoever keeps or lists it: it does not count.
        """
        source = self.sources.of(address) if address else None
        if address and source is None:  # our own, or no address of the Internet
            return ()
        domain = domain if is_domain(domain) else ""
        party = Party(domain=domain) if source is None else Party(source.host, source.network, domain)
        offenders = self.reputation.note(deed, party, now_unix)
        made = (self._shut_out(row, deed, address, now_unix) for row in offenders)
        return tuple(entry for entry in made if entry is not None)

    def ban(self, subject: str, cause: Cause, reason: str, now_unix: float) -> Entry | None:
        """Shut the door to a subject for the usual time; None where an operator has said otherwise."""
        until = now_unix + self.options.ban_seconds
        entry = Entry(subject, Action.BLOCK, cause, now_unix, until, reason)
        return entry if self.entries.put(entry) else None

    def order(self, entry: Entry) -> None:
        """Do as an operator says, in the place of what was said before; raises `ValueError` that people understand."""
        network = network_of(entry.subject)
        if network is None:
            raise ValueError(f"{entry.subject} is a domain: addresses and networks are let in or not")
        if entry.seconds is not None and not 0 < entry.seconds <= LONGEST_SECONDS:
            raise ValueError(
                "an entry lasts more than nothing and at most a year; leave the time out for one that stays"
            )
        if entry.action is Action.BLOCK:
            self._check_block(entry.subject)
        self.entries.withdraw_other(entry)
        if not self.entries.put(entry):
            raise ValueError(f"there are {MAX_ORDERED} entries of operators already; remove some")

    def _check_block(self, subject: str) -> None:
        network = network_of(subject)
        assert network is not None
        if network.prefixlen < WIDEST[network.version]:
            raise ValueError(
                f"{subject} is too much of the Internet; the largest that can be shut out is "
                f"a /{WIDEST[network.version]}"
            )
        for own in map(network_of, self.options.own_networks):
            if own is not None and own.version == network.version and own.overlaps(network):
                raise ValueError(f"{subject} has addresses of our own network {own}")

    def _shut_out(self, row: Row, deed: Deed, address: str, now_unix: float) -> Entry | None:
        if address and self.is_exempt(address, row.subject, now_unix):
            return None
        return self.ban(row.subject, _CAUSES[deed], row.finding.sentence, now_unix)

    def is_exempt(self, address: str, subject: str, now_unix: float) -> bool:
        """Say whether the client is allowed, so that neither it nor its network is shut out for what it did."""
        if kind_of(subject) is SubjectKind.DOMAIN:
            return False
        return self._holds_allowed(subject, now_unix) or self.verdict(address, now_unix).is_allowed

    def _holds_allowed(self, subject: str, now_unix: float) -> bool:
        """Say whether a network has addresses that are allowed: then it is not shut out as a whole."""
        network = network_of(subject)
        if network is None:
            return False
        ordered = (e.subject for e in self.entries.holding(now_unix) if e.action is Action.ALLOW)
        allowed = (*self._allowed, *map(network_of, ordered))
        return any(each is not None and each.version == network.version and each.overlaps(network) for each in allowed)
