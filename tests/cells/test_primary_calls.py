"""What the operator asks of the primary: its zones, their history, imports, a way back, and updates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.mesh import KeptLog
from scop.cells.primary import calls
from scop.cells.primary.calls import ZoneDesk
from scop.cells.primary.history import REPOSITORY, GitHistory
from scop.cells.primary.holdings import Author, Holdings, Unsigned
from scop.dns.zone import Zone
from scop.mesh.vocabulary.primary import (
    ImportZone,
    ListZones,
    ReadZone,
    ReadZoneLog,
    RollBackZone,
    SendUpdate,
    ZoneChange,
)
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.peer import Peer

ORIGIN = "harbor.test"
OPERATOR = Peer("127.0.0.1", 1, cell="operator")
HEAD = "@ 300 SOA mx hostmaster {} 3600 600 1209600 10\n@ 300 NS mx\nmx 300 A 127.0.20.1\n"
MORE = "www 300 A 127.0.20.2\n"
ADDED = "www.harbor.test. 300 IN A 127.0.20.2"


def text(serial: int, lines: str = "", origin: str = ORIGIN) -> bytes:
    """Return a zone in the form that the history has."""
    return Zone.parse(HEAD.format(serial) + lines, origin).to_text().encode()


@dataclass(frozen=True, slots=True)
class Office:
    """A desk, and what stands behind it."""

    desk: ZoneDesk
    holdings: Holdings
    history: GitHistory

    async def change(self, serial: int, lines: str) -> None:
        """Change the zone as somebody does on another way in."""
        zone = Zone.parse(HEAD.format(serial) + lines, ORIGIN)
        await self.holdings.change(ORIGIN, lambda _now: zone, Author("k", "UPDATE"))

    async def imported(self, octets: bytes, origin: str = ORIGIN, why: str = "") -> ZoneChange:
        """Import a master file in one piece."""
        return await self.desk.import_zone(ImportZone(origin, 0, len(octets), octets, "ada", why), OPERATOR)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Return the desk of a primary with one zone of serial 7."""
    history = GitHistory(tmp_path)
    history.commit(Zone.parse(HEAD.format(7), ORIGIN), Author("file", "Begin"))
    holdings = Holdings(history.zones(), history, Unsigned(), lambda: 1_800_000_000.0)
    yield Office(
        ZoneDesk(holdings, history, lambda octets, cell: octets + cell.encode(), KeptLog().log()), holdings, history
    )
    history.close()


async def test_desk_lists_zones(office: Office) -> None:
    """Every zone with its serial, its names and whether it is signed."""
    await office.imported(text(3, origin="a.test"), "A.test.")
    found = (await office.desk.list_zones(ListZones(), OPERATOR)).zones
    assert [("a.test", 3, 2, False), (ORIGIN, 7, 2, False)] == [(z.origin, z.serial, z.names, z.signed) for z in found]


async def test_desk_reads_a_zone_in_pieces_of_one_version(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces belong together even where the zone changes between them."""
    monkeypatch.setattr(calls, "PIECE_OCTETS", 40)
    first = await office.desk.read_zone(ReadZone(ORIGIN), OPERATOR)
    await office.change(8, MORE)
    octets = first.octets
    while len(octets) < first.size_octets:
        octets += (await office.desk.read_zone(ReadZone(ORIGIN, first.version, len(octets)), OPERATOR)).octets
    assert text(7) == octets


async def test_desk_reads_what_is_shown(office: Office) -> None:
    """What the world sees is read from what is shown, which has no version."""
    found = await office.desk.read_zone(ReadZone(ORIGIN, shown=True), OPERATOR)
    assert (text(7), "") == (found.octets, found.version)


async def test_desk_tells_the_log(office: Office) -> None:
    """The newest change comes first, with who and why; a limit holds."""
    await office.change(8, MORE)
    found = (await office.desk.read_log(ReadZoneLog(ORIGIN), OPERATOR)).versions
    assert [("k", "UPDATE", 8), ("file", "Begin", 7)] == [(v.who, v.why, v.serial) for v in found]
    assert 1 == len((await office.desk.read_log(ReadZoneLog(ORIGIN, -5), OPERATOR)).versions)


async def test_desk_rolls_back_forwards(office: Office) -> None:
    """The records are those of the older version, the serial is a new one (RFC 1982): secondaries follow."""
    old = (await office.desk.read_log(ReadZoneLog(ORIGIN), OPERATOR)).versions[0].id
    await office.change(8, MORE)
    done = await office.desk.roll_back(RollBackZone(ORIGIN, old, "ada", "It was wrong"), OPERATOR)
    assert (9, (ADDED,)) == (done.serial, done.removed[1:])
    assert Zone.parse(HEAD.format(9), ORIGIN) == office.holdings.source(ORIGIN)
    newest = (await office.desk.read_log(ReadZoneLog(ORIGIN, 1), OPERATOR)).versions[0]
    assert ("operator (ada)", "It was wrong", 9) == (newest.who, newest.why, newest.serial)


async def test_desk_rolls_back_to_the_same_without_a_change(office: Office) -> None:
    """To go back to what stands is no change and moves no serial."""
    head = (await office.desk.read_log(ReadZoneLog(ORIGIN), OPERATOR)).versions[0].id
    assert ZoneChange(ORIGIN, 7) == await office.desk.roll_back(RollBackZone(ORIGIN, head), OPERATOR)


@pytest.mark.parametrize(("serial", "after"), [(7, 8), (3, 8), (20, 20)])
async def test_desk_imports_under_a_later_serial(office: Office, serial: int, after: int) -> None:
    """A serial that did not move is moved; one that did stays as it was written."""
    done = await office.imported(text(serial, MORE), why="Add www")
    assert (after, (ADDED,), 2) == (done.serial, done.added[1:], done.added_count)
    assert text(after, MORE) == (await office.desk.read_zone(ReadZone(ORIGIN), OPERATOR)).octets


async def test_desk_imports_the_same_without_a_change(office: Office) -> None:
    """The records that stand already, under an older serial too, change nothing."""
    assert ZoneChange(ORIGIN, 7) == await office.imported(text(7))
    assert ZoneChange(ORIGIN, 7) == await office.imported(text(5))
    assert 8 == (await office.imported(text(8))).serial


async def test_desk_imports_in_pieces(office: Office) -> None:
    """Only the last piece changes anything."""
    octets = text(7, MORE)
    first = await office.desk.import_zone(ImportZone(ORIGIN, 0, len(octets), octets[:50]), OPERATOR)
    assert (0, 7) == (first.serial, office.holdings.shown.by_origin[ORIGIN].serial)
    await office.desk.import_zone(ImportZone(ORIGIN, 50, len(octets), octets[50:]), OPERATOR)
    assert text(8, MORE) == (await office.desk.read_zone(ReadZone(ORIGIN), OPERATOR)).octets


@pytest.mark.parametrize(
    "piece",
    [
        ImportZone(ORIGIN, 5, 10, b"x"),
        ImportZone(ORIGIN, 0, 0, b""),
        ImportZone(ORIGIN, 0, calls.MAX_ZONE_OCTETS + 1, b"x"),
        ImportZone(ORIGIN, 0, 4, b"@ IN"),
        ImportZone(ORIGIN, 0, 1, b"\xff"),
        ImportZone("a..b", 0, 1, b"x"),
    ],
)
async def test_desk_refuses_what_is_no_zone(office: Office, piece: ImportZone) -> None:
    """Pieces that do not fit, files that are none and names that are none are refused and change nothing."""
    with pytest.raises(PermanentFailure):
        await office.desk.import_zone(piece, OPERATOR)
    assert 7 == office.holdings.shown.by_origin[ORIGIN].serial


async def test_desk_knows_only_zones_of_ours(office: Office) -> None:
    """A zone that is not ours, or a version that is none, is a refusal with its name."""
    with pytest.raises(PermanentFailure, match=r"lagoon\.test"):
        await office.desk.read_zone(ReadZone("lagoon.test"), OPERATOR)
    with pytest.raises(PermanentFailure, match="no such version: abc"):
        await office.desk.roll_back(RollBackZone(ORIGIN, "abcdef" * 7), OPERATOR)


async def test_desk_hands_updates_to_the_name_server(office: Office) -> None:
    """An UPDATE goes to the name server as it came, with the cell's name; anything else is refused (RFC 2136)."""
    update = b"\0\1\x28\0" + bytes(8)
    assert update + b"operator" == (await office.desk.send_update(SendUpdate(update), OPERATOR)).octets
    with pytest.raises(PermanentFailure, match="no UPDATE"):
        await office.desk.send_update(SendUpdate(bytes(12)), OPERATOR)


async def test_desk_that_cannot_store_changes_nothing(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not on the disk is not shown (RFC 2136 §3.5)."""
    monkeypatch.setattr("scop.store.versioned.PATIENCE_SECONDS", 0.01)
    (tmp_path / REPOSITORY / "refs/heads/main.lock").touch()
    with pytest.raises(TemporaryFailure):
        await office.imported(text(8, MORE))
    assert 7 == office.holdings.shown.by_origin[ORIGIN].serial
