"""`scop queue` on a mesh that runs, with mail for a host that is not there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import msgspec
import pytest
from click.testing import CliRunner, Result

from fakes.command_line import DOMAIN, Town, founded
from fakes.real_mesh import PASSWORD
from scop.cli.queue import queue

NOBODY = "[127.0.0.9]"  # nothing listens there
RECIPIENT = f"x@{NOBODY}"
SENDER = f"alice@{DOMAIN}"
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Beginning:
    """A mesh whose SPF was wrong at first: what was seen then, and after it was mended."""

    town: Town
    listed: list[dict[str, object]]
    shown: str
    unchecked: list[dict[str, object]]
    mended: list[dict[str, object]]


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beginning]:
    """A mesh that runs, with alice, and her first mails."""
    here = founded(tmp_path_factory.mktemp("queue"), "queue by the command line")
    zone = here.state / "primary" / f"{DOMAIN}.zone"
    right = f'@ IN TXT "v=spf1 ip4:{here.address} -all"'
    zone.write_text(zone.read_text().replace(right, '@ 1 IN TXT "v=spf1 -all"'))
    with here.up():
        assert 0 == here.scop("account", "add", "alice", "--password", PASSWORD).status
        traces = [here.submit("alice", RECIPIENT), here.submit("alice", RECIPIENT)]
        listed = once(here, lambda found: len(found) == 2, "--held")
        shown = here.scop("queue", "list", "--held").out
        assert 0 == run(here, "release", traces[0], "--unchecked").exit_code
        unchecked = once(here, lambda found: any(entry["attempts"] for entry in found))
        assert 0 == here.scop("dns", "apply").status
        mended = once(here, lambda found: all(entry["attempts"] for entry in found), again="release")
        assert 0 == run(here, "drop", "all", "--yes").exit_code
        yield Beginning(here, listed, shown, unchecked, mended)


@pytest.fixture(scope="module")
def town(beginning: Beginning) -> Town:
    """The same mesh, with an empty queue."""
    return beginning.town


def once(
    town: Town, is_so: Callable[[list[dict[str, object]]], bool], *words: str, again: str = ""
) -> list[dict[str, object]]:
    """Return what waits once it is so; until then give a command to all of it again and again."""
    deadline, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while not is_so(found := waiting(town, *words)):
        assert time.monotonic() < deadline, found
        if again:
            run(town, again, "all")
        pause.wait(0.2)
    return found


def run(town: Town, *words: str, typed: str = "") -> Result:
    """Run `scop queue` for a mesh, without a process of its own for it."""
    return CliRunner().invoke(queue, [*words, "--config", str(town.config)], input=typed)


def waiting(town: Town, *words: str) -> list[dict[str, object]]:
    """Return what waits."""
    said = msgspec.json.decode(run(town, "list", "--json", *words).stdout, type=dict[str, object])
    return cast("list[dict[str, object]]", said["entries"])


def deferred(town: Town) -> str:
    """Have one more mail wait, tried once; return its trace id."""
    trace, pause = town.submit("alice", RECIPIENT), threading.Event()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(entry["trace"] == trace and entry["attempts"] for entry in waiting(town)):
        assert time.monotonic() < deadline
        pause.wait(0.05)
    return trace


@pytest.fixture
def trace(town: Town) -> Iterator[str]:
    """The trace id of a mail that waits; afterwards the queue is empty."""
    yield deferred(town)
    run(town, "drop", "all", "--yes")


def test_cli_queue_list_says_what_waits_and_why(town: Town, trace: str) -> None:
    """As a table and as JSON, and only what fits; 1 where nothing does."""
    shown = town.scop("queue", "list", "--destination", NOBODY)
    assert (0, []) == (shown.status, [word for word in (trace, SENDER, RECIPIENT) if word not in shown.out])
    assert [trace] == [entry["trace"] for entry in waiting(town, "--sender", SENDER.upper())]
    assert 1 == run(town, "list", "--recipient", "nobody@nowhere.test").exit_code


def test_cli_queue_show_tells_all_of_a_mail(town: Town, trace: str) -> None:
    """Envelope, tries, header; and the mail itself, octet for octet."""
    shown = run(town, "show", trace)
    parts = (trace, f"<{SENDER}>", f"<{RECIPIENT}>", "next try at", "Subject: Hello")
    assert (0, []) == (shown.exit_code, [part for part in parts if part not in shown.stdout])
    (mail,) = msgspec.json.decode(run(town, "show", trace, "--json").stdout, type=list[dict[str, object]])
    octets = run(town, "show", trace, "--octets").stdout_bytes
    assert (mail["size_octets"], b"\r\n\r\nHello.\r\n") == (len(octets), octets[-12:])
    assert [1, 1] == [run(town, "show", "ffffffffffff", *words).exit_code for words in ((), ("--octets",))]


def test_cli_queue_shows_what_would_not_pass_and_what_to_publish(beginning: Beginning) -> None:
    """Never tried, held with the record; `release --unchecked` lets one go, and the right record the other."""
    assert [(0, True), (0, True)] == [(entry["attempts"], entry["is_kept_back"]) for entry in beginning.listed]
    record = f'publish at {DOMAIN}: TXT "v=spf1 ip4:{beginning.town.address} -all"'
    assert all(record in str(entry["last_reply"]) for entry in beginning.listed)
    assert "held, asked about again at" in " ".join(beginning.shown.split())
    assert (2, 1) == (beginning.shown.count("see (1)"), beginning.shown.count(record))  # once for both mails
    assert [0, 1] == sorted(cast(int, entry["attempts"]) for entry in beginning.unchecked)
    assert [False, False] == [entry["is_kept_back"] for entry in beginning.mended]


def test_cli_queue_holds_what_an_account_may_no_longer_send(town: Town, trace: str) -> None:
    """The login goes with the mail from submission to the relay, which asks the keeper again before it leaves."""
    assert 0 == town.scop("account", "disable", "alice").status
    try:
        (entry,) = once(town, lambda found: bool(found[0]["is_kept_back"]), again="retry")
        assert f"alice may not send as {SENDER}" == entry["last_reply"]
    finally:
        assert 0 == town.scop("account", "disable", "alice", "--again").status


def test_cli_queue_holds_retries_and_releases(town: Town, trace: str) -> None:
    """What is held stays where it is whatever is flushed; 1 where nothing fits."""
    held = run(town, "hold", trace)
    assert (0, "1 recipient of 1 mail held\n") == (held.exit_code, held.stdout)
    assert [trace] == [entry["trace"] for entry in waiting(town, "--held")]
    assert [1, 1, 1] == [run(town, *words).exit_code for words in (("hold", trace), ("retry", trace), ("flush",))]
    assert 0 == run(town, "release", "all", "--recipient", RECIPIENT).exit_code
    assert [] == waiting(town, "--held")
    assert 0 == run(town, "flush", "--json").exit_code


def test_cli_queue_drop_asks_first(town: Town, trace: str) -> None:
    """A no changes nothing; with --yes nobody is asked, and then nothing fits any more."""
    refused = town.scop("queue", "drop", trace, stdin="n\n")
    assert (130, True) == (refused.status, "Drop mail for 1 recipient for good (nobody is told)?" in refused.err)
    assert [trace] == [entry["trace"] for entry in waiting(town)]
    dropped = run(town, "drop", "--destination", NOBODY, "--yes", "--json")
    assert {"mails": 1, "recipients": 1, "underway": 0} == msgspec.json.decode(dropped.stdout)
    nothing = run(town, "drop", trace, "--yes")
    assert (1, "nothing in the queue fits\n") == (nothing.exit_code, nothing.stdout)


def test_cli_queue_drop_can_tell_the_sender(town: Town, trace: str) -> None:
    """With --bounce a report comes to the sender's mailbox."""
    assert 0 == run(town, "drop", trace, "--yes", "--bounce").exit_code
    deadline, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while "Not delivered: Hello" not in (shown := town.scop("mail", "list", "alice").out):
        assert time.monotonic() < deadline, shown
        pause.wait(0.05)


@pytest.mark.parametrize("command", ["hold", "release", "retry", "drop"])
def test_cli_queue_wants_to_know_which(command: str) -> None:
    """Nothing is changed by a word that was forgotten."""
    said = CliRunner().invoke(queue, [command])
    assert (2, True) == (said.exit_code, "say which" in said.stderr)


def test_cli_queue_tls_has_nothing_to_say_where_no_host_was_reached(town: Town) -> None:
    """Its words are tried where there are some."""
    assert {"sessions": []} == msgspec.json.decode(run(town, "tls", "--json").stdout)
