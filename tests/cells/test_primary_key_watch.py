"""Looking after keys: what is due is shown under the next serial, and a roll follows the parent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.loops import PATIENCE_SECONDS
from fakes.mesh import KeptLog
from fakes.signed_zones import NOW, ORIGIN, faults, zone_of
from scop.cells.primary.holdings import Author, Holdings
from scop.cells.primary.key_desk import KeyDesk
from scop.cells.primary.key_watch import LOOK_SECONDS, KeyWatch
from scop.cells.primary.signing import SigningOptions, ZoneSigner
from scop.dns import Answer, Question, Rcode
from scop.dns.rdata import CDS, DS, Rdata
from scop.dns.zone.rollover import Kind, Step
from scop.dns.zone.zone import Zone
from scop.mesh.vocabulary.zone_keys import ReadZoneKeys, RollZoneKeys, ZoneKeys
from scop.net.faults import PermanentFailure
from scop.net.peer import Peer

DAY = 86_400
HOUR = 3600
OPERATOR = Peer("operator", 0)


@dataclass
class Parent:
    """A parent that does as CDS says once it is told to look (RFC 7344 §6), seen through a resolver."""

    holdings: Holdings
    records: tuple[Rdata, ...] = ()
    rcode: Rcode = Rcode.NOERROR
    asked: list[Question] = field(default_factory=list)

    def obey(self) -> None:
        wish = self.holdings.shown.by_origin[ORIGIN].get(ORIGIN, "CDS")
        wished = [cds for cds in (wish.rdatas if wish else ()) if isinstance(cds, CDS)]
        self.records = tuple(DS(c.key_tag, c.algorithm, c.digest_type, c.digest) for c in wished if c.algorithm)

    async def lookup(self, question: Question) -> Answer:
        self.asked.append(question)
        return Answer(question, self.rcode, self.records, 3600)


@dataclass
class Committed:
    """A history that is remembered."""

    entries: list[tuple[int, Author]] = field(default_factory=list)
    is_full: bool = False

    def commit(self, zone: Zone, by: Author) -> None:
        if self.is_full:
            raise OSError("the disk is full")
        self.entries.append((zone.serial, by))


class Running:
    """A primary's zones with what looks after their keys."""

    def __init__(self, folder: Path, options: SigningOptions | None = None, started: float = NOW) -> None:
        self.clock, self.log, self.history = JumpingClock(started), KeptLog(), Committed()
        self.signer = ZoneSigner(folder, options or SigningOptions(), self.log.log())
        self.holdings = Holdings([zone_of("a A 192.0.2.1\n")], self.history, self.signer, self.clock.unix)
        self.parent = Parent(self.holdings)
        self.watch = KeyWatch(self.signer, self.holdings, self.parent, self.log.log(), self.clock)
        self.desk = KeyDesk(self.watch, self.clock)

    @property
    def zone(self) -> Zone:
        return self.holdings.shown.by_origin[ORIGIN]

    @property
    def steps(self) -> list[Step]:
        return [roll.step for roll in self.signer.state(ORIGIN).rolls]

    async def later(self, seconds: float) -> None:
        self.clock.jump(seconds)
        await self.watch.look(ORIGIN)

    async def settle(self) -> None:
        """Go on until the first keys are vouched for."""
        await self.later(DAY)
        self.parent.obey()
        await self.later(DAY)
        assert self.steps == []


@pytest.fixture
def running(tmp_path: Path) -> Running:
    """Return a primary with one zone that was just signed for the first time."""
    return Running(tmp_path)


async def test_look_at_what_is_fine_changes_nothing(running: Running) -> None:
    """A zone that needs nothing gets no new serial."""
    before = running.zone
    await running.watch.look(ORIGIN)
    assert running.zone is before
    assert running.history.entries == []


async def test_look_renews_signatures_in_time(running: Running) -> None:
    """Whenever it is looked at over three months, every signature holds; each renewal is a version with its reason."""
    await running.settle()
    for _ in range(90):
        await running.later(DAY)
        assert faults(running.zone, int(running.clock.unix())) == []
    serials = [serial for serial, _ in running.history.entries]
    assert serials == sorted(set(serials))
    assert running.zone.serial == serials[-1]
    assert "signatures made anew" in {by.why for _, by in running.history.entries}


async def test_first_keys_ask_the_parent_and_see_it_follow(running: Running) -> None:
    """RFC 7344 §4: CDS is written once that is safe, and stays; the parent's DS is looked at, at the resolver."""
    await running.later(60)
    assert running.parent.asked == []
    await running.later(DAY)
    assert [Step.AWAITING] == running.steps
    assert running.zone.get(ORIGIN, "CDS") is not None
    running.parent.obey()
    await running.watch.look(ORIGIN)
    assert running.steps == []
    assert running.parent.asked[-1] == Question(ORIGIN, "DS")
    assert running.zone.get(ORIGIN, "CDS") is not None


async def test_roll_follows_the_parent(running: Running) -> None:
    """RFC 7583 §3.3.1: the old key goes when the parent's new DS was seen and caches have forgotten the old one."""
    await running.settle()
    (old,) = running.signer.state(ORIGIN).keys
    await running.watch.roll(ORIGIN, Kind.KEYS)
    assert [Step.PUBLISHING] == running.steps
    apex = running.zone.get(ORIGIN, "DNSKEY")
    assert apex is not None
    assert len(apex.rdatas) == len(apex.signatures) == 2
    await running.later(DAY)
    await running.later(DAY)
    assert [Step.AWAITING] == running.steps
    running.parent.obey()
    await running.later(60)
    assert [Step.SETTLING] == running.steps
    await running.later(2 * DAY)
    assert running.steps == []
    assert old not in running.signer.state(ORIGIN).keys
    assert faults(running.zone, int(running.clock.unix())) == []


async def test_parent_that_cannot_be_asked_has_not_followed(running: Running) -> None:
    """SERVFAIL says nothing of the parent: neither that it has the DS, nor that it has none."""
    await running.later(DAY)
    running.parent.obey()
    running.parent.rcode = Rcode.SERVFAIL
    await running.later(DAY)
    assert [Step.AWAITING] == running.steps


async def test_vouch_takes_the_operators_word(running: Running) -> None:
    """Where no resolver sees the parent, the operator may say that it has followed."""
    await running.later(DAY)
    await running.watch.vouch(ORIGIN)
    assert running.steps == []


async def test_desk_shows_keys_and_rolls_them(running: Running) -> None:
    """The operator sees what each key does, begins a roll, cuts it short and vouches for the parent."""
    await running.settle()
    zone = await running.desk.roll(RollZoneKeys(ORIGIN, "ksk", now=True), OPERATOR)
    assert [("ksk", "awaiting-ds")] == [(roll.kind, roll.step) for roll in zone.rolls]
    old, new = zone.keys
    assert "wanted at the parent" in new.duties
    assert old.duties == ("shown", "signs the keys")
    assert new.ds.startswith(f"harbor.test. IN DS {new.key_tag} 13 2 ")
    await running.desk.roll(RollZoneKeys(ORIGIN, parent_seen=True, now=True), OPERATOR)
    (shown,) = (await running.desk.read(ReadZoneKeys(), OPERATOR)).zones
    assert [new.name] == [key.name for key in shown.keys]
    assert shown.lasts_until_unix is not None
    assert faults(running.zone, int(running.clock.unix())) == []


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (RollZoneKeys(ORIGIN, "zsk"), "no zsk to roll"),
        (RollZoneKeys(ORIGIN, "first"), "cannot be rolled"),
        (RollZoneKeys(ORIGIN, "nonsense"), "cannot be rolled"),
        (RollZoneKeys("other.test", "ksk"), "no zone that we sign"),
        (RollZoneKeys("a..b", "ksk"), "label"),
    ],
)
async def test_desk_refuses_with_a_reason(running: Running, question: RollZoneKeys, reason: str) -> None:
    """What cannot be done is refused, and the operator reads why."""
    await running.settle()
    with pytest.raises(PermanentFailure, match=reason):
        await running.desk.roll(question, OPERATOR)


async def _until(holds: Callable[[], bool]) -> None:
    """Let others run until something holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110 - what is watched tells nobody
            await asyncio.sleep(0)


async def test_run_goes_on_after_the_disk_failed(running: Running) -> None:
    """A renewal that cannot be stored is logged and tried again; what is shown stays as it was."""
    running.clock.jump(DAY)
    running.history.is_full = True
    before = running.zone
    watching = asyncio.create_task(running.watch.run())
    await _until(lambda: bool(running.log.reasons("keys.stuck")))
    assert running.zone is before
    running.history.is_full = False
    await running.watch.look(ORIGIN)
    assert running.zone.serial == before.serial + 1
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def test_run_looks_at_once_after_a_roll(running: Running) -> None:
    """Whoever begins a roll need not wait for the hour."""
    await running.settle()
    watching = asyncio.create_task(running.watch.run())
    asked = len(running.parent.asked)
    zone: ZoneKeys = await running.desk.roll(RollZoneKeys(ORIGIN, "ksk", now=True), OPERATOR)
    assert zone.rolls[0].step == Step.AWAITING
    await _until(lambda: len(running.parent.asked) > asked + 1)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def test_step_that_nobody_could_see_is_not_followed_by_the_next(running: Running) -> None:
    """RFC 7583 §3: an interval begins when the change is published, however long a disk kept it from that."""
    await running.settle()
    running.history.is_full = True
    with pytest.raises(OSError, match="full"):
        await running.watch.roll(ORIGIN, Kind.KEYS)
    for _ in range(3):
        with pytest.raises(OSError, match="full"):
            await running.later(DAY)
        assert [Step.PUBLISHING] == running.steps
    running.history.is_full = False
    await running.later(0)
    await running.later(HOUR)
    assert [Step.PUBLISHING] == running.steps
    await running.later(HOUR)
    assert [Step.AWAITING] == running.steps


async def test_step_that_was_kept_and_not_shown_begins_at_the_restart(tmp_path: Path) -> None:
    """The same after a crash between a step and its showing: days later, no cache has seen anything of it."""
    first = Running(tmp_path)
    await first.settle()
    first.signer.roll(ORIGIN, Kind.KEYS, int(first.clock.unix()))
    first.signer.close()
    again = Running(tmp_path, started=first.clock.unix() + 3 * DAY)
    await again.watch.look(ORIGIN)
    assert [Step.PUBLISHING] == again.steps
    await again.later(2 * HOUR)
    assert [Step.AWAITING] == again.steps


async def test_roll_does_not_wait_for_a_time_that_a_wrong_clock_said(running: Running) -> None:
    """A clock that was years ahead when a step began is set right: the step begins anew."""
    await running.settle()
    running.clock.jump(3000 * DAY)
    await running.watch.roll(ORIGIN, Kind.KEYS)
    await running.later(-3000 * DAY)
    assert [Step.PUBLISHING] == running.steps
    assert faults(running.zone, int(running.clock.unix())) == []
    await running.later(DAY)
    assert [Step.AWAITING] == running.steps


def test_run_signs_soon_after_the_clock_was_set_back() -> None:
    """RFC 4034 §3.1.5: signatures that begin in days are bogus until they are made anew, so it is looked for."""
    assert LOOK_SECONDS <= 300


async def test_keys_that_the_parent_does_not_know_are_told(running: Running) -> None:
    """Keys out of an old backup sign for nobody; only people can mend that, so it is said, and nothing is done."""
    await running.settle()
    await running.watch.look(ORIGIN)
    assert running.log.reasons("keys.strange") == []
    running.parent.records = (DS(1, 13, 2, bytes(32)),)
    await running.later(DAY)
    assert len(running.log.reasons("keys.strange")) == 1
    assert running.steps == []


async def test_first_keys_beside_a_ds_of_others_are_told(running: Running) -> None:
    """Keys that were lost and made anew, or a zone that came from elsewhere signed: the same, once an hour."""
    running.parent.records = (DS(1, 13, 2, bytes(32)),)
    await running.later(DAY)
    assert [Step.AWAITING] == running.steps
    for _ in range(12):
        await running.later(300)
    assert len(running.log.reasons("keys.strange")) == 2
