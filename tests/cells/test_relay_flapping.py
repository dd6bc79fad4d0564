"""Hosts that fall silent, hang up, put off and come back: the right retry, and no more copies than SMTP must make.

The clock jumps, and the loop's time while a host hangs.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fakes.fickle_host import CUT, HANG, FickleHost
from fakes.relay_to_host import arrived, later, relay_to, states
from fakes.running_relay import BOB, MAIL
from scop.cells.relay.intake_forwards import Forwards
from scop.smtp import ReversePath

STAGES = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "dot")
EVE = "<eve@harbor.test>"
OFFERS: tuple[tuple[str, ...], ...] = ((), ("PIPELINING",), ("CHUNKING",), ("PIPELINING", "CHUNKING"))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mood", [HANG, CUT])
async def test_flapping_host_that_hangs_or_cuts_gets_the_mail_later(tmp_path: Path, stage: str, mood: str) -> None:
    """In every state: put off, tried again, delivered; twice only where it vanished after the final dot (RFC 1047)."""
    host = FickleHost({stage: mood})
    async with relay_to(host, tmp_path) as relay:
        await relay.send(BOB)
        await relay.kept.until("mail.deferred")
        host.moods.clear()
        await later(relay)
        await relay.kept.until("mail.relayed", to=BOB)
    assert ["deferred", "relayed"] == states(relay)
    assert [BOB] * (2 if stage == "dot" else 1) == host.told


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    "answer", ["451 4.3.0 Not now", "421 4.3.2 Going down", "452 Full", "503 5.5.1 What?", "500 Eh?"]
)
async def test_flapping_host_that_puts_off_gets_the_mail_later_once(tmp_path: Path, stage: str, answer: str) -> None:
    """4yz anywhere, and 5yz that speak of the conversation, are no failure and never make two copies."""
    host = FickleHost({stage: answer})
    async with relay_to(host, tmp_path) as relay:
        await relay.send(BOB)
        await relay.kept.until("mail.deferred")
        host.moods.clear()
        await later(relay)
        await relay.kept.until("mail.relayed", to=BOB)
    assert ["deferred", "relayed"] == states(relay)
    assert [BOB] == host.told


@pytest.mark.parametrize(
    ("stage", "answer"), [("DATA", "250 2.0.0 Ok"), ("MAIL", "354 Go on"), ("RCPT", "354 Go on"), ("dot", "354 Go on")]
)
async def test_flapping_host_that_answers_nonsense_loses_nothing(tmp_path: Path, stage: str, answer: str) -> None:
    """RFC 5321 §4.2: a reply that cannot stand where it does is no promise to have the mail."""
    host = FickleHost({stage: answer})
    async with relay_to(host, tmp_path) as relay:
        await relay.send(BOB)
        await relay.kept.until("mail.deferred")
        host.moods.clear()
        await later(relay)
        await relay.kept.until("mail.relayed", to=BOB)
    assert ["deferred", "relayed"] == states(relay)
    assert BOB in host.told


async def test_flapping_host_gets_everything_in_the_end(tmp_path: Path) -> None:
    """Down, up, busy, up: each mail arrives once, and the log has the order of its states."""
    host = FickleHost()
    paths = [f"<user{number}@harbor.test>" for number in range(12)]
    async with relay_to(host, tmp_path) as relay:
        for number, mood in enumerate(
            [{"greeting": CUT}, {"RCPT": "450 4.2.0 Later"}, {}, {"greeting": "421 4.3.2 Busy"}]
        ):
            host.moods = mood
            for path in paths[number * 3 : number * 3 + 3]:
                await relay.send(path)
            await later(relay, 4000)
        host.moods = {}
        await arrived(relay, *paths)
    assert sorted(paths) == sorted(host.told)
    for path in paths:
        *earlier, last = states(relay, path)
        assert ("relayed", {"deferred"} | set(earlier)) == (last, {"deferred"})


async def test_dead_host_is_tried_by_one_mail_for_all(tmp_path: Path) -> None:
    """A thousand mails for a host that hangs must not be a thousand timeouts: the first is the probe."""
    host = FickleHost({"greeting": HANG})
    paths = [f"<user{number}@harbor.test>" for number in range(40)]
    async with relay_to(host, tmp_path) as relay:
        await relay.send(paths[0])
        await relay.kept.until("mail.deferred")
        for path in paths[1:]:
            await relay.send(path)
        await relay.kept.until("mail.deferred", 40)
        assert 1 == host.connections
        await later(relay)  # the probe is alone again, and what waits hears of it
        await relay.kept.until("mail.deferred", 80)
        assert 2 == host.connections
        host.moods.clear()
        await arrived(relay, *paths)
    assert sorted(paths) == sorted(host.told)


async def test_mail_that_makes_a_host_hang_up_does_not_stop_the_others(tmp_path: Path) -> None:
    """RFC 1047: it may have been taken, so it waits for its own pause; all else goes on meanwhile."""
    host = FickleHost(poison=b"poison")
    async with relay_to(host, tmp_path) as relay:
        await relay.send(EVE, octets=MAIL + b"poison\r\n")
        await relay.kept.until("mail.deferred")
        await relay.send(BOB)
        await arrived(relay, BOB)
    assert "relayed" == states(relay)[-1]
    assert 1 == host.told.count(BOB)
    assert {"deferred"} == set(states(relay, EVE))


async def test_busy_host_is_asked_for_less_at_once(tmp_path: Path) -> None:
    """421 at the greeting: never more than a few connections stand open, and every mail arrives once."""
    host = FickleHost({"MAIL": "421 4.7.0 Too many connections"})
    paths = [f"<user{number}@harbor.test>" for number in range(20)]
    async with relay_to(host, tmp_path) as relay:
        for path in paths:
            await relay.send(path)
        await relay.kept.until("mail.deferred", 20)
        assert host.connections <= 8
        assert host.most_at_once <= 4
        host.moods.clear()
        await arrived(relay, *paths)
    assert sorted(paths) == sorted(host.told)


async def test_many_recipients_go_in_as_many_transactions_as_the_host_wants(tmp_path: Path) -> None:
    """RFC 5321 §4.5.3.1.10: the rest goes at once, on the same connection, and nobody is put off."""
    host = FickleHost(max_recipients=3)
    paths = [f"<user{number}@harbor.test>" for number in range(8)]
    async with relay_to(host, tmp_path) as relay:
        await relay.send(*paths)
        await relay.kept.until("mail.relayed", 8)
    assert [3, 3, 2] == [len(message.recipients) for message in host.taken]
    assert paths == host.told
    assert 1 == host.connections
    assert [] == relay.kept.of("mail.deferred")


async def test_fault_between_transactions_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one transaction has brought is settled before the next begins, whatever becomes of that."""
    host, calls, rewritten = FickleHost(max_recipients=1), iter(range(9)), Forwards.sender

    async def sender(forwards: Forwards, path: ReversePath) -> ReversePath:
        if next(calls) == 1:
            raise ZeroDivisionError("a bug of ours")
        return await rewritten(forwards, path)

    monkeypatch.setattr(Forwards, "sender", sender)
    async with relay_to(host, tmp_path) as relay:
        await relay.send(BOB, EVE)
        await relay.kept.until("mail.deferred", to=EVE)
        await arrived(relay, EVE)
    assert [BOB, EVE] == host.told


async def test_recipients_fare_each_for_itself(tmp_path: Path) -> None:
    """One is taken, one put off, one refused; the retry is for the one that was put off, alone."""
    host = FickleHost(recipients={EVE: "450 4.7.1 Greylisted", "<no@harbor.test>": "550 5.1.1 No such user"})
    async with relay_to(host, tmp_path) as relay:
        await relay.send(BOB, EVE, "<no@harbor.test>")
        await relay.kept.until("mail.deferred")
        host.recipients.clear()
        await arrived(relay, EVE)
    assert [BOB, EVE] == host.told
    assert [["relayed"], ["deferred", "relayed"], ["bounced"]] == [
        states(relay, path) for path in (BOB, EVE, "<no@harbor.test>")
    ]


async def test_recipients_behind_refused_ones_are_asked_for_too(tmp_path: Path) -> None:
    """What is said of some recipients is not said of others: a transaction that nobody is in loses none of the rest."""
    gone = [f"<gone{number}@harbor.test>" for number in range(3)]
    host = FickleHost(recipients=dict.fromkeys(gone, "550 5.1.1 No such user"), offers=("LIMITS RCPTMAX=3",))
    first, last = [f"<first{number}@harbor.test>" for number in range(3)], [BOB, EVE]
    async with relay_to(host, tmp_path) as relay:
        await relay.send(*first, *gone, *last)
        await relay.kept.until("mail.relayed", 5)
        await relay.kept.until("mail.bounced", 3)
    assert [*first, *last] == host.told
    assert [["bounced"]] * 3 == [states(relay, path) for path in gone]


@pytest.mark.parametrize("answer", ["452 4.2.2 Mailbox full", "550 5.1.1 No such user"])
async def test_recipient_that_is_refused_does_not_stand_before_the_next(tmp_path: Path, answer: str) -> None:
    """A host that takes one recipient at a time is asked for the second whatever it says of the first."""
    host = FickleHost(recipients={BOB: answer}, offers=("PIPELINING", "LIMITS RCPTMAX=1"))
    async with relay_to(host, tmp_path) as relay:
        await relay.send(BOB, EVE)
        await relay.kept.until("mail.relayed", to=EVE)
    assert ["relayed"] == states(relay, EVE)
    assert 1 == host.connections


@pytest.mark.parametrize("offers", OFFERS)
async def test_recipient_before_one_at_whom_the_host_closes_has_nothing_yet(
    tmp_path: Path, offers: tuple[str, ...]
) -> None:
    """RFC 5321 §3.8: 421 to the second recipient; the first was accepted, and is not delivered by that."""
    host = FickleHost(recipients={EVE: "421 4.3.2 Going down"}, offers=offers)
    async with relay_to(host, tmp_path) as relay:
        await relay.send(BOB, EVE)
        await relay.kept.until("mail.deferred", 2)
    assert ([], ["deferred"]) == (host.told, states(relay))


async def test_recipients_of_many_domains_share_a_copy_through_a_smarthost(tmp_path: Path) -> None:
    """One next hop, one transaction, whatever the domains; the others go by their own MX."""
    host = FickleHost()
    async with relay_to(host, tmp_path, default="127.0.0.1") as relay:
        await relay.send(BOB, "<cid@island.test>", "<dan@nowhere.test>")
        await relay.kept.until("mail.relayed", 3)
    assert [{BOB, "<cid@island.test>", "<dan@nowhere.test>"}] == [set(message.recipients) for message in host.taken]


async def test_second_transaction_uses_the_connection_again(tmp_path: Path) -> None:
    """Ten mails one after the other, one connection."""
    host = FickleHost()
    async with relay_to(host, tmp_path) as relay:
        for number in range(10):
            await relay.send(f"<user{number}@harbor.test>")
            await relay.kept.until("mail.relayed", number + 1)
    assert (1, 10) == (host.connections, len(host.taken))


@pytest.mark.parametrize("seed", range(12))
async def test_flapping_without_end_loses_nothing_and_doubles_little(tmp_path: Path, seed: int) -> None:
    """Whatever a host does, whenever: each recipient gets the mail, twice only where the host vanished with it."""
    chance = random.Random(seed)
    host = FickleHost(max_recipients=3, offers=OFFERS[seed % len(OFFERS)])
    answers = [CUT, "421 4.3.2 Going down", "451 4.3.0 Not now", "450 4.7.1 Later", "503 5.5.1 What?", "354 Eh?"]
    sent: list[str] = []
    async with relay_to(host, tmp_path) as relay:
        for turn in range(12):
            host.moods = {chance.choice(STAGES): chance.choice(answers)} if chance.random() < 0.8 else {}
            paths = [f"<user{turn}.{number}@harbor.test>" for number in range(chance.randint(1, 5))]
            host.recipients = {chance.choice(paths): chance.choice(answers)} if chance.random() < 0.3 else {}
            await relay.send(*paths)
            sent += paths
            await later(relay, chance.choice([1, 10, 100, 1000]))
        host.moods, host.recipients = {}, {}
        await arrived(relay, *sent)
    in_doubt = len(host.told) - len(set(host.told))
    assert set(sent) == set(host.told)
    assert in_doubt <= host.vanished
    assert [1] * len(sent) == [states(relay, path).count("relayed") for path in sent]
    assert [] == relay.kept.of("mail.bounced") + relay.kept.of("mail.fault")
