"""The receiver's firewall: who may say what, what survives, what operators are answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.mesh import KeptLog
from fakes.named_inlet import NamedInlet
from fakes.receiver_mesh import DELAY, NAMES, Beside, receiver_mesh
from scop.cells.receiver.desk import PAGE, WallDesk
from scop.cells.receiver.door import DoorLimits, wall_options
from scop.cells.receiver.hearsay import Lists
from scop.cells.receiver.manifest import MANIFEST
from scop.cells.receiver.misdeeds import Misdeed
from scop.cells.receiver.wall import Wall
from scop.dns import A, StaticNames
from scop.mesh.calls import Call, Caller
from scop.mesh.config import Firewall, Limits, PerAddress, PerNetwork, Receiver
from scop.mesh.vocabulary.receiver import (
    AllowSource,
    BlockSource,
    Deed,
    ExplainSubject,
    Explanation,
    FirewallEntry,
    FirewallList,
    ForgetSubject,
    Forgotten,
    NotedDeed,
    NoteDeeds,
    ReadFirewall,
    ReadReputation,
)
from scop.net.dialer import tcp_dialer
from scop.net.dns_client import StreamNames
from scop.net.faults import PermanentFailure
from scop.net.peer import Peer
from scop.reputation import Standing

R = TypeVar("R")
HOST = "192.0.2.7"
FORGED = NotedDeed(Deed.FORGERY, HOST, trace="t1")
LIMITS = DoorLimits(Limits(ban_seconds=5.5), Receiver(PerAddress(broken_commands_per_hour=2)), ("10.0.0.0/8",))


def wall_in(folder: Path, clock: JumpingClock, log: KeptLog | None = None) -> Wall:
    """Open the firewall that a folder keeps."""
    options = wall_options(LIMITS, Firewall(allow=("198.51.100.0/24",)), folder)
    return Wall(options, (log or KeptLog()).log("receiver"), clock)


def standing(wall: Wall, address: str = HOST) -> Standing:
    """Return how a client is met."""
    return wall.verdict(address).standing


async def test_wall_survives_a_restart(tmp_path: Path) -> None:
    """Bans to their end, counts beyond it."""
    clock = JumpingClock()
    wall = wall_in(tmp_path, clock)
    for _ in range(10):
        wall.note_deeds("verifier", (FORGED,))
    await wall.save()
    again = wall_in(tmp_path, clock)
    assert Standing.REFUSE is standing(again)
    clock.jump(5.5)
    assert Standing.DELAY is standing(again)


async def test_wall_writes_nothing_where_nothing_changed(tmp_path: Path) -> None:
    """A quiet receiver leaves the disk alone."""
    wall = wall_in(tmp_path, JumpingClock())
    await wall.save()
    assert [] == list(tmp_path.iterdir())


async def test_wall_puts_a_spoilt_file_aside(tmp_path: Path) -> None:
    """Mail is taken all the same; the log says where the file lies."""
    (tmp_path / "firewall").write_bytes(b"scop.reputation 1\nhalf")
    log = KeptLog()
    wall = wall_in(tmp_path, JumpingClock(), log)
    assert (Standing.WELCOME, ["firewall.spoilt"]) == (standing(wall), [line["event"] for line in log.lines])
    assert b"scop.reputation 1\nhalf" == (tmp_path / "firewall.spoilt").read_bytes()


async def test_wall_says_when_it_cannot_be_written(tmp_path: Path) -> None:
    """And tries again: a folder that is gone."""
    log = KeptLog()
    wall = wall_in(tmp_path / "gone", JumpingClock(), log)
    wall.note_deeds("verifier", (FORGED,))
    await wall.save()
    (line,) = [line for line in log.lines if line["event"] == "firewall.unsaved"]
    (tmp_path / "gone").mkdir()
    await wall.save()
    assert ("firewall" in str(line["reason"]), True) == (True, (tmp_path / "gone" / "firewall").exists())


async def test_wall_that_is_asked_to_end_writes_to_the_end(tmp_path: Path) -> None:
    """Who writes next finds nobody else at it, who might put the older state in the place of the new."""
    wall = wall_in(tmp_path, JumpingClock())
    wall.note_deeds("verifier", (FORGED,))
    saving = asyncio.create_task(wall.save())
    await asyncio.sleep(0)
    saving.cancel()
    await asyncio.wait({saving})
    assert (True, ["firewall"]) == (saving.cancelled(), [each.name for each in tmp_path.iterdir()])


async def test_wall_has_an_order_on_the_disk_before_it_answers(tmp_path: Path) -> None:
    """What the operator was told is so survives a kill."""
    clock = JumpingClock()
    wall = wall_in(tmp_path, clock)
    lists = Lists((), StreamNames(tcp_dialer("127.0.0.1", 1)), KeptLog().log("receiver"))
    desk, peer = WallDesk(wall, lists, "", clock), Peer("", 0)
    await desk.block(BlockSource(HOST), peer)
    assert Standing.REFUSE is standing(wall_in(tmp_path, clock))
    await desk.forget(ForgetSubject(HOST), peer)
    assert Standing.WELCOME is standing(wall_in(tmp_path, clock))


@pytest.mark.parametrize(
    ("cell", "deed", "is_taken"),
    [
        ("verifier", Deed.HAM, True),
        ("verifier", Deed.FORGERY, True),
        ("verifier", Deed.HARMLESS, False),
        ("verifier", Deed.MALWARE, False),
        ("filter", Deed.SPAM, True),
        ("filter", Deed.HARMLESS, True),
        ("filter", Deed.MALWARE, True),
        ("filter", Deed.FORGERY, False),
        ("filter", Deed.HAM, False),
        ("mailbox", Deed.SPAM, False),
    ],
)
def test_wall_believes_each_cell_its_own_kinds(cell: str, deed: Deed, is_taken: bool, tmp_path: Path) -> None:
    """A cell that is taken over tells no other lies than its own."""
    expected = (
        contextlib.nullcontext() if is_taken else pytest.raises(PermanentFailure, match=f"{cell} tells of no {deed}")
    )
    with expected:
        wall_in(tmp_path, JumpingClock()).note_deeds(cell, (NotedDeed(deed, HOST),))


def test_wall_counts_the_verifiers_spam_for_its_domain_only(tmp_path: Path) -> None:
    """The filter told of the client before; nobody is counted twice."""
    wall = wall_in(tmp_path, JumpingClock())
    wall.note_deeds("filter", (NotedDeed(Deed.SPAM, HOST),))
    wall.note_deeds("verifier", (NotedDeed(Deed.SPAM, HOST, "lagoon.test"),))
    reputation, now = wall.firewall.reputation, JumpingClock().unix()
    known = {subject: reputation.row(subject, now).tally.spam for subject in reputation.subjects()}
    assert {HOST: 1.0, "192.0.2.0/24": 1.0, "lagoon.test": 1.0} == known


def test_wall_hears_of_no_domain_from_the_filter(tmp_path: Path) -> None:
    """Which domain is answerable the verifier proves: a filter that is taken over lists nobody's domain."""
    wall = wall_in(tmp_path, JumpingClock())
    wall.note_deeds("filter", (NotedDeed(Deed.SPAM, HOST, "lagoon.test"), NotedDeed(Deed.SPAM, "", "lagoon.test")))
    assert (HOST, "192.0.2.0/24") == wall.firewall.reputation.subjects()


@pytest.mark.parametrize("address", ["10.0.0.1", "198.51.100.7", "", "unknown"])
def test_wall_shuts_out_neither_ours_nor_the_allowed(address: str, tmp_path: Path) -> None:
    """For deeds and misdeeds alike, and what is no address counts for nobody."""
    wall = wall_in(tmp_path, JumpingClock())
    made = [wall.note_deeds("verifier", (NotedDeed(Deed.FORGERY, address),)) for _ in range(50)]
    for _ in range(50):
        wall.note_misdeed(address, Misdeed.BROKEN_COMMAND)
    assert ([()] * 50, Standing.WELCOME) == (made, standing(wall, address))


def test_wall_shuts_out_no_network_with_allowed_addresses_for_misdeeds(tmp_path: Path) -> None:
    """As [firewall] allow says: its hosts are shut out one by one."""
    limits = DoorLimits(Limits(), Receiver(per_network=PerNetwork(broken_commands_per_hour=4)))
    wall = Wall(wall_options(limits, Firewall(allow=("192.0.2.99/32",)), tmp_path), KeptLog().log("x"), JumpingClock())
    for _ in range(2):
        for address in (HOST, "192.0.2.8", "198.51.100.7", "198.51.100.8"):
            wall.note_misdeed(address, Misdeed.BROKEN_COMMAND)
    assert (Standing.WELCOME, Standing.REFUSE) == (standing(wall, "192.0.2.66"), standing(wall, "198.51.100.66"))


@contextlib.asynccontextmanager
async def calling(inlet: NamedInlet, cell: str) -> AsyncIterator[Caller]:
    """Call the receiver as a cell."""
    caller = Caller(inlet.dial(cell))
    try:
        yield caller
    finally:
        await caller.close()


async def refusal(caller: Caller, question: Call[R]) -> str:
    """Return the words in which a question is refused."""
    with pytest.raises(PermanentFailure) as told:
        await caller.call(question)
    return str(told.value)


async def test_wall_takes_orders_of_the_operator_alone(tmp_path: Path) -> None:
    """Neither the verifier nor the filter may let anybody in, and the operator invents no deeds."""
    inlet = NamedInlet(dict(MANIFEST.granted()))
    async with receiver_mesh(beside=Beside(folder=tmp_path, inlet=inlet)):
        for cell in ("verifier", "filter"):
            async with calling(inlet, cell) as caller:
                assert "AllowSource" in await refusal(caller, AllowSource("127.0.0.1"))
        async with calling(inlet, "operator") as caller:
            assert "NoteDeeds" in await refusal(caller, NoteDeeds((FORGED,)))
        await inlet.end()


async def test_wall_does_what_the_operator_says(tmp_path: Path) -> None:
    """Block and see, allow and explain, forget: each as it is told, and kept on the disk."""
    inlet, clock = NamedInlet(dict(MANIFEST.granted())), JumpingClock()
    beside = Beside(Firewall(allow=("198.51.100.0/24",)), tmp_path, inlet)
    blocked = FirewallEntry("127.0.0.1", "block", "operator", clock.unix(), clock.unix() + 60, "by hand")
    async with receiver_mesh(clock=clock, beside=beside) as mesh, calling(inlet, "operator") as caller:
        assert blocked == await caller.call(BlockSource("127.0.0.1", 60, "by hand"))
        listed = ("198.51.100.0/24",)
        assert FirewallList((blocked,), 1, listed) == await caller.call(ReadFirewall())
        assert FirewallList((), 1, listed) == await caller.call(ReadFirewall(after=1))
        assert "421 4.7.1 We take no mail from your address, try again in 1 minutes" == await mesh.greeting()
        allowed = FirewallEntry("127.0.0.0/24", "allow", "operator", clock.unix())
        assert allowed == await caller.call(AllowSource("127.0.0.0/24"))
        assert Explanation(
            "127.0.0.1",
            "welcome",
            (
                "The door is shut to 127.0.0.1: operator, until 2023-11-14 22:14:20 UTC (by hand).",
                "Nothing is known about 127.0.0.1.",
                "It is allowed by an entry for 127.0.0.0/24, whatever is known of it.",
                "Nothing is known about 127.0.0.0/24.",
            ),
        ) == await caller.call(ExplainSubject("127.0.0.1"))
        assert Forgotten((blocked,), was_known=False) == await caller.call(ForgetSubject("127.0.0.1"))
        assert "220" == (await mesh.greeting())[:3]
        await inlet.end()
    assert b"127.0.0.0/24" in (tmp_path / "firewall").read_bytes()


async def test_wall_refuses_orders_that_cannot_be_kept() -> None:
    """Each with a sentence that names the thing."""
    inlet = NamedInlet(dict(MANIFEST.granted()))
    async with receiver_mesh(beside=Beside(inlet=inlet)), calling(inlet, "operator") as caller:
        assert [
            "'x y' is no address, no network such as 192.0.2.0/24, and no domain",
            "0.0.0.0/0 is too much of the Internet; the largest that can be shut out is a /8",
            "lagoon.test is a domain: addresses and networks are let in or not",
        ] == [await refusal(caller, BlockSource(subject)) for subject in ("x y", "0.0.0.0/0", "lagoon.test")]
        unknown = await refusal(caller, ReadReputation(kind="colour"))
        assert "there is no kind 'colour': say address, network or domain" == unknown
        await inlet.end()


async def test_wall_hears_of_forgeries_while_mail_comes_in() -> None:
    """The tenth shuts the door to its client, over the pipe, and opens again; the operator reads who and why."""
    inlet, clock = NamedInlet(dict(MANIFEST.granted())), JumpingClock()
    deed = NotedDeed(Deed.FORGERY, "127.0.0.1", trace="t9")
    async with receiver_mesh(Limits(ban_seconds=5), clock=clock, beside=Beside(inlet=inlet)) as mesh:
        reader, writer = await asyncio.open_connection("127.0.0.1", mesh.port)  # before the door is shut
        await reader.readline()
        async with calling(inlet, "verifier") as verifier:
            told = [(await verifier.call(NoteDeeds((deed,)))).banned for _ in range(10)]
        assert [()] * 9 + [("127.0.0.1",)] == told
        assert "421 4.7.1 Forged mail came from your address, try again in 5 seconds" == await mesh.greeting()
        writer.write(b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<bob@harbor.test>\r\n")
        assert b"421 4.7.0 Too many errors" == (await reader.read()).splitlines()[-1]
        writer.close()
        await writer.wait_closed()
        async with calling(inlet, "operator") as operator:
            (known,) = (await operator.call(ReadReputation(kind="address"))).subjects
        clock.jump(5)
        assert "220" == (await mesh.greeting())[:3]
        await inlet.end()
    assert ("127.0.0.1", "address", "refuse", 10.0) == (known.subject, known.kind, known.standing, known.offences)
    (line,) = [line for line in mesh.log.lines if line["event"] == "client.banned"]
    assert ("t9", "127.0.0.1", 5) == (line["trace"], line["network"], line["seconds"])


async def test_wall_tells_what_it_knows_in_pages(tmp_path: Path) -> None:
    """Each subject once, however many there are; who has faded away is not told of."""
    clock, log = JumpingClock(), KeptLog().log("receiver")
    wall = wall_in(tmp_path, clock)
    wall.note_deeds("verifier", (NotedDeed(Deed.HAM, HOST, "old.test"),))
    clock.jump(6 * 86_400)
    for number in range(PAGE + 100):
        wall.note_deeds("verifier", (NotedDeed(Deed.SPAM, HOST, f"d{number}.test"),))
    desk, peer = WallDesk(wall, Lists((), StreamNames(tcp_dialer("127.0.0.1", 1)), log), "", clock), Peer("", 0)
    first = await desk.read_reputation(ReadReputation("domain"), peer)
    assert first.next is not None
    second = await desk.read_reputation(ReadReputation("domain", first.next), peer)
    told = [subject.subject for page in (first, second) for subject in page.subjects]
    assert (PAGE, None, PAGE + 101) == (first.next, second.next, second.count)
    assert sorted(f"d{number}.test" for number in range(PAGE + 100)) == sorted(told)


LISTED = {("1.0.0.127.bl.example.test", "A"): [A("127.0.0.4")]}


@pytest.mark.parametrize(
    ("answers", "own", "expected"),
    [
        (LISTED, (), ["listed by bl.example.test"]),
        ({}, (), []),
        ({("1.0.0.127.bl.example.test", "A"): [A("127.255.255.254")]}, (), []),
        (LISTED, ("127.0.0.0/8",), []),
    ],
    ids=["listed", "unlisted", "error", "own"],
)
async def test_lists_of_others_let_a_client_wait_and_no_more(
    answers: dict[tuple[str, str], list[A]], own: tuple[str, ...], expected: list[str]
) -> None:
    """RFC 5782: hearsay refuses nobody; codes of trouble count for nothing."""
    beside = Beside(Firewall(lists=("bl.example.test",)))
    async with receiver_mesh(receiver=DELAY, own_networks=own, beside=beside) as mesh:
        mesh.names.answers = StaticNames({**NAMES, **answers})
        assert "220" == (await mesh.greeting(is_delayed=bool(expected)))[:3]
    assert expected == mesh.log.reasons("client.delayed")
