"""`scop spam filter`: a mail comes out labelled, or as it was, and is never lost."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.command_line import Said, scop
from fakes.fixed_scales import empty_model
from scop.cli.spam.filter_sealed import in_sealed_child
from scop.net.faults import TemporaryFailure

MAIL = "X-SCoP-Spam: ham\nSubject: tide\n\nHigh water at nine.\n"
BELOW = MAIL.partition("\n")[2]


def filtered(model: Path, *words: str) -> Said:
    """Run the command on the mail."""
    return scop("spam", "filter", "--model", str(model), *words, stdin=MAIL)


def test_filter_labels_a_mail(tmp_path: Path) -> None:
    """The label stands on top, the forged one is gone, the rest is as it was."""
    said = filtered(empty_model(tmp_path))
    assert (0, "") == (said.status, said.err)
    assert said.out.startswith("X-SCoP-Spam: unsure; score=0.500")
    assert said.out.endswith(f"\n{BELOW}")
    assert 1 == said.out.count("X-SCoP-Spam")


@pytest.mark.parametrize(("words", "status", "out"), [((), 0, BELOW), (("--on-fault", "defer"), 75, "")])
def test_filter_without_a_model_loses_nothing(tmp_path: Path, words: tuple[str, ...], status: int, out: str) -> None:
    """Where it cannot weigh, the mail passes without a label, or comes again; one sentence says why."""
    said = filtered(tmp_path / "nothing", *words)
    assert (status, out) == (said.status, said.out)
    assert "nothing: No such file" in said.err


def test_filter_a_slip_on_the_command_line_bounces_nothing(tmp_path: Path) -> None:
    """A mail server reads EX_TEMPFAIL, and tries again when the slip is mended."""
    said = filtered(empty_model(tmp_path), "--examin")
    assert (75, "") == (said.status, said.out)
    assert "the mail waits" in said.err
    said = scop("spam", "filter", stdin=MAIL)
    assert (75, "scop: Missing option '--model'; the mail waits\n") == (said.status, said.err)


@pytest.mark.parametrize("name", ["__stdin__", "__stdout__"])
def test_filter_takes_no_mail_that_it_cannot_hand_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Where a standard stream is closed there is no mail, or nobody who takes it: it waits."""
    monkeypatch.setattr(sys, name, None)
    said = filtered(empty_model(tmp_path))
    assert (75, "") == (said.status, said.out)
    assert "is closed" in said.err


@pytest.mark.parametrize(
    ("code", "status"),
    [("exit 0", 0), ("exit 67", 67), ("kill -9 $$", 75)],
)
def test_filter_hands_on_to_a_command(tmp_path: Path, code: str, status: int) -> None:
    """The command reads the labelled mail, and its status is ours; one that was killed has not taken the mail."""
    taken = tmp_path / "taken"
    said = filtered(empty_model(tmp_path), "--", "sh", "-c", f"cat > {shlex.quote(str(taken))}; {code}")
    assert status == said.status
    assert taken.read_text().startswith("X-SCoP-Spam: unsure")


def test_filter_a_command_that_is_not_there(tmp_path: Path) -> None:
    """The mail waits until it is."""
    said = filtered(empty_model(tmp_path), "--", str(tmp_path / "sendmail"))
    assert (75, "") == (said.status, said.out)
    assert "sendmail: No such file" in said.err


ATTACHED = """Subject: invoice
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: application/octet-stream; name="invoice.pdf.exe"

MZ\x90
--b--
"""


def test_filter_looks_into_attachments(tmp_path: Path) -> None:
    """With --examine each finding has a field with a sentence; they stand above the verdict."""
    said = scop("spam", "filter", "--model", str(empty_model(tmp_path)), "--examine", stdin=ATTACHED)
    assert (0, "") == (said.status, said.err)
    head, verdict, _ = said.out.partition("X-SCoP-Spam: unsure")
    assert "X-SCoP-Finding: " in head
    assert "severity=dangerous" in head
    assert "invoice.pdf.exe" in head
    assert verdict


def test_filter_returns_what_its_policy_refuses(tmp_path: Path) -> None:
    """The mail server makes a bounce of the status, with a sentence of no reasons; nothing is passed on."""
    model = str(empty_model(tmp_path))
    said = scop("spam", "filter", "--model", model, "--examine", "--on-dangerous", "refuse", stdin=ATTACHED)
    assert (77, "") == (said.status, said.out)
    assert said.err.startswith("550 5.7.1 This mail brings ")


def test_filter_what_cannot_be_looked_into_says_so(tmp_path: Path) -> None:
    """A mail that could not be examined passes with that finding, never as if nothing were found."""
    said = scop("spam", "filter", "--model", str(tmp_path / "nothing"), "--examine", stdin=ATTACHED)
    assert 0 == said.status
    assert "X-SCoP-Finding: unscannable" in said.out
    assert said.out.endswith(ATTACHED)


def opened() -> bytes:
    """Try to read a file."""
    return Path("/etc/passwd").read_bytes()


def started() -> bytes:
    """Try to have a child."""
    return str(os.fork()).encode()


def ended() -> bytes:
    """End without a word."""
    os._exit(7)


def talked() -> bytes:
    """Say more than there is room for."""
    return bytes(70_000)


def eaten() -> bytes:
    """Take more memory than there is."""
    return bytes(2 << 30)[:1]


@pytest.mark.parametrize("attempt", [opened, started, ended, talked, eaten])
def test_filter_child_can_do_nothing_but_answer(attempt: Callable[[], bytes]) -> None:
    """Whatever the mail makes it do: no file, no process, no memory without end; it ends, and we hear of it."""
    with pytest.raises(TemporaryFailure, match="could not be weighed"):
        in_sealed_child(attempt)


def test_filter_child_answers() -> None:
    """What the work returns comes back."""
    assert b"ham" == in_sealed_child(lambda: b"ham")
