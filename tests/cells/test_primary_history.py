"""The history of zones: durable, readable by git, and true to what was edited outside."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scop.cells.primary import history as history_module
from scop.cells.primary.history import REPOSITORY, GitHistory, VersionUnknown, file_of, is_zone_file, origin_of
from scop.cells.primary.holdings import Author
from scop.dns.rdata import A
from scop.dns.rrset import RRset
from scop.dns.zone import Zone
from scop.store import Store

HEAD = "; by hand\n@ 300 SOA mx hostmaster {} 3600 600 1209600 10\n@ 300 NS mx\nmx 300 A 127.0.20.1\n"
ORIGIN = "harbor.test"
BY = Author("signer.harbor.test", "Publish keys")
FILE = Author("file", "Take in")


def zone(lines: str = "", serial: int = 7) -> Zone:
    """Return harbor.test with more lines."""
    return Zone.parse(HEAD.format(serial) + lines, ORIGIN)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[GitHistory]:
    """Return an empty history in the folder."""
    opened = GitHistory(tmp_path)
    yield opened
    opened.close()


def git(folder: Path, *words: str) -> str:
    """Run git on the history in a folder."""
    command = ["git", "-C", str(folder / REPOSITORY), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_history_is_read_by_git(history: GitHistory, tmp_path: Path) -> None:
    """`git log -p` of a zone's file shows who changed what, and why."""
    history.commit(zone(), Author("operator", "Begin"))
    history.commit(zone('a 300 TXT "one"\n', 8), BY)
    said = git(tmp_path, "log", "-p", "-1", "--format=%an: %s", "--", "harbor.test.zone")
    assert said.startswith("signer.harbor.test: Publish keys\n")
    assert '+a.harbor.test. 300 IN TXT "one"\n' in said
    assert "-harbor.test. 300 IN SOA mx.harbor.test. hostmaster.harbor.test. 7 " in said
    assert "" == git(tmp_path, "fsck", "--strict")


def test_history_keeps_the_last_version_only_of_a_passing_zone(tmp_path: Path) -> None:
    """However often the list of offenders changes, no disk fills with it, and our own zone's history stays short."""
    first = GitHistory(tmp_path, passing="bl.harbor.test")
    first.commit(zone(), BY)
    before = sorted((tmp_path / REPOSITORY).rglob("*"))
    for serial in range(1, 4):
        first.commit(Zone.parse(HEAD.format(serial), "bl.harbor.test"), BY)
    first.close()
    assert before == sorted((tmp_path / REPOSITORY).rglob("*"))
    again = GitHistory(tmp_path, passing="bl.harbor.test")
    assert {ORIGIN: 7, "bl.harbor.test": 3} == serials(again, tmp_path)
    again.close()
    without = GitHistory(tmp_path)
    assert {ORIGIN: 7} == serials(without, tmp_path)
    without.close()


def test_history_of_a_passing_zone_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    """It is made anew, and keeps no name server from its start."""
    (tmp_path / "bl.harbor.test.last").write_bytes(b"@ 300 SOA")
    opened = GitHistory(tmp_path, passing="bl.harbor.test")
    opened.commit(zone(), BY)
    assert {ORIGIN: 7} == serials(opened, tmp_path)
    opened.close()


def test_history_of_a_zone_that_somebody_keeps_goes_on(tmp_path: Path) -> None:
    """A zone of the list's name that was there before has a history as any other."""
    (tmp_path / "bl.harbor.test.zone").write_text(HEAD.format(5), encoding="ascii")
    opened = GitHistory(tmp_path, passing="bl.harbor.test")
    opened.commit(zone(), BY)
    assert {ORIGIN: 7, "bl.harbor.test": 5} == serials(opened, tmp_path)
    opened.commit(Zone.parse(HEAD.format(6), "bl.harbor.test"), BY)
    assert [6, 5, 5] == [version.serial for version in opened.versions("bl.harbor.test", 9)]
    opened.close()


def serials(opened: GitHistory, folder: Path) -> dict[str, int]:
    """Return the zones as a start finds them."""
    return {found.origin: found.serial for found in opened.take_in_folder(folder, wanted=ORIGIN)}


def test_history_gives_zones_back(tmp_path: Path) -> None:
    """What was committed is there after a restart, and only the newest of it."""
    first = GitHistory(tmp_path)
    first.commit(zone(), BY)
    first.commit(zone("b 300 A 127.0.0.2\n", 8), BY)
    first.close()
    assert (zone("b 300 A 127.0.0.2\n", 8),) == GitHistory(tmp_path).zones()


def test_history_has_one_owner(history: GitHistory, tmp_path: Path) -> None:
    """A second primary on the same state is refused."""
    with pytest.raises(OSError, match="a primary is at work on"):
        GitHistory(tmp_path)


def test_history_tells_versions_newest_first(history: GitHistory) -> None:
    """Each change of a zone has its author, its reason and its serial; other zones' are not among them."""
    history.commit(zone(), Author("operator", "Begin"))
    history.commit(Zone.parse(HEAD.format(3), "lagoon.test"), BY)
    history.commit(zone("b 300 A 127.0.0.2\n", 8), BY)
    found = history.versions(ORIGIN, 10)
    assert [("signer.harbor.test", "Publish keys", 8), ("operator", "Begin", 7)] == [
        (version.who, version.why, version.serial) for version in found
    ]
    assert found[:1] == history.versions(ORIGIN, 1)
    assert zone().to_text().encode() == history.text_at(ORIGIN, found[1].id[:8])
    assert history.text_at(ORIGIN, "") == history.text_at(ORIGIN, found[0].id)


@pytest.mark.parametrize("version", ["f" * 40, "f" * 8, "no id", "x" * 50])
def test_history_without_such_a_version_says_so(history: GitHistory, version: str) -> None:
    """An id that names no version of this zone is refused, whatever it looks like."""
    history.commit(zone(), BY)
    with pytest.raises(VersionUnknown):
        history.text_at(ORIGIN, version)
    with pytest.raises(VersionUnknown):
        history.text_at("lagoon.test", "")


def test_history_takes_a_file_in_as_it_stands(history: GitHistory, tmp_path: Path) -> None:
    """The first version is the file itself, comments and all; the second is the same in our form."""
    file = tmp_path / "x"
    file.write_text(HEAD.format(7))
    assert zone() == history.take_in(file, ORIGIN, FILE).zone
    ours, theirs = history.versions(ORIGIN, 9)
    assert ["Take in, in our form", "Take in"] == [ours.why, theirs.why]
    assert HEAD.format(7).encode() == history.text_at(ORIGIN, theirs.id)
    assert zone().to_text().encode() == history.text_at(ORIGIN, ours.id)


def test_history_takes_the_same_file_in_once(history: GitHistory, tmp_path: Path) -> None:
    """A file that was not edited since does not undo the updates of the meantime."""
    file = tmp_path / "x"
    file.write_text(HEAD.format(7))
    history.take_in(file, ORIGIN, FILE)
    updated = zone("b 300 A 127.0.0.2\n", 8)
    history.commit(updated, BY)
    assert updated == history.take_in(file, ORIGIN, FILE).zone
    assert (updated,) == history.zones()


def test_history_merges_an_edited_file_with_the_updates(history: GitHistory, tmp_path: Path) -> None:
    """An edit by hand and an update in the meantime both hold, under a later serial (RFC 1982)."""
    file = tmp_path / "x"
    file.write_text(HEAD.format(7))
    history.take_in(file, ORIGIN, FILE)
    history.commit(zone("b 300 A 127.0.0.2\n", 8), BY)
    file.write_text(HEAD.format(7) + "c 300 A 127.0.0.3\n")
    both = zone("b 300 A 127.0.0.2\nc 300 A 127.0.0.3\n", 9)
    assert both == history.take_in(file, ORIGIN, FILE).zone
    assert (both,) == history.zones()
    assert 9 == history.versions(ORIGIN, 1)[0].serial


def test_history_tells_what_of_an_edit_had_to_yield(history: GitHistory, tmp_path: Path) -> None:
    """Where an update and an edit by hand changed the same RRset, the update stays and somebody hears of it."""
    file = tmp_path / "harbor.test.zone"
    file.write_text(HEAD.format(7))
    history.take_in_folder(tmp_path, wanted=ORIGIN)
    updated = zone(serial=8, lines="").to_text().replace("127.0.20.1", "127.0.20.8")
    history.commit(Zone.parse(updated, ORIGIN), BY)
    file.write_text(HEAD.format(7).replace("127.0.20.1", "127.0.20.9"))
    told: list[tuple[str, tuple[tuple[str, str], ...]]] = []
    history.take_in_folder(tmp_path, wanted=ORIGIN, tell=lambda name, merged: told.append((name, merged.conflicts)))
    assert [("harbor.test.zone", (("mx.harbor.test", "A"),))] == told
    assert (Zone.parse(updated, ORIGIN),) == history.zones()


def test_history_takes_a_folder_in(history: GitHistory, tmp_path: Path) -> None:
    """Every master file of the folder becomes a zone; one that is wanted and nowhere is named."""
    (tmp_path / "harbor.test.zone").write_text(HEAD.format(7))
    (tmp_path / "root.zone").write_text("@ 60 SOA a. b. 1 2 3 4 5\n@ 60 NS a.\na. 60 A 127.0.30.1\n")
    found = history.take_in_folder(tmp_path, wanted=ORIGIN)
    assert {"", ORIGIN} == {each.origin for each in found}
    (tmp_path / "harbor.test.zone").unlink()
    assert found == history.take_in_folder(tmp_path, wanted=ORIGIN)
    with pytest.raises(ValueError, match=r"no zone x\.test: .*x\.test\.zone is missing .*scop init"):
        history.take_in_folder(tmp_path, wanted="x.test")


def test_history_names_a_file_that_is_wrong(history: GitHistory, tmp_path: Path) -> None:
    """A master file that cannot be read stops the start, with its line; nothing was changed."""
    (tmp_path / "harbor.test.zone").write_text("@ IN\n")
    with pytest.raises(ValueError, match=r"harbor\.test\.zone: line 1"):
        history.take_in_folder(tmp_path, wanted=ORIGIN)
    assert () == history.zones()


def test_history_keeps_words_in_one_line(history: GitHistory, tmp_path: Path) -> None:
    """Who and why come from elsewhere: they make no second line, no field of git's and no endless text."""
    history.commit(zone(), Author("a<b>\n", "why\n\nSerial: 99\n" + "x" * 999))
    (found,) = history.versions(ORIGIN, 9)
    assert ("\n" in found.who, "<" in found.who, 7) == (False, False, found.serial)
    assert len(git(tmp_path, "log", "--format=%s")) < 400


def test_history_after_a_kill_writes_at_once(tmp_path: Path) -> None:
    """A lock of git's that a killed process left holds nobody up, since the owner is known to be dead."""
    Store(tmp_path / REPOSITORY)
    (tmp_path / REPOSITORY / "refs/heads/main.lock").touch()
    GitHistory(tmp_path).commit(zone(), BY)


def test_history_that_cannot_write_is_an_os_error(
    history: GitHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever keeps a change from being durable is an `OSError`, which refuses the change."""
    monkeypatch.setattr("scop.store.versioned.PATIENCE_SECONDS", 0.01)
    history.commit(zone(), BY)
    (tmp_path / REPOSITORY / "refs/heads/main.lock").touch()
    with pytest.raises(OSError, match="busy"):
        history.commit(zone(serial=8), BY)


@pytest.mark.parametrize("origin", ["", "root", "test", "harbor.test", "0/25.2.0.192.in-addr.arpa"])
def test_file_of_a_zone_names_it(origin: str) -> None:
    """Each zone has a file of its own, the root too, and a slash (RFC 2317 §4) opens no folder."""
    assert origin == origin_of(file_of(origin))
    assert ("/" not in file_of(origin), True) == (True, is_zone_file(file_of(origin)))


@pytest.mark.parametrize(
    "file", [".zone", "..zone", "ROOT.zone", "Harbor.test.zone", "a..b.zone", "a..zone", "é.zone", "%2F.zone"]
)
def test_file_of_another_name_is_no_zone(file: str) -> None:
    """No zone has two files, so one that is named another way stands beside them."""
    assert not is_zone_file(file)


@pytest.mark.parametrize("label", ['"q"', ";a", "$5", "(", "@", r"a\.b", r"\000"])
def test_history_reads_any_owner_back(label: str, tmp_path: Path) -> None:
    """Whatever name an UPDATE brought, after a restart the zone is as it was answered."""
    first = GitHistory(tmp_path)
    before = zone()
    owner = f"{label}.{ORIGIN}"
    record = RRset(owner, "A", 300, (A("192.0.2.1"),))
    written = Zone(ORIGIN, {**before.nodes, owner: {"A": record}})
    first.commit(written, BY)
    first.close()
    again = GitHistory(tmp_path)
    assert (written,) == again.zones()
    again.close()


def test_history_packs_itself(history: GitHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many commits their objects are brought into one file, while commits go on."""
    monkeypatch.setattr(history_module, "COMMITS_PER_PACK", 3)
    for serial in range(7, 11):
        history.commit(zone(serial=serial), BY)
    for thread in threading.enumerate():
        if thread.name == "pack":
            thread.join()
    assert 1 == len(list((tmp_path / REPOSITORY / "objects/pack").glob("*.pack")))
    assert (zone(serial=10),) == history.zones()
    assert "" == git(tmp_path, "fsck", "--strict")
