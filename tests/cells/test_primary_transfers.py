"""Transfers and NOTIFY at the primary, without sockets: whose key opens what, and in which form it goes out."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from pathlib import Path

import pytest

from fakes.mesh import ClockAt, KeptLog
from fakes.zone_folder import Folder
from scop.cells.primary.holdings import Author, Holdings, Unsigned
from scop.cells.primary.journals import Journals
from scop.cells.primary.name_server import NameServer, Rights
from scop.dns.answer import Question
from scop.dns.message import Edns, Message, build_message, build_query, parse_message
from scop.dns.rdata import TXT
from scop.dns.rrset import RRset
from scop.dns.tsig import SignedRequest, TsigKey, sign_request
from scop.dns.update import Addition, build_update
from scop.dns.words import Ede, Rcode
from scop.dns.zone.answer import MAX_DATAGRAM_OCTETS, MAX_STREAM_OCTETS
from scop.dns.zone.grants import Grant
from scop.dns.zone.notify import build_notify
from scop.dns.zone.serial import following, with_serial
from scop.dns.zone.transfer import TransferOutcome, TransferReader, build_transfer_query
from scop.dns.zone.zone import Zone

NOW = 1_800_000_000
ORIGIN = "harbor.test"
READER, WRITER = TsigKey("reader", b"r" * 32), TsigKey("writer", b"w" * 32)
V1 = Zone.parse("$TTL 300\n@ SOA mx hostmaster 7 3600 600 1209600 10\n@ NS mx\nmx A 127.0.20.1\n", ORIGIN)


def with_text(zone: Zone, owner: str, size: int = 1) -> Zone:
    """Return the next version, with a text of so many strings."""
    rdatas = tuple(TXT((bytes((number,)) * 100,)) for number in range(size))
    return with_serial(zone.changed([RRset(owner, "TXT", 60, rdatas)]), following(zone.serial))


V2 = with_text(V1, "a.harbor.test")
V3 = with_text(V2, "b.harbor.test", 20)


class Server:
    """A primary of one zone, which was changed twice."""

    def __init__(self, folder: Path) -> None:
        self.log = KeptLog()
        self.journals = Journals(folder / "journals", self.log.log())
        self.holdings = Holdings([V1], Folder(folder), Unsigned(), lambda: NOW)
        self.journals.begin(V1)
        self.holdings.watch(self.journals.note)
        rights = Rights((READER, WRITER), Grant.parse("writer:*:*"), transfer_keys=frozenset({READER.name}))
        self.server = NameServer(self.holdings, rights, self.log.log(), ClockAt(NOW), journals=self.journals)

    async def change(self, zone: Zone) -> None:
        """Show a version."""
        await self.holdings.change(ORIGIN, lambda _: zone, Author("writer", "test"))

    async def ask(self, octets: bytes, max_octets: int = MAX_STREAM_OCTETS) -> list[bytes]:
        """Return every message of an answer."""
        found = self.server.answer_public(octets, max_octets)
        response = await found if isinstance(found, Awaitable) else found
        if isinstance(response, Iterator):
            return list(response)
        return [] if response is None else [response]


@pytest.fixture
async def server(tmp_path: Path) -> Server:
    """Return a server that shows the third version."""
    made = Server(tmp_path)
    await made.change(V2)
    await made.change(V3)
    return made


def signed(before: Zone | None, key: TsigKey = READER) -> SignedRequest:
    """Return a transfer's query, signed."""
    return sign_request(build_transfer_query(ORIGIN, before, 7), key, NOW)


def fetched(messages: list[bytes], before: Zone | None, sent: SignedRequest) -> tuple[TransferOutcome, Zone]:
    """Read a transfer as a secondary does."""
    replies, reader = sent.replies(), TransferReader(ORIGIN, before)
    for message in messages:
        reader.receive(replies.open(message, NOW))
    assert replies.is_vouched_for
    return reader.outcome, reader.result()


@pytest.mark.parametrize(
    ("before", "outcome"),
    [
        (None, TransferOutcome.WHOLE),
        (V1, TransferOutcome.CHANGES),
        (V2, TransferOutcome.CHANGES),
        (V3, TransferOutcome.UP_TO_DATE),
        (with_serial(V1, 3), TransferOutcome.WHOLE),
    ],
)
async def test_transfer_under_the_key(server: Server, before: Zone | None, outcome: TransferOutcome) -> None:
    """Whole, what changed, or nothing, by what the secondary has (RFC 1995 §2, §4)."""
    sent = signed(before)
    assert (outcome, V3) == fetched(await server.ask(sent.octets), before, sent)


async def test_transfer_steps_outlive_a_restart(server: Server, tmp_path: Path) -> None:
    """After a restart the steps are there again; a change by hand while we were away is one more."""
    again = Journals(tmp_path / "journals", server.log.log())
    assert V3 == again.restored[ORIGIN]
    edited = with_text(V3, "c.harbor.test")
    again.begin(edited)
    assert [(7, 8), (8, 9), (9, 10)] == [(step.before, step.after) for step in again.steps(edited, 7)]
    assert V3.serial == Journals(tmp_path / "journals", server.log.log()).steps(edited, 9)[0].before


async def test_transfer_journal_that_is_cut_off(server: Server, tmp_path: Path) -> None:
    """A step that a crash cut off is not there, and the next one is still found after it."""
    (path,) = (tmp_path / "journals").iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    again = Journals(tmp_path / "journals", server.log.log())
    assert V2 == again.restored[ORIGIN]
    again.begin(V3)
    assert V3 == Journals(tmp_path / "journals", server.log.log()).restored[ORIGIN]


async def test_transfer_journal_of_the_same_serial_and_other_records(server: Server, tmp_path: Path) -> None:
    """Where a zone differs under one serial no step can lead from what was shown: the journal begins anew."""
    again = Journals(tmp_path / "journals", server.log.log())
    other = with_serial(with_text(V3, "d.harbor.test"), V3.serial)
    again.begin(other)
    assert () == again.steps(other, 7)


@pytest.mark.parametrize("type_", ["AXFR", "IXFR"])
@pytest.mark.parametrize("key", [None, WRITER, TsigKey("reader", b"x" * 32), TsigKey("nobody", b"r" * 32)])
async def test_transfer_without_the_key(server: Server, key: TsigKey | None, type_: str) -> None:
    """Unsigned and by a key that may not: REFUSED; by no key of ours or forged: NOTAUTH. No record goes out."""
    before = None if type_ == "AXFR" else V1
    octets = signed(before, key).octets if key else build_transfer_query(ORIGIN, before, 7)
    (reply,) = await server.ask(octets)
    expected = Rcode.REFUSED if key in (None, WRITER) else Rcode.NOTAUTH
    assert (expected, b"\0\0\0\0") == (Rcode(reply[3] & 15), reply[6:10])


def query(type_: str, name: str = ORIGIN, qclass: str = "IN", **more: object) -> bytes:
    """Return a signed query."""
    message = Message(7, question=Question(name, type_, qclass), **more)  # type: ignore[arg-type]  # its fields
    return sign_request(build_message(message), READER, NOW).octets


@pytest.mark.parametrize(
    ("octets", "max_octets", "rcode"),
    [
        (query("AXFR"), MAX_DATAGRAM_OCTETS, Rcode.FORMERR),
        (query("IXFR"), MAX_STREAM_OCTETS, Rcode.FORMERR),
        (query("AXFR", "lagoon.test"), MAX_STREAM_OCTETS, Rcode.NOTAUTH),
        (query("AXFR", "mx.harbor.test"), MAX_STREAM_OCTETS, Rcode.NOTAUTH),
        (query("AXFR", qclass="CH"), MAX_STREAM_OCTETS, Rcode.NOTAUTH),
    ],
)
async def test_transfer_that_cannot_be(server: Server, octets: bytes, max_octets: int, rcode: Rcode) -> None:
    """No AXFR by datagram (RFC 5936 §4.2), no IXFR without a version (RFC 1995 §3), no zone of others."""
    (reply,) = await server.ask(octets, max_octets)
    assert rcode == reply[3] & 15


async def test_transfer_of_an_expired_zone(server: Server) -> None:
    """What is not answered from is not given on either (RFC 5936 §2.2.1)."""
    server.holdings.withhold(ORIGIN, Ede.INVALID_DATA)
    (reply,) = await server.ask(signed(None).octets)
    assert Rcode.SERVFAIL == reply[3] & 15


@pytest.mark.parametrize(("before", "records"), [(V2, 1), (V1, 1), (V3, 1)])
async def test_transfer_by_datagram_that_does_not_fit(server: Server, before: Zone, records: int) -> None:
    """Where changes do not fit a datagram our SOA alone says: come by TCP (RFC 1995 §2)."""
    sent = signed(before)
    (reply,) = await server.ask(sent.octets, MAX_DATAGRAM_OCTETS)
    message = parse_message(sent.open_reply(reply, NOW))
    assert (records, "SOA") == (len(message.answers), message.answers[0].type)


async def test_transfer_by_datagram_that_fits(tmp_path: Path) -> None:
    """A small change is told in one datagram."""
    server = Server(tmp_path)
    await server.change(V2)
    octets = build_message(
        Message(7, question=Question(ORIGIN, "IXFR"), authority=V1.soa.records(), edns=Edns(MAX_DATAGRAM_OCTETS))
    )
    sent = sign_request(octets, READER, NOW)
    assert (TransferOutcome.CHANGES, V2) == fetched(await server.ask(sent.octets, MAX_DATAGRAM_OCTETS), V1, sent)


@pytest.mark.parametrize(
    ("key", "origin", "rcode"),
    [
        (None, "lagoon.test", Rcode.REFUSED),
        (READER, "lagoon.test", Rcode.NOERROR),
        (WRITER, "lagoon.test", Rcode.NOTAUTH),
        (READER, "other.test", Rcode.NOTAUTH),
        (READER, ORIGIN, Rcode.NOTAUTH),
    ],
)
async def test_notify_is_believed_under_its_key(server: Server, key: TsigKey | None, origin: str, rcode: Rcode) -> None:
    """Only a signed NOTIFY for a zone that somebody here follows is heard, and answered with AA (RFC 1996 §4.7)."""
    heard: list[str] = []

    def follow(zone: str, key_name: str) -> bool:
        is_mine = (zone, key_name) == ("lagoon.test", READER.name)
        heard.extend([zone] * is_mine)
        return is_mine

    server.server.notified.append(follow)
    octets = build_notify(origin, 7, V1.soa)
    (reply,) = await server.ask(sign_request(octets, key, NOW).octets if key else octets, MAX_DATAGRAM_OCTETS)
    assert (rcode, 4, ["lagoon.test"] * (rcode is Rcode.NOERROR)) == (reply[3] & 15, reply[2] >> 3 & 15, heard)
    assert (rcode is Rcode.NOERROR) == bool(reply[2] & 4)


async def test_signed_answer_fits_its_datagram(server: Server) -> None:
    """The signature has its room too: what does not fit with it is cut (RFC 8945 §5.3)."""
    for edns in (None, Edns(1232)):
        for strings in range(1, 14):
            await server.change(with_text(server.holdings.shown.by_origin[ORIGIN], "t.harbor.test", strings))
            octets = build_query(Question("t.harbor.test", "TXT"), 7, edns=edns)
            (reply,) = await server.ask(sign_request(octets, READER, NOW).octets, MAX_DATAGRAM_OCTETS)
            assert len(reply) <= (512 if edns is None else 1232)


async def test_update_with_edns_is_answered_with_edns(server: Server) -> None:
    """Who sends an OPT record gets one (RFC 6891 §6.1.1)."""
    change = Addition("e.harbor.test", 60, TXT.of(b"x"))
    plain = build_update(ORIGIN, [change], WRITER, now_unix=NOW, message_id=7)
    (reply,) = await server.ask(plain.octets)
    assert parse_message(plain.open_reply(reply, NOW)).edns is None
    unsigned = plain.octets[: plain.octets.rindex(b"\6writer\0")]
    with_opt = unsigned[:10] + b"\0\1" + unsigned[12:] + b"\0\0\x29\4\xd0" + bytes(6)
    sent = sign_request(with_opt, WRITER, NOW)
    (reply,) = await server.ask(sent.octets)
    message = parse_message(sent.open_reply(reply, NOW))
    assert (Rcode.NOERROR, True) == (message.rcode, message.edns is not None)
