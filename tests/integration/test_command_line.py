"""The command line end to end, as a user types it: words, exit statuses, and nothing left behind.

Exit status 0: fine; 1: the answer is no; 2: it could not be done, and one sentence says why.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from fakes.command_line import DOMAIN, ELSEWHERE, Row, Said, Town, founded, row, rows, sentence
from fakes.real_mesh import PASSWORD
from scop.cells import CELL_NAMES


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A mesh that runs, with alice and bob."""
    here = founded(tmp_path_factory.mktemp("town"), "command line")
    with here.up():
        for name in ("alice", "bob"):
            done = here.scop("account", "add", name, "--password", PASSWORD)
            assert (0, f"{name}: opened ({name}@{DOMAIN})\n", "") == (done.status, done.out, done.err)
        yield here


def letter(subject: str, words: str) -> str:
    """Return a small mail from a stranger."""
    return f"From: s@stranger.test\r\nTo: alice@{DOMAIN}\r\nSubject: {subject}\r\n\r\n{words}\r\n"


def test_command_line_status_names_every_cell(town: Town) -> None:
    """As a table and as JSON; 0 where all are ready."""
    shown = town.scop("status")
    assert (0, []) == (shown.status, [name for name in CELL_NAMES if name not in shown.out])
    status = row(town.scop("status", "--json"))
    cells = cast("list[Row]", status["cells"])
    assert (DOMAIN, dict.fromkeys(CELL_NAMES, "ready")) == (
        status["domain"],
        {str(cell["name"]): cell["state"] for cell in cells},
    )


def test_command_line_status_is_1_while_a_cell_is_not_ready(town: Town) -> None:
    """A cell that was killed comes back; until then the answer is no, and never more than that."""

    def cell_of(said: Said) -> Row:
        cells = cast("list[Row]", row(said)["cells"])
        return next(cell for cell in cells if cell["name"] == "filter")

    before = cell_of(town.scop("status", "--json"))
    os.kill(cast("int", before["pid"]), signal.SIGKILL)
    while (cell := cell_of(said := town.scop("status", "--json")))["pid"] in (before["pid"], 0) or said.status:
        assert (1, True) == (said.status, cell["state"] != "ready") or cell["pid"] == before["pid"]
    assert ("ready", 1) == (cell["state"], cell["restarts"])


def test_command_line_a_second_mesh_is_refused(town: Town) -> None:
    """In the same state folder."""
    assert f"a mesh is already up in {town.state}; `scop status` shows it" == sentence(town.scop("up"))


def test_command_line_account_is_opened_changed_and_closed(town: Town) -> None:
    """With the password on standard input, as a script gives it."""
    opened = row(town.scop("account", "add", "carol", "--json", stdin=f"{PASSWORD}\n"))
    assert ("carol", [f"carol@{DOMAIN}"], "own", False) == tuple(
        opened[key] for key in ("name", "addresses", "send_as", "disabled")
    )
    assert (
        "carol: has a new password (carol@harbor.test)\n" == town.scop("account", "passwd", "carol", stdin=PASSWORD).out
    )
    assert row(town.scop("account", "passwd", "carol", "--json", stdin=PASSWORD))["name"] == "carol"
    assert "carol: closed (carol@harbor.test)\n" == town.scop("account", "disable", "carol").out
    listed = {str(each["name"]): each["disabled"] for each in rows(town.scop("account", "list", "--json"))}
    assert (False, True) == (listed["alice"], listed["carol"])
    (line,) = [line for line in town.scop("account", "list").out.splitlines() if line.startswith("carol ")]
    assert "closed" in line.split()
    assert row(town.scop("account", "disable", "carol", "--again", "--json"))["disabled"] is False


@pytest.mark.parametrize(
    ("words", "stdin", "expected"),
    [
        (("add", "alice"), PASSWORD, "there is an account alice already"),
        (("add", "dave"), "short\n", "a password has at least 8 characters"),
        (("add", "dave"), "", "a password has at least 8 characters"),
        (("add", "da ve"), PASSWORD, "a name is 1 to 63 of a-z 0-9 . _ - with a letter or digit at both ends"),
        (("add", "dave", "--address", "d@else.test"), PASSWORD, "d@else.test is no address of harbor.test"),
        (("passwd", "nobody"), PASSWORD, "there is no account nobody"),
        (("disable", "nobody"), "", "there is no account nobody"),
    ],
)
def test_command_line_account_that_cannot_be(town: Town, words: tuple[str, ...], stdin: str, expected: str) -> None:
    """One sentence, with --json too; and no account is opened."""
    assert expected == sentence(town.scop("account", *words, stdin=stdin))
    assert expected == sentence(town.scop("account", *words, "--json", stdin=stdin))
    assert "dave" not in town.scop("account", "list").out


def test_command_line_mail_is_listed_shown_and_traced(town: Town) -> None:
    """Octet for octet as it is stored; each cell on the way is named."""
    trace = town.receive(f"bob@{DOMAIN}", letter("Tea at four", "The usual place."))
    (stored,) = cast("list[Row]", row(town.scop("mail", "list", "bob", "--json"))["mails"])
    assert ("INBOX", trace, "Tea at four") == (stored["folder"], stored["trace"], stored["subject"])
    listed = town.scop("mail", "list", "bob").out
    assert ["bob: 1 mail", True] == [listed.splitlines()[0].rstrip(), "Tea at four" in listed]
    number = str(stored["id"])
    shown = town.scop("mail", "show", "bob", number)
    assert (0, True) == (shown.status, shown.out.startswith("Return-Path: <s@stranger.test>"))
    whole = row(town.scop("mail", "show", "bob", number, "--json"))
    octets = base64.b64decode(str(whole["octets"]))
    assert (stored["size_octets"], stored["size_octets"]) == (whole["size_octets"], len(octets))
    assert octets.endswith(b"\r\n\r\nThe usual place.\r\n")
    steps = rows(town.scop("trace", trace, "--json"))
    assert ["receiver", "filter", "verifier", "mailbox"] == sorted(
        {str(step["cell"]) for step in steps}, key=("receiver", "filter", "verifier", "mailbox").index
    )
    journey = town.scop("trace", trace)
    assert (0, []) == (
        journey.status,
        [cell for cell in ("receiver", "filter", "verifier", "mailbox") if cell not in journey.out],
    )


def test_command_line_trace_that_nobody_knows_is_1(town: Town) -> None:
    """The answer is no."""
    plain = town.scop("trace", "000000000000")
    assert (1, "no log here knows a mail 000000000000\n") == (plain.status, plain.out)
    said = town.scop("trace", "000000000000", "--json")
    assert (1, []) == (said.status, said.json)


def test_command_line_mail_of_nobody_is_refused(town: Town) -> None:
    """An account without mail is empty, one that is not there is named."""
    assert (0, {"mails": [], "total": 0}) == (
        town.scop("mail", "list", "alice", "--after", "0").status,
        row(town.scop("mail", "list", "alice", "--after", "1000000", "--json")) | {"total": 0},
    )
    assert "there is no account nobody" == sentence(town.scop("mail", "list", "nobody"))
    assert "there is no account nobody" == sentence(town.scop("mail", "list", "nobody", "--json"))
    assert "alice has no mail 999999" == sentence(town.scop("mail", "show", "alice", "999999"))


def test_command_line_queue_shows_what_waits(town: Town) -> None:
    """A mail to a domain whose name server is silent waits, with its trace id."""
    recipient = f"x@{ELSEWHERE}"
    trace = town.submit("alice", recipient)
    waiting = cast("list[Row]", row(town.scop("queue", "list", "--json"))["entries"])
    assert [(trace, f"<alice@{DOMAIN}>", f"<{recipient}>")] == [
        (entry["trace"], entry["reverse_path"], entry["forward_path"]) for entry in waiting
    ]
    shown = town.scop("queue", "list").out
    assert [True, True] == [shown.startswith("1 waiting"), trace in shown]


def test_command_line_queue_tells_how_tls_went(town: Town) -> None:
    """The relay counts sessions by destination; where none was opened there is nothing to tell."""
    assert {"sessions": []} == row(town.scop("queue", "tls", "--day", "2000-01-01", "--json"))
    assert "no TLS session was counted" in town.scop("queue", "tls").out


def test_command_line_training_makes_later_mail_labelled(town: Town, tmp_path: Path) -> None:
    """Ten of each kind are enough; fewer say that they are not; spam then lies in Junk."""
    (tmp_path / "ham").mkdir()
    for number in range(16):
        words = f"Minutes of the harbour meeting {number}: the pier, the lighthouse and the budget."
        (tmp_path / "ham" / f"{number}.eml").write_text(letter(f"Meeting {number}", words))
    junk = letter("Cheap pills", "Buy cheap pills online now, winner of the casino lottery prize.").replace(
        "\r\n", "\n"
    )
    letters = [f"From s Wed Nov 25 09:00:00 2026\n{junk}Offer {number}.\n\n" for number in range(16)]
    few, all_of_them = tmp_path / "few.mbox", tmp_path / "junk.mbox"
    few.write_text("".join(letters[:2]))
    all_of_them.write_text("".join(letters))
    said = town.scop("spam", "train", "--ham", str(tmp_path / "ham" / "1.eml"), "--spam", str(few))
    assert said.out.startswith("learned 1 ham and 2 spam; the running filter knows 1 and 2\nevery mail stays unsure")
    kinds = ("--ham", str(tmp_path / "ham"), "--spam", str(all_of_them))
    learned = row(town.scop("spam", "train", *kinds, "--json"))
    assert (15, 14, 3, 16, 16) == tuple(learned[name] for name in ("ham", "spam", "known", "model_ham", "model_spam"))
    town.scop("account", "add", "erin", "--password", PASSWORD)
    town.receive(f"erin@{DOMAIN}", (junk + "Offer 77.\n").replace("\n", "\r\n"))
    town.receive(f"erin@{DOMAIN}", letter("Meeting 11", "The pier and the lighthouse, at the harbour meeting."))
    mails = cast("list[Row]", row(town.scop("mail", "list", "erin", "--json"))["mails"])
    assert [("Cheap pills", "Junk"), ("Meeting 11", "INBOX")] == [(mail["subject"], mail["folder"]) for mail in mails]


def test_command_line_moving_a_mail_changes_the_next_verdict(town: Town, tmp_path: Path) -> None:
    """For who moved it: a mail out of Junk is enough for its like; forgotten, all is as it was."""
    spam_kind, ham_kind = "lottery of the winner", "minutes of the regatta"
    for kind in (spam_kind, ham_kind):
        (tmp_path / kind).mkdir()
        for number in range(16):
            (tmp_path / kind / f"{number}.eml").write_text(letter(f"The {kind}", f"About the {kind}, number {number}."))
    kinds = ("--ham", str(tmp_path / ham_kind), "--spam", str(tmp_path / spam_kind))
    assert 0 == town.scop("spam", "train", *kinds).status
    for name in ("frida", "gert"):
        town.scop("account", "add", name, "--password", PASSWORD)

    def received(number: int) -> list[str]:
        for name in ("frida", "gert"):
            town.receive(f"{name}@{DOMAIN}", letter(f"The {spam_kind}", f"About the {spam_kind}, number {number}0."))
        newest = (
            cast("list[Row]", row(town.scop("mail", "list", name, "--json"))["mails"])[-1] for name in ("frida", "gert")
        )
        return [str(mail["folder"]) for mail in newest]

    assert ["Junk", "Junk"] == received(1)
    (mail,) = cast("list[Row]", row(town.scop("mail", "list", "frida", "--json"))["mails"])
    moved = town.scop("mail", "move", "frida", str(mail["id"]), "inbox")
    assert (0, "moved 1 to INBOX; the filter learned from 1\n") == (moved.status, moved.out)
    status = row(town.scop("spam", "status", "--json"))
    assert (1, 1, 0) == tuple(status[name] for name in ("people", "people_ham", "people_spam"))
    assert ["INBOX", "Junk"] == received(2)
    forgotten, again = (town.scop("spam", "forget", "frida") for _ in range(2))
    assert (0, "forgot 1 lesson of frida\n") == (forgotten.status, forgotten.out)
    assert (1, "frida has taught nothing\n") == (again.status, again.out)
    assert ["Junk", "Junk"] == received(3)


def test_command_line_training_survives_a_killed_filter(town: Town, tmp_path: Path) -> None:
    """SIGKILL in the midst of it: the training goes on as the filter is back; nothing is lost, nothing counts twice."""
    for kind in ("ham", "spam"):
        (tmp_path / kind).mkdir()
        for number in range(50):
            (tmp_path / kind / f"{number}.eml").write_text(
                letter(f"{kind} {number}", f"Word {kind}{number} of {kind}.")
            )
    before = row(town.scop("spam", "status", "--json"))
    words = ("--ham", str(tmp_path / "ham"), "--spam", str(tmp_path / "spam"), "--json", "--config", str(town.config))
    command = [sys.executable, "-m", "scop.cli", "spam", "train", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as training:
        while row(town.scop("spam", "status", "--json"))["ham"] == before["ham"]:
            assert training.poll() is None
        cells = cast("list[Row]", row(town.scop("status", "--json"))["cells"])
        os.kill(cast("int", next(cell["pid"] for cell in cells if cell["name"] == "filter")), signal.SIGKILL)
        out, _ = training.communicate(timeout=60)
    told, after = json.loads(out), row(town.scop("spam", "status", "--json"))
    assert 100 == told["ham"] + told["spam"] + told["known"]
    assert [50, 50] == [cast("int", after[kind]) - cast("int", before[kind]) for kind in ("ham", "spam")]


def test_command_line_mail_to_spam_teaches(town: Town) -> None:
    """What our people attach is learned for who sent it; who attached nothing is told how it is done."""
    before = cast("int", row(town.scop("spam", "status", "--json"))["people_spam"])
    head = f"From: bob@{DOMAIN}\r\nTo: spam@{DOMAIN}\r\nSubject: Fwd: Gold\r\n"
    typed = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=x"\r\n'
    original = letter("Gold", "Much gold for little money.")
    parts = f"--=x\r\n\r\nThis is spam.\r\n--=x\r\nContent-Type: message/rfc822\r\n\r\n{original}\r\n--=x--\r\n"
    town.submit("bob", f"spam@{DOMAIN}", f"{head}\r\n> {original}".encode())
    town.submit("bob", f"spam@{DOMAIN}", f"{head}{typed}\r\n{parts}".encode())
    deadline, learned, bounces = time.monotonic() + 60, 0, list[int]()
    while time.monotonic() < deadline and not (learned and bounces):
        mails = cast("list[Row]", row(town.scop("mail", "list", "bob", "--json"))["mails"])
        learned = cast("int", row(town.scop("spam", "status", "--json"))["people_spam"]) - before
        bounces = [cast("int", mail["id"]) for mail in mails if mail["reverse_path"] == "<>"]
    assert 1 == learned
    assert "There is no mail attached to learn from" in town.scop("mail", "show", "bob", str(bounces[-1])).out


def test_command_line_training_without_mail_changes_nothing(town: Town, tmp_path: Path) -> None:
    """An empty folder, or a wrong path, never replaces the model."""
    empty, other = str(tmp_path), str(tmp_path / "other")
    Path(other).mkdir()
    assert f"there is no mail in {empty}" == sentence(town.scop("spam", "train", "--ham", empty, "--spam", other))
    assert "nowhere: there is no such file or folder" == sentence(
        town.scop("spam", "train", "--ham", "nowhere", "--spam", empty)
    )
    assert sentence(town.scop("spam", "train")).startswith("name the mail to learn from: --ham PATH, --spam PATH")


def test_command_line_resolves_names_by_the_meshs_resolver(town: Town) -> None:
    """Its own zone at its own primary, without proof until the parent has the DS; special names are answered here."""
    own = row(town.scop("dns", "query", DOMAIN, "MX", "--json"))
    assert ("NOERROR", "insecure") == (own["rcode"], own["security"])
    traced = row(town.scop("dns", "query", DOMAIN, "MX", "--trace", "--json"))
    steps = cast(list[Row], traced["steps"])
    assert [town.address] == sorted({str(step["server"]).partition(" ")[0] for step in steps if step["server"]})
    assert (1, "NXDOMAIN") == (
        town.scop("dns", "query", "a.invalid").status,
        row(town.scop("dns", "query", "a.invalid", "--json"))["rcode"],
    )
