"""`scop dns zone` on master files and on the state of a primary that runs alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scop.cells.primary.history import GitHistory
from scop.cells.primary.holdings import Author
from scop.cells.primary.signing import SigningOptions, ZoneSigner
from scop.cli.dns.zone import zone as zone_command
from scop.dns.zone import Zone
from scop.net.log import Log

ORIGIN = "harbor.test"
HEAD = "@ 300 SOA mx hostmaster {} 3600 600 1209600 10\n@ 300 NS mx\nmx 300 A 127.0.20.1\n"
WWW = "www 300 A 127.0.20.2\n"


def zone(lines: str = "", serial: int = 7) -> Zone:
    """Return harbor.test with more lines."""
    return Zone.parse(HEAD.format(serial) + lines, ORIGIN)


def run(*words: str | Path) -> Result:
    """Run `scop dns zone`."""
    return CliRunner().invoke(zone_command, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return the state of a primary that has changed its zone once."""
    history = GitHistory(tmp_path)
    history.commit(zone(), Author("file", "Begin"))
    history.commit(zone(WWW, 8), Author("k", "UPDATE"))
    history.close()
    return tmp_path


def written(folder: Path, name: str, text: str) -> Path:
    """Write a file."""
    path = folder / name
    path.write_text(text)
    return path


def versions(state: Path) -> list[dict[str, object]]:
    """Return what the log says."""
    found = json.loads(run("log", ORIGIN, "--json", "--state", state).stdout)
    assert isinstance(found, dict)
    return list(found["versions"])


def test_zone_show_lists_zones_and_records(state: Path) -> None:
    """Without a name the zones, with one its records."""
    assert "harbor.test." in run("show", "--state", state).stdout
    assert "127.0.20.2" in run("show", "harbor.test.", "--state", state).stdout
    shown = json.loads(run("show", ORIGIN, "--json", "--state", state).stdout)
    assert (8, "SOA") == (shown["serial"], shown["records"][0]["type"])


def test_zone_log_and_diff_tell_what_happened(state: Path) -> None:
    """Who and why in the log; in the diff what went and came, with exit status 1."""
    newest, oldest = versions(state)
    assert ("k", "UPDATE", 8) == (newest["who"], newest["why"], newest["serial"])
    assert "UPDATE" in run("log", ORIGIN, "--state", state).stdout
    last = run("diff", ORIGIN, "--state", state)
    assert (1, True) == (last.exit_code, "+ www.harbor.test. 300 IN A 127.0.20.2\n" in last.stdout)
    assert last.stdout == run("diff", ORIGIN, str(oldest["id"])[:10], "--state", state).stdout
    same = run("diff", ORIGIN, str(newest["id"]), str(newest["id"]), "--state", state)
    assert (0, "") == (same.exit_code, same.stdout)


def test_zone_diff_against_a_file(state: Path) -> None:
    """What an import would change is seen before it is done."""
    file = written(state, "new.zone", HEAD.format(9) + WWW + "a 300 A 127.0.20.3\n")
    said = json.loads(run("diff", ORIGIN, "--file", file, "--json", "--state", state).stdout)
    assert ["harbor.test.", "a.harbor.test."] == [record["owner"] for record in said["added"]]


def test_zone_export_and_import_are_inverse(state: Path) -> None:
    """What was exported and is imported changes nothing; edited, it changes that under a later serial."""
    file = state / "out.zone"
    assert 0 == run("export", ORIGIN, "-o", file, "--state", state).exit_code
    assert zone(WWW, 8).to_text() == file.read_text() == run("export", ORIGIN, "--state", state).stdout
    assert "stays as it is" in run("import", file, "--state", state).stdout
    file.write_text(file.read_text() + "b.harbor.test. 300 IN A 127.0.20.4\n")
    done = run("import", file, "--why", "Add b", "--state", state)
    assert "harbor.test has serial 9 now" in done.stdout
    assert ("Add b", 9) == (versions(state)[0]["why"], versions(state)[0]["serial"])


def test_zone_import_adds_a_zone(state: Path) -> None:
    """A file of another zone adds it; the file says which it is."""
    file = written(state, "x", "$ORIGIN lagoon.test.\n" + HEAD.format(3))
    assert 0 == run("import", file, "--state", state).exit_code
    assert "lagoon.test." in run("show", "--state", state).stdout


def test_zone_rollback_goes_forward(state: Path) -> None:
    """The older records under a new serial, and a line in the log."""
    done = run("rollback", ORIGIN, str(versions(state)[1]["id"]), "--why", "Oops", "--state", state)
    assert "- www.harbor.test. 300 IN A 127.0.20.2" in done.stdout
    assert ("Oops", 9) == (versions(state)[0]["why"], versions(state)[0]["serial"])


def test_zone_changes_wait_for_a_primary_that_runs(state: Path) -> None:
    """While a primary works on the state, its zones can be looked at and not be changed."""
    running = GitHistory(state)
    assert 0 == run("show", "--state", state).exit_code
    with pytest.raises(OSError, match=r"a primary is at work on .*zones\.git; end it first"):
        run("rollback", ORIGIN, "x", "--state", state)
    running.close()


def test_zone_of_a_folder_that_is_no_state(tmp_path: Path) -> None:
    """A folder without a history is named."""
    said = run("show", "--state", tmp_path)
    assert (1, True) == (said.exit_code, "no state of a primary" in said.stderr)


@pytest.mark.parametrize(
    ("old", "new", "status", "words"),
    [
        (HEAD.format(7), HEAD.format(8) + WWW, 0, "+ www"),
        (HEAD.format(7), HEAD.format(7), 0, "one name server"),
        (HEAD.format(7), HEAD.format(7) + WWW, 1, "as before"),
        (HEAD.format(7), HEAD.format(6) + WWW, 1, "goes back"),
        (HEAD.format(7), HEAD.format(8) + "www 300 CNAME mx\nwww 300 A 127.0.0.1\n", 1, "line 5"),
        (HEAD.format(7), HEAD.format(8) + "@ 300 MX 10 nobody\n", 1, "no address"),
    ],
)
def test_zone_check_of_a_step(tmp_path: Path, old: str, new: str, status: int, words: str) -> None:
    """Exit status 0 where NEW may take the place of OLD, 1 where it must not, with the reason."""
    said = run("check", written(tmp_path, "harbor.test.zone", old), written(tmp_path, "new", new))
    assert (status, True) == (said.exit_code, words in " ".join(said.stdout.split()))


def test_zone_check_of_one_file(tmp_path: Path) -> None:
    """A file by itself; the zone's name is taken from the file's where nothing inside says it."""
    good = written(tmp_path, "harbor.test", HEAD.format(7) + "@ 300 NS ns.elsewhere.test.\n")
    assert (0, "nothing is wrong with it\n") == ((said := run("check", good)).exit_code, said.stdout)
    shown = json.loads(run("check", good, "--json").stdout)
    assert {"old_serial": None, "new_serial": 7, "findings": [], "removed": [], "added": []} == shown
    named = written(tmp_path, "x", "harbor.test. 300 IN SOA a. b. 1 3600 60 1209600 5\nharbor.test. 300 NS a.\n")
    assert 1 == json.loads(run("check", named, "--json").stdout)["new_serial"]


def test_zone_check_that_cannot_be_done(tmp_path: Path) -> None:
    """An old file that is no zone leaves nothing to compare with; a file that is not there is no answer either."""
    good = written(tmp_path, "harbor.test", HEAD.format(7))
    said = run("check", written(tmp_path, "old", "@ IN\n"), good)
    assert said.exit_code not in (0,)
    assert "line 1" in said.stderr
    assert 2 == run("check", tmp_path / "nowhere", good).exit_code


def test_zone_of_a_state_that_signs_says_so(state: Path) -> None:
    """A primary's state has zones as they were written: which are signed is told, and --shown is no claim."""
    assert [False] == [each["signed"] for each in json.loads(run("show", "--json", "--state", state).stdout)["zones"]]
    signer = ZoneSigner(state, SigningOptions(), Log("primary", lambda _line: None))
    signer.know(zone(WWW, 8), 1_795_000_000)
    assert [True] == [each["signed"] for each in json.loads(run("show", "--json", "--state", state).stdout)["zones"]]
    for command in ("show", "export"):
        said = run(command, ORIGIN, "--shown", "--state", state)
        assert (2, "", True) == (said.exit_code, said.stdout, "dig" in said.stderr)
