"""Extensions of others: found by entry point, held to what they may add, used in a conversation."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.dialogue import Player
from fakes.fake_distribution import install, shown_extension
from scop.net.faults import PermanentFailure
from scop.net.mail_extensions import ENTRY_POINTS, installed_extensions
from scop.smtp import Event, Extended, ForwardPath, Mail, Recipient, ReversePath, ServerOptions
from scop.smtp.commands import write_command
from scop.smtp.extensions import BUILT_IN

_MAX_LINES = 40

_EXTENSION = """
from scop.smtp.extensions import Extension, Verb
def read(argument, channel): ...
"""


@pytest.fixture(autouse=True)
def _forget_modules() -> Iterator[None]:
    known = set(sys.modules)
    yield
    for name in set(sys.modules) - known:
        if name.startswith("xfake") or name == "xticket":
            del sys.modules[name]


def _install(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str, value: str, name: str = "xfake") -> None:
    install(folder, ENTRY_POINTS, name, code, value)
    monkeypatch.syspath_prepend(str(folder))


def test_shown_extension_is_short() -> None:
    """One is written from nothing in under 40 lines."""
    assert len(shown_extension().splitlines()) < _MAX_LINES


def test_shown_extension_works_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the page shows is loaded by entry point: verb, parameters, check and effect on the session."""
    _install(tmp_path, monkeypatch, shown_extension(), "xticket:XTICKET", "xticket")
    player = Player(ServerOptions("mx.test", extensions=(*BUILT_IN, *installed_extensions())))
    player.feed(b"XTICKET sales\r\nEHLO x\r\nMAIL FROM:<a@b.test> TICKET=7\r\nXTICKET 7\r\nXTICKET sales\r\n")
    player.feed(b"MAIL FROM:<a@b.test> TICKET=x\r\nMAIL FROM:<a@b.test> SIZE=9 TICKET=7\r\nXTICKET sales\r\n")
    player.feed(b"RCPT TO:<seen@d.test> ROLE=boss\r\nRCPT TO:<seen@d.test> ROLE=owner NOTIFY=NEVER\r\n")
    assert "250-XTICKET" in player.said or "250 XTICKET" in player.said
    said = [line for line in player.said if not line.startswith("250-")]
    assert [
        "220 mx.harbor.test ESMTP",
        "503 5.5.1 Say EHLO first",
        "250 XTICKET",
        "503 5.5.1 Say XTICKET first",
        "501 5.5.4 Syntax error in parameters",
        "250 2.0.0 This is the desk of sales",
        "501 5.5.4 Syntax error in parameters",
        "250 2.0.0 Ok",
        "503 5.5.1 Bad sequence of commands",
        "501 5.5.4 Syntax error in parameters",
        "250 2.0.0 notify=NEVER TICKET=7 ROLE=owner",
    ] == said


def test_shown_extension_is_spoken_by_a_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same extension writes what a client says."""
    _install(tmp_path, monkeypatch, shown_extension(), "xticket:XTICKET", "xticket")
    (extension,) = installed_extensions()
    mail = Mail(ReversePath.parse("<a@b.test>"), extra=(("TICKET", "7"), ("OTHER", "1")))
    recipient = Recipient(ForwardPath.parse("<c@d.test>"), extra=(("ROLE", "owner"),))
    commands: list[Event] = [Extended("XTICKET", "sales"), mail, recipient]
    assert ["XTICKET sales", "MAIL FROM:<a@b.test> TICKET=7", "RCPT TO:<c@d.test> ROLE=owner"] == [
        write_command(command, (extension,)) for command in commands
    ]


def test_nothing_installed_is_no_extension(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without entry points there is nothing but what is built in."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert () == installed_extensions()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("X = 1", r"is of type int and not a scop\.smtp\.Extension"),
        ("", "can't be loaded: AttributeError"),
        ("import nothing_of_this_name", "can't be loaded: ModuleNotFoundError"),
        ("raise SystemError('broken')", "can't be loaded: SystemError: broken"),
        (_EXTENSION + "X = Extension('size', lambda channel: None)", "can't be loaded: ValueError: 'size' is no name"),
        (_EXTENSION + "X = Extension('X', lambda channel: 'X', verbs={'MAIL': Verb(read)})", "MAIL belongs to SMTP"),
        (_EXTENSION + "X = Extension('SIZE', lambda channel: 'SIZE 1')", "offers SIZE, which is there already"),
        (_EXTENSION + "X = Extension('X', lambda channel: 'X', verbs={'AUTH': Verb(read)})", "AUTH, which belongs to"),
        (_EXTENSION + "X = Extension('X', lambda channel: 'X', mail_parameters={'BODY': read})", "BODY, which belongs"),
        (
            _EXTENSION + "X = Extension('X', lambda channel: 'X', recipient_parameters={'NOTIFY': read})",
            "NOTIFY, which belongs to DSN",
        ),
    ],
)
def test_what_is_wrong_is_told_with_the_name_of_its_distribution(
    code: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator learns whose extension keeps the server from starting, and why."""
    _install(tmp_path, monkeypatch, code, "xfake:X")
    with pytest.raises(PermanentFailure, match=rf"xfake \(xfake:X\) of xfake-dist 1\.2.*{reason}"):
        installed_extensions()


def test_two_of_others_must_not_be_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second of two with one keyword is refused."""
    code = _EXTENSION + "X = Extension('X', lambda channel: 'X')"
    _install(tmp_path, monkeypatch, code, "xfake:X")
    _install(tmp_path, monkeypatch, code, "xfake2:X", "xfake2")
    with pytest.raises(PermanentFailure, match=r"xfake2-dist 1\.2 offers X, which is there already"):
        installed_extensions()
