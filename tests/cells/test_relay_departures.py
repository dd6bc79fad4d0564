"""The last look before a mail leaves: who may send, and would it pass at its receiver?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.post_world import DictNames
from fakes.running_relay import ANN, BOB, NAMES, RunningRelay, StillNames, around, relay_and_world, running
from fakes.sending_rights import SendingRights
from scop.cells.relay.departures import DepartureOptions, Departures, Objection
from scop.cells.relay.hops import Hops
from scop.cells.relay.intake_forwards import Forwards
from scop.cells.relay.letters import SIGNER, Load, Waiting
from scop.cells.relay.queue import Queue
from scop.cells.relay.service import seen_as
from scop.cells.relay.verdict import Fate
from scop.dns import TIMEOUT, TXT, A, Answer, Question, Rdata
from scop.mesh.config import Config, Network, Publish, Relay, Smarthost
from scop.mesh.vocabulary.keeper import MaySendAs
from scop.mesh.vocabulary.relay import QueueChoice, QueueEntry, ReadQueue, ReadQueuedMail, ReleaseMail
from scop.net.log import Log
from scop.smtp import ForwardPath, Mail, Mailbox, Recipient, ReversePath, reply

SOURCE, NAT = "127.0.0.2", "192.0.2.7"
DOMAIN, HOST = "lagoon.test", "mx.lagoon.test"
POLICY = (DOMAIN, "TXT")
HELD = QueueChoice(held=True)


def txt(text: str) -> list[Rdata]:
    """Return a TXT RRset."""
    return [TXT.of(text.encode())]


class World:
    """Departures over a queue, with names and rights that a test sets."""

    def __init__(self, state: Path, *, addresses: tuple[str, ...] = (SOURCE,), hostname: str = HOST) -> None:
        self.names, self.rights, self.clock = DictNames(), SendingRights(), JumpingClock()
        queue = Queue(state, Log("relay", lambda _line: None))
        smarthost = Smarthost("out.example.net", login="lagoon", password_file="x")
        self.departures = Departures(
            DepartureOptions(
                hostname=hostname,
                addresses=addresses,
                hops=Hops({"far.test": smarthost}, inside=frozenset({DOMAIN, SIGNER})),
                forwards=Forwards(DOMAIN, b"0123456789abcdef", queue, self.clock),
                names=self.names,
                keeper=self.rights,
                clock=self.clock,
            )
        )

    async def objection(
        self, sender: str = ANN, *, account: str = "", destination: str = "harbor.test"
    ) -> Objection | None:
        """Look at a mail."""
        mail = Mail(ReversePath.parse(sender), auth=Mailbox(account, DOMAIN) if account else None)
        bob = Waiting(1, Recipient(ForwardPath.parse(BOB)))
        return await self.departures.objection(Load(1, destination, "trace", mail, False, 0.0, (bob,)))

    async def words(self, sender: str = ANN) -> str:
        """Return what is held against a mail."""
        found = await self.objection(sender)
        assert found is not None
        return found.verdict.words


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a world without any record."""
    return World(tmp_path)


@pytest.mark.parametrize(
    ("record", "word", "advised"),
    [
        ("", "none", "v=spf1 ip4:127.0.0.2 -all"),
        ("v=spf1 -all", "fail", "v=spf1 ip4:127.0.0.2 -all"),
        ("v=spf1 mx ~all", "softfail", "v=spf1 ip4:127.0.0.2 mx ~all"),
        ("v=spf1 ip4:192.0.2.1", "neutral", "v=spf1 ip4:127.0.0.2 ip4:192.0.2.1"),
        ("v=spf1 ip:127.0.0.2 -all", "permerror", "v=spf1 ip4:127.0.0.2 -all"),
    ],
)
async def test_departure_is_held_with_the_record_to_publish(world: World, record: str, word: str, advised: str) -> None:
    """Whatever is no pass is held (RFC 7208 §2.6); the words have the result, the address and the whole record."""
    if record:
        world.names.zone[POLICY] = txt(record)
    found = await world.objection()
    assert found is not None
    assert (Fate.HELD, "4.7.23") == (found.verdict.fate, found.verdict.status)
    assert f"SPF of lagoon.test says {word} for 127.0.0.2" in found.verdict.words
    assert found.verdict.words.endswith(f'; publish at lagoon.test: TXT "{advised}"')


async def test_departure_passes_by_the_right_record(world: World) -> None:
    """Ours, and what is forwarded: it leaves under an address of ours."""
    world.names.zone[POLICY] = txt("v=spf1 ip4:127.0.0.2 -all")
    assert [None, None] == [await world.objection(), await world.objection("<zoe@island.test>")]
    assert {Question(DOMAIN, "TXT")} == set(world.names.asked)


async def test_departure_of_a_notice_is_judged_by_our_mail_host(world: World) -> None:
    """RFC 7208 §2.3: the null path has the HELO name only."""
    world.names.zone[POLICY] = txt("v=spf1 ip4:127.0.0.2 -all")
    assert f'; publish at {HOST}: TXT "v=spf1 ip4:127.0.0.2 -all"' in await world.words("<>")
    world.clock.jump(60)
    world.names.zone[HOST, "TXT"] = txt("v=spf1 ip4:127.0.0.2 -all")
    assert await world.objection("<>") is None


@pytest.mark.parametrize(("record", "leaves"), [("", True), ("v=spf1 -all", False)])
async def test_departure_from_a_host_of_others_needs_no_policy_of_theirs(
    tmp_path: Path, record: str, leaves: bool
) -> None:
    """Where the mail host is named by a provider, its owner publishes or not; what is published counts."""
    world = World(tmp_path, hostname="vps.provider.test")
    if record:
        world.names.zone["vps.provider.test", "TXT"] = txt(record)
    assert leaves == (await world.objection("<>") is None)


async def test_departure_waits_where_the_names_are_silent(world: World) -> None:
    """A temperror is no verdict: the mail is tried later, and not held."""
    world.names.zone[POLICY] = TIMEOUT
    found = await world.objection()
    assert found is not None
    assert (Fate.UNASKED, "4.4.3") == (found.verdict.fate, found.verdict.status)


@pytest.mark.parametrize("destination", [DOMAIN, SIGNER, "far.test"])
async def test_departure_inside_or_by_a_smarthost_is_not_looked_at(world: World, destination: str) -> None:
    """Our own cells are no receivers of the world, and a smarthost sends from another address."""
    assert await world.objection(account="ann", destination=destination) is None
    assert ([], []) == (world.names.asked, world.rights.asked)


async def test_departure_needs_the_right_of_its_account(world: World) -> None:
    """The keeper says whether the account that handed it in may send with its MAIL FROM, also later."""
    world.names.zone[POLICY] = txt("v=spf1 ip4:127.0.0.2 -all")
    assert await world.objection(account="ann") is None
    world.clock.jump(60)
    world.rights.refused.add("ann@lagoon.test")
    found = await world.objection(account="ann")
    assert found is not None
    assert (Fate.HELD, "ann may not send as ann@lagoon.test") == (found.verdict.fate, found.verdict.words)
    assert MaySendAs("ann", ("ann@lagoon.test",)) == world.rights.asked[-1]
    world.clock.jump(60)
    world.rights.is_down = True
    away = await world.objection(account="ann")
    assert away is not None
    assert Fate.UNASKED is away.verdict.fate


async def test_departure_of_the_null_path_is_everybodys(world: World) -> None:
    """RFC 5321 §4.5.5: a notice has no address that somebody could own."""
    world.names.zone[HOST, "TXT"] = txt("v=spf1 ip4:127.0.0.2 -all")
    assert await world.objection("<>", account="ann") is None
    assert [] == world.rights.asked


async def test_departures_ask_once_for_all_mails_of_a_moment(world: World) -> None:
    """A thousand mails do not ask a thousand times, neither at once nor one after the other."""
    world.names.zone[POLICY] = txt("v=spf1 ip4:127.0.0.2 -all")
    await asyncio.gather(*(world.objection(account="ann") for _ in range(100)))
    for number in range(100):
        await world.objection(f"<user{number}@lagoon.test>")
    assert (1, 1) == (len(world.names.asked), len(world.rights.asked))


async def test_departures_ask_again_after_pauses_that_grow_to_minutes(world: World) -> None:
    """All that waits for a record waits for the same moment; at each a new look is taken at the record itself."""
    pauses = []
    for _ in range(10):
        found = await world.objection()
        assert found is not None
        assert await world.objection() == found
        pauses.append(found.until_unix - world.clock.unix())
        world.clock.jump(pauses[-1])
    assert [2, 4, 8, 16, 32, 64, 128, 256, 300, 300] == pauses
    world.names.zone[POLICY] = txt("v=spf1 ip4:127.0.0.2 -all")
    assert await world.objection() is None


async def test_departures_of_many_senders_wait_for_one_look_at_the_record(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many senders a list or its forwards have, a wrong record is asked for once a pause, and pauses grow."""
    monkeypatch.setattr("scop.cells.relay.standing.MAX_KNOWN", 10)
    senders = [f"<list-{number}@lagoon.test>" for number in range(30)]
    world.names.zone[POLICY] = txt("v=spf1 -all")
    for seconds in (2, 4, 8):
        found = [await world.objection(sender) for sender in senders]
        assert {seconds} == {each.until_unix - world.clock.unix() for each in found if each is not None}
        assert 1 == len(world.names.asked)
        world.names.asked.clear()
        world.clock.jump(seconds)
    world.names.zone[POLICY] = txt("v=spf1 ip4:127.0.0.2 -all")
    assert [None] * 30 == await asyncio.gather(*map(world.objection, senders))


async def test_departures_are_asked_anew_when_the_operator_wants_it(world: World) -> None:
    """Whoever has just mended the record need not wait."""
    assert await world.objection() is not None
    world.names.zone[POLICY] = txt("v=spf1 ip4:127.0.0.2 -all")
    assert await world.objection() is not None
    world.departures.forget()
    assert await world.objection() is None


async def test_departures_without_a_known_source_go_by_our_mail_hosts_addresses(tmp_path: Path) -> None:
    """Where the system picks the address, the world sees what our mail host is known by; nothing leaves without."""
    world = World(tmp_path, addresses=())
    world.names.zone[POLICY] = txt("v=spf1 ip4:192.0.2.7 -all")
    found = await world.objection()
    assert found is not None
    assert Fate.UNASKED is found.verdict.fate
    world.clock.jump(60)
    world.names.zone[HOST, "A"] = [A(NAT)]
    assert await world.objection() is None


async def test_departures_ask_for_every_address(tmp_path: Path) -> None:
    """Which of them a host sees is not known before; the advice names all, and a private one makes us think of NAT."""
    world = World(tmp_path, addresses=(NAT, "10.0.0.4"))
    world.names.zone[POLICY] = txt("v=spf1 ip4:192.0.2.7 -all")
    words = await world.words()
    assert "for 10.0.0.4 (behind NAT? say [relay] seen_as)" in words
    assert 'TXT "v=spf1 ip4:192.0.2.7 ip4:10.0.0.4 -all"' in words


@pytest.mark.parametrize(
    ("source", "published", "told", "expected"),
    [
        (SOURCE, (), (), (SOURCE,)),
        ("192.0.2.7", ("192.0.2.7", "2001:db8::7"), (), ("192.0.2.7",)),
        ("10.0.0.4", ("192.0.2.7", "2001:db8::7"), (), ("192.0.2.7",)),
        ("fd00::4", ("192.0.2.7",), (), ("192.0.2.7",)),
        ("10.0.0.4", ("192.0.2.7",), ("192.0.2.9",), ("192.0.2.9",)),
        ("0.0.0.0", ("192.0.2.7", "2001:db8::7"), (), ("192.0.2.7", "2001:db8::7")),
        ("::", (), (), ()),
    ],
)
def test_departure_address_is_the_one_that_the_world_sees(
    source: str, published: tuple[str, ...], told: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """What the owner says, else what we send from, unless the world knows us by others of its family (NAT)."""
    config = Config(DOMAIN, Network(source), publish=Publish(published), relay=Relay(seen_as=told))
    assert expected == seen_as(config)


class ChangingNames(StillNames):
    """The names of the running relay, with a policy that a test sets."""

    def __init__(self, record: str) -> None:
        self.record = record

    async def lookup(self, question: Question) -> Answer:
        """Answer at once."""
        if (question.name, question.type) == POLICY:
            return Answer(question, records=tuple(txt(self.record)), ttl_seconds=300)
        return NAMES.answer(question)


async def held(relay: RunningRelay) -> QueueEntry:
    """Return the one recipient that is held."""
    (entry,) = (await relay.ask(ReadQueue(10, HELD))).entries
    return entry


async def woken(relay: RunningRelay, seconds: float) -> None:
    """Let time pass, and wake the relay with a mail for its own mailbox."""
    relay.jump(seconds)
    done = len(relay.kept.of("mail.relayed", to="<zoe@lagoon.test>"))
    await relay.send("<zoe@lagoon.test>", octets=b"Subject: %d\r\n\r\n" % done)
    await relay.kept.until("mail.relayed", done + 1, to="<zoe@lagoon.test>")


async def test_relay_never_launches_what_would_not_pass_and_launches_it_once_it_would(tmp_path: Path) -> None:
    """A wrong record holds; it is seen in the queue and in the log, no host is called; the right one lets it go."""
    names = ChangingNames("v=spf1 ip4:192.0.2.1 -all")
    async with around() as outside, running(tmp_path, outside, names=names) as relay:
        await relay.send(BOB)
        (line,) = await relay.kept.until("mail.kept_back")
        advised = 'publish at lagoon.test: TXT "v=spf1 ip4:127.0.0.2 ip4:192.0.2.1 -all"'
        assert advised in str(line["remote"])
        entry = await held(relay)
        assert (True, 0, True) == (entry.is_kept_back, entry.attempts, advised in entry.last_reply)
        (mail,) = (await relay.ask(ReadQueuedMail(entry.trace))).mails
        assert (True, advised in mail.recipients[0].tries[0].reply) == (mail.recipients[0].is_kept_back, True)
        assert 1 == (await relay.listed()).held
        await woken(relay, 10)
        await relay.kept.until("mail.kept_back", 2)
        names.record = "v=spf1 ip4:127.0.0.2 -all"
        await woken(relay, 60)
        await relay.kept.until("mail.relayed", 3)
        assert 1 == len(outside.world.messages)
        assert 0 == (await relay.left(0)).held


async def test_relay_releases_past_the_look_only_when_told_so(tmp_path: Path) -> None:
    """`release` asks anew; only with `unchecked` the mail leaves though it would not pass, also after a deferral."""
    names = ChangingNames("v=spf1 -all")
    async with around() as outside, running(tmp_path, outside, names=names) as relay:
        outside.world.replies["bob"] = reply(451, "4.7.1", "Come back later")
        await relay.send(BOB)
        await relay.kept.until("mail.kept_back")
        assert 1 == (await relay.ask(ReleaseMail(HELD))).recipients
        await relay.kept.until("mail.kept_back", 2)
        assert 1 == (await relay.ask(ReleaseMail(HELD, unchecked=True))).recipients
        await relay.kept.until("mail.deferred")
        assert 0 == (await relay.listed()).held
        del outside.world.replies["bob"]
        await woken(relay, 60)
        await relay.kept.until("mail.relayed", 2)
        assert (1, 2) == (len(outside.world.messages), len(relay.kept.of("mail.kept_back")))


class BrokenNames(ChangingNames):
    """The same, until it is mended with a bug of ours in it."""

    async def lookup(self, question: Question) -> Answer:
        """Answer at once, or not at all."""
        if not self.record:
            raise ZeroDivisionError("a bug of ours")
        return await super().lookup(question)


async def test_relay_outlives_a_bug_in_the_look(tmp_path: Path) -> None:
    """One mail that cannot be looked at waits, and stops neither the relay nor other mail."""
    names = BrokenNames("")
    async with around() as outside, running(tmp_path, outside, names=names) as relay:
        await relay.send(BOB)
        await relay.kept.until("mail.deferred")
        assert 0 == (await relay.listed()).held
        names.record = "v=spf1 ip4:127.0.0.2 -all"
        await woken(relay, 10)
        await relay.kept.until("mail.relayed", 2)
        assert 1 == len(relay.kept.of("mail.fault"))


async def test_relay_tells_the_sender_of_what_is_held_for_long(tmp_path: Path) -> None:
    """Held mail has the same end as all other: its sender hears of the delay, and after five days of the failure."""
    async with around() as outside, running(tmp_path, outside, names=ChangingNames("v=spf1 -all")) as relay:
        await relay.send(BOB)
        await relay.kept.until("mail.kept_back")
        await woken(relay, 4 * 3600 + 1)
        await relay.kept.until("mail.kept_back", 2)
        await woken(relay, 5 * 86_400)
        (line,) = await relay.kept.until("mail.bounced")
        await relay.kept.until("mail.relayed", 4)
        told = b"".join(outside.local.messages)
        assert (b"Action: delayed" in told, b"Action: failed" in told, b"Status: 4.4.7" in told) == (True, True, True)
        assert "publish at lagoon.test" in str(line["remote"])
        assert [] == outside.world.messages


async def test_relay_holds_what_an_account_may_not_send(tmp_path: Path) -> None:
    """The login comes with the mail (`AUTH=`), stays in the queue, and is told to no host."""
    async with relay_and_world(tmp_path) as relay:
        relay.keeper.refused.add("ann@lagoon.test")
        mail = Mail(ReversePath.parse(ANN), auth=Mailbox.parse("ann@lagoon.test"))
        await relay.hand_over(mail, Recipient(ForwardPath.parse(BOB)))
        (line,) = await relay.kept.until("mail.kept_back")
        assert "ann may not send as ann@lagoon.test" == line["remote"]
        relay.keeper.refused.clear()
        await relay.ask(ReleaseMail(HELD))
        await relay.kept.until("mail.relayed")
        assert [None] == [each.auth for each in relay.outside.world.mails]


async def test_relay_tells_the_mailbox_who_handed_a_mail_in(tmp_path: Path) -> None:
    """RFC 4954 §5: the mailbox is trusted, and learns what its own people send to be learned."""
    async with relay_and_world(tmp_path) as relay:
        mail = Mail(ReversePath.parse(ANN), auth=Mailbox.parse("ann@lagoon.test"))
        await relay.hand_over(mail, Recipient(ForwardPath.parse("<spam@lagoon.test>")))
        await relay.kept.until("mail.relayed")
        assert ["ann@lagoon.test"] == [str(each.auth) for each in relay.outside.local.mails]


def test_relay_configuration_refuses_what_is_no_address() -> None:
    """[relay] seen_as has addresses."""
    with pytest.raises(ValueError, match=r"seen_as: .* is no IPv4 or IPv6 address"):
        Relay(seen_as=("mx.lagoon.test",))
