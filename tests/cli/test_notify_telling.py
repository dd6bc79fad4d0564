"""`scop matrix notify` against a homeserver in memory: kept before all else, posted in its turn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from fakes.command_line import Said, scop
from fakes.homeserver import FakeHomeserver
from fakes.served_homeserver import served_homeserver
from scop.cli.matrix.accounts import Account
from scop.cli.matrix.notify_poster import ClientPoster
from scop.cli.matrix.notify_posting import NeverTaken
from scop.matrix.json_values import JsonObject
from scop.matrix.notifier import Room

BOT, CI, NOWHERE = "@bot:example.org", "#ci:example.org", "#ci:elsewhere.example"


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell whose user is logged in as the bot."""

    server: FakeHomeserver
    folder: Path

    @property
    def account(self) -> Account:
        """The account that posts."""
        return Account(BOT, self.folder / "accounts")

    def notify(self, *words: str, wait: float = 20.0, stdin: str = "") -> Said:
        """Tell something."""
        rest = ("--wait", str(wait), "--store", str(self.account.folder), "--queue", str(self.folder / "notices.db"))
        return scop("matrix", "notify", *words, *rest, stdin=stdin)

    @property
    def told(self) -> list[str]:
        """What was said in the room, each edit, too."""
        return [str(each["body"]) for each in self.messages]

    @property
    def messages(self) -> list[JsonObject]:
        """What was said in the room, as it was sent."""
        events = self.server.rooms.of_type(self.server.rooms.aliases[CI], "m.room.message")
        return [msgspec.convert(event["content"], JsonObject) for event in events]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Give a shell."""
    server = FakeHomeserver()
    server.register("bot")
    with served_homeserver(server) as url:
        made = Shell(server, tmp_path)
        said = scop("matrix", "login", BOT, "--homeserver", url, "--store", str(made.account.folder), stdin="secret\n")
        assert 0 == said.status, said.err
        yield made


def test_notify_posts_and_edits_by_its_pipeline(shell: Shell) -> None:
    """One pipeline is one message; words are another."""
    for status in ("running", "passed"):
        said = shell.notify("--room", CI, "--title", "Deploy", "--pipeline", "7", "--status", status)
        assert (0, "", "") == (said.status, said.out, said.err)
    said = shell.notify("--room", CI, "--json", stdin="one\ntwo\n")
    assert {"room": CI, "posted": True} == said.json
    assert ["🔵 Deploy running", "* ✅ Deploy passed", "one\ntwo"] == shell.told


def test_notify_says_where_nothing_is_to_be_posted(shell: Shell) -> None:
    """A run that has ended does not run again: another one wants an id of its own."""
    shell.notify("--room", CI, "--title", "Deploy", "--pipeline", "7", "--status", "passed")
    said = shell.notify("--room", CI, "--title", "Deploy", "--pipeline", "7", "--status", "running")
    assert (0, "scop: nothing to post: the room shows it, or that this run has ended\n") == (said.status, said.err)


def test_notify_keeps_what_it_cannot_post_while_another_command_has_the_account(shell: Shell) -> None:
    """Nothing is lost: status 2, and the next call posts it first."""
    other = shell.account.open(BOT)
    said = shell.notify("--room", CI, "--title", "one", wait=0.1)
    assert 2 == said.status
    assert "scop: kept, but not posted yet: @bot:example.org: another command uses this account" in said.err
    asyncio.run(other.close())
    assert 0 == shell.notify("--room", CI, "--title", "two").status
    assert ["one", "two"] == shell.told


def test_notify_ends_by_its_own_room(shell: Shell) -> None:
    """A room that cannot be had is told of, by its own call at once, and holds up no other until it is given up."""
    said = shell.notify("--room", NOWHERE, "--title", "lost", wait=60.0)
    assert (2, True) == (said.status, f"not posted yet: there is no {NOWHERE}" in said.err)
    said = shell.notify("--room", CI, "--title", "found", wait=60.0)
    assert (0, ["found"]) == (said.status, shell.told)
    assert f"scop: still waits from earlier: {NOWHERE} (there is no {NOWHERE}" in said.err
    assert "1 given up\n" == shell.notify("--room", NOWHERE, "--forget").out
    assert "" == shell.notify("--room", CI, "--title", "again").err


def test_notify_makes_rooms_of_earlier_calls_as_those_wanted_them(shell: Shell) -> None:
    """What was to be encrypted is not posted in the clear by who comes later."""
    other = shell.account.open(BOT)
    shell.notify("--room", "#secret:example.org", "--title", "secret", "--encrypted", wait=0.1)
    asyncio.run(other.close())
    assert 0 == shell.notify("--room", CI, "--title", "open").status
    room = shell.server.rooms.aliases["#secret:example.org"]
    assert ([], 1) == (shell.server.rooms.bodies(room), len(shell.server.rooms.of_type(room, "m.room.encrypted")))


def test_notify_tells_of_its_own_faults(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is raised at once, not waited for."""

    async def prepare(_poster: ClientPoster, _room: Room) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(ClientPoster, "prepare", prepare)
    with pytest.raises(BaseExceptionGroup):
        shell.notify("--room", CI, "--title", "one", wait=60.0)


def test_notify_shows_output_of_commands_as_it_was(shell: Shell) -> None:
    """Lines stay lines in one block, without the colours of a terminal; one line is no block."""
    shell.notify("--room", CI, stdin="\x1b[1;31mtest\x1b[0m <failed>\r\n  1 of 2\x07\n")
    shell.notify("--room", CI, stdin="all well\n")
    first, second = shell.messages
    assert ("test <failed>\n  1 of 2", "<pre><code>test &lt;failed&gt;\n  1 of 2</code></pre>") == (
        first["body"],
        first["formatted_body"],
    )
    assert ("all well", False) == (second["body"], "formatted_body" in second)


def test_notify_refuses_what_no_event_holds(shell: Shell) -> None:
    """Also where it is the escaping that makes it too long; just below it is posted, without HTML."""
    said = shell.notify("--room", CI, stdin='"' * 30_000)
    assert (2, True) == (said.status, "standard input is too long for one message" in said.err)
    assert "standard input holds no words" in shell.notify("--room", CI, stdin="\x1b[0m\x07").err
    assert 0 == shell.notify("--room", CI, stdin="<\n" * 10_000).status
    assert [False] == ["formatted_body" in each for each in shell.messages]


def test_notify_says_what_a_homeserver_will_never_take(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not posted, and is not tried again."""

    async def send(_poster: ClientPoster, _room_id: str, _transaction_id: str, _content: object) -> str:
        raise NeverTaken("M_TOO_LARGE")

    with monkeypatch.context() as patched:
        patched.setattr(ClientPoster, "send", send)
        said = shell.notify("--room", CI, "--title", "one")
    assert (2, "scop: not posted, and not tried again: M_TOO_LARGE\n") == (said.status, said.err)
    assert 0 == shell.notify("--room", CI, "--title", "two").status
    assert ["two"] == shell.told
