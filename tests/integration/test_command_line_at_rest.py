"""The command line where no mesh is up: what is missing is named with the fix, and nothing is left behind."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from fakes.command_line import DOMAIN, Row, Town, cells_of, founded, row, scop, sentence
from scop.cells import CELL_NAMES
from scop.cli.demo.scene import PORTS


@pytest.fixture
def still(tmp_path: Path) -> Town:
    """A mesh that was founded and does not run."""
    return founded(tmp_path / "still", "command line, still")


def test_command_line_init_says_what_comes_next_and_never_overwrites(tmp_path: Path) -> None:
    """As JSON too."""
    done = scop("init", DOMAIN, "--folder", str(tmp_path / "a"))
    assert (0, True) == (done.status, "next: scop up" in done.out)
    written = scop("init", DOMAIN, "--folder", str(tmp_path / "b"), "--json").json
    assert {"config": str(tmp_path / "b" / "scop.toml"), "domain": DOMAIN} == written
    again = sentence(scop("init", DOMAIN, "--folder", str(tmp_path / "b")))
    assert again.endswith("is already there; `scop init` never overwrites a mesh")
    assert "lower-case domain name" in sentence(scop("init", "Harbor", "--folder", str(tmp_path / "c")))
    assert "choose a folder of yours" in sentence(scop("init", DOMAIN, "--folder", str(tmp_path / "a" / "scop.toml")))


def test_command_line_mesh_shows_every_pipe() -> None:
    """Without a configuration: manifests are constants."""
    shown = scop("mesh")
    assert (0, []) == (shown.status, [name for name in CELL_NAMES if name not in shown.out])
    found = row(scop("mesh", "--json"))
    assert list(CELL_NAMES) == list(cast("Row", found["cells"]))
    assert {"from": "filter", "to": "verifier", "as": "lmtp", "why": "mail"} in cast("list[Row]", found["pipes"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("nonsense",), "no such command 'nonsense' (`scop --help` shows how)"),
        (("account", "add"), "missing argument 'NAME' (`scop account add --help` shows how)"),
        (("up", "--jsno"), "no such option '--jsno'. Did you mean '--json'? (`scop up --help` shows how)"),
        (
            ("mail", "show", "bob", "one"),
            "invalid value for 'NUMBER': 'one' is not a valid integer (`scop mail show --help` shows how)",
        ),
        (("up", "-c", "none.toml"), "none.toml: there is no such file; `scop init DOMAIN` makes one"),
        (("up", "-c", "/"), "/: cannot be read: Is a directory"),
    ],
)
def test_command_line_wrong_words_get_one_sentence(words: tuple[str, ...], expected: str) -> None:
    """Click's complaints have the form of ours."""
    assert expected == sentence(scop(*words))


def test_command_line_without_a_mesh_the_next_step_is_named(still: Town) -> None:
    """Every command that needs one."""
    for words in (("status",), ("account", "list"), ("mail", "list", "bob"), ("queue", "list", "--json")):
        said = sentence(still.scop(*words))
        assert (True, True) == (said.startswith("no mesh is up here ("), said.endswith("start it with `scop up`"))


def _unknown_key(town: Town) -> None:
    town.edit("own_networks", "own_network")


def _no_folder(town: Town) -> None:
    (town.state / "relay").write_text("a file where a folder must be: root cannot write there either")


def _no_zone(town: Town) -> None:
    (town.state / "primary" / f"{DOMAIN}.zone").unlink()


def _no_certificate(town: Town) -> None:
    (town.config.parent / "tls" / "public.pem").unlink()


def _wrong_certificate(town: Town) -> None:
    (town.config.parent / "tls" / "public.pem").write_text("no certificate\n")


def _wrong_model(town: Town) -> None:
    (town.state / "filter").mkdir()
    (town.state / "filter" / "model.spam").write_text("no model\n")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_unknown_key, ["scop.toml:8: unknown key 'network.own_network'", "did you mean 'own_networks'?"]),
        (_no_folder, ["the state folder", "cannot be written", "set `state` in scop.toml"]),
        (_no_zone, ["primary cannot start: there is no zone harbor.test", "`scop init --folder` writes one"]),
        (_no_certificate, ["[tls]:", "public.pem is not there; `scop init harbor.test --folder NEW` makes"]),
        (_wrong_certificate, ["[tls]:", "public.pem", "are no certificate and its key"]),
        (_wrong_model, ["filter cannot start:", "model.spam: these octets are no spam model", "train one anew"]),
    ],
)
def test_command_line_up_says_what_is_missing_and_leaves_nothing(
    still: Town, spoil: Callable[[Town], None], words: list[str]
) -> None:
    """One sentence with the fix, status 2, no process, no door."""
    spoil(still)
    said = still.scop("up", "--json")
    assert (2, []) == (said.status, [word for word in words if word not in said.err])
    assert 1 == said.err.count("\n")
    assert (set(), False) == (cells_of(still.state), (still.state / "supervisor.sock").exists())


def test_command_line_up_names_a_busy_port(still: Town) -> None:
    """The cell, the address, the port and the fix, before anything starts."""
    with socket.create_server((still.address, PORTS.submissions)):
        said = sentence(still.scop("up"))
    assert (
        f"submission: cannot listen on {still.address} port {PORTS.submissions}: "
        "another program listens there; stop it or choose another port in scop.toml"
    ) == said


@pytest.mark.skipif(os.geteuid() != 0, reason="a confined cell shows its files to root alone")
def test_command_line_sigterm_drains_and_leaves_nothing(still: Town) -> None:
    """Status 0, every cell ended by itself, the door is gone (`Town.up` checks all but the last)."""
    with still.up():
        assert set(CELL_NAMES) == cells_of(still.state)
    log = (still.state / "log" / "supervisor.jsonl").read_text()
    assert ("", False) == (log, (still.state / "supervisor.sock").exists())
