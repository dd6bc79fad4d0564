"""The primary without sockets: who may ask, who may change, and what is on the disk when it answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.tsig
import dns.update
import pytest

from fakes.zone_folder import Folder, read_zones, zone_path
from scop.cells.primary.holdings import Author, Holdings, Unsigned
from scop.cells.primary.name_server import NameServer, Rights
from scop.dns.rdata import CNAME, TXT, A
from scop.dns.tsig import SignedRequest, TsigError, TsigKey
from scop.dns.update import Addition, Change, Deletion, build_update, read_update_reply
from scop.dns.words import Ede, Rcode
from scop.dns.zone.answer import MAX_DATAGRAM_OCTETS
from scop.dns.zone.first_zone import first_zone
from scop.dns.zone.grants import Grant
from scop.dns.zone.zone import Zone
from scop.net.dns_server import Response
from scop.net.log import Log

NOW = 1_800_000_000
KEY = TsigKey("signer.harbor.test", b"k" * 32)
GRANT = Grant(KEY.name, "*._domainkey.harbor.test", frozenset({"TXT"}))
OWNER = "s1._domainkey.harbor.test"
PUBLISH = Addition(OWNER, 300, TXT.of(b"v=DKIM1; p=abc"))


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def unix(self) -> float:
        """Return the time."""
        return self.now

    def monotonic(self) -> float:
        """Return the time."""
        return self.now


async def answered(found: Response | Awaitable[Response]) -> Response:
    """Wait for an answer that is not known at once."""
    return await found if isinstance(found, Awaitable) else found


@dataclass(frozen=True)
class Stored:
    """A history that hands each zone to a function."""

    store: Callable[[Zone], None]

    def commit(self, zone: Zone, by: Author) -> None:
        """Store it."""
        self.store(zone)


class Primary:
    """A name server on a folder, and what it logged."""

    def __init__(self, folder: Path, store: Callable[[Zone], None] | None = None) -> None:
        self.clock = Clock()
        self.lines: list[bytes] = []
        history = Stored(store) if store else Folder(folder)
        zones = read_zones(folder).by_origin.values()
        holdings = Holdings(zones, history, Unsigned(), self.clock.unix)
        rights = Rights(grants=(GRANT,), pipe_keys=(KEY,))
        self.server = NameServer(holdings, rights, Log("primary", self.lines.append), self.clock)

    @property
    def events(self) -> list[tuple[str, str]]:
        """What was logged: event and reason."""
        logged = [json.loads(line) for line in self.lines]
        return [(line["event"], line.get("reason", "")) for line in logged]

    async def update(self, *changes: Change, key: TsigKey = KEY, now_unix: int = NOW) -> Rcode:
        """Send an UPDATE as the signer does, and believe only a signed reply."""
        sent = build_update("harbor.test", changes, key, now_unix=now_unix, message_id=7)
        return read_update_reply(sent, await self.send(sent), now_unix)

    async def send(self, sent: SignedRequest) -> bytes:
        """Send octets on the pipe."""
        reply = await answered(self.server.answer_neighbour(sent.octets, "signer"))
        assert isinstance(reply, bytes)
        return reply

    def texts(self, owner: str = OWNER) -> list[str]:
        """Ask in public for TXT."""
        reply = self.server.answer_public(dns.message.make_query(owner, "TXT").to_wire(), MAX_DATAGRAM_OCTETS)
        assert isinstance(reply, bytes)
        return [str(rdata) for rrset in dns.message.from_wire(reply).answer for rdata in rrset]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a state folder as `scop init` leaves it."""
    zone_path(tmp_path, "harbor.test").write_text(first_zone("harbor.test", "mx.harbor.test", "127.0.20.1"))
    return tmp_path


@pytest.fixture
def primary(folder: Path) -> Primary:
    """Return a primary on that folder."""
    return Primary(folder)


async def test_primary_update_is_shown_and_durable(primary: Primary, folder: Path) -> None:
    """After the signed NOERROR the record is shown in public, and a restart shows it too."""
    assert Rcode.NOERROR == await primary.update(PUBLISH)
    assert ['"v=DKIM1; p=abc"'] == primary.texts()
    assert ['"v=DKIM1; p=abc"'] == Primary(folder).texts()
    assert [("zone.updated", "")] == primary.events
    assert 2 == read_zones(folder).by_origin["harbor.test"].serial


async def test_primary_is_durable_before_it_answers(folder: Path) -> None:
    """Until the disk has the zone, the world sees the old one."""
    seen: list[list[str]] = []
    watched = Primary(folder, lambda _zone: seen.append(watched.texts()))
    await watched.update(PUBLISH)
    assert ([[]], ['"v=DKIM1; p=abc"']) == (seen, watched.texts())


async def test_primary_tells_the_history_who_changed_what(primary: Primary) -> None:
    """The commit of an UPDATE names the key, the cell that handed it in, names and types; long ones are counted."""
    told: list[Author] = []
    primary.server.holdings.watch(lambda change: told.append(change.by))
    many = [Addition(f"s{n}._domainkey.harbor.test", 300, TXT.of(b"v=DKIM1")) for n in range(8)]
    await primary.update(PUBLISH, Deletion(OWNER, "TXT", TXT.of(b"old")))
    await primary.update(*many)
    first, second = told
    assert Author(KEY.name, "UPDATE by signer: + s1._domainkey TXT, - s1._domainkey TXT") == first
    assert second.why.startswith("UPDATE by signer: + s0._domainkey TXT, ")
    assert second.why.endswith(" + s5._domainkey TXT and 2 more")


async def test_primary_failing_disk_changes_nothing(folder: Path) -> None:
    """What cannot be stored is SERVFAIL, and the world sees no trace of it."""

    def full(_zone: Zone) -> None:
        raise OSError("no space left")

    filled = Primary(folder, full)
    assert Rcode.SERVFAIL == await filled.update(PUBLISH)
    assert ([], [("zone.refused", "cannot store the zone: no space left")]) == (filled.texts(), filled.events)


async def test_primary_refuses_what_is_not_granted(primary: Primary, folder: Path) -> None:
    """The signer's key opens _domainkey for TXT and nothing else; the file stays as it was."""
    before = zone_path(folder, "harbor.test").read_text()
    for change in (
        Addition("mx.harbor.test", 300, A("127.0.66.1")),
        Addition("harbor.test", 300, TXT.of(b"v=spf1 +all")),
        Deletion("_dmarc.harbor.test", "TXT"),
        Addition(OWNER, 300, CNAME("evil.test")),
    ):
        primary.clock.now += 1
        assert Rcode.REFUSED == await primary.update(PUBLISH, change, now_unix=int(primary.clock.now))
    assert before == zone_path(folder, "harbor.test").read_text()
    assert {"zone.refused"} == {event for event, _ in primary.events}


async def test_primary_refuses_unsigned_update(primary: Primary) -> None:
    """A neighbour's certificate alone changes nothing: the key has to be shown too."""
    signed = build_update("harbor.test", [PUBLISH], KEY, now_unix=NOW, message_id=7).octets
    unsigned = signed[: signed.rindex(b"\6signer\6harbor")]
    unsigned = unsigned[:10] + b"\0\0" + unsigned[12:]
    reply = await answered(primary.server.answer_neighbour(unsigned, "signer"))
    assert isinstance(reply, bytes)
    assert (Rcode.REFUSED, []) == (reply[3] & 0x0F, primary.texts())


@pytest.mark.parametrize(
    ("key", "seconds", "reason"),
    [
        (TsigKey(KEY.name, b"x" * 32), 0, "TSIG BADSIG"),
        (TsigKey("other", b"k" * 32), 0, "TSIG BADKEY"),
        (KEY, 301, "TSIG BADTIME"),
        (KEY, -301, "TSIG BADTIME"),
    ],
)
async def test_primary_refuses_bad_signatures(primary: Primary, key: TsigKey, seconds: int, reason: str) -> None:
    """Wrong secret, unknown key, wrong time: NOTAUTH with the error in the TSIG, nothing changed (RFC 8945 §5.2)."""
    sent = build_update("harbor.test", [PUBLISH], key, now_unix=NOW + seconds, message_id=7)
    reply = await primary.send(sent)
    response = dns.message.from_wire(reply, keyring=False)
    assert (dns.rcode.NOTAUTH, TsigError[reason.removeprefix("TSIG ")]) == (response.rcode(), response.tsig_error)
    assert ([("dns.refused", reason)], []) == (primary.events, primary.texts())


async def test_primary_repeated_update_changes_nothing(primary: Primary) -> None:
    """An UPDATE sent again ends as it did and does nothing: a withdrawn key stays withdrawn (RFC 8945 §10.4)."""
    sent = build_update("harbor.test", [PUBLISH], KEY, now_unix=NOW, message_id=7)
    assert Rcode.NOERROR == read_update_reply(sent, await primary.send(sent), NOW)
    primary.clock.now += 1
    assert Rcode.NOERROR == await primary.update(Deletion(OWNER, "TXT"), now_unix=NOW + 1)
    assert Rcode.NOERROR == read_update_reply(sent, await primary.send(sent), NOW)
    assert [] == primary.texts()


async def test_primary_update_repeated_while_it_runs_is_done_once(primary: Primary) -> None:
    """A datagram that comes twice is one UPDATE: one version, and both get the same answer."""
    sent = build_update("harbor.test", [PUBLISH], KEY, now_unix=NOW, message_id=7)
    replies = await asyncio.gather(primary.send(sent), primary.send(sent))
    assert [Rcode.NOERROR] * 2 == [read_update_reply(sent, reply, NOW) for reply in replies]
    assert [("zone.updated", "")] == primary.events


async def test_primary_older_update_is_taken(primary: Primary) -> None:
    """Datagrams overtake each other: one that was signed a second earlier is as good."""
    assert Rcode.NOERROR == await primary.update(PUBLISH, now_unix=NOW + 1)
    assert Rcode.NOERROR == await primary.update(Deletion(OWNER, "TXT"), now_unix=NOW)


async def test_primary_updates_run_one_by_one(primary: Primary) -> None:
    """Updates that arrive together all take effect."""
    owners = [f"s{number}._domainkey.harbor.test" for number in range(8)]
    changes = [Addition(owner, 300, TXT.of(owner.encode())) for owner in owners]
    assert [Rcode.NOERROR] * 8 == await asyncio.gather(*(primary.update(change) for change in changes))
    assert [[f'"{owner}"'] for owner in owners] == [primary.texts(owner) for owner in owners]


async def test_primary_peer_that_hangs_up_splits_nothing(primary: Primary, folder: Path) -> None:
    """If the signer is gone before the answer, disk and memory still agree."""
    asking = asyncio.ensure_future(primary.update(PUBLISH))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await primary.server.drained()
    assert primary.texts() == Primary(folder).texts()


async def test_primary_other_zone_on_the_pipe(primary: Primary) -> None:
    """A zone that we do not hold is NOTAUTH, signed (RFC 2136 §3.1.2)."""
    sent = build_update("lagoon.test", [], KEY, now_unix=NOW, message_id=7)
    assert Rcode.NOTAUTH == read_update_reply(sent, await primary.send(sent), NOW)


@pytest.mark.parametrize(
    ("origin", "class_", "rcode"),
    [
        ("harbor.test", "CH", Rcode.NOTAUTH),
        ("other.test", "IN", Rcode.NOTAUTH),
        ("copied.test", "IN", Rcode.REFUSED),
        ("away.test", "IN", Rcode.REFUSED),
        ("copied.test", "CH", Rcode.NOTAUTH),
    ],
)
async def test_primary_changes_zones_of_its_own_only(primary: Primary, origin: str, class_: str, rcode: Rcode) -> None:
    """No zone of ours, or of another class, is NOTAUTH; one that we copy is refused (RFC 2136 §3.1.2 and §6)."""
    copied = Zone.parse("@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\n", "copied.test")
    await primary.server.holdings.adopt(copied, Author("a", "b"))
    primary.server.holdings.withhold("away.test", Ede.NOT_READY)
    asked = dns.update.UpdateMessage(origin, rdclass=dns.rdataclass.from_text(class_))
    said = primary.server.answer_public(asked.to_wire(), MAX_DATAGRAM_OCTETS)
    assert isinstance(said, bytes)
    assert rcode == said[3] & 0x0F


async def test_primary_answers_questions_on_the_pipe(primary: Primary) -> None:
    """The pipe answers questions too, signed where they are."""
    query = dns.message.make_query("harbor.test", "MX")
    plain = await answered(primary.server.answer_neighbour(query.to_wire(), "signer"))
    assert isinstance(plain, bytes)
    assert "10 mx.harbor.test." == str(dns.message.from_wire(plain).answer[0][0])
    query.use_tsig(dns.tsig.Key(KEY.name, KEY.secret))
    octets = query.to_wire()
    assert query.tsig is not None
    primary.clock.now = float(query.tsig[0].time_signed)
    signed = await answered(primary.server.answer_neighbour(octets, "signer"))
    assert isinstance(signed, bytes)
    assert dns.message.from_wire(signed, keyring=query.keyring, request_mac=query.mac).had_tsig


def test_primary_public_update_is_refused(primary: Primary) -> None:
    """In public the signer's own key is no key: its UPDATE is NOTAUTH and changes nothing."""
    octets = build_update("harbor.test", [PUBLISH], KEY, now_unix=NOW, message_id=7).octets
    reply = primary.server.answer_public(octets, MAX_DATAGRAM_OCTETS)
    assert isinstance(reply, bytes)
    assert (Rcode.NOTAUTH, []) == (reply[3] & 0x0F, primary.texts())


def test_primary_public_knows_no_keys(primary: Primary) -> None:
    """In public a signature opens nothing, and shows nothing about the keys that exist."""
    query = dns.message.make_query("harbor.test", "MX")
    query.use_tsig(dns.tsig.Key(KEY.name, KEY.secret))
    reply = primary.server.answer_public(query.to_wire(), MAX_DATAGRAM_OCTETS)
    assert isinstance(reply, bytes)
    response = dns.message.from_wire(reply, keyring=False)
    assert (dns.rcode.NOTAUTH, dns.rcode.BADKEY, []) == (response.rcode(), response.tsig_error, response.answer)


@pytest.mark.parametrize("opcode", [dns.opcode.UPDATE, dns.opcode.NOTIFY, dns.opcode.STATUS])
async def test_primary_says_no_with_edns_to_who_has_it(primary: Primary, opcode: dns.opcode.Opcode) -> None:
    """A refusal has OPT where its request has it, and another version than ours is told (RFC 6891 §6.1.3 and §7)."""
    query = dns.message.make_query("harbor.test", "SOA", use_edns=0)
    query.set_opcode(opcode)
    said = await answered(primary.server.answer_public(query.to_wire(), MAX_DATAGRAM_OCTETS))
    assert isinstance(said, bytes)
    refused = dns.message.from_wire(said)
    assert (0, opcode == dns.opcode.STATUS) == (refused.edns, refused.rcode() == dns.rcode.NOTIMP)
    query.use_edns(1)
    said = await answered(primary.server.answer_public(query.to_wire(), MAX_DATAGRAM_OCTETS))
    assert isinstance(said, bytes)
    rcode = dns.rcode.NOTIMP if opcode == dns.opcode.STATUS else dns.rcode.BADVERS
    assert (0, rcode) == (dns.message.from_wire(said).edns, dns.message.from_wire(said).rcode())


@pytest.mark.parametrize("octets", [b"", b"\0\7\x80" + b"\0" * 9])
async def test_primary_stays_silent(primary: Primary, octets: bytes) -> None:
    """Noise and responses get no answer on either side."""
    assert primary.server.answer_public(octets, MAX_DATAGRAM_OCTETS) is None
    assert await answered(primary.server.answer_neighbour(octets, "signer")) is None


async def test_primary_malformed_is_formerr(primary: Primary) -> None:
    """A message that ends early is FORMERR on either side."""
    octets = dns.message.make_query("harbor.test", "MX").to_wire()[:-1]
    replies = (
        primary.server.answer_public(octets, MAX_DATAGRAM_OCTETS),
        await answered(primary.server.answer_neighbour(octets, "signer")),
    )
    assert [dns.rcode.FORMERR] * 2 == [reply[3] & 0x0F for reply in replies if isinstance(reply, bytes)]
