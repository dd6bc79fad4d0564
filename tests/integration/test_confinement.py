"""Inside every real cell each forbidden thing is tried; each fails, and the mesh still works."""

from __future__ import annotations

import json
import os
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.attempts import ATTEMPTS, UDP_ATTEMPTS
from fakes.ordinary_user import as_ordinary_user
from fakes.real_mesh import PASSWORD, world_of
from scop.cells import CELL_NAMES, manifest_of
from scop.cli.demo.scene import PORTS, await_event
from scop.cli.shared import ask
from scop.mesh.vocabulary.keeper import AddAccount
from scop.mesh.vocabulary.mailbox import ListMail
from scop.supervisor.config_file import read_config
from scop.supervisor.founding import Founding, found
from scop.supervisor.layout import Layout

PROBED_MESH = Path(__file__).resolve().parents[1] / "fakes" / "probed_mesh.py"


def prefix_of(user: str) -> list[str]:
    """Return what starts a program as root or as an ordinary user; skip aloud where that is impossible."""
    if user == "root":
        if os.geteuid() != 0:
            pytest.skip("NOT ROOT: the mesh as root was not tested")
        return []
    return [*as_ordinary_user()]


@contextmanager
def probed_mesh(config: Path, user: str) -> Iterator[None]:
    """Run a mesh of cells that attack themselves."""
    command = [*prefix_of(user), sys.executable, str(PROBED_MESH), str(config), "probed_cell.py"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        await_event(process, "up")
        yield
    finally:
        process.terminate()
        process.communicate(timeout=60)


def outcomes(log: Path) -> dict[str, str]:
    """Return what came of each attempt of a cell, once it has tried all."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert any(line["event"] == "probed" for line in lines), f"{log.name} did not try everything"
    return {line["attempt"]: line["outcome"] for line in lines if line["event"] == "probe"}


@pytest.mark.parametrize("user", ["root", "ordinary"])
def test_confinement_holds_in_every_cell_and_the_cells_still_work(tmp_path: Path, user: str) -> None:
    """Only the two DNS cells have UDP; everything else is denied to all; then a mail is stored."""
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o711)
    world = world_of(f"confinement-{user}")
    founding = Founding("harbor.test", world.harbor.address, PORTS, world.harbor.pipes, world.harbor.address)
    config = found(founding, tmp_path)
    layout = Layout(read_config(config))
    with probed_mesh(config, user):
        ask(config, "keeper", AddAccount("bob", PASSWORD))
        with smtplib.SMTP(world.harbor.address, PORTS.smtp, timeout=60) as client:
            client.sendmail("", ["bob@harbor.test"], b"From: s@stranger.test\r\nSubject: still here\r\n\r\nYes.\r\n")
        assert ["still here"] == [mail.subject for mail in ask(config, "mailbox", ListMail("bob")).mails]
    for cell in CELL_NAMES:
        granted = set(UDP_ATTEMPTS) if manifest_of(cell).datagrams else set()
        found_outcomes = outcomes(layout.log(cell))
        assert set(ATTEMPTS) == set(found_outcomes)
        allowed = {name for name, outcome in found_outcomes.items() if not outcome.startswith("denied")}
        assert (cell, granted) == (cell, allowed)
