"""A mesh is stopped and started, and its certificates are renewed while it runs; nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from fakes.patient_client import PatientClient, letter
from fakes.real_mesh import RunningWorld
from scop.cli.demo.scene import await_event
from scop.mesh.pipes import PipeIdentity
from scop.supervisor.door import Admission, Admit, knock

MAILS = 120


def test_restart_drains_and_takes_up_where_it_ended(running_world: RunningWorld) -> None:
    """SIGTERM in the midst of a run: the mesh ends with status 0, and what it had taken arrives once."""
    recipient = running_world.person("constant")
    lagoon = running_world.world.lagoon
    sender = f"alice@{lagoon.domain}"
    under_way = threading.Event()

    def submit_all() -> None:
        client = PatientClient(running_world, "alice")
        for number in range(MAILS):
            client.submit(sender, recipient, letter(f"restart-{number}", sender, recipient))
            if number == MAILS // 4:
                under_way.set()
        client.hang_up()

    with ThreadPoolExecutor(1) as pool:
        submitting = pool.submit(submit_all)
        assert under_way.wait(60)
        assert 0 == running_world.stop(lagoon)
        await_event(running_world.start(lagoon), "up")
        submitting.result()
    mails = running_world.await_mails("constant", MAILS, seconds=90)
    assert Counter(f"restart-{number}" for number in range(MAILS)) == Counter(mail.subject for mail in mails)


def serial_at(running: RunningWorld, admission: Admission, cell: str) -> str:
    """Return the serial number of the certificate that a cell shows on its pipe."""
    identity = PipeIdentity(admission.domain, "operator", admission.leaf)
    with (
        socket.create_connection(admission.places[cell], timeout=10) as plain,
        identity.client_context.wrap_socket(plain) as pipe,
    ):
        certificate = pipe.getpeercert() or {}
    serial = certificate["serialNumber"]
    assert isinstance(serial, str)
    return serial


def test_restart_is_not_needed_to_renew_certificates(running_world: RunningWorld) -> None:
    """SIGHUP hands every cell a fresh leaf and log; open pipes go on, new ones show the new certificate."""
    harbor = running_world.world.harbor
    door = running_world.scene.layout(harbor).door
    admission = knock(door, Admit())
    assert isinstance(admission, Admission)
    before = {cell: serial_at(running_world, admission, cell) for cell in admission.places}
    pids = {name: cell.pid for name, cell in running_world.status(harbor).items()}
    os.kill(running_world.supervisor_pid(harbor), signal.SIGHUP)
    deadline = time.monotonic() + 30
    waiting = set(before)
    while waiting and time.monotonic() < deadline:
        waiting = {cell for cell in waiting if serial_at(running_world, admission, cell) == before[cell]}
    assert set() == waiting
    assert pids == {name: cell.pid for name, cell in running_world.status(harbor).items()}
    recipient = running_world.person("renewed")
    with running_world.login("alice") as client:
        client.sendmail("alice@lagoon.test", [recipient], letter("renewed", "alice@lagoon.test", recipient))
    assert ["renewed"] == [mail.subject for mail in running_world.await_mails("renewed", 1)]


def test_restart_makes_a_new_authority_so_an_old_leaf_is_worth_nothing(running_world: RunningWorld) -> None:
    """The CA is made anew at each start: the operator's leaf of the last run opens no pipe."""
    lagoon = running_world.world.lagoon
    old = knock(running_world.scene.layout(lagoon).door, Admit())
    assert isinstance(old, Admission)
    assert serial_at(running_world, old, "keeper")
    assert 0 == running_world.stop(lagoon)
    await_event(running_world.start(lagoon), "up")
    refused = False
    try:
        serial_at(running_world, old, "keeper")
    except ssl.SSLError:
        refused = True
    assert refused
