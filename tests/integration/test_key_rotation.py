"""Keys are renewed while mail flows between two real meshes, and no seal fails."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from fakes.command_line import scop
from fakes.patient_client import PatientClient, letter
from fakes.real_mesh import RunningWorld
from scop.cli.shared import ask
from scop.mesh.vocabulary.signer import ReadSealing, SealingStatus
from scop.net.faults import TemporaryFailure

PATIENCE_SECONDS = 60.0
PACE_SECONDS = 0.2


@dataclass
class Load:
    """One who writes five mails a second."""

    running_world: RunningWorld
    recipient: str
    sent: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Write until it is over."""
        sender = f"alice@{self.running_world.world.lagoon.domain}"
        client = PatientClient(self.running_world, "alice")
        while not self.over.wait(PACE_SECONDS):
            subject = f"rotation-{len(self.sent)}"
            client.submit(sender, self.recipient, letter(subject, sender, self.recipient))
            self.sent.append(subject)
        client.hang_up()

    def flow(self, mails: int) -> None:
        """Wait until some more were sent."""
        goal, pause, deadline = len(self.sent) + mails, threading.Event(), time.monotonic() + PATIENCE_SECONDS
        while len(self.sent) < goal and time.monotonic() < deadline:
            pause.wait(PACE_SECONDS)
        assert len(self.sent) >= goal


@contextlib.contextmanager
def flowing(running_world: RunningWorld, recipient: str) -> Iterator[Load]:
    """Let mail flow as long as the block lasts."""
    load = Load(running_world, recipient)
    writer = threading.Thread(target=load.run)
    writer.start()
    try:
        yield load
    finally:
        load.over.set()
        writer.join(PATIENCE_SECONDS)


def selectors(running_world: RunningWorld, step: str = "in-use") -> set[str]:
    """Return lagoon's selectors at a step."""
    status = ask(running_world.scene.config(running_world.world.lagoon), "signer", ReadSealing())
    return {key.selector for key in status.keys if key.step == step}


def await_use(running_world: RunningWorld, new: set[str]) -> None:
    """Wait until keys seal, though the signer be killed meanwhile."""
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(TemporaryFailure):
            if selectors(running_world) == new:
                return
        pause.wait(PACE_SECONDS)
    raise AssertionError(f"{new} do not seal")


def rotated(running_world: RunningWorld, *words: str) -> set[str]:
    """Rotate by the command, and return the selectors that will take over."""
    config = str(running_world.scene.config(running_world.world.lagoon))
    before = {key.selector for key in ask(Path(config), "signer", ReadSealing()).keys}
    status = msgspec.convert(scop("dkim", "rotate", *words, "--json", "-c", config).json, SealingStatus)
    return {key.selector for key in status.keys} - before


def test_rotation_under_load_loses_no_signature(running_world: RunningWorld) -> None:
    """Before, during and after two rotations, one with a kill in its midst, every mail arrives and verifies twice."""
    recipient = running_world.person("rotating")
    lagoon = running_world.world.lagoon
    first = selectors(running_world)
    with flowing(running_world, recipient) as load:
        load.flow(3)
        second = rotated(running_world)
        os.kill(running_world.status(lagoon)["signer"].pid, signal.SIGKILL)
        await_use(running_world, second)
        load.flow(3)
        assert first == selectors(running_world, "retired")
        third = rotated(running_world, "--now")
        await_use(running_world, third)
        load.flow(3)
    mails = running_world.await_mails("rotating", len(load.sent))
    assert sorted(load.sent) == sorted(mail.subject for mail in mails)
    sealed = running_world.octets("rotating", mails)
    assert {2} == {octets.count(b"dkim=pass") for octets in sealed}
    used = {frozenset(found.decode() for found in re.findall(rb"\bs=([a-z0-9-]+);", octets)) for octets in sealed}
    assert {frozenset(first), frozenset(second), frozenset(third)} == used
    assert set() == selectors(running_world, "retired")
