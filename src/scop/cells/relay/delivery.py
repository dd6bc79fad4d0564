"""One load handed over: by which way, in how many transactions, and what that meant for each of its recipients.

Standards: RFC 5321 §4.5.3.1.8 and §4.5.3.1.10 (many recipients); RFC 3461 §5.2.1 (what of DSN goes on); RFC 2852 §4
(DELIVERBY); RFC 8689 §5 (REQUIRETLS).
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from math import ceil

from scop.base import Clock
from scop.cells.relay.hops import Hops
from scop.cells.relay.intake_forwards import Forwards
from scop.cells.relay.letters import SIGNER, Load, Waiting
from scop.cells.relay.post import Carried, Post
from scop.cells.relay.route import Ourselves, Route, Unroutable, route, shuffled, through_smarthost
from scop.cells.relay.tls_policy import ENCRYPTION_NEEDED, REQUIRETLS_SUPPORT_NEEDED
from scop.cells.relay.verdict import Fate, Trouble, Verdict, verdicts_of
from scop.net.dns_client import Names, drive
from scop.net.faults import TemporaryFailure
from scop.net.mail_pool import MailPool
from scop.smtp import Envelope, Mail, Origin, Recipient

__all__ = ["Delivery", "DeliveryOptions"]

MAX_RECIPIENTS = 100  # of one transaction: RFC 5321 §4.5.3.1.8: every host takes so many
ROUTE_SECONDS = 5.0  # for which a route is used again; no TTL that matters is shorter
MAX_ROUTES = 1000

_TLS_LACKING = frozenset({f"5.{ENCRYPTION_NEEDED}", f"5.{REQUIRETLS_SUPPORT_NEEDED}"})
_random = random.Random()  # noqa: S311 - spreads load; nothing depends on its being unguessable


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """Where mail can go, and what is needed on the way."""

    domain: str
    ourselves: Ourselves
    hops: Hops
    forwards: Forwards
    names: Names
    mailbox: MailPool
    signer: MailPool
    post: Post
    clock: Clock


class Delivery:
    """Hands loads over."""

    def __init__(self, options: DeliveryOptions) -> None:
        self._options = options
        self._routes: dict[str, tuple[Route, float]] = {}  # the oldest first

    async def attempt(self, load: Load, octets: bytes) -> AsyncGenerator[tuple[Load, tuple[Verdict, ...]], None]:
        """Try to hand a load over, in as many transactions as the host wants.

        Yields after each what it meant for which recipients, so that these can be settled before the next.
        """
        waiting, at_once = load.recipients, MAX_RECIPIENTS
        while waiting:
            batch = waiting[:at_once]
            found = await self._transact(load, batch, octets)
            taken = [pair for pair in zip(batch, found, strict=True) if pair[1].fate is not Fate.AT_ONCE]
            rest = _said_of_all(found) if taken else found[-1]
            if rest is not None:
                # A host that takes nobody has another reason, and one that is down will not take the rest.
                told = (*found, *[rest] * (len(waiting) - len(batch)))
                yield replace(load, recipients=waiting), tuple(map(_later, told))
                return
            yield replace(load, recipients=tuple(each for each, _ in taken)), tuple(verdict for _, verdict in taken)
            at_once = len(taken) if len(taken) < len(batch) else at_once
            done = {each.id for each, _ in taken}
            waiting = tuple(each for each in waiting if each.id not in done)

    async def _transact(self, load: Load, batch: Sequence[Waiting], octets: bytes) -> tuple[Verdict, ...]:
        options = self._options
        recipients = tuple(waiting.recipient for waiting in batch)
        envelope = Envelope(self._mail(load, octets), recipients)
        if load.destination == options.domain:
            carried = await _inside(options.mailbox, "mailbox", load, envelope, octets)
        elif load.destination == SIGNER:
            carried = await _inside(options.signer, "signer", load, envelope, octets)
        else:
            carried = await self._outside(load, envelope, octets)
        return verdicts_of(carried, len(batch))

    async def _outside(self, load: Load, envelope: Envelope, octets: bytes) -> Carried:
        """Hand a load to a host of its destination."""
        found = await self._route(load.destination)
        if isinstance(found, Unroutable):
            return Carried("", None, found.reason, found.status)
        sender = await self._options.forwards.sender(envelope.mail.reverse_path)
        outside = Envelope(replace(envelope.mail, reverse_path=sender), tuple(map(_with_original, envelope.recipients)))
        carried = await self._options.post.carry(found, outside, octets, tls_optional=load.tls_optional)
        is_guarded_notice = outside.mail.require_tls and outside.mail.reverse_path.mailbox is None
        if is_guarded_notice and carried.status in _TLS_LACKING:
            # RFC 8689 §5: a notice (of a header only) is not to be lost because a host does not know REQUIRETLS.
            bare = replace(outside, mail=replace(outside.mail, require_tls=False))
            return await self._options.post.carry(found, bare, octets, tls_optional=load.tls_optional)
        return carried

    def _mail(self, load: Load, octets: bytes) -> Mail:
        """Return what the next host is told about the mail."""
        body = load.mail.body if load.mail.body == "BINARYMIME" else "" if octets.isascii() else "8BITMIME"
        wish = load.mail.deliver_by
        if wish is not None:
            # RFC 2852 §4: what is left of the time goes on.
            left = ceil(load.queued_unix + wish.seconds - self._options.clock.unix())
            wish = replace(wish, seconds=max(1, left) if wish.mode == "R" else left)
        return replace(
            load.mail,
            body=body,
            deliver_by=wish,
            hold=None,  # it was held here long enough
            # Who handed it in was asked about here; the mailbox learns of whom it is taught.
            auth=load.mail.auth if load.destination == self._options.domain else None,
        )

    async def _route(self, destination: str) -> Route | Unroutable:
        now = self._options.clock.monotonic()
        known = self._routes.get(destination)
        if known is not None and now < known[1]:
            return shuffled(known[0], _random.random)
        found = await self._ask(destination)
        self._routes.pop(destination, None)
        if isinstance(found, Route):
            self._routes[destination] = (found, now + ROUTE_SECONDS)
            if len(self._routes) > MAX_ROUTES:
                del self._routes[next(iter(self._routes))]
        return found

    async def _ask(self, destination: str) -> Route | Unroutable:
        ourselves = self._options.ourselves
        smarthost = self._options.hops.smarthost_for(destination)
        if smarthost is not None:
            return await drive(through_smarthost(destination, smarthost, ourselves), self._options.names)
        return await drive(route(destination, ourselves, _random.random), self._options.names)


async def _inside(pool: MailPool, name: str, load: Load, envelope: Envelope, octets: bytes) -> Carried:
    """Hand a load to a neighbour, with our trace."""
    try:
        traced = replace(envelope, mail=replace(envelope.mail, origin=Origin(ident=load.trace)))
        return Carried(name, await pool.transaction(traced, octets))
    except TemporaryFailure as failure:
        return Carried(name, None, str(failure))


def _with_original(recipient: Recipient) -> Recipient:
    """Return a recipient that names its original address where its sender wants to hear of it."""
    mailbox = recipient.forward_path.mailbox
    if not recipient.notify or recipient.original_recipient or mailbox is None:
        return recipient
    # RFC 3461 §5.2.1: ORCPT may be added, of the address as it came to us; ENVID, RET and NOTIFY may not.
    return replace(recipient, original_recipient=f"{'rfc822' if mailbox.is_ascii else 'utf-8'};{mailbox}")


def _said_of_all(found: Sequence[Verdict]) -> Verdict | None:
    """Return what the recipients fare by that were not asked for yet, None where they are to be."""
    if any(verdict.fate is Fate.PASSED for verdict in found):
        return None
    return next((verdict for verdict in found if not verdict.is_of_one or verdict.trouble is not Trouble.NONE), None)


def _later(verdict: Verdict) -> Verdict:
    return replace(verdict, fate=Fate.LATER) if verdict.fate is Fate.AT_ONCE else verdict
