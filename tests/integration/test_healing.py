"""The mesh heals: whatever dies or falls silent, every mail that got 250 arrives, once."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from fakes.patient_client import PatientClient, letter
from fakes.real_mesh import RunningWorld
from scop.cells import CELL_NAMES
from scop.cli.demo.scene import Organisation

MAILS = 500
CLIENTS = 4
PATIENCE_SECONDS = 60.0


def kill_in_turn(running: RunningWorld) -> Iterator[tuple[Organisation, str]]:
    """Kill each cell of both organisations with SIGKILL, one after another, each after the last is ready again."""
    for name in CELL_NAMES:
        for organisation in running.world.organisations:
            pid = running.status(organisation)[name].pid
            os.kill(pid, signal.SIGKILL)
            yield organisation, name
            deadline = time.monotonic() + PATIENCE_SECONDS
            pause = threading.Event()
            while running.status(organisation)[name].state != "ready" or running.status(organisation)[name].pid == pid:
                assert time.monotonic() < deadline, f"{name} of {organisation.domain} did not come back"
                pause.wait(0.05)


def test_healing_every_accepted_mail_arrives_once_though_each_cell_is_killed(running_world: RunningWorld) -> None:
    """SIGKILL to any cell, at any moment of a run of 500 mails, loses nothing and doubles nothing."""
    recipient = running_world.person("survivor")
    sender = f"alice@{running_world.world.lagoon.domain}"
    numbers = iter(range(MAILS))
    lock = threading.Lock()

    def submit_some() -> None:
        client = PatientClient(running_world, "alice")
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                client.hang_up()
                return
            client.submit(sender, recipient, letter(str(number), sender, recipient))

    with ThreadPoolExecutor(CLIENTS + 1) as pool:
        submitting = [pool.submit(submit_some) for _ in range(CLIENTS)]
        killed = [name for _, name in kill_in_turn(running_world)]
        for future in submitting:
            future.result()
    assert 2 * len(CELL_NAMES) == len(killed)
    mails = running_world.await_mails("survivor", MAILS, seconds=120)
    assert Counter({str(number): 1 for number in range(MAILS)}) == Counter(mail.subject for mail in mails)


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a process for a while: it is there, and silent."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_healing_a_silent_neighbour_gives_451_within_30_seconds_and_no_loss(running_world: RunningWorld) -> None:
    """A client is never left without an answer, and the same mail passes once the neighbour speaks again."""
    recipient = running_world.person("patient")
    mail = b"From: s@stranger.test\r\nTo: patient@harbor.test\r\nSubject: silence\r\n\r\nHello?\r\n"
    pid = running_world.status(running_world.world.harbor)["mailbox"].pid
    with running_world.stranger() as client:
        client.ehlo()
        client.mail("")
        with stopped(pid):
            started = time.monotonic()
            code, text = client.rcpt(recipient)
            took = time.monotonic() - started
        assert 451 == code
        assert re.search(rb"try again", text)
        assert took <= 30
    with running_world.stranger() as client:
        assert {} == client.sendmail("", [recipient], mail)
    assert ["silence"] == [found.subject for found in running_world.await_mails("patient", 1)]
