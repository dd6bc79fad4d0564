"""Logs of several meshes joined into one journey."""

import json
from pathlib import Path
from typing import cast

import pytest

from fakes.command_line import scop
from scop.cli.journey import journey_of, read_steps, sentence


def line(second: int, cell: str, event: str, trace: str, **fields: object) -> str:
    """Return a log line as a cell writes it."""
    return json.dumps(
        {
            "time": f"2026-11-25T08:00:{second:02}.000000+00:00",
            "cell": cell,
            "level": "info",
            "event": event,
            "trace": trace,
            **fields,
        }
    )


def write(folder: Path, cell: str, *lines: str) -> None:
    """Write one cell's log."""
    folder.mkdir(exist_ok=True)
    (folder / f"{cell}.jsonl").write_text("\n".join(lines) + "\n")


def test_journey_joins_two_organisations_by_what_each_noted_of_the_other(tmp_path: Path) -> None:
    """The upstream id on one side, or the reply on the other, is enough; another mail stays out."""
    write(
        tmp_path / "lagoon",
        "submission",
        line(1, "submission", "mail.accepted", "aaa"),
        line(1, "submission", "mail.accepted", "zzz"),
    )
    write(tmp_path / "lagoon", "relay", line(3, "relay", "mail.relayed", "aaa", remote="250 2.0.0 Ok: stored as bbb"))
    write(tmp_path / "harbor", "receiver", line(2, "receiver", "mail.received", "bbb", upstream="aaa", seconds=0.5))
    steps = [*read_steps("lagoon.test", tmp_path / "lagoon"), *read_steps("harbor.test", tmp_path / "harbor")]
    journey = journey_of("aaa", steps)
    assert journey == journey_of("bbb", steps)
    assert ["submission", "receiver", "relay"] == [step.cell for step in journey]
    assert (0.5, "took it from – [–] without TLS for –") == (journey[1].seconds, sentence(journey[1]))


def test_journey_joins_no_mails_that_a_server_said_the_same_of(tmp_path: Path) -> None:
    """Two mails that ended in "queued", or in "Connection refused", have nothing to do with each other."""
    lines = [
        line(number, "relay", event, trace, remote=words)
        for event, words in (("mail.relayed", "250 2.0.0 Ok: queued"), ("mail.deferred", "Connection refused"))
        for number, trace in enumerate(("aaa", "zzz"))
    ]
    write(tmp_path / "log", "relay", *lines)
    journey = journey_of("aaa", read_steps("lagoon.test", tmp_path / "log"))
    assert {"aaa"} == {step.trace for step in journey}


def test_journey_of_an_unknown_id_is_empty(tmp_path: Path) -> None:
    """No log knows it."""
    write(tmp_path / "lagoon", "relay", line(1, "relay", "mail.queued", "aaa"))
    assert () == journey_of("bbb", read_steps("lagoon.test", tmp_path / "lagoon"))


def test_journey_passes_over_lines_that_are_no_log_lines(tmp_path: Path) -> None:
    """A crash may leave half a line or a traceback."""
    write(
        tmp_path / "log",
        "relay",
        'Traceback: "trace"',
        '{"time": "2026", "trace"',
        '{"trace": "aaa"}',
        line(1, "relay", "mail.queued", "aaa"),
    )
    assert ["mail.queued"] == [step.event for step in read_steps("lagoon.test", tmp_path / "log")]


def test_journey_goes_on_with_the_notice_that_the_sender_was_sent(tmp_path: Path) -> None:
    """What became of a mail ends where its sender heard of it."""
    write(
        tmp_path / "lagoon",
        "relay",
        line(1, "relay", "mail.bounced", "aaa", to="<bob@harbor.test>", remote="550 5.1.1 No such user"),
        line(2, "relay", "mail.notice", "aaa", notice="nnn", actions=["failed"]),
        line(3, "relay", "mail.relayed", "nnn", host="mailbox", remote="250 2.0.0 Ok"),
    )
    journey = journey_of("aaa", read_steps("lagoon.test", tmp_path / "lagoon"))
    assert [
        "gives up on <bob@harbor.test>: 550 5.1.1 No such user",
        "tells the sender what became of it: failed",
        "carried it to mailbox: 250 2.0.0 Ok",
    ] == [sentence(step) for step in journey]


@pytest.mark.parametrize(
    ("tls", "words"),
    [
        ("", "carried it to mx.harbor.test: 250 Ok"),
        (
            "TLS1.3 TLS_AES_128_GCM_SHA256, proved by DANE",
            "carried it to mx.harbor.test over TLS1.3 TLS_AES_128_GCM_SHA256, proved by DANE: 250 Ok",
        ),
    ],
)
def test_journey_says_how_the_way_was_secured(tmp_path: Path, tls: str, words: str) -> None:
    """Whoever reads a journey sees whether the mail went in the clear, and what proved the host."""
    log = tmp_path / "log"
    write(log, "relay", line(1, "relay", "mail.relayed", "aaa", host="mx.harbor.test", remote="250 Ok", tls=tls))
    assert [words] == [sentence(step) for step in read_steps("lagoon.test", log)]


@pytest.mark.parametrize(("again", "said"), [(False, "stored it"), (True, "has it already")])
def test_journey_tells_a_mail_that_came_twice_from_a_new_one(tmp_path: Path, again: bool, said: str) -> None:
    """Who looks for the second copy of a mail learns that there is none."""
    stored = line(1, "mailbox", "mail.stored", "aaa", account="bob", folder="INBOX", again=again)
    write(tmp_path / "log", "mailbox", stored)
    (step,) = journey_of("aaa", read_steps("harbor.test", tmp_path / "log"))
    assert f"{said} for bob in INBOX" == sentence(step)


REFUSED = (
    line(1, "verifier", "mail.refused", "aaa", reply="550 5.7.1 No", reason="private", recipient=""),
    line(2, "receiver", "mail.refused", "aaa", reply="550 5.7.1 No", address="192.0.2.1", reverse_path="<x@y.test>"),
    line(3, "receiver", "mail.refused", "bbb", reply="550 5.1.1 Who", address="192.0.2.2", recipient="<a@b.test>"),
    line(4, "signer", "mail.refused", "ccc", reason="keys do not resolve yet"),
    line(5, "receiver", "mail.received", "ddd"),
)


@pytest.fixture
def config(tmp_path: Path) -> str:
    """The configuration of a mesh that is not up, and whose log tells of refusals."""
    (tmp_path / "scop.toml").write_text(
        'domain = "b.test"\nhostname = "mx.b.test"\nstate = "state"\n'
        '[network]\naddress = "127.0.0.1"\npipe_address = "127.0.0.1"\nown_networks = []\npipes = 21000\n'
        "ports = { smtp = 2525, submission = 2587, submissions = 2465, dns = 5300, dot = 8853 }\n"
        '[tls]\ncertificate = "c.pem"\nkey = "k.pem"\n'
    )
    (tmp_path / "state").mkdir()
    write(tmp_path / "state" / "log", "receiver", *REFUSED)
    return str(tmp_path / "scop.toml")


def test_trace_lists_what_was_refused(config: str) -> None:
    """The newest first, each as its client heard it: who asks why a mail did not come has no id."""
    said = scop("trace", "--refused", "-c", config)
    assert (0, "") == (said.status, said.err)
    assert [
        "ccc 2026-11-25 08:00:04 keys do not resolve yet",
        "bbb 2026-11-25 08:00:03 192.0.2.2 <a@b.test>: 550 5.1.1 Who",
        "aaa 2026-11-25 08:00:02 192.0.2.1 <x@y.test> 550 5.7.1 No",
    ] == [" ".join(row.split()) for row in said.out.splitlines()[1:]]
    told = cast("list[dict[str, str]]", scop("trace", "--refused", "--limit", "2", "--json", "-c", config).json)
    assert ["ccc", "bbb"] == [row["trace"] for row in told]


@pytest.mark.parametrize("words", [(), ("aaa", "--refused")])
def test_trace_wants_one_mail_or_the_list(config: str, words: tuple[str, ...]) -> None:
    """Neither is nothing, both are too much."""
    said = scop("trace", *words, "-c", config)
    assert (2, True) == (said.status, "say which mail by its trace ID, or --refused for a list" in said.err)


def test_trace_of_a_log_without_refusals(config: str) -> None:
    """The answer is no: status 1."""
    log = Path(config).parent / "state" / "log" / "receiver.jsonl"
    log.write_text(REFUSED[-1] + "\n")
    said = scop("trace", "--refused", "-c", config)
    assert (1, "no log here tells of a mail that was refused\n") == (said.status, said.out)


def test_sentence_says_what_was_found_and_that_there_was_no_tls(tmp_path: Path) -> None:
    """Why a mail lies in Quarantine stands in its journey; the same words are not said twice."""
    found = ["dangerous executable part 2 › invoice.zip › invoice.pdf.exe", "note name part 2"]
    write(
        tmp_path / "log",
        "all",
        line(1, "receiver", "mail.received", "aaa", helo="vm", address="192.0.2.1", tls="", recipients=["<a@b.test>"]),
        line(2, "filter", "mail.classified", "aaa", label="unsure", score=0.9, findings=found, policy="quarantine"),
        line(3, "mailbox", "mail.taught", "aaa", label="ham", account="alice", mails=2),
        line(4, "mailbox", "mail.refused", "aaa", reply="550 5.2.1 It is full", reason="It is full"),
        line(5, "filter", "mail.classified", "aaa", label="ham", score=0.1, findings=[], policy="tag"),
    )
    assert [
        "took it from vm [192.0.2.1] without TLS for <a@b.test>",
        f"weighed it: unsure, 0.9; found {found[0]}, {found[1]}: quarantine",
        "has the filter learn 2 attached as ham, for alice",
        "refused it: 550 5.2.1 It is full",
        "weighed it: ham, 0.1",
    ] == [sentence(step) for step in journey_of("aaa", read_steps("lagoon.test", tmp_path / "log"))]
