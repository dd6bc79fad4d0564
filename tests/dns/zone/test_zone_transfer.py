"""Zone transfers without sockets: what a server gives, a client (ours, and dnspython) puts together again."""

from __future__ import annotations

from collections.abc import Iterable

import dns.message
import dns.name
import dns.rdatatype
import dns.xfr
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dns.zone
from scop.base import RemoteProtocolError
from scop.dns.message import Message, Record, build_message, parse_message
from scop.dns.rdata import TXT, A
from scop.dns.zone import transfer
from scop.dns.zone.difference import difference
from scop.dns.zone.journal import (
    Frame,
    FrameKind,
    Journal,
    JournalStep,
    decode_records,
    encode_records,
    read_frames,
)
from scop.dns.zone.serial import following, with_serial
from scop.dns.zone.transfer import (
    TransferOutcome,
    TransferReader,
    build_transfer_query,
    changed_by,
    changes_since,
    single_soa,
    whole_zone,
)
from scop.dns.zone.zone import Zone

TEXT = """\
$TTL 300
@ IN SOA mx hostmaster 7 3600 600 1209600 10
@ NS mx
mx A 127.0.20.1
www CNAME mx
"""
ORIGIN = "harbor.test"
ZONE = Zone.parse(TEXT, ORIGIN)
BIG = Zone.parse(TEXT + "".join(f"h{number} A 10.0.{number // 250}.{number % 250}\n" for number in range(3000)), ORIGIN)


def query(zone: Zone | None = None) -> Message:
    """Return a transfer's query as a server reads it."""
    return parse_message(build_transfer_query(ORIGIN, zone, 7))


def with_lines(zone: Zone, *lines: str, without: str = "") -> Zone:
    """Return the next version of a zone: with more lines, and without those of a name."""
    kept = [line for line in zone.to_text().splitlines() if not without or not line.startswith(without)]
    return with_serial(Zone.parse("\n".join((*kept, *lines, "")), ORIGIN), following(zone.serial))


V1 = ZONE
V2 = with_lines(V1, "new 300 A 127.0.0.2", "new 300 A 127.0.0.3")
V3 = with_lines(V2, "new 60 TXT a", without="www")
V4 = with_lines(V3, "mx 60 AAAA ::1", without="new")
STEPS = tuple(JournalStep.between(one, two) for one, two in ((V1, V2), (V2, V3), (V3, V4)))


def read(messages: Iterable[bytes], before: Zone | None = None) -> tuple[TransferOutcome, Zone]:
    """Put messages together as a secondary does."""
    reader = TransferReader(ORIGIN, before)
    for message in messages:
        reader.receive(message)
    return reader.outcome, reader.result()


def one_by_one(messages: Iterable[bytes]) -> list[bytes]:
    """Return the same transfer with one record a message, as old servers send it (RFC 5936 §2.2)."""
    records = [record for message in messages for record in parse_message(message, max_records=9999).answers]
    head = parse_message(next(iter(whole_zone(query(), ZONE))))
    return [build_message(head._replace(answers=(record,))) for record in records]


@pytest.mark.parametrize("zone", [ZONE, BIG])
def test_transfer_whole_zone_comes_back(zone: Zone) -> None:
    """AXFR: the same zone comes out, however the messages are cut (RFC 5936 §2.2)."""
    assert (TransferOutcome.WHOLE, zone) == read(whole_zone(query(), zone))
    assert (TransferOutcome.WHOLE, zone) == read(one_by_one(whole_zone(query(), zone)))


def test_transfer_whole_zone_is_read_by_dnspython() -> None:
    """Another implementation reads the messages of a big zone."""
    theirs = dns.zone.Zone(ORIGIN, relativize=False)
    with dns.xfr.Inbound(theirs, dns.rdatatype.AXFR) as inbound:
        is_done = [inbound.process_message(dns.message.from_wire(m, xfr=True)) for m in whole_zone(query(), BIG)]
    assert [False] * (len(is_done) - 1) + [True] == is_done
    assert 3004 == sum(len(rdataset) for node in theirs.nodes.values() for rdataset in node.rdatasets)


def test_transfer_messages_stay_small() -> None:
    """No message is larger than what names can be compressed in, so a transfer costs little memory."""
    sizes = [len(message) for message in whole_zone(query(), BIG)]
    assert 1 < len(sizes)
    assert all(size <= transfer.MESSAGE_OCTETS for size in sizes)


def test_transfer_question_stands_in_the_first_message() -> None:
    """RFC 5936 §2.2.1: all have the query's id and AA, the first repeats the question."""
    messages = [parse_message(message) for message in whole_zone(query(), BIG)]
    assert [True] + [False] * (len(messages) - 1) == [message.question is not None for message in messages]
    assert {(7, 0x8400)} == {(message.id, message.flags) for message in messages}


@pytest.mark.parametrize(("before", "steps"), [(V1, STEPS), (V2, STEPS[1:]), (V3, STEPS[2:])])
def test_transfer_changes_lead_to_the_newest(before: Zone, steps: tuple[JournalStep, ...]) -> None:
    """IXFR: from each older version the changes lead to the newest (RFC 1995 §4)."""
    messages = list(changes_since(query(before), V4, steps))
    assert (TransferOutcome.CHANGES, V4) == read(messages, before)
    assert (TransferOutcome.CHANGES, V4) == read(one_by_one(messages), before)


def test_transfer_changes_are_read_by_dnspython() -> None:
    """Another implementation applies our changes."""
    theirs = dns.zone.from_text(V1.to_text(), ORIGIN, relativize=False)
    with dns.xfr.Inbound(theirs, dns.rdatatype.IXFR, serial=V1.serial) as inbound:
        for message in changes_since(query(V1), V4, STEPS):
            assert inbound.process_message(dns.message.from_wire(message, xfr=True))
    wanted = dns.zone.from_text(V4.to_text(), ORIGIN, relativize=False)
    assert wanted == theirs


def test_transfer_changes_answered_by_a_whole_zone() -> None:
    """RFC 1995 §4: a server that does not know the changes sends the zone."""
    assert (TransferOutcome.WHOLE, V4) == read(whole_zone(query(V1), V4), V1)


@pytest.mark.parametrize("server", [V3, V2])
def test_transfer_single_soa_means_up_to_date(server: Zone) -> None:
    """A server of the same or an older version sends its SOA alone (RFC 1995 §4)."""
    assert (TransferOutcome.UP_TO_DATE, V3) == read([single_soa(query(V3), server)], V3)


def test_transfer_of_a_later_soa_alone_is_unfinished() -> None:
    """The SOA of a newer version alone is the begin of something."""
    reader = TransferReader(ORIGIN, V1)
    assert TransferOutcome.UNFINISHED == reader.receive(single_soa(query(V1), V2))


def answer(*records: Record, rcode: int = 0, question: str = ORIGIN) -> bytes:
    """Return a message of a transfer with these records."""
    message = parse_message(single_soa(query(), ZONE))
    assert message.question is not None
    asked = parse_message(build_transfer_query(question, None, 7)).question
    octets = build_message(message._replace(answers=records, question=asked))
    return octets[:3] + bytes((rcode,)) + octets[4:]


SOA = next(iter(V1.soa.records()))
OLD_SOA = next(iter(with_serial(V1, 3).soa.records()))
STRAY = Record("lagoon.test", 60, A("127.0.0.1"))
INSIDE = Record("x.harbor.test", 60, A("127.0.0.1"))


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([answer(INSIDE)], "begin"),
        ([answer()], "begin"),
        ([answer(SOA, rcode=5)], "REFUSED"),
        ([answer(SOA, STRAY)], "outside"),
        ([answer(SOA, question="lagoon.test")], "another zone"),
        ([answer(SOA, INSIDE, SOA, INSIDE)], "after the end"),
        ([answer(SOA, SOA), answer(INSIDE)], "after its end"),
        ([answer(SOA, INSIDE, SOA)], "no zone"),
        ([b"\0\7\x84\0"], "early"),
    ],
)
def test_transfer_that_is_none_is_refused(messages: list[bytes], complaint: str) -> None:
    """What breaks the rules of a transfer is told and not shown."""
    with pytest.raises(RemoteProtocolError, match=complaint):
        read(messages)


def test_transfer_changes_that_do_not_fit_are_refused() -> None:
    """A record that shall go and is not there, or an end that was not promised: then the whole zone is fetched."""
    messages = list(changes_since(query(V1), V4, STEPS))
    with pytest.raises(RemoteProtocolError, match="could go"):
        read(messages, V2)
    with pytest.raises(RemoteProtocolError, match="without additions"):
        read([answer(SOA, OLD_SOA, SOA, OLD_SOA, SOA)], with_serial(V1, 3))


@pytest.mark.parametrize(("limit", "is_too_many"), [(4, True), (5, False)])
def test_transfer_bounds_the_records(limit: int, is_too_many: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transfer has at most n records, not n + 1."""
    monkeypatch.setattr(transfer, "MAX_TRANSFER_RECORDS", limit)
    try:
        assert (TransferOutcome.WHOLE, ZONE) == read(whole_zone(query(), ZONE))
        assert not is_too_many
    except RemoteProtocolError:
        assert is_too_many


@given(st.integers(12, 200), st.integers(0, 255))
def test_transfer_reader_raises_only_remote_protocol_error(place: int, octet: int) -> None:
    """Whatever becomes of a transfer on its way, it is a zone or refused."""
    octets = bytearray(next(iter(changes_since(query(V1), V4, STEPS))))
    octets[place % len(octets)] = octet
    try:
        read([bytes(octets)], V1)
    except RemoteProtocolError:
        return


_values = st.sampled_from([A("127.0.0.1"), A("127.0.0.2"), TXT.of(b"a"), TXT.of(b"b")])
_records = st.lists(
    st.builds(Record, st.sampled_from(["a.harbor.test", "b.a.harbor.test"]), st.sampled_from([60, 300]), _values)
)


@given(_records, _records)
def test_transfer_changes_undo_a_difference(before: list[Record], after: list[Record]) -> None:
    """Between any two versions the step that is kept leads from the one to the other."""
    one = Zone.of_records(ORIGIN, [*ZONE.records(), *before])
    two = with_serial(Zone.of_records(ORIGIN, [*ZONE.records(), *after]), 8)
    step = JournalStep.from_octets(JournalStep.between(one, two).to_octets())
    assert difference(two, changed_by(one, step.difference())).without(frozenset({"SOA"})).added == ()
    assert not difference(two, changed_by(one, step.difference()))


def test_journal_keeps_what_is_of_use() -> None:
    """Steps that follow each other are kept; a gap forgets what was before it."""
    journal = Journal()
    for step in STEPS:
        journal = journal.with_step(step, kept_octets=0)
    assert STEPS == journal.since(V1.serial, V4.serial)
    assert STEPS[2:] == journal.since(V3.serial, V4.serial)
    assert () == journal.since(V4.serial, V4.serial)
    assert () == journal.since(V1.serial, V3.serial)
    assert () == journal.since(99, V4.serial)
    gap = journal.with_step(STEPS[0], kept_octets=0)
    assert STEPS[:1] == gap.steps


@pytest.mark.parametrize(("more", "kept"), [(0, 3), (-1, 2)])
def test_journal_is_bounded(more: int, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At n octets all steps are kept, at n + 1 the oldest goes."""
    monkeypatch.setattr("scop.dns.zone.journal.MIN_KEPT_OCTETS", sum(map(len, STEPS)) + more)
    journal = Journal()
    for step in STEPS:
        journal = journal.with_step(step, kept_octets=0)
    assert kept == len(journal.steps)


@given(_records)
def test_journal_records_round_trip(records: list[Record]) -> None:
    """What is encoded is decoded to the same."""
    assert records == list(decode_records(encode_records(records)))


@given(st.binary(max_size=60))
def test_journal_readers_raise_only_remote_protocol_error(octets: bytes) -> None:
    """Noise on the disk is no journal, and no crash."""
    list(read_frames(octets))
    for reader in (lambda: list(decode_records(octets)), lambda: [JournalStep.from_octets(octets)]):
        try:
            reader()
        except RemoteProtocolError:
            continue


@given(st.lists(st.binary(max_size=20), max_size=4), st.integers(0, 100))
def test_journal_frames_end_where_they_are_cut(pieces: list[bytes], cut: int) -> None:
    """A file that breaks off has all of its whole frames and nothing of the last."""
    frames = [Frame(FrameKind.STEP, piece) for piece in pieces]
    octets = b"".join(frame.to_octets() for frame in frames)
    found = list(read_frames(octets[: len(octets) - cut] if cut else octets))
    assert frames[: len(found)] == found
    assert len(found) == len(frames) or cut
