"""`scop account` as a person types it, before a keeper without pipes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner, Result

from fakes.keeper_desk import OPERATOR, PASSWORD, Desk, open_desk
from scop.cells.keeper.service import GRANTS
from scop.cli import account as account_module
from scop.cli import account_app_password, account_forward
from scop.mesh.calls import Call
from scop.mesh.config import Config, Network
from scop.mesh.vocabulary.keeper import AuthenticationOutcome
from scop.net.faults import PermanentFailure

R = TypeVar("R")


@dataclass
class Terminal:
    """Types words and reads what comes back."""

    desk: Desk

    def ask(self, _config: Path, _cell: str, question: Call[R]) -> R:
        """Answer as the keeper does to the operator."""
        assert type(question) in GRANTS["operator"]
        answer = self.desk.answers()[type(question)]
        return asyncio.run(answer(question, OPERATOR))  # type: ignore[arg-type]  # a coroutine of ours

    def type(self, *words: str) -> Result:
        """Run one command that goes well."""
        done = CliRunner().invoke(account_module.account, words, catch_exceptions=False)
        assert 0 == done.exit_code, done.output
        return done

    def json(self, *words: str) -> dict[str, object]:
        """Run one command with --json."""
        said = json.loads(self.type(*words, "--json").output)
        assert isinstance(said, dict)
        return said


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Return a terminal whose mesh is one keeper, with alice."""
    with open_desk(tmp_path) as desk:
        made = Terminal(desk)
        for module in (account_module, account_app_password, account_forward):
            monkeypatch.setattr(module, "ask", made.ask)
        monkeypatch.setattr(account_module, "read_config", lambda _: Config("harbor.test", Network("127.0.0.1")))
        made.type("add", "alice", "--password", PASSWORD)
        yield made


def test_cli_account_app_password_is_shown_once(terminal: Terminal) -> None:
    """It stands alone on its line; lists name the program only, and removed it logs in no more."""
    first, second = terminal.type("app-password", "alice", "add", "phone").output.splitlines()
    assert re.fullmatch(r"([a-z2-9]{4}-){5}[a-z2-9]{4}", first)
    assert "alice: this is the password for phone, hyphens included; it is not shown again" == second
    assert AuthenticationOutcome.ACCEPTED == asyncio.run(terminal.desk.scram("alice", first))
    listed = terminal.type("app-password", "alice", "list").output
    everything = terminal.type("list").output + terminal.type("list", "--json").output
    assert "phone  2023-11-14" in re.sub(" +", "  ", listed)
    assert first not in listed + everything
    assert "alice: phone logs in no more\n" == terminal.type("app-password", "alice", "remove", "phone").output
    assert AuthenticationOutcome.REFUSED == asyncio.run(terminal.desk.scram("alice", first))


def test_cli_account_that_takes_what_teaches_the_filter_says_so(terminal: Terminal) -> None:
    """An account comes before spam@ and ham@, and whoever opens one learns that these fall silent."""
    told = terminal.type("add", "spam", "--password", PASSWORD)
    assert "is no longer learned: spam has it now; let `[spam] spam_mailbox`" in told.stderr
    assert "" == terminal.type("add", "bob", "--password", PASSWORD).stderr


def test_cli_account_app_password_in_json(terminal: Terminal) -> None:
    """A program that makes one gets the label, the password and the time."""
    made = terminal.json("app-password", "alice", "add", "build server")
    assert ["created_unix", "label", "password"] == sorted(made)
    listed = json.loads(terminal.type("app-password", "alice", "list", "--json").output)
    assert [{"label": "build server", "created_unix": made["created_unix"]}] == listed
    assert [] == terminal.json("app-password", "alice", "remove", "build server")["app_passwords"]


def test_cli_account_scram_by_choice(terminal: Terminal) -> None:
    """`--scram` holds for a new account and for a new password."""
    assert ["argon2id"] == terminal.json("passwd", "alice", "--password", PASSWORD)["verifiers"]
    assert ["scram-sha-256"] == terminal.json("passwd", "alice", "--password", PASSWORD, "--scram")["verifiers"]
    assert ["scram-sha-256"] == terminal.json("add", "bob", "--password", PASSWORD, "--scram")["verifiers"]
    assert AuthenticationOutcome.ACCEPTED == asyncio.run(terminal.desk.scram("bob", PASSWORD))


def test_cli_account_forward(terminal: Terminal) -> None:
    """Each command says where mail goes from now on."""
    add = terminal.type("forward", "alice", "add", "al@lagoon.test").output
    assert "alice: mail goes to alice, al@lagoon.test\n" == add
    bare = terminal.json("forward", "alice", "add", "b@lagoon.test", "--no-copy")
    assert {"account": "alice", "forwards": ["al@lagoon.test", "b@lagoon.test"], "keeps_copy": False} == bare
    assert "alice: mail goes to al@lagoon.test, b@lagoon.test\n" == terminal.type("forward", "alice", "list").output
    terminal.type("forward", "alice", "remove", "al@lagoon.test")
    last = terminal.type("forward", "alice", "remove", "b@lagoon.test").output
    assert "alice: mail goes to alice\n" == last


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("app-password", "alice", "remove", "x"), "no app password"),
        (("app-password", "bob", "list"), "no account bob"),
        (("forward", "alice", "remove", "x@y.test"), "does not forward"),
        (("forward", "alice", "add", "alice@harbor.test"), "alice itself"),
    ],
)
def test_cli_account_says_what_cannot_be(terminal: Terminal, words: tuple[str, ...], reason: str) -> None:
    """The keeper's sentence is what the command ends with."""
    with pytest.raises(PermanentFailure, match=reason):
        terminal.type(*words)
