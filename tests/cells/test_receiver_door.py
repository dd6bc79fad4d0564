"""The door of port 25 with the clock in our hands."""

from __future__ import annotations

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.mesh import KeptLog
from scop.cells.receiver.door import Door, DoorLimits, refusal_of, wall_options
from scop.cells.receiver.misdeeds import Misdeed
from scop.cells.receiver.wall import Wall
from scop.iprev import IprevWord, ReverseName
from scop.mesh.config import Firewall, Limits, PerAddress, PerNetwork, Receiver
from scop.mesh.vocabulary.receiver import Deed, NotedDeed
from scop.net.peer import Peer
from scop.reputation import Action, Cause, Entry

RECEIVER = Receiver(
    PerAddress(mails_per_minute=2, octets_per_second=1000, broken_commands_per_hour=2, refused_recipients_per_hour=3),
    PerNetwork(
        mails_per_minute=3,
        octets_per_second=1500,
        broken_commands_per_hour=3,
        refused_recipients_per_hour=9,
        connections=3,
    ),
)
HERE, BESIDE, FAR = (Peer(address, 25) for address in ("192.0.2.1", "192.0.2.2", "198.51.100.1"))
OWN = Peer("10.0.0.1", 25)


@pytest.fixture
def clock() -> JumpingClock:
    """Let a test pass the time."""
    return JumpingClock()


@pytest.fixture
def door(clock: JumpingClock) -> Door:
    """Build a door with small limits; 10.0.0.0/8 is our own."""
    general = Limits(connections=5, connections_per_address=2, ban_seconds=90)
    return door_of(DoorLimits(general, RECEIVER, ("10.0.0.0/8",)), clock)


def door_of(limits: DoorLimits, clock: JumpingClock, firewall: Firewall | None = None) -> Door:
    """Build a door."""
    return Door(limits, Wall(wall_options(limits, firewall or Firewall()), KeptLog().log("receiver"), clock), clock)


def replies(door: Door, *peers: Peer) -> list[str]:
    """Let connections in one after the other; return what each reads, '' for a welcome."""
    refusals = [door.visit(peer).enter() for peer in peers]
    return [str(refusal.reply) if refusal else "" for refusal in refusals]


CROWDED = "421 4.7.0 Too many connections, try again later"
CROWDED_NETWORK = "421 4.7.0 Too many connections from your network, try again later"


def test_receiver_door_counts_connections_by_address_and_network(door: Door) -> None:
    """Two of an address, three of a network, five of all: each holds at n and n + 1."""
    assert ["", "", CROWDED] == replies(door, HERE, HERE, HERE)
    assert ["", CROWDED_NETWORK] == replies(door, BESIDE, BESIDE)
    assert ["", "", CROWDED] == replies(door, FAR, OWN, OWN)


def test_receiver_door_lets_in_again_who_left(door: Door) -> None:
    """Once for each that left, however often it says so; who never came in leaves nothing."""
    visits = [door.visit(HERE) for _ in range(3)]
    assert [True, True, False] == [visit.enter() is None for visit in visits]
    for visit in (visits[2], visits[0], visits[0]):
        visit.leave()
    assert ["", CROWDED] == replies(door, HERE, HERE)


def test_receiver_door_exempts_own_networks(door: Door) -> None:
    """But for the limit of all connections together."""
    assert ["", "", "", "", "", CROWDED] == replies(door, *(Peer("10.0.0.1", port) for port in range(6)))
    visit = door.visit(OWN)
    assert [None] * 9 == [visit.begin_mail() for _ in range(9)]
    for _ in range(9):
        visit.note(Misdeed.BROKEN_COMMAND)
    assert (0.0, "", False) == (
        visit.pause_seconds(10**9),
        visit.why_wait(ReverseName(IprevWord.PERMERROR), ("bl.test",)),
        visit.is_banned,
    )


def test_receiver_door_counts_mails(door: Door, clock: JumpingClock) -> None:
    """Two a minute of an address, three of a network; the reply says when to come again, the log why."""
    visits = [door.visit(peer) for peer in (HERE, HERE, HERE, BESIDE, BESIDE, FAR)]
    refusals = [visit.begin_mail() for visit in visits]
    assert [True, True, False, True, False, True] == [refusal is None for refusal in refusals]
    assert refusals[2] is not None
    assert "451 4.7.1 Too many mails from your address, try again in 30 seconds" == str(refusals[2].reply)
    assert "too many mails a minute" == refusals[2].reason
    clock.jump(30)
    assert None is door.visit(HERE).begin_mail()


def test_receiver_door_slows_octets_down(door: Door, clock: JumpingClock) -> None:
    """A burst of ten seconds' octets passes at once; then reading rests until the rate is kept."""
    assert [0.0, 0.5] == [door.visit(HERE).pause_seconds(octets) for octets in (10_000, 500)]
    assert 0.0 == door.visit(BESIDE).pause_seconds(4500)
    assert 1.0 == door.visit(BESIDE).pause_seconds(1500)
    clock.jump(1)
    assert [0.0, 0.0] == [door.visit(peer).pause_seconds(0) for peer in (HERE, BESIDE)]


def test_receiver_door_bans_a_host_then_its_network(door: Door, clock: JumpingClock) -> None:
    """421 says for how many minutes; neighbours are let in until the network has had enough."""
    for _ in range(2):
        door.visit(HERE).note(Misdeed.BROKEN_COMMAND)
    banned = "421 4.7.0 Too many errors from your address, try again in {}"
    assert [banned.format("2 minutes"), ""] == replies(door, HERE, BESIDE)
    door.visit(BESIDE).note(Misdeed.BROKEN_COMMAND)
    clock.jump(31)
    soon = banned.format("59 seconds")
    assert [soon, soon.replace("address", "network"), ""] == replies(door, HERE, BESIDE, FAR)
    clock.jump(59)
    assert ["", ""] == replies(door, HERE, BESIDE)


def test_receiver_door_is_shut_by_the_tenth_forgery(door: Door, clock: JumpingClock) -> None:
    """At connect, and in a conversation that is under way; open again to the second, but then it waits."""
    visit = door.visit(HERE)
    made = [door.wall.note_deeds("verifier", (NotedDeed(Deed.FORGERY, HERE.address),)) for _ in range(10)]
    assert [0] * 9 + [1] == list(map(len, made))
    assert ["421 4.7.1 Forged mail came from your address, try again in 2 minutes", ""] == replies(door, HERE, FAR)
    refusal = visit.begin_mail()
    assert refusal is not None
    assert ("421 4.7.0 Too many errors", "banned meanwhile") == (str(refusal.reply), refusal.reason)
    clock.jump(90)
    assert [""] == replies(door, HERE)
    assert "earlier offences" == door.visit(HERE).why_wait(ReverseName(IprevWord.PASS))


def test_receiver_door_is_open_to_the_allowed(clock: JumpingClock) -> None:
    """Neither misdeeds nor deeds nor a missing name count; limits of rates do."""
    allowing = Firewall(allow=("192.0.2.0/25",))
    door = door_of(DoorLimits(Limits(), RECEIVER), clock, allowing)
    for _ in range(50):
        door.visit(HERE).note(Misdeed.BROKEN_COMMAND)
        door.wall.note_deeds("verifier", (NotedDeed(Deed.FORGERY, HERE.address),))
    visit = door.visit(HERE)
    assert ("", False) == (visit.why_wait(ReverseName(IprevWord.FAIL), ("bl.test",)), visit.is_banned)
    assert [True, True, False] == [visit.begin_mail() is None for _ in range(3)]


NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("seconds", "cause", "expected"),
    [
        (5.0, Cause.FORGERY, "421 4.7.1 Forged mail came from your address, try again in 5 seconds"),
        (3600.0, Cause.SPAM, "421 4.7.1 Spam came from your address, try again in 60 minutes"),
        (3601.0, Cause.MALWARE, "554 5.7.1 Malware came from your address, until 2023-11-14 23:13 UTC"),
        (None, Cause.OPERATOR, "554 5.7.1 We take no mail from your address"),
    ],
)
def test_receiver_door_refuses_for_long_and_puts_off_for_short(
    seconds: float | None, cause: Cause, expected: str
) -> None:
    """RFC 5321 §3.1: 554 for who need not come again; a queue that is put off for an hour loses no mail."""
    until = None if seconds is None else NOW + seconds
    assert expected == str(refusal_of(Entry("192.0.2.1", Action.BLOCK, cause, NOW, until), NOW))


def test_receiver_door_knows_no_limit_where_none_is_set(clock: JumpingClock) -> None:
    """0 is none, of each."""
    none = dict.fromkeys(PerAddress.__struct_fields__, 0)
    receiver = Receiver(PerAddress(**none), PerNetwork(**none, connections=0))
    door = door_of(DoorLimits(Limits(connections=400, connections_per_address=400), receiver), clock)
    assert [""] * 400 == replies(door, *[HERE] * 400)
    visit = door.visit(HERE)
    assert [None] * 9999 == [visit.begin_mail() for _ in range(9999)]
    for _ in range(9999):
        visit.note(Misdeed.BROKEN_COMMAND)
    assert (0.0, False) == (visit.pause_seconds(10**12), visit.is_banned)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (IprevWord.PASS, ""),
        (IprevWord.TEMPERROR, ""),
        (IprevWord.FAIL, "reverse name: fail"),
        (IprevWord.PERMERROR, "reverse name: permerror"),
    ],
)
def test_receiver_door_lets_the_suspicious_wait(door: Door, result: IprevWord, expected: str) -> None:
    """No name that leads back, other people's lists, or a misdeed lately; nobody waits for a silent DNS."""
    visit = door.visit(HERE)
    assert expected == visit.why_wait(ReverseName(result))
    assert (expected or "listed by a.test, b.test") == visit.why_wait(ReverseName(result), ("a.test", "b.test"))
    visit.note(Misdeed.REFUSED_RECIPIENT)
    assert "earlier misdeeds" == visit.why_wait(ReverseName(result))
