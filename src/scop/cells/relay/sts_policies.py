"""Knows the MTA-STS policy of each destination: fetched when first met, kept over restarts, refreshed in time.

Theory of operation. Before a delivery the domain's TXT record is looked at (for a minute the last look is as good).
A new id means a fetch, for which this delivery waits; others to the same domain wait for the same fetch. A fetch
that fails leaves what was kept, and is not tried again for five minutes. Beside that, `run` fetches policies anew
when half of their age has passed, so that an attacker who blocks the fetch has to do so for very long.

What strangers publish takes bounded room in memory and on the disk: what was unused for longest goes first.

Standards: RFC 8461 §3.3 (fetch, failures), §5.1 (order), §10.2 (refresh); RFC 8460 §4.3.2.2 (what is reported).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from scop.base import Clock, RemoteProtocolError, printable
from scop.cells.relay.tls_policy import PolicyType, Reported, TlsResult
from scop.cells.relay.tls_store import keep_policy, policies, tidy_policies
from scop.cells.relay.tls_tally import TlsTally
from scop.mtasts import FETCH_PAUSE_SECONDS, KeptPolicy, Plan, Policy, lookup, parse_policy, plan, policy_url
from scop.net.dns_client import Names, drive
from scop.net.faults import TemporaryFailure
from scop.net.https import NotCertified
from scop.net.log import Log
from scop.store import Database

__all__ = ["ENTRY_OCTETS", "PATTERN_OCTETS", "Fetch", "StsFound", "StsOptions", "StsPolicies"]

LOOK_SECONDS = 60.0  # for which one look at the TXT record is enough
MAX_LOOKS = 10_000  # domains whose record, or lack of one, is remembered
MAX_KEPT_OCTETS = 16_777_216  # of all policies: some ten thousand usual ones, or three hundred of the largest
ENTRY_OCTETS = 1024  # about what a domain costs in memory, ...
PATTERN_OCTETS = 64  # ... and each pattern of its policy beside its letters
UNUSED_DAYS = 30  # after which a policy that nobody needed is not refreshed any more
REFRESH_PAUSE_SECONDS = 3600.0  # between tries to refresh one policy, and between looks at all of them

Fetch = Callable[[str], Awaitable[bytes]]  # by URL; raises `TemporaryFailure`


@dataclass(frozen=True, slots=True)
class StsOptions:
    """Where policies come from and where they are kept."""

    names: Names
    fetch: Fetch
    database: Database
    tally: TlsTally
    clock: Clock
    log: Log
    max_octets: int = MAX_KEPT_OCTETS


@dataclass(frozen=True, slots=True)
class StsFound:
    """The policy that holds for a domain, and whether we could find out if there is one."""

    policy: Policy | None = None
    is_known: bool = True


@dataclass(slots=True)
class _Known:
    """A policy with when it was last used, and when fetching it last failed."""

    kept: KeptPolicy | None = None
    used_unix: float = 0.0
    failed_unix: float | None = None
    failed_id: str = ""

    def failed(self, id_: str) -> float | None:
        """Return when fetching this id failed."""
        return self.failed_unix if id_ == self.failed_id else None

    @property
    def octets(self) -> int:
        """About how much memory it takes."""
        patterns = self.kept.policy.mx if self.kept is not None else ()
        return ENTRY_OCTETS + sum(PATTERN_OCTETS + len(pattern) for pattern in patterns)

    def holds(self, now_unix: float) -> bool:
        """Tell whether a policy is kept that still counts, if only as one that says there is none."""
        return self.kept is not None and now_unix < self.kept.expires_unix

    def is_over(self, now_unix: float) -> bool:
        """Tell whether nothing is left to know: no policy that holds, and no failure of a moment ago."""
        return not self.holds(now_unix) and now_unix - self.used_unix > FETCH_PAUSE_SECONDS


class StsPolicies:
    """Policies by domain."""

    def __init__(self, options: StsOptions) -> None:
        self._options = options
        self._known: dict[str, _Known] | None = None  # none yet: what was kept is not read yet
        self._looks: OrderedDict[str, tuple[str | None, float]] = OrderedDict()  # the id, and until when
        self._fetches: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def policy_of(self, domain: str) -> StsFound:
        """Return what a domain asks for now."""
        known = await self._all()
        told = await self._id(domain)
        id_ = told or ""
        if not id_ and domain not in known:
            return StsFound(is_known=told is not None)
        now = self._options.clock.unix()
        one = known.setdefault(domain, _Known())
        one.used_unix = now
        if plan(one.kept, id_, now, failed_unix=one.failed(id_)) is Plan.FETCH:
            await self._fetch_once(domain, id_)
            now = self._options.clock.unix()
        if one.kept is not None and plan(one.kept, id_, now, failed_unix=now) is Plan.USE:
            return StsFound(one.kept.policy)
        return StsFound(is_known=told == "" or one.holds(now))

    async def run(self) -> None:
        """Refresh policies in time, until cancelled.

        A fault is logged as the bug that it is and ends nothing: without the refresh a policy could be starved out.
        """
        while True:
            try:
                await self.refresh()
            except Exception as fault:
                self._options.log.fault(fault)
            await asyncio.sleep(REFRESH_PAUSE_SECONDS)

    async def refresh(self) -> None:
        """Fetch anew what has passed half of its age and is in use; forget what is over."""
        known, now = await self._all(), self._options.clock.unix()
        over = tuple(domain for domain, one in known.items() if one.is_over(now))
        for domain in over:
            del known[domain]
        uses = tuple((one.used_unix, domain) for domain, one in known.items())
        await self._write(lambda sql: tidy_policies(sql, over, uses))
        for domain, one in tuple(known.items()):
            is_used = now - one.used_unix < UNUSED_DAYS * 86_400.0
            if one.kept is not None and is_used and now >= one.kept.refresh_unix:
                # With the id of now: it may have changed without a mail that would have noticed.
                await self._fetch_once(domain, await self._id(domain) or one.kept.id)

    async def close(self) -> None:
        """End what is underway."""
        fetches = tuple(self._fetches.values())
        for fetch in fetches:
            fetch.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)

    async def _all(self) -> dict[str, _Known]:
        if self._known is None:
            found = await self._options.database.read(policies)
            if self._known is None:  # another may have read them meanwhile
                self._known = {domain: _Known(kept, used_unix) for domain, (kept, used_unix) in found.items()}
        return self._known

    async def _id(self, domain: str) -> str | None:
        clock = self._options.clock
        id_, until = self._looks.get(domain, ("", 0.0))
        if clock.monotonic() < until:
            return id_
        id_ = await drive(lookup(domain), self._options.names)
        self._looks[domain] = id_, clock.monotonic() + LOOK_SECONDS
        self._looks.move_to_end(domain)
        if len(self._looks) > MAX_LOOKS:
            self._looks.popitem(last=False)
        return id_

    async def _fetch_once(self, domain: str, id_: str) -> None:
        """Fetch, or wait for who does already."""
        key = domain, id_
        if key not in self._fetches:
            self._fetches[key] = asyncio.ensure_future(self._fetch(domain, id_))
            self._fetches[key].add_done_callback(lambda _done: self._fetches.pop(key, None))
        await asyncio.shield(self._fetches[key])
        await self._make_room(domain)

    async def _make_room(self, domain: str) -> None:
        """Forget what was unused for longest, where all together takes more than it may; not what is in use now."""
        known = await self._all()
        excess = sum(one.octets for one in known.values()) - self._options.max_octets
        if excess <= 0:
            return
        busy = {domain, *(each for each, _id in self._fetches)}
        over: list[str] = []
        for each in sorted(known.keys() - busy, key=lambda each: known[each].used_unix):
            if excess <= 0:
                break
            excess -= known.pop(each).octets
            over.append(each)
        self._options.log.warning("sts.forgotten", domains=len(over), reason="policies take too much room")
        await self._write(lambda sql: tidy_policies(sql, tuple(over), ()))

    async def _fetch(self, domain: str, id_: str) -> None:
        options = self._options
        one = (await self._all())[domain]
        try:
            policy = parse_policy(await options.fetch(policy_url(domain)))
        except RemoteProtocolError as fault:
            self._failed(domain, id_, one, TlsResult.STS_INVALID, str(fault))
            return
        except NotCertified as failure:
            self._failed(domain, id_, one, TlsResult.STS_WEBPKI_INVALID, str(failure))
            return
        except TemporaryFailure as failure:
            self._failed(domain, id_, one, TlsResult.STS_FETCH_ERROR, str(failure))
            return
        kept = KeptPolicy(policy, id_, options.clock.unix())
        one.kept, one.failed_unix = kept, None
        options.log.info("sts.fetched", domain=domain, mode=policy.mode.value, seconds=policy.max_age_seconds)
        await self._write(lambda sql: keep_policy(sql, domain, kept, one.used_unix))

    def _failed(self, domain: str, id_: str, one: _Known, result: TlsResult, reason: str) -> None:
        one.failed_unix, one.failed_id = self._options.clock.unix(), id_
        self._options.tally.note(Reported(PolicyType.STS, domain), result, reason=reason)
        self._options.log.warning("sts.unfetched", domain=domain, result=result.value, reason=printable(reason))

    async def _write(self, work: Callable[[sqlite3.Connection], None]) -> None:
        try:
            await self._options.database.write(work)
        except sqlite3.Error as fault:  # it is known in memory all the same
            self._options.log.error("sts.unkept", reason=str(fault))
