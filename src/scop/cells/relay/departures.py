"""May this mail leave? The last look before a host of the world is called.

Two questions. The keeper says whether the account that handed the mail in may still send with its MAIL FROM: it may
have been closed, or lost an address, while the mail lay in the queue. And the mail is judged as its receiver will
judge it: SPF of the sender under which it leaves, with the address from which the world sees it come. Mail that
would not pass teaches every receiver to distrust us, so it is held, with the record that has to be published, until
the record is there.

What goes to our own cells is not asked about, nor what leaves through a smarthost: then the world sees another
address, and the smarthost knows whose mail it takes.

Standards: RFC 7208 §2.3 (notices have the HELO name only), §2.4, §10.1.3 (what senders owe); RFC 7372 (status codes).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from scop.base import Clock
from scop.cells.relay.hops import Hops
from scop.cells.relay.intake_forwards import Forwards
from scop.cells.relay.letters import Load
from scop.cells.relay.standing import Standings
from scop.cells.relay.verdict import Fate, Verdict
from scop.dns import AAAA, A, Question
from scop.dns.names import is_at_or_below
from scop.mesh.calls import Call
from scop.mesh.vocabulary.keeper import MaySendAs
from scop.net.dns_client import Names, drive
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.remembered_names import RememberedNames
from scop.spf import SpfResult, SpfWord, check_helo, check_mail_from, policy_for

__all__ = ["Ask", "DepartureOptions", "Departures", "Objection"]

R = TypeVar("R")

SPF_FAILED, NOT_AUTHORIZED = "4.7.23", "4.7.1"  # RFC 7372 §3.2; RFC 3463 §3.8
NO_ANSWER, OUR_FAULT = "4.4.3", "4.3.0"


class Ask(Protocol):
    """Puts a question to the keeper; raises `TemporaryFailure` or `PermanentFailure` where there is no answer."""

    async def __call__(self, question: Call[R], /) -> R:
        """Return the answer."""


@dataclass(frozen=True, slots=True)
class DepartureOptions:
    """Who we are to the world, and who is asked."""

    hostname: str  # our mail host, the name in HELO
    addresses: tuple[str, ...]  # from which the world sees our mail come; none: those of our mail host
    hops: Hops
    forwards: Forwards
    names: Names
    keeper: Ask
    clock: Clock


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a mail does not leave, and when to ask again."""

    verdict: Verdict
    until_unix: float


class Departures:
    """Looks at every load before it leaves; one for the relay's life."""

    def __init__(self, options: DepartureOptions) -> None:
        self._options = options
        self._look_anew()
        self._standings = Standings(options.clock, self._look_anew)

    async def objection(self, load: Load) -> Objection | None:
        """Return why a load may not leave now, None where it may."""
        options = self._options
        if options.hops.is_inside(load.destination) or options.hops.smarthost_for(load.destination):
            return None
        mailbox, account = load.mail.reverse_path.mailbox, load.mail.auth
        standings = []
        if account is not None and mailbox is not None:  # the null path is everybody's
            name, address = account.local_part, str(mailbox)
            ask = partial(self._may_send, name, address)
            standings.append(await self._standings.of(("account", name, address), ("account", name), ask))
        sender = options.forwards.identity(load.mail.reverse_path).mailbox
        judge = partial(self._would_pass, str(sender or ""))
        standings.append(await self._standings.of(("sender", str(sender or "")), ("sender", sender is None), judge))
        for each in standings:
            if each.objection is not None:
                wait_seconds = each.until - options.clock.monotonic()
                return Objection(each.objection, options.clock.unix() + max(0.0, wait_seconds))
        return None

    def forget(self) -> None:
        """Ask anew about what did not pass."""
        self._standings.forget()

    async def _may_send(self, account: str, address: str) -> Verdict | None:
        try:
            permission = await self._options.keeper(MaySendAs(account, (address,)))
        except (TemporaryFailure, PermanentFailure) as fault:
            return Verdict(Fate.UNASKED, OUR_FAULT, f"whether {account} may send as {address} is not known: {fault}")
        if permission.allowed:
            return None
        return Verdict(Fate.HELD, NOT_AUTHORIZED, f"{account} may not send as {address}")

    def _look_anew(self) -> None:
        """Whoever mends a record has it seen at the next look."""
        self._names = RememberedNames(self._options.names, self._options.clock)

    async def _would_pass(self, sender: str) -> Verdict | None:
        options = self._options
        addresses = options.addresses or await self._host_addresses()
        if not addresses:
            words = f"{options.hostname} has no address, so whence our mail comes is not known"
            return Verdict(Fate.UNASKED, NO_ANSWER, words)
        for address in addresses:
            found = await self._spf(address, sender)
            if found.result is SpfWord.TEMPERROR:
                return Verdict(Fate.UNASKED, NO_ANSWER, f"our own SPF is not known: {found.reason}")
            if found.result is SpfWord.NONE and not is_at_or_below(found.domain, options.forwards.domain):
                # Lenient: a mail host in somebody else's domain may have no policy, we could not publish one.
                continue
            if found.result is not SpfWord.PASS:
                advised = await drive(policy_for(found.domain, addresses), self._names)
                return Verdict(Fate.HELD, SPF_FAILED, _why(found, address, advised))
        return None

    async def _spf(self, address: str, sender: str) -> SpfResult:
        hostname = self._options.hostname
        check = check_mail_from(address, sender, hostname) if sender else check_helo(address, hostname)
        return await drive(check, self._names)

    async def _host_addresses(self) -> Sequence[str]:
        answers = [await self._names.lookup(Question(self._options.hostname, type_)) for type_ in ("A", "AAAA")]
        return tuple(each.address for answer in answers for each in answer.records if isinstance(each, A | AAAA))


def _why(found: SpfResult, address: str, advised: str) -> str:
    is_private = ipaddress.ip_address(address).is_private and not ipaddress.ip_address(address).is_loopback
    hint = " (behind NAT? say [relay] seen_as)" if is_private else ""
    said = f"SPF of {found.domain} says {found.result} for {address}{hint}: {found.reason}"
    return f'{said}; publish at {found.domain}: TXT "{advised}"'
