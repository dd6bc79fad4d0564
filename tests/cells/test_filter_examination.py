"""What the filter has examined, what it says of it, and where that leads."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from fakes.running_filter import RunningFilter, running_filter
from scop.attachments import Kind, Severity
from scop.cells.filter.examination import PIECE_OCTETS, WORDS
from scop.mesh.config.attachments import Attachments, Policy
from scop.mesh.underway import Underway, digest_of
from scop.mesh.vocabulary.examiner import FoundThing, unscannable
from scop.mesh.vocabulary.examiner import Severity as WireSeverity
from scop.mesh.vocabulary.receiver import Deed, NotedDeed
from scop.smtp import reply

RECEIVED = b"Received: from x (x [192.0.2.1])\r\n\tby mx.harbor.test with ESMTPS\r\n\tid 0123456789ab; now\r\n"
PLAIN = b"Subject: minutes\r\n\r\nthe meeting of the sailing club\r\n"
PAGE = b"Subject: minutes\r\nContent-Type: text/html\r\n\r\n<p>the meeting</p>\r\n"

NOTE = FoundThing("type", "note", "part 1", "odd but harmless")
MACRO = FoundThing("macro", "suspicious", "part 2 › a.doc", "a.doc has a macro.")
PROGRAM = FoundThing("executable", "dangerous", "part 2 › a.zip › rechnung\u202efdp.exe", "It is a program.")
BROKEN = unscannable("It breaks what looks.")


def label(octets: bytes) -> list[bytes]:
    """Return the fields that the filter wrote about attachments."""
    return [line for line in octets[: octets.index(b"Received:")].split(b"\r\n") if line.startswith(b"X-SCoP-A")]


async def test_plain_text_is_not_examined_and_everything_else_is(tmp_path: Path) -> None:
    """The examiner is handed what stands below our stamps, in pieces, with who sent it."""
    large = PAGE + b"x" * 78 + b"\r\n" * 40_000 + b"y" * PIECE_OCTETS + b"\r\n"
    async with running_filter(tmp_path) as filtering:
        for octets in (PLAIN, PAGE, large):
            await filtering.send(RECEIVED + octets)
    assert [PAGE, large] == list(filtering.examiner.mails.values())
    assert {"192.0.2.1"} == filtering.examiner.clients
    assert [[], [], []] == [label(octets) for octets in filtering.records.messages]


@pytest.mark.parametrize(
    ("finding", "policies", "expected"),
    [
        (NOTE, Attachments(suspicious=Policy.REFUSE), "tag"),
        (MACRO, Attachments(), "tag"),
        (PROGRAM, Attachments(), "quarantine"),
        (BROKEN, Attachments(), "quarantine"),
        (BROKEN, Attachments(unscannable=Policy.TAG), "tag"),
        (PROGRAM, Attachments(dangerous=Policy.TAG), "tag"),
    ],
)
async def test_policy_follows_the_severest_finding(
    tmp_path: Path, finding: FoundThing, policies: Attachments, expected: str
) -> None:
    """It stands above the mail, and the finding below it."""
    async with running_filter(tmp_path, policies=policies) as filtering:
        filtering.examiner.findings = (NOTE, finding)
        await filtering.send(RECEIVED + PAGE)
    (octets,) = filtering.records.messages
    assert [f"X-SCoP-Attachments: {expected}".encode()] == label(octets)
    assert f"\r\nX-SCoP-Finding: {finding.kind}; severity={finding.severity}".encode() in octets.replace(
        b"\r\n\t", b" "
    )


async def test_finding_is_told_in_ascii_whatever_a_stranger_called_the_file(tmp_path: Path) -> None:
    """A name that would turn the line around is percent-encoded as it is shown, escaped."""
    async with running_filter(tmp_path) as filtering:
        filtering.examiner.findings = (PROGRAM,)
        await filtering.send(RECEIVED + PAGE)
    (octets,) = filtering.records.messages
    stamps = octets[: octets.index(b"Received:")]
    assert stamps.isascii()
    assert b"%5Cu202" in stamps
    assert all(len(line) < 200 for line in stamps.split(b"\r\n"))


async def test_refused_mail_goes_nowhere_and_its_sender_is_told_the_kind(tmp_path: Path) -> None:
    """The particulars are in the log; the firewall is told of malware, and of nothing else."""
    async with running_filter(tmp_path, policies=Attachments(dangerous=Policy.REFUSE)) as filtering:
        filtering.examiner.findings = (PROGRAM,)
        _, message = await filtering.send(RECEIVED + PAGE)
        (line,) = filtering.lines("mail.refused")
    assert reply(550, "5.7.1", "This mail brings a program, which is not accepted here") == message
    assert ("It is a program.", []) == (line["reason"], filtering.records.messages)
    assert [NotedDeed(Deed.MALWARE, "192.0.2.1", trace="0123456789ab")] == filtering.deeds


async def test_mail_waits_at_its_sender_while_nobody_can_examine_it(tmp_path: Path) -> None:
    """RFC 5321 §4.2.5: it is never passed on unseen; plain text goes through."""
    async with running_filter(tmp_path) as filtering:
        await filtering.examiner.inlet.end()
        _, page = await filtering.send(RECEIVED + PAGE)
        _, plain = await filtering.send(RECEIVED + PLAIN)
    assert (reply(451, "4.3.0", "Try again later"), 250) == (page, plain.code if plain else 0)


async def test_mail_that_broke_the_filter_twice_is_kept_apart_unread(tmp_path: Path) -> None:
    """It reaches its owner all the same."""
    killed = []
    for _ in range(2):
        killed.append(Underway(tmp_path).at_work(digest_of(PAGE)))
        killed[-1].__enter__()
    async with running_filter(tmp_path) as filtering:
        await filtering.send(RECEIVED + PAGE)
        await filtering.send(RECEIVED + PAGE + b"other\r\n")
    assert [PAGE + b"other\r\n"] == list(filtering.examiner.mails.values())
    aside, other = filtering.records.messages
    assert ([b"X-SCoP-Attachments: quarantine"], []) == (label(aside), label(other))
    assert aside.endswith(RECEIVED + PAGE)


async def test_filter_with_findings_of_many_strangers_still_fits(tmp_path: Path) -> None:
    """What is told is bounded: the worst of it."""
    async with running_filter(tmp_path) as filtering:
        await _send_with_many(filtering)
    (octets,) = filtering.records.messages
    stamps = octets[: octets.index(b"Received:")]
    assert (16, True) == (stamps.count(b"X-SCoP-Finding:"), len(stamps) < 65_536)
    assert 1 == stamps.count(b"X-SCoP-Finding: executable")


async def _send_with_many(filtering: RunningFilter) -> None:
    wide = "\U0001f4a9" * 400
    filtering.examiner.findings = (*[FoundThing("name", "note", wide, wide)] * 60, PROGRAM)
    await filtering.send(RECEIVED + PAGE)


def test_words_of_the_mesh_are_those_of_the_library() -> None:
    """The filter does not load it, and knows every kind and severity all the same."""
    assert {severity.value for severity in Severity} == set(get_args(WireSeverity))
    assert {kind.value for kind in Kind} <= WORDS.keys()


@pytest.mark.parametrize("kind", ["macro\n", "macro\r\nX-SCoP-Spam: ham", "Macro", ""])
def test_kind_of_a_finding_is_a_word(kind: str) -> None:
    """A child that was taken over says it; it becomes a part of a field and of a reply."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"kind": kind, "severity": "note", "place": "", "reason": ""}, FoundThing)
