"""What the relay remembers of MTA-STS stays bounded, and is looked after whatever happens."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.post_world import DictNames
from fakes.watched_log import WatchedLog
from scop.cells.relay.sts_policies import ENTRY_OCTETS, PATTERN_OCTETS, StsOptions, StsPolicies
from scop.cells.relay.tls_store import SCHEMA
from scop.cells.relay.tls_tally import TlsTally
from scop.dns import TXT
from scop.mtasts import Mode, Policy
from scop.net.faults import TemporaryFailure
from scop.store import Database

DOMAINS = tuple(f"{number}.test" for number in range(4))
POLICY = Policy(Mode.ENFORCE, 864_000, tuple(f"mx{number}.test" for number in range(100)))
POLICY_OCTETS = ENTRY_OCTETS + sum(PATTERN_OCTETS + len(pattern) for pattern in POLICY.mx)


@dataclass
class _World:
    """Every domain has a policy, while its server answers."""

    clock: JumpingClock = field(default_factory=JumpingClock)
    kept: WatchedLog = field(default_factory=WatchedLog)
    is_silent: bool = False

    async def fetch(self, _url: str) -> bytes:
        """Return the policy."""
        if self.is_silent:
            raise TemporaryFailure("no answer")
        return POLICY.to_octets()


@asynccontextmanager
async def _policies(state: Path, world: _World, *, max_octets: int = 1_000_000) -> AsyncIterator[StsPolicies]:
    names, log = DictNames(), world.kept.log("relay")
    names.zone = {(f"_mta-sts.{domain}", "TXT"): [TXT.of(b"v=STSv1; id=1")] for domain in DOMAINS}
    database = Database.open(state / "tls.db", SCHEMA)
    tally = TlsTally(database, world.clock, log)
    options = StsOptions(names, world.fetch, database, tally, world.clock, log, max_octets)
    policies = StsPolicies(options)
    try:
        yield policies
    finally:
        await policies.close()
        await tally.close()
        await database.close()


async def test_relay_sts_keeps_a_bounded_number_of_policies(tmp_path: Path) -> None:
    """Strangers can make us write to any number of domains: those unused for longest go, from the disk too."""
    world = _World()
    async with _policies(tmp_path, world, max_octets=3 * POLICY_OCTETS) as policies:
        for number in (0, 1, 0, 2, 3):
            world.clock.jump(1.0)
            assert POLICY == (await policies.policy_of(DOMAINS[number])).policy
    world.is_silent = True
    async with _policies(tmp_path, world) as policies:
        found = [(await policies.policy_of(domain)).policy for domain in DOMAINS]
    assert [POLICY, None, POLICY, POLICY] == found
    assert [1] == [line["domains"] for line in world.kept.of("sts.forgotten")]


async def test_relay_sts_uses_a_policy_that_is_larger_than_all_room(tmp_path: Path) -> None:
    """What was fetched just now holds for the mail that it was fetched for."""
    async with _policies(tmp_path, _World(), max_octets=1) as policies:
        assert [POLICY, POLICY] == [(await policies.policy_of(domain)).policy for domain in DOMAINS[:2]]


async def test_relay_sts_refreshes_on_after_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that cannot be read for once must not end the refreshing for the relay's life."""
    world = _World()

    async def broken(_work: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    async with _policies(tmp_path, world) as policies:
        monkeypatch.setattr(policies._options.database, "read", broken)
        running = asyncio.ensure_future(policies.run())
        (line,) = await world.kept.until("mail.fault")
        assert "disk I/O error" in str(line["reason"])
        assert not running.done()
        running.cancel()
        await asyncio.wait({running})
