"""The signer renews its keys: by UPDATE, by looking, by its clock, and on from wherever it was stopped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from fakes.dkim_keys import made_key
from fakes.jumping_clock import JumpingClock
from fakes.loops import PATIENCE_SECONDS
from fakes.mesh import KeptLog
from fakes.running_signer import TIMING, RunningSigner, signing_at
from fakes.small_dns import SmallDns, small_dns
from scop.cells.primary.holdings import Author
from scop.cells.signer.keyring import Keyring, LoadedKeys
from scop.cells.signer.publishing import Publisher, Registry
from scop.cells.signer.rotating import Rotator, RotatorOptions
from scop.dkim import verify
from scop.dkim.rotation import Rotation, Step
from scop.dns import TXT
from scop.dns.rrset import RRset
from scop.dns.zone.zone import Zone
from scop.mesh.vocabulary.signer import RotateKeys, SealingStatus
from scop.net.dns_client import StreamNames, drive
from scop.net.faults import PermanentFailure

DAY = 86_400
FIRST = {"rsa-20231114", "ed25519-20231114"}
SECOND = {"rsa-20231114-2", "ed25519-20231114-2"}
NEGATIVE_SECONDS = 10  # of the zone's SOA
LOOKS = 3  # so many UPDATEs after a jump, one look has begun after it: a look may tell twice, and one was under way
PATIENCE = TIMING.propagation_seconds + NEGATIVE_SECONDS


@dataclass
class Place:
    """A folder, a world and a clock, in which signers come and go."""

    state: Path
    dns: SmallDns
    clock: JumpingClock
    lifetime_seconds: int = 0
    keyring: Keyring = field(init=False)

    def __post_init__(self) -> None:
        self.keyring = Keyring(self.state, "lagoon.test", made_key)

    @asynccontextmanager
    async def signer(self) -> AsyncIterator[RunningSigner]:
        """Run one that looks again at once."""
        timing = replace(TIMING, lifetime_seconds=self.lifetime_seconds)
        async with signing_at(self.keyring, self.dns, self.clock, timing=timing, republish_seconds=0.005) as signer:
            yield signer

    @property
    def published(self) -> set[str]:
        """The selectors whose records stand in the zone."""
        assert self.dns.holdings is not None
        nodes = self.dns.holdings.shown.by_origin["lagoon.test"].nodes
        return {name.partition(".")[0] for name in nodes if "._domainkey." in name}

    @property
    def files(self) -> set[str]:
        """The selectors whose private halves are on the disk."""
        return {path.stem for path in (self.state / "keys").glob("*.pem")}


@asynccontextmanager
async def place_at(state: Path) -> AsyncIterator[Place]:
    """Lay out such a place."""
    clock = JumpingClock()
    async with small_dns(clock) as dns:
        yield Place(state, dns, clock)


async def sealed_by(signer: RunningSigner) -> set[str]:
    """Send a mail, see that it verifies now, and return with what it was sealed."""
    _, answer = await signer.send()
    assert answer is not None, answer
    assert answer.is_positive
    results = await drive(verify(signer.relay.messages[-1], now=signer.clock.unix()), signer.names)
    assert {"pass"} == {result.result.value for result in results}
    return {result.selector for result in results}


async def test_signer_takes_each_step_of_a_rotation_in_its_time(tmp_path: Path) -> None:
    """Before, during and after it every mail verifies by what the DNS shows at that moment."""
    async with place_at(tmp_path) as place, place.signer() as signer:
        await signer.until_ready()
        assert await sealed_by(signer) == FIRST
        await signer.ask(RotateKeys())
        await signer.kept.until("keys.moved", count=2, step=Step.SEEN)
        place.clock.jump(PATIENCE - 1)
        assert (FIRST, FIRST | SECOND) == (await sealed_by(signer), place.published)
        place.clock.jump(1)
        await signer.kept.until("keys.moved", count=2, step=Step.IN_USE)
        assert (SECOND, FIRST | SECOND, SECOND) == (await sealed_by(signer), place.published, place.files)
        place.clock.jump(TIMING.grace_seconds)
        await signer.kept.until("keys.removed")
        assert (SECOND, SECOND) == (await sealed_by(signer), place.published)
        assert [("in-use", True, True)] * 2 == [
            (key.step, key.published, key.resolves) for key in (await signer.status()).keys
        ]


class Killed(Exception):
    """The power is cut."""


class MortalKeyring(Keyring):
    """Its process is killed as soon as a step is durable."""

    def keep(self, loaded: LoadedKeys) -> LoadedKeys:
        """Keep, and die."""
        super().keep(loaded)
        raise Killed


# What is durable after each start, and how much time passes before it.
STARTS: list[tuple[int, list[str]]] = [
    (0, ["made"]),
    (0, ["published"]),
    (0, ["seen"]),
    (0, ["in-use"]),
    (5000, ["in-use", "made"]),
    (0, ["in-use", "published"]),
    (0, ["in-use", "seen"]),
    (PATIENCE, ["retired", "in-use"]),
    (TIMING.grace_seconds, ["withdrawn", "in-use"]),
    (0, ["in-use"]),
]


async def test_signer_killed_after_every_step_goes_on(tmp_path: Path) -> None:
    """Each start takes the one next step and dies: rotation comes to its end, and who seals stands in the zone."""
    async with place_at(tmp_path) as place:
        names = StreamNames(place.dns.dial())
        publisher = Publisher(Registry("lagoon.test", place.dns.dial(), place.dns.key, names), place.clock)
        timing = replace(TIMING, lifetime_seconds=5000)
        options = RotatorOptions("lagoon.test", publisher, KeptLog().log(), place.clock, timing)
        mortal = MortalKeyring(tmp_path, "lagoon.test", made_key)
        loaded = LoadedKeys(Rotation(), {})
        for passes_seconds, steps in STARTS:
            place.clock.jump(passes_seconds)
            with pytest.raises(Killed):
                await Rotator(mortal, loaded, options).run()
            loaded = mortal.load(int(place.clock.unix()))
            assert steps == [one.step for one in loaded.rotation.generations]
            assert {key.selector for key in loaded.sealing} <= place.published
            assert not loaded.lost
        await names.close()
        assert (SECOND, SECOND) == (place.published, place.files)


async def test_signer_started_anew_seals_at_once(tmp_path: Path) -> None:
    """Keys that were in use need nobody: neither primary nor resolver, which may be down for longer than we."""
    async with place_at(tmp_path) as place:
        async with place.signer() as signer:
            await signer.until_ready()
        (zone,) = place.dns.stored
        async with place.signer() as signer:
            assert await sealed_by(signer) == FIRST
            assert [zone] == place.dns.stored
        assert place.dns.listening is not None
        place.dns.listening.kill()
        async with place.signer() as signer:
            _, answer = await signer.send()
            assert answer is not None
            assert answer.is_positive
            assert (await signer.status()).ready


async def test_signer_rotates_by_itself_when_keys_are_old(tmp_path: Path) -> None:
    """Nobody has to do anything; each selector bears its day, and never one that was there before."""
    async with place_at(tmp_path) as place:
        place.lifetime_seconds = DAY
        async with place.signer() as signer:
            await signer.until_ready()
            place.clock.jump(DAY)
            await signer.kept.until("keys.moved", count=2, step=Step.SEEN)
            place.clock.jump(PATIENCE)
            await signer.kept.until("keys.moved", count=2, step=Step.IN_USE)
            assert {"rsa-20231115", "ed25519-20231115"} == await sealed_by(signer)


async def test_signer_believes_a_clock_that_went_back_after_an_hour(tmp_path: Path) -> None:
    """A machine whose clock starts years ago is set right within minutes: no wait begins anew, so none ends early."""
    async with place_at(tmp_path) as place:
        place.lifetime_seconds = DAY
        async with place.signer() as signer:
            await signer.until_ready()
        place.clock.jump(-30 * DAY)
        async with place.signer() as signer:
            await place.dns.updates(LOOKS)
            place.clock.jump(30 * DAY)
            await place.dns.updates(LOOKS)
            assert await sealed_by(signer) == FIRST
            assert [] == signer.kept.of("keys.moved")
            place.clock.jump(-30 * DAY)
            await place.dns.updates(LOOKS)
            place.clock.jump(3600)
            await signer.kept.until("keys.moved", step=Step.IN_USE)
            assert {1_700_003_600 - 30 * DAY} == {key.since_unix for key in (await signer.status()).keys}


async def test_signer_in_haste_lets_go_of_a_stolen_key(tmp_path: Path) -> None:
    """`--now`: no cache is waited for, and the old record is withdrawn as soon as the new keys seal."""
    async with place_at(tmp_path) as place, place.signer() as signer:
        await signer.until_ready()
        await signer.ask(RotateKeys())
        with pytest.raises(PermanentFailure, match=r"a rotation is under way already.*rotate --now"):
            await signer.ask(RotateKeys())
        await signer.ask(RotateKeys(now=True))
        await signer.kept.until("keys.removed")
        assert (SECOND, SECOND) == (await sealed_by(signer), place.published)
        await signer.ask(RotateKeys(now=True))  # with none under way it begins one
        await signer.kept.until("keys.removed", count=2)
        assert {"rsa-20231114-3", "ed25519-20231114-3"} == place.published


async def test_signer_whose_key_file_is_lost_makes_new_ones(tmp_path: Path) -> None:
    """The other key seals on alone, the lost one's record stays for what it sealed, and both have successors."""
    async with place_at(tmp_path) as place:
        async with place.signer() as signer:
            await signer.until_ready()
        (tmp_path / "keys" / "rsa-20231114.pem").unlink()
        async with place.signer() as signer:
            (line,) = await signer.kept.until("keys.lost")
            assert ["rsa-20231114"] == line["selectors"]
            await signer.kept.until("keys.moved", step=Step.SEEN)
            assert {"ed25519-20231114"} == await sealed_by(signer)
            assert FIRST | SECOND == place.published
            place.clock.jump(PATIENCE)
            await signer.kept.until("keys.moved", count=2, step=Step.IN_USE)  # the first is what was left of the old
            assert await sealed_by(signer) == SECOND


class SlowDisk(Keyring):
    """Takes its time to make keys, once it is asked to."""

    def __init__(self, state: Path) -> None:
        super().__init__(state, "lagoon.test", made_key)
        self.is_asked, self.may_go_on = threading.Event(), threading.Event()
        self.may_go_on.set()

    def begin(self, loaded: LoadedKeys, now_unix: int) -> LoadedKeys:
        """Begin when it may."""
        self.is_asked.set()
        assert self.may_go_on.wait(PATIENCE_SECONDS)
        return super().begin(loaded, now_unix)


async def test_signer_begins_once_when_operator_and_clock_want_it_at_once(tmp_path: Path) -> None:
    """New keys are being made for the operator when the old are too old: there is one rotation, and nobody dies."""
    async with place_at(tmp_path) as place:
        place.keyring = disk = SlowDisk(tmp_path)
        place.lifetime_seconds = DAY
        async with place.signer() as signer:
            await signer.until_ready()
            disk.is_asked.clear()
            disk.may_go_on.clear()
            asked = asyncio.create_task(signer.ask(RotateKeys()))
            await asyncio.to_thread(disk.is_asked.wait, PATIENCE_SECONDS)
            place.clock.jump(DAY)
            for _ in range(100):  # meanwhile the signer looks, sees that it is time, and waits for its turn
                await signer.status()
            disk.may_go_on.set()
            await asked
            await signer.kept.until("keys.moved", count=2, step=Step.SEEN)
            assert FIRST | {"rsa-20231114-2", "ed25519-20231114-2"} == place.published


class FullDisk(Keyring):
    """Has no room until somebody makes some."""

    has_room = False

    def keep(self, loaded: LoadedKeys) -> LoadedKeys:
        """Keep, if there is room."""
        if not self.has_room:
            raise OSError(28, "No space left on device")
        return super().keep(loaded)


async def test_signer_with_a_full_disk_uses_no_key_that_is_not_durable(tmp_path: Path) -> None:
    """What cannot be stored does not happen; it is said to the operator, and tried again."""
    async with place_at(tmp_path) as place:
        place.keyring = disk = FullDisk(tmp_path, "lagoon.test", made_key)
        async with place.signer() as signer:
            await signer.kept.until("keys.stuck")
            with pytest.raises(PermanentFailure, match=r"the keys cannot be stored: .*No space left"):
                await signer.ask(RotateKeys())
            assert (set(), False) == (place.published, (await signer.status()).ready)
            assert "No space left" in (await signer.status()).trouble
            disk.has_room = True
            await signer.until_ready()
            assert await sealed_by(signer) == FIRST


async def copied(status: SealingStatus, dns: SmallDns, *, removed: Iterable[str] = ()) -> None:
    """Copy the records as a person does, and take others out."""
    put = [RRset(key.record_name, "TXT", 60, (TXT.of(key.record.encode()),)) for key in status.keys if key.record]
    gone = [(f"{selector}._domainkey.lagoon.test", "TXT") for selector in removed]
    assert dns.holdings is not None
    by = Author("somebody", "copy")
    await dns.holdings.change("lagoon.test", partial(Zone.changed, put=put, removed=gone), by)


async def test_signer_waits_where_somebody_else_keeps_the_zone(tmp_path: Path) -> None:
    """RFC 2136 §3.1.1, NOTAUTH: a person copies the records, and a key that is seen is seen."""
    clock = JumpingClock()
    keyring = Keyring(tmp_path, "lagoon.test", made_key)
    async with (
        small_dns(clock) as elsewhere,
        small_dns(clock, "other.test") as ours,
        signing_at(keyring, elsewhere, clock, primary=ours, republish_seconds=0.005) as signer,
    ):
        await signer.kept.until("keys.waiting")
        status = await signer.status()
        assert (False, {"made"}) == (status.ready, {key.step for key in status.keys})
        assert "somebody else keeps the zone: `scop dns plan` prints the records to copy" in status.trouble
        await copied(status, elsewhere)
        assert "" == (await signer.until_ready()).trouble
        assert await sealed_by(signer) == FIRST
        await copied(await signer.ask(RotateKeys()), elsewhere)
        await signer.kept.until("keys.moved", count=2, step=Step.SEEN)
        assert "" == (await signer.status()).trouble
        clock.jump(PATIENCE)
        await signer.kept.until("keys.moved", count=2, step=Step.IN_USE)
        assert await sealed_by(signer) == SECOND


async def test_signer_tells_whoever_keeps_the_zone_what_is_wrong_in_it(tmp_path: Path) -> None:
    """A stolen key's record that still stands, and a key in use whose record is gone: neither can be mended by us."""
    clock = JumpingClock()
    keyring = Keyring(tmp_path, "lagoon.test", made_key)
    async with (
        small_dns(clock) as elsewhere,
        small_dns(clock, "other.test") as ours,
        signing_at(keyring, elsewhere, clock, primary=ours, republish_seconds=0.005) as signer,
    ):
        await signer.kept.until("keys.waiting")
        await copied(await signer.status(), elsewhere)
        await signer.until_ready()
        await copied(await signer.ask(RotateKeys(now=True)), elsewhere)
        await signer.kept.until("keys.moved", count=2, step=Step.IN_USE)
        stands = "rsa-20231114._domainkey.lagoon.test still stands; somebody else keeps the zone: the record has to be"
        await signer.kept.until("keys.waiting", reason=f"{stands} taken out there")
        status = await signer.status()
        assert FIRST == {key.selector for key in status.keys if key.step == Step.WITHDRAWN}
        await copied(status, elsewhere, removed=FIRST)
        await signer.kept.until("keys.removed")
        assert "" == (await signer.status()).trouble
        await copied(SealingStatus(True, ()), elsewhere, removed=["rsa-20231114-2"])
        denied = "rsa-20231114-2._domainkey.lagoon.test is answered by NXDOMAIN without our key"
        await signer.kept.until("keys.waiting", reason=f"rsa-20231114-2 seals mail, but {denied}")
        assert (await signer.status()).ready


async def test_signer_tells_what_each_key_waits_for(tmp_path: Path) -> None:
    """Steps, times and records, for `scop dkim keys`."""
    async with place_at(tmp_path) as place, place.signer() as signer:
        status = await signer.until_ready()
        assert [(key.selector, "in-use", 1_700_000_000, 0) for key in status.keys] == [
            (key.selector, key.step, key.since_unix, key.until_unix) for key in status.keys
        ]
        await signer.ask(RotateKeys())
        await signer.kept.until("keys.moved", count=2, step=Step.SEEN)
        new = [key for key in (await signer.status()).keys if key.selector in SECOND]
        assert [("seen", True, True, 1_700_000_000 + PATIENCE)] * 2 == [
            (key.step, key.published, key.resolves, key.until_unix) for key in new
        ]
        assert {"rsa-20231114-2._domainkey.lagoon.test", "ed25519-20231114-2._domainkey.lagoon.test"} == {
            key.record_name for key in new
        }
