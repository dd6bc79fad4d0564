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
from dataclasses import dataclass

import pytest

from fakes.patient_client import PatientClient, letter
from fakes.real_mesh import RunningWorld
from scop.cli.demo.scene import Organisation, await_event
from scop.mesh.pipes import PipeIdentity
from scop.supervisor.door import Admission, Admit, knock

MAILS = 120
PATIENCE_SECONDS = 60.0


def admission_of(running: RunningWorld, organisation: Organisation) -> Admission:
    """Return what the operator is let in by."""
    admission = knock(running.scene.layout(organisation).door, Admit())
    assert isinstance(admission, Admission)
    return admission


def serial_at(admission: Admission, cell: str) -> str:
    """Return the serial number of the certificate that a cell shows on its pipe."""
    identity = PipeIdentity(admission.domain, "operator", admission.leaf)
    with (
        socket.create_connection(admission.places[cell], timeout=PATIENCE_SECONDS) as plain,
        identity.client_context.wrap_socket(plain) as pipe,
    ):
        certificate = pipe.getpeercert() or {}
    serial = certificate["serialNumber"]
    assert isinstance(serial, str)
    return serial


@dataclass(frozen=True)
class Restarted:
    """A mesh that was stopped while mail flowed in, and started again."""

    before: Admission  # the operator's, of the first run
    status: int  # with which that ended


@pytest.fixture(scope="module")
def restarted(running_world: RunningWorld) -> Restarted:
    """Stop and start lagoon in the midst of a run of mails."""
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

    before = admission_of(running_world, lagoon)
    assert serial_at(before, "keeper")
    with ThreadPoolExecutor(1) as pool:
        submitting = pool.submit(submit_all)
        assert under_way.wait(PATIENCE_SECONDS)
        status = running_world.stop(lagoon)
        await_event(running_world.start(lagoon), "up")
        submitting.result()
    return Restarted(before, status)


def test_restart_drains_and_takes_up_where_it_ended(running_world: RunningWorld, restarted: Restarted) -> None:
    """SIGTERM in the midst of a run: the mesh ends with status 0, and what it had taken arrives once."""
    assert 0 == restarted.status
    mails = running_world.await_mails("constant", MAILS, seconds=90)
    assert Counter(f"restart-{number}" for number in range(MAILS)) == Counter(mail.subject for mail in mails)


def test_restart_makes_a_new_authority_so_an_old_leaf_is_worth_nothing(
    running_world: RunningWorld, restarted: Restarted
) -> None:
    """The CA is made anew at each start: the operator's leaf of the last run opens no pipe, where that of this does."""
    assert serial_at(admission_of(running_world, running_world.world.lagoon), "keeper")
    with pytest.raises(ssl.SSLError):
        serial_at(restarted.before, "keeper")


def test_restart_is_not_needed_to_renew_certificates(running_world: RunningWorld) -> None:
    """SIGHUP hands every cell a fresh leaf and log; open pipes go on, new ones show the new certificate."""
    harbor = running_world.world.harbor
    admission = admission_of(running_world, harbor)
    before = {cell: serial_at(admission, cell) for cell in admission.places}
    pids = {name: cell.pid for name, cell in running_world.status(harbor).items()}
    os.kill(running_world.supervisor_pid(harbor), signal.SIGHUP)
    deadline = time.monotonic() + PATIENCE_SECONDS
    waiting = set(before)
    while waiting and time.monotonic() < deadline:
        waiting = {cell for cell in waiting if serial_at(admission, cell) == before[cell]}
    assert set() == waiting
    assert pids == {name: cell.pid for name, cell in running_world.status(harbor).items()}
    recipient = running_world.person("renewed")
    with running_world.login("alice") as client:
        client.sendmail("alice@lagoon.test", [recipient], letter("renewed", "alice@lagoon.test", recipient))
    assert ["renewed"] == [mail.subject for mail in running_world.await_mails("renewed", 1)]
