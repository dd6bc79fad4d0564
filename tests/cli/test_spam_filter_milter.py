"""`scop spam milter`: what is weighed of a mail, what is changed on it, what is refused."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import pytest

from fakes.fixed_examiner import PROGRAM, FixedExaminer
from fakes.fixed_scales import FixedScales, empty_model
from fakes.milter_talk import Heard, heard, macros, offer, written
from scop.cli.spam.milter_session import (
    MAX_BODY_OCTETS,
    MAX_EXAMINED_OCTETS,
    MilterOffice,
    MilterRules,
    MilterWeighing,
    wishes_of,
)
from scop.mesh.config.attachments import Attachments, Policy
from scop.net.log import Log
from scop.smtp import NEED_DATA
from scop.smtp.milter import (
    CONTINUE,
    Abort,
    BodyChunk,
    Connect,
    Event,
    Field,
    Helo,
    Mail,
    MessageEnd,
    MilterConnection,
    Negotiation,
    Quit,
)
from scop.smtp.milter.answers import Answer, Change
from scop.spam import Label
from scop.spam.connection import Connection

CLIENT = (Connect("Mail.Example", "192.0.2.7", 25), Helo("helo.example"))
MESSAGE = (Field(b"Subject", b" tide"), Field(b"To", b" a,\r\n b"), BodyChunk(b"Ahoy.\r\n"), MessageEnd())


LABELLING = MilterRules()
NOW, DATE = 1_795_860_000.0, "Sat, 28 Nov 2026 10:00:00 +0000"


async def _awaited(answers: Awaitable[Iterable[Answer | Change]]) -> Iterable[Answer | Change]:
    return await answers


class Asked:
    """A milter in memory: events go in, what it said comes out."""

    def __init__(
        self,
        folder: Path,
        rules: MilterRules = LABELLING,
        label: Label = Label.HAM,
        score: float = 0.01,
        examiner: FixedExaminer | None = None,
    ) -> None:
        self.scales = FixedScales(folder, label, score)
        self.lines: list[bytes] = []
        log = Log("milter", self.lines.append)
        self.session = MilterWeighing(MilterOffice(self.scales, rules, log, lambda: NOW, examiner))
        self._connection = MilterConnection(wishes_of(rules))
        self.tell(offer())

    def tell(self, *told: bytes | Event) -> Heard:
        """Tell it events or octets; return what it says to them."""
        self._connection.receive_data(b"".join(each if isinstance(each, bytes) else written(each) for each in told))
        said = b""
        while (event := self._connection.next_event()) is not NEED_DATA:
            answers = (
                (CONTINUE,) if isinstance(event, Negotiation) else self.session.event(event, self._connection.macro)
            )
            known = asyncio.run(_awaited(answers)) if isinstance(answers, Awaitable) else answers
            said += b"".join([self._connection.send(each) for each in known])
        return heard(said)


def test_milter_labels_a_mail(tmp_path: Path) -> None:
    """The field goes on top; what was weighed is the mail as it was sent, with who brought it."""
    asked = Asked(tmp_path)
    asked.tell(*CLIENT, macros(b"M", i="4ABC"), Mail("<a@b>"))
    said = asked.tell(*MESSAGE)
    assert [(0, b"X-SCoP-Spam", b" ham; score=0.010")] == said.inserted
    assert said.letters.endswith("ic")
    octets = b"Subject: tide\r\nTo: a,\r\n b\r\n\r\nAhoy.\r\n"
    assert [(octets, Connection("192.0.2.7", "mail.example", "helo.example", date=DATE))] == asked.scales.weighed
    assert ["4ABC"] == [json.loads(line)["trace"] for line in asked.lines]


@pytest.mark.parametrize(
    ("client", "tls", "expected"),
    [
        (
            Connect("unknown", "2001:db8::7", 1),
            "TLSv1.3",
            Connection("2001:db8::7", "", "helo.example", "TLSv1.3", DATE),
        ),
        (Connect("[192.0.2.7]", "192.0.2.7", 1), "nonsense", Connection("192.0.2.7", "", "helo.example", date=DATE)),
        (Connect("localhost"), "", None),
    ],
)
def test_milter_knows_the_connection(tmp_path: Path, client: Connect, tls: str, expected: Connection | None) -> None:
    """Name, address and TLS as the mail server tells them; an unknown name is none, a local client no connection."""
    asked = Asked(tmp_path)
    asked.tell(client, macros(b"H", tls_version=tls), Helo("helo.example"), Mail("<a@b>"), *MESSAGE)
    assert [expected] == [connection for _, connection in asked.scales.weighed]


EXAMINING = MilterRules(examines=True)


@pytest.mark.parametrize(
    ("policy", "letters"), [(Policy.TAG, "iiic"), (Policy.QUARANTINE, "iiiqc"), (Policy.REFUSE, "y")]
)
def test_milter_does_with_attachments_what_its_policy_says(tmp_path: Path, policy: Policy, letters: str) -> None:
    """A finding is told above the verdict, has the mail held, or refused with a sentence that shows no reasons."""
    examiner = FixedExaminer(Attachments(dangerous=policy), PROGRAM)
    asked = Asked(tmp_path, EXAMINING, examiner=examiner)
    asked.tell(*CLIENT, Mail("<a@b>"))
    said = asked.tell(*MESSAGE)
    assert said.letters.endswith(letters)
    assert [(b"Subject: tide\r\nTo: a,\r\n b\r\n\r\nAhoy.\r\n", "192.0.2.7", True)] == examiner.examined
    assert b"tide.exe" not in said.refusal


def test_milter_lets_mail_wait_that_nobody_can_look_into(tmp_path: Path) -> None:
    """Nothing passes because nobody was there to look."""
    asked = Asked(tmp_path, EXAMINING, examiner=FixedExaminer(Attachments(), is_away=True))
    asked.tell(*CLIENT, Mail("<a@b>"))
    said = asked.tell(*MESSAGE)
    assert said.refusal.startswith(b"451 4.3.2")


def test_milter_tells_that_a_mail_is_longer_than_is_looked_into(tmp_path: Path) -> None:
    """Of a mail past the bound the beginning is looked into, and that there is more is known."""
    examiner = FixedExaminer(Attachments())
    asked = Asked(tmp_path, EXAMINING, examiner=examiner)
    asked.tell(*CLIENT, Mail("<a@b>"))
    piece = BodyChunk(bytes(60_000))
    for _ in range(MAX_EXAMINED_OCTETS // 60_000 + 1):
        asked.session.event(piece, lambda _name: "")
    asked.tell(MessageEnd())
    assert [False] == [is_whole for _, _, is_whole in examiner.examined]


def test_milter_takes_forged_fields_away(tmp_path: Path) -> None:
    """Fields of ours that others wrote go, the last one first, and are not weighed."""
    asked = Asked(tmp_path)
    forged = (Field(b"X-SCoP-Spam", b" ham"), Field(b"x-scop-spam", b" ham"), Field(b"X-SCoP-Finding", b" none"))
    said = asked.tell(Mail("<a@b>"), *forged, *MESSAGE)
    assert [(2, b"x-scop-spam", b""), (1, b"X-SCoP-Spam", b""), (1, b"X-SCoP-Finding", b"")] == said.changed
    assert b"X-SCoP" not in asked.scales.weighed[0][0]


@pytest.mark.parametrize(
    ("label", "score", "refused"),
    [(Label.SPAM, 0.995, True), (Label.SPAM, 0.99, True), (Label.SPAM, 0.98, False), (Label.UNSURE, 0.995, False)],
)
def test_milter_refuses_above_a_score(tmp_path: Path, label: Label, score: float, refused: bool) -> None:
    """Only what is labelled spam is refused, at the score and above."""
    said = Asked(tmp_path, MilterRules(reject_above=0.99), label, score).tell(Mail("<a@b>"), *MESSAGE)
    assert refused is said.refusal.startswith(b"550 5.7.1 ")
    assert refused is not bool(said.inserted)


@pytest.mark.parametrize(("label", "reason"), [(Label.SPAM, b"spam, score 0.995"), (Label.HAM, b"")])
def test_milter_has_spam_held_back(tmp_path: Path, label: Label, reason: bytes) -> None:
    """With --quarantine the mail server holds spam, labelled."""
    said = Asked(tmp_path, MilterRules(quarantines=True), label, 0.995).tell(Mail("<a@b>"), *MESSAGE)
    assert reason == said.quarantine
    assert said.inserted


def test_milter_lets_people_who_logged_in_pass(tmp_path: Path) -> None:
    """Their mail is accepted unseen; the next client's is weighed again."""
    asked = Asked(tmp_path)
    assert "a" == asked.tell(macros(b"M", auth_authen="ann"), Mail("<a@b>")).letters
    assert asked.session.is_idle()
    asked.tell(Abort(), macros(b"M", i="4ABC"), Mail("<a@b>"), *MESSAGE)
    assert 1 == len(asked.scales.weighed)


def test_milter_keeps_a_part_of_a_body(tmp_path: Path) -> None:
    """As much as weighing looks at; the rest is declined."""
    asked = Asked(tmp_path)
    asked.tell(Mail("<a@b>"))
    assert "c" == asked.tell(BodyChunk(bytes(MAX_BODY_OCTETS - 1))).letters
    assert "s" == asked.tell(BodyChunk(bytes(2))).letters
    asked.tell(BodyChunk(bytes(9)), MessageEnd())
    assert MAX_BODY_OCTETS + 2 == len(asked.scales.weighed[0][0])


@pytest.mark.parametrize("between", [Abort(), Quit(is_followed=True), Helo("again"), Connect("x"), Mail("<c@d>")])
def test_milter_keeps_nothing_of_a_mail_that_was_given_up(tmp_path: Path, between: Event) -> None:
    """What was told of one mail is in no other."""
    asked = Asked(tmp_path)
    asked.tell(Mail("<a@b>"), Field(b"X-Old", b" x"), BodyChunk(b"old"), between, Mail("<a@b>"), *MESSAGE)
    assert [b"Subject: tide\r\nTo: a,\r\n b\r\n\r\nAhoy.\r\n"] == [octets for octets, _ in asked.scales.weighed]


def test_milter_is_idle_between_mails(tmp_path: Path) -> None:
    """It may leave when no mail is in the middle of being told."""
    asked = Asked(tmp_path)
    assert asked.session.is_idle()
    asked.tell(Mail("<a@b>"))
    assert not asked.session.is_idle()
    asked.tell(*MESSAGE)
    assert asked.session.is_idle()


def test_milter_as_a_process(tmp_path: Path) -> None:
    """It listens, confined, on a unix socket; a stranger's octets harm nobody; SIGTERM waits for a mail under way."""
    place, model = str(tmp_path / "milter"), empty_model(tmp_path)
    words = ["--listen", f"unix:{place}", "--model", str(model), "--json"]
    if os.geteuid() == 0:
        words += ["--user", "nobody"]
        for folder in (tmp_path, *tmp_path.parents[:3]):
            if str(folder).startswith("/tmp/"):
                folder.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "scop.cli", "spam", "milter", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert {"event": "filter.listening", "places": [f"unix:{place}"]}.items() <= json.loads(
            process.stdout.readline()
        ).items()
        talk(place, b"GET / HTTP/1.1\r\n\r\n", lambda said: said == b"")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(place)
            client.sendall(offer() + written(Mail("<a@b>")))
            assert "Oc" == heard(received(client, 17 + 5)).letters
            statuses = [path.read_text() for path in Path(f"/proc/{process.pid}/task").glob("*/status")]
            assert all("Seccomp:\t2" in status and "Uid:\t0" not in status for status in statuses)
            model.write_bytes(b"this is no model")
            process.send_signal(signal.SIGTERM)
            client.sendall(b"".join([written(each) for each in MESSAGE]))
            said = heard(received(client, None))
        process.wait(timeout=60)  # a second signal would end it at once, whatever it is at
    finally:
        if process.poll() is None:
            process.kill()
        out, err = process.communicate(timeout=60)
    assert [(0, b"X-SCoP-Spam")] == [each[:2] for each in said.inserted]
    assert (0, b"") == (process.returncode, err)
    assert b'"milter.broken"' in out
    assert b"no spam model" in out  # it was read, and the last good one stays


def talk(place: str, octets: bytes, is_right: Callable[[bytes], bool]) -> None:
    """Say octets and read to the end."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(place)
        client.sendall(octets)
        assert is_right(received(client, None))


def received(client: socket.socket, octets: int | None) -> bytes:
    """Return so many octets, or all to the end."""
    client.settimeout(20)
    said = b""
    while octets is None or len(said) < octets:
        piece = client.recv(65536)
        if not piece:
            break
        said += piece
    return said
