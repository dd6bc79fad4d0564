"""Getting the public keys into the DNS and out of it, and knowing what the world can see of them.

A key that cannot be looked up must not be used (RFC 6376 §3.6: mail would fail at others). UPDATE comes first, also
after a restart: it changes nothing where the record stands already, and asking too early would make the resolver
remember that there is none.

Standards: RFC 2136, RFC 8945, RFC 6376 §3.6.2, RFC 2308 §5.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from scop.base import Clock
from scop.dkim.rotation import KnownKey
from scop.dns import SOA, TXT, Question, Rcode
from scop.dns.tsig import TsigKey
from scop.dns.update import Addition, Change, Deletion, build_update, read_update_reply
from scop.net.dialer import Dialer
from scop.net.dns_client import Names
from scop.net.dns_exchange import exchange_stream
from scop.net.faults import TemporaryFailure

__all__ = ["Publisher", "Registry", "Sight"]

RECORD_TTL_SECONDS = 3600  # a key that was stolen is believed no longer than that
UNKNOWN_NEGATIVE_TTL_SECONDS = 10_800  # RFC 2308 §5: what others remember of absence is up to three hours


@dataclass(frozen=True, slots=True)
class Registry:
    """Where keys are written, by whom and to be seen where."""

    zone: str
    dial_primary: Dialer
    tsig: TsigKey
    names: Names


@dataclass(frozen=True, slots=True)
class Sight:
    """Whether the world can see a key."""

    record_name: str
    why_unseen: str  # '' where it can
    is_certain: bool  # nobody has failed to answer

    @property
    def is_denied(self) -> bool:
        """Whether the world is told that it is not there."""
        return bool(self.why_unseen) and self.is_certain


class Publisher:
    """Writes the records of one domain's keys, and looks for them."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    async def publish(self, shown: Iterable[KnownKey], gone: Iterable[KnownKey]) -> bool:
        """Tell the primary what stands and what does not; return whether the zone is its at all.

        Raises `TemporaryFailure` and `RemoteProtocolError`.
        """
        changes: list[Change] = [Deletion(self._name(key), "TXT") for key in gone]
        for key in shown:
            changes += (Deletion(self._name(key), "TXT"), Addition(self._name(key), RECORD_TTL_SECONDS, _txt(key)))
        registry = self._registry
        now_unix, message_id = int(self._clock.unix()), secrets.randbits(16)
        request = build_update(registry.zone, changes, registry.tsig, now_unix=now_unix, message_id=message_id)
        reply = await exchange_stream(registry.dial_primary, request.octets)
        rcode = read_update_reply(request, reply, int(self._clock.unix()))
        if rcode not in (Rcode.NOERROR, Rcode.NOTAUTH):
            raise TemporaryFailure(f"the primary answers the UPDATE with {rcode.name}")
        return rcode is Rcode.NOERROR  # RFC 2136 §3.1.1: NOTAUTH where somebody else keeps the zone

    async def sight(self, key: KnownKey) -> Sight:
        """Return whether the world can see a key."""
        name = self._name(key)
        answer = await self._registry.names.lookup(Question(name, "TXT"))
        if _txt(key).joined in [record.joined for record in answer.records if isinstance(record, TXT)]:
            return Sight(name, "", is_certain=True)
        why = f"{name} is answered by {answer.rcode.name} without our key"
        return Sight(name, why, is_certain=not answer.is_temporary)

    async def negative_ttl_seconds(self) -> int:
        """Return for how long others remember of our zone that something is not there; raises `TemporaryFailure`."""
        answer = await self._registry.names.lookup(Question(self._registry.zone, "SOA"))
        if answer.is_temporary:
            raise TemporaryFailure(f"the SOA of {self._registry.zone} is answered by {answer.rcode.name}")
        # The SOA's own TTL bounds it too (RFC 2308 §5), but a cache shows only what is left of that.
        minima = [record.minimum_seconds for record in answer.records if isinstance(record, SOA)]
        return min(minima, default=UNKNOWN_NEGATIVE_TTL_SECONDS)

    def _name(self, key: KnownKey) -> str:
        return key.record_name(self._registry.zone)


def _txt(key: KnownKey) -> TXT:
    return TXT.of(key.record.encode("ascii"))
